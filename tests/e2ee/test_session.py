"""A session from the outside: sealing, joining, leaving, and what is read by whom."""

from reactor_chat.e2ee.boundary import Accept, Arm, Disarm, Mark, Posture, Rekey, SetPassphrase, Verify
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.conversation import ROOM, Conversation
from tests.e2ee.world import World


def test_what_is_said_in_a_sealed_room_is_read_by_everybody_in_it_and_by_nobody_else() -> None:
    world = World(1, "Ann", "Bob", "Cid")
    world["Ann"].order(Arm(ROOM))
    world["Ann"].say("canarybird one")
    world.pass_time(5)
    assert world["Ann"].state() is State.SEALED
    assert world["Bob"].state() is State.SEALED
    world["Bob"].say("canarybird two")
    world.settle()
    for name in ("Ann", "Bob", "Cid"):
        assert world[name].read == ["canarybird one", "canarybird two"], world[name].alarms
    assert not world.leaked
    assert world["Bob"].session.posture(ROOM) is Posture.SEALED


def test_private_messages_are_sealed_without_an_order() -> None:
    world = World(2, "Ann", "Bob")
    world["Ann"].say("canarybird", Conversation.pair("Bob"))
    world.pass_time(5)
    assert world["Bob"].read == ["canarybird"]
    assert not world.leaked


def test_who_comes_later_asks_and_is_let_in_and_reads_from_then_on() -> None:
    world = World(3, "Ann", "Bob")
    world.seal_room("Ann")
    world["Bob"].say("canarybird before")
    world.settle()
    world.join("Cid")
    world.pass_time(10)
    world["Ann"].say("canarybird after")
    world["Cid"].say("canarybird mine")
    world.pass_time(5)
    assert world["Cid"].state() is State.SEALED
    assert world["Cid"].read == ["canarybird after", "canarybird mine"], world["Cid"].alarms
    assert world["Ann"].read == ["canarybird before", "canarybird after", "canarybird mine"]
    assert not world.leaked


def test_a_friend_who_is_away_reads_it_when_he_comes_back() -> None:
    world = World(4, "Ann", "Bob")
    world["Bob"].disconnect()
    pair = Conversation.pair("Bob")
    world["Ann"].say("canarybird one", pair)
    world["Ann"].say("canarybird two", pair)
    world.pass_time(5)
    world["Bob"].connect()
    world.pass_time(5)
    assert world["Bob"].read == ["canarybird one", "canarybird two"], world["Bob"].alarms
    world["Bob"].say("canarybird back", Conversation.pair("Ann"))
    world.pass_time(5)
    assert world["Ann"].read[-1] == "canarybird back"
    assert not world.leaked


def test_a_group_is_sealed_by_its_owner_and_who_is_kicked_reads_nothing_more() -> None:
    world = World(5, "Ann", "Bob", "Cid")
    world.service.make_group("team", "Ann", "Bob", "Cid")
    team = Conversation.group("team")
    world["Ann"].order(Arm(team))
    world.pass_time(5)
    world["Ann"].say("canarybird one", team)
    world["Bob"].say("canarybird two", team)
    world.pass_time(5)
    assert world["Cid"].read == ["canarybird one", "canarybird two"], world["Cid"].alarms
    world.service.change_group("team", "kicked", "Cid")
    world["Bob"].say("canarybird three", team)
    world.pass_time(5)
    assert world["Ann"].read[-1] == world["Bob"].read[-1] == "canarybird three", world["Bob"].alarms
    assert "cid" not in world["Ann"].talk(team).names
    assert not world.leaked


def test_a_passphrase_keeps_out_who_types_another_one() -> None:
    world = World(6, "Ann", "Bob", "Cid")
    world.seal_room("Ann", "correct horse")
    assert world["Bob"].state() is not State.SEALED
    world["Bob"].order(Arm(ROOM, "correct horse"))
    world["Cid"].order(Arm(ROOM, "wrong horse"))
    world.pass_time(10)
    world["Ann"].say("canarybird one")
    world["Bob"].say("canarybird two")
    world["Cid"].say("canarybird three")
    world.pass_time(5)
    assert world["Bob"].read == ["canarybird one", "canarybird two"], world["Bob"].alarms
    assert world["Cid"].read == []
    assert "passphrase" in world["Cid"].alarms
    world["Cid"].order(Arm(ROOM, "correct horse"))
    world.pass_time(10)
    assert world["Cid"].state() is State.SEALED, world["Cid"].alarms
    assert world["Ann"].read[-1] == "canarybird three"
    assert not world.leaked


def test_off_is_plain_again_for_who_said_so_and_on_seals_again() -> None:
    world = World(7, "Ann", "Bob")
    world.seal_room("Ann")
    world["Bob"].order(Disarm(ROOM))
    world["Bob"].say("in the open")
    world["Ann"].say("canarybird")
    world.settle()
    assert world["Bob"].read == ["canarybird"]
    assert world["Ann"].shown[0].mark is Mark.PLAIN
    world["Bob"].order(Arm(ROOM))
    world["Bob"].say("canarybird too")
    world.pass_time(5)
    assert world["Ann"].read == ["canarybird", "canarybird too"]
    assert not world.leaked


