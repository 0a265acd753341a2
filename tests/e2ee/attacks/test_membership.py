"""Attacks 1 to 9: who is in a group, against a server and members that lie about it."""

from collections.abc import Callable, Iterable

import msgspec
import pytest
from msgspec.structs import replace

from reactor_chat.e2ee.blobs import hash_of
from reactor_chat.e2ee.boundary import Arm
from reactor_chat.e2ee.identity import person_of
from reactor_chat.e2ee.membership.peer_keys import PeerKeys
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.states import State
from reactor_chat.mls.encoding.structs import MLS10, Lifetime
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.messages import KeyPackage, MLSMessage
from reactor_chat.mls.outcomes import ReceivedCommit
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import (
    KeysAnswer,
    Notice,
    PublishedKey,
    Released,
    SealAdd,
    SealCommit,
    SealCommitted,
    SealsAnswer,
)
from tests.e2ee.mallory import commit_as, group_of, package
from tests.e2ee.world import Person, World
from tests.mls.people import SeededEntropy


def world_of(seed: object, *names: str) -> World:
    world = World(seed, *(names or ("Ann", "Bob", "Mal")))
    world.seal_room("Ann")
    assert all(person.state() is State.SEALED for person in world.people.values())
    return world


def speaks_and_leaks_nothing(world: World, *names: str) -> None:
    """Everybody says something secret; none of it leaves a client in plain text."""
    for name in names or world.people:
        world[name].say(f"canarybird of {name}")
    world.pass_time(60)
    assert not world.leaked


def test_01_a_ghost_in_the_servers_list_of_members() -> None:
    world = world_of(1)

    def haunted(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealsAnswer):
            notice = msgspec.structs.replace(notice, members=[*notice.members, "Ghost"])
        return [notice]

    world.service.twist["bob"] = haunted
    world["Bob"].disconnect()
    world["Bob"].connect()
    world.settle()
    assert "ghost" not in world["Bob"].talk().names
    assert "Ghost" not in "".join(world["Bob"].part().status.lines())
    speaks_and_leaks_nothing(world)


def test_01_a_ghost_in_the_changes_beside_a_commit() -> None:
    world = world_of(101)

    def haunted(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealCommitted):
            notice = msgspec.structs.replace(
                notice, adds=[*notice.adds, SealAdd("Ghost", bytes(32))], welcome=bytes(32)
            )
        return [notice]

    world.service.twist["bob"] = haunted
    world.join("Cid")
    world.pass_time(10)
    assert world["Bob"].state() is State.FROZEN
    assert "not allowed" in world["Bob"].alarms
    speaks_and_leaks_nothing(world)


@pytest.mark.parametrize("message", [b"garbage", bytes(400)])
def test_02_a_commit_forged_without_a_key(message: bytes) -> None:
    world = world_of(2)
    group = group_of(world, "Bob")
    forged = SealCommitted(world.service.seq, 0, "Ann", group.group_id, group.epoch, commit=message, id="x")
    world.service.tell("Bob", forged)
    world.settle()
    assert world["Bob"].state() is State.ARMING, "it holds what is typed and asks to be let in again"
    assert "cannot be followed" in world["Bob"].alarms
    speaks_and_leaks_nothing(world)
    assert world["Bob"].state() is State.SEALED, "and is let in again by the others"


def test_02_a_commit_of_another_group_with_its_names_changed() -> None:
    world, other = world_of(2), World("other", "Ann", "Bob")
    other.seal_room("Ann")
    foreign = next(n for n, _ in other.service.journal if isinstance(n, SealCommitted))
    group = group_of(world, "Bob")
    forged = msgspec.structs.replace(
        foreign, seq=world.service.seq, group_id=group.group_id, epoch=group.epoch, adds=[], welcome=None
    )
    world.service.tell("Bob", forged)
    speaks_and_leaks_nothing(world)


def test_03_a_genuine_commit_that_lets_somebody_into_a_closed_group() -> None:
    world = World(3, "Ann", "Bob", "Cid", "Mal")
    world.service.make_group("team", "Ann", "Bob", "Cid")
    team = Conversation.group("team")
    world["Ann"].order(Arm(team))
    world.pass_time(5)
    world.service.groups["team"].append("mal")
    own = next(iter(_packages_of(world["Mal"])))
    commit_as(world, "Bob", [], adds=[("Mal", own)], where=team)
    world.settle()
    for name in ("Ann", "Cid"):
        assert world[name].state(team) is State.FROZEN
        assert "mal" not in world[name].talk(team).names
        world[name].say("canarybird", team)
    world.pass_time(60)
    assert not world["Mal"].read
    assert not world.leaked


