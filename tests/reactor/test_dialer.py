"""One of several addresses answers; the others are closed, and exactly one of two callbacks is called."""

import errno
import socket
from collections.abc import Callable
from typing import cast

import pytest

from reactor_chat.reactor.addresses import Row, resolve
from reactor_chat.reactor.dialer import Dialer
from tests.reactor.conftest import World


class Answers:
    """Notes what a dialer says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connected: list[socket.socket] = []
        self.failed: list[OSError] = []

    def dial(self, rows: list[Row], **options: float) -> Dialer:
        return Dialer(self.world.loop, rows, self._connected, self.failed.append, **options)

    def _connected(self, sock: socket.socket) -> None:
        assert sock.gettimeout() == 0.0
        self.world.keep(sock)
        self.connected.append(sock)

    def some(self) -> bool:
        return bool(self.connected or self.failed)


@pytest.fixture
def answers(world: World) -> Answers:
    return Answers(world)


def listening(world: World, backlog: int = 8) -> tuple[socket.socket, Row]:
    server = socket.socket()
    world.keep(server)
    server.bind(("127.0.0.1", 0))
    server.listen(backlog)
    return server, resolve(*server.getsockname())[0]


def silent(world: World) -> Row:
    """An address whose backlog is full: the kernel drops what comes, as a firewall does."""
    server, row = listening(world, backlog=0)
    for _ in range(3):
        sock = socket.socket()
        world.keep(sock)
        sock.settimeout(0.0)
        sock.connect_ex(server.getsockname())
    return row


def refusing(world: World) -> Row:
    """An address that is bound, so that nobody else gets it, and where nobody listens."""
    sock = socket.socket()
    world.keep(sock)
    sock.bind(("127.0.0.1", 0))
    return resolve(*sock.getsockname())[0]


def test_it_connects_and_not_before_the_loop_turns(world: World, answers: Answers) -> None:
    server, row = listening(world)
    answers.dial([row])
    assert not answers.some()
    world.until(answers.some)
    assert answers.connected[0].getpeername() == server.getsockname()
    assert len(world.loop.timers) == 0


def test_a_refused_address_is_followed_by_the_next_at_once(world: World, answers: Answers) -> None:
    server, row = listening(world)
    answers.dial([refusing(world), refusing(world), row])
    world.until(answers.some)
    assert answers.connected[0].getpeername() == server.getsockname()


def test_when_all_refuse_the_last_error_is_told_once(world: World, answers: Answers) -> None:
    rows = [refusing(world), refusing(world)]
    answers.dial(rows)
    world.until(answers.some)
    world.pass_time(60.0)
    assert [error.errno for error in answers.failed] == [errno.ECONNREFUSED]
    assert f"127.0.0.1:{rows[1][4][1]}: Connection refused" in str(answers.failed[0])


def test_a_silent_address_is_overtaken_after_a_moment(world: World, answers: Answers) -> None:
    server, row = listening(world)
    answers.dial([silent(world), row], stagger_seconds=0.25)
    world.turn(50)
    assert not answers.some()
    world.clock.advance(0.25)
    world.until(answers.some)
    assert answers.connected[0].getpeername() == server.getsockname()


def test_silence_everywhere_ends_at_the_deadline(world: World, answers: Answers) -> None:
    rows = [silent(world), silent(world)]
    answers.dial(rows, seconds_max=10.0)
    world.turn(2)
    world.pass_time(9.9)
    assert not answers.some()
    world.pass_time(0.1)
    assert isinstance(answers.failed[0], TimeoutError)
    assert all(f"127.0.0.1:{row[4][1]}" in str(answers.failed[0]) for row in rows)
    assert len(answers.failed) == 1


def test_no_address_is_a_failure(world: World, answers: Answers) -> None:
    answers.dial([])
    world.until(answers.some)
    assert answers.failed[0].errno == errno.EADDRNOTAVAIL


def test_a_family_the_machine_has_not_is_passed_over(world: World, answers: Answers) -> None:
    _, row = listening(world)
    family = cast("socket.AddressFamily", 12_345)  # what getaddrinfo returns for one that Python does not know
    answers.dial([(family, socket.SOCK_STREAM, 0, "", ("nowhere", 1)), row])
    world.until(answers.some)
    assert answers.connected


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("make", [silent, refusing, lambda world: listening(world)[1]])
def test_cancelled_it_calls_nobody(world: World, answers: Answers, turns: int, make: Callable[[World], Row]) -> None:
    dialer = answers.dial([silent(world), make(world)])
    world.turn(turns)
    dialer.cancel()
    dialer.cancel()
    world.pass_time(60.0)
    assert not answers.some()


def test_it_can_be_cancelled_from_what_it_calls(world: World, answers: Answers) -> None:
    dialers: list[Dialer] = []
    failed: list[OSError] = []

    def cancel(error: OSError) -> None:
        failed.append(error)
        dialers[0].cancel()

    dialers.append(Dialer(world.loop, [refusing(world)], answers._connected, cancel))
    world.until(lambda: failed)
    world.pass_time(60.0)
    assert len(failed) == 1


def test_a_socket_connected_to_itself_is_nobody(
    world: World, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        where = probe.getsockname()
    row = resolve(*where)[0]
    real = socket.socket

    def bound_to_where_it_dials(*args: int) -> socket.socket:
        sock = real(*args)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(where)
        return sock

    monkeypatch.setattr("reactor_chat.reactor.dialer.socket.socket", bound_to_where_it_dials)
    answers.dial([row])
    world.until(answers.some)
    assert [error.errno for error in answers.failed] == [errno.ECONNREFUSED]
