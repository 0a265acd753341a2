"""Lines keep their order and their place over restarts, and none leaves without the yes that it needs."""

from reactor_chat.e2ee.blobs import hash_of
from reactor_chat.e2ee.state.lines import HELD_MAX, Lines, line_of
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import Transition
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Say, Tell


def test_lines_keep_their_order_and_whether_they_are_secret() -> None:
    store = MemoryStore()
    talk = Talk(Conversation.pair("bob"), "ann", store)
    first = talk.line(Tell("Bob", "one", id="a"))
    talk.step(Transition.ARM)
    second = talk.line(Tell("BOB", "two", id="b"))
    for line in (second, first):
        talk.lines.hold(line)
    assert [line.id for line in Talk(talk.where, "ann", store).lines.held.values()] == ["a", "b"]
    assert (first.is_secret, second.is_secret) == (False, True)
    assert (first.to, second.to) == ("Bob", "BOB")
    talk.lines.release(first)
    assert list(Talk(talk.where, "ann", store).lines.held) == [second.number]


def test_what_was_sealed_waits_for_its_echo_in_the_order_it_was_sealed() -> None:
    store = MemoryStore()
    talk = Talk(ROOM, "ann", store)
    for request_id in ("z", "a", "m"):
        talk.lines.seal(talk.line(Say("x", id=request_id)), 1, request_id.encode(), 0)
    again = Talk(ROOM, "ann", store)
    assert list(again.lines.sealed) == ["z", "a", "m"]
    sent = again.lines.settle("a")
    assert sent is not None
    assert sent.digest == hash_of(b"a")
    assert again.lines.settle("a") is None


def test_a_parked_line_needs_a_yes_after_a_restart_too() -> None:
    store = MemoryStore()
    lines = Lines(store, ROOM.key)
    lines.hold(line_of(1, Say("x", id="a"), is_secret=True))
    assert lines.park() == 1
    assert lines.park() == 0, "no news"
    assert not lines.ready
    assert not Lines(store, ROOM.key).ready
    assert Lines(store, ROOM.key).held == lines.held


def test_there_is_an_end_to_what_is_held() -> None:
    lines = Lines(MemoryStore(), ROOM.key)
    for number in range(HELD_MAX):
        assert not lines.is_full
        lines.held[number] = line_of(number, Say("x", id="a"), is_secret=True)
    assert lines.is_full
