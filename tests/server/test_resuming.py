"""Who comes back to a journal that went back is told what both have in common, and then everything there is."""

import pytest

from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.server.maintenance.marking import MARK_SECONDS, Marking
from reactor_chat.wire.messages import Joined, Login, Numbered, Refused, Say, Seen, Welcome
from tests.server.restored import restored
from tests.server.world import Person, World


def numbers(person: Person) -> list[int]:
    return person.seqs(Numbered)


def log_of(person: Person) -> str:
    (welcome,) = person.of(Welcome)
    return str(welcome.log)


def talk(world: World, person: Person, count: int) -> None:
    for number in range(count):
        person.ask(Say(f"{number}"))
    world.settle()


def grown(count: int) -> tuple[World, Seen]:
    """A world in which somebody said so much, and how far they saw it."""
    world = World().start()
    ann = world.enter("Ann")
    talk(world, ann, count)
    return world, Seen(log_of(ann), world.head)


def test_each_start_begins_a_log_that_welcome_names() -> None:
    world, _ = grown(3)
    first, second = world.enter("Bob"), World(world.journal).start().enter("Bob")
    assert 0 < len(log_of(first)) <= 64
    assert log_of(first) != log_of(second)
    assert next(log.first for log in world.journal.logs) == 1


@pytest.mark.parametrize("growth", [0, 1, 60, 200])
def test_a_restore_is_told_and_everything_after_what_both_have_follows(growth: int) -> None:
    """Also where the server has grown beyond what was seen: the case that was silent."""
    world, seen = grown(100)
    again = World(restored(world.journal, 50)).start()  # type: ignore[arg-type]
    talk(again, again.enter("Cid"), growth)
    bob = again.enter("Bob", after=seen.seq, seen=[seen])
    again.settle()
    welcome, gap = bob.heard[1:3]
    assert isinstance(welcome, Welcome)
    assert isinstance(gap, Refused)
    assert (gap.code, gap.re, gap.seq) == ("gap", None, 50)
    own = [notice.seq for notice in again.people[0].of(Joined) if notice.name == "Bob"]
    assert numbers(bob) == [seq for seq in range(51, again.head + 1) if seq not in own]


def test_who_saw_what_is_there_is_told_of_no_loss() -> None:
    world, seen = grown(100)
    again = World(world.journal).start()
    bob = again.enter("Bob", after=seen.seq, seen=[seen])
    again.settle()
    assert not bob.of(Refused)
    behind = again.enter("Cid", after=40, seen=[Seen(seen.log, 40)])
    again.settle()
    assert not behind.of(Refused)
    assert numbers(behind)[0] == 41


def test_who_was_told_of_a_loss_is_told_once() -> None:
    world, seen = grown(100)
    again = World(restored(world.journal, 50)).start()  # type: ignore[arg-type]
    cid = again.enter("Cid")
    talk(again, cid, 10)
    bob = again.enter("Bob", after=58, seen=[Seen(log_of(cid), 58), seen])
    again.settle()
    assert not bob.of(Refused)
    assert numbers(bob)[0] == 59


@pytest.mark.parametrize("is_known", [True, False])
def test_who_knows_of_no_logs_is_told_too_where_the_number_was_never_given(*, is_known: bool) -> None:
    world, _ = grown(100)
    again = World(restored(world.journal, 50, is_known=is_known)).start()  # type: ignore[arg-type]
    talk(again, again.enter("Cid"), 10)
    bob = again.enter("Bob", after=100)
    again.settle()
    (gap,) = bob.of(Refused)
    assert (gap.code, gap.seq) == ("gap", 50)
    assert numbers(bob)[0] == 51


def test_a_login_may_name_thirty_two_logs_and_no_more() -> None:
    world, seen = grown(1)
    assert not world.enter("Bob", after=1, seen=[seen, *(Seen(f"{n}", 9) for n in range(31))]).of(Refused)
    cid = world.connect().ask(Login("Cid", 1, after=1, seen=[seen] * 33))
    world.turn()
    assert [refusal.code for refusal in cid.of(Refused)] == ["bad_message"]


class Marked(MemoryJournal):
    """Counts how often it is told to keep its mark."""

    kept = 0
    complaint: str | None = None

    def keep_mark(self) -> str | None:  # type: ignore[override]
        self.kept += 1
        return self.complaint


def test_the_mark_is_kept_within_a_second_though_nobody_rests() -> None:
    journal = Marked()
    world = World(journal).start()
    ann = world.enter("Ann")
    world.now += 1
    world.turn()
    before = journal.kept
    for _ in range(40):
        ann.ask(Say("x"))
        world.now += 0.1
        world.turn()
    assert 4 <= journal.kept - before <= 8
    ann.ask(Say("last"))
    world.turn()
    world.pass_time(1)
    kept = journal.kept
    world.pass_time(5)
    assert journal.kept == kept, "what is kept is not kept again"
    assert MARK_SECONDS < 1


def test_what_stands_in_the_way_of_the_mark_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    journal = Marked()
    marking = Marking(journal)
    for journal.complaint in ("full", "full", None, "full", "broken"):
        marking.committed(1.0)
        marking.turn(1.0, is_idle=True)
    assert [record.message for record in caplog.records] == ["full", "full", "broken"]
    assert marking.deadline is None
