"""The load generator against a real server: every scenario ends with every message accounted for."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.client import Server

RUN_SECONDS_MAX = 60


@pytest.fixture
def server(emptied: Server) -> Server:
    """The same one for all tests here."""
    return emptied


def load(port: int, *words: str, plain: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reactor_chat.load", *words, "--port", str(port)]
    command += ["--plaintext"] if plain else []
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=RUN_SECONDS_MAX, check=False)


def measured(port: int, *words: str) -> dict[str, Any]:
    done = load(port, *words, "--seconds", "0.2", "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(
    "words",
    [
        "fanout --clients 20 --window 32",
        "fanout --clients 20 --senders 3 --rate 200 --size 300",
        "pairs --clients 6 --window 4",
        "groups --clients 12 --members 4",
        "mixed --clients 20 --senders 6 --rate 200",
    ],
)
def test_every_message_comes_to_everybody(server: Server, words: str) -> None:
    result = measured(server.port, *words.split())
    assert result["delivered"] == result["expected"] > 0
    assert result["lost"] == result["duplicates"] == result["out_of_order"] == 0
    assert result["latency_us"]["max"] > 0
    assert result["deliveries_per_second"] > 0


@pytest.mark.parametrize("scenario", ["connect", "idle"])
def test_everybody_comes_in(server: Server, scenario: str) -> None:
    result = measured(server.port, scenario, "--clients", "30")
    assert result["logins"] == 30
    assert result["logins_per_second"] > 0
    assert result["server"]["pid"] == server.process.pid


def test_it_speaks_tls(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reactor_chat.server", "--port", "0", "--memory", "--data", str(tmp_path)]
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    with serving as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        fields = dict(word.split("=", 1) for word in said.split()[1:])
        assert fields["tls"] == "on"
        done = load(int(fields["port"]), "fanout", "--clients", "5", "--seconds", "0.2", plain=False)
        process.terminate()
    assert done.returncode == 0, done.stderr
    assert "0 lost, 0 twice, 0 out of order" in done.stdout


def test_without_tls_on_both_sides_it_says_what_to_do(server: Server) -> None:
    done = load(server.port, "connect", plain=False)
    assert done.returncode == 1
    assert "pass --plaintext" in done.stderr
    assert done.stderr.count("\n") == 1


def test_people_read_what_came_of_it(server: Server) -> None:
    done = load(server.port, "fanout", "--clients", "3", "--seconds", "0.1")
    assert done.returncode == 0
    assert "0 lost, 0 twice, 0 out of order" in done.stdout
    assert done.stderr == ""


def test_who_is_not_let_in_is_told_why(server: Server) -> None:
    server.client("r0")
    done = load(server.port, "fanout", "--clients", "3")
    assert done.returncode == 1
    assert done.stderr.startswith("reactor-chat-load: the server does not let r0 in:")
    assert done.stderr.count("\n") == 1


def test_where_nobody_listens_it_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        done = load(taken.getsockname()[1], "connect", "--clients", "300")
    assert done.returncode == 1
    assert "there is no server to connect to" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_makes_no_sense_is_usage(server: Server) -> None:
    done = load(server.port, "groups", "--clients", "3", "--members", "4")
    assert done.returncode == 2
    assert "raise --clients" in done.stderr
