"""Keys of others: noted when they are first seen, told about when they change, used only if nothing is wrong."""

import msgspec
import pytest

from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.peer_keys import checked, see
from reactor_chat.e2ee.trust import Trust
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.messages import PublishedKey
from tests.e2ee.world import World

WORLD = World("keys", "Ann", "Bob", "Cid")


def published(name: str = "Bob", suite: int = HYBRID) -> PublishedKey:
    package = WORLD.service.shelves["bob", suite].packages[0]
    return PublishedKey(name, WORLD["Bob"].session.desk.own_key, package, reference_of(package))


def test_a_good_package_is_taken_and_its_owner_known_from_then_on() -> None:
    desk = World("fresh", "Ann")["Ann"].session.desk
    assert checked(desk, published(), HYBRID) is not None
    known = desk.trust.look_up("bob")
    assert known is not None
    assert known.state is Trust.NEW


@pytest.mark.parametrize(
    "change",
    [{"name": "Cid"}, {"account": bytes(31) + b"\x09"}, {"package": b"rubbish"}, {"reference": bytes(32)}],
)
def test_a_package_with_anything_wrong_about_it_is_told_and_not_taken(change: dict[str, object]) -> None:
    person = World("wrong", "Ann")["Ann"]
    assert checked(person.session.desk, msgspec.structs.replace(published(), **change), HYBRID) is None
    assert "is not valid" in person.session.take().notes[0].text


def test_a_package_of_another_suite_than_was_asked_for() -> None:
    assert checked(WORLD["Ann"].session.desk, published(suite=CLASSICAL), HYBRID) is None
    assert checked(WORLD["Ann"].session.desk, published(suite=CLASSICAL), CLASSICAL) is None, "Bob knows a better one"


def test_a_change_is_told_once_for_each_key() -> None:
    world = World("change", "Ann", "Bob", "Cid")
    desk = world["Ann"].session.desk
    one, other = (world[name].session.desk.own_key for name in ("Bob", "Cid"))
    assert see(desk, "Eve", one)
    assert not desk.take().notes
    for _ in range(3):
        assert not see(desk, "Eve", other)
    notes = desk.take().notes
    assert len(notes) == 1
    assert "@trust accept Eve" in notes[0].text
