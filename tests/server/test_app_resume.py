"""Who comes back hears everything that was missed, once and in order, while the chat goes on."""

import pytest

from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.wire.messages import (
    Accepted,
    AskHistory,
    Exited,
    GroupSaid,
    GroupSend,
    GroupSet,
    HistoryAnswer,
    Joined,
    Login,
    Numbered,
    Ping,
    Pong,
    Quit,
    Refused,
    Said,
    Say,
    Tell,
    Told,
    Welcome,
)
from tests.server.world import Person, World


def numbers(person: Person) -> list[int]:
    return person.seqs(Numbered)


@pytest.fixture
def world() -> World:
    return World().start()


def talk(world: World, speaker: Person, count: int, size: int = 1) -> None:
    """Have somebody say so many things of so many bytes."""
    for number in range(count):
        speaker.ask(Say(f"{number:08}".ljust(size, "x")))
        if number % 50 == 0:
            world.turn()
    world.settle()


@pytest.mark.parametrize("missed", [0, 1, 255, 256, 257, 512, 700])
def test_what_was_missed_comes_whole_and_in_order(world: World, missed: int) -> None:
    ann = world.enter("Ann")
    after = world.head
    talk(world, ann, missed)
    bob = world.enter("Bob", after=after)
    world.settle()
    assert [type(notice) for notice in bob.heard[1:2]] == [Welcome]
    assert numbers(bob) == list(range(after + 1, after + 1 + missed))
    ann.ask(Say("live"))
    world.turn()
    assert bob.heard[-1] == ann.heard[-1]


def test_traffic_goes_on_while_somebody_catches_up(world: World) -> None:
    ann, watcher = world.enter("Ann"), world.enter("Watcher")
    after = world.head
    talk(world, ann, 600)
    bob = world.connect()
    bob.wire.leaves_bytes_max = 9_000
    bob.ask(Login("Bob", 1, after=after), Ping("1"))
    for number in range(200):
        ann.ask(Say(f"meanwhile {number}"), Tell("Bob", f"psst {number}"))
        if number % 10 == 0:
            bob.ask(Say(f"mine {number}", id=f"{number}"), AskHistory(1), Ping(f"{number}"))
        world.turn()
    world.settle()
    private = {notice.seq for notice in ann.of(Told)}
    own = {notice.seq for notice in watcher.of(Joined) if notice.name == "Bob"}
    assert numbers(bob) == [*(seq for seq in range(after + 1, world.head + 1) if seq not in own)]
    assert private <= set(numbers(bob))
    assert len(bob.of(Accepted)) == 20
    assert [pong.data for pong in bob.of(Pong)] == ["1", *(str(n) for n in range(0, 200, 10))]
    for said, accepted in zip((n for n in bob.of(Said) if n.id), bob.of(Accepted), strict=True):
        assert bob.heard.index(said) < bob.heard.index(accepted), "accepted comes after its notice"


def test_nobody_who_catches_up_is_sent_more_than_it_takes(world: World) -> None:
    ann = world.enter("Ann")
    after = world.head
    talk(world, ann, 300, size=16_000)
    bob = world.connect()
    bob.wire.leaves_bytes_max = 200_000
    bob.ask(Login("Bob", 1, after=after))
    worst = 0
    for _ in range(100):
        world.turn()
        worst = max(worst, bob.wire.queued_bytes)
    assert len(numbers(bob)) == 300
    assert worst < 1_048_576, "beyond that the reactor calls a reader too slow"


def test_one_that_never_reads_costs_no_more_and_more_memory(world: World) -> None:
    ann = world.enter("Ann")
    talk(world, ann, 60, size=16_000)
    bob = world.connect()
    bob.wire.leaves_bytes_max = 0
    bob.ask(Login("Bob", 1, after=0))
    for _ in range(200):
        bob.ask(AskHistory(50))
        world.turn()
    peer = world.app._connections.by_wire[bob.wire]
    held_bytes = sum(len(peer.door.written(notice)) for notice in peer.held)
    assert bob.wire.queued_bytes + held_bytes < 1_048_576


