"""Every way a stream can be slow, broken or gone, with an owner who does the worst in every callback."""

import errno
import socket
import struct
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.reactor.connection import LINGER_SECONDS, REST_SECONDS, WRITE_BYTES_MAX, Connection
from reactor_chat.reactor.fanout import Fanout
from reactor_chat.reactor.limits import ConnectionLimits
from tests.reactor.conftest import Diary, Peer, World
from tests.reactor.faulty import Outcome

FATAL = [errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTUNREACH]
NOT_NOW = [errno.EAGAIN, errno.EINTR]
STARVED = [errno.ENOBUFS, errno.ENOMEM]

UNBOUNDED = ConnectionLimits(output_bytes_soft=1 << 30, output_bytes_hard=1 << 30)
THOUSAND = ConnectionLimits(output_bytes_soft=1_000, output_bytes_hard=1_000)


def reset(peer: Peer) -> None:
    """Close so that the other side gets RST and not FIN."""
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.sock.close()


def fill(connection: Connection, world: World, more_bytes: int = 100_000) -> bytes:
    """Queue so much that the kernel refuses; returns what was queued."""
    queued = b""
    while connection.queued_bytes < more_bytes:
        data = bytes(range(256)) * 1_024
        connection.send(data)
        queued += data
        world.turn()
    return queued


# ------------------------------------------------------------------ the ordinary


@pytest.mark.parametrize("family", ["unix", "tcp"])
def test_bytes_go_both_ways(world: World, family: str) -> None:
    connection, diary, peer = world.connect(tcp=family == "tcp")
    peer.sock.send(b"ping")
    world.until(lambda: diary.data)
    connection.send(b"po")
    connection.send(b"ng")
    world.until(lambda: peer.hear() == b"pong")
    assert diary.data == b"ping"
    assert connection.queued_bytes == 0


def test_the_socket_is_prepared(world: World) -> None:
    ours, _ = world.tcp_pair()
    ours.set_inheritable(True)
    connection = world.connection(ours, Diary())
    assert ours.gettimeout() == 0.0
    assert not ours.get_inheritable()
    assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), "a machine that vanished is never noticed"
    assert connection.peer == f"127.0.0.1:{ours.getpeername()[1]}"


def test_what_is_sent_in_one_turn_leaves_in_one_call_at_its_end(world: World) -> None:
    connection, _, peer, sock = world.connect_faulty()
    for _ in range(100):
        connection.send(b"abc")
    assert sock.sends == 0
    world.turn()
    assert sock.sends == 1
    assert peer.hear() == b"abc" * 100


def test_no_more_is_read_in_a_turn_than_the_budget(world: World) -> None:
    connection, diary, peer = world.connect(ConnectionLimits(read_bytes_max=10))
    peer.sock.send(b"0123456789abcde")
    world.turn()
    assert diary.data == b"0123456789"
    world.turn()
    assert diary.data == b"0123456789abcde"
    assert not connection.closed


def test_nothing_queued_asks_for_no_writability(world: World) -> None:
    connection, _, _ = world.connect()
    events = [connection._mask]
    connection.send(b"x")
    world.turn()
    events.append(connection._mask)
    assert events == [1, 1]


# ------------------------------------------------------------------ slow readers and partial writes


@pytest.mark.parametrize("family", ["unix", "tcp"])
def test_what_the_kernel_refuses_leaves_when_it_can(world: World, family: str) -> None:
    connection, _, peer = world.connect(UNBOUNDED, tcp=family == "tcp")
    queued = fill(connection, world)
    assert connection._mask == 3
    world.until(lambda: peer.hear() and connection.queued_bytes == 0)
    world.until(lambda: len(peer.hear()) == len(queued))
    assert peer.heard == queued
    assert connection._mask == 1


def test_more_than_is_offered_at_once_goes_on_in_the_next_turns(world: World) -> None:
    connection, _, peer, sock = world.connect_faulty(UNBOUNDED)
    pushed = bytes(range(256)) * 3_000
    connection.send(pushed)
    world.turn()
    assert sock.sends == 1
    assert len(pushed) - connection.queued_bytes <= WRITE_BYTES_MAX
    world.until(lambda: len(peer.hear()) == len(pushed))
    assert peer.heard == pushed
    assert connection.queued_bytes == 0


