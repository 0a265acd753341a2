"""The machine's clock may jump: numbers never go back, times follow it, and everybody can still come and talk."""

import logging
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.chat.case import AHEAD_MS_MAX
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.records import Entered
from reactor_chat.wire.messages import (
    Accepted,
    AskHistory,
    Exited,
    Hello,
    HistoryAnswer,
    Joined,
    Login,
    Said,
    Say,
    Welcome,
)
from reactor_chat.wire.transcript import login_transcript
from tests.server.world import Person, World

HOUR, YEAR = 3_600_000, 365 * 86_400_000
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Jumping(World):
    """A world whose calendar is set by hand; the clock of its deadlines goes on as ever."""

    jump_ms = 0

    @property
    def unix_ms(self) -> int:
        return super().unix_ms + self.jump_ms


def enter_with_key(world: World, after: int | None = None) -> Person:
    person = world.connect()
    world.turn()
    (hello,) = person.of(Hello)
    assert isinstance(hello, Hello)
    key = KEY.public_key().public_bytes_raw()
    person.ask(Login("Ann", 1, key, KEY.sign(login_transcript(hello.nonce, "Ann", key)), after))
    world.turn()
    assert person.of(Welcome), person.heard
    return person


def numbered(person: Person) -> list[tuple[int, int]]:
    return [(notice.seq, notice.at) for notice in person.heard if isinstance(notice, Said | Joined | Exited)]


JUMPS = {
    "an hour back": [-HOUR],
    "a year on": [YEAR],
    "on and back": [YEAR, 0],
    "back and forth": [-HOUR, HOUR, -YEAR, 0, YEAR, -YEAR],
    "to the beginning of time": [-1_700_000_000_000],
}


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_jumps_reorders_nothing(jumps: list[int], *, restarts: bool) -> None:
    world = Jumping().start()
    watcher = world.enter("Watcher")
    ann = enter_with_key(world)
    story: list[tuple[int, int]] = []
    for number, jump_ms in enumerate([0, *jumps]):
        world.jump_ms = jump_ms
        if restarts:
            story += [pair for pair in numbered(watcher) if pair not in story]
            world = Jumping(world.journal)
            world.jump_ms = jump_ms
            watcher, ann = world.start().enter("Watcher", after=story[-1][0]), enter_with_key(world)
        ann.ask(Say(f"{number}", id=f"{number}"))
        world.pass_time(1)
        assert ann.of(Accepted)
        ann = enter_with_key(world, after=0)
        world.pass_time(1)
        texts = [said.text for said in ann.of(Said)]
        assert texts == [f"{n}" for n in range(number + 1)], "resuming finds all, in order"
    ann.ask(AskHistory())
    world.turn()
    (answer,) = ann.of(HistoryAnswer)
    assert [said.text for said in answer.messages] == texts
    story += [pair for pair in numbered(watcher) if pair not in story]
    assert [seq for seq, _ in story] == sorted({seq for seq, _ in story})
    steps_back = [before - after for (_, before), (_, after) in pairwise(story) if after < before]
    assert all(step > AHEAD_MS_MAX for step in steps_back), "a little ahead is waited for, and never more"
    assert abs(story[-1][1] - world.unix_ms) <= AHEAD_MS_MAX, "times follow the clock again"


@pytest.mark.parametrize(("ahead_ms", "follows"), [(AHEAD_MS_MAX, False), (AHEAD_MS_MAX + 1, True)])
def test_a_time_that_is_more_than_five_minutes_ahead_is_not_obeyed(
    ahead_ms: int, caplog: pytest.LogCaptureFixture, *, follows: bool
) -> None:
    world = Jumping().start()
    ann = world.enter("Ann")
    began_ms, world.jump_ms = world.unix_ms, ahead_ms
    ann.ask(Say("ahead"))
    world.turn()
    world.jump_ms = 0
    with caplog.at_level(logging.WARNING, "reactor_chat.server"):
        ann.ask(Say("now"), Say("and now"))
        world.turn()
    assert [said.at - began_ms for said in ann.of(Said)] == [ahead_ms, *([0, 0] if follows else [ahead_ms] * 2)]
    jumps = [line for line in caplog.messages if "clock" in line]
    assert len(jumps) == follows, "the jump is logged once"


def test_nobody_waits_longer_because_a_clock_was_wrong() -> None:
    state = ChatState()
    state.apply(Entered(1, YEAR, "Ann", None))
    for _ in range(4):
        state.patience.note("ask", "Ann", "room", YEAR)
    state.patience.spend("Ann", 2_000, YEAR)
    waits = state.patience.wait_ms("ask", "Ann", "room", YEAR), state.patience.work_wait_ms("Ann", 1, 512, YEAR)
    assert min(waits) > 0
    state.apply(Exited(2, HOUR, "Ann"))
    assert (
        state.patience.wait_ms("ask", "Ann", "room", HOUR),
        state.patience.work_wait_ms("Ann", 1, 512, HOUR),
    ) == waits


@pytest.mark.parametrize("jump_ms", [-HOUR, YEAR])
def test_deadlines_do_not_care_what_the_calendar_says(jump_ms: int) -> None:
    world = Jumping().start()
    silent, ann = world.connect(), world.enter("Ann")
    world.jump_ms = jump_ms
    world.pass_time(world.options.login_seconds_max - 1)
    assert not silent.wire.closed
    world.pass_time(2)
    assert silent.wire.closed
    assert not ann.wire.closed
    world.enter("Late")