def test_a_pipeline_of_long_answers_does_not_make_a_reader_too_slow(world: World) -> None:
    ann = world.enter("Ann")
    talk(world, ann, 60, size=16_000)
    bob = world.enter("Bob")
    bob.wire.leaves_bytes_max = 300_000
    bob.ask(*(AskHistory(50, id=f"{number}") for number in range(100)))
    worst = 0
    for _ in range(400):
        world.turn()
        worst = max(worst, bob.wire.queued_bytes)
        world.now += 0.02
    assert [answer.re for answer in bob.of(HistoryAnswer)] == [str(number) for number in range(100)]
    assert worst < 1_048_576


@pytest.mark.parametrize("beyond", [1, 1_000, 2**53 - 2])
def test_a_number_that_was_never_given_is_a_gap(world: World, beyond: int) -> None:
    world.enter("Ann")
    bob = world.connect().ask(Login("Bob", 1, after=min(world.head + 1 + beyond, 2**53 - 1)), Say("hi"))
    world.settle()
    welcome, gap, joined, said = bob.heard[1:]
    assert isinstance(welcome, Welcome)
    assert isinstance(gap, Refused)
    assert (gap.code, gap.re, gap.seq) == ("gap", None, 0)
    assert isinstance(joined, Joined), "what there is comes"
    assert isinstance(said, Said)


def test_what_is_not_kept_any_more_is_a_gap() -> None:
    world = World(MemoryJournal(rows_max=50)).start()
    ann = world.enter("Ann")
    talk(world, ann, 300)
    oldest = world.journal.oldest
    assert oldest > 2
    for after, gap in ((0, True), (oldest - 2, True), (oldest - 1, False), (oldest, False)):
        bob = world.enter("Bob", after=after)
        world.settle()
        assert [n.code for n in bob.of(Refused)] == ["gap"] * gap
        assert numbers(bob) == ([] if gap else sorted(set(numbers(bob)) & set(range(after + 1, world.head))))
        bob.ask(Quit())
        world.turn()


def test_one_is_told_of_groups_as_they_were_when_one_was_in_them(world: World) -> None:
    ann, bob = world.enter("Ann"), world.enter("Bob")
    after = world.head
    ann.ask(GroupSet("g", ["Bob"]), GroupSend("g", "for Bob"), GroupSet("h", []), GroupSend("h", "not for Bob"))
    world.turn()
    heard = numbers(bob)
    assert len(heard) == 2
    world.lose(bob, "reset")
    world.turn()
    again = world.enter("Bob", after=after)
    world.settle()
    assert not again.of(GroupSaid), "a guest's groups end with the guest"


def test_somebody_who_catches_up_and_leaves_is_forgotten(world: World) -> None:
    ann = world.enter("Ann")
    talk(world, ann, 600)
    bob = world.connect()
    bob.wire.leaves_bytes_max = 10
    bob.ask(Login("Bob", 1, after=0))
    world.turn(3)
    world.lose(bob, "reset")
    world.pass_time(5)
    assert not world.app._catch_up._behind
    assert world.app.deadline is None
    assert ann.of(Exited)


def test_somebody_who_catches_up_while_the_server_stops_can_go_on_later(world: World) -> None:
    ann = world.enter("Ann")
    talk(world, ann, 600)
    bob = world.connect()
    bob.wire.leaves_bytes_max = 5_000
    bob.ask(Login("Bob", 1, after=0))
    world.turn(3)
    world.app.shut_down(world.now)
    world.settle()
    heard = numbers(bob)
    assert heard == sorted(set(heard))
    again = World(world.journal).start()
    bob_again = again.enter("Bob", after=heard[-1])
    again.settle()
    assert [*heard, *numbers(bob_again)] == sorted({*heard, *numbers(bob_again)})
    assert {n.seq for n in ann.of(Said)} <= {*heard, *numbers(bob_again)}
