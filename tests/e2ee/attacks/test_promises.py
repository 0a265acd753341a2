"""What was promised once is kept: terms, marks, authors, and lines that wait for their person."""

import copy
from collections.abc import Iterable

import msgspec
import pytest

from reactor_chat.e2ee import payload
from reactor_chat.e2ee.boundary import (
    Accept,
    Arm,
    Block,
    Disarm,
    Held,
    HeldAction,
    Mark,
    Posture,
    Reset,
    SetPassphrase,
    Verify,
)
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.terms import Strength, strength_of
from reactor_chat.e2ee.trust.trust_book import Trust
from reactor_chat.mls.signatures import Ed25519, SigningKey
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.codec import encode
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import (
    GroupSaid,
    KeysAnswer,
    Notice,
    PublishedKey,
    Said,
    SealAsk,
    SealCommit,
    SealEnded,
    SealsAnswer,
)
from tests.e2ee.mallory import group_of, heard_sealed, sealed
from tests.e2ee.world import World

PAIR = Conversation.pair("bob")
TEAM = Conversation.group("team")


def met(seed: object, *names: str) -> World:
    world = World(seed, *(names or ("Ann", "Bob", "Cid")))
    world.seal_room("Ann")
    return world


# ------------------------------------------------------------------------------------------ terms


@pytest.mark.parametrize(
    ("agreed", "other", "count"),
    [
        (Strength(HYBRID), Strength(HYBRID), 0),
        (Strength(HYBRID), Strength(CLASSICAL), 1),
        (Strength(CLASSICAL), Strength(HYBRID), 0),
        (Strength(HYBRID), Strength(7), 1),
        (Strength(HYBRID, closed=True, require=True), Strength(HYBRID), 2),
        (Strength(HYBRID), Strength(HYBRID, closed=True, require=True), 0),
    ],
)
def test_what_terms_give_up(agreed: Strength, other: Strength, count: int) -> None:
    assert len(agreed.lost_in(other)) == count


def test_a_conversation_with_a_passphrase_does_not_go_on_without_one() -> None:
    world = World("drops", "Ann", "Bob")
    world["Ann"].order(Arm(ROOM, "correct horse"))
    world.pass_time(5)
    world["Bob"].order(Arm(ROOM, "correct horse"))
    world.pass_time(10)
    assert world["Bob"].state() is State.SEALED
    world["Bob"].order(SetPassphrase(ROOM, None))
    world.pass_time(10)
    assert world["Ann"].state() is State.FROZEN
    assert "less protection (no passphrase)" in world["Ann"].alarms
    world["Ann"].say("canarybird")
    world.pass_time(5)
    assert not world["Bob"].read
    for order in (Arm(ROOM), Held(HeldAction.SEND)):
        world["Ann"].order(order)
        world.pass_time(10)
    assert world["Bob"].read == ["canarybird"], "once its person agreed"


def test_a_reset_keeps_the_passphrase() -> None:
    world = World("keeps", "Ann", "Bob")
    world["Ann"].order(Arm(ROOM, "correct horse"))
    world.pass_time(5)
    world["Bob"].order(Arm(ROOM, "correct horse"))
    world.pass_time(10)
    before = group_of(world, "Ann")
    world["Ann"].order(Reset(ROOM))
    world.pass_time(10)
    after = group_of(world, "Ann")
    assert after.group_id != before.group_id
    assert strength_of(after) == strength_of(before)
    assert strength_of(after).kdf is not None
    world["Ann"].say("canarybird")
    world.pass_time(10)
    assert world["Bob"].read == ["canarybird"], "the passphrase that Bob knows is still the one"


def test_a_passphrase_can_be_changed() -> None:
    world = World("changes", "Ann")
    world["Ann"].order(Arm(ROOM, "correct horse"))
    world.pass_time(5)
    before = world.service.seals["room",]
    world["Ann"].order(SetPassphrase(ROOM, "another horse"))
    world.pass_time(5)
    after = world.service.seals["room",]
    assert after.group_id != before.group_id
    assert after.salt != before.salt
    assert after.kdf == before.kdf


def test_wrong_words_change_no_state() -> None:
    world = met("words")
    before = copy.deepcopy(world["Bob"].talk().record)
    world["Bob"].order(Arm(ROOM, "horse"))
    world["Bob"].order(SetPassphrase(ROOM, "x" * 2000))
    assert world["Bob"].talk().record == before
    assert world["Bob"].state() is State.SEALED


# ------------------------------------------------------------------------------------------ sealed or held


def test_a_first_private_line_is_held_where_the_server_knows_of_no_keys() -> None:
    world = World("unknown", "Ann", "Bob")
    world.service.shelves.clear()
    for where in (PAIR, TEAM):
        world["Ann"].say("canarybird", where)
    world.pass_time(60)
    assert world["Ann"].session.posture(PAIR) is Posture.WAITING
    assert not world.leaked
    assert "bob has no keys (guests have none)" in world["Ann"].alarms


