"""What people are owed is paid in order and in bounds, whatever they do meanwhile."""

from reactor_chat.server.intake import HIGH_WATERMARK_BYTES
from reactor_chat.server.options.values import Rate
from reactor_chat.wire.messages import (
    Accepted,
    AskGroups,
    AskHistory,
    AskNames,
    Bye,
    Closing,
    GroupsAnswer,
    GroupSet,
    HistoryAnswer,
    Login,
    NamesAnswer,
    Ping,
    Pong,
    Quit,
    Said,
    Say,
    Welcome,
)
from tests.server.world import World


def test_who_resumes_and_quits_at_once_is_answered_first() -> None:
    world = World().start()
    world.enter("Ann").ask(Say("missed"))
    world.settle()
    bob = world.connect()
    bob.ask(Login("Bob", 1, after=1), Ping("1"), Say("mine", id="1"), AskNames(), Quit())
    world.settle()
    kinds = [type(notice) for notice in bob.heard[1:]]
    assert kinds == [Welcome, Said, Pong, Said, Accepted, NamesAnswer, Bye]


def test_who_resumes_and_ends_its_sending_side_is_answered_first() -> None:
    world = World().start()
    world.enter("Ann").ask(Say("missed"))
    world.settle()
    bob = world.connect()
    bob.ask(Login("Bob", 1, after=1), Say("mine", id="1"))
    bob.half_close()
    world.settle()
    assert bob.of(Accepted)
    assert [notice.text for notice in bob.of(Said)] == ["missed", "mine"]


def test_answers_to_a_clogged_wire_wait_and_none_is_lost() -> None:
    world = World(rate=None).start()
    ann = world.enter("Ann")
    for number in range(40):
        ann.ask(Say(f"{number}" + "x" * 16_000))
    world.settle()
    bob = world.enter("Bob")
    bob.wire.leaves_bytes_max = 20_000
    for number in range(60):
        bob.ask(AskHistory(3, id=f"{number}"))
    worst = 0
    while len(bob.of(HistoryAnswer)) < 60:
        world.pass_time(0.05)
        worst = max(worst, bob.wire.queued_bytes)
    assert [answer.re for answer in bob.of(HistoryAnswer)] == [f"{number}" for number in range(60)]
    assert worst < HIGH_WATERMARK_BYTES + 2 * 65_536


def test_who_is_sent_away_is_told_the_answers_that_were_held() -> None:
    world = World(rate=None).start()
    ann = world.enter("Ann")
    for number in range(40):
        ann.ask(Say(f"{number}" + "x" * 16_000))
    world.settle()
    bob = world.enter("Bob")
    bob.wire.leaves_bytes_max = 20_000
    bob.ask(*(AskHistory(3, id=f"{number}") for number in range(60)))
    world.turn(3)
    held = sum(len(peer.held) for peer in world.app.peers)
    told = len(bob.of(HistoryAnswer))
    assert held > 0
    world.app.overflowed(bob.wire)
    world.settle()
    assert len(bob.of(HistoryAnswer)) >= told + held
    assert isinstance(bob.heard[-1], Bye)


def test_a_list_longer_than_a_queue_may_be_is_paid_as_the_wire_takes_it() -> None:
    world = World(rate=None, failed_logins=Rate(1_000_000, 1)).start()
    owner = world.enter("Q" * 32)
    names = [f"{number:032}" for number in range(60)]
    for name in names:
        world.enter(name)
    victim = world.enter("Victim")
    for number in range(400):
        owner.ask(GroupSet(f"{number:032}", ["Victim", *names]))
        world.turn()
    world.settle()
    victim.wire.leaves_bytes_max = 50_000
    victim.ask(AskGroups(id="1"), Ping("after"))
    worst = 0
    while not victim.of(Pong):
        world.pass_time(0.05)
        worst = max(worst, victim.wire.queued_bytes)
    answers = victim.of(GroupsAnswer)
    assert sum(len(answer.groups) for answer in answers) == 400
    assert [answer.more for answer in answers] == [True] * (len(answers) - 1) + [False]
    assert worst < HIGH_WATERMARK_BYTES + 2 * 65_536


def test_who_catches_up_when_the_server_stops_is_told_what_was_accepted() -> None:
    world = World(rate=None).start()
    ann = world.enter("Ann")
    for number in range(600):
        ann.ask(Say(f"{number}".ljust(1_000, "x"), id=f"{number}"))
    world.settle()
    bob = world.connect()
    bob.wire.leaves_bytes_max = 9_000
    bob.ask(Login("Bob", 1, after=1))
    world.turn(3)
    world.app.shut_down(world.now)
    world.pass_time(3)
    world.settle()
    assert len(bob.of(Said)) == 600
    assert [type(notice) for notice in bob.heard[-2:]] == [Closing, Bye]


def test_what_was_received_before_the_end_is_served_whatever_the_rate() -> None:
    world = World(rate=Rate(10, 1)).start()
    ann, bob = world.enter("Ann"), world.enter("Bob")
    for number in range(200):
        ann.ask(Say(f"{number}"))
    world.turn(2)
    assert len(bob.of(Said)) < 20
    world.app.shut_down(world.now)
    world.pass_time(1.5)
    assert len(bob.of(Said)) == 200
    assert isinstance(bob.heard[-1], Bye)


def test_half_a_line_of_a_connection_that_broke_is_not_said() -> None:
    world = World().start()
    ann = world.enter("Ann")
    zed = world.connect_lines()
    zed.type("Zed")
    world.settle()
    zed.raw(b"I owe you 10")
    world.turn()
    world.lose(zed, "reset")
    world.settle()
    assert not ann.of(Said)


def test_a_login_that_came_in_time_does_not_time_out_while_it_waits() -> None:
    world = World(login_seconds_max=10).start()
    bob = world.connect()
    world.pass_time(9.9)
    bob.ask(Login("Bob", 1))
    world.settle()
    world.pass_time(30)
    assert bob.of(Welcome)
    assert not bob.of(Bye)
