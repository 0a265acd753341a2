"""Everyone gets the same bytes in one call a turn; who is slow merely lags, and not for ever."""

import errno
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.reactor.connection import Connection
from reactor_chat.reactor.fanout import Fanout
from reactor_chat.reactor.limits import ConnectionLimits
from tests.reactor.conftest import World

PATIENT = ConnectionLimits(output_bytes_soft=1 << 30, output_bytes_hard=1 << 30)


def test_many_messages_leave_in_one_call_to_each(world: World) -> None:
    room, readers = Fanout(world.loop), [world.connect_faulty(PATIENT) for _ in range(20)]
    for connection, _, _, _ in readers:
        connection.attach(room)
    for number in range(256):
        room.append(b"%03d" % number)
    assert {connection.queued_bytes for connection, *_ in readers} == {768}
    world.turn()
    for connection, _, peer, sock in readers:
        assert peer.hear() == b"".join(b"%03d" % number for number in range(256))
        assert (sock.sends, connection.queued_bytes) == (1, 0)
    assert room.kept_bytes == 0


def test_everyone_is_offered_the_same_object(world: World) -> None:
    room, offered = Fanout(world.loop), list[bytes]()

    def take_all(data: bytes) -> int:
        offered.append(data)
        return len(data)

    for _ in range(5):
        connection, _, _ = world.connect()
        connection.try_send = take_all
        connection.attach(room)
    room.append(b"a")
    room.append(b"b")
    world.turn()
    assert offered[0] == b"ab"
    assert all(data is offered[0] for data in offered)


def test_private_bytes_stand_where_they_were_queued_and_leave_in_the_same_call(world: World) -> None:
    room = Fanout(world.loop)
    connection, _, peer, sock = world.connect_faulty(PATIENT)
    connection.send(b"[welcome]")
    connection.attach(room)
    room.append(b"A")
    connection.send(b"[ack A]")
    room.append(b"B")
    world.turn()
    assert peer.hear() == b"[welcome]A[ack A]B"
    assert sock.sends == 1
    room.append(b"C")
    world.turn()
    assert peer.hear().endswith(b"BC")
    assert sock.sends == 2


def test_private_bytes_before_and_after_what_is_new_are_written_once(world: World) -> None:
    room, readers = Fanout(world.loop), [world.connect_faulty(PATIENT) for _ in range(3)]
    for connection, *_ in readers:
        connection.attach(room)
    world.turn()
    (before, _, one, _), (after, _, other, _), (_, _, neither, _) = readers
    before.send(b"x")
    room.append(b"A")
    after.send(b"y")
    world.turn()
    before.send(b"z")  # and nothing is new
    world.turn()
    assert [peer.hear() for peer in (one, other, neither)] == [b"xAz", b"Ay", b"A"]
    assert [sock.sends for *_, sock in readers] == [2, 1, 1]
    room.append(b"B")
    world.turn()
    assert [peer.hear() for peer in (one, other, neither)] == [b"xAzB", b"AyB", b"AB"]
    assert room.kept_bytes == 0


def test_who_comes_gets_only_what_comes_after(world: World) -> None:
    room = Fanout(world.loop)
    first, _, first_peer = world.connect()
    second, _, second_peer = world.connect()
    first.attach(room)
    room.append(b"A")
    second.attach(room)
    second.attach(room)
    room.append(b"B")
    first.detach()
    first.detach()
    room.append(b"C")
    world.turn()
    assert (first_peer.hear(), second_peer.hear()) == (b"AB", b"BC")
    assert len(room) == 1


def test_from_one_room_to_another(world: World) -> None:
    here, there = Fanout(world.loop), Fanout(world.loop)
    connection, _, peer = world.connect()
    connection.attach(here)
    here.append(b"here ")
    connection.attach(there)
    here.append(b"no more")
    there.append(b"there")
    world.turn()
    assert peer.hear() == b"here there"
    assert (len(here), len(there)) == (0, 1)


