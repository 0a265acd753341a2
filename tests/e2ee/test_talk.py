"""A conversation outlives the process: what was stored is what there is."""

from reactor_chat.e2ee.boundary import Rekey
from reactor_chat.e2ee.conversation import ROOM, Conversation
from reactor_chat.e2ee.states import State, Step
from reactor_chat.e2ee.store import MemoryStore, Table
from reactor_chat.e2ee.talk import Talk, digest
from reactor_chat.mls.increments import moving
from reactor_chat.wire.messages import Said, Say, Tell
from tests.e2ee.world import World


def test_everything_is_found_again() -> None:
    world = World("talk", "Ann", "Bob")
    world.seal_room("Ann")
    world["Ann"].disconnect()
    world["Ann"].say("held")
    talk, again = world["Ann"].talk(), Talk(ROOM, world["Ann"].store)
    assert again.record == talk.record
    assert again.group == talk.group
    assert again.people == talk.people
    assert again.held == talk.held
    assert again.chain.mark == talk.chain.mark
    assert not again.current, "that has to be found out anew"


def test_lines_keep_their_order_and_whether_they_are_secret() -> None:
    store = MemoryStore()
    talk = Talk(Conversation.pair("bob"), store)
    first = talk.number(Tell("Bob", "one", id="a"))
    talk.step(Step.ARM)
    second = talk.number(Tell("BOB", "two", id="b"))
    for line in (second, first):
        talk.hold(line)
    assert [line.id for line in Talk(talk.where, store).held.values()] == ["a", "b"]
    assert (first.is_secret, second.is_secret) == (False, True)
    assert (first.to, second.to) == ("Bob", "BOB")
    talk.release(first)
    assert list(Talk(talk.where, store).held) == [second.number]


def test_what_was_sealed_waits_for_its_echo_in_the_order_it_was_sealed() -> None:
    store = MemoryStore()
    talk = Talk(ROOM, store)
    for request_id in ("z", "a", "m"):
        talk.sealed(talk.number(Say("x", id=request_id)), 1, request_id.encode())
    talk.save()
    again = Talk(ROOM, store)
    assert list(again.outgoing) == ["z", "a", "m"]
    sent = again.settle("a")
    assert sent is not None
    assert sent.digest == digest(b"a")
    assert again.settle("a") is None


def test_what_waits_to_be_heard_is_kept_as_it_came() -> None:
    store = MemoryStore()
    talk = Talk(ROOM, store)
    notices = [Said(seq, 0, "Bob", sealed={"v": 1}, id="x") for seq in (3, 20, 100)]
    assert all(talk.queue(notice) for notice in notices)
    again = Talk(ROOM, store)
    assert [again.unqueue() for _ in notices] == notices
    assert not Talk(ROOM, store).backlog


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
