"""Everything that can be done to a world, as one table: the driver draws from it, and so does Hypothesis.

An operation takes the world and whole numbers, each from 0 to a most; whatever the numbers are, it is legal: a person
is `number % how many there are`.  Where it makes no sense (to cut somebody who has no connection) it does nothing.
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import structs

from reactor_chat.server.operator.orders import Announce, Kick, Release
from reactor_chat.testing.clients import Human, Program, SimulatedPerson
from reactor_chat.testing.disk import Fate
from reactor_chat.testing.hostile import BAD, JUNK
from reactor_chat.testing.workload import line
from reactor_chat.testing.world import World
from reactor_chat.text.parser import parse
from reactor_chat.wire import messages as m
from reactor_chat.wire.conversation import Spoken

CHUNKS = (65_536, 1_460, 65_536, 100, 65_536, 7, 65_536, 1)
"""How many bytes move at once, by number."""
PAUSES = (0.001, 0.02, 0.1, 0.25, 0.5, 1.0, 3.0, 6.0, 11.0, 31.0)
"""How many seconds pass at once, by number."""
JUMPS_MS = (-3_600_000, 3_600_000, -1, 1, -86_400_000, 315_360_000_000)
BURST_LINES = 40
TEAM = (
    *((("@group send {group} {text}", False),) * 4),
    *(("@add {group} {person}", True), ("@add {group} {person}", True), ("@kick {group} {person}", True)),
    *(("@history {group}", False), ("@history {group} 3", False), ("@history", False), ("@who {group}", False)),
    *(("@group leave {group}", False), ("@grouplist", False), ("@group delete {group}", True)),
)
"""What is typed in a group, and whether its owner types it."""


class Operation(NamedTuple):
    """One row.

    Attributes:
        run: does it.
        most: the largest value of each number.
        weight: how often the driver draws it, in proportion.
        is_fault: whether something goes wrong by it.
    """

    run: Callable[..., None]
    most: tuple[int, ...]
    weight: int
    is_fault: bool = False


def person_of(world: World, number: int) -> SimulatedPerson:
    """Return somebody, by any number."""
    return world.people[number % len(world.people)]


# ------------------------------------------------------------------------------------------ what people do


def say(world: World, who: int, kind: int, pick: int) -> None:
    """Somebody types a line."""
    person = person_of(world, who)
    world.lines += 1
    typed = line(world.names, kind, pick, world.lines)
    if isinstance(person, Program) and kind % 4 and "@" not in typed.line:
        person.typed += 1
        person.ask(m.Say(typed.line, None, person.fresh_id()))  # it knows the protocol and needs no parser
    else:
        say_line(world, who, typed.line)


def chat(world: World, who: int, count: int) -> None:
    """Somebody, and those who come after, say something each, and everybody hears it."""
    for number in range(count + 1):
        say(world, who + number, 0, 0)
    world.flow()


def team(world: World, which: int, kind: int, pick: int) -> None:
    """Somebody who is in a group does something with it, where most people would be refused."""
    name = ("red", "Blue")[which]
    group = world.checker.model.groups.get(name.lower())
    if group is None:
        say_line(world, pick, f"@group set {name} {person_of(world, pick + 1).name}")
        return
    row, by_owner = TEAM[kind % len(TEAM)]
    member = group["owner"] if by_owner else group["members"][pick % len(group["members"])]
    who = next(person.number for person in world.people if person.name.lower() == member)
    other = person_of(world, pick).name
    world.lines += 1
    say_line(world, who, row.format(group=name, person=other, text=f"n{world.lines}"))


def say_line(world: World, who: int, line: str) -> None:
    """Somebody types this line."""
    person = person_of(world, who)
    request = parse(line, "x")
    if isinstance(person, Human) and isinstance(request, Spoken):
        person.owe(request.text or "")
    person.type(line)


def burst(world: World, who: int) -> None:
    """Somebody pastes a book."""
    for _ in range(BURST_LINES):
        world.lines += 1
        say_line(world, who, f"n{world.lines} " + "long " * 1_500)


def ask(world: World, who: int, kind: int, pick: int) -> None:
    """A program asks what no line can ask."""
    person = person_of(world, who)
    if not isinstance(person, Program):
        return
    fresh, name = person.fresh_id(), person_of(world, pick).name
    head = world.checker.head
    requests = (
        m.Ping("x" * (pick % 65), fresh),
        m.AskHistory(1 + pick % 200, head - pick if head > pick else None, None, None, fresh),
        m.AskHistory(200, None, name, None, fresh),
        m.Say(None, {"sealed": [pick, {"by": name}]}, fresh),
        m.Tell(name, None, {"sealed": pick}, fresh),
        m.GroupAdd("red", [name, name, name.upper()], fresh),
        m.GroupSet("Blue", [person.name, name], fresh),
        m.AskGroups(fresh),
        m.Login(name, 1, id=fresh),
    )
    person.ask(requests[kind % len(requests)])


def read(world: World, who: int, kind: int, pick: int) -> None:
    """Somebody has read a conversation, or wants to know how far they have read each."""
    person = person_of(world, who)
    head, group = world.checker.head, ("red", "Blue", "green")[pick % 3]
    seq = (head, max(0, head - pick), m.SEQ_MAX)[pick % 3]
    name = person_of(world, pick).name if pick % 8 else "Nobody"
    requests = (m.MarkRead(seq), m.MarkRead(seq, name.upper()), m.MarkRead(seq, None, group), m.AskReadMarks())
    request = requests[kind % len(requests)]
    if isinstance(person, Program):
        person.ask(structs.replace(request, id=person.fresh_id()))
    elif isinstance(person, Human):
        person.ask(request)


def ask_again(world: World, who: int) -> None:
    """An owner's program sends its newest requests again, under their ids."""
    person = person_of(world, who)
    if isinstance(person, Program):
        person.ask_again()


