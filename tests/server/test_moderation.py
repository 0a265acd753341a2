"""Moderators: who is one, what one may do, and that nobody else may."""

import pytest

from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.server.operator.orders import Answer, Appoint, Release
from reactor_chat.server.record_log import record_of
from reactor_chat.wire.messages import Accepted, Bye, Exited, GroupKick, GroupSet, Line, Refused, Say, Welcome
from tests.server.operator.test_registry import ANN, BOB, come
from tests.server.world import Person, World


def moderated() -> tuple[World, Person]:
    """A world and its moderator."""
    world = World().start()
    ann = come(world, "Ann", ANN)
    assert world.order(Appoint("ANN", on=True)) == Answer(done=True, text="Ann is now a moderator")
    return world, ann


def codes(person: Person) -> list[tuple[str, str | None]]:
    return [(n.code, n.re) for n in person.of(Refused)]


@pytest.mark.parametrize("request_", [GroupKick("everyone", "GUEST", id="1"), Line("@kick Everyone guest", id="1")])
def test_a_moderator_disconnects_somebody_who_is_told_by_whom(request_: GroupKick | Line) -> None:
    world, ann = moderated()
    guest = come(world, "Guest")
    guest.ask(Say("before"))
    ann.ask(request_)
    world.settle()
    assert [n.text for n in guest.of(Refused)] == ["Ann, a moderator, closed your connection"]
    assert [n.reason for n in guest.of(Bye)] == ["kicked"]
    (accepted,) = ann.of(Accepted)
    assert accepted.re == "1"
    assert [n.name for n in ann.of(Exited)] == ["Guest"]
    assert come(world, "Guest").of(Welcome), "nothing keeps them from coming back"
    ann.ask(request_)
    world.settle()
    assert len(ann.of(Exited)) == 1, "a request sent again is answered and not repeated"


def test_it_is_not_allowed_to_anybody_else() -> None:
    world, ann = moderated()
    owner, guest = come(world, "Bob", BOB), come(world, "Guest")
    for person in (owner, guest):
        person.ask(GroupKick("everyone", "Ann"), GroupKick("everyone", "Guest"), Line("@kick everyone Nobody"))
    world.settle()
    assert codes(owner) == codes(guest) == [("not_allowed", None)] * 3
    assert not ann.of(Bye)


def test_moderators_do_not_disconnect_each_other_nor_who_is_not_here() -> None:
    world, ann = moderated()
    come(world, "Bob", BOB)
    world.order(Appoint("Bob", on=True))
    for user in ("Bob", "Ann", "Nobody", "\u212aim", "two words", ""):
        ann.ask(GroupKick("everyone", user))
    world.settle()
    assert [code for code, _ in codes(ann)] == ["not_allowed"] * 2 + ["no_such_user"] * 4


def test_groups_are_kicked_from_as_ever() -> None:
    world, ann = moderated()
    ann.ask(GroupSet("team", []), GroupKick("team", "Ann"), GroupKick("every", "Ann"), GroupSet("everyone", []))
    world.settle()
    assert [code for code, _ in codes(ann)] == ["not_allowed", "no_such_group", "bad_group_name"]


@pytest.mark.parametrize(
    ("name", "why"), [("Guest", "Nobody owns"), ("Nobody", "Nobody owns"), ("\u212aim", "Nobody owns")]
)
def test_only_owners_can_be_moderators(name: str, why: str) -> None:
    world, _ = moderated()
    come(world, "Guest")
    assert why in world.order(Appoint(name, on=True)).text
    assert "already" in world.order(Appoint("Ann", on=True)).text


def test_it_lasts_until_it_is_taken_back_or_the_name_is_released() -> None:
    world, _ = moderated()
    come(world, "Bob", BOB)
    world.order(Appoint("Bob", on=True))
    again = World(world.journal).start()
    assert again.app.hub.state.moderators == {"ann", "bob"}
    assert again.order(Appoint("Ann", on=False)).text == "Ann is no longer a moderator"
    assert "is not a moderator" in again.order(Appoint("Ann", on=False)).text
    again.order(Release("Bob"))
    assert again.app.hub.state.moderators == set()
    state = ChatState()
    for row in world.journal.replay():
        state.apply(record_of(row.seq, row.payload))
    assert state.hash() == again.app.hub.state.hash()