def test_a_first_line_in_the_room_that_is_sealed_waits_until_one_is_let_in() -> None:
    world = met("first line")
    world.join("Dan")
    world["Dan"].say("canarybird of a newcomer")
    world.pass_time(10)
    assert world["Ann"].read == ["canarybird of a newcomer"]
    assert not world.leaked


def test_held_lines_are_listed_edited_and_dropped() -> None:
    world = World("listed", "Ann", "Bob")
    ann = world["Ann"]
    ann.disconnect()
    ann.say("canarybird one", PAIR)
    ann.say("canarybird two", PAIR)
    assert [line.partition(" (")[0] for line in ann.order(Held())] == [
        "1. to bob: canarybird one",
        "2. to bob: canarybird two",
    ]
    ann.order(Held(HeldAction.EDIT, 1))
    assert ann.drafts == ["@bob canarybird one"]
    assert "Dropped 2, to bob" in ann.order(Held(HeldAction.DROP, 2))[0]
    assert "Everything you typed was sent" in ann.order(Held())[0]
    assert "There is no unsent line 7" in ann.order(Held(HeldAction.SEND, 7))[0]


def test_what_a_frozen_conversation_holds_waits_for_a_yes() -> None:
    world = met("yes")
    world["Ann"].order(Block("Bob"))
    world["Ann"].say("canarybird")
    world["Ann"].order(Verify("Bob"))
    world["Ann"].order(Accept("Bob"))
    world["Ann"].say("canarybird after")
    world.pass_time(10)
    assert world["Bob"].read == ["canarybird after"]
    world["Ann"].order(Held(HeldAction.SEND))
    world.pass_time(10)
    assert world["Bob"].read == ["canarybird after", "canarybird"]


def test_off_sends_what_was_held_only_when_its_person_says_so() -> None:
    world = World("off", "Ann", "Bob")
    world.service.shelves.clear()
    world["Ann"].say("in the open, then", PAIR)
    world.pass_time(5)
    world["Ann"].order(Disarm(PAIR))
    world.pass_time(5)
    assert not any(b"in the open" in passed for passed in world.service.passed)
    world["Ann"].order(Held(HeldAction.SEND))
    world.pass_time(5)
    assert any(b"in the open" in passed for passed in world.service.passed)


# ------------------------------------------------------------------------------------------ keys


def test_an_answer_brings_keys_of_people_nobody_asked_for() -> None:
    world = World("extra", "Ann", "Bob", "Mal")
    shelf = world.service.shelves["mal", HYBRID]
    entry = PublishedKey("Mal", world.service.accounts["mal"], shelf.packages[0], reference_of(shelf.packages[0]))

    def add(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, KeysAnswer):
            notice = msgspec.structs.replace(notice, keys=[*notice.keys, entry])
        return [notice]

    world.service.twist["ann"] = add
    world["Ann"].say("canarybird", PAIR)
    world.pass_time(10)
    assert world["Bob"].read == ["canarybird"]
    assert world["Ann"].session.desk.trust.look_up("Mal") is None
    assert world["Ann"].alarms.count("keys of people nobody asked for") == 1


def test_a_message_by_another_key_than_the_one_known_is_marked() -> None:
    world = met("new key")
    desk = world["Cid"].session.desk
    other = SigningKey(Ed25519(), bytes([9]) * 32).public_key
    known = desk.trust.look_up("Bob")
    assert known is not None
    desk.trust._keep(msgspec.structs.replace(known, key=other, offered=known.key, state=Trust.CHANGED))
    world["Bob"].say("canarybird")
    world.settle()
    assert [shown.mark for shown in world["Cid"].shown] == [Mark.NEW_KEY]
    assert [shown.mark for shown in world["Ann"].shown] == [Mark.SEALED]
    recalled = world["Cid"].session.recall(heard_sealed(world)[0])
    assert recalled is not None
    assert recalled.mark is Mark.NEW_KEY


def test_a_key_in_the_place_of_a_verified_one_stops_our_lines_and_nobody_elses() -> None:
    world = met("verified")
    desk = world["Cid"].session.desk
    other = SigningKey(Ed25519(), bytes([9]) * 32).public_key
    known = desk.trust.look_up("Bob")
    assert known is not None
    desk.trust._keep(msgspec.structs.replace(known, key=other, is_verified=True, state=Trust.VERIFIED))
    world["Cid"].say("canarybird")
    world["Ann"].say("canarybird of Ann")
    world.pass_time(5)
    assert world["Cid"].session.posture(ROOM) is Posture.HELD
    assert world["Bob"].read == ["canarybird of Ann"]


# ------------------------------------------------------------------------------------------ author, place and time


@pytest.mark.parametrize("field", ["sender", "at", "group", "seq"])
def test_a_page_of_history_that_says_otherwise_is_not_believed(field: str) -> None:
    world = met(("page", field))
    world["Bob"].say("canarybird")
    world.settle()
    notice = heard_sealed(world)[0]
    recalled = world["Ann"].session.recall(notice)
    assert recalled is not None
    assert recalled.mark is Mark.SEALED
    if field == "group":
        bent: Notice = GroupSaid(notice.seq, notice.at, notice.sender, "team", None, notice.sealed, notice.id)
    else:
        bent = msgspec.structs.replace(notice, **{field: {"sender": "Cid", "at": notice.at + 1, "seq": 1}[field]})
    told = world["Ann"].session.recall(bent)  # type: ignore[arg-type]
    assert told is not None
    assert told.mark is Mark.UNREADABLE


