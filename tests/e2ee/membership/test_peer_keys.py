"""Keys of others: noted when they are first seen, told about when they change, used only if nothing is wrong."""

import msgspec
import pytest

from reactor_chat.e2ee.membership.peer_keys import PeerKeys
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.trust import trust_book
from reactor_chat.e2ee.trust.trust_book import Trust, fingerprint_of
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.messages import PublishedKey
from tests.e2ee.world import World

WORLD = World("keys", "Ann", "Bob", "Cid")


def published(name: str = "Bob", suite: int = HYBRID) -> PublishedKey:
    package = WORLD.service.shelves["bob", suite].packages[0]
    return PublishedKey(name, WORLD["Bob"].session.desk.own_key, package, reference_of(package))


def test_a_good_package_is_taken_and_its_owner_known_from_then_on() -> None:
    desk = World("fresh", "Ann")["Ann"].session.desk
    assert PeerKeys(desk).checked(published(), HYBRID) is not None
    known = desk.trust.look_up("bob")
    assert known is not None
    assert known.state is Trust.NEW


@pytest.mark.parametrize(
    "change",
    [{"name": "Cid"}, {"account": bytes(31) + b"\x09"}, {"package": b"rubbish"}, {"reference": bytes(32)}],
)
def test_a_package_with_anything_wrong_about_it_is_told_and_not_taken(change: dict[str, object]) -> None:
    person = World("wrong", "Ann")["Ann"]
    assert PeerKeys(person.session.desk).checked(msgspec.structs.replace(published(), **change), HYBRID) is None
    assert "is not valid" in person.session.take().notes[0].text


def test_a_package_of_another_suite_than_was_asked_for() -> None:
    assert PeerKeys(WORLD["Ann"].session.desk).checked(published(suite=CLASSICAL), HYBRID) is None
    assert PeerKeys(WORLD["Ann"].session.desk).checked(published(suite=CLASSICAL), CLASSICAL) is None, (
        "Bob knows a better one"
    )


def noted(desk: Desk) -> str:
    """Everything that was said since, in one string; each note ends a line."""
    return "".join(f"{note.text}\n" for note in desk.take().notes)


def test_a_change_is_told_once_however_many_keys_a_server_shows() -> None:
    world = World("change", "Ann", "Bob", "Cid", "Dan")
    desk = world["Ann"].session.desk
    one, other, third = (world[name].session.desk.own_key for name in ("Bob", "Cid", "Dan"))
    assert PeerKeys(desk).see("Eve", one)
    assert not noted(desk)
    told = ""
    for key in (other, third, other, other):
        assert not PeerKeys(desk).see("Eve", key)
        told += noted(desk)
    assert told.count("\n") == 1
    desk.trust.look("Eve", other)
    PeerKeys(desk).see("Eve", third)
    assert "@trust accept Eve" in noted(desk), "the person looked, and it is another one since"


def test_an_alarm_says_which_key_it_was() -> None:
    world = World("which", "Ann", "Bob", "Cid")
    desk = world["Ann"].session.desk
    one, other = (world[name].session.desk.own_key for name in ("Bob", "Cid"))
    PeerKeys(desk).see("Eve", one)
    desk.trust.verify("Eve", one, 1)
    PeerKeys(desk).see("Eve", other)
    assert "another key than the key you verified" in noted(desk)
    desk.trust.introduce("Fay", fingerprint_of(one), 1)
    assert not PeerKeys(desk).see("Fay", other)
    assert "another key than your invitation says" in noted(desk)
    assert PeerKeys(desk).see("Fay", one)
    desk.trust.introduce("Gus", fingerprint_of(one), 1)
    assert PeerKeys(desk).see("Gus", one)
    assert "the one in your invitation: verified ✓" in noted(desk)


def test_no_key_is_taken_where_the_book_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = World("full", "Ann", "Bob")["Ann"].session.desk
    PeerKeys(desk).see("Eve", desk.own_key)
    monkeypatch.setattr(trust_book, "NAMES_MAX", 1)
    assert not PeerKeys(desk).see("Fay", desk.own_key)
    assert "Fay's key was not saved" in noted(desk)
    assert desk.trust.look_up("Fay") is None
