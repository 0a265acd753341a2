"""A journal that reports later, or to which others write first: nothing is told too early, lost, or out of order."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.state.operator_records import Granted
from reactor_chat.errors import StorageFull
from reactor_chat.journal.reports import Full, Unknown
from reactor_chat.server.operator.orders import Announce, Grant, IssueInvite
from reactor_chat.wire import messages as m
from tests.chat.toy import Key
from tests.server.world import LateJournal, Person, World


def begun() -> tuple[World, LateJournal]:
    journal = LateJournal()
    world = World(journal)
    world.start()
    return world, journal


def entering(world: World, journal: LateJournal, name: str) -> Person:
    person = world.connect().ask(m.Login(name, 1, id="in"))
    world.turn()
    answered(world, journal)
    assert person.of(m.Welcome)
    return person


def answered(world: World, journal: LateJournal) -> None:
    """Let the journal report of everything, however often that leads to more."""
    for _ in range(10):
        journal.answer()
        world.turn()
    assert world.app.record_log.is_settled


def texts(person: Person) -> list[str | None]:
    return [notice.text for notice in person.of(m.Said) if isinstance(notice, m.Said)]


def test_nobody_is_told_before_the_journal_has_reported() -> None:
    world, journal = begun()
    ann, bob = entering(world, journal, "Ann"), entering(world, journal, "Bob")
    ann.ask(m.Say("one", id="1"))
    world.turn(3)
    ann.ask(m.Say("two", id="2"))
    world.turn(3)
    assert texts(ann) == texts(bob) == []
    assert not [notice for notice in ann.of(m.Accepted) if notice != m.Accepted("in", 1)]
    journal.answer()
    world.turn()
    assert texts(bob) == ["one"]
    assert ann.of(m.Accepted)[-1] == m.Accepted("1", 3)
    answered(world, journal)
    assert texts(bob) == ["one", "two"]
    assert ann.of(m.Accepted)[-1] == m.Accepted("2", 4)


def test_while_nothing_is_known_everything_waits_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    world, journal = begun()
    ann = entering(world, journal, "Ann")
    ann.ask(m.Say("one", id="1"))
    world.turn()
    journal.say(Unknown("connection lost"))
    world.turn(3)
    assert texts(ann) == []
    assert "the journal does not answer (connection lost)" in caplog.text
    answered(world, journal)
    assert texts(ann) == ["one"]


def test_a_late_no_is_a_refusal_of_all_that_was_on_its_way() -> None:
    world, journal = begun()
    ann = entering(world, journal, "Ann")
    ann.ask(m.Say("one", id="1"))
    world.turn()
    ann.ask(m.Say("two", id="2"))
    world.turn()
    journal.submitted = ()
    journal.say(Full(StorageFull("the disk is full")))
    world.turn()
    refused = [(notice.code, notice.re) for notice in ann.of(m.Refused) if isinstance(notice, m.Refused)]
    assert refused == [("no_space", "1"), ("no_space", "2")]
    ann.ask(m.Say("three", id="3"))
    world.turn()
    answered(world, journal)
    assert texts(ann) == ["three"]


def test_what_others_wrote_first_is_told_first_and_ours_follows_with_other_numbers() -> None:
    world, journal = begun()
    ann, bob = entering(world, journal, "Ann"), entering(world, journal, "Bob")
    ann.ask(m.Say("mine", id="1"))
    world.turn()
    journal.write_first([m.Said(3, world.unix_ms, "Far", "theirs"), m.Said(4, world.unix_ms, "Far", "and this")])
    world.turn()
    assert texts(bob) == ["theirs", "and this"]
    answered(world, journal)
    assert texts(bob) == ["theirs", "and this", "mine"]
    assert ann.of(m.Accepted)[-1] == m.Accepted("1", 5)


def test_a_login_that_was_overtaken_is_judged_again() -> None:
    world, journal = begun()
    late = world.connect().ask(m.Login("Ann", 1, id="in"), m.Say("hello", id="1"))
    world.turn()
    journal.write_first([m.Said(1, world.unix_ms, "Far", "theirs")])
    world.turn()
    answered(world, journal)
    assert [type(notice) for notice in late.of(m.Welcome, m.Said)] == [m.Welcome, m.Said]
    assert late.of(m.Accepted) == [m.Accepted("in", 2), m.Accepted("1", 3)]


def test_an_order_of_the_operators_waits_for_the_journal_and_is_given_again_where_others_were_first() -> None:
    world, journal = begun()
    ann = entering(world, journal, "Ann")
    work = world.operations.begin(Announce("Back at noon"))
    assert next(work) == 0
    world.turn()
    journal.write_first([m.Said(2, world.unix_ms, "Far", "theirs")])
    world.turn()
    assert next(work) == 0
    assert texts(ann) == ["theirs"]
    answered(world, journal)
    with pytest.raises(StopIteration) as end:
        next(work)
    assert end.value.value.done
    assert texts(ann) == ["theirs", "Back at noon"]


def test_an_order_that_others_made_impossible_is_not_said_to_be_done() -> None:
    world, journal = begun()
    work = world.operations.begin(Grant("Ann", _key()))
    assert next(work) == 0
    journal.write_first([Granted(1, world.unix_ms, "Ann", Key(2).public)])
    world.turn()
    with pytest.raises(StopIteration) as end:
        next(work)
    assert not end.value.value.done
    assert "Ann" in end.value.value.text


def test_an_invitation_has_the_number_under_which_it_stands() -> None:
    world, journal = begun()
    ann = entering(world, journal, "Ann")
    work = world.operations.begin(IssueInvite(days=1))
    assert next(work) == 0
    ann.ask(m.Say("one", id="1"))
    world.turn()
    answered(world, journal)
    with pytest.raises(StopIteration) as end:
        next(work)
    (standing,) = world.app.hub.state.invites.standing(world.unix_ms)
    told = end.value.value.facts["invite"]
    assert (told["number"], told["until_ms"]) == (standing.number, standing.until)


def test_an_order_for_which_there_was_no_space_says_so() -> None:
    world, journal = begun()
    work = world.operations.begin(Grant("Ann", _key()))
    assert next(work) == 0
    journal.submitted = ()
    journal.say(Full(StorageFull("the disk is full")))
    world.turn()
    with pytest.raises(StopIteration) as end:
        next(work)
    assert not end.value.value.done


def _key() -> str:
    return base64.b64encode(Key(1).public).decode()


def test_a_goodbye_waits_for_what_was_received() -> None:
    world, journal = begun()
    ann = entering(world, journal, "Ann")
    ann.ask(m.Say("one", id="1"))
    world.turn()
    world.app.shut_down(world.now)
    world.turn(3)
    assert not ann.of(m.Closing)
    answered(world, journal)
    assert texts(ann) == ["one"]
    assert ann.of(m.Closing)


STEPS: dict[str, Callable[[World, LateJournal], None]] = {
    "answer": lambda _, journal: journal.answer(),
    "turn": lambda world, _: world.turn(),
    "theirs": lambda world, journal: journal.write_first([m.Said(journal.head + 1, world.unix_ms, "Far", "theirs")]),
}


@given(st.lists(st.sampled_from([*STEPS, "say", "say"]), max_size=25))
def test_everybody_is_told_everything_once_in_the_order_of_its_numbers(steps: list[str]) -> None:
    world, journal = begun()
    ann, bob = entering(world, journal, "Ann"), entering(world, journal, "Bob")
    said = theirs = 0
    for step in steps:
        if step == "say":
            ann.ask(m.Say(f"mine {said}", id=f"{said}"))
            said += 1
        else:
            theirs += step == "theirs"
            STEPS[step](world, journal)
    world.turn()
    answered(world, journal)
    for person in (ann, bob):
        heard = [notice for notice in person.of(m.Said) if isinstance(notice, m.Said)]
        assert [notice.seq for notice in heard] == list(range(3, 3 + said + theirs))
        assert [notice.text for notice in heard if notice.sender == "Ann"] == [f"mine {n}" for n in range(said)]
    assert [notice.re for notice in ann.of(m.Accepted)] == ["in", *map(str, range(said))]