def test_a_slow_reader_lags_and_costs_the_others_nothing(world: World) -> None:
    room = Fanout(world.loop)
    slow, _, slow_peer, slow_sock = world.connect_faulty(PATIENT)
    quick, _, quick_peer, quick_sock = world.connect_faulty(PATIENT)
    for connection in (slow, quick):
        connection.attach(room)
    slow_sock.script["send"].append(("at most", 3))
    room.append(b"0123456789")
    world.loop.turn()
    assert (slow.queued_bytes, quick.queued_bytes, room.kept_bytes) == (7, 0, 7)
    slow_sock.script["send"].append(("at most", 2))
    room.append(b"abc")
    assert (slow.queued_bytes, quick.queued_bytes) == (10, 3)
    world.turn()
    assert (slow.queued_bytes, quick.queued_bytes) == (8, 0)
    world.turn()
    assert slow_peer.hear() == quick_peer.hear() == b"0123456789abc"
    assert (quick_sock.sends, slow_sock.sends, room.kept_bytes) == (2, 3, 0)
    room.append(b"!")
    world.turn()
    assert (quick_sock.sends, slow_sock.sends) == (3, 4)


def test_one_who_has_caught_up_and_one_who_has_not_were_refused_at_different_times(world: World) -> None:
    room = Fanout(world.loop)
    connection, _, peer, sock = world.connect_faulty(PATIENT)
    connection.attach(room)
    sock.script["send"].append(errno.EAGAIN)
    room.append(b"A")
    world.turn()
    connection.send(b"[x]")
    room.append(b"B")
    assert connection.queued_bytes == 5
    world.turn()
    assert peer.hear() == b"A[x]B"


def test_one_too_far_behind_is_told_and_leaves(world: World) -> None:
    room = Fanout(world.loop, lag_bytes_max=100)
    slow, slow_diary, slow_peer, slow_sock = world.connect_faulty(PATIENT)
    quick, quick_diary, quick_peer = world.connect()
    for connection in (slow, quick):
        connection.attach(room)
    slow_sock.script["send"].extend([errno.EAGAIN] * 3)
    room.append(b"x" * 100)
    world.turn()
    assert (slow_diary.told, room.kept_bytes) == ([], 100)
    room.append(b"y")
    world.turn()
    assert (slow_diary.told, quick_diary.told, len(room), room.kept_bytes) == (["overflowed"], [], 1, 0)
    room.append(b"z")
    world.turn(3)
    # whoever does not abort it gets all that was there when it was told, and no hole in it
    assert slow_peer.hear() == b"x" * 100 + b"y"
    assert quick_peer.hear() == b"x" * 100 + b"yz"


def abort_all(readers: Iterable[tuple[Connection, *tuple[object, ...]]], reason: str) -> None:
    for connection, *_ in readers:
        connection.abort(reason)


def test_many_too_far_behind_are_aborted_in_one_turn(world: World) -> None:
    room, readers = Fanout(world.loop, lag_bytes_max=100), [world.connect_faulty(PATIENT) for _ in range(30)]
    for connection, diary, _, sock in readers:
        connection.attach(room)
        sock.script["send"].extend([errno.EAGAIN] * 3)
        diary.on_overflowed = lambda _connection: abort_all(readers, "all of you")
    room.append(b"x" * 101)
    world.turn()
    assert [diary.told for _, diary, _, _ in readers] == [["overflowed", "lost: all of you"]] + [
        ["lost: all of you"]
    ] * 29
    assert (len(room), room.kept_bytes) == (0, 0)


def test_one_aborted_by_the_owner_of_another_arms_nothing(world: World) -> None:
    room = Fanout(world.loop)
    readers = [world.connect_faulty(ConnectionLimits(output_bytes_soft=1, output_bytes_hard=1)) for _ in range(2)]
    for connection, diary, _, sock in readers:
        connection.attach(room)
        sock.script["send"].append(errno.ENOBUFS)
        diary.on_overflowed = lambda _connection: abort_all(readers, "both")
    room.append(b"news")
    world.turn()
    assert [diary.lost_reasons for _, diary, _, _ in readers] == [["both"]] * 2
    assert len(world.loop.timers) == 0


