"""Attacks 17 to 28: messages bent, shown twice, left out, put in another order, or passed off as somebody's."""

from collections.abc import Callable, Iterable

import msgspec
import pytest

from reactor_chat.e2ee.boundary import Mark, Rekey
from reactor_chat.e2ee.states import State
from reactor_chat.errors import MlsError
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import Notice, Said, SealCommitted, SealsAnswer, Told
from tests.e2ee.mallory import by_hand, group_of, heard_sealed, in_the_open, opened, said, sealed, with_version
from tests.e2ee.world import World


def world_of(seed: object, *names: str) -> World:
    world = World(seed, *(names or ("Ann", "Bob", "Cid")))
    world.seal_room("Ann")
    return world


def show(world: World, name: str, sender: str, content: dict[str, object]) -> None:
    """Let the server show somebody, and nobody else, a sealed message."""
    world.service.tell(name, said(world, sender, content))
    world.settle()


def nothing_was_read(world: World, name: str) -> bool:
    return not world[name].read and world[name].shown[-1].mark is Mark.UNREADABLE


def holds_what_is_typed(world: World, name: str, where: Conversation = ROOM) -> None:
    """Somebody who saw that something is wrong sends nothing more."""
    before = len(heard_sealed(world))
    world[name].say("canarybird held", where)
    world.pass_time(20)
    assert len(heard_sealed(world)) == before
    assert world[name].state(where) is State.FROZEN
    assert not world.leaked


def test_17_a_flipped_bit_anywhere_in_a_message() -> None:
    world = world_of(17)
    group, reader = group_of(world, "Ann"), group_of(world, "Bob")
    message = group.protect(b"canarybird", world["Ann"].random, authenticated_data=bytes(49)).message
    for at in range(len(message)):
        bent = message[:at] + bytes((message[at] ^ (1 << at % 8),)) + message[at + 1 :]
        with pytest.raises(MlsError):
            reader.unprotect(bent)
    assert reader.unprotect(message).data == b"canarybird"


def test_17_a_flipped_bit_in_a_commit_is_followed_by_nobody_and_the_group_goes_on() -> None:
    world = world_of(117)

    def bend(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, SealCommitted) and notice.commit is not None and not notice.adds:
            middle = len(notice.commit) // 2
            bent = notice.commit[:middle] + bytes((notice.commit[middle] ^ 1,)) + notice.commit[middle + 1 :]
            notice = msgspec.structs.replace(notice, commit=bent)
        return [notice]

    world.service.twist["bob"] = bend
    world["Ann"].order(Rekey(ROOM))
    world["Bob"].say("canarybird of Bob")
    world.pass_time(30)
    assert "cannot be followed" in world["Bob"].alarms
    assert world["Bob"].state() is State.SEALED, "he was let in again"
    assert world["Ann"].read == ["canarybird of Bob"]
    assert not world.leaked


def test_18_a_message_shown_again_in_its_epoch_the_next_elsewhere_and_by_another_server() -> None:
    world, other = world_of(18), World("other", "Ann", "Bob", "Cid")
    other.seal_room("Ann")
    world["Ann"].say("canarybird once")
    world.settle()
    content = heard_sealed(world)[-1].sealed
    assert content is not None
    show(world, "Bob", "Ann", content)
    assert world["Bob"].read == ["canarybird once"]
    show(other, "Bob", "Ann", content)
    assert nothing_was_read(other, "Bob")
    elsewhere = Told(world.service.seq, 0, "Ann", "Bob", sealed=content, id="x")
    world.service.tell("Bob", elsewhere)
    world["Cid"].order(Rekey(ROOM))
    world.pass_time(5)
    show(world, "Bob", "Ann", content)
    assert world["Bob"].read == ["canarybird once"]
    assert not world.leaked


def test_19_two_messages_of_one_sender_in_another_order() -> None:
    world = world_of(19)
    world.service.twist["bob"] = _swapped([])
    world["Ann"].say("canarybird first")
    world["Ann"].say("canarybird second")
    world.settle()
    assert world["Bob"].read in ([], ["canarybird second"])
    assert "not delivered" in world["Bob"].alarms or world["Bob"].state() is State.FROZEN
    world.service.twist.clear()
    world["Ann"].say("canarybird third")
    world.settle()
    holds_what_is_typed(world, "Bob")


