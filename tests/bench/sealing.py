"""What sealing costs the people who do it, from the typed line to the committed store: `python -m tests.bench.sealing`.

- A message: a session's whole work for a line of 100 bytes in a sealed room of ten, less its work for a plain one, at
  the sender (typed, sealed, stored) and at each reader (decoded, opened, checked, stored).
- Turning it on in a room of 100: what the one who orders it computes, from the order until the commit that lets all
  others in has left, and what the slowest of the others computes until it can read.  The others work at the same time,
  on machines of their own, so the two are added; what the service does between them is printed beside it.
- Coming back: one client takes 10,000 sealed messages in.

The store is the one in memory; a disk is added by the client's own benchmarks.
"""

import os
import time
from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.e2ee.boundary import Arm
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import Table
from reactor_chat.wire.codec import decode_notice
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import Notice, Said, Say, SealCommitted
from tests.bench.mls import line
from tests.e2ee.world import Person, World

TEXT = "x" * 100
MESSAGES = 2_000
AWAY = 10_000
REPEATS = 5


def room(people: int, *, is_sealed: bool, seed: str) -> World:
    """Return a room where nobody's keys are renewed by themselves."""
    world = World(seed)
    for number in range(people):
        name = f"P{number}"
        person = world.people[name] = Person(world, name)
        person.settings = {"refresh_messages_max": 10**9, "refresh_seconds_max": 1e9}
        person.start()
        person.random = os.urandom  # type: ignore[assignment]
        person.session.desk.random = os.urandom
        person.connect()
    world.settle()
    if is_sealed:
        world.seal_room("P0")
        assert all(person.state() is State.SEALED for person in world.people.values())
    return world


def seconds(step: Callable[[], object]) -> float:
    """Return how much of the processor's time a step takes; nothing in it waits, so on an idle machine that is all."""
    start = time.process_time()
    step()
    return time.process_time() - start


def sending(world: World, count: int) -> float:
    """Return the seconds that a sender's session needs for so many lines, echoes left out."""
    person = world["P0"]
    requests = [Say(TEXT, id=f"b{number}") for number in range(count)]

    def send() -> None:
        for request in requests:
            person.session.said(request, world.now)
            person.session.take()
            person.store.commit()

    return seconds(send)


def reading(world: World, notices: list[Notice], name: str = "P1") -> float:
    """Return the seconds that a reader's session needs for these notices."""
    person = world[name]

    def read() -> None:
        for notice in notices:
            person.session.noticed(notice, world.now)
            person.session.take()
            person.store.commit()

    return seconds(read)


def said_by(world: World, count: int) -> list[Notice]:
    """Let the first person say so many lines; return what the others are told, not yet delivered."""
    for number in range(count):
        world["P0"].say(f"{number:0100d}")
    return [decode_notice(payload) for payload in world.service.ready["p1"]][-count:]


def report_messages() -> list[str]:
    """Measure one message at both ends."""
    sender = reader = 1.0
    for number in range(REPEATS):
        plain, sealed = (room(10, is_sealed=on, seed=f"messages {number} {on}") for on in (False, True))
        plain["P1"].say("first")
        sender = min(sender, sending(sealed, MESSAGES) / MESSAGES - sending(plain, MESSAGES) / MESSAGES)
        plain, sealed = (room(10, is_sealed=on, seed=f"reading {number} {on}") for on in (False, True))
        told, told_sealed = said_by(plain, MESSAGES), said_by(sealed, MESSAGES)
        assert all(isinstance(notice, Said) and notice.sealed for notice in told_sealed)
        reader = min(reader, reading(sealed, told_sealed) / MESSAGES - reading(plain, told) / MESSAGES)
    return [
        line("a message of 100 bytes, at the sender", sender * 1e6, "us", 150),
        line("a message of 100 bytes, at each reader", reader * 1e6, "us", 200),
    ]


def report_signatures() -> list[str]:
    """Measure what no code of ours can take less than: one signature, and its verification, by the library alone."""
    key, content = Ed25519PrivateKey.generate(), os.urandom(400)
    public, signature = key.public_key(), key.sign(content)
    signing = min(seconds(lambda: [key.sign(content) for _ in range(MESSAGES)]) for _ in range(REPEATS))
    verifying = min(
        seconds(lambda: [public.verify(signature, content) for _ in range(MESSAGES)]) for _ in range(REPEATS)
    )
    words = [f"{what / MESSAGES * 1e6:.0f} us" for what in (signing, verifying)]
    return [f"    of it the library's own signature {words[0]}, and its verification {words[1]}"]


def report_turning_on(people: int = 100) -> list[str]:
    """Measure turning it on, each person's own work apart."""
    world = room(people, is_sealed=False, seed="turning on")
    spent = dict.fromkeys(world.people, 0.0)
    total = seconds(lambda: _until_all_read(world, spent))
    creator = spent.pop("P0")
    slowest = max(spent.values())
    service = total - creator - sum(spent.values())
    assert {len(person.read) for person in world.people.values()} == {1}
    commit = next(notice for notice, _ in world.service.journal if isinstance(notice, SealCommitted))
    stored = sum(len(piece) for pieces in world.service.blobs.values() for piece in pieces)
    return [
        line(f"turning on in a room of {people}: the one who does", creator, "s", 2),
        line(f"turning on in a room of {people}: until the slowest can read", creator + slowest, "s", 2),
        f"    {len(commit.adds)} let in by the first commit; all of them together {sum(spent.values()):.2f} s",
        f"    the service {service:.2f} s; blobs {stored / 1000:.0f} kB",
    ]


def _until_all_read(world: World, spent: dict[str, float]) -> None:
    def timed(name: str, step: Callable[[], object]) -> None:
        spent[name] += seconds(step)

    timed("P0", lambda: world["P0"].order(Arm(ROOM)))
    timed("P0", lambda: world["P0"].say("hello"))
    while True:
        moved = False
        for name in world.people:
            while world.service.ready.get(name.lower()):
                moved = True
                timed(name, partial(world.deliver, name))
        if not moved:
            if all(len(person.read) == 1 for person in world.people.values()):
                return
            world.now += 0.1
            for name, person in world.people.items():
                timed(name, partial(person.do, partial(person.session.tick, world.now)))


def report_coming_back() -> list[str]:
    """Measure a client that was away for many messages."""
    world = room(10, is_sealed=True, seed="coming back")
    for at in range(AWAY):
        world[f"P{at % 9}"].say(f"{at:0100d}")
        if at % 100 == 99:
            for number in range(9):
                while world.deliver(f"P{number}"):
                    pass
    payloads = list(world.service.ready["p9"])

    def come_back() -> None:
        person = world["P9"]
        for payload in payloads:
            person.session.noticed(decode_notice(payload), world.now)
            person.session.take()
        person.store.commit()

    took = seconds(come_back)
    opened = sum(1 for _ in world["P9"].store.rows(Table.TRANSCRIPT))
    assert opened == AWAY, f"{opened} of {AWAY} were opened"
    return [line(f"coming back to {AWAY} sealed messages", took, "s", 3)]


def main() -> None:
    """Measure everything and print it."""
    for report in (report_messages, report_signatures, report_turning_on, report_coming_back):
        print("\n".join(report()), flush=True)


if __name__ == "__main__":
    main()