def test_a_message_for_another_conversation_is_not_shown() -> None:
    world = met("place")
    group = group_of(world, "Bob")
    said = payload.encode(payload.Payload(1, "text", "x", world.service.at, "canarybird", "pair:ann,bob"))
    mark = world["Bob"].talk().transcript.mark.encode()
    protected = group.protect(said, world["Bob"].random, authenticated_data=mark, padding=0)
    head = (world.service.seq, world.service.at, "Bob")
    world.service.tell("Ann", Said(*head, sealed=sealed(group, protected.message), id="x"))
    world.settle()
    assert [shown.mark for shown in world["Ann"].shown] == [Mark.UNREADABLE]


def test_a_time_that_the_server_made_up_is_said_to_be_another() -> None:
    world = met("time")
    world.service.twist["ann"] = lambda notice: (
        [msgspec.structs.replace(notice, at=notice.at + 7_200_000)] if isinstance(notice, Said) else [notice]
    )
    world.service.at = world["Bob"].session.desk.wall_ms
    world["Bob"].say("canarybird")
    world.settle()
    assert "minutes earlier" in world["Ann"].shown[0].remark


# ------------------------------------------------------------------------------------------ storms


def test_who_says_again_and_again_that_he_is_lost_waits_longer_each_time() -> None:
    world = met("storm", "Ann", "Bob", "Cid", "Mal")
    before = group_of(world, "Ann").epoch
    for number in range(60):
        world.service.take("Mal", encode(SealAsk(lost=True, id=f"storm{number}")))
        world.pass_time(0.5)
    assert group_of(world, "Ann").epoch - before <= 4
    world["Ann"].say("canarybird")
    world.pass_time(5)
    assert world["Bob"].read == ["canarybird"]


def test_a_welcome_of_more_members_than_the_server_allows_is_refused() -> None:
    world = World("many", "Ann", "Bob", "Cid")
    world["Cid"].session.desk.members_max = 2
    world.seal_room("Ann")
    assert world["Cid"].talk().group is None
    assert world["Bob"].state() is State.SEALED


def test_a_wrong_clock_is_named() -> None:
    world = World("clock", "Ann", "Bob")
    ann = world["Ann"]
    ann.wall_offset_ms = 1_583_000_000_000
    ann.crash()
    ann.connect()
    ann.say("canarybird", PAIR)
    world.pass_time(10)
    assert "Your clock says 2020-02-29, and bob's keys are for 2023" in ann.alarms
    assert not world.leaked


def test_nothing_of_a_pair_is_decided_by_who_is_said_to_wait() -> None:
    world = World("waiting", "Ann", "Bob", "Mal")
    world["Ann"].say("canarybird", PAIR)
    world.pass_time(5)

    def name_her(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealsAnswer) and notice.with_:
            notice = msgspec.structs.replace(notice, waiting=["Mal"])
        return [notice]

    world.service.twist["ann"] = name_her
    mark = len(world.service.requests)
    world["Ann"].disconnect()
    world["Ann"].connect()
    world.pass_time(30)
    assert not any(isinstance(one, SealCommit) for one in world.service.requests[mark:])
    assert world["Ann"].talk(PAIR).names == {"ann", "bob"}


def test_a_line_for_somebody_who_is_not_there_is_given_up_and_said_so() -> None:
    world = World("nobody", "Ann")
    world["Ann"].say("canarybird", Conversation.pair("gus"))
    world.settle()
    assert "Not sent in your chat with gus" in world["Ann"].alarms
    assert not world["Ann"].session.held_count
    assert not world.leaked


def test_a_line_for_somebody_known_is_held_though_the_server_says_that_nobody_is_called_so() -> None:
    world = met("denied")
    world.service.accounts.pop("bob")
    world["Ann"].say("canarybird", PAIR)
    world.settle()
    assert world["Ann"].session.held_count == 1
    assert not world.leaked


@pytest.mark.parametrize("how", ["passphrase", "closed"])
def test_beginning_anew_after_a_server_ended_it_keeps_the_terms(how: str) -> None:
    world = World(("ended", how), "Ann", "Bob")
    order = Arm(ROOM, "correct horse") if how == "passphrase" else Arm(ROOM, is_closed=True)
    world["Ann"].order(order)
    world.pass_time(5)
    if how == "passphrase":
        world["Bob"].order(order)
    world.pass_time(10)
    before = group_of(world, "Bob")
    world.join("Mal")
    world["Ann"].disconnect()
    world.service.seals.clear()
    world.service._record(SealEnded(world.service.seq, 0, "Ann", before.group_id, id="x"), None)
    world.settle()
    world["Bob"].order(Arm(ROOM))
    world.pass_time(20)
    after = world["Bob"].talk().group
    assert after is not None
    assert not strength_of(before).lost_in(strength_of(after))