# ------------------------------------------------------------------------------------------- what moves


def flow(world: World, size: int) -> None:
    """Everything moves a little, or all of it."""
    world.flow(CHUNKS[size % len(CHUNKS)])


def move(world: World, pick: int, size: int, down: int) -> None:
    """One link carries so many bytes in one direction: it overtakes the others, or is split anywhere."""
    if not world.links:
        return
    link, owner = world.links[pick % len(world.links)]
    if link.stalled_until > world.clock.now:
        return
    world.seen["a frame came in pieces"] += size < 100 and len(link.wire.down if down else link.up) > size + 1
    if down:
        world.deliver(link, owner, size + 1)
    elif link.wants_up and link.move_up(size + 1):
        world.moves += 1


def serve(world: World) -> None:
    """The server does a turn, and nothing moves."""
    world.serve()


def pass_time(world: World, pause: int) -> None:
    """Time passes."""
    world.pass_time(PAUSES[pause % len(PAUSES)])


# -------------------------------------------------------------------------------------------- what goes wrong


def cut(world: World, who: int) -> None:
    """A connection is reset; both sides notice, and what was on its way is gone."""
    world.cut(person_of(world, who))


def half_close(world: World, who: int) -> None:
    """A program sends nothing more, and reads on."""
    person = person_of(world, who)
    if isinstance(person, Program) and person.link is not None:
        person.link.end()


def vanish(world: World, who: int) -> None:
    """Somebody's machine is gone without a word; they come back from another one."""
    person = person_of(world, who)
    if person.link is not None:
        person.link.vanish()
        person.lost("Network is unreachable")


def silence(world: World, who: int) -> None:
    """A router forgets a connection: the server gives it up, and the client hears nothing any more."""
    person = person_of(world, who)
    if person.link is not None:
        person.link.is_cut = True
        person.link.wire.abort("Connection timed out")


def stall(world: World, who: int, pause: int) -> None:
    """A link carries nothing for a while."""
    person = person_of(world, who)
    if person.link is not None:
        person.link.stalled_until = world.clock.now + PAUSES[pause % len(PAUSES)]


def slow(world: World, who: int, size: int) -> None:
    """Somebody reads slowly from here on: so many bytes leave for them in a turn."""
    person = person_of(world, who)
    if person.link is not None:
        person.link.wire.leaves_bytes_max = 1 + 97 * size


def clog(world: World, who: int, other: int) -> None:
    """Somebody reads nothing at all, while somebody else pastes a book, or two."""
    person = person_of(world, who)
    if person.link is not None:
        person.link.stalled_until = world.clock.now + PAUSES[-1]
        for number in range(3):
            burst(world, other + number)
            world.flow()
        world.pass_time(PAUSES[-2])


def crash(world: World, fate: int, late: int) -> None:
    """The server's machine loses its power between two turns."""
    if world.machine.app is not None:
        world.crash(Fate(fate % len(Fate)), is_late=bool(late))


def crash_after_commit(world: World, fate: int) -> None:
    """The power goes when a turn has committed and nothing of it has left."""
    if world.machine.app is not None:
        for link, _ in world.links:
            link.move_up()
        world.machine.middle()
        world.crash(Fate(fate % len(Fate)))


def power_cut_at(world: World, call: int) -> None:
    """The power will go during a call to the disk that is soon to come."""
    world.machine.disk.cut_at = world.machine.disk.calls + 1 + call


def disk_error_at(world: World, call: int) -> None:
    """A call to the disk that is soon to come will fail."""
    world.machine.disk.fail_at = world.machine.disk.calls + 1 + call


