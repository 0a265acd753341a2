"""The longest turn under requests chosen to make turns long.

    python -m tests.bench.stalls

Everything is the server without sockets; so the figures are the middle of a turn alone.  They are processor time, which
others on the machine do not lengthen much.
"""

import time
from collections.abc import Callable

from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.records import Entered, GroupAltered
from reactor_chat.chat.state.timeline import STAYS_ENDED_MAX
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.server.record_log import RecordLog
from reactor_chat.wire.messages import GroupSet, Login, Said, Say, Tell
from tests.server.world import Person, World

TURNS = 400


def _town(count: int) -> tuple[World, list[Person]]:
    """A server with so many people; their names differ in the last letters only."""
    world = World().start()
    people = [world.connect() for _ in range(count)]
    for number, person in enumerate(people):
        person.ask(Login(_name(number), 1))
    while len(world.app.hub.state.roster) < count:
        world.turn()
    for person in people:  # a test's broadcast costs a turn what the reactor's does not
        person.wire.detach()
    world.settle()
    return world, people


def _name(number: int) -> str:
    return f"someone_with_a_long_name_{number:07d}"


def _longest(world: World, turns: int = TURNS) -> tuple[float, float, int]:
    """Turn until nothing is left to do: the longest middle of a turn, all of them together (s), and how many."""
    longest = whole = 0.0
    count = 0
    for person in world.people:
        person.push()
    for _ in range(turns):
        began = time.process_time()
        world.app.turn(world.now, world.unix_ms)
        took = time.process_time() - began
        longest, whole, count = max(longest, took), whole + took, count + 1
        for person in world.people:
            person.wire.flush()
            person.wire.read.clear()
            person.push()
        world.now += 0.001
        deadline = world.app.deadline
        if deadline is None or deadline > world.now:
            break
    return longest, whole, count


def groups_over_one_member() -> tuple[float, float, int]:
    """A hundred people each found a group of a thousand, and everybody is in all of them."""
    world, people = _town(1_000)
    names = [_name(number) for number in range(999)]
    for number, person in enumerate(people[:100]):
        person.ask(GroupSet(f"group{number}", names[number:] + names[:number]))
    return _longest(world)


def groups_over_chained_members() -> tuple[float, float, int]:
    """The same, many from each, so that what each waits for is another one's."""
    world, people = _town(1_000)
    for number, person in enumerate(people[:200]):
        own = [_name(j) for j in range(number * 4, number * 4 + 4)]
        person.ask(GroupSet(f"first{number}", own))
        person.ask(GroupSet(f"group{number}", own + [_name(j) for j in range(999)]))
    return _longest(world)


def misspelt_names() -> tuple[float, float, int]:
    """A hundred people each tell something to a hundred names that nobody has, one or two letters off."""
    world, people = _town(2_000)
    for number, person in enumerate(people[:100]):
        person.ask(*(Tell(_name(10_000_000 + 1_000 * number + i)[:31], "hi") for i in range(100)))
    return _longest(world, 4_000)


def deletion() -> tuple[float, float, int]:
    """A group of a thousand is deleted, and each member remembers as many ended stays as one can."""
    state = ChatState()
    names = [_name(number) for number in range(1_000)]
    for born in range(1, STAYS_ENDED_MAX + 2):
        state.timeline.apply(GroupAltered(born, 0, "g", "created", names[0], born, None, names))
        if born <= STAYS_ENDED_MAX:
            state.timeline.deleted(GroupAltered(born + 10_000, 0, "g", "deleted", names[0], born, None, None), names)
    began = time.process_time()
    state.timeline.deleted(GroupAltered(99_999, 0, "g", "deleted", names[0], born, None, None), names)
    took = time.process_time() - began
    return took, took, 1


def snapshot() -> tuple[float, float, int]:
    """A snapshot with the receipts of 500 people who have as many as are remembered."""
    state = ChatState()
    for number in range(500):
        state.apply(Entered(state.seq + 1, 0, _name(number), bytes(32)))
        for i in range(1_024):
            state.apply(Said(state.seq + 1, 0, _name(number), "x", None, f"{number:08d}-{i:08d}"))
    record_log = RecordLog(MemoryJournal())
    began = time.process_time()
    record_log.keep_snapshot(state)
    took = time.process_time() - began
    return took, took, 1


def exodus() -> tuple[float, float, int]:
    """Three hundred guests who share fifty groups leave at once."""
    world, people = _town(300)
    names = [_name(number) for number in range(300)]
    for number, person in enumerate(people[:50]):
        person.ask(GroupSet(f"group{number}", names))
    world.settle()
    assert len(world.app.hub.state.groups.of(names[0])) == 50
    for person in people:
        person.half_close()
    return _longest(world, 20_000)


def chatter() -> tuple[float, float, int]:
    """Five hundred people each say a hundred things at once."""
    world, people = _town(500)
    for person in people:
        person.ask(*(Say("something that is said") for _ in range(100)))
    return _longest(world)


MEASURED: tuple[Callable[[], tuple[float, float, int]], ...] = (
    groups_over_one_member, groups_over_chained_members, misspelt_names, deletion, snapshot, exodus, chatter,
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    for measured in MEASURED:
        longest, whole, count = measured()
        print(f"{measured.__name__:30} longest turn {longest * 1000:8.1f} ms   {count:5d} turns, {whole:6.2f} s in all")


if __name__ == "__main__":
    main()