def test_19_two_messages_of_two_senders_in_another_order() -> None:
    world = world_of(119)
    world.service.twist["bob"] = _swapped([])
    world["Ann"].say("canarybird of Ann")
    world["Cid"].say("canarybird of Cid")
    world.settle()
    world.service.twist.clear()
    world["Ann"].say("canarybird later")
    world.settle()
    assert "a different history" in world["Bob"].alarms
    holds_what_is_typed(world, "Bob")


def _swapped(waiting: list[Said]) -> Callable[[Notice], Iterable[Notice]]:
    """Exchange the first two sealed messages, numbers and all."""

    def swap(notice: Notice) -> Iterable[Notice]:
        if not isinstance(notice, Said) or len(waiting) > 1:
            return [notice]
        waiting.append(notice)
        if len(waiting) == 1:
            return []
        first, second = waiting
        return [
            msgspec.structs.replace(second, seq=first.seq),
            msgspec.structs.replace(first, seq=second.seq),
        ]

    return swap


def test_20_one_message_left_out_is_missed() -> None:
    world = world_of(20)
    dropped: list[Notice] = []

    def drop(notice: Notice) -> Iterable[Notice]:
        if isinstance(notice, Said) and not dropped:
            dropped.append(notice)
            return []
        return [notice]

    world.service.twist["bob"] = drop
    world["Ann"].say("canarybird dropped")
    world["Ann"].say("canarybird two")
    world.settle()
    assert "1 message was not delivered by the server: from Ann" in world["Bob"].alarms
    world["Ann"].say("canarybird three")
    world.settle()
    holds_what_is_typed(world, "Bob")


def test_20_the_last_message_of_an_epoch_left_out_is_missed_by_the_commit_that_ends_it() -> None:
    world = world_of(120)
    world.service.twist["bob"] = lambda notice: [] if isinstance(notice, Said) else [notice]
    world["Ann"].say("canarybird dropped")
    world.settle()
    world.service.twist.clear()
    world["Ann"].order(Rekey(ROOM))
    world.pass_time(5)
    assert "a different history" in world["Bob"].alarms
    holds_what_is_typed(world, "Bob")


def test_20_a_commit_left_out() -> None:
    world = world_of(220)
    world.service.twist["bob"] = lambda notice: (
        [] if isinstance(notice, SealCommitted) and not notice.adds else [notice]
    )
    world["Ann"].order(Rekey(ROOM))
    world["Ann"].say("canarybird")
    world.pass_time(5)
    assert not world["Bob"].read
    world["Bob"].say("canarybird of Bob")
    world.pass_time(20)
    assert world["Ann"].read[-1] == "canarybird of Bob", "he was let in again, by a commit that lets in"
    assert not world.leaked


def test_21_two_members_kept_apart_notice_with_the_first_message_that_crosses() -> None:
    world = world_of(21, "Ann", "Bob")
    hidden = {"ann": "Bob", "bob": "Ann"}
    for name, other in hidden.items():
        world.service.twist[name] = lambda notice, other=other: (
            [] if isinstance(notice, Said) and notice.sender == other else [notice]
        )  # type: ignore[misc]
    world["Ann"].say("canarybird of Ann")
    world["Bob"].say("canarybird of Bob")
    world.settle()
    assert world["Ann"].read == ["canarybird of Ann"]
    world.service.twist.clear()
    world["Ann"].say("canarybird that crosses")
    world.settle()
    assert "a different history" in world["Bob"].alarms
    holds_what_is_typed(world, "Bob")


def test_22_a_server_that_went_back_in_time() -> None:
    world = world_of(22)
    world["Ann"].order(Rekey(ROOM))
    world.pass_time(5)
    bob = world["Bob"]
    bob.disconnect()
    world.service.seals["room",].epoch -= 1
    bob.connect()
    world.settle()
    assert "forgotten" in bob.alarms
    holds_what_is_typed(world, "Bob")