def test_an_owner_may_append_and_attach_when_it_overflows(world: World) -> None:
    room = Fanout(world.loop)
    slow, diary, slow_peer, sock = world.connect_faulty(ConnectionLimits(output_bytes_soft=1, output_bytes_hard=1))
    late, _, late_peer = world.connect()

    def append_and_attach(_connection: Connection) -> None:
        room.append(b"[slow]")
        late.attach(room)
        room.append(b"[late]")

    diary.on_overflowed = append_and_attach
    slow.attach(room)
    sock.script["send"].append(errno.EAGAIN)
    room.append(b"news")
    world.turn(3)
    assert (slow_peer.hear(), late_peer.hear()) == (b"news[slow][late]", b"[late]")
    assert room.kept_bytes == 0


def test_the_marks_of_a_connection_count_its_lag(world: World) -> None:
    room = Fanout(world.loop)
    connection, diary, _, sock = world.connect_faulty(ConnectionLimits(output_bytes_soft=10, output_bytes_hard=20))
    connection.attach(room)
    sock.script["send"].extend([errno.EAGAIN] * 9)
    room.append(b"x" * 15)
    world.loop.turn()
    assert len(world.loop.timers) == 1
    assert diary.told == []
    room.append(b"x" * 6)
    world.turn()
    assert diary.told == ["overflowed"]


def test_one_refused_where_the_others_stand_is_not_written_to_with_them(world: World) -> None:
    room = Fanout(world.loop)
    connection, _, peer, sock = world.connect_faulty(PATIENT)
    connection.send(b"x")
    connection.attach(room)
    sock.script["send"].append(("at most", 1))
    room.append(b"A")
    world.loop.turn()
    assert sock.sends == 1
    world.turn()
    assert peer.hear() == b"xA"


def test_an_idle_room_is_not_flushed(world: World) -> None:
    room = Fanout(world.loop)
    connection, _, _, sock = world.connect_faulty(PATIENT)
    connection.attach(room)
    room.append(b"")
    world.turn(3)
    assert sock.sends == 0


steps = st.one_of(
    st.tuples(st.just("append"), st.just(0), st.binary(min_size=1, max_size=30)),
    st.tuples(st.just("send"), st.integers(0, 3), st.binary(min_size=1, max_size=30)),
    st.tuples(st.sampled_from(["attach", "detach"]), st.integers(0, 3), st.just(b"")),
    st.tuples(st.just("short"), st.integers(0, 3), st.binary(max_size=12)),
    st.tuples(st.just("turn"), st.just(0), st.just(b"")),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=60))
def test_any_course_of_events_gives_each_what_a_simple_model_says(course: list[tuple[str, int, bytes]]) -> None:
    with World() as world:
        room, readers = Fanout(world.loop), [world.connect_faulty(PATIENT) for _ in range(4)]
        model, inside = [b""] * 4, [False] * 4
        for what, number, data in course:
            connection, _, _, sock = readers[number]
            if what == "append":
                room.append(data)
                model = [heard + data if here else heard for heard, here in zip(model, inside, strict=True)]
            elif what == "send":
                connection.send(data)
                model[number] += data
            elif what == "short":
                sock.script["send"].append(("at most", len(data)))
            elif what == "turn":
                sends = [sock.sends for *_, sock in readers]
                world.turn()
                assert all(sock.sends - before <= 1 for (*_, sock), before in zip(readers, sends, strict=True))
            else:
                (connection.attach(room) if what == "attach" else connection.detach())
                inside[number] = what == "attach"
            for (connection, _, peer, _), heard in zip(readers, model, strict=True):
                assert len(peer.hear()) + connection.queued_bytes == len(heard)
        world.turn()
        world.until(lambda: not any(connection.queued_bytes for connection, *_ in readers))
        assert [peer.hear() for _, _, peer, _ in readers] == model
        assert world.loop.written_bytes == sum(map(len, model))
        assert room.kept_bytes == 0
