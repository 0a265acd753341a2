"""Lines on their way out: held for a reason that is said once, in order, each under its own id."""

import re

import msgspec

from reactor_chat.e2ee.boundary import Arm, Block, Disarm, Held, HeldAction, Mark, Rekey
from reactor_chat.e2ee.messages.outbound import CAUGHT_UP_FIRST
from reactor_chat.e2ee.state.lines import HELD_MAX
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Said, Say
from tests.e2ee.mallory import heard_sealed
from tests.e2ee.world import World


def test_the_reason_is_said_in_words_and_once() -> None:
    world = World("why", "Ann", "Bob")
    world.seal_room("Ann")
    world["Ann"].order(Block("Bob"))
    for number in range(3):
        world["Ann"].say(f"canarybird {number}")
    assert world["Ann"].alarms.count("Not sent yet: the key of Bob changed or is blocked") == 1
    assert world["Ann"].part().outbound.untrusted() == ["Bob"]
    assert not heard_sealed(world)


def test_trust_given_elsewhere_counts_at_once() -> None:
    world = World("cache", "Ann", "Bob")
    world.seal_room("Ann")
    desk, outbound = world["Ann"].session.desk, world["Ann"].part().outbound
    assert outbound.obstacle() == ""
    desk.trust.block("Bob")
    assert "Bob" in outbound.obstacle()
    desk.trust.accept("Bob", world["Bob"].session.desk.own_key, 1)
    assert outbound.obstacle() == ""


def test_ids_and_order_are_kept_over_a_hold() -> None:
    world = World("order", "Ann", "Bob")
    world["Ann"].disconnect()
    world["Ann"].order(Arm(ROOM))
    for number in range(5):
        world["Ann"].say(f"canarybird {number}")
    typed = [line.id for line in world["Ann"].talk().lines.held.values()]
    world["Ann"].connect()
    world.pass_time(10)
    assert [notice.id for notice in heard_sealed(world)] == typed
    assert world["Bob"].read == [f"canarybird {number}" for number in range(5)]


def test_before_login_nothing_leaves_not_even_plain() -> None:
    world = World("before", "Ann")
    world["Ann"].disconnect()
    world["Ann"].say("plain words")
    talk = world["Ann"].talk()
    assert world["Ann"].part().outbound.obstacle() == CAUGHT_UP_FIRST
    assert len(talk.lines.held) == 1
    world["Ann"].connect()
    world.settle()
    assert not talk.lines.held
    assert any(b"plain words" in payload for payload in world.service.passed)


def test_no_more_lines_are_held_than_can_be_kept() -> None:
    world = World("many", "Ann")
    world["Ann"].disconnect()
    session = world["Ann"].session
    for number in range(HELD_MAX + 2):
        session.said(Say("x", id=f"x{number}"), 1.0)
    assert len(world["Ann"].talk().lines.held) == HELD_MAX
    assert any("Not accepted" in note.text for note in session.take().notes)


def test_a_note_to_oneself_is_held_until_its_person_wants_it_plain() -> None:
    world = World("self", "Ann")
    own = Conversation.pair("ann")
    world["Ann"].say("milk", own)
    world.settle()
    assert not any(b"milk" in payload for payload in world.service.passed)
    world["Ann"].order(Disarm(own))
    world["Ann"].order(Held(HeldAction.SEND))
    world.settle()
    assert any(b"milk" in payload for payload in world.service.passed)


def test_a_later_line_does_not_overtake_one_that_has_to_be_sealed_again() -> None:
    world = World("overtake", "Ann", "Bob")
    world.seal_room("Ann")
    world["Ann"].order(Rekey(ROOM))
    world["Bob"].say("canarybird first")
    world.deliver("Bob")
    world["Bob"].say("canarybird second")
    world.pass_time(5)
    assert world["Ann"].read == ["canarybird first", "canarybird second"], world["Bob"].alarms


def test_a_server_that_tells_another_time_of_our_own_words_is_found_out() -> None:
    world = World("time", "Ann", "Bob")
    world.seal_room("Ann")
    honest = world["Ann"].session.noticed
    later_ms = 3_600_000
    world["Ann"].session.noticed = lambda notice, now: honest(  # type: ignore[method-assign]
        msgspec.structs.replace(notice, at=notice.at + later_ms) if isinstance(notice, Said) else notice, now
    )
    world["Ann"].say("canarybird")
    world.settle()
    own = [shown for shown in world["Ann"].shown if shown.mark is Mark.SEALED]
    (remark,) = [shown.remark for shown in own]
    assert re.fullmatch(r"by its author's clock it was said \d\d minutes earlier", remark)
