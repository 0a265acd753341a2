"""The claims about sealed conversations: who waits, what a release leaves, and that a copy is one."""

import pytest

from reactor_chat.chat import seals as module
from reactor_chat.chat.seals import ROOM, Seals, place_of_group, place_of_pair
from reactor_chat.wire import messages as m
from tests.chat.sealed_toy import SALT, add, group_id


def created(seq: int, sender: str = "Ann") -> m.SealCreated:
    return m.SealCreated(seq, 0, sender, group_id(seq), 1, SALT)


def test_a_pair_is_the_same_place_from_both_sides() -> None:
    assert place_of_pair("Bob", "ANN") == place_of_pair("ann", "bob") == "pair/ann/bob"
    assert place_of_group(7) == "group/7"


def test_who_asked_first_is_forgotten_beyond_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 2)
    seals = Seals()
    seals.create(ROOM, created(1))
    for name in ("Bob", "Cy", "bob", "Dee"):
        seals.ask(ROOM, m.SealAsked(2, 0, name, lost=name == "bob"))
    seal = seals.get(ROOM)
    assert seal is not None
    assert list(seal.waiting.items()) == [("bob", True), ("dee", False)]


def test_what_somebody_sealed_is_counted_until_it_ends() -> None:
    seals = Seals()
    for seq, place in enumerate((ROOM, "pair/ann/bob", "group/7"), 1):
        seals.create(place, created(seq))
    seals.create(ROOM, created(4, "Bob"))
    assert (seals.made_by("ANN"), seals.made_by("bob")) == (2, 1)
    for place in ("group/7", "group/7", "pair/ann/bob"):
        seals.end(place)
    assert (seals.made_by("ANN"), seals.made_by("bob")) == (0, 1)


def test_a_released_name_is_nowhere_any_more() -> None:
    seals = Seals()
    for seq, place in enumerate((ROOM, "pair/ann/bob", "pair/ann/bobby", "group/7"), 1):
        seals.create(place, created(seq))
        seals.commit(place, m.SealCommitted(9, 0, "Ann", group_id(seq), 0, adds=[add("Bob")]))
    seals.ask(ROOM, m.SealAsked(10, 0, "Bob"))
    seals.forget("BOB")
    assert [seal.place for seal in seals.dump()] == ["group/7", "pair/ann/bobby", ROOM]
    assert all(list(seal.members) == ["ann"] and not seal.waiting for seal in seals.dump())


def test_what_is_dumped_is_a_copy_that_can_be_loaded() -> None:
    seals, other = Seals(), Seals()
    seals.create(ROOM, created(1))
    dumped = seals.dump()
    other.load(dumped)
    seals.commit(ROOM, m.SealCommitted(2, 0, "Ann", group_id(1), 0, adds=[add("Bob")]))
    seals.ask(ROOM, m.SealAsked(3, 0, "Cy"))
    assert other.dump() == dumped
    assert other.made_by("Ann") == 1
