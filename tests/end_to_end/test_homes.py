"""A home and its servers, from outside: one vault for each key, and nobody is led past a key that is known."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.conftest import person as person  # noqa: PLC0414  a fixture
from tests.client.processes import Person, client_command, environment
from tests.end_to_end.client import WAIT_SECONDS, Server


@pytest.fixture
def storage(tmp_path: Path) -> tuple[str, str]:
    return ("--data", str(tmp_path / "data"))


def talk(
    home: Path, port: int, *options: str, host: str = "127.0.0.1", text: str = ""
) -> subprocess.CompletedProcess[str]:
    """One run of a client with this home, in a pipe; with TLS where nothing else is said."""
    command = client_command(host, port, "--home", str(home), "--name", "Ann", *options, tls=True)
    return subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=WAIT_SECONDS, env=environment(), check=False
    )


def vaults(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "servers").glob("*.db"))


def test_the_same_server_under_another_spelling_or_port_is_the_same_vault(
    tmp_path: Path, storage: tuple[str, str]
) -> None:
    home = tmp_path / "h"
    with Server(tls=True, storage=storage) as server:
        first = talk(home, server.port, text="one\n")
        assert (first.returncode, first.stdout) == (0, "[Welcome Ann]\n[Ann:] one\n")
        (vault,) = vaults(home)
        assert vault.startswith("SHA256-")
        for host in ("localhost", "LOCALHOST", "127.1"):
            again = talk(home, server.port, host=host)
            assert (again.returncode, again.stdout, again.stderr) == (0, "[Welcome Ann]\n", ""), host
        pin = server.pin
    with Server(tls=True, storage=storage) as moved:
        assert moved.pin == pin
        elsewhere = talk(home, moved.port)
        assert (elsewhere.returncode, elsewhere.stdout) == (0, "[Welcome Ann]\n"), "what was shown is not shown again"
        assert "it is the same server" in elsewhere.stderr
    assert vaults(home) == [vault]


def test_a_server_with_a_new_key_that_was_named_keeps_its_vault(tmp_path: Path) -> None:
    home = tmp_path / "h"
    with Server(tls=True) as first:
        talk(home, first.port)
        port, (before,) = first.port, vaults(home)
    with Server("--port", str(port), tls=True) as second:
        refused = talk(home, port)
        assert (refused.returncode, vaults(home)) == (77, [before])
        assert talk(home, port, "--pin", second.pin).returncode == 0
        (after,) = vaults(home)
        assert after != before


def test_a_key_that_is_refused_at_the_first_contact_leaves_no_vault(tmp_path: Path) -> None:
    with Server(tls=True) as server:
        done = talk(tmp_path / "h", server.port, "--pin", f"SHA256:{'A' * 43}=")
        assert done.returncode == 77
        assert vaults(tmp_path / "h") == []


@pytest.fixture(scope="module")
def plain_and_known_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A server without TLS where one was met before whose key is known; nobody changes the home."""
    home = tmp_path_factory.mktemp("once") / "h"
    with Server(tls=True) as server:
        talk(home, server.port, text="to my server\n")
        port = server.port
    with Server("--port", str(port)):
        yield port, home


@pytest.fixture
def plain_and_known(plain_and_known_once: tuple[int, Path], tmp_path: Path) -> tuple[int, Path]:
    """The same server, and such a home for one test."""
    port, home = plain_and_known_once
    return port, shutil.copytree(home, tmp_path / "h")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1"])
@pytest.mark.parametrize("who", [(), ("--guest",)])
def test_in_a_pipe_nobody_is_led_past_a_known_key(
    plain_and_known: tuple[int, Path], host: str, who: tuple[str, ...]
) -> None:
    port, home = plain_and_known
    done = talk(home, port, "--plaintext", *who, host=host, text="secret\n")
    assert (done.returncode, done.stdout) == (77, "")
    (line,) = done.stderr.splitlines()
    assert "known by its key" in line


@pytest.mark.parametrize("who", [(), ("--guest",)])
def test_another_port_is_another_server(plain_and_known: tuple[int, Path], who: tuple[str, ...]) -> None:
    port, home = plain_and_known
    assert talk(home, port + 1, "--plaintext", *who).returncode == 69


def test_on_a_terminal_a_person_decides(plain_and_known: tuple[int, Path], person: Callable[..., Person]) -> None:
    port, home = plain_and_known
    for answer in ("", "y", "no"):
        one = person("127.0.0.1", port, "--plaintext", "--home", str(home))
        one.until('Type "yes"')
        one.press(answer + "\r")
        one.until("Not connected")
        assert one.left() == 77
    two = person("127.0.0.1", port, "--plaintext", "--home", str(home))
    two.until('Type "yes"')
    two.press("yes\r")
    two.until("to my server")
    two.until("[Welcome Ann]")
    two.press("@quit\r")
    assert two.left() == 0
    assert len(vaults(home)) == 1, "what was kept for the server is there"
