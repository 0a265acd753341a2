"""Client and server where something is missing: a name server, a home, a terminal's hang-up, a directory to write."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reactor_chat.client.commands.keys import PASTE_ON
from tests.client.conftest import person as person  # noqa: PLC0414  a fixture
from tests.client.processes import Person, client_command, environment, piped
from tests.end_to_end.client import WAIT_SECONDS, Server, run_server

SILENT_NAME_SERVER = """
import sys
from reactor_chat.reactor import lookup
from reactor_chat.client.__main__ import main
lookup.COMMAND = ("/bin/sh", "-c", "exec sleep 1000")
sys.exit(main())
"""


@pytest.fixture
def server(emptied: Server) -> Server:
    """The same one for all tests here."""
    return emptied


def test_a_silent_name_server_stops_neither_keys_nor_leaving(person: Callable[..., Person]) -> None:
    one = person("chat.example", "--name", "Ann", program=("-c", SILENT_NAME_SERVER))
    one._until(lambda: PASTE_ON.encode() in one.seen, "the client's own keyboard")
    one.press("hello")
    one.until("> hello")
    one.press("\x03\x03")
    assert one.left() == 0


@pytest.mark.parametrize("more", [[], ["--home", "h"]])
def test_a_silent_name_server_does_not_delay_a_signal(more: list[str], tmp_path: Path) -> None:
    command = client_command("chat.example", "--name", "Ann", *more, tls=bool(more))
    command[1:3] = ["-c", SILENT_NAME_SERVER.replace("exec", "echo $$ > new; mv new child; exec")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path) as process:
        while not (tmp_path / "child").exists():
            assert process.poll() is None
        child = int((tmp_path / "child").read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_name_server_that_fails_is_not_a_misspelt_name() -> None:
    answer = '{"error": -3, "words": "Temporary failure in name resolution"}'
    code = SILENT_NAME_SERVER.replace("exec sleep 1000", f"echo '{answer}'".replace('"', '\\"'))
    command = [sys.executable, "-c", code, *client_command("chat.example", "--name", "Ann")[3:]]
    done = subprocess.run(command, input="hi\n", capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert done.returncode == 75
    assert "The name server does not answer; try again" in done.stderr
    assert "spelling" not in done.stderr


def test_a_hang_up_that_was_to_be_ignored_is_ignored(server: Server) -> None:
    command = [
        "/bin/sh",
        "-c",
        "trap '' HUP; exec \"$@\"",
        "sh",
        *client_command("127.0.0.1", server.port, "--name", "Bot"),
    ]
    with subprocess.Popen(
        command, env=environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "[Welcome Bot]\n"
        process.send_signal(signal.SIGHUP)
        process.stdin.write("still here\n")
        process.stdin.flush()
        assert process.stdout.readline() == "[Bot:] still here\n"
        process.stdin.close()
        assert process.wait(WAIT_SECONDS) == 0


def test_a_full_disk_is_no_success(server: Server) -> None:
    with Path("/dev/full").open("wb") as full:
        command = client_command("127.0.0.1", server.port, "--name", "Full")
        done = subprocess.run(
            command, input=b"hi\n", stdout=full, stderr=subprocess.PIPE, timeout=WAIT_SECONDS, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"reactor-chat: Standard output cannot be written: No space left on device\n"


def test_nothing_that_was_not_typed_is_said_where_there_is_no_input(server: Server, tmp_path: Path) -> None:
    watch = server.client("Watch")
    command = client_command("127.0.0.1", server.port, "--name", "Ann", "--home", str(tmp_path / "h"))
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&- >&-', "sh", *command], capture_output=True, timeout=WAIT_SECONDS, check=False
    )
    assert done.returncode == 0
    watch.until_pong()
    assert [told["type"] for told in watch.heard if told["type"] in ("said", "joined", "exited")] == [
        "joined",
        "exited",
    ]


def test_an_address_is_taken_as_it_is_printed(server: Server) -> None:
    for address in (f"127.0.0.1:{server.port}", f"[127.0.0.1]:{server.port}", f"localhost.:{server.port}"):
        assert piped("hi\n", address, "--name", "Form").stdout == "[Welcome Form]\n[Form:] hi\n"


def said(command: list[str], environ: dict[str, str], where: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """What became of a client that was given one line."""
    line = "h\u00e9 \u6f22\n".encode()
    return subprocess.run(
        command, input=line, capture_output=True, timeout=WAIT_SECONDS, check=False, env=environ, cwd=where
    )


def test_people_read_their_own_encoding_and_programs_utf_8(server: Server) -> None:
    command = client_command("127.0.0.1", server.port, "--name", "Latin")
    latin = environment(PYTHONIOENCODING="latin-1")
    assert said(command, latin).stdout == b"[Welcome Latin]\n[Latin:] h\xe9 ??\n"
    assert "h\u00e9 \u6f22".encode() in said([*command, "--json"], latin).stdout


def test_a_guest_who_names_the_key_needs_nothing_to_write(tmp_path: Path) -> None:
    with Server(tls=True) as server:
        command = client_command("127.0.0.1", server.port, "--name", "Gus", "--guest", tls=True)
        for home in ("", "relative", "/proc/nothing"):
            done = said([*command, "--pin", server.pin], environment(HOME=home), tmp_path)
            assert (done.returncode, done.stdout, done.stderr) == (
                0,
                "[Welcome Gus]\n[Gus:] h\u00e9 \u6f22\n".encode(),
                b"",
            )
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = client_command("127.0.0.1", "1", "--name", "Ann", "--home")
    deleted = ["/bin/sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *command, "relative"]
    for arguments, home, where in (([*command, ""], "/", tmp_path), (deleted, "/", gone), (command[:-1], "", tmp_path)):
        environ = environment(HOME=home)
        done = subprocess.run(
            arguments, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False, env=environ, cwd=where
        )
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith("reactor-chat: ")
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_a_home_needs_a_directory_or_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    monkeypatch.setenv("TMPDIR", "/nonexistent")
    done = run_server("--port", "0")
    assert done.returncode == 2
    assert "--data DIR" in done.stderr
    with Server(tls=True) as server:
        server.check()


def test_a_server_whose_name_server_fails_can_be_started_later() -> None:
    code = """
import socket, sys
from reactor_chat.server.__main__ import main
def failing(*_, **__): raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
socket.getaddrinfo = failing
sys.exit(main())
"""
    command = [sys.executable, "-c", code, "--memory", "--host", "chat.example"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert done.returncode == 75
    assert "try again" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_serves_without_any_descriptor(tmp_path: Path) -> None:
    data = tmp_path / "d"
    command = [sys.executable, "-m", "reactor_chat.server", "--port", "0", "--plaintext", "--data", str(data)]
    with subprocess.Popen(["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]) as process:
        while not (data / "control.sock").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0
    assert (data / "lock").read_bytes() == b""
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        admin = [sys.executable, "-m", "reactor_chat.admin", "verify", "--data", str(data)]
        done = subprocess.run(["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *admin], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
