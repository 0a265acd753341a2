"""A connection with TLS: what is sealed stays in order and in bounds whatever the kernel does, and nobody waits."""

import contextlib
import errno
import hashlib
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.errors import TlsBroken
from reactor_chat.reactor.connection import LINGER_SECONDS, REST_SECONDS, Connection
from reactor_chat.reactor.fanout import Fanout
from reactor_chat.reactor.limits import ConnectionLimits
from reactor_chat.reactor.tls import CLIENT_SECONDS_MAX, SEALED_BYTES_MAX, SERVER_SECONDS_MAX, TlsFilter
from tests.reactor.certificates import filters, spki
from tests.reactor.conftest import Diary, Peer, World
from tests.reactor.faulty import FaultySocket, Outcome

PATIENT = ConnectionLimits(output_bytes_soft=1 << 30, output_bytes_hard=1 << 30)


class Client:
    """The other end of a connection: a filter on a plain socket."""

    def __init__(self, world: World, peer: Peer) -> None:
        self.world = world
        self.peer = peer
        self.tls = filters()[1]
        self.said = b""
        self.read_bytes = 0

    def go_on(self, bytes_max: int = 1 << 20) -> bytes:
        """Send what is unsent and read once; returns everything that was said so far."""
        if self.tls.unsent:
            with contextlib.suppress(BlockingIOError):
                self.tls.left(self.peer.sock.send(self.tls.unsent))
        heard = len(self.peer.heard)
        if new := self.peer.hear(bytes_max)[heard:]:
            self.read_bytes += len(new)
            self.said += self.tls.receive(new)
        return self.said

    def say(self, data: bytes) -> None:
        self.tls.seal(data)
        self.go_on()

    def hears(self, data: bytes) -> None:
        self.world.until(lambda: self.go_on() == data)


def connected(world: World, limits: ConnectionLimits | None = None) -> tuple[Connection, Diary, Client, FaultySocket]:
    """A server's connection, its owner, its client, whose handshake has not begun, and its socket."""
    ours, peer = world.unix_pair()
    sock, diary = FaultySocket(ours), Diary()
    connection = world.connection(sock, diary, limits, filters()[0])
    return connection, diary, Client(world, peer), sock


def secure(world: World, limits: ConnectionLimits | None = None) -> tuple[Connection, Diary, Client, FaultySocket]:
    """Likewise, with the handshake done."""
    connection, diary, client, sock = connected(world, limits)
    tls = connection.tls
    assert tls is not None
    world.until(lambda: client.go_on() or (tls.is_ready and client.tls.is_ready))
    return connection, diary, client, sock


def dialled(
    world: World, secured: Callable[[Connection], None] | None = None
) -> tuple[Connection, Diary, TlsFilter, Peer]:
    """A client's connection, and the server's filter on the other end."""
    ours, peer = world.unix_pair()
    diary = Diary()
    server, client = filters()
    return world.connection(ours, diary, None, client, secured), diary, server, peer


def answer(server: TlsFilter, peer: Peer) -> bytes:
    """Let a server's filter take what came, and say what it has to."""
    heard = len(peer.heard)
    new = peer.hear()[heard:]
    said = server.receive(new) if new else b""
    if server.unsent:
        server.left(peer.sock.send(server.unsent))
    return said


# ------------------------------------------------------------------ the ordinary


def test_bytes_go_both_ways_and_what_was_queued_first_leaves_behind_the_handshake(world: World) -> None:
    connection, diary, client, _ = connected(world)
    connection.send(b"hello ")
    world.turn()
    assert not client.peer.hear(), "a server waits for the client"
    client.hears(b"hello ")
    connection.send(b"again")
    client.hears(b"hello again")
    client.say(b"hi")
    world.until(lambda: diary.data == b"hi")
    assert connection.queued_bytes == 0
    assert not diary.told


def test_what_is_sent_in_one_turn_leaves_in_one_call(world: World) -> None:
    connection, _, client, sock = secure(world)
    sends = sock.sends
    for _ in range(100):
        connection.send(b"abc")
    world.turn()
    assert sock.sends == sends + 1
    client.hears(b"abc" * 100)


