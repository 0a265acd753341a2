"""A name given free by the operator: durable before anybody is told, and not at all where there is no space."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.errors import StorageError, StorageFull
from reactor_chat.server.operator.orders import Answer, Backup, Release
from reactor_chat.wire.messages import (
    Accepted,
    AskGroups,
    Bye,
    Exited,
    GroupChanged,
    GroupsAnswer,
    GroupSet,
    Hello,
    Login,
    Refused,
    Released,
    Say,
    Welcome,
)
from reactor_chat.wire.transcript import login_transcript
from tests.server.world import Person, TroubledJournal, World

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def enter(world: World, name: str, key: Ed25519PrivateKey, after: int | None = None) -> Person:
    person = world.connect()
    world.turn()
    hello = person.heard[0]
    assert isinstance(hello, Hello)
    public = key.public_key().public_bytes_raw()
    person.ask(Login(name, 1, public, key.sign(login_transcript(hello.nonce, name, public)), after))
    world.settle()
    return person


class Trouble:
    """Raises what it is told to, at every commit."""

    error: Exception | None = None

    def __call__(self, _: int) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture
def trouble() -> Trouble:
    return Trouble()


@pytest.fixture
def world(trouble: Trouble) -> World:
    return World(TroubledJournal(trouble)).start()


@pytest.mark.parametrize("groups", [0, 1, 20, 300])
def test_everybody_is_told_and_the_owner_is_gone(world: World, groups: int) -> None:
    ann, bob = enter(world, "Ann", KEY), world.enter("Bob")
    before = world.head
    ann.ask(*(GroupSet(f"g{number}", ["Bob"]) for number in range(groups)))
    world.settle()
    bob.new()
    assert world.order(Release("ANN")) == Answer(done=True, text="the name ANN is free")
    world.settle()
    assert [n.reason for n in ann.of(Bye)] == ["kicked"]
    heard = bob.of(GroupChanged, Exited, Released)
    assert isinstance(heard[-1], Released)
    assert heard[-1].name == "Ann"
    assert [n.change for n in bob.of(GroupChanged)] == ["left", "owner"] * groups
    assert not world.order(Release("Ann")).done
    taker = enter(world, "Ann", OTHER, after=before)
    assert taker.of(Welcome)
    assert [n.name for n in taker.of(Released)] == ["Ann"]
    taker.ask(AskGroups())
    world.turn()
    assert taker.of(GroupsAnswer) == [GroupsAnswer([])]
    old = enter(world, "Ann", KEY)
    assert [n.code for n in old.of(Refused)] == ["name_taken"]


@pytest.mark.parametrize("there", [True, False])
def test_without_space_the_owner_stays_the_owner(world: World, trouble: Trouble, *, there: bool) -> None:
    ann, bob = enter(world, "Ann", KEY), world.enter("Bob")
    if not there:
        world.lose(ann, "reset")
        world.settle()
    trouble.error = StorageFull("the disk is full")
    answer = world.order(Release("Ann"))
    assert answer == Answer(done=False, text="There is no space to record that Ann is free; it still has its owner")
    world.pass_time(5)
    trouble.error = None
    world.pass_time(5)
    assert not bob.of(Released), "it was refused, and does not happen later"
    ann = enter(world, "Ann", KEY)  # who was there was sent away for nothing, and can come back
    ann.ask(Say("still here", id="1"))
    world.settle()
    assert ann.of(Accepted)
    assert world.order(Release("Ann")).done
    world.settle()
    assert bob.of(Released)


def test_when_the_disk_fails_nobody_is_told(world: World, trouble: Trouble) -> None:
    ann, bob = enter(world, "Ann", KEY), world.enter("Bob")
    trouble.error = StorageError("the disk is gone")
    with pytest.raises(StorageError, match="gone"):
        world.order(Release("Ann"))
    assert not bob.of(Released, Exited)
    assert not ann.of(Bye)


@pytest.mark.parametrize("name", ["", "Bob", "Nobody", "\u212aim", "Ann\0", "A" * 100_000])
def test_names_that_nobody_owns(world: World, name: str) -> None:
    enter(world, "Kim", KEY)
    world.enter("Bob")
    head = world.head
    assert world.order(Release(name)) == Answer(done=False, text=f"nobody owns the name {name}")
    assert world.head == head


def test_what_is_in_memory_alone_has_no_backup(world: World, tmp_path: Path) -> None:
    assert not world.order(Backup(str(tmp_path / "copy"))).done
    assert list(tmp_path.iterdir()) == []
