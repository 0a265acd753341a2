"""Who is in is for people to decide: lists that nobody signed, groups that look like ours, owners that nobody named."""

import msgspec
import pytest

from reactor_chat.e2ee import member_list
from reactor_chat.e2ee.blobs import hash_of, pieces
from reactor_chat.e2ee.boundary import Arm, Held, HeldAction, Let, Rekey
from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.member_list import Member
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.terms import common_name, extension_of, make_terms, terms_of
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import Extension
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage, read_key_package
from reactor_chat.mls.messages import Add, GroupContextExtensions
from reactor_chat.mls.suites import HYBRID
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import (
    Accepted,
    GroupAdd,
    GroupChanged,
    GroupDelete,
    GroupKick,
    GroupLeave,
    GroupSet,
    SealAdd,
    SealCommitted,
    SealCreated,
)
from tests.e2ee.mallory import commit_as, group_of, package, texts_opened
from tests.e2ee.service import No
from tests.e2ee.world import World
from tests.mls.people import SeededEntropy

TEAM = Conversation.group("team")


def team_of(seed: object, *names: str) -> World:
    world = World(seed, "Ann", "Bob", "Cid", "Mal")
    world.seal_room("Ann")
    world.service.make_group("team", *(names or ("Ann", "Bob", "Cid")))
    world.pass_time(5)
    return world


def lost(world: World, name: str, where: Conversation) -> None:
    """Let somebody be unable to follow, and nobody who could help hear of it."""
    group = group_of(world, name, where)
    world.service.swallow = lambda _, request: type(request).__name__ == "SealAsk"
    head = (world.service.seq, 0, "Ann", group.group_id, group.epoch)
    world.service.tell(name, SealCommitted(*head, group=where.group_name, commit=b"no commit", id="x"))
    world.settle()
    assert world[name].state(where) is State.ARMING


class Forged:
    """A group of somebody's own making that looks like another, and a victim let into it."""

    def __init__(
        self, world: World, author: OwnKeyPackage, group_id: bytes, extensions: tuple[Extension, ...], epochs: int = 0
    ) -> None:
        self.world = world
        self.random = SeededEntropy("forged")
        self.group = Group.create(author, group_id, self.random, extensions)
        for _ in range(epochs):
            self.group = self.group.update(self.random, options=CommitOptions(include_received=False)).group

    def let_in(self, victim: str, others: tuple[str, ...], where: Conversation, sender: str) -> None:
        """Add the victim and, for show, others by the packages that they published."""
        service, epoch = self.world.service, self.group.epoch
        packages = {name: service.shelves[name.lower(), HYBRID].packages[0] for name in (victim, *others)}
        adds = [Add(read_key_package(one, now=1_700_000_000)) for one in packages.values()]
        made = self.group.commit(self.random, adds, psks={}, options=CommitOptions(include_received=False))
        assert made.welcome is not None
        for piece in pieces(made.welcome, lambda: "m"):
            service.blobs.setdefault(("mal", piece.hash), []).append(piece.data)
        added = [SealAdd(name, reference_of(one)) for name, one in packages.items()]
        self.group = made.group
        head = (service.seq + 1, 0, sender, made.group.group_id, epoch)
        notice = SealCommitted(
            *head, None, where.group_name, made.message, None, added, [], hash_of(made.welcome), "forged"
        )
        service.tell(victim, notice)
        for sealing in service.seals.values():
            if sealing.group_id == made.group.group_id:
                sealing.epoch = epoch + 1
        self.world.pass_time(10)

    def reads(self) -> list[str]:
        """Return what whoever made the group opens of all that was sent."""
        return texts_opened(self.world, self.group)


def own_package(world: World, name: str) -> OwnKeyPackage:
    person = world[name]
    return OwnKeyPackage.generate(HYBRID, person.session.desk.identity, person.random)


def list_signed_by(world: World, signer: str, owner: Person, people: list[Person], number: int) -> Extension:
    key = world[signer].session.desk.identity.signing_key
    return member_list.extension_of(member_list.make(common_name(TEAM, "x"), number, owner, people, key))