def test_a_refused_connection_makes_no_system_call_until_it_is_writable(world: World) -> None:
    connection, _, peer, sock = world.connect_faulty()
    sock.script["send"].append(errno.EAGAIN)
    connection.send(b"a")
    world.turn()
    calls = sock.sends
    connection.send(b"b")
    assert (calls, connection.queued_bytes) == (1, 2)
    world.turn()
    assert peer.hear() == b"ab"
    assert sock.sends == 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=12),
    st.lists(st.one_of(st.integers(0, 30).map(lambda n: ("at most", n)), st.sampled_from(NOT_NOW)), max_size=30),
)
def test_any_partial_writes_deliver_the_same_bytes(pieces: list[bytes], script: list[Outcome]) -> None:
    with World() as world:
        connection, _, peer, sock = world.connect_faulty()
        room = Fanout(world.loop)
        connection.attach(room)
        sock.script["send"].extend(script)
        for number, piece in enumerate(pieces):
            (connection.send, room.append)[number % 2](piece)
            if number % 3 == 0:
                world.turn()
        world.until(lambda: connection.queued_bytes == 0)
        assert peer.hear() == b"".join(pieces)


def test_beyond_the_hard_mark_the_owner_is_told_once(world: World) -> None:
    connection, diary, _ = world.connect(ConnectionLimits(output_bytes_soft=10, output_bytes_hard=1_000))
    fill(connection, world)
    fill(connection, world, 2_000_000)
    assert diary.told == ["overflowed"]
    world.pass_time(100.0)
    assert diary.told == ["overflowed"]


@pytest.mark.parametrize(("over", "told"), [(0, []), (1, ["overflowed"])])
def test_the_hard_mark_itself_is_allowed(world: World, over: int, told: list[str]) -> None:
    connection, diary, _, sock = world.connect_faulty(THOUSAND)
    sock.script["send"].append(errno.EAGAIN)
    connection.send(b"x" * (1_000 + over))
    world.turn()
    assert diary.told == told


def test_the_soft_mark_counts_only_when_it_lasts(world: World) -> None:
    limits = ConnectionLimits(output_bytes_soft=10, output_seconds_soft=10.0, output_bytes_hard=1 << 30)
    connection, diary, peer, sock = world.connect_faulty(limits)
    sock.script["send"].append(errno.EAGAIN)
    connection.send(b"x" * 11)
    world.turn()
    assert len(world.loop.timers) == 1
    world.turn()
    assert peer.hear() == b"x" * 11
    assert len(world.loop.timers) == 0
    fill(connection, world)
    world.pass_time(9.9)
    assert diary.told == []
    world.pass_time(0.1)
    assert diary.told == ["overflowed"]


def test_an_owner_may_abort_when_it_overflows(world: World) -> None:
    connection, diary, _ = world.connect(ConnectionLimits(output_bytes_soft=10, output_bytes_hard=1_000))
    diary.on_overflowed = lambda connection: connection.abort("too slow")
    for _ in range(50):
        connection.send(bytes(100_000))
    world.turn()
    assert diary.told == ["overflowed", "lost: too slow"]
    assert connection.queued_bytes == 0


# ------------------------------------------------------------------ errors at every call


@pytest.mark.parametrize("code", NOT_NOW)
def test_a_read_that_would_block_or_was_interrupted_is_done_again(world: World, code: int) -> None:
    _, diary, peer, sock = world.connect_faulty()
    sock.script["recv"].append(code)
    peer.sock.send(b"x")
    world.turn(2)
    assert diary.data == b"x"


@pytest.mark.parametrize("code", FATAL)
def test_a_read_that_fails_loses_the_connection_once(world: World, code: int) -> None:
    connection, diary, peer, sock = world.connect_faulty()
    other, other_diary, other_peer = world.connect()
    sock.script["recv"].append(code)
    peer.sock.send(b"x")
    other_peer.sock.send(b"still here")
    world.turn(3)
    assert len(diary.told) == 1
    assert len(diary.lost_reasons) == 1
    assert connection.closed
    assert (bytes(other_diary.data), other.closed) == (b"still here", False)


@pytest.mark.parametrize("code", FATAL)
def test_a_write_that_fails_loses_the_connection_after_what_had_arrived(world: World, code: int) -> None:
    connection, diary, peer, sock = world.connect_faulty(ConnectionLimits(read_bytes_max=4))
    sock.script["send"].append(code)
    peer.sock.send(b"my last words")
    connection.send(b"x")
    world.until(lambda: diary.lost_reasons)
    assert diary.data == b"my last words"
    assert len(diary.told) == 1
    assert sock.sends == 1


@pytest.mark.parametrize("code", FATAL)
def test_a_write_to_many_that_fails_loses_that_connection_only(world: World, code: int) -> None:
    room = Fanout(world.loop)
    connection, diary, _, sock = world.connect_faulty()
    other, _, other_peer = world.connect()
    for one in (connection, other):
        one.attach(room)
    sock.script["send"].append(code)
    room.append(b"news")
    world.until(lambda: diary.lost_reasons)
    assert other_peer.hear() == b"news"
    assert len(room) == 1


