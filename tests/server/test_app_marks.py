"""How far people have read outlives the server: from the journal, with and without a snapshot, and is no message."""

from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.operator.orders import Delete, Release
from reactor_chat.wire.messages import (
    Accepted,
    AskHistory,
    AskReadMarks,
    GroupLeave,
    GroupSet,
    HistoryAnswer,
    MarkRead,
    Numbered,
    Quit,
    ReadMark,
    ReadMarksAnswer,
    Refused,
    Say,
    Tell,
)
from tests.server.operator.test_operations_release import KEY, OTHER, enter
from tests.server.world import Person, World


def marks(world: World, person: Person) -> list[ReadMark]:
    person.new()
    person.ask(AskReadMarks("?"))
    world.settle()
    (answer,) = person.of(ReadMarksAnswer)
    return answer.marks


def reading(world: World) -> Person:
    """Ann, who owns her name and has read the room, a chat and a group of hers."""
    ann = enter(world, "Ann", KEY)
    world.enter("Bob").ask(Say("1"), Tell("Ann", "2"))
    ann.ask(GroupSet("team", []))
    world.settle()
    for request in (MarkRead(3, id="room"), MarkRead(4, "Bob", id="bob"), MarkRead(5, None, "team", "team")):
        ann.ask(request)
    world.settle()
    assert [answer.re for answer in ann.of(Accepted)] == ["room", "bob", "team"]
    return ann


OF_ANN = [ReadMark(3), ReadMark(4, "Bob"), ReadMark(5, group="team")]


@pytest.mark.parametrize("keeps_snapshot", [False, True])
def test_what_was_accepted_is_there_after_a_start(tmp_path: Path, *, keeps_snapshot: bool) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        world = World(journal).start()
        reading(world)
        if keeps_snapshot:
            world.app.keeping.stop()
        kept, head = world.app.hub.state.read_marks.dump(), journal.head
    with closing(SqliteJournal(tmp_path)) as journal:
        again = World(journal)
        assert again.app.start(again.unix_ms) == (0 if keeps_snapshot else head)
        assert again.app.hub.state.read_marks.dump() == kept
        ann = enter(again, "Ann", KEY)
        assert marks(again, ann) == [ReadMark(3), ReadMark(4, "bob"), ReadMark(5, group="team")], "Bob was a guest"
        ann.ask(MarkRead(2, id="back"), GroupLeave("team"))
        again.settle()
        assert marks(again, ann) == [ReadMark(3), ReadMark(4, "bob")]


def test_who_comes_back_misses_nothing_by_numbers_that_nobody_is_told_of() -> None:
    world = World().start()
    ann = reading(world)
    ann.ask(Quit())
    world.settle()
    head = world.head
    cid = enter(world, "Cid", OTHER)
    for number in range(1, 600):  # more than a page of what is missed
        cid.ask(MarkRead(number), MarkRead(number, "Ann"))
        if number % 100 == 0:
            cid.ask(Say(f"{number}"))
        world.turn()
    world.settle()
    back = enter(world, "Ann", KEY, after=head)
    world.settle()
    missed = back.seqs(Numbered)
    assert len(missed) == 6, "that Cid came, and what Cid said"
    back.ask(AskHistory(limit=2, id="page"))
    world.settle()
    (page,) = back.of(HistoryAnswer)
    assert [message.text for message in page.messages] == ["400", "500"]


def test_a_marker_is_no_message_that_an_operator_could_remove_and_goes_with_the_name() -> None:
    world = World().start()
    ann = reading(world)
    for seq in ann.of(Accepted):
        answer = world.order(Delete(seq.seq))
        assert (answer.done, answer.text) == (False, f"Number {seq.seq} is not a message")
    assert marks(world, ann) == OF_ANN
    assert world.order(Release("Ann")).done
    world.settle()
    assert marks(world, enter(world, "Ann", OTHER)) == []


def test_what_a_server_from_before_says_leaves_the_connection_open() -> None:
    """To such a server these types are as unknown as this one is to us: the request's id is in the refusal."""
    world = World().start()
    ann = world.enter("Ann")
    payload = b'{"type":"mark_heard","seq":7,"id":"m"}'
    for _ in range(7):
        ann.raw(len(payload).to_bytes(4, "big") + payload)
    world.settle()
    assert [(one.code, one.re) for one in ann.of(Refused)] == [("bad_message", "m")] * 7
    ann.ask(Say("still here"))
    world.settle()
    assert not ann.wire.closed
