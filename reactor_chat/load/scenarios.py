"""What the clients do, one function for each scenario; all of them end with the account of every message."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from reactor_chat.errors import LoadFailed, UsageError
from reactor_chat.load.audience import Audience, Pace
from reactor_chat.load.client_pool import Client, ClientPool
from reactor_chat.load.dialect import Chat, Role
from reactor_chat.load.exchange import GroupMember
from reactor_chat.load.latency import Histogram
from reactor_chat.load.marks import NUMBERS, Script
from reactor_chat.load.report import Deliveries

LOGIN_SECONDS_MAX = 120.0
"""For all clients together; then the load fails."""
SETTLE_SECONDS_MAX = 60.0
"""From the last login until everybody was told of everybody."""
LATE_SECONDS = 0.1
"""What comes within this time of the last delivery is a duplicate."""
DRAIN_SECONDS_MAX = 15.0
"""How long is waited for what was sent to arrive, once sending has ended."""
SPIN_SECONDS = 0.002
"""The kernel wakes us up to a millisecond late; what is due sooner than this is waited for awake."""
SPIN_INTERVAL_SECONDS = 2 * SPIN_SECONDS
"""At a quicker pace being awake would be all we do, and a late message is soon made up for."""


class Plan(NamedTuple):
    """What to do.

    Attributes:
        rate: messages a second in all; None: as many as keep `window` on their way.
        said_percent: of a mixed load, how much is said to everyone.
    """

    clients: int
    senders: int = 1
    members: int = 10
    window: int = 16
    rate: float | None = None
    said_percent: int = 10
    size: int = 64
    seconds: float = 3.0
    burst: int = 256


class Measure(NamedTuple):
    """Told when what is measured begins and ends."""

    begin: Callable[[], None]
    end: Callable[[], None]


class Counts(NamedTuple):
    """What has been sent, and what has come of it so far."""

    sent: int
    expected: int
    delivered: int
    duplicates: int
    out_of_order: int
    last_ns: int


def _nothing() -> None:
    """Do nothing."""


class ScenarioWork(NamedTuple):
    """What a scenario does while it is measured.

    Attributes:
        each_turn: sends what is to be sent.
        counts: gives the account so far.
        latency, completion: of each delivery, and until a message's last receiver had it.
        stop: called when no more is to be sent.
    """

    each_turn: Callable[[], None]
    counts: Callable[[], Counts]
    latency: Histogram
    completion: Histogram
    stop: Callable[[], None] = _nothing


def fanout(pool: ClientPool, plan: Plan, measure: Measure) -> Deliveries:
    """Some say things that all the others hear."""
    listeners = _enter(pool, "r", plan.clients, Role.LISTEN, plan)
    speakers = _enter(pool, "s", plan.senders, Role.SAY, plan)
    pool.until_quiet(SETTLE_SECONDS_MAX)
    latency, completion = Histogram(), Histogram()
    senders = [(client, _script(place, plan, pool.dialect.say)) for place, client in enumerate(speakers)]
    audience = Audience(senders, listeners, latency, completion)
    if plan.rate is not None:
        work = _paced(pool, Pace(plan.rate, audience.send_one, lambda: audience.sent - audience.completed))
    else:
        work = lambda: audience.keep_on_the_way(plan.window)  # noqa: E731  one of two ways to go on
    return _run(pool, plan.seconds, measure, ScenarioWork(work, lambda: _counts([audience]), latency, completion))


def groups(pool: ClientPool, plan: Plan, measure: Measure) -> Deliveries:
    """In each group one says things that all its members hear."""
    dialect = pool.dialect
    if not isinstance(dialect, Chat):
        raise UsageError("only our own server has groups; choose another scenario")
    if plan.rate is not None:
        raise UsageError("groups go as fast as --window allows; leave --rate out")
    people = _enter(pool, "g", plan.clients - plan.clients % plan.members, Role.TELL, plan)
    if not people:
        raise UsageError(f"a group of {plan.members} needs as many clients; raise --clients or lower --members")
    gatherings = [people[first : first + plan.members] for first in range(0, len(people), plan.members)]
    for place, (owner, *others) in enumerate(gatherings):
        owner.do(dialect.found(f"load{place}", [other.name for other in others]))
    pool.wait_for_all(LOGIN_SECONDS_MAX)
    pool.until_quiet(SETTLE_SECONDS_MAX)
    latency, completion = Histogram(), Histogram()
    audiences = []
    for place, (owner, *others) in enumerate(gatherings):
        script = _script(place, plan, partial(dialect.group_send, f"load{place}"))
        audiences.append(Audience([(owner, script)], others, latency, completion))

    def work() -> None:
        for audience in audiences:
            audience.keep_on_the_way(plan.window)

    return _run(pool, plan.seconds, measure, ScenarioWork(work, lambda: _counts(audiences), latency, completion))


def pairs(pool: ClientPool, plan: Plan, measure: Measure) -> Deliveries:
    """Clients two by two tell each other things, and answer what they are told."""
    if plan.rate is not None:
        raise UsageError("pairs go as fast as they answer; leave --rate out")
    people = _enter(pool, "p", max(2, plan.clients - plan.clients % 2), Role.TELL, plan)
    pool.until_quiet(SETTLE_SECONDS_MAX)
    latency = Histogram()
    is_over = False

    def reply(member: GroupMember, count: int) -> None:
        if count and not is_over:
            clients[member].send(member.script.take(count, time.monotonic_ns()))

    members = _couples(pool, people, plan, latency, reply)
    clients = dict(zip(members, people, strict=True))

    def begin() -> None:
        measure.begin()
        for member in members[::2]:
            clients[member].send(member.script.take(plan.window, time.monotonic_ns()))

    def end() -> None:
        nonlocal is_over
        is_over = True

    work = ScenarioWork(_nothing, lambda: _counts_of(members), latency, Histogram(), end)
    return _run(pool, plan.seconds, Measure(begin, measure.end), work)


def connect(pool: ClientPool, plan: Plan, measure: Measure) -> None:
    """Clients log in as fast as they are let in."""
    measure.begin()
    _enter(pool, "i", plan.clients, Role.LISTEN, plan)
    pool.until_quiet(SETTLE_SECONDS_MAX)
    measure.end()


def idle(pool: ClientPool, plan: Plan, measure: Measure) -> None:
    """Clients log in, and nothing more happens."""
    _enter(pool, "i", plan.clients, Role.LISTEN, plan)
    pool.until_quiet(SETTLE_SECONDS_MAX)
    measure.begin()
    pool.until(lambda: False, plan.seconds)
    measure.end()


def mixed(pool: ClientPool, plan: Plan, measure: Measure) -> Deliveries:
    """Most clients listen; some say things to everyone, or tell each other things, at a steady rate."""
    listeners = _enter(pool, "r", plan.clients, Role.LISTEN, plan)
    chatters = _enter(pool, "s", plan.senders + plan.senders % 2, Role.TELL, plan)
    pool.until_quiet(SETTLE_SECONDS_MAX)
    latency = Histogram()
    members = _couples(pool, chatters, plan, latency, lambda _member, _count: None)
    senders = [(client, _script(2 * len(chatters) + at, plan, pool.dialect.say)) for at, client in enumerate(chatters)]
    audience = Audience(senders, listeners, latency, Histogram())
    clients = list(zip(members, chatters, strict=True))
    turn = 0

    def send(stamp_ns: int) -> None:
        nonlocal turn
        turn += 1
        # Spread evenly, and over everybody: out of a hundred messages in a row so many are said.
        if turn * plan.said_percent // 100 > (turn - 1) * plan.said_percent // 100:
            audience.send_one(stamp_ns)
        else:
            member, client = clients[turn % len(clients)]
            client.send(member.script.take(1, stamp_ns))

    def count() -> Counts:
        said, told = _counts([audience]), _counts_of(members)
        return Counts(
            said.sent + told.sent,
            said.expected + told.expected,
            said.delivered + told.delivered,
            said.duplicates + told.duplicates,
            said.out_of_order + told.out_of_order,
            max(said.last_ns, told.last_ns),
        )

    pace = Pace(plan.rate or plan.senders, send, lambda: audience.sent - audience.completed)
    return _run(pool, plan.seconds, measure, ScenarioWork(_paced(pool, pace), count, latency, Histogram()))


# ---------------------------------------------------------------------------------------------------- parts of them


def _enter(pool: ClientPool, letter: str, count: int, part: Role, plan: Plan) -> list[Client]:
    return pool.enter([f"{letter}{number}" for number in range(count)], part, plan.burst, LOGIN_SECONDS_MAX)


def _script(place: int, plan: Plan, spoken: Callable[[bytes], bytes]) -> Script:
    if place >= len(NUMBERS):
        raise UsageError(f"at most {len(NUMBERS)} clients can send; choose fewer")
    return Script(place, plan.size, spoken)


def _couples(
    pool: ClientPool,
    people: Sequence[Client],
    plan: Plan,
    latency: Histogram,
    reply: Callable[[GroupMember, int], None],
) -> list[GroupMember]:
    """Let each two in a row exchange messages; returns them in the order of the people."""
    scripts = []
    for place, _ in enumerate(people):
        partner = people[place ^ 1].name
        scripts.append(_script(place, plan, partial(pool.dialect.tell, partner)))
    members = [GroupMember(script, scripts[place ^ 1], latency, reply) for place, script in enumerate(scripts)]
    for client, member in zip(people, members, strict=True):
        client.received = member.received
    return members


def _counts(audiences: Sequence[Audience]) -> Counts:
    return Counts(
        sum(audience.sent for audience in audiences),
        sum(audience.expected for audience in audiences),
        sum(audience.delivered for audience in audiences),
        sum(audience.duplicates for audience in audiences),
        sum(audience.out_of_order for audience in audiences),
        max(audience.last_ns for audience in audiences),
    )


def _counts_of(members: Sequence[GroupMember]) -> Counts:
    sent = sum(member.script.sent for member in members)
    return Counts(
        sent,
        sent,
        sum(member.delivered for member in members),
        sum(member.account.duplicates for member in members),
        sum(member.account.out_of_order for member in members),
        max(member.last_ns for member in members),
    )


def _paced(pool: ClientPool, pace: Pace) -> Callable[[], None]:
    """What to do each turn to keep a pace: send what is due, and wake up in time for the next."""
    loop = pool.loop

    def work() -> None:
        pace.catch_up()
        wait_s = pace.next_s - time.monotonic()
        if pace.interval_s < SPIN_INTERVAL_SECONDS:
            loop.timers.call_at(pace.next_s, _nothing)
        elif wait_s < SPIN_SECONDS:
            loop.run_soon()
        else:
            loop.timers.call_at(pace.next_s - SPIN_SECONDS, _nothing)

    return work


def _run(pool: ClientPool, seconds: float, measure: Measure, work: ScenarioWork) -> Deliveries:
    """Send for so many seconds, wait for what is on its way, and give the account."""
    is_sending = True

    def each_turn(_now: float) -> None:
        if is_sending:
            work.each_turn()

    pool.loop.before_flush(each_turn)
    begun_ns = time.monotonic_ns()
    measure.begin()
    pool.loop.run_soon()
    pool.until(lambda: False, seconds)
    is_sending = False
    work.stop()
    pool.until(lambda: _is_all_there(work.counts()), DRAIN_SECONDS_MAX)
    measure.end()
    last_ns = work.counts().last_ns
    if not last_ns:
        raise LoadFailed("nothing of what was sent came to anybody")
    pool.until(lambda: False, LATE_SECONDS)
    sent, expected, delivered, duplicates, out_of_order, _ = work.counts()
    took_s = (last_ns - begun_ns) / 1e9
    times_us = work.latency.summary(), work.completion.summary()
    return Deliveries(sent, expected, delivered, duplicates, out_of_order, took_s, *times_us)


def _is_all_there(counts: Counts) -> bool:
    return counts.delivered >= counts.expected
