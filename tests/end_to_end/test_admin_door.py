"""The operator's door: whose it is, what is said at it in vain, and what becomes of it when a server dies or waits."""

import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.admin.asking import SILENCE_SECONDS_MAX
from tests.end_to_end.client import WAIT_SECONDS, Server, framed
from tests.end_to_end.test_admin import admin, complaint, keep, said

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(scope="module")
def asked_in_vain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server and the directory above its data, for tests after which everything is as it was before."""
    place = tmp_path_factory.mktemp("vain")  # short: a socket's path is in it
    with Server(storage=keep(place / "data")) as server:
        yield server, place
        server.check()


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 10_000, "\x1b[2J", "Ann\n2026 INFO forged", "\u212aim", "é"])
def test_names_that_nobody_can_have_are_nobodys(asked_in_vain: tuple[Server, Path], name: str) -> None:
    server, place = asked_in_vain
    server.owner("Kim", KEY)
    done = admin(place / "data", "release", name)
    assert done.returncode == 1
    assert not any(line.startswith("2026 INFO") for line in server.stderr().splitlines())
    server.check()
    server.empty()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Server]:
    with Server(storage=keep(tmp_path / "data")) as server:
        yield server
        server.check()


def at_the_door(tmp_path: Path, data: bytes, *, reads: bool = True) -> bytes:
    """Send bytes to the operator's door and return what comes back."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(WAIT_SECONDS)
        sock.connect(str(tmp_path / "data" / "control.sock"))
        got = b""
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while reads and (received := sock.recv(65_536)):
                got += received
        except ConnectionError:
            pass
        return got


def test_the_door_is_its_owners_alone(kept: Server, tmp_path: Path) -> None:
    door = tmp_path / "data" / "control.sock"
    assert stat.S_IMODE(door.stat().st_mode) == 0o600
    assert stat.S_ISSOCK(door.stat().st_mode)
    assert stat.S_IMODE(door.parent.stat().st_mode) == 0o700


def test_what_a_killed_server_left_is_replaced(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Server(storage=keep(data)) as server:
        server.process.kill()
        server.process.wait()
    assert (data / "control.sock").exists()
    assert complaint(data, "release", "Ann") == "nobody owns the name Ann", "done without a server"
    with Server(storage=keep(data)) as server:
        assert complaint(data, "release", "Ann") == "nobody owns the name Ann"
        assert "operator:" in server.stderr(), "done by the server"
        server.check()


def test_a_server_that_does_not_answer_is_given_up_after_five_seconds(
    kept: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full queue at its door is no other case: it was taken by the kernel, or was not."""
    assert SILENCE_SECONDS_MAX == 5
    monkeypatch.setattr("reactor_chat.admin.asking.SILENCE_SECONDS_MAX", 0.25)
    os.kill(kept.process.pid, signal.SIGSTOP)
    try:
        line = complaint(tmp_path / "data", "status", status=75)
        assert line.startswith("The server on ")
        assert "has not answered for 0.25 s" in line
    finally:
        os.kill(kept.process.pid, signal.SIGCONT)


def test_a_stop_does_not_wait_for_whoever_does_not_close(tmp_path: Path) -> None:
    """Its system has every byte: that the person's program is asleep delays nobody."""
    with Server(storage=keep(tmp_path / "data")) as server:
        ann = server.client("Ann")
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 3
        assert [got.get("reason") for got in ann.to_the_end()][-1:] == ["shutdown"]


ORDERS = {
    "nothing": b"",
    "half a frame": b"\0\0\0\x50{",
    "a length of 0": bytes(4),
    "an endless frame": b"\xff" * 100,
    "no JSON": framed(b"\xff\xfe"),
    "no object": framed(b"[]"),
    "deep": framed(b"[" * 30_000 + b"]" * 30_000),
    "no order": framed({"do": "harm"}),
    "a file with a NUL": framed({"do": "backup", "file": "a\0b"}),
    "a file with a lone surrogate": framed(b'{"do":"backup","file":"\\ud800"}'),
    "a very long file": framed({"do": "backup", "file": "/x" * 20_000}),
    "a file that is there": framed({"do": "backup", "file": "/etc/hostname"}),
    "no file": framed({"do": "backup", "file": ""}),
    "a name with a NUL": framed({"do": "release", "name": "\0"}),
    "many": framed({"do": "release", "name": "x"}) * 100,
    "noise": Random(5).randbytes(5_000),  # noqa: S311
}


@pytest.mark.parametrize("what", ORDERS)
def test_garbage_at_the_door_harms_nobody(asked_in_vain: tuple[Server, Path], what: str) -> None:
    server, place = asked_in_vain
    ann = server.client("Ann")
    got = at_the_door(place, ORDERS[what])
    assert b'"done":true' not in got
    at_the_door(place, ORDERS[what], reads=False)
    ann.until_pong()
    assert admin(place / "data", "release", "Nobody").returncode == 1
    server.check()
    server.empty()


def test_who_comes_to_the_door_and_goes_leaves_no_descriptor(kept: Server, tmp_path: Path) -> None:
    def descriptors() -> int:
        return len(list(Path(f"/proc/{kept.process.pid}/fd").iterdir()))

    at_the_door(tmp_path, b"")
    kept.client("Ann").until_pong()
    before = descriptors()
    for data in (b"", b"\0\0\0\x50{", framed(b"{}")):
        for _ in range(5):
            at_the_door(tmp_path, data)
    for _ in range(50):  # a turn answers before it gives descriptors back
        kept.streams[0].until_pong()  # type: ignore[attr-defined]
        if descriptors() <= before:
            break
    assert descriptors() <= before


def test_a_path_that_is_too_long_for_a_socket_is_no_obstacle(tmp_path: Path) -> None:
    data = tmp_path / ("d" * 100) / ("e" * 100)
    with Server(storage=keep(data)) as server:
        server.owner("Ann", Ed25519PrivateKey.generate())
        assert said(data, "release", "Ann") == "the name Ann is free\n"
        assert "holds everything" in said(data, "backup", data / "copy.db")
        server.process.kill()
        server.process.wait()
    with Server(storage=keep(data)) as server:
        server.check()


def test_without_a_door_people_are_served_and_the_operator_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "control.sock").mkdir(parents=True)
    with Server(storage=keep(data)) as server:
        server.check()
        assert "WARNING admin can give no orders to this server, for there is no socket at " in server.stderr()
        assert complaint(data, "release", "Ann", status=75).endswith("or work on a backup")
    assert (data / "control.sock").is_dir()
