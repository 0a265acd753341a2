"""What is dear uses up a connection's rate sooner, nothing is lost for it, and a turn ends before it is long."""

import math
from itertools import pairwise

import pytest

from reactor_chat.chat.limits.costs import CHARGE_MAX, LOGIN_COST
from reactor_chat.chat.rules import DEAR_COST
from reactor_chat.server.connections.login_deadlines import EXPIRED_AT_ONCE_MAX
from reactor_chat.server.intake import NEWCOMERS_COST_MAX, NEWCOMERS_COST_PER_CONNECTION, TAKE_AT_ONCE, TURN_COST_MAX
from reactor_chat.server.options.values import Rate
from reactor_chat.wire.messages import (
    Accepted,
    AskHistory,
    GroupChanged,
    GroupSet,
    HistoryAnswer,
    Login,
    Ping,
    Pong,
    Say,
    Welcome,
)
from tests.server.world import World


@pytest.mark.parametrize(("asked", "answered"), [(15, 15), (16, 16), (17, 16)])  # taken at once
def test_pages_of_history_use_up_the_rate_sooner(asked: int, answered: int) -> None:
    world = World(rate=Rate(TAKE_AT_ONCE * DEAR_COST, 0.001)).start()
    ann = world.enter("Ann").ask(*(AskHistory(id=str(number)) for number in range(asked)))
    world.turn(5)
    assert len(ann.of(HistoryAnswer)) == answered
    world.pass_time(2 * TAKE_AT_ONCE * DEAR_COST / 0.001)
    assert len(ann.of(HistoryAnswer)) == asked, "and nothing of it is lost"


def test_who_founds_a_large_group_waits_for_it_but_not_for_long() -> None:
    world = World(rate=Rate(CHARGE_MAX + 1, 1)).start()
    members = [f"P{number}" for number in range(500)]
    for name in members:
        world.connect().ask(Login(name, 1))
    world.settle()
    ann = world.enter("Ann").ask(GroupSet("g", members, id="1"), Say("hello", id="2"), Say("again", id="3"))
    world.turn(3)
    assert len(ann.of(GroupChanged)) == 1
    world.pass_time(CHARGE_MAX + 10)
    assert len(ann.of(Accepted)) == 3


def test_blank_lines_use_up_the_rate_of_whoever_sends_them() -> None:
    world = World(rate=Rate(100, 1)).start()
    typist = world.connect_lines().type("Ann\n" + "\n" * 150 + "hello\n")
    world.turn(5)
    assert "hello" not in typist.shown
    world.pass_time(60)
    assert "[Ann:] hello" in typist.shown


def test_a_pasted_file_arrives_whole_and_nobody_else_waits() -> None:
    world = World(rate=Rate(100, 20)).start()
    ann, bob = world.enter("Ann"), world.enter("Bob")
    ann.ask(*(Say(f"line {number}") for number in range(3_000)))
    for _ in range(20):
        bob.ask(Ping())
        before = len(bob.of(Pong))
        world.turn()
        assert len(bob.of(Pong)) == before + 1
        world.now += 0.1
    world.pass_time(3_000 / 20)
    assert [n.text for n in bob.of(type(ann.heard[-1]))][-1] == "line 2999"  # type: ignore[union-attr]


def test_a_turn_takes_so_much_work_and_little_more() -> None:
    world = World(group_members_max=1_000).start()
    members = [f"P{number}" for number in range(400)]
    for name in members:
        world.connect().ask(Login(name, 1))
    world.settle()
    founders = world.people[:40]
    for number, person in enumerate(founders):
        person.ask(*(GroupSet(f"g{number}_{i}", members, id=str(i)) for i in range(2)))
    counts = [sum(len(person.of(Accepted)) for person in founders)]
    while counts[-1] < 80:
        world.turn()
        counts.append(sum(len(person.of(Accepted)) for person in founders))
        assert len(counts) < 1_000
    most = max(after - before for before, after in pairwise(counts))
    assert most <= (TURN_COST_MAX + 2_500) / (400 / 2)


def test_newcomers_take_a_share_of_a_turn_and_no_more() -> None:
    world = World().start()
    ann = world.enter("Ann")
    crowd = [world.connect().ask(Login(f"P{number}", 1)) for number in range(200)]
    at_once = math.ceil((NEWCOMERS_COST_MAX + NEWCOMERS_COST_PER_CONNECTION * 201) / LOGIN_COST)
    for turn in range(1, 10):
        ann.ask(Ping())
        world.turn()
        assert len(ann.of(Pong)) == turn
        assert sum(bool(person.of(Welcome)) for person in crowd) == turn * at_once
        assert not any(person.wire.paused for person in crowd)


def test_a_newcomer_that_sends_more_than_a_login_is_not_read_while_it_waits() -> None:
    world = World().start()
    crowd = [world.connect().ask(Login(f"P{number}", 1)) for number in range(200)]
    world.turn()
    last = crowd[-1].ask(*(Ping("x" * 32) for _ in range(100)))
    world.turn()
    assert [person.wire.paused for person in crowd] == [False] * 199 + [True]
    world.settle()
    assert len(last.of(Pong)) == 100


def test_those_who_are_late_together_are_closed_one_after_the_other() -> None:
    world = World(login_seconds_max=10).start()
    silent = [world.connect() for _ in range(2 * EXPIRED_AT_ONCE_MAX + 1)]
    world.now += 10
    for gone in (EXPIRED_AT_ONCE_MAX, 2 * EXPIRED_AT_ONCE_MAX, 2 * EXPIRED_AT_ONCE_MAX + 1):
        world.turn()
        assert sum(person.wire.closed for person in silent) == gone
        assert (world.app.deadline == world.now) == (gone < len(silent))