def fill_disk(world: World, is_full: int) -> None:
    """The disk is full (1), or has space again (anything else)."""
    world.machine.disk.is_full = is_full == 1


def restart(world: World, pause: int) -> None:
    """The operator stops the server as one should: everybody hears goodbye, a snapshot is kept; it is started later."""
    app = world.machine.app
    if app is None:
        return
    app.shut_down(world.clock.now)
    for _ in range(3):
        world.flow()
    world.pass_time(PAUSES[pause % len(PAUSES)])
    if world.machine.app is not None:
        world.stop()


def jump_clock(world: World, jump: int) -> None:
    """Somebody sets the clock on the wall."""
    milliseconds = JUMPS_MS[jump % len(JUMPS_MS)]
    world.clock.jump(milliseconds)
    world.seen["the clock on the wall went back"] += milliseconds < 0


def kill_client(world: World, who: int, how: int, size: int) -> None:
    """A client dies while something arrives, and is started anew; a program forgets where it was."""
    person = person_of(world, who)
    data = person.link.move_down(1 + size * size) if person.link is not None else b""
    if isinstance(person, Human):
        person.kill(data, how % 3)
    elif person.link is not None:
        person.link.reset()
        person.lost("killed")


def take_over(world: World, who: int) -> None:
    """The owner of a name comes in by another connection."""
    person = person_of(world, who)
    if isinstance(person, Program):
        person.take_over()


def attack(world: World, kind: int) -> None:
    """Somebody hostile connects and sends junk."""
    world.hostile.attack(kind, world.clock.now)


def release(world: World, who: int) -> None:
    """The operator gives a program's name free."""
    person = person_of(world, who)
    if isinstance(person, Program) and person.key is not None:
        world.order(Release(person.name))


def kick(world: World, who: int) -> None:
    """The operator sends somebody away, who may come back."""
    world.order(Kick(person_of(world, who).name))


def announce(world: World) -> None:
    """The operator says something to everybody."""
    world.lines += 1
    world.order(Announce(f"n{world.lines}"))


OPERATIONS: dict[str, Operation] = {
    "chat": Operation(chat, (15, 15), 900),
    "say": Operation(say, (15, 99, 999), 420),
    "ask": Operation(ask, (15, 8, 999), 40),
    "read": Operation(read, (15, 3, 999), 160),
    "ask_again": Operation(ask_again, (15,), 10),
    "team": Operation(team, (1, 13, 999), 150),
    "burst": Operation(burst, (15,), 2),
    "flow": Operation(flow, (7,), 250),
    "move": Operation(move, (30, 200, 1), 60),
    "serve": Operation(serve, (), 15),
    "pass_time": Operation(pass_time, (9,), 60),
    "cut": Operation(cut, (15,), 20, is_fault=True),
    "half_close": Operation(half_close, (15,), 4, is_fault=True),
    "vanish": Operation(vanish, (15,), 5, is_fault=True),
    "silence": Operation(silence, (15,), 5, is_fault=True),
    "stall": Operation(stall, (15, 9), 800, is_fault=True),
    "slow": Operation(slow, (15, 99), 40, is_fault=True),
    "clog": Operation(clog, (15, 15), 3, is_fault=True),
    "crash": Operation(crash, (4, 1), 3, is_fault=True),
    "crash_after_commit": Operation(crash_after_commit, (4,), 3, is_fault=True),
    "power_cut_at": Operation(power_cut_at, (11,), 4, is_fault=True),
    "disk_error_at": Operation(disk_error_at, (11,), 3, is_fault=True),
    "fill_disk": Operation(fill_disk, (4,), 20, is_fault=True),
    "restart": Operation(restart, (9,), 2, is_fault=True),
    "jump_clock": Operation(jump_clock, (5,), 60, is_fault=True),
    "kill_client": Operation(kill_client, (15, 2, 99), 12, is_fault=True),
    "take_over": Operation(take_over, (15,), 12, is_fault=True),
    "attack": Operation(attack, (len(JUNK) + len(BAD) + 1,), 50, is_fault=True),
    "release": Operation(release, (15,), 3, is_fault=True),
    "kick": Operation(kick, (15,), 4, is_fault=True),
    "announce": Operation(announce, (), 6),
}
"""Every operation by its name."""

Step = tuple[str, tuple[int, ...]]
"""One operation as a value: its name and its numbers."""


def do(world: World, step: Step) -> None:
    """Carry one operation out, and count it where it is a fault."""
    name, numbers = step
    operation = OPERATIONS[name]
    if operation.is_fault:
        world.faults += 1
        world.seen[f"fault {name}"] += 1
    operation.run(world, *numbers)
