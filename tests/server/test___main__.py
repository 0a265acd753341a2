"""The server as a process: what it prints, how it ends, and what it says when it cannot begin."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.client import WAIT_SECONDS, Client, Server, run_server

INFO = re.compile(r"[-0-9]{10} [:,0-9]{12} INFO .*")
LISTENING = re.compile(r"listening host=127\.0\.0\.1 port=(\d+) door=(frames|lines) tls=off")


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line, beside the log, that says why a server did not begin."""
    (line,) = (line for line in done.stderr.splitlines() if not INFO.fullmatch(line))
    assert line.startswith("reactor-chatd: ")
    return line


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_goodbye_to_everyone(stop: signal.Signals) -> None:
    with Server() as server:
        ann, bob, nobody, typist = server.client("Ann"), server.client("Bob"), server.client(), server.typist("Tim")
        ann.until_pong()
        for number in range(50):
            ann.send("say", text=f"{number}", id=f"{number}")
        ann.expect("accepted")
        server.process.send_signal(stop)
        for client in (ann, bob, nobody):
            closing, bye = client.to_the_end()[-2:]
            assert (closing["type"], closing["text"]) == ("closing", "[Server is shutting down]")
            assert (bye["type"], bye["reason"]) == ("bye", "shutdown")
        accepted = {got["seq"] for got in ann.heard if got["type"] == "accepted"}
        assert accepted
        assert accepted <= {got["seq"] for got in bob.heard if got["type"] == "said"}
        assert typist.to_the_end().endswith("[Server is shutting down]\n")
        assert server.process.wait(WAIT_SECONDS) == 0
        assert "Traceback" not in server.stderr()


def test_a_second_signal_does_not_wait_for_those_who_do_not_read() -> None:
    with Server() as server:
        server.client("Slow")  # it stays open and never answers
        server.process.send_signal(signal.SIGTERM)
        reader = server.streams[0]
        while reader.more():
            pass
        assert server.stop(signal.SIGTERM) in (0, 1)
        assert "Traceback" not in server.stderr()


def test_a_storm_of_signals_is_one_end_without_a_traceback() -> None:
    with Server() as server:
        server.client("Ann")
        while server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGINT)
        assert server.process.wait(WAIT_SECONDS) == 0
        assert server.stderr().count("stopping") == 1
        assert "Traceback" not in server.stderr()


def test_the_port_is_free_again_at_once() -> None:
    with Server() as server:
        port = server.port
        ann = server.client("Ann")
        server.process.send_signal(signal.SIGINT)
        ann.to_the_end()
        server.process.wait(WAIT_SECONDS)
    with Server("--port", str(port)) as again:
        assert again.port == port
        again.check()


def test_a_port_in_use_is_one_line_and_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for arguments in (["--port", str(port)], ["--port", "0", "--lines", str(port)]):
            done = run_server("--memory", "--plaintext", *arguments)
            assert done.returncode == 1
            assert str(port) in complaint(done)


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid"])
def test_an_address_that_is_not_ours_is_one_line_and_1(host: str) -> None:
    done = run_server("--memory", "--plaintext", "--force", "--port", "0", "--host", host)
    assert done.returncode == 1
    assert host in complaint(done)


@pytest.mark.parametrize(("arguments", "status", "says"), [
    (["--help"], 0, "--rate"), (["--version"], 0, "reactor-chat "), (["--nonsense"], 2, "usage:"),
    (["--port", "70000"], 2, "70000"), (["--plaintext", "--host", "192.0.2.1"], 2, "--force"),
])  # fmt: skip
def test_questions_and_wrong_usage(arguments: list[str], status: int, says: str) -> None:
    done = run_server(*arguments)
    assert done.returncode == status
    assert says in (done.stdout if status == 0 else done.stderr)
    assert "Traceback" not in done.stderr


def test_one_line_for_each_listener_before_anyone_is_served() -> None:
    command = [sys.executable, "-m", "reactor_chat.server", "0", "--memory", "--plaintext", "--lines", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        frames, lines = (LISTENING.fullmatch(process.stdout.readline().strip()) for _ in range(2))
        assert frames is not None
        assert lines is not None
        assert (frames[2], lines[2]) == ("frames", "lines")
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == 0
        assert rest == ""
        assert "Traceback" not in errors


def test_a_closed_stdout_is_no_reason_for_a_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = run_server_with_stdout(write)
    finally:
        os.close(write)
    assert done.returncode == 1
    assert complaint(done)


def run_server_with_stdout(stdout: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reactor_chat.server", "--port", "0", "--memory", "--plaintext"]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=WAIT_SECONDS, check=False)


def test_the_log_tells_who_came_and_went_and_never_what_was_said() -> None:
    with Server() as server:
        ann = server.client("Ann")
        ann.send("say", text="a secret")
        ann.send("tell", to="Ann", text="another secret")
        ann.send("quit")
        ann.to_the_end()
        server.client("Bob").until_pong()
        server.process.kill()
        log = server.stderr()
    assert "secret" not in log
    log = "".join(line for line in log.splitlines(keepends=True) if "conn=1 " in line)
    for words in ("opened from=127.0.0.1:", "logged in as Ann", "closed: quit"):
        assert log.count(words) == 1, log


def test_no_descriptor_is_handed_to_children() -> None:
    with Server() as server:
        server.client("Ann")
        for path in Path(f"/proc/{server.process.pid}/fdinfo").iterdir():
            target = Path(f"/proc/{server.process.pid}/fd/{path.name}").readlink()
            flags = int(re.search(r"flags:\s+(\d+)", path.read_text())[1], 8)  # type: ignore[index]
            assert int(path.name) <= 2 or flags & os.O_CLOEXEC, target


def test_a_log_that_nobody_reads_holds_nobody_up() -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4_096)
    command = [sys.executable, "-m", "reactor_chat.server", "--port", "0", "--memory", "--plaintext"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=writer)
    try:
        os.close(writer)
        assert process.stdout is not None
        port = int(process.stdout.readline().decode().split("port=")[1].split()[0])
        for number in range(100):  # three lines each, far more than the pipe holds
            with closing(Client(port)) as client:
                client.login(f"Guest{number}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0
    finally:
        os.close(reader)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
