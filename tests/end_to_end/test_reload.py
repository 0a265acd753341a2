"""SIGHUP: what changes at once, what is said to need a restart, and that nobody is dropped whatever the file says."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.end_to_end.client import Server, run_server

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "chat.toml"
    path.write_text("people-max = 100\n")
    return path


@pytest.fixture
def server(file: Path) -> Iterator[Server]:
    with Server("--config", str(file)) as server:
        yield server
        server.check()


def hung_up(server: Server) -> list[str]:
    """Send SIGHUP; returns what the server says of its options."""
    known = len(told(server))
    server.process.send_signal(signal.SIGHUP)
    for _ in range(2):  # the turn that the signal interrupted greets the first; in the next, signals go first
        server.client().close()
    found = told(server)[known:]
    assert found, "nothing is said of the options"
    return found


def told(server: Server) -> list[str]:
    return re.findall(r"options: (.*)\n", server.stderr())


def test_a_live_row_changes_at_once_and_nobody_is_dropped(server: Server, file: Path) -> None:
    ann = server.client("Ann")
    file.write_text("people-max = 1\n")
    assert hung_up(server) == ["--people-max 100 -> 1"]
    late = server.client()
    late.send("login", name="Late", protocol=1)
    late.refused("server_full")
    file.write_text("people-max = 100\n")
    assert hung_up(server) == ["--people-max 1 -> 100"]
    late.login("Late")
    ann.expect("joined", name="Late")


def test_what_needs_a_restart_is_said_and_not_done(server: Server, file: Path) -> None:
    file.write_text("text-bytes-max = 100\npeople-max = 100\n")
    assert hung_up(server) == ["--text-bytes-max 16384 -> 100 needs a restart"]
    assert server.client().hello["limits"]["text_bytes_max"] == 16_384


def test_a_file_with_a_mistake_changes_nothing(server: Server, file: Path) -> None:
    for text, says in (
        ("people-max = 1\nnonsense = 1", "there is no option 'nonsense'"),
        ("people-max = 0", "'0' is not a whole number"),
        ("\x1b[2J = 7", "this is not TOML"),
    ):
        file.write_text(text)
        (line,) = hung_up(server)
        assert line.startswith(f"nothing changed: {file}: ")
        assert says in line
        assert line.isprintable()
    file.unlink()
    assert "there is no such file" in hung_up(server)[0]
    for name in ("Ann", "Bob"):
        server.client(name).until_pong()


def test_without_a_file_there_is_nothing_to_change() -> None:
    with Server() as server:
        ann = server.client("Ann")
        assert hung_up(server) == ["nothing changed"]
        ann.until_pong()
        server.check()


def test_a_locked_house_lets_only_owners_in(server: Server, file: Path) -> None:
    server.owner("Owner", KEY).close()
    here = server.client("Here")
    file.write_text("people-max = 100\nlockdown = true\n")
    assert hung_up(server) == ["--lockdown off -> on"]
    for name, proves in (("Guest", False), ("New", True), ("Owner", False)):
        stranger = server.client()
        proof = stranger.proof(name, Ed25519PrivateKey.generate()) if proves else {}
        stranger.send("login", name=name, protocol=1, **proof)
        stranger.refused("name_taken" if name == "Owner" else "not_allowed")
    typist = server.typist()
    typist.type("Typist")
    typist.until("The server only lets in registered names right now.")
    server.owner("Owner", KEY).until_pong()
    here.until_pong()
    file.write_text("")
    assert hung_up(server)[0] == "--lockdown on -> off"
    server.client("Guest").until_pong()


def test_a_rate_that_is_lifted_lets_what_waited_through(file: Path) -> None:
    file.write_text('rate = "1/0.001"\n')
    command = ["--config", str(file)]
    with Server(*command, rate=None) as server:
        ann, bob = server.client("Ann"), server.client("Bob")
        for number in range(20):
            ann.send("say", text=f"{number}")
        file.write_text('rate = "off"\n')
        assert hung_up(server) == ["--rate 1/0.001 -> off"]
        bob.expect("said", text="19")
        server.check()


def test_a_storm_of_signals_drops_nobody() -> None:
    with Server() as server:
        ann = server.client("Ann")
        for _ in range(50):
            server.process.send_signal(signal.SIGHUP)
            ann.until_pong()
        ann.close()
        assert server.stop(signal.SIGHUP, signal.SIGTERM, signal.SIGHUP) == 0
        assert "Traceback" not in server.stderr()


def test_a_server_with_a_mistake_in_its_file_does_not_begin(file: Path) -> None:
    file.write_text("people-max = 0\n")
    done = run_server("--memory", "--plaintext", "--config", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"reactor-chatd: {file}: people-max: '0' is not a whole number from 1 to 1000000\n"
