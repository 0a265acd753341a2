"""Attacks 38 to 43: members that break what they may touch, and load.

What a bent path does to a group is told in `tests/mls/test_commits.py` (38), and how many proposals are read at all
(40) in `tests/mls/test_messages.py`.
"""

import os
from collections.abc import Iterable

import msgspec
import pytest

from reactor_chat.e2ee.blobs import BLOB_BYTES_MAX, hash_of
from reactor_chat.e2ee.boundary import Arm, Block, Mark, Rekey, Reset
from reactor_chat.e2ee.states import State
from reactor_chat.errors import MlsError
from reactor_chat.mls.messages import PROPOSALS_PER_COMMIT_MAX, ExternalPsk, PreSharedKey, PreSharedKeyID
from reactor_chat.wire.codec import encode
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import BlobAnswer, Notice, Refused, Request, Said, SealCommit, SealCommitted
from tests.conftest import NIGHTLY
from tests.e2ee.mallory import by_hand, commit_as, group_of, sealed
from tests.e2ee.world import World


def world_of(seed: object, *names: str) -> World:
    world = World(seed, *(names or ("Ann", "Bob", "Mal")))
    world.seal_room("Ann")
    return world


def test_38_a_commit_that_nobody_can_follow_is_survived_by_beginning_anew_without_its_author() -> None:
    world = world_of(38)
    group = group_of(world, "Mal")
    evil = SealCommit(group.group_id, group.epoch, commit=b"\x00\x01 anything", id="evil")
    world.service.take("Mal", encode(evil))
    for name in ("Ann", "Bob"):
        world[name].say(f"canarybird of {name}")
    world.pass_time(20)
    for name in ("Ann", "Bob"):
        assert world[name].state() is State.ARMING
        assert "by Mal cannot be followed" in world[name].alarms
    world["Ann"].order(Block("Mal"))
    world["Ann"].order(Reset(ROOM))
    world.pass_time(30)
    assert world["Bob"].read == world["Ann"].read, world["Bob"].alarms
    assert sorted(world["Ann"].read) == ["canarybird of Ann", "canarybird of Bob"]
    assert world["Ann"].talk().names == {"ann", "bob"}
    assert not world.leaked


def test_38_one_who_cannot_follow_is_let_in_again_and_the_others_go_on() -> None:
    world = world_of(138)

    def bend(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealCommitted) and not notice.adds:
            notice = msgspec.structs.replace(notice, commit=(notice.commit or b"")[:-1] + b"\x00")
        return [notice]

    world.service.twist["bob"] = bend
    world["Ann"].order(Rekey(ROOM))
    world.pass_time(20)
    world["Mal"].say("canarybird for all")
    world.pass_time(10)
    assert world["Bob"].state() is State.SEALED
    assert [world[name].read for name in world.people] == [["canarybird for all"]] * 3


@pytest.mark.parametrize("generation", [1001, 2**31, 2**32 - 1])
def test_39_a_generation_far_ahead(generation: int) -> None:
    world = world_of(39)
    mal = group_of(world, "Mal")
    notice = Said(world.service.seq, 0, "Mal", sealed=sealed(mal, by_hand(mal, generation=generation)), id="x")
    world.service.tell("Bob", notice)
    world.settle()
    assert world["Bob"].shown[-1].mark is Mark.UNREADABLE
    assert world["Bob"].state() is State.SEALED


def test_40_a_thousand_proposals() -> None:
    world = world_of(40)
    many = [
        PreSharedKey(PreSharedKeyID(ExternalPsk(b"%d" % at), bytes(32))) for at in range(PROPOSALS_PER_COMMIT_MAX + 1)
    ]
    psks = {proposal.psk.psk: bytes(32) for proposal in many}
    with pytest.raises(MlsError):
        commit_as(world, "Mal", many, psks=psks)
    commit_as(world, "Mal", many[:200], psks=psks)
    world["Ann"].say("canarybird")
    world.pass_time(20)
    assert world["Ann"].state() is not State.SEALED, "proposals that nobody may make"
    assert not world.leaked