def _packages_of(person: Person) -> Iterable[OwnKeyPackage]:
    shelf = person.world.service.shelves[person.name.lower(), HYBRID]
    for message in shelf.packages:
        own = person.session.desk.packages.find(reference_of(message))
        assert own is not None
        yield own


def _serve(world: World, to: str, name: str, own: OwnKeyPackage, account: bytes) -> None:
    """Let the server answer questions about somebody's keys with this package."""

    def lying(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, KeysAnswer):
            keys = [_published(name, own, account) if key.name.lower() == name.lower() else key for key in notice.keys]
            notice = msgspec.structs.replace(notice, keys=keys)
        return [notice]

    world.service.twist[to.lower()] = lying


def _published(name: str, own: OwnKeyPackage, account: bytes) -> PublishedKey:
    return PublishedKey(name, account, own.message, reference_of(own.message))


@pytest.mark.parametrize("account_of", ["bob", "ghost"])
def test_04_a_device_of_somebody_that_their_key_did_not_sign(account_of: str) -> None:
    """A ghost of Bob, whom we know: with his account key it does not fit, with its own that is another key."""
    world = world_of(4)
    ghost = package("Bob", bytes(32), SeededEntropy("ghost"))
    account = world["Bob"].session.desk.own_key if account_of == "bob" else ghost.package.leaf_node.signature_key
    _serve(world, "Ann", "bob", ghost, account)
    pair = Conversation.pair("bob")
    world["Ann"].say("canarybird", pair)
    world.pass_time(60)
    assert "bob" not in world["Ann"].talk(pair).names
    assert ("is not valid" if account_of == "bob" else "another key") in world["Ann"].alarms
    assert len(world["Ann"].talk(pair).lines.held) == 1
    assert not world.leaked


@pytest.mark.parametrize("says", ["Mal", "Bob"])
def test_05_somebody_elses_package_under_a_name(says: str) -> None:
    """Mal's package handed out as Bob's; and one that says Bob and is signed by Mal."""
    world = world_of(5)
    own = package(says, world["Mal"].seed, SeededEntropy("mal"))
    _serve(world, "Ann", "bob", own, world["Mal"].session.desk.own_key)
    pair = Conversation.pair("bob")
    world["Ann"].say("canarybird", pair)
    world.pass_time(60)
    assert "bob" not in world["Ann"].talk(pair).names
    assert not world.leaked
    assert len(world["Ann"].talk(pair).lines.held) == 1


def test_06_whose_name_was_taken_away_is_taken_out_and_reads_no_more() -> None:
    """There are no device certificates to revoke; the name itself can be, and its old holder keeps all his keys."""
    world = world_of(6)
    old = group_of(world, "Mal")
    world["Mal"].disconnect()
    world.service._record(Released(world.service.seq, 0, "Mal"), None)
    world["Ann"].say("canarybird after")
    world.pass_time(10)
    assert "mal" not in world["Ann"].talk().names
    assert world["Bob"].read[-1] == "canarybird after"
    later = [notice for notice, _ in world.service.journal if isinstance(notice, SealCommitted)][-1]
    assert later.removes == ["Mal"]
    assert later.commit is not None
    received = old.receive(later.commit)
    assert isinstance(received, ReceivedCommit)
    assert received.group is None
    assert not world.leaked


PACKAGES: dict[str, Callable[[KeyPackage], KeyPackage]] = {
    "another leaf": lambda p: replace(p, leaf_node=package("Bob", bytes(32), SeededEntropy("leaf")).package.leaf_node),
    "init is leaf": lambda p: replace(p, init_key=p.leaf_node.encryption_key),
    "another suite": lambda p: replace(p, cipher_suite=CLASSICAL),
    "signature": lambda p: replace(p, signature=bytes(64)),
}


@pytest.mark.parametrize("name", PACKAGES)
def test_07_packages_that_are_not_what_they_say(name: str) -> None:
    world = World(7, "Ann", "Bob")
    own = next(iter(_packages_of(world["Bob"])))
    bent = MLSMessage(MLS10, PACKAGES[name](own.package)).encode()
    desk = world["Ann"].session.desk
    published = PublishedKey("Bob", world["Bob"].session.desk.own_key, bent, reference_of(bent))
    assert PeerKeys(desk).checked(_published("Bob", own, world["Bob"].session.desk.own_key), HYBRID) is not None
    assert PeerKeys(desk).checked(published, HYBRID) is None


