"""Peers are accepted within a budget, and turned away with few words when descriptors run out."""

import contextlib
import errno
import logging
import os
import resource
import socket
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from reactor_chat.reactor.listener import STARVED_PAUSE_SECONDS, Listener, open_listener
from tests.reactor.conftest import World
from tests.reactor.faulty import failure


class FailingListener(socket.socket):
    """A listening socket whose next `accept` calls fail."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(fileno=sock.detach())
        self.setblocking(False)
        self.errors: deque[int] = deque()

    def accept(self) -> tuple[socket.socket, Any]:
        if self.errors:
            raise failure(self.errors.popleft())
        return super().accept()


class Door:
    """A listener, and the sockets it accepted."""

    def __init__(self, world: World, accepts_per_turn_max: int = 64) -> None:
        self.world = world
        self.sock = FailingListener(open_listener("127.0.0.1", 0))
        self.opened: list[str] = []
        self.listener = Listener(world.loop, self.sock, self.accept, accepts_per_turn_max)
        self.where = self.sock.getsockname()

    def accept(self, sock: socket.socket, peer: str) -> None:
        assert sock.gettimeout() == 0.0
        self.world.keep(sock)
        self.opened.append(peer)

    def knock(self, times: int = 1) -> list[socket.socket]:
        socks = [socket.create_connection(self.where) for _ in range(times)]
        self.world.keep(*socks)
        return socks


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    door = Door(world, accepts_per_turn_max=4)
    yield door
    door.listener.close()


def test_it_accepts_and_says_from_where(world: World, door: Door) -> None:
    (sock,) = door.knock()
    world.turn()
    assert door.opened == ["127.0.0.1:{}".format(*sock.getsockname()[1:])]
    assert door.listener.address == f"127.0.0.1:{door.where[1]}"


def test_it_accepts_no_more_in_a_turn_than_its_budget(world: World, door: Door) -> None:
    door.knock(10)
    counts = []
    for _ in range(3):
        world.turn()
        counts.append(len(door.opened))
    assert counts == [4, 8, 10]


def test_a_paused_listener_leaves_them_to_the_kernel(world: World, door: Door) -> None:
    door.listener.pause()
    door.listener.pause()
    door.knock(2)
    world.turn(2)
    assert door.opened == []
    door.listener.resume()
    world.turn()
    assert len(door.opened) == 2


def test_an_owner_may_pause_or_close_it_when_one_has_come(world: World) -> None:
    door = Door(world)

    def close_both(sock: socket.socket, _peer: str) -> None:
        sock.close()
        door.opened.append("one")
        door.listener.close()

    door.listener._opened = close_both
    door.knock(3)
    world.turn(2)
    assert door.opened == ["one"]
    door.listener.close()


@pytest.mark.parametrize("code", [errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN])
def test_the_failure_of_one_peer_is_not_the_next_ones(world: World, door: Door, code: int) -> None:
    door.knock(2)
    door.sock.errors.append(code)
    world.turn()
    assert len(door.opened) == 2


def test_an_interrupted_accept_is_done_again(world: World, door: Door) -> None:
    door.knock()
    door.sock.errors.append(errno.EINTR)
    world.turn(2)
    assert len(door.opened) == 1


def test_a_bug_is_not_hidden(world: World, door: Door) -> None:
    door.knock()
    door.sock.errors.append(errno.EBADF)
    with pytest.raises(OSError, match="Bad file"):
        world.turn()


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_starving_it_turns_one_away_pauses_and_says_so_once(
    world: World, door: Door, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third = door.knock(3)
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            door.sock.errors.append(code)
            world.turn(3)
            world.clock.advance(STARVED_PAUSE_SECONDS)
            world.turn()
        assert len(caplog.records) == 1
        assert (first.recv(1), second.recv(1)) == (b"", b"")
        world.turn()
        assert len(door.opened) == 1
        door.knock()
        door.sock.errors.append(code)
        world.turn()
        assert len(caplog.records) == 2  # another episode
    assert third.fileno() >= 0


def test_an_owner_that_cannot_take_a_socket_is_left_in_peace_for_a_moment(
    world: World, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_sock: socket.socket, _peer: str) -> None:
        raise failure(errno.ENOSPC)

    door.listener._opened = fail
    first, second, third = door.knock(3)
    world.turn(2)
    assert (first.recv(1), second.recv(1)) == (b"", b"")
    door.listener._opened = door.accept
    world.clock.advance(STARVED_PAUSE_SECONDS)
    world.turn(2)
    assert door.opened == ["127.0.0.1:{}".format(*third.getsockname()[1:])]
    assert len(caplog.records) == 1


def test_a_listener_that_cannot_be_watched_tries_again(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.sock.errors.append(errno.EMFILE)
    door.knock(2)
    world.turn()

    def fail(*_: object) -> None:
        raise failure(errno.ENOMEM)

    with monkeypatch.context() as patched:
        patched.setattr(world.loop, "watch", fail)
        world.clock.advance(STARVED_PAUSE_SECONDS)
        world.turn()
    world.clock.advance(STARVED_PAUSE_SECONDS)
    world.turn(2)
    assert len(door.opened) == 1


def test_a_starving_listener_can_be_closed(world: World) -> None:
    door = Door(world)
    door.knock()
    door.sock.errors.append(errno.EMFILE)
    world.turn()
    door.listener.close()
    assert len(world.loop.timers) == 0


@contextlib.contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Lower the limit so far that nothing can be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_that_really_has_no_descriptor_left(world: World, door: Door) -> None:
    (first,) = door.knock()
    with no_descriptor_left():
        world.turn(3)
        assert first.recv(1) == b""
        assert world.loop._selector.select(0.0) == []
    door.knock()
    world.pass_time(STARVED_PAUSE_SECONDS)
    assert len(door.opened) == 1


def test_a_port_in_use_is_refused_with_words() -> None:
    with open_listener("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"):
            open_listener("127.0.0.1", port)


def test_a_host_that_is_not_ours_is_refused_with_words() -> None:
    with pytest.raises(OSError, match=r"cannot listen on 192\.0\.2\.1:0"):
        open_listener("192.0.2.1", 0)


@pytest.mark.parametrize(("host", "dialled"), [("::1", "::1"), ("::", "::1"), ("::", "127.0.0.1"), ("", "127.0.0.1")])
def test_ipv6_and_both_at_once(world: World, host: str, dialled: str) -> None:
    opened: list[str] = []

    def note(sock: socket.socket, peer: str) -> None:
        sock.close()
        opened.append(peer)

    listener = Listener(world.loop, open_listener(host, 0), note)
    port = int(listener.address.rpartition(":")[2])
    with socket.create_connection((dialled, port)) as sock:
        world.turn()
        expected = f"[{dialled}]" if ":" in dialled else dialled
        assert opened == [f"{expected}:{sock.getsockname()[1]}"]
    listener.close()