@pytest.mark.parametrize("count", [0, 1, 129, 10**9])
def test_41_a_blob_of_any_size_is_bounded_and_believed_only_by_its_hash(count: int) -> None:
    world = World(("blob", count), "Ann", "Bob")

    def large(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, BlobAnswer):
            notice = msgspec.structs.replace(notice, count=count, data=bytes(32 * 1024))
        return [notice]

    world.service.twist["bob"] = large
    world.seal_room("Ann")
    world["Ann"].say("canarybird")
    world.pass_time(10)
    assert world["Bob"].talk().group is None
    held = sum(len(piece) for one in world["Bob"].talk().blobs.coming.values() for piece in one._pieces.values())
    assert held <= BLOB_BYTES_MAX
    assert not world["Bob"].read
    assert not world.leaked


def test_41_a_welcome_of_four_megabytes_of_nothing() -> None:
    world = World("huge", "Ann", "Bob")
    nothing = bytes(BLOB_BYTES_MAX)
    pieces = [nothing[at : at + 32 * 1024] for at in range(0, len(nothing), 32 * 1024)]

    def huge(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealCommitted):
            world.service.blobs["evil", hash_of(nothing)] = pieces
            notice = msgspec.structs.replace(notice, welcome=hash_of(nothing))
        return [notice]

    world.service.twist["bob"] = huge
    world.seal_room("Ann")
    assert world["Bob"].talk().group is None
    assert "is not valid" in world["Bob"].alarms


def test_42_everybody_commits_at_once_and_all_arrive_at_the_same_place() -> None:
    people = 50 if os.environ.get(NIGHTLY) == "1" else 12
    names = [f"P{number}" for number in range(people)]
    world = World("storm", *names)
    world.seal_room("P0")
    made: list[Request] = []

    def count(_: str, request: Request) -> bool:
        made.append(request)
        return False

    world.service.swallow = count
    for name in names:
        world[name].order(Rekey(ROOM))
    for name in names:
        world[name].say(f"canarybird {name}")
    world.pass_time(60)
    assert len({group_of(world, name).epoch_authenticator for name in names}) == 1
    assert {len(world[name].read) for name in names} == {people}
    commits = sum(isinstance(request, SealCommit) for request in made)
    assert people <= commits <= people * people, "each of them loses to each other at most once"
    assert not world.leaked


def test_43_a_committer_whose_commits_are_never_taken_holds_what_is_typed_and_gives_up() -> None:
    world = world_of(43)
    tried: list[SealCommit] = []

    def starve(name: str, request: Request) -> bool:
        if name == "ann" and isinstance(request, SealCommit):
            tried.append(request)
            world.service.tell("Ann", Refused("stale_epoch", "stale_epoch", request.id))
            return True
        return False

    world.service.swallow = starve
    world["Ann"].order(Rekey(ROOM))
    for number in range(20):
        world["Ann"].say(f"canarybird {number}")
        world.pass_time(20)
    assert len(tried) <= 4
    assert len(world["Ann"].talk().lines.held) == 20
    assert not world.leaked
    world.service.swallow = lambda *_: False
    world["Bob"].order(Rekey(ROOM))
    world.pass_time(60)
    assert len(world["Bob"].read) == 20, "another's commit frees it"


def test_43_a_server_cannot_make_everybody_commit_for_ever() -> None:
    """Somebody who is shown nothing that holds asks a few times to be let in again, and then his person has to."""
    world = world_of(143)
    made: list[Request] = []

    def bend(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealCommitted):
            notice = msgspec.structs.replace(notice, commit=b"x", commit_blob=None, welcome=None)
        return [notice]

    def count(_: str, request: Request) -> bool:
        made.append(request)
        return False

    world.service.twist["bob"] = bend
    world.service.swallow = count
    world["Ann"].order(Rekey(ROOM))
    world["Bob"].say("canarybird")
    world.pass_time(600)
    assert sum(isinstance(request, SealCommit) for request in made) < 12
    assert not world.leaked
    world.service.twist.clear()
    world["Bob"].order(Arm(ROOM))
    world.pass_time(20)
    assert world["Ann"].read == ["canarybird"], world["Bob"].alarms
