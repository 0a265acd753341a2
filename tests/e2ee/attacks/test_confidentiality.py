"""Attacks 10 to 16: who reads what, with every key he ever had; and what a length tells."""

import contextlib
import logging

import pytest

from reactor_chat.e2ee.boundary import Arm, Rekey
from reactor_chat.e2ee.payload import Payload, encode, padding_for
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State
from reactor_chat.errors import MlsError, MlsRefused
from reactor_chat.mls.group import Group
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import SealCommitted
from tests.e2ee.mallory import commit_as, group_of, heard_sealed, opened, package
from tests.e2ee.world import CANARY, World
from tests.mls.people import SeededEntropy


def world_of(seed: object, *names: str) -> World:
    world = World(seed, *(names or ("Ann", "Bob", "Cid")))
    world.seal_room("Ann")
    return world


def opens_any(groups: list[Group], messages: list[bytes]) -> bool:
    """Return whether any state somebody ever had opens any of the messages."""
    for group in groups:
        for message in messages:
            with contextlib.suppress(MlsError):
                group.unprotect(message)
                return True
    return False


def test_10_who_was_taken_out_opens_nothing_later_with_any_key_he_ever_had() -> None:
    world = World(10, "Ann", "Bob", "Cid")
    world.service.make_group("team", "Ann", "Bob", "Cid")
    team = Conversation.group("team")
    world["Ann"].order(Arm(team))
    world.pass_time(5)
    had: list[Group] = []
    world["Cid"].after_commit = lambda: had.extend(filter(None, [world["Cid"].talk(team).group]))
    world["Bob"].say("canarybird one", team)
    world["Ann"].order(Rekey(team))
    world.pass_time(5)
    world.service.change_group("team", "kicked", "Cid")
    world.pass_time(5)
    for number in range(3):
        world["Bob"].say(f"canarybird later {number}", team)
    world.pass_time(5)
    journal = [notice for notice, _ in world.service.journal]
    later = [opened(notice) for notice in journal if getattr(notice, "sealed", None)][-3:]
    assert world["Ann"].read[-3:] == [f"canarybird later {number}" for number in range(3)]
    assert len({group.epoch for group in had}) >= 2
    assert not opens_any(had, later)


def test_11_a_newcomer_opens_nothing_from_before() -> None:
    world = world_of(11, "Ann", "Bob")
    for number in range(3):
        world["Bob"].say(f"canarybird before {number}")
    world.settle()
    world.join("Cid")
    world.pass_time(10)
    before = [opened(notice) for notice in heard_sealed(world)]
    assert world["Cid"].state() is State.SEALED
    assert not opens_any([group_of(world, "Cid")], before)
    assert not world["Cid"].read
    reasons = {shown.remark for shown in world["Cid"].shown if shown.notice.sealed}
    assert reasons == {"it was encrypted for others, or before you were let in"}


def test_12_a_copied_state_is_useless_after_one_commit_of_its_owner() -> None:
    world = world_of(12)
    stolen = group_of(world, "Bob")
    world["Bob"].order(Rekey(ROOM))
    world.pass_time(5)
    commit = [notice for notice, _ in world.service.journal if isinstance(notice, SealCommitted)][-1]
    assert commit.sender == "Bob"
    assert commit.commit is not None
    with pytest.raises(MlsRefused):
        stolen.receive(commit.commit)
    world["Ann"].say("canarybird healed")
    world.settle()
    assert world["Bob"].read == ["canarybird healed"]
    assert not opens_any([stolen], [opened(heard_sealed(world)[-1])])


def test_13_what_is_stored_now_opens_nothing_that_was_opened_before() -> None:
    world = world_of(13)
    for number in range(4):
        world["Ann"].say(f"canarybird {number}")
    world["Ann"].order(Rekey(ROOM))
    world["Ann"].say("canarybird last")
    world.pass_time(5)
    assert len(world["Bob"].read) == 5
    again = Talk(ROOM, "bob", world["Bob"].store).group
    assert again is not None
    assert again == group_of(world, "Bob")
    assert not opens_any([again], [opened(notice) for notice in heard_sealed(world)])


def test_14_a_ghost_without_the_passphrase_is_let_in_by_a_careless_member_and_reads_nothing() -> None:
    world = World(14, "Ann", "Bob", "Ghost")
    world.seal_room("Ann", "five random words are enough")
    world["Bob"].order(Arm(ROOM, "five random words are enough"))
    world.pass_time(10)
    world["Bob"].talk().newcomers.expect("ghost")
    world["Bob"].order(Rekey(ROOM))
    world.pass_time(10)
    assert "ghost" in world["Ann"].talk().names, "the carelessness worked"
    world["Ann"].say("canarybird")
    world.pass_time(5)
    assert not world["Ghost"].read
    assert world["Ghost"].talk().group is None
    assert not world.leaked


def test_14_a_commit_that_lets_somebody_in_without_the_passphrase_is_followed_by_nobody() -> None:
    world = World(114, "Ann", "Bob", "Ghost")
    world.seal_room("Ann", "five random words are enough")
    world["Bob"].order(Arm(ROOM, "five random words are enough"))
    world.pass_time(10)
    own = package("Ghost", world["Ghost"].seed, SeededEntropy("ghost"))
    commit_as(world, "Bob", [], adds=[("Ghost", own)])
    world["Ann"].say("canarybird")
    world.pass_time(30)
    assert world["Ann"].state() is State.FROZEN
    assert "ghost" not in world["Ann"].talk().names
    assert not world.leaked


def test_15_the_canary_is_nowhere_but_in_clients(caplog: pytest.LogCaptureFixture) -> None:
    """Searched: every byte that passed, everything the service holds, everything that was logged."""
    caplog.set_level(logging.DEBUG)
    world = world_of(15)
    world["Ann"].say("canarybird")
    world["Bob"].say("canarybird", Conversation.pair("Ann"))
    world.pass_time(10)
    assert world["Ann"].read.count("canarybird") == 2
    assert not world.leaked
    assert CANARY not in repr([vars(world.service), [vars(one) for one in world.service.seals.values()]])
    assert CANARY not in caplog.text
    for name in world.people:
        assert CANARY not in repr(group_of(world, name))


def test_16_only_classes_of_length_are_seen() -> None:
    world = world_of(16)
    lengths = {}
    for length in (10, 20, 30, 50, 80, 90, 100):
        world["Ann"].say("x" * length)
        world.settle()
        lengths[length] = len(opened(heard_sealed(world)[-1]))
    assert lengths[10] == lengths[20] == lengths[30] == lengths[50]
    assert lengths[80] == lengths[90] == lengths[100]
    assert len(set(lengths.values())) <= 3


def test_16_every_length_falls_into_few_classes() -> None:
    prefix = {length: 1 if length < 64 else 2 if length < 16_384 else 4 for length in range(1, 20_000)}
    sizes = {length: prefix[length] + length + padding_for(length) for length in prefix}
    assert all(size >= length for length, size in sizes.items())
    assert all(sizes[length] % 64 == 0 for length in range(1, 1022))
    assert all(size <= length * 1.12 + 5 for length, size in sizes.items() if length > 1024)
    assert len(set(sizes.values())) < 120
    assert len(encode(Payload(1, "text", "id", 0, "x"))) < 64