@pytest.mark.parametrize("signer", ["Bob", "Mal"])
def test_a_member_puts_a_stranger_on_the_list_and_signs_it_himself(signer: str) -> None:
    world = team_of(("signed", signer))
    group = group_of(world, "Bob", TEAM)
    people = [entry.person for entry in member_list.members_of(group).members]
    people.append(Person("Mal", world["Mal"].session.desk.own_key))
    ann = Person("Ann", world["Ann"].session.desk.own_key)
    forged = list_signed_by(world, signer, ann, people, 2**52)
    change = GroupContextExtensions((extension_of(terms_of(group)), forged))
    world.service.groups["team"].append("mal")
    commit_as(world, "Bob", [change], adds=[("Mal", own_package(world, "Mal"))], where=TEAM)
    world.pass_time(5)
    for name in ("Ann", "Cid"):
        assert world[name].state(TEAM) is State.FROZEN
        world[name].say("canarybird", TEAM)
    world.pass_time(5)
    assert not world["Mal"].read
    assert not world.leaked


def test_a_stranger_lets_somebody_into_a_group_with_the_real_list() -> None:
    world = team_of("stranger")
    real = group_of(world, "Bob", TEAM)
    lost(world, "Bob", TEAM)
    world["Bob"].say("canarybird", TEAM)
    forged = Forged(world, own_package(world, "Mal"), real.group_id, real.context.extensions, real.epoch + 1)
    forged.let_in("Bob", ("Ann", "Cid"), TEAM, "Mal")
    assert not forged.reads()
    assert world["Bob"].state(TEAM) is not State.SEALED


def test_a_stranger_lets_somebody_into_a_group_with_a_list_of_her_own() -> None:
    world = team_of("own list")
    real = group_of(world, "Bob", TEAM)
    lost(world, "Bob", TEAM)
    world["Bob"].say("canarybird", TEAM)
    people = [Person(name, world[name].session.desk.own_key) for name in ("Mal", "Bob")]
    extensions = (extension_of(terms_of(real)), list_signed_by(world, "Mal", people[0], people, 2**52))
    forged = Forged(world, own_package(world, "Mal"), real.group_id, extensions, real.epoch + 1)
    forged.let_in("Bob", (), TEAM, "Mal")
    assert not forged.reads()
    assert world["Bob"].state(TEAM) is not State.SEALED


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_stranger_founds_the_group_in_its_owners_name(is_announced: bool) -> None:  # noqa: FBT001  parametrised
    """Bob knows Ann's key and that she created the group; a leaf that says `Ann` and has another key is not hers."""
    world = World(("founds", is_announced), "Ann", "Bob", "Mal")
    world.seal_room("Ann")
    service = world.service
    if is_announced:
        service.tell("Bob", GroupChanged(service.seq, 0, "team", "created", "Ann", members=["Ann", "Bob"]))
    world["Bob"].say("canarybird", TEAM)
    ann = package("Ann", world["Mal"].seed, SeededEntropy("ann"))
    fake = Person("Ann", world["Mal"].session.desk.own_key)
    bob = Person("Bob", world["Bob"].session.desk.own_key)
    terms = msgspec.structs.replace(
        terms_of(group_of(world, "Ann")),
        conversation=common_name(TEAM, "bob"),
        creator="ann",
        require=True,
        closed=True,
    )
    extensions = (extension_of(terms), list_signed_by(world, "Mal", fake, [fake, bob], 1))
    forged = Forged(world, ann, bytes(32), extensions)
    head = (service.seq, 0, "Ann", bytes(32), HYBRID)
    service.tell("Bob", SealCreated(*head, terms.salt, None, "team", None, True, None, "x"))
    world.settle()
    forged.let_in("Bob", (), TEAM, "Ann")
    assert not forged.reads()
    assert world["Bob"].state(TEAM) is not State.SEALED


