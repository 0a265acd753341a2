"""Commits in the journal: what people are told of them, and what is given up when one cannot be followed."""

from reactor_chat.e2ee.boundary import Arm, Rekey
from reactor_chat.e2ee.state.sync import LOSSES_MAX
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import Table
from reactor_chat.wire.conversation import ROOM, Conversation
from tests.e2ee.world import World


def world_of(seed: object) -> World:
    world = World(seed, "Ann", "Bob")
    world.seal_room("Ann")
    return world


def test_everybody_is_told_who_was_let_in_by_whom() -> None:
    world = world_of("told")
    world.join("Cid")
    world.pass_time(5)
    assert "You let Cid read the room (new key, not verified)" in world["Ann"].alarms
    assert "Ann let Cid read the room (new key, not verified)" in world["Bob"].alarms
    assert "Ann let you into the room. Readers: Ann, Bob" in world["Cid"].alarms


def test_a_pair_is_told_of_one_another_without_a_list_of_readers() -> None:
    world = World("pair", "Ann", "Bob")
    world["Ann"].order(Arm(Conversation.pair("bob")))
    world.pass_time(5)
    assert "Ann turned on encryption in your chat" in world["Bob"].alarms
    assert "Your chat with Ann is now encrypted" in world["Bob"].alarms
    assert "You let Bob read your chat (new key, not verified)" in world["Ann"].alarms


def test_all_are_in_one_epoch_with_one_chain_after_every_commit() -> None:
    world = world_of("epochs")
    for name in ("Ann", "Bob", "Ann"):
        world[name].order(Rekey(ROOM))
        world.pass_time(2)
        groups = [person.talk().group for person in world.people.values()]
        assert len({group.epoch_authenticator for group in groups if group is not None}) == 1
        assert len({person.talk().transcript.mark.now for person in world.people.values()}) == 1


def test_who_loses_the_thread_gives_the_old_keys_up() -> None:
    world = world_of("lost")
    bob = world["Bob"]
    bob.part().setbacks.lose("a test")
    assert bob.state() is State.ARMING
    assert bob.talk().group is None
    assert not list(bob.store.rows(Table.RATCHET))
    for _ in range(LOSSES_MAX + 1):
        bob.part().setbacks.lose("a test")
    assert bob.talk().sync.has_asked, "enough"
    assert "too often" in "".join(note.text for note in bob.session.take().notes)


def test_freezing_holds_what_is_on_and_only_tells_where_it_is_off() -> None:
    world = World("freeze", "Ann", "Bob")
    desk = world["Ann"].session.desk
    world["Ann"].part().setbacks.freeze("a test")
    assert world["Ann"].state() is State.PLAIN
    pair = Conversation.pair("bob")
    world["Ann"].order(Arm(pair))
    world["Ann"].part(pair).setbacks.freeze("a test")
    assert world["Ann"].state(pair) is State.FROZEN
    assert desk.talk(pair).record.reason == "a test"


def test_our_own_commit_comes_back_after_a_crash_and_is_known() -> None:
    world = world_of("own")
    world["Bob"].order(Rekey(ROOM))
    world["Bob"].crash()
    world["Bob"].connect()
    world.pass_time(5)
    world["Bob"].say("canarybird")
    world.pass_time(2)
    assert world["Ann"].read == ["canarybird"], world["Bob"].alarms
    assert world["Bob"].state() is State.SEALED