def test_writing_fails_and_the_peer_never_ends_its_side(world: World) -> None:
    connection, diary, _, sock = world.connect_faulty()
    sock.script["send"].append(errno.EPIPE)
    sock.script["shutdown"].append(errno.ENOTCONN)
    connection.send(b"x")
    world.turn(2)
    assert diary.told == []
    connection.send(b"dropped")
    assert connection.queued_bytes == 0
    world.pass_time(LINGER_SECONDS)
    assert len(diary.lost_reasons) == 1


@pytest.mark.parametrize("code", STARVED)
@pytest.mark.parametrize("call", ["send", "recv"])
def test_a_kernel_out_of_memory_is_left_alone_for_a_moment(world: World, code: int, call: str) -> None:
    connection, diary, peer, sock = world.connect_faulty()
    sock.script[call].append(code)
    peer.sock.send(b"in")
    if call == "send":
        connection.send(b"out")
    world.turn(3)
    assert sock.sends + sock.recvs <= 2
    assert connection._mask == 0
    connection.send(b"!")
    world.pass_time(REST_SECONDS)
    assert diary.data == b"in"
    assert peer.hear().endswith(b"!")
    assert len(world.loop.timers) == 0


def test_a_rest_ends_with_the_queue_drained_or_with_the_connection(world: World) -> None:
    drained, _, peer, drained_sock = world.connect_faulty(ConnectionLimits(output_bytes_soft=1))
    aborted, _, _, aborted_sock = world.connect_faulty(ConnectionLimits(output_bytes_soft=1))
    for connection, sock in ((drained, drained_sock), (aborted, aborted_sock)):
        sock.script["send"].append(errno.ENOBUFS)
        connection.send(b"more than one byte")
    world.turn()
    assert len(world.loop.timers) == 4  # a rest and a soft mark each
    aborted.abort("in its rest")
    assert len(world.loop.timers) == 2
    world.pass_time(REST_SECONDS)
    assert peer.hear() == b"more than one byte"
    assert len(world.loop.timers) == 0


def test_a_reset_is_noticed(world: World) -> None:
    _, diary, peer = world.connect(tcp=True)
    reset(peer)
    world.until(lambda: diary.told)
    assert diary.told == ["lost: Connection reset by peer"]


def test_writing_to_one_who_has_gone(world: World) -> None:
    connection, diary, peer = world.connect(tcp=True)
    peer.sock.send(b"bye")
    peer.sock.close()
    world.until(lambda: diary.told)
    assert (bytes(diary.data), diary.told) == (b"bye", ["ended"])
    for _ in range(3):
        connection.send(b"hello?")
        world.turn()
    world.until(lambda: diary.lost_reasons)
    assert len(diary.told) == 2


def test_a_peer_that_was_gone_before_anybody_looked(world: World) -> None:
    ours, peer = world.tcp_pair()
    reset(peer)
    diary = Diary()
    connection = world.connection(ours, diary)
    world.until(lambda: diary.lost_reasons)
    assert connection.peer


# ------------------------------------------------------------------ ends


def test_one_who_has_ended_can_still_be_written_to(world: World) -> None:
    connection, diary, peer = world.connect(tcp=True)
    peer.sock.shutdown(socket.SHUT_WR)
    world.until(lambda: diary.told)
    assert diary.told == ["ended"]
    connection.send(b"the answer")
    world.until(lambda: peer.hear() == b"the answer")
    connection.finish()
    world.until(lambda: diary.lost_reasons)
    assert diary.told == ["ended", "lost: finished"]
    peer.hear()
    assert peer.ended


def test_finish_lets_everything_leave_and_awaits_the_others_end(world: World) -> None:
    connection, diary, peer = world.connect(UNBOUNDED, tcp=True)
    queued = fill(connection, world)
    connection.finish()
    connection.send(b"dropped")
    peer.sock.send(b"what nobody reads any more" * 100)
    world.until(lambda: peer.hear() and peer.ended)
    assert peer.heard == queued
    assert diary.told == []
    peer.sock.send(b"more of it")
    world.turn(3)
    peer.sock.shutdown(socket.SHUT_WR)
    world.until(lambda: diary.told)
    assert (diary.told, bytes(diary.data)) == (["lost: finished"], b"")


def test_finish_waits_no_longer_than_it_was_told(world: World) -> None:
    connection, diary, _ = world.connect()
    fill(connection, world)
    connection.finish(2.0)
    world.pass_time(1.9)
    assert diary.lost_reasons == []
    world.pass_time(0.1)
    assert diary.lost_reasons == ["did not finish in time"]


