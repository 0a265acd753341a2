"""Who may read what, and from when: the stretches of membership, the beginnings of private lives."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat import boundary as b
from reactor_chat.chat.state import timeline as module
from reactor_chat.chat.state.records import BlobStored, Declined, Entered, GroupAltered, KeysPublished, MarkedRead
from reactor_chat.chat.state.timeline import Stay, Stays, Timeline, labels_of
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import SEQ_MAX
from tests.chat.toy import Key, World

KEY, OTHER = Key(1), Key(2)


@pytest.mark.parametrize(
    ("record", "labels"),
    [
        (m.Said(1, 0, "Ann", "x"), ("said",)),
        (m.Told(1, 0, "Bob", "Ann", "x"), ("told/bob", "told/ann", "pair/ann/bob")),
        (m.Told(1, 0, "Ann", "ANN", "x"), ("told/ann", "pair/ann/ann")),
        (m.GroupSaid(9, 0, "Ann", "team", "x"), ("group/7",)),
        (GroupAltered(9, 0, "team", "added", "Ann", 7), ("change/7",)),
        (Entered(1, 0, "Ann"), ("presence",)),
        (m.Exited(1, 0, "Ann"), ("presence",)),
        (Declined(1, 0, "Ann", "1", "too_long", ""), ()),
        (m.Released(1, 0, "Ann"), ("presence",)),
        (m.SealAsked(1, 0, "Ann"), ("sealing",)),
        (m.SealAsked(1, 0, "Ann", "Bob"), ("sealing/ann", "sealing/bob")),
        (m.SealEnded(1, 0, "Ann", bytes(32), group="team"), ("change/7",)),
        (KeysPublished(1, 0, "Ann", 1, [b"p"]), ("keys/ann",)),
        (MarkedRead(9, 0, "Ann", "room", 8), ()),
        (BlobStored(1, 0, "Ann", bytes(32), 0, 1, b"d"), ("blob/" + "00" * 32,)),
    ],
)
def test_labels(record: object, labels: tuple[str, ...]) -> None:
    assert labels_of(record, 7) == labels  # type: ignore[arg-type]


def history(world: World, conn: int, **which: object) -> list[str | None]:
    answer = world.answer(conn, m.AskHistory(**which))  # type: ignore[arg-type]
    assert isinstance(answer, m.HistoryAnswer), answer
    return [message.text for message in answer.messages]


def test_what_is_said_to_everyone_is_everyones_who_comes_later_too() -> None:
    world = World()
    ann = world.join("Ann")
    world.ask(ann, m.Say("early"))
    assert history(world, world.join("Bob")) == ["early"]


def test_a_guest_sees_nothing_of_an_earlier_holder_of_the_name() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob", KEY)
    world.ask(bob, m.GroupSet("team", ["Ann"]))
    for request in (m.Tell("Ann", "secret", id="1"), m.GroupSend("team", "inner")):
        world.ask(bob, request)
    world.ask(ann, m.Tell("Bob", "answer", id="1"))
    assert history(world, ann) == ["secret", "inner", "answer"]
    world.ask(ann, m.Quit())
    for key in (None, OTHER):
        ann = world.join("Ann", key, after=0)
        assert history(world, ann) == history(world, ann, with_="Bob") == []
        assert world.answer(ann, m.AskGroups()) == m.GroupsAnswer([])
        assert world.ask(ann, m.Tell("bob", "new", id="1"))[-1] == m.Accepted("1", world.hub.state.seq)
        assert history(world, ann) == ["new"]
        world.ask(ann, m.Quit())
    assert history(world, bob, with_="ann") == ["secret", "answer", "new", "new"]


def test_the_owner_of_a_name_is_told_what_it_missed_and_nothing_twice() -> None:
    world = World()
    ann, bob = world.join("Ann", KEY), world.join("Bob")
    world.ask(ann, m.GroupSet("team", ["Bob"]))
    seen = world.hub.state.seq
    world.ask(ann, m.Quit())
    for request in (m.Tell("Ann", "private"), m.GroupSend("team", "inner"), m.Say("all"), m.GroupLeave("team")):
        world.ask(bob, request)
    back = world.login("ann", KEY, after=seen)
    world.commit()
    told = [notice for notice in world.take(back) if not isinstance(notice, m.Welcome)]
    assert [getattr(notice, "text", None) or getattr(notice, "change", None) for notice in told] == [
        "private", "inner", "all", "left",
    ]  # fmt: skip
    numbers: list[Any] = [getattr(notice, "seq", None) for notice in told]
    assert numbers == sorted(set(numbers))


def test_who_was_kicked_and_came_again_sees_both_stays_and_nothing_between() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.ask(ann, m.GroupSet("team", ["Bob"]))
    for request in (
        m.GroupSend("team", "one"), m.GroupKick("team", "Bob"), m.GroupSend("team", "between"),
        m.GroupAdd("team", ["Bob"]), m.GroupSend("team", "two"),
    ):  # fmt: skip
        world.ask(ann, request)
    assert history(world, bob) == history(world, bob, group="TEAM") == ["one", "two"]
    assert history(world, ann, group="team") == ["one", "between", "two"]
    world.ask(ann, m.GroupKick("team", "Bob"))
    assert history(world, bob) == ["one", "two"]
    assert world.answer(bob, m.AskHistory(group="team")).code == "not_a_member"


def test_a_group_created_again_is_another_one() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    for request in (
        m.GroupSet("team", ["Bob"]), m.GroupSend("team", "old"), m.GroupDelete("team"), m.GroupSet("team", []),
        m.GroupSend("team", "new"),
    ):  # fmt: skip
        world.ask(ann, request)
    assert history(world, ann, group="team") == ["new"]
    assert history(world, ann) == ["old", "new"]
    assert history(world, bob) == ["old"]


def test_history_with_somebody_who_left_or_never_was() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.ask(ann, m.Tell("Bob", "one"))
    world.ask(bob, m.Quit())
    assert history(world, ann, with_="BOB") == ["one"]
    assert world.answer(ann, m.AskHistory(with_="Cy")).code == "no_such_user"
    for nobody in ("", "Bob/", "a b", "\u212a", "bob\n"):
        assert world.answer(ann, m.AskHistory(with_=nobody)).code == "no_such_user"
    world.join("Cy")
    assert history(world, ann, with_="Cy") == []
    world.ask(ann, m.Tell("ann", "self"))
    assert history(world, ann, with_="Ann") == ["self"]


def test_a_released_name_is_nobodys_and_its_next_holder_inherits_nothing() -> None:
    world = World()
    ann, bob = world.join("Ann", KEY), world.join("Bob")
    world.ask(ann, m.GroupSet("team", ["Bob"], id="1"))
    world.ask(bob, m.Tell("Ann", "secret"))
    world.take()
    world.release("ANN")
    world.commit()
    assert world.closed[ann] == "kicked"
    assert [type(notice) for notice in world.take(bob)] == [m.GroupChanged, m.GroupChanged, m.Exited, m.Released]
    new = world.join("Ann", OTHER)
    assert history(world, new) == []
    assert world.answer(new, m.AskGroups()) == m.GroupsAnswer([])
    assert world.answer(new, m.Say("x", id="1")) == m.Accepted("1", world.hub.state.seq)
    world.release("Nobody")
    assert not world.appended


def test_a_released_name_whose_owner_is_away_is_free_for_a_guest() -> None:
    world = World()
    ann, bob = world.join("Ann", KEY), world.join("Bob")
    world.ask(ann, m.GroupSet("team", ["Bob"]))
    world.ask(ann, m.Quit())
    world.send(bob, m.GroupKick("team", "Ann"), m.GroupSend("team", "x"))
    world.release("Ann")
    world.release("Ann")
    guest = world.login("Ann")
    world.commit()
    assert world.hub.state.roster.get("Ann").guest  # type: ignore[union-attr]
    assert world.hub.state.identity.claim_of("Ann") is None
    assert world.answer(guest, m.AskWho("team")).code == "not_a_member"


def test_a_release_without_space_did_not_happen_and_may_be_ordered_again() -> None:
    world = World()
    ann = world.join("Ann", KEY)
    world.release("Ann")
    world.send(ann, m.Say("am I still there?"))
    world.reject()
    assert world.hub.state.identity.claim_of("Ann") is not None
    world.commit()
    assert ann not in world.closed, "nothing happened, so nobody goes for it"
    assert [type(notice) for notice in world.take(ann)] == [m.Said]
    world.release("Ann")
    world.send(ann, m.Say("nobody's words"))
    world.commit()
    assert world.closed[ann] == "kicked"
    assert world.hub.state.identity.claim_of("Ann") is None
    assert [type(record) for record, _ in world.records[1:]] == [m.Said, m.Exited, m.Released]
    assert world.hub.state.roster.names() == []


def test_an_owner_that_could_not_leave_for_lack_of_space_leaves_with_the_release() -> None:
    world = World()
    world.handle(b.Disconnected(world.join("Ann", KEY)))
    world.reject()
    world.release("Ann")
    world.commit()
    assert [type(record) for record, _ in world.records[1:]] == [m.Exited, m.Released]


def test_ended_stays_are_remembered_up_to_a_number_and_lasting_ones_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STAYS_ENDED_MAX", 2)
    timeline = Timeline()
    timeline.apply(GroupAltered(1, 0, "lasts", "created", "Ann", 1, None, ["Ann"]))
    for born in (2, 4, 6):
        timeline.apply(GroupAltered(born, 0, "g", "created", "Ann", born, None, ["Ann"]))
        timeline.deleted(GroupAltered(born + 1, 0, "g", "deleted", "Ann", born), ["Ann"])
    assert dict(timeline.dump())["ann"] == [Stay(1, 1, SEQ_MAX), Stay(4, 4, 5), Stay(6, 6, 7)]


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=60))
def test_stays_against_a_list_that_is_looked_through(changes: list[tuple[int, bool]]) -> None:
    stays, simple = Stays(), list[Stay]()
    for seq, (born, begins) in enumerate(changes, 1):
        lasting = [stay for stay in simple if stay.born == born and stay.last == SEQ_MAX]
        if begins and not lasting:
            stays.begin(Stay(born, seq))
            simple.append(Stay(born, seq))
        elif not begins:
            stays.end(born, seq)
            for stay in lasting:
                stay.last = seq
        stays = Stays(list(stays)) if seq % 7 == 0 else stays
    assert list(stays) == simple


def test_a_dump_does_not_change_with_what_it_was_made_of() -> None:
    timeline, again = Timeline(), Timeline()
    timeline.apply(GroupAltered(1, 0, "g", "created", "Ann", 1, None, ["Ann"]))
    again.load(timeline.dump())
    timeline.apply(GroupAltered(2, 0, "g", "left", "Ann", 1, "Ann", []))
    assert again.dump() == [("ann", [Stay(1, 1, SEQ_MAX)])]
