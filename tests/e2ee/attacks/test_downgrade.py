"""Attacks 29 and 30: a server that talks a client out of encryption, and orders given at the worst moment.

Attack 31, every fault schedule, is `tests/e2ee/test_machine.py`.
"""

from collections.abc import Callable, Iterable

import msgspec
import pytest

from reactor_chat.e2ee.boundary import Arm, Disarm, Mark, Posture, Rekey, Reset
from reactor_chat.e2ee.states import ORDERS_OF_A_PERSON, TRANSITIONS, State, Transition
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import (
    AskSeals,
    Kdf,
    KeysAnswer,
    Notice,
    Refused,
    Said,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    SealsAnswer,
)
from tests.e2ee.mallory import group_of, heard_sealed
from tests.e2ee.world import World


def world_of(seed: object, *names: str) -> World:
    world = World(seed, *(names or ("Ann", "Bob")))
    world.seal_room("Ann")
    return world


def reconnect(world: World, name: str) -> None:
    world[name].disconnect()
    world[name].connect()
    world.settle()


def _other_salt(notice: SealsAnswer) -> SealsAnswer:
    return msgspec.structs.replace(notice, salt=bytes(32))


LIES: dict[str, Callable[[SealsAnswer], Iterable[Notice]]] = {
    "not encrypted": lambda n: [SealsAnswer(n.with_, n.group, re=n.re)],
    "no answer": lambda _: [],
    "does not know the question": lambda n: [Refused("bad_message", "bad_message", n.re)],
    "not a member": lambda n: [Refused("not_a_member", "not_a_member", n.re)],
    "another salt": lambda n: [_other_salt(n)],
    "another group": lambda n: [msgspec.structs.replace(n, group_id=bytes(32))],
    "another suite": lambda n: [msgspec.structs.replace(n, suite=CLASSICAL)],
    "another creator": lambda n: [msgspec.structs.replace(n, by="Mallory")],
    "a passphrase": lambda n: [msgspec.structs.replace(n, kdf=Kdf("argon2id", 65536, 3, 4))],
    "must be plain": lambda n: [msgspec.structs.replace(n, require=True)],
    "an earlier epoch": lambda n: [msgspec.structs.replace(n, epoch=0)],
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("scope", ["room", "pair"])
def test_29_whatever_the_server_says_about_how_it_is_sealed(lie: str, scope: str) -> None:
    world = world_of(("lies", lie))
    where = ROOM if scope == "room" else Conversation.pair("bob")
    world["Ann"].say("canarybird before", where)
    world.pass_time(5)

    def lying(notice: Notice) -> Iterable[Notice]:
        return LIES[lie](notice) if isinstance(notice, SealsAnswer) else [notice]

    world.service.twist["ann"] = lying
    reconnect(world, "Ann")
    for number in range(3):
        world["Ann"].say(f"canarybird {number}", where)
        world.pass_time(20)
        reconnect(world, "Ann")
    assert not world.leaked
    assert world["Ann"].state(where) is not State.PLAIN
    world.service.twist.clear()
    reconnect(world, "Ann")
    world.pass_time(60)
    assert not world.leaked


@pytest.mark.parametrize("by", ["Ann", "Bob", "Mallory"])
def test_29_the_server_says_that_somebody_ended_it(by: str) -> None:
    world = world_of("ended")
    group = group_of(world, "Bob")
    world.service.tell("Bob", SealEnded(world.service.seq, 0, by, group.group_id, id="x"))
    world.settle()
    world["Bob"].say("canarybird")
    world.pass_time(20)
    assert world["Bob"].state() is State.FROZEN
    assert world["Bob"].session.posture(ROOM) is Posture.HELD
    assert not world.leaked


def test_29_a_person_who_then_says_off_sends_nothing_of_what_was_to_be_sealed() -> None:
    world = world_of("off")
    world.service.tell("Bob", SealEnded(world.service.seq, 0, "Ann", group_of(world, "Bob").group_id, id="x"))
    world.settle()
    world["Bob"].say("canarybird typed while it was on")
    world["Bob"].order(Disarm(ROOM))
    reconnect(world, "Bob")
    world["Bob"].say("in the open")
    world.pass_time(20)
    assert not world.leaked
    assert "1 line was not sent" in world["Bob"].alarms
    assert [line.text for line in world["Bob"].talk().lines.held.values()] == ["canarybird typed while it was on"]


def test_29_what_must_be_sealed_cannot_be_said_in_the_open() -> None:
    world = world_of("require")
    pair = Conversation.pair("bob")
    world["Ann"].say("canarybird", pair)
    world.pass_time(5)
    assert "stays on" in "".join(world["Ann"].order(Disarm(pair)))
    world["Ann"].say("canarybird too", pair)
    world.pass_time(5)
    assert world["Bob"].read == ["canarybird", "canarybird too"]
    assert not world.leaked


def test_29_only_the_weaker_packages_are_handed_out() -> None:
    world = World("weaker", "Ann", "Bob")
    for key in [key for key in world.service.shelves if key[1] == HYBRID]:
        del world.service.shelves[key]
    pair = Conversation.pair("bob")
    world["Ann"].say("canarybird", pair)
    world.pass_time(60)
    assert world["Ann"].talk(pair).group is None
    assert "is not valid" in world["Ann"].alarms
    assert len(world["Ann"].talk(pair).lines.held) == 1
    assert not world.leaked


@pytest.mark.parametrize(
    "kdf", [Kdf("argon2id", 8, 1, 1), Kdf("argon2id", 65_535, 3, 4), Kdf("argon2id", 65_536, 2, 4)]
)
def test_29_weak_parameters_for_a_passphrase(kdf: Kdf) -> None:
    world = World("weak", "Ann", "Bob")

    def weaken(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealCreated | SealsAnswer):
            notice = msgspec.structs.replace(notice, kdf=kdf)
        return [notice]

    world.service.twist["bob"] = weaken
    world.seal_room("Ann", "correct horse")
    derived = dict(world.keys)
    world["Bob"].order(Arm(ROOM, "correct horse"))
    world["Bob"].say("canarybird")
    world.pass_time(20)
    assert world.keys == derived, "the passphrase was put through nothing weak"
    assert "weaker protection" in world["Bob"].alarms
    assert not world.leaked


def test_29_another_salt_for_one_member() -> None:
    world = World("salt", "Ann", "Bob")

    def salted(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealCreated | SealsAnswer):
            notice = msgspec.structs.replace(notice, salt=bytes(32))
        return [notice]

    world.service.twist["bob"] = salted
    world.seal_room("Ann")
    world["Bob"].say("canarybird") if world["Bob"].state() is not State.PLAIN else None
    world.pass_time(20)
    assert world["Bob"].talk().group is None
    assert "is not valid" in world["Bob"].alarms
    assert not world.leaked


def test_29_plain_text_in_a_sealed_room_is_marked() -> None:
    world = world_of("marked")
    world.service.tell("Bob", Said(world.service.seq, 0, "Ann", "let us go on in the open", id="x"))
    world.settle()
    assert world["Bob"].shown[-1].mark is Mark.PLAIN
    assert world["Bob"].shown[-1].remark == "not encrypted"
    assert world["Bob"].state() is State.SEALED


def test_29_somebody_else_begins_a_sealed_group_anew() -> None:
    world = World("anew", "Ann", "Bob", "Mal")
    world.service.make_group("team", "Ann", "Bob")
    team = Conversation.group("team")
    world["Ann"].order(Arm(team))
    world.pass_time(5)
    world.service.groups["team"] = ["mal", "bob", "ann"]
    world["Mal"].order(Arm(team))
    world.pass_time(5)
    world["Mal"].order(Reset(team))
    world.pass_time(20)
    for name in ("Ann", "Bob"):
        world[name].say("canarybird", team)
    world.pass_time(20)
    assert not world["Mal"].read
    assert not world.leaked
    for name in ("Ann", "Bob"):
        assert world[name].talk(team).names <= {"ann", "bob"}


def test_29_no_step_that_a_server_can_cause_leads_to_plain() -> None:
    for state, steps in TRANSITIONS.items():
        for step, following in steps.items():
            if following is State.PLAIN and state is not State.PLAIN:
                assert step in ORDERS_OF_A_PERSON
            if state is State.FROZEN and following is not State.FROZEN:
                assert step in ORDERS_OF_A_PERSON
    assert Transition.DISARM in ORDERS_OF_A_PERSON


@pytest.mark.parametrize("scope", ["room", "pair"])
def test_30_on_while_there_is_no_connection(scope: str) -> None:
    world = World("offline", "Ann", "Bob")
    where = ROOM if scope == "room" else Conversation.pair("bob")
    world["Ann"].disconnect()
    world["Ann"].order(Arm(where))
    world["Ann"].say("canarybird", where)
    world.pass_time(20)
    assert world["Ann"].session.posture(where) is Posture.WAITING
    world["Ann"].crash()
    world["Ann"].connect()
    world.pass_time(20)
    assert world["Bob"].read == ["canarybird"], world["Ann"].alarms
    assert not world.leaked


def test_30_lines_in_the_middle_of_a_change_of_epoch() -> None:
    world = world_of("epoch", "Ann", "Bob", "Cid")
    world["Ann"].order(Rekey(ROOM))
    world["Bob"].order(Rekey(ROOM))
    world["Cid"].order(Arm(ROOM))
    for name in world.people:
        world[name].say(f"canarybird {name}")
    world.join("Dan")
    world.pass_time(20)
    assert len(heard_sealed(world)) == 3
    assert not world.leaked


@pytest.mark.parametrize("answer", ["nobody has keys", "no answer", "refused"])
def test_30_on_while_nobodys_keys_can_be_had(answer: str) -> None:
    """For somebody we know to have keys, an empty directory is no reason for plain text."""
    world = World(("empty", answer), "Ann", "Bob", "Cid")
    world.seal_room("Ann")

    def hide(notice: Notice) -> Iterable[Notice]:
        if not isinstance(notice, KeysAnswer):
            return [notice]
        if answer == "refused":
            return [Refused("not_allowed", "no", notice.re)]
        hidden = msgspec.structs.replace(notice, keys=[], missing=[key.name for key in notice.keys])
        return [] if answer == "no answer" else [hidden]

    world.service.twist["ann"] = hide
    pair = Conversation.pair("bob")
    world["Ann"].order(Arm(pair))
    world["Ann"].say("canarybird", pair)
    world["Ann"].say("canarybird by default", Conversation.pair("cid"))
    world.pass_time(60)
    assert not world.leaked
    assert len(world["Ann"].talk(pair).lines.held) == 1
    world.service.twist.clear()
    reconnect(world, "Ann")
    world.pass_time(60)
    assert world["Bob"].read == ["canarybird"]
    assert world["Cid"].read == ["canarybird by default"]
    assert not world.leaked


def test_30_a_line_before_the_server_has_said_how_it_is_sealed() -> None:
    """The very first line after login waits for the answer; a room that was sealed meanwhile is sealed for it."""
    world = World("first", "Ann")
    world["Ann"].order(Arm(ROOM))
    world.pass_time(5)
    held: list[object] = []

    def slow(name: str, request: object) -> bool:
        held.append(request)
        return name == "bob" and isinstance(request, AskSeals)

    world.service.swallow = slow
    bob = world.join("Bob")
    bob.say("neither plain nor sealed yet")
    world.pass_time(5)
    assert not any(b"neither plain" in payload for payload in world.service.passed)
    assert any(isinstance(request, AskSeals) for request in held)


def test_every_notice_about_sealing_is_survived_in_every_state() -> None:
    """Random notices of a lying server about a conversation in any state: no exception, and never towards plain."""
    for state in ("sealed", "arming", "frozen"):
        world = world_of(("any", state), "Ann", "Bob")
        bob, group = world["Bob"], group_of(world, "Bob")
        if state == "frozen":
            world.service.tell("Bob", SealEnded(world.service.seq, 0, "Ann", group.group_id, id="x"))
        elif state == "arming":
            world.service.tell(
                "Bob", SealCommitted(world.service.seq, 0, "Ann", group.group_id, group.epoch, commit=b"x")
            )
        world.settle()
        for number in range(40):
            world.service.tell("Bob", _notice(number, world.service.seq + 100 + number, group.group_id, group.epoch))
            world.settle()
            bob.say("canarybird")
            world.settle()
        assert bob.state() is not State.PLAIN
        assert not world.leaked


def _notice(number: int, seq: int, group_id: bytes, epoch: int) -> Notice:
    by = ("Ann", "Bob", "Mallory")[number % 3]
    place = group_id if number % 2 else bytes(32)
    made: list[Notice] = [
        SealEnded(seq, 0, by, place, id="x"),
        SealCreated(seq, 0, by, place, HYBRID, bytes(32), id="x"),
        SealCommitted(seq, 0, by, place, epoch + number % 3, commit=b"y"),
        SealCommitted(seq, 0, by, place, epoch, commit_blob=bytes(32)),
        SealAsked(seq, 0, by, lost=bool(number % 2), id="x"),
        SealsAnswer(re="unknown"),
        Refused("stale_epoch", "stale", f"Bob-1-{number}"),
        Refused("gap", "gap"),
        Said(seq, 0, by, sealed={"v": 1, "group_id": "AA==", "epoch": 0, "mls": ""}),
    ]
    return made[number % len(made)]


def test_29_a_sealed_line_that_is_refused_after_its_person_said_off_stays_secret() -> None:
    """The state machine found it: sealed, not answered yet, turned off, and only then refused."""
    world = world_of("late")
    refusals: list[Notice] = []

    def delay(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, Refused):
            refusals.append(notice)
            return []
        return [notice]

    world.service.twist["bob"] = delay
    world.service.seals.pop(("room",))
    world["Bob"].say("canarybird sealed while it was on")
    world["Bob"].order(Disarm(ROOM))
    world.settle()
    world.service.twist.clear()
    for refusal in refusals:
        world.service.tell("Bob", refusal)
    world.pass_time(20)
    assert refusals
    assert not world.leaked
    assert [line.needs_yes for line in world["Bob"].talk().lines.held.values()] == [True]


@pytest.mark.parametrize("code", ["bad_message", "no_such_user", "not_allowed"])
def test_29_a_server_that_will_not_say_how_a_pair_is_sealed(code: str) -> None:
    """To somebody whose keys were seen, in the room say, no first line leaves plain because of that."""
    world = world_of(("mute", code))

    def mute(notice: Notice) -> Iterable[Notice]:
        return [Refused(code, code, notice.re)] if isinstance(notice, SealsAnswer) else [notice]

    world.service.twist["ann"] = mute
    pair = Conversation.pair("bob")
    for _ in range(2):
        reconnect(world, "Ann")
        world["Ann"].say("canarybird", pair)
        world.pass_time(20)
    assert not world.leaked
    assert len(world["Ann"].talk(pair).lines.held) == 2
    world.service.twist.clear()
    reconnect(world, "Ann")
    world.pass_time(20)
    assert world["Bob"].read == ["canarybird", "canarybird"], world["Ann"].alarms
    assert not world.leaked


def test_an_old_server_takes_plain_text_in_the_room_and_elsewhere_where_a_person_wants_that() -> None:
    world = World("very old")
    world.service.twist["ann"] = lambda notice: (
        [Refused("bad_message", "bad_message", notice.re)] if isinstance(notice, SealsAnswer | KeysAnswer) else [notice]
    )
    ann = world.join("Ann")
    world.service.accounts["bob"] = bytes(32)
    world.service.make_group("team", "Ann")
    for text, where in (
        ("to all", ROOM),
        ("to one", Conversation.pair("bob")),
        ("to some", Conversation.group("team")),
    ):
        if where != ROOM:
            ann.say(f"canarybird {text}", where)
            world.pass_time(5)
            ann.order(Disarm(where))
        ann.say(text, where)
        world.pass_time(5)
        assert any(f'"{text}"'.encode() in payload for payload in world.service.passed), text
    assert not world.leaked