def test_finish_lets_the_news_leave_and_no_later_ones(world: World) -> None:
    room = Fanout(world.loop)
    connection, _, peer = world.connect()
    connection.attach(room)
    room.append(b"news ")
    connection.send(b"bye")
    connection.finish()
    room.append(b"not for one who goes")
    world.until(lambda: peer.hear() and peer.ended)
    assert peer.heard == b"news bye"


def test_finish_reads_what_was_paused(world: World) -> None:
    connection, diary, peer = world.connect()
    connection.pause()
    peer.sock.send(b"x" * 10_000)
    peer.sock.shutdown(socket.SHUT_WR)
    connection.finish()
    world.until(lambda: diary.lost_reasons)
    assert diary.told == ["lost: finished"]


def test_finishing_twice_or_after_an_abort_changes_nothing(world: World) -> None:
    connection, diary, _ = world.connect()
    connection.finish(1.0)
    connection.finish(100.0)
    world.pass_time(1.0)
    connection.finish()
    connection.abort("again")
    connection.pause()
    connection.resume()
    world.turn(2)
    assert diary.told == ["lost: did not finish in time"]


@pytest.mark.parametrize("code", FATAL)
def test_a_shutdown_that_fails_closes(world: World, code: int) -> None:
    connection, diary, _, sock = world.connect_faulty()
    sock.script["shutdown"].append(code)
    connection.finish()
    world.turn(2)
    assert len(diary.lost_reasons) == 1


@pytest.mark.parametrize("code", FATAL)
def test_an_error_while_finishing_closes(world: World, code: int) -> None:
    connection, diary, _, sock = world.connect_faulty()
    sock.script["send"].append(code)
    connection.send(b"x")
    connection.finish()
    world.turn(2)
    assert len(diary.lost_reasons) == 1


def test_abort_is_over_by_the_end_of_the_turn_and_not_inside_the_call(world: World) -> None:
    connection, diary, peer = world.connect()
    connection.send(b"never leaves")
    connection.abort("enough")
    assert (connection.closed, diary.told) == (True, [])
    connection.send(b"dropped")
    world.turn()
    assert diary.told == ["lost: enough"]
    peer.hear()
    assert (peer.ended, bytes(peer.heard)) == (True, b"")


# ------------------------------------------------------------------ pausing


def test_a_paused_connection_reads_nothing_until_it_is_resumed(world: World) -> None:
    connection, diary, peer = world.connect()
    connection.pause()
    connection.pause()
    peer.sock.send(b"later")
    world.turn(3)
    assert diary.data == b""
    connection.resume()
    connection.resume()
    world.turn()
    assert diary.data == b"later"


@pytest.mark.parametrize("family", ["unix", "tcp"])
def test_a_paused_connection_whose_peer_goes_does_not_spin(world: World, family: str) -> None:
    connection, diary, peer = world.connect(tcp=family == "tcp")
    connection.pause()
    peer.sock.send(b"last words")
    peer.sock.close()
    world.turn(3)
    assert world.loop._selector.select(0.0) == []  # nothing is ready: the next wait is a wait
    connection.resume()
    world.until(lambda: diary.told)
    assert (bytes(diary.data), diary.told) == (b"last words", ["ended"])


def test_after_the_end_nothing_is_ready_for_ever(world: World) -> None:
    _, diary, peer = world.connect(tcp=True)
    peer.sock.shutdown(socket.SHUT_WR)
    world.until(lambda: diary.told)
    assert world.loop._selector.select(0.0) == []


def test_pausing_one_that_also_waits_to_write_holds_in_this_very_turn(world: World) -> None:
    first, first_diary, first_peer = world.connect()
    second, second_diary, second_peer, sock = world.connect_faulty()
    sock.script["send"].append(errno.EAGAIN)
    second.send(b"x")
    world.turn()
    first_diary.on_received = lambda _connection, _data: second.pause()
    second_diary.on_received = lambda _connection, _data: first.pause()
    for peer in (first_peer, second_peer):
        peer.sock.send(b"x")
    first.send(b"y")
    world.turn(3)
    assert len(first_diary.data) + len(second_diary.data) == 1
    assert second_peer.hear() == b"x"


def pause(other: Connection, _connection: Connection, _data: bytes) -> None:
    other.pause()


def test_pausing_one_that_was_reported_ready_holds_in_this_very_turn(world: World) -> None:
    pairs = [world.connect() for _ in range(2)]
    for (_, diary, peer), (other, _, _) in zip(pairs, reversed(pairs), strict=True):
        diary.on_received = partial(pause, other)
        peer.sock.send(b"x")
    world.turn(3)
    assert sorted(bytes(diary.data) for _, diary, _ in pairs) == [b"", b"x"]