def test_much_in_both_directions(world: World) -> None:
    connection, diary, client, _ = secure(world, PATIENT)
    data = bytes(range(256)) * 4_096
    connection.send(data)
    client.hears(data)
    for place in range(0, len(data), 65_536):
        client.tls.seal(data[place : place + 65_536])
        world.until(lambda: client.go_on() is not None and not client.tls.unsent)
    world.until(lambda: diary.data == data)


def test_a_client_learns_whom_it_talks_to_before_it_hears_or_says_anything(world: World) -> None:
    seen: list[bytes] = []

    def secured(connection: Connection) -> None:
        assert not diary.data
        assert connection.tls is not None
        seen.append(connection.tls.peer_key_sha256)

    connection, diary, server, peer = dialled(world, secured)
    connection.send(b"login")
    said = b""
    while said != b"login":
        world.turn()
        said += answer(server, peer)
    assert seen == [hashlib.sha256(spki()).digest()]


def test_who_does_not_like_the_key_says_nothing_at_all(world: World) -> None:
    connection, diary, server, peer = dialled(world, lambda connection: connection.abort("a stranger"))
    connection.send(b"login")
    world.until(lambda: answer(server, peer) or connection.closed)
    world.turn(3)
    assert diary.lost_reasons == ["a stranger"]
    assert answer(server, peer) == b""
    assert not server.is_ready, "not even the handshake was ended"
    assert peer.ended


# ------------------------------------------------------------------ the end


def test_a_farewell_comes_before_the_end(world: World) -> None:
    connection, diary, client, _ = secure(world)
    connection.send(b"bye")
    connection.finish()
    client.hears(b"bye")
    world.until(lambda: client.go_on() and client.peer.ended)
    assert client.tls.has_ended
    client.peer.sock.close()
    world.until(lambda: diary.lost_reasons == ["finished"])


def test_last_words_leave_even_before_the_handshake_was_done(world: World) -> None:
    connection, diary, client, _ = connected(world)
    connection.send(b"we are full")
    connection.finish()
    client.hears(b"we are full")
    world.until(lambda: client.go_on() and client.peer.ended)
    assert client.tls.has_ended
    client.peer.sock.close()
    world.until(lambda: diary.lost_reasons == ["finished"])


def test_last_words_for_who_never_shakes_hands_wait_no_longer_than_others(world: World) -> None:
    connection, diary, _, _ = connected(world)
    connection.send(b"we are full")
    connection.finish()
    world.turn(2)
    world.pass_time(LINGER_SECONDS)
    assert diary.lost_reasons == ["did not finish in time"]


def test_after_finish_nothing_is_opened_any_more(world: World) -> None:
    connection, diary, client, _ = secure(world)
    connection.finish()
    client.say(b"too late")
    world.turn(3)
    assert not diary.data
    client.peer.sock.close()
    world.until(lambda: diary.lost_reasons)


@pytest.mark.parametrize("how", ["a farewell", "a cut"])
def test_the_peers_end_is_its_end_with_or_without_a_farewell(world: World, how: str) -> None:
    connection, diary, client, _ = secure(world)
    client.tls.seal(b"last")
    if how == "a farewell":
        client.tls.close()
    client.go_on()
    if how == "a cut":
        client.peer.sock.shutdown(1)
    world.until(lambda: diary.told == ["ended"])
    assert diary.data == b"last"
    connection.send(b"I heard")
    client.hears(b"I heard")
    connection.finish()
    world.until(lambda: diary.lost_reasons == ["finished"])


def test_an_end_during_the_handshake_is_one_word(world: World) -> None:
    for sent_bytes in (0, 1, 100):
        connection, diary, client, _ = connected(world)
        client.peer.sock.send(client.tls.unsent[:sent_bytes])
        client.peer.sock.close()
        world.until(partial(getattr, diary, "told"))
        world.turn(2)
        assert diary.told == ["lost: the peer went away during the TLS handshake"]
        assert connection.closed


# ------------------------------------------------------------------ the hostile


