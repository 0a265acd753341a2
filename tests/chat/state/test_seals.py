"""The claims about sealed conversations: who waits, what a release leaves, and that a copy is one."""

import pytest

from reactor_chat.chat.state import seals as module
from reactor_chat.chat.state.seals import Seals
from reactor_chat.wire import messages as m
from reactor_chat.wire.conversation import ROOM as THE_ROOM
from tests.chat.sealed_toy import SALT, add, group_id

ROOM = THE_ROOM.label


def created(seq: int, sender: str = "Ann") -> m.SealCreated:
    return m.SealCreated(seq, 0, sender, group_id(seq), 1, SALT)


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
    for seq, conversation in enumerate((ROOM, "pair/ann/bob", "group/7"), 1):
        seals.create(conversation, created(seq))
    seals.create(ROOM, created(4, "Bob"))
    assert (seals.made_by("ANN"), seals.made_by("bob")) == (2, 1)
    for conversation in ("group/7", "group/7", "pair/ann/bob"):
        seals.end(conversation)
    assert (seals.made_by("ANN"), seals.made_by("bob")) == (0, 1)


def test_a_released_name_is_nowhere_any_more() -> None:
    seals = Seals()
    for seq, conversation in enumerate((ROOM, "pair/ann/bob", "pair/ann/bobby", "group/7"), 1):
        seals.create(conversation, created(seq))
        seals.commit(conversation, m.SealCommitted(9, 0, "Ann", group_id(seq), 0, adds=[add("Bob")]))
    seals.ask(ROOM, m.SealAsked(10, 0, "Bob"))
    seals.forget("BOB")
    assert [seal.conversation for seal in seals.dump()] == ["group/7", "pair/ann/bobby", ROOM]
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