@pytest.mark.parametrize(("from_s", "until_s"), [(0, 10), (2**40, 2**41)])
def test_07_packages_whose_time_is_over_or_has_not_come(from_s: int, until_s: int) -> None:
    world = World(107, "Ann", "Bob")
    desk, bob = world["Ann"].session.desk, world["Bob"].session.desk
    own = OwnKeyPackage.generate(HYBRID, bob.identity, SeededEntropy("time"), lifetime=Lifetime(from_s, until_s))
    assert PeerKeys(desk).checked(_published("Bob", own, bob.own_key), HYBRID) is None


def test_07_a_package_that_was_used_up_is_handed_out_again() -> None:
    world = World(207, "Ann", "Bob")
    first = world.service.shelves["bob", HYBRID].packages[0]
    world.seal_room("Ann")
    world.service.shelves["bob", HYBRID].packages.appendleft(first)
    world["Ann"].say("canarybird", Conversation.pair("bob"))
    world.pass_time(60)
    assert "no longer here" in world["Bob"].alarms
    assert not world.leaked


def test_08_a_welcome_shown_again_changes_nothing() -> None:
    world = world_of(8)
    commit = next(notice for notice, _ in world.service.journal if isinstance(notice, SealCommitted))
    before = group_of(world, "Bob")
    world.service.tell("Bob", msgspec.structs.replace(commit, seq=world.service.seq))
    world.settle()
    assert group_of(world, "Bob") == before
    speaks_and_leaks_nothing(world)


@pytest.mark.parametrize("how", ["of somebody else", "bent", "bent and renamed"])
def test_08_a_welcome_that_is_not_the_one(how: str) -> None:
    world = World(108, "Ann", "Bob", "Mal")

    def bend(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealCommitted) and notice.welcome is not None:
            stored = next(p for (_, name), p in world.service.blobs.items() if name == notice.welcome)
            whole = b"".join(stored)
            other = b"not this one" if how == "of somebody else" else whole[:-9] + bytes((whole[-9] ^ 1,)) + whole[-8:]
            named = hash_of(other) if how == "bent and renamed" else notice.welcome
            world.service.blobs["evil", named] = [other]
            if how != "bent and renamed":
                for key in [key for key in world.service.blobs if key[1] == notice.welcome]:
                    world.service.blobs[key] = [other]
            notice = msgspec.structs.replace(notice, welcome=named)
        return [notice]

    world.service.twist["bob"] = bend
    world.seal_room("Ann")
    assert world["Bob"].state() is State.ARMING, "he was never let in, and what he types is held"
    assert "is not valid" in world["Bob"].alarms
    speaks_and_leaks_nothing(world, "Ann")
    assert not world["Bob"].read


def test_08_a_welcome_before_its_commit_was_accepted() -> None:
    """The server shows Bob a commit of Ann's that it never takes into the journal: Bob stands alone with it."""
    world = World(208, "Ann", "Bob", "Mal")
    taken: list[SealCommit] = []

    def keep(_: str, request: object) -> bool:
        if isinstance(request, SealCommit):
            taken.append(request)
        return isinstance(request, SealCommit)

    world.service.swallow = keep
    world["Ann"].order(Arm(ROOM))
    world["Ann"].say("canarybird held")
    world.pass_time(5)
    commit = taken[0]
    head = (world.service.seq, 0, "Ann", commit.group_id, commit.epoch)
    early = SealCommitted(*head, commit=commit.commit, adds=commit.adds, welcome=commit.welcome, id="x")
    world.service.tell("Bob", early)
    world.settle()
    world["Bob"].say("canarybird of Bob, whom nobody hears")
    world.pass_time(60)
    assert not world["Ann"].read
    assert not world.leaked


def test_09_the_members_that_are_shown_are_the_leaves_of_the_tree() -> None:
    world = world_of(9, "Ann", "Bob", "Cid")

    def look() -> None:
        for person in world.people.values():
            talk = person.talk()
            if talk.group is None:
                continue
            leaves = sorted(person_of(leaf).name for leaf in talk.group.members.values())
            line = next((line for line in person.part(talk.where).status.lines() if line.startswith("Members")), None)
            if line is not None:
                shown = sorted(part.split(" ")[0] for part in line.removeprefix("Members: ").split(", "))
                assert shown == leaves

    for person in world.people.values():
        person.after_commit = look
    world.join("Dan").after_commit = look
    world.pass_time(5)
    world["Dan"].say("canarybird")
    world["Bob"].disconnect()
    world["Cid"].disconnect()
    world.service._record(Released(world.service.seq, 0, "Cid"), None)
    world.pass_time(10)
    world["Bob"].connect()
    world.pass_time(10)
    look()
    assert "cid" not in world["Bob"].talk().names
    assert not world.leaked