def test_22_history_shown_again_from_the_beginning() -> None:
    world = world_of(122)
    world["Ann"].say("canarybird")
    world["Ann"].order(Rekey(ROOM))
    world.pass_time(5)
    before = group_of(world, "Bob")
    for number, (notice, _) in enumerate(list(world.service.journal)):
        world.service.tell("Bob", msgspec.structs.replace(notice, seq=world.service.seq + number))
    world.settle()
    assert world["Bob"].read == ["canarybird"]
    assert group_of(world, "Bob") == before
    assert not world.leaked


def test_23_a_tampered_copy_first_and_the_genuine_one_second() -> None:
    world = world_of(23)
    group = group_of(world, "Bob")
    world["Ann"].say("canarybird genuine")
    genuine = opened(heard_sealed(world)[-1])
    bent = genuine[:-1] + bytes((genuine[-1] ^ 1,))
    with pytest.raises(MlsError):
        group.unprotect(bent)
    world.service.ready["bob"].clear()
    notice = heard_sealed(world)[-1]
    first = msgspec.structs.replace(notice, sealed=sealed(group, bent))
    for seq, one in ((notice.seq, first), (notice.seq + 1, notice)):
        world.service.tell("Bob", msgspec.structs.replace(one, seq=seq))
    world.settle()
    assert world["Bob"].read == ["canarybird genuine"]


def test_24_a_message_of_one_member_passed_off_as_anothers() -> None:
    world = world_of(24)
    world["Ann"].say("canarybird")
    notice = heard_sealed(world)[-1]
    world.service.ready["bob"].clear()
    world.service.tell("Bob", msgspec.structs.replace(notice, sender="Cid"))
    world.settle()
    assert nothing_was_read(world, "Bob")
    assert "not from who it says" in world["Bob"].shown[-1].remark


def test_25_application_data_in_the_open() -> None:
    world = world_of(25)
    ann = group_of(world, "Ann")
    show(world, "Bob", "Ann", sealed(ann, in_the_open(ann, b"hello")))
    assert nothing_was_read(world, "Bob")


@pytest.mark.parametrize("tail", [b"\x01", bytes(5) + b"\x80"])
def test_26_padding_that_is_not_zero(tail: bytes) -> None:
    world = world_of(26)
    ann = group_of(world, "Ann")
    show(world, "Bob", "Ann", sealed(ann, by_hand(ann, tail=tail)))
    assert nothing_was_read(world, "Bob")


BENT: dict[str, Callable[[bytes], bytes]] = {
    "a tail": lambda message: message + b"\x00",
    "cut short": lambda message: message[:-1],
    "a length in two bytes": lambda message: message[:4] + b"\x40" + message[4:5] + message[5:],
    "nothing": lambda message: message[:0],
}


@pytest.mark.parametrize("name", BENT)
def test_27_trailing_bytes_and_lengths_that_are_not_the_shortest(name: str) -> None:
    world = world_of(27)
    ann = group_of(world, "Ann")
    genuine = ann.protect(b"canarybird", world["Ann"].random, authenticated_data=bytes(49)).message
    show(world, "Bob", "Ann", sealed(ann, BENT[name](genuine)))
    assert nothing_was_read(world, "Bob")


@pytest.mark.parametrize("version", [0, 2, 0x0100, 0xFFFF])
def test_28_another_outer_version(version: int) -> None:
    world = world_of(28)
    ann = group_of(world, "Ann")
    genuine = ann.protect(b"canarybird", world["Ann"].random, authenticated_data=bytes(49)).message
    show(world, "Bob", "Ann", sealed(ann, with_version(genuine, version)))
    assert nothing_was_read(world, "Bob")


def test_an_answer_that_contradicts_what_was_shown() -> None:
    """A `seals` answer with a later epoch than any commit we were shown: we are let in again and nothing leaks."""
    world = world_of(29)

    def ahead(notice: Notice) -> Iterable[Notice]:
        return [msgspec.structs.replace(notice, epoch=99)] if isinstance(notice, SealsAnswer) else [notice]

    bob = world["Bob"]
    bob.disconnect()
    world.service.twist["bob"] = ahead
    bob.connect()
    world.settle()
    bob.say("canarybird")
    world.pass_time(20)
    assert "every change of keys" in bob.alarms
    assert not world.leaked
