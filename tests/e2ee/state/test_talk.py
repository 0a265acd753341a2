"""A conversation outlives the process: what was stored is what there is."""

from reactor_chat.e2ee.boundary import Rekey
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import Table
from reactor_chat.mls.increments import moving
from reactor_chat.wire.conversation import ROOM
from tests.e2ee.world import World


def test_everything_is_found_again() -> None:
    world = World("talk", "Ann", "Bob")
    world.seal_room("Ann")
    world["Ann"].disconnect()
    world["Ann"].say("held")
    talk, again = world["Ann"].talk(), Talk(ROOM, "ann", world["Ann"].store)
    assert again.record == talk.record
    assert again.group == talk.group
    assert again.people == talk.people
    assert again.lines.held == talk.lines.held
    assert again.transcript.mark == talk.transcript.mark
    assert not again.sync.current, "that has to be found out anew"


def test_leaving_forgets_every_secret_of_the_group() -> None:
    world = World("leave", "Ann", "Bob")
    world.seal_room("Ann")
    talk = world["Ann"].talk()
    talk.leave()
    assert talk.group is None
    for table in (Table.GROUP, Table.RATCHET, Table.CHAIN, Table.PENDING):
        assert not list(world["Ann"].store.rows(table)), table


def test_a_group_that_cannot_be_read_is_none_and_we_are_let_in_again() -> None:
    world = World("broken", "Ann", "Bob")
    world.seal_room("Ann")
    bob = world["Bob"]
    bob.store.put(Table.GROUP, ROOM.key, b"rubbish")
    bob.store.commit()
    bob.crash()
    assert bob.state() is State.ARMING
    bob.say("canarybird")
    bob.connect()
    world.pass_time(10)
    assert world["Ann"].read == ["canarybird"], bob.alarms
    assert not world.leaked


def test_a_new_epoch_leaves_no_row_of_the_old_one() -> None:
    world = World("rows", "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    for name in world.people:
        world[name].say("canarybird")
    world["Cid"].order(Rekey(ROOM))
    world.pass_time(5)
    talk = world["Bob"].talk()
    assert talk.group is not None
    rows = {key.removeprefix(ROOM.key): row for key, row in world["Bob"].store.rows(Table.RATCHET)}
    assert rows == moving(talk.group)
