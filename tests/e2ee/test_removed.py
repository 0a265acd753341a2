"""A message that the operator removed before its readers had it: shown as removed, and the conversation goes on."""

from typing import Any

import msgspec
import pytest

from reactor_chat.chat.operator.messages import emptied
from reactor_chat.e2ee.boundary import Mark, Posture
from reactor_chat.e2ee.state.setbacks import FORK
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import Said
from tests.e2ee.mallory import heard_sealed
from tests.e2ee.world import World


def late(seed: str) -> World:
    """Return an encrypted room where Bob was away while Ann said three things."""
    world = World(seed, "Ann", "Bob")
    world.seal_room("Ann")
    world["Bob"].disconnect()
    for number in range(3):
        world["Ann"].say(f"canarybird {number}")
    world.settle()
    return world


def remove(world: World, *seqs: int, **fields: Any) -> None:
    """Let the service's journal hold what is left of these messages."""
    journal = world.service.journal
    for place, (notice, entitled) in enumerate(journal):
        if isinstance(notice, Said) and notice.seq in seqs:
            journal[place] = msgspec.structs.replace(emptied(notice), **fields), entitled


@pytest.mark.parametrize("places", [(0,), (1,), (2,), (0, 1), (0, 1, 2)])
def test_what_comes_behind_it_is_read(places: tuple[int, ...]) -> None:
    world = late("removed")
    seqs = [notice.seq for notice in heard_sealed(world)]
    remove(world, *(seqs[place] for place in places))
    world["Bob"].connect()
    world.settle()
    assert world["Bob"].read == [f"canarybird {place}" for place in range(3) if place not in places]
    removed = [shown for shown in world["Bob"].shown if shown.notice.removed]
    assert [shown.mark for shown in removed] == [Mark.PLAIN] * len(places)
    world["Ann"].say("canarybird more")
    world["Bob"].say("canarybird too")
    world.settle()
    assert world["Bob"].state() is world["Ann"].state() is State.SEALED
    assert "canarybird more" in world["Bob"].read
    assert "canarybird too" in world["Ann"].read
    assert "not delivered" not in world["Bob"].alarms + world["Ann"].alarms


def test_a_wrong_hash_is_another_history() -> None:
    world = late("wrong hash")
    seq = heard_sealed(world)[1].seq
    sealed = emptied(heard_sealed(world)[1]).sealed
    assert sealed is not None
    remove(world, seq, sealed={**sealed, "digest": "A" * 43 + "="})
    world["Bob"].connect()
    world.settle()
    world["Ann"].say("canarybird more")
    world.settle()
    assert FORK in world["Bob"].alarms


def test_what_is_removed_as_ones_own_and_was_never_said_stops_the_conversation() -> None:
    world = late("in my name")
    seq = heard_sealed(world)[1].seq
    remove(world, seq, sender="Bob")
    world["Bob"].connect()
    world.settle()
    assert "more was said in your name" in world["Bob"].alarms


def test_ones_own_that_was_removed_meanwhile_is_said() -> None:
    world = World("own", "Ann", "Bob")
    world.seal_room("Ann")
    world["Bob"].say("canarybird of Bob")
    seq = heard_sealed(world)[-1].seq
    world.service.ready["bob"].clear()
    world["Bob"].disconnect()
    remove(world, seq)
    world["Bob"].connect()
    world.settle()
    assert not world["Bob"].talk().lines.sealed
    assert world["Bob"].part().talk.state is State.SEALED
    assert world["Bob"].session is not None
    assert world["Bob"].session.posture(ROOM) is Posture.SEALED


def test_a_page_shows_it_as_removed_though_it_was_opened_here() -> None:
    world = late("page")
    world["Bob"].connect()
    world.settle()
    notice = heard_sealed(world)[0]
    assert world["Bob"].session is not None
    shown = world["Bob"].session.recall(emptied(notice))
    assert shown is None or shown.notice.text is None