def test_lines_typed_at_once_by_all_are_all_read_in_one_order() -> None:
    world = World(8, "Ann", "Bob", "Cid", "Dan")
    world.seal_room("Ann")
    for name in world.people:
        for number in range(3):
            world[name].say(f"canarybirdbird {name} {number}")
    world["Bob"].order(Rekey(ROOM))
    for name in world.people:
        world[name].say(f"canarybirdbird {name} last")
    world.pass_time(10)
    reads = {tuple(person.read) for person in world.people.values()}
    assert len(reads) == 1, [person.alarms for person in world.people.values()]
    assert len(reads.pop()) == 16
    assert not world.leaked


def test_a_cut_in_the_middle_loses_nothing_and_doubles_nothing() -> None:
    world = World(9, "Ann", "Bob")
    world.seal_room("Ann")
    world["Ann"].disconnect()
    world["Ann"].say("canarybird while away")
    world["Bob"].order(Rekey(ROOM))
    world["Bob"].say("canarybird meanwhile")
    world.pass_time(5)
    world["Ann"].connect()
    world.pass_time(5)
    assert world["Ann"].read == world["Bob"].read == ["canarybird meanwhile", "canarybird while away"]
    world["Bob"].crash()
    world["Bob"].connect()
    world.pass_time(5)
    world["Bob"].say("canarybird after the crash")
    world.pass_time(5)
    assert world["Ann"].read[-1] == "canarybird after the crash", world["Bob"].alarms
    assert not world.leaked


def test_who_lost_everything_but_the_key_is_let_in_again() -> None:
    world = World(10, "Ann", "Bob")
    world.seal_room("Ann")
    lost = world["Bob"]
    lost.disconnect()
    lost.store = MemoryStore()
    lost.saved = ({}, 0)
    lost.start()
    lost.connect()
    world.pass_time(10)
    lost.say("canarybird again")
    world.pass_time(5)
    assert world["Ann"].read == ["canarybird again"], lost.alarms + world["Ann"].alarms
    assert not world.leaked


def test_the_room_goes_on_without_a_changed_key_until_one_person_accepts_it() -> None:
    world = World(11, "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    impostor = world["Bob"]
    impostor.disconnect()
    del world.service.accounts["bob"]
    for suite in (CLASSICAL, HYBRID):
        world.service.shelves.pop(("bob", suite))
    world.service.seals["room",].members.discard("bob")
    impostor.seed = bytes(32)
    impostor.store, impostor.saved = MemoryStore(), ({}, 0)
    impostor.start()
    impostor.connect()
    world.pass_time(10)
    world["Ann"].say("canarybird hidden from the new one")
    world.pass_time(5)
    assert "another key" in world["Ann"].alarms
    assert world["Ann"].session.posture(ROOM) is Posture.SEALED, "the others go on without him"
    assert impostor.read == []
    assert world["Cid"].read == ["canarybird hidden from the new one"]
    world["Ann"].order(Verify("bob"))
    world["Ann"].order(Accept("bob"))
    world.pass_time(60)
    world["Ann"].say("canarybird for all")
    world.pass_time(40)
    assert impostor.read == ["canarybird for all"], "one person's yes is enough to let him in"
    assert world["Cid"].read[-1] == "canarybird for all"
    assert not world.leaked


def test_a_reset_with_a_passphrase_begins_anew_for_who_knows_it() -> None:
    world = World(12, "Ann", "Bob", "Cid")
    world.seal_room("Ann")
    before = world["Ann"].talk().group
    world["Ann"].order(SetPassphrase(ROOM, "correct horse"))
    world["Bob"].say("canarybird of Bob")
    world.pass_time(10)
    world["Bob"].order(Arm(ROOM, "correct horse"))
    world.pass_time(10)
    world["Ann"].say("canarybird of Ann")
    world.pass_time(10)
    after = world["Ann"].talk().group
    assert before is not None
    assert after is not None
    assert after.group_id != before.group_id
    assert world["Bob"].read == ["canarybird of Bob", "canarybird of Ann"], world["Bob"].alarms
    assert not world["Cid"].read
    assert not world.leaked


def test_keys_are_renewed_after_a_day_and_after_many_messages() -> None:
    world = World(13, "Ann", "Bob")
    world["Ann"].settings = {"refresh_messages_max": 3}
    world["Ann"].crash()
    world["Ann"].connect()
    world.seal_room("Ann")
    for number in range(7):
        world["Ann"].say(f"canarybird {number}")
        world.settle()
    by_count = world["Bob"].talk().group
    assert by_count is not None
    assert by_count.epoch == 3, "one commit let Bob in, one after each three messages"
    world.pass_time(200_000)
    by_age = world["Bob"].talk().group
    assert by_age is not None
    assert by_age.epoch >= 6
    assert len(world["Bob"].read) == 7