def test_a_stranger_lets_somebody_into_the_room_again() -> None:
    world = World("room again", "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    world.service.swallow = lambda _, request: type(request).__name__ in ("SealAsk", "SealCommit")
    world.join("Mal")
    real = group_of(world, "Bob")
    lost(world, "Bob", ROOM)
    world["Bob"].say("canarybird")
    forged = Forged(world, own_package(world, "Mal"), real.group_id, real.context.extensions, real.epoch + 1)
    forged.let_in("Bob", ("Ann", "Cid"), ROOM, "Mal")
    assert not forged.reads()


def test_a_member_opens_a_closed_room_for_whom_she_lets_in_again() -> None:
    world = World("closed", "Ann", "Bob", "Cid")
    world["Ann"].order(Arm(ROOM, is_closed=True))
    world.pass_time(10)
    real = group_of(world, "Bob")
    assert terms_of(real).closed
    lost(world, "Bob", ROOM)
    world["Bob"].say("canarybird")
    extensions = (extension_of(msgspec.structs.replace(terms_of(real), closed=False)),)
    forged = Forged(world, own_package(world, "Cid"), real.group_id, extensions, real.epoch + 1)
    forged.let_in("Bob", ("Ann",), ROOM, "Cid")
    assert not forged.reads()
    assert world["Bob"].state() is not State.SEALED


def test_an_older_list_does_not_bring_back_who_was_kicked() -> None:
    world = team_of("older")
    before = group_of(world, "Bob", TEAM)
    world.service.change_group("team", "kicked", "Cid")
    world.pass_time(5)
    assert world["Bob"].talk(TEAM).names == {"ann", "bob"}
    lost(world, "Bob", TEAM)
    world["Bob"].say("canarybird", TEAM)
    forged = Forged(world, own_package(world, "Cid"), before.group_id, before.context.extensions, before.epoch + 2)
    forged.let_in("Bob", ("Ann",), TEAM, "Cid")
    assert not forged.reads()
    assert world["Bob"].state(TEAM) is not State.SEALED


def test_who_is_not_on_the_list_is_not_let_in_whatever_is_asked_in_their_name() -> None:
    world = team_of("asked")
    world.service.groups["team"].append("mal")
    for _ in range(3):
        world.service.ask_in_the_name_of("Mal", TEAM)
        world.pass_time(20)
    assert all(world[name].talk(TEAM).names == {"ann", "bob", "cid"} for name in ("Ann", "Bob", "Cid"))
    world["Ann"].say("canarybird", TEAM)
    world.pass_time(5)
    assert world["Bob"].read[-1] == "canarybird"
    assert not world["Mal"].read


def test_the_owner_adds_and_kicks_and_everybody_follows_the_list() -> None:
    world = team_of("changes")
    world.service.change_group("team", "added", "Mal")
    world.pass_time(5)
    world["Ann"].say("canarybird with Mal", TEAM)
    world.pass_time(5)
    assert world["Mal"].read == ["canarybird with Mal"]
    world.service.change_group("team", "kicked", "Mal")
    world.pass_time(5)
    world["Bob"].say("canarybird without", TEAM)
    world.pass_time(5)
    assert world["Mal"].read == ["canarybird with Mal"]
    assert world["Cid"].read[-1] == "canarybird without"


def test_a_closed_room_has_whom_its_owner_lets_in() -> None:
    world = World("closed room", "Ann", "Bob")
    world["Ann"].order(Arm(ROOM, is_closed=True))
    world.pass_time(10)
    assert "These people can read the room beside you: bob" in world["Ann"].alarms
    world.join("Cid")
    world["Cid"].say("canarybird of Cid")
    world["Ann"].say("canarybird of Ann")
    world.pass_time(10)
    assert world["Ann"].talk().names == {"ann", "bob"}
    assert not world.leaked
    world["Ann"].order(Let(("Cid",), is_in=True))
    world.pass_time(10)
    assert world["Ann"].read[-1] == "canarybird of Cid"
    world["Ann"].order(Let(("Cid",), is_in=False))
    world.pass_time(10)
    world["Bob"].say("canarybird later")
    world.pass_time(10)
    assert "canarybird later" not in world["Cid"].read
    assert world["Ann"].read[-1] == "canarybird later"


def test_an_owner_who_leaves_signs_the_list_over_and_the_next_one_keeps_it() -> None:
    world = team_of("heir")
    world.service.change_group("team", "left", "Ann")
    world.pass_time(10)
    assert world["Bob"].talk(TEAM).names == world["Cid"].talk(TEAM).names == {"bob", "cid"}
    world.service.change_group("team", "added", "Mal")
    world.pass_time(10)
    world["Cid"].say("canarybird among the three", TEAM)
    world.pass_time(5)
    assert world["Mal"].read == world["Bob"].read == ["canarybird among the three"]
    assert not world.leaked


def test_where_the_owner_is_gone_nobody_inherits_but_by_everybodys_own_decision() -> None:
    world = team_of("gone")
    world["Ann"].disconnect()
    world.service.pass_on("team", "Bob")
    world.pass_time(5)
    assert world["Cid"].talk(TEAM).record.owner == Member("Ann", world["Ann"].session.desk.own_key)
    world["Bob"].order(Arm(TEAM, names=("Cid",)))
    world.pass_time(10)
    assert world["Cid"].state(TEAM) is State.FROZEN
    world["Cid"].say("canarybird held until Cid agrees", TEAM)
    world["Cid"].order(Arm(TEAM))
    world.pass_time(10)
    assert world["Cid"].talk(TEAM).names == {"bob", "cid"}
    world["Cid"].order(Held(HeldAction.SEND))
    world.pass_time(5)
    assert world["Bob"].read == ["canarybird held until Cid agrees"]


def test_whose_name_was_given_free_and_who_comes_back_is_let_in_again() -> None:
    world = World("released, same key", "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    world.service.release("Bob")
    world["Bob"].disconnect()
    world.pass_time(60)
    world["Bob"].connect()
    world.pass_time(60)
    world["Ann"].say("canarybird after")
    world.pass_time(60)
    assert world["Bob"].read == ["canarybird after"]


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_line_for_one_group_does_not_leave_for_anothers_of_the_same_name(is_deleted: bool) -> None:  # noqa: FBT001
    world = World(("again", is_deleted), "Ann", "Bob", "Mal")
    world.seal_room("Ann")
    world["Ann"].disconnect()
    service = world.service
    service.make_group("team", "Ann", "Bob")
    world.pass_time(3)
    world["Bob"].say("canarybird for Ann's group", TEAM)
    if is_deleted:
        service._record(GroupChanged(service.seq, 0, "team", "deleted", "Ann"), {"bob"})
    service.make_group("team", "Mal", "Bob")
    world.pass_time(20)
    assert not world["Mal"].read
    assert len(world["Bob"].talk(TEAM).lines.held) == 1
    assert not world.leaked


def test_nothing_of_the_owners_is_sent_while_a_kicked_member_can_read_it() -> None:
    """The server takes no commit: the kicked member stays in the tree, and the owner's lines stay here."""
    world = team_of("refuses")
    world.service.swallow = lambda _, request: type(request).__name__ == "SealCommit"
    world.service.change_group("team", "kicked", "Cid")
    world.pass_time(5)
    world["Ann"].disconnect()
    world["Ann"].connect()
    before = len(world.service.sealed)
    world["Ann"].say("canarybird after the kick", TEAM)
    world.pass_time(120)
    assert len(world.service.sealed) == before
    world.service.swallow = lambda *_: False
    world["Ann"].disconnect()
    world["Ann"].connect()
    world.pass_time(30)
    assert world["Bob"].read[-1] == "canarybird after the kick"
    assert "canarybird after the kick" not in world["Cid"].read


def test_a_refused_change_of_members_lets_no_line_of_the_owner_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    world = team_of("refused")

    def refuse(*_: object) -> None:
        raise No("not_allowed")

    monkeypatch.setattr(world.service, "_commit", refuse)
    world.service.change_group("team", "kicked", "Cid")
    world.pass_time(120)
    before = len(world.service.sealed)
    world["Ann"].say("canarybird after the kick", TEAM)
    world.pass_time(60)
    assert len(world.service.sealed) == before
    assert world["Ann"].session.held_count == 1


def test_who_is_kicked_before_the_groups_creation_was_answered_is_not_in_it() -> None:
    world = World("early", "Ann", "Bob", "Cid", "Dan")
    ann, service = world["Ann"], world.service
    service.groups["team"] = ["ann", "bob", "cid", "dan"]
    orders = (
        GroupSet("team", ["Bob", "Cid"], id="s"),
        GroupKick("team", "Cid", id="k"),
        GroupAdd("team", ["Dan"], id="a"),
    )
    for order in orders:
        ann.do(lambda order=order: ann.session.did(order, world.now))  # type: ignore[misc]
    for order in orders:
        service.tell("Ann", Accepted(order.id or "", service.seq))
    world.pass_time(20)
    assert ann.talk(TEAM).names == {"ann", "bob", "dan"}


@pytest.mark.parametrize("kind", [GroupLeave, GroupDelete])
def test_what_was_held_for_a_group_of_ours_is_for_no_other(kind: type[GroupLeave] | type[GroupDelete]) -> None:
    world = team_of(("own", kind.__name__), "Ann", "Bob")
    ann, service = world["Ann"], world.service
    service.swallow = lambda _, request: type(request).__name__ in ("SealCommit", "SealAsk")
    ann.order(Rekey(TEAM))
    ann.say("canarybird for our own", TEAM)
    ann.do(lambda: ann.session.did(kind("team", id="d"), world.now))
    service.tell("Ann", Accepted("d", service.seq))
    world.settle()
    service.swallow = lambda *_: False
    service.seals = {place: seal for place, seal in service.seals.items() if place[0] != "group"}
    service.make_group("team", "Mal", "Ann")
    world.pass_time(30)
    assert not world["Mal"].read


def test_what_is_typed_for_a_group_that_is_gone_is_for_no_later_one() -> None:
    world = World("typed after", "Ann", "Bob", "Mal")
    world.seal_room("Ann")
    world["Ann"].disconnect()
    world.service.make_group("team", "Ann", "Bob")
    world.pass_time(3)
    world.service._record(GroupChanged(world.service.seq, 0, "team", "deleted", "Ann"), {"bob"})
    world.settle()
    world["Bob"].say("canarybird to nobody", TEAM)
    world.service.make_group("team", "Mal", "Bob")
    world.pass_time(20)
    assert not world["Mal"].read
    assert len(world["Bob"].talk(TEAM).lines.held) == 1


def test_a_member_who_is_kicked_and_added_again_at_once_is_in() -> None:
    """The notice of the kick arrives behind the order to add: it changes no list."""
    world = team_of("quickly")
    ann, service = world["Ann"], world.service
    late: list[GroupChanged] = []
    service.twist["ann"] = lambda notice: late.append(notice) or [] if isinstance(notice, GroupChanged) else [notice]  # type: ignore[func-returns-value]
    service.change_group("team", "kicked", "Cid")
    service.change_group("team", "added", "Cid")
    service.twist.clear()
    for notice in late:
        service.tell("Ann", notice)
    world.pass_time(30)
    assert ann.talk(TEAM).names == {"ann", "bob", "cid"}
    world["Bob"].say("canarybird", TEAM)
    world.pass_time(5)
    assert world["Cid"].read[-1] == "canarybird"


def test_a_list_that_was_signed_and_never_accepted_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    world = team_of("outsigned")

    def refuse(*_: object) -> None:
        raise No("not_allowed")

    monkeypatch.setattr(world.service, "_commit", refuse)
    world.service.change_group("team", "added", "Mal")
    world.pass_time(20)
    signed = world["Ann"].talk(TEAM).record.signed_number
    world.service.change_group("team", "kicked", "Mal")
    monkeypatch.undo()
    world["Ann"].disconnect()
    world["Ann"].connect()
    world.pass_time(30)
    assert member_list.members_of(group_of(world, "Bob", TEAM)).number > signed
    assert world["Bob"].talk(TEAM).names == {"ann", "bob", "cid"}


def test_an_invitation_binds_its_makers_key_in_groups_too() -> None:
    world = World("invited", "Bob", "Mal")
    bob, service = world["Bob"], world.service
    bob.session.desk.trust.introduce("Ann", bytes(32), 1)
    service.tell("Bob", GroupChanged(service.seq, 0, "team", "created", "Ann", members=["Ann", "Bob"]))
    bob.say("canarybird", TEAM)
    ann = package("Ann", world["Mal"].seed, SeededEntropy("ann"))
    people = [Person("Ann", world["Mal"].session.desk.own_key), Person("Bob", bob.session.desk.own_key)]
    terms = make_terms(TEAM, "Ann", bytes(32), None)
    extensions = (extension_of(terms), list_signed_by(world, "Mal", people[0], people, 1))
    head = (service.seq + 1, 0, "Ann", bytes(32), HYBRID)
    service._record(SealCreated(*head, bytes(32), None, "team", None, True, None, "x"), {"bob"})
    world.settle()
    forged = Forged(world, ann, bytes(32), extensions)
    forged.let_in("Bob", (), TEAM, "Ann")
    assert not forged.reads()
    assert bob.state(TEAM) is not State.SEALED
