"""What members may do: the rules that MLS leaves to us, one by one."""

import pytest

from reactor_chat.e2ee.boundary import Arm
from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.membership.policy import check_members, judge, package_reference
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.states import State
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.messages import Add, GroupContextExtensions, Remove
from reactor_chat.wire.codec import encode
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import SealCommit
from tests.e2ee.mallory import commit_as, group_of, package
from tests.e2ee.world import World
from tests.mls.people import SeededEntropy

TEAM = Conversation.group("team")


def team_of(seed: object) -> World:
    world = World(seed, "Ann", "Bob", "Cid")
    world.service.make_group("team", "Ann", "Bob", "Cid")
    world["Ann"].order(Arm(TEAM))
    world.pass_time(5)
    return world


def test_a_reference_is_the_hash_of_what_was_published() -> None:
    own = package("Ann", bytes(32), SeededEntropy("reference"))
    assert package_reference(own.package) == reference_of(own.message)


def test_in_a_closed_group_a_member_may_let_back_in_whom_he_takes_out() -> None:
    world = team_of("back")
    world["Cid"].talk(TEAM).leave()
    world["Cid"].store.commit()
    world["Cid"].crash()
    world["Ann"].disconnect()
    world["Cid"].connect()
    world.pass_time(20)
    assert world["Cid"].state(TEAM) is State.SEALED, world["Bob"].alarms
    world["Ann"].connect()
    world["Cid"].say("canarybird", TEAM)
    world.pass_time(10)
    assert world["Ann"].read == ["canarybird"], world["Ann"].alarms


def test_nobody_may_change_the_terms() -> None:
    world = team_of("terms")
    group = group_of(world, "Bob", TEAM)
    commit_as(world, "Bob", [GroupContextExtensions(group.context.extensions)], where=TEAM)
    world.settle()
    assert world["Ann"].state(TEAM) is world["Cid"].state(TEAM) is State.FROZEN


def test_a_member_who_takes_somebody_out_against_the_list_is_not_followed() -> None:
    world = team_of("against")
    leaf = next(leaf for leaf, one in world["Bob"].talk(TEAM).people.items() if one.name == "Cid")
    commit_as(world, "Bob", [Remove(leaf)], removes=["Cid"], where=TEAM)
    world.settle()
    assert world["Ann"].state(TEAM) is State.FROZEN
    assert world["Cid"].state(TEAM) is State.ARMING


def test_in_the_room_a_member_may_take_somebody_out_and_everybody_is_told_by_whom() -> None:
    world = World("out", "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    leaf = next(leaf for leaf, one in world["Bob"].talk().people.items() if one.name == "Cid")
    commit_as(world, "Bob", [Remove(leaf)], removes=["Cid"])
    world.settle()
    assert "Bob took Cid out of the room: Cid can no longer read it" in world["Ann"].alarms
    assert "Bob took you out" in world["Cid"].alarms
    assert world["Cid"].state() is State.ARMING


def test_a_commit_that_takes_out_another_than_the_server_tells() -> None:
    world = team_of("told")
    leaf = next(leaf for leaf, one in world["Bob"].talk(TEAM).people.items() if one.name == "Cid")
    commit_as(world, "Bob", [Remove(leaf)], removes=["Ann"], where=TEAM)
    world.settle()
    assert world["Ann"].state(TEAM) is State.FROZEN


def test_a_third_one_in_a_pair() -> None:
    world = World("third", "Ann", "Bob", "Mal")
    pair = Conversation.pair("bob")
    world["Ann"].say("canarybird", pair)
    world.pass_time(5)
    own = package("Mal", world["Mal"].seed, SeededEntropy("mal"))
    group = group_of(world, "Ann", pair)
    pending = group.commit(world["Ann"].random, [Add(own.package)], options=CommitOptions())
    desk = world["Ann"].session.desk
    agreed = world["Ann"].part(pair).rules.agreed
    for wrong in (agreed._replace(me=Person("Bob", desk.own_key)), agreed._replace(me=Person("Ann", bytes(32)))):
        with pytest.raises(MlsRefused):
            check_members(group, wrong)
    with pytest.raises(MlsRefused):
        check_members(pending.group, agreed)
    with pytest.raises(MlsRefused):
        judge(group, pending.group, [Add(own.package)], desk.own_person, agreed)
    with pytest.raises(MlsRefused):
        check_members(group, agreed._replace(other_key=bytes(32)))
    check_members(group, agreed)


def test_a_proposal_in_the_place_of_a_commit() -> None:
    world = World("proposal", "Ann", "Bob")
    world.seal_room("Ann")
    group = group_of(world, "Bob")
    message = group.propose_update(world["Bob"].random).message
    request = SealCommit(group.group_id, group.epoch, commit=message, id="evil")
    world.service.take("Bob", encode(request))
    world.settle()
    assert world["Ann"].state() is State.ARMING
    assert world["Ann"].talk(ROOM).group is None


def test_a_commit_that_the_server_passes_off_as_somebody_elses() -> None:
    world = team_of("passed off")
    group = group_of(world, "Bob", TEAM)
    mark = world["Bob"].talk(TEAM).transcript.mark.encode()
    options = CommitOptions(authenticated_data=mark, include_received=False)
    message = group.update(world["Bob"].random, options=options).message
    request = SealCommit(group.group_id, group.epoch, TEAM.with_, TEAM.group_name, message, id="evil")
    world.service.take("Cid", encode(request))
    world.settle()
    assert world["Ann"].state(TEAM) is State.FROZEN
