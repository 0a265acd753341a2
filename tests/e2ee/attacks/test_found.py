"""What the programs of `tests.e2ee.campaign` found, each as small as it can be said."""

import pytest

from reactor_chat.e2ee.boundary import Arm, Order, Reset, SetPassphrase
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.mls.suites import HYBRID
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import BlobAnswer
from tests.e2ee.mallory import group_of
from tests.e2ee.village import Village


@pytest.mark.parametrize("order", [Reset(ROOM), SetPassphrase(ROOM, None)], ids=["reset", "passphrase"])
def test_beginning_a_closed_room_anew_does_not_open_it(order: Order) -> None:
    village = Village("found", "Ann", "Bob", "Dan")
    village["Ann"].order(Arm(ROOM, is_closed=True, names=("Bob",)))
    village.pass_time(10)
    group_before = group_of(village, "Bob").group_id
    assert any("Only the owner of the room can start over" in answer for answer in village["Bob"].order(order))
    village.pass_time(10)
    village["Bob"].say("a line for the list")
    village.pass_time(1)
    assert "dan" not in village["Bob"].talk(ROOM).names
    assert group_of(village, "Bob").group_id == group_before
    assert "a line for the list" in village["Ann"].read


@pytest.mark.parametrize("typed", ["a passphrase", None])
def test_a_passphrase_for_what_was_never_encrypted_does_not_choose_the_weaker_suite(typed: str | None) -> None:
    village = Village("found", "Ann", "Bob")
    village["Ann"].order(SetPassphrase(ROOM, typed))
    village.pass_time(10)
    assert village["Ann"].talk(ROOM).group is None or group_of(village, "Ann").suite.number == HYBRID


def test_a_client_whose_welcome_is_withheld_rests() -> None:
    village = Village("found", "Bob", "Ann")
    village.turns_max = 1_000
    village.seal_room("Bob")
    village.service.twist["ann"] = lambda told: [] if isinstance(told, BlobAnswer) else [told]
    village.join("Dan")
    village.service.ask_in_the_name_of("Dan", ROOM)
    village.service.ask_in_the_name_of("Ann", ROOM)
    village.pass_time(10)
    deadline = village["Ann"].session.next_deadline
    assert deadline is None or deadline > village.now


def test_an_owner_in_a_new_home_starts_a_closed_room_over_as_a_closed_one() -> None:
    village = Village("home", "Ann", "Bob", "Dan")
    village["Ann"].order(Arm(ROOM, is_closed=True, names=("Bob",)))
    village.pass_time(10)
    ann = village["Ann"]
    ann.crash()
    ann.store = MemoryStore()
    ann.start()
    ann.connect()
    village.pass_time(30)
    ann.order(Reset(ROOM))
    village.pass_time(10)
    ann.say("a line for the list")
    village.pass_time(5)
    assert "dan" not in ann.talk(ROOM).names
    assert "a line for the list" not in village["Dan"].read


def test_whoever_ordered_a_closed_room_is_not_let_into_an_open_one_instead() -> None:
    village = Village("late", "Ann", "Bob", "Dan")
    village["Bob"].disconnect()
    village["Bob"].order(Arm(ROOM, is_closed=True, names=("Ann",)))
    village.seal_room("Ann")
    village["Bob"].connect()
    village.pass_time(10)
    village["Bob"].say("a line for the list")
    village.pass_time(5)
    assert "a line for the list" not in village["Dan"].read
    assert "Ann encrypted it, not Bob" in village["Bob"].alarms