@pytest.mark.parametrize(
    "said", [b"GET / HTTP/1.0\r\n\r\n", b"\x00\x00\x00\x02{}", b"\x16\x03\x01\xff\xff" + bytes(500)]
)
def test_no_tls_is_the_end_at_once(world: World, said: bytes) -> None:
    _, diary, client, _ = connected(world)
    client.peer.sock.send(said)
    world.turn(2)
    assert len(diary.lost_reasons) == len(diary.told) == 1
    assert "TLS" in diary.lost_reasons[0]


@pytest.mark.parametrize("sent_bytes", [0, 1, 200, 10_000])
def test_a_handshake_has_an_absolute_end(world: World, sent_bytes: int) -> None:
    _, diary, client, _ = connected(world)
    hello = client.tls.unsent[:sent_bytes]
    for second in range(int(SERVER_SECONDS_MAX)):
        world.pass_time(1.0 - 0.001)
        client.peer.sock.send(hello[second : second + 1] if sent_bytes < 10_000 else hello[second * 1000 :][:1000])
        assert not diary.told or sent_bytes > 1
    world.pass_time(1.0)
    assert diary.lost_reasons == ["the TLS handshake took too long"]


def test_a_client_is_more_patient(world: World) -> None:
    connection, diary, _, _ = dialled(world)
    world.pass_time(CLIENT_SECONDS_MAX - 0.001)
    assert not connection.closed
    world.pass_time(0.001)
    assert diary.lost_reasons == ["the TLS handshake took too long"]


def test_a_handshake_that_is_done_has_no_deadline(world: World) -> None:
    connection, diary, _, _ = secure(world)
    world.pass_time(SERVER_SECONDS_MAX * 10)
    assert not diary.told
    assert not connection.closed


def test_a_damaged_record_ends_it_and_the_peer_is_told_why(world: World) -> None:
    _, diary, client, _ = secure(world)
    client.tls.seal(b"x" * 50)
    damaged = bytearray(client.tls.unsent)
    client.tls.left(len(damaged))
    damaged[20] ^= 1
    client.peer.sock.send(bytes(damaged))
    world.until(lambda: diary.told)
    assert diary.lost_reasons == ["TLS failed: decryption failed or bad record mac"]
    with pytest.raises(TlsBroken, match="alert bad record mac"):
        client.go_on()


# ------------------------------------------------------------------ slow readers


def test_who_does_not_read_is_sealed_no_more_than_once(world: World) -> None:
    connection, diary, client, _ = secure(world, PATIENT)
    data = bytes(range(256)) * 40_000
    connection.send(data)
    for _ in range(50):
        world.turn()
        assert connection.tls is not None
        assert len(connection.tls.unsent) < SEALED_BYTES_MAX * 1.01
    assert connection.waiting
    assert connection.queued_bytes > len(data) // 2
    client.hears(data)
    assert connection.queued_bytes == 0
    assert not connection.waiting
    assert not diary.told


def test_what_is_sealed_counts_as_queued(world: World) -> None:
    connection, diary, _, sock = secure(world, ConnectionLimits(output_bytes_soft=10, output_bytes_hard=1_000))
    sock.script["send"] += [("at most", 0)] * 3
    connection.send(b"x" * 1_001)
    world.turn()
    assert connection.output.pending_bytes == 0
    assert connection.queued_bytes > 1_001
    assert diary.told == ["overflowed"]


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.EINTR, errno.ENOBUFS, errno.ENOMEM])
def test_sealed_bytes_survive_a_kernel_that_takes_nothing_now(world: World, code: int) -> None:
    connection, _, client, sock = secure(world)
    sock.script["send"] += [code, ("at most", 3), code]
    connection.send(b"one ")
    world.turn()
    connection.send(b"two")
    for _ in range(5):
        world.pass_time(REST_SECONDS)
    client.hears(b"one two")


