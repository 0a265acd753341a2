"""The desk gathers, once each, and hands over everything."""

from reactor_chat.e2ee.boundary import NoteKind, Settings
from reactor_chat.e2ee.state.desk import NOTE_CHARS_MAX, Desk, Purpose
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import AskSeals
from tests.e2ee.world import World
from tests.mls.people import SeededEntropy


def desk_of(store: MemoryStore | None = None, wall_ms: int = 0) -> Desk:
    return Desk(Settings("Ann", bytes(32), wall_ms), store or MemoryStore(), SeededEntropy("desk"), lambda: "id")


def test_what_gathered_is_handed_over_once() -> None:
    desk = desk_of()
    desk.ask(AskSeals(id="q"), Purpose.HOW_SEALED, ROOM)
    for _ in range(2):
        desk.note(NoteKind.NEWS, "once")
    outcome = desk.take()
    assert [note.text for note in outcome.notes] == ["once"]
    assert outcome.requests == [AskSeals(id="q")]
    assert desk.is_asking(Purpose.HOW_SEALED, ROOM), "it is not answered yet"
    assert not any(desk.take())


def test_notes_are_short_and_printable() -> None:
    desk = desk_of()
    desk.note(NoteKind.NEWS, "\x1b[2J\u202e\n" + "x" * 2 * NOTE_CHARS_MAX)
    text = desk.take().notes[0].text
    assert text.isprintable()
    assert len(text) == NOTE_CHARS_MAX


def test_a_cut_forgets_what_was_asked_and_who_was_there() -> None:
    desk = desk_of()
    desk.ask(AskSeals(id="q"), Purpose.HOW_SEALED, ROOM)
    desk.present, desk.is_online = {"bob"}, True
    desk.cut()
    assert not desk.questions
    assert desk.present is None
    assert not desk.is_online


def test_the_wall_clock_is_the_one_it_was_told() -> None:
    desk = desk_of(wall_ms=1_000)
    desk.now = 2.5
    assert desk.wall_ms == 3_500
    desk.now = -100.0
    assert desk.wall_ms == 0


def test_conversations_are_found_in_the_store() -> None:
    store = MemoryStore()
    with desk_of(store).talk(ROOM).changing():
        pass
    desk = desk_of(store)
    assert list(desk.talks) == [ROOM]
    assert desk.talk(ROOM).state is State.PLAIN


def test_a_note_names_its_conversation_as_it_is_spelled() -> None:
    world = World("spelled", "Ann", "Stella")
    world["Stella"].say("canarybird", Conversation.pair("Ann"))
    world.settle()
    about = [note.conversation for note in world["Ann"].notes if note.conversation is not None]
    assert about
    assert {one.name for one in about} == {"Stella"}
