"""The command, as others use it: in pipes, against a real server."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.client.processes import SECONDS_MAX, Piped, ServerProcess, client_command, piped


def test_lines_in_and_lines_out(server: ServerProcess) -> None:
    done = piped("Hello\n@names\n\n@kick\nlast", "127.0.0.1", server.port, "--name", "Lines", "--plaintext")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "[Welcome Lines]",
        "[Lines:] Hello",
        "[Connected users: Lines]",
        "Invalid command. Use @help",
        "Usage: @kick <group> <user>",
        "[Lines:] last",
    ]
    assert done.stderr == ""


def test_json_in_a_pipe(server: ServerProcess) -> None:
    done = piped("Hello\n@kick\n@quit\nnever\n", "127.0.0.1", server.port, "--name", "Jason", "--json")
    notices = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [n["type"] for n in notices] == ["hello", "welcome", "said", "accepted", "refused", "bye"]


def test_a_long_pipe_arrives_whole_and_in_order(server: ServerProcess) -> None:
    lines = [f"line {i}" for i in range(90)]
    done = piped("\r\n".join(lines), "127.0.0.1", server.port, "--name", "Long")
    assert done.stdout.splitlines()[1:] == [f"[Long:] {line}" for line in lines]


def test_what_is_no_utf_8_is_refused_and_the_rest_is_said(server: ServerProcess) -> None:
    done = piped(b"one\n\xff\xfe\ntwo\n", "127.0.0.1", server.port, "--name", "Bytes")
    assert done.stdout.splitlines()[1:] == ["[Bytes:] one", "This is not UTF-8", "[Bytes:] two"]
    assert done.returncode == 0


def test_colours_only_where_they_are_wanted(server: ServerProcess) -> None:
    assert "\x1b" not in piped("x", "127.0.0.1", server.port, "--name", "Grey").stdout
    assert "\x1b[" in piped("x", "127.0.0.1", server.port, "--name", "Red", "--color", "always").stdout
    assert "\x1b[" in piped("x", "127.0.0.1", server.port, "--name", "Red", CLICOLOR_FORCE="1").stdout
    assert "\x1b" not in piped("x", "127.0.0.1", server.port, "--name", "Red", CLICOLOR_FORCE="1", NO_COLOR="1").stdout


def test_a_file_and_nothing_as_input(server: ServerProcess, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("from a file\n")
    for source, says in ((path, ["[File:] from a file"]), ("/dev/null", [])):
        with open(source, "rb") as file:  # noqa: PTH123  either kind of name
            done = subprocess.run(
                client_command("127.0.0.1", server.port, "--name", "File"),
                stdin=file,
                capture_output=True,
                text=True,
                timeout=SECONDS_MAX,
                check=True,
            )
        assert done.stdout.splitlines() == ["[Welcome File]", *says]


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    assert line.startswith("reactor-chat: ")
    return line


def test_no_server(server: ServerProcess) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        done = piped("hello", "127.0.0.1", free.getsockname()[1], "--name", "Nobody")
    assert done.returncode == 69
    assert "python -m reactor_chat.server" in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[1:] == ["reactor-chat: Not sent: hello"]


def test_something_else_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = client_command("127.0.0.1", port, "--name", "Nobody")
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            sock, _ = other.accept()
            sock.sendall(b"220 mail.example ESMTP\r\n")
            assert process.wait(SECONDS_MAX) == 69
            assert process.stderr is not None
            assert "not a reactor-chat server" in one_line(process.stderr.read())
            sock.close()


def test_no_such_host() -> None:
    done = piped("", "no-such-host.invalid", 7667, "--name", "Nobody")
    assert done.returncode == 68
    assert "no-such-host.invalid" in one_line(done.stderr)


def test_a_name_that_is_taken_and_names_that_cannot_be(server: ServerProcess) -> None:
    command = client_command("127.0.0.1", server.port, "--name", "Holder")
    with Piped(command) as holder:
        assert holder.stdout.readline() == b"[Welcome Holder]\n"
        for name in ("holder", "two words", "quit", "\udcff"):
            done = piped("", "127.0.0.1", server.port, "--name", name)
            assert done.returncode == 77
            assert "--name" in one_line(done.stderr)
        holder.stdin.close()
        assert holder.wait(SECONDS_MAX) == 0


def test_settings_that_cannot_be_are_one_line_and_a_pipe_asks_for_none_of_them(
    server: ServerProcess, tmp_path: Path
) -> None:
    broken = tmp_path / "reactor-chat" / "client.toml"
    broken.parent.mkdir()
    broken.write_text('theme = "blue"\n')
    done = piped("/etc/passwd is here", "127.0.0.1", server.port, "--name", "Plain", XDG_CONFIG_HOME=str(tmp_path))
    assert done.stdout.splitlines()[1:] == ["[Plain:] /etc/passwd is here"]
    named = piped("", "127.0.0.1", server.port, "--name", "Plain", "--config", str(broken))
    assert (named.returncode, named.stdout) == (2, "")
    assert one_line(named.stderr) == f"reactor-chat: {broken}: theme: use dark, light or none, not 'blue'"


def test_a_pipe_without_a_name() -> None:
    done = piped("hello\n")
    assert done.returncode == 2
    assert "--name" in one_line(done.stderr)


def test_a_reader_who_has_seen_enough(server: ServerProcess) -> None:
    command = client_command("127.0.0.1", server.port, "--name", "Enough")
    with Piped(command) as process:
        assert process.stdout.readline() == b"[Welcome Enough]\n"
        process.stdout.close()
        process.stdin.write(b"one\n")
        process.stdin.flush()
        assert process.wait(SECONDS_MAX) == 0
        assert process.stderr.read() == b""


def test_an_error_output_that_nobody_reads_is_no_error(server: ServerProcess) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        client_command("127.0.0.1", 1, "--name", "Mute"), stdin=subprocess.DEVNULL, stderr=write_end, check=False
    )
    os.close(write_end)
    assert done.returncode == 69


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_goodbye(server: ServerProcess, number: int) -> None:
    command = client_command("127.0.0.1", server.port, "--name", "Signalled")
    with Piped(command) as process:
        assert process.stdout.readline() == b"[Welcome Signalled]\n"
        process.send_signal(number)
        assert process.wait(SECONDS_MAX) == 0
        assert process.stderr.read() == b""


def test_a_lost_server_is_found_again_and_nothing_is_said_twice() -> None:
    server = ServerProcess()
    command = client_command("127.0.0.1", server.port, "--name", "Patient")
    with Piped(command) as process:
        assert process.stdout.readline() == b"[Welcome Patient]\n"
        process.stdin.write(b"one\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"[Patient:] one\n"
        server.stop(signal.SIGKILL)
        assert b"Connection lost" in process.stderr.readline()
        again = ServerProcess(server.port)
        process.stdin.write(b"two\n")
        process.stdin.close()
        out = process.stdout.read().splitlines()
        assert process.wait(SECONDS_MAX) == 0
        assert out.count(b"[Patient:] two") == 1
        assert b"[Patient:] one" not in out
        assert b"Connected again" in process.stderr.read()
    again.stop()
