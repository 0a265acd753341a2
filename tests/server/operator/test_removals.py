"""A removed message: its number stays, what it said is gone from pages, from what is missed, and from the journal."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.chat.operator.messages import REMOVED_TEXT
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.errors import StorageFull
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.operator.orders import Announce, Delete, ReadRecords
from reactor_chat.server.operator.removals import READ_ROWS_MAX
from reactor_chat.server.record_log import record_of
from reactor_chat.wire.messages import (
    AskHistory,
    GroupSaid,
    GroupSend,
    GroupSet,
    HistoryAnswer,
    Refused,
    Said,
    Say,
    Tell,
    Told,
)
from tests.server.world import Person, TroubledJournal, World


def talked() -> tuple[World, Person, list[int]]:
    """A room in which one person said something to everyone, to herself, to a group, and under seal."""
    world = World().start()
    ann = world.enter("Ann")
    ann.ask(
        Say("one"), Tell("Ann", "two"), GroupSet("team", []), GroupSend("team", "three"), Say(sealed={"z": 1}, id="4")
    )
    world.settle()
    return world, ann, ann.seqs(Said, Told, GroupSaid)


def page(world: World, person: Person, **fields: object) -> list[Said | Told | GroupSaid]:
    person.new()
    person.ask(AskHistory(**fields))  # type: ignore[arg-type]
    world.settle()
    (answer,) = person.of(HistoryAnswer)
    return answer.messages


def test_what_is_removed_is_shown_as_removed_whatever_it_was() -> None:
    world, ann, seqs = talked()
    before = page(world, ann)
    for seq in seqs:
        answer = world.order(Delete(seq))
        assert answer.done
        assert answer.text.startswith(f"Message {seq} from Ann was removed")
    after = page(world, ann)
    assert [(one.seq, one.at, one.sender, one.id) for one in after] == [(o.seq, o.at, o.sender, o.id) for o in before]
    assert all((one.text, one.sealed, one.removed) == (REMOVED_TEXT, None, True) for one in after)
    assert [type(one) for one in after] == [Said, Told, GroupSaid, Said]
    assert page(world, ann, group="team")[0].removed
    assert page(world, ann, with_="Ann")[0].removed
    assert world.order(Announce("x")).done
    assert world.order(Delete(world.head)).done, "the operator's own words too"


def test_who_missed_it_hears_that_there_was_something() -> None:
    world, ann, seqs = talked()
    world.order(Delete(seqs[0]))
    late = world.enter("Late", after=0)
    world.settle()
    said = late.of(Said)
    assert [(n.seq, n.text) for n in said] == [(seqs[0], REMOVED_TEXT), (seqs[3], None)]
    assert ann.heard


@pytest.mark.parametrize(("seq", "why"), [
    (0, "no number 0"), (-1, "no number -1"), (10**9, "the newest is"), (2**70, "the newest is"),
    (1, "is not a message"),
])  # fmt: skip
def test_a_number_of_no_message_removes_nothing(seq: int, why: str) -> None:
    world, _, _ = talked()
    head, before = world.head, list(world.journal.replay())
    answer = world.order(Delete(seq))
    assert not answer.done
    assert why in answer.text
    assert (world.head, list(world.journal.replay())) == (head, before)


def test_it_is_removed_once() -> None:
    world, _, seqs = talked()
    assert world.order(Delete(seqs[0])).done
    head = world.head
    assert world.order(Delete(seqs[0])).text == f"Message {seqs[0]} was removed before"
    assert world.head == head


def test_a_replay_comes_to_the_same_state_and_a_request_sent_again_to_the_same_answer() -> None:
    world, ann, seqs = talked()
    for seq in seqs:
        world.order(Delete(seq))
    state = ChatState()
    for row in world.journal.replay():
        state.apply(record_of(row.seq, row.payload))
    assert state.hash() == world.app.hub.state.hash()
    head = world.head
    ann.ask(Say(sealed={"z": 1}, id="4"))
    world.settle()
    assert world.head == head


def test_while_others_talk_only_that_message_goes() -> None:
    world, ann, _ = talked()
    bob = world.enter("Bob")
    for number in range(50):
        bob.ask(Say(f"before {number}"))
        world.turn()
        (target,) = [row.seq for row in world.journal.replay() if f'"before {number}"'.encode() in row.payload]
        ann.ask(Say(f"during {number}"))
        assert world.order(Delete(target)).done
    world.settle()
    texts = [one.text for one in page(world, ann, limit=200)]
    assert sum(text == REMOVED_TEXT for text in texts) == 50
    assert [text for text in texts if text and text.startswith("during")] == [f"during {n}" for n in range(50)]


def test_without_space_it_stays() -> None:
    def trouble(_: int) -> None:
        if full:
            raise StorageFull("full")

    full: list[bool] = []
    world = World(TroubledJournal(trouble)).start()
    ann = world.enter("Ann")
    ann.ask(Say("one"))
    world.settle()
    full.append(True)
    answer = world.order(Delete(2))
    assert not answer.done
    assert "no space" in answer.text
    full.clear()
    assert page(world, ann)[0].text == "one"
    assert world.order(Delete(2)).done


def test_nothing_of_it_is_in_any_file_and_the_journal_is_whole(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        world = World(journal).start()
        ann = world.enter("Ann")
        for number in range(100):
            ann.ask(Say(f"SECRET-{number:03}"))
            world.turn()
        world.app.keeping.stop()
        (target,) = [row.seq for row in journal.replay() if b"SECRET-042" in row.payload]
        assert world.order(Delete(target)).done
        assert [file.name for file in tmp_path.iterdir() if b"SECRET-042" in file.read_bytes()] == []
        assert journal.verify().entries == journal.head
    with closing(SqliteJournal(tmp_path)) as journal:
        again = World(journal).start()
        assert again.order(Delete(target)).text.endswith("was removed before")


# ------------------------------------------------------------------------------------------------- reading on


def test_records_are_read_in_pages_that_put_together_are_everything() -> None:
    world = World().start()
    ann = world.enter("Ann")
    for _ in range(12):
        ann.ask(*(Say("x" * 40) for _ in range(200)))
        world.settle()
    found: list[dict[str, object]] = []
    last, orders = None, 0
    while last is None or len(found) < last:
        facts = world.order(ReadRecords(len(found), last)).facts
        assert facts is not None
        last, orders = facts["last"], orders + 1
        found += map(json.loads, facts["records"])
        ann.ask(Say("meanwhile"))
        world.settle()
    assert [record["seq"] for record in found] == list(range(1, last + 1))
    assert orders == 1 + last // READ_ROWS_MAX
    assert world.order(ReadRecords(world.head)).facts == {"records": [], "last": world.head}
    assert not ann.of(Refused)