@pytest.mark.parametrize("code", [errno.EPIPE, errno.ECONNRESET])
def test_when_writing_fails_what_the_peer_said_before_is_still_heard(world: World, code: int) -> None:
    connection, diary, client, sock = secure(world)
    client.say(b"I am going")
    sock.script["send"].append(code)
    connection.send(b"stay")
    connection._loop._flush()
    client.peer.sock.close()
    world.until(lambda: diary.lost_reasons)
    assert diary.data == b"I am going"
    assert connection.queued_bytes == 0


def test_a_farewell_waits_for_the_kernel_too(world: World) -> None:
    connection, diary, client, sock = secure(world)
    sock.script["send"] += [("at most", 0), ("at most", 5), ("at most", 7), errno.ENOBUFS]
    connection.finish()
    for _ in range(6):
        world.pass_time(REST_SECONDS)
    world.until(lambda: client.go_on() == b"" and client.peer.ended)
    assert client.tls.has_ended
    client.peer.sock.close()
    world.until(lambda: diary.lost_reasons == ["finished"])


# ------------------------------------------------------------------ to many


def test_a_room_of_mixed_readers_hears_the_same_in_one_call_each(world: World) -> None:
    room = Fanout(world.loop)
    secured = [secure(world, PATIENT) for _ in range(5)]
    plain = [world.connect_faulty(PATIENT) for _ in range(5)]
    for connection, *_ in (*secured, *plain):
        connection.attach(room)
    before = [sock.sends for *_, sock in secured]
    for number in range(256):
        room.append(b"%03d" % number)
    secured[0][0].send(b"[private]")
    world.turn()
    said = b"".join(b"%03d" % number for number in range(256))
    assert [sock.sends for *_, sock in secured] == [sends + 1 for sends in before]
    secured[0][2].hears(said + b"[private]")
    for _, _, client, _ in secured[1:]:
        client.hears(said)
    for _, _, peer, _ in plain:
        assert peer.hear() == said
    assert room.kept_bytes == 0


def test_nobody_is_in_a_room_before_the_handshake(world: World) -> None:
    connection, *_ = connected(world)
    with pytest.raises(AssertionError):
        connection.attach(Fanout(world.loop))


def test_a_lagging_reader_keeps_the_run_and_one_sealed_piece(world: World) -> None:
    room = Fanout(world.loop, lag_bytes_max=1 << 30)
    slow, quick = secure(world, PATIENT), secure(world, PATIENT)
    for connection, *_ in (slow, quick):
        connection.attach(room)
    said = b""
    for number in range(100):
        piece = bytes([number]) * 50_000
        room.append(piece)
        said += piece
        world.turn()
        quick[2].go_on()
        assert slow[0].tls is not None
        assert len(slow[0].tls.unsent) < SEALED_BYTES_MAX * 1.01
    quick[2].hears(said)
    assert 0 < room.kept_bytes <= len(said)
    slow[2].hears(said)
    assert room.kept_bytes == 0


@settings(max_examples=60)
@given(st.data())
def test_whatever_the_kernel_takes_everybody_hears_everything_once_and_in_order(data: st.DataObject) -> None:
    with World() as world:
        room = Fanout(world.loop)
        readers = [secure(world, PATIENT) for _ in range(3)]
        said = [b"", b"", b""]
        for connection, *_ in readers:
            connection.attach(room)
        outcome: st.SearchStrategy[Outcome] = st.sampled_from(
            [errno.EAGAIN, errno.ENOBUFS, ("at most", 1), ("at most", 30), ("at most", 1 << 20)]
        )
        for number in range(data.draw(st.integers(1, 12))):
            for *_, sock in readers:
                sock.script["send"] += data.draw(st.lists(outcome, max_size=2))
            to = data.draw(st.integers(-1, 2))
            piece = b"<%d>" % number * data.draw(st.sampled_from([1, 50, 20_000]))
            if to < 0:
                room.append(piece)
                said = [one + piece for one in said]
            else:
                readers[to][0].send(piece)
                said[to] += piece
            if data.draw(st.booleans()):
                world.turn()
                readers[data.draw(st.integers(0, 2))][2].go_on()
        for (_, _, client, sock), wanted in zip(readers, said, strict=True):
            sock.script["send"].clear()
            world.clock.advance(REST_SECONDS)
            client.hears(wanted)
