"""Conveniences around one simulated server: people who send and hear messages, a journal that can be full.

Wires, their broadcast and the clock are those of `reactor_chat.testing`, on a network that is quick and never fails.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, ClassVar, Self, TypeVar, overload

import pytest

from reactor_chat.chat.state.records import Record
from reactor_chat.chat.state.timeline import labels_of
from reactor_chat.errors import FrameLengthInvalid
from reactor_chat.journal.contract import Journal
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.reports import Entry, Overtaken, Report, Row
from reactor_chat.server.app import App
from reactor_chat.server.bans import Ban
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.doors.lines import LinesDoor
from reactor_chat.server.operator.operations import Operations
from reactor_chat.server.operator.orders import Answer, Order
from reactor_chat.server.options.table import Options
from reactor_chat.testing.network import Broadcast, Wire, WireLimits
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.fields import Message
from reactor_chat.wire.framing import FrameDecoder, frame
from reactor_chat.wire.messages import Login, Notice, Request, Welcome

P = TypeVar("P", bound="Person")
A = TypeVar("A", bound=Message)
B = TypeVar("B", bound=Message)

UNIX_MS = 1_700_000_000_000
TURNS_MAX = 10_000
NEVER = 1_000_000


class MemoryWire(Wire):
    """A wire whose other end has read whatever has left, and which insists on being told once.

    Attributes:
        read: everything that has left.
    """

    def __init__(self, peer: str, owner: Any = None) -> None:
        super().__init__(peer, owner, lambda: 0.0, WireLimits(*(1 << 40,) * 4))
        self.read = self.down

    def pause(self) -> None:
        assert not self.paused, "told twice"
        super().pause()

    def resume(self) -> None:
        assert self.paused, "told twice"
        super().resume()


class Person:
    """The other end of a wire, speaking frames.

    Attributes:
        heard: every notice that has arrived, oldest first.
        unread: bytes sent while the server was not reading.
    """

    def __init__(self, world: "World", wire: MemoryWire) -> None:
        self._world = world
        self.wire = wire
        self.unread = bytearray()
        self._decoder = FrameDecoder()
        self._seen_bytes = 0
        self._heard: list[Notice] = []

    def ask(self, *requests: Request) -> "Person":
        """Send requests in one packet; they are served in the next turn."""
        return self.raw(b"".join(frame(encode(request)) for request in requests))

    def raw(self, data: bytes) -> "Person":
        self.unread += data
        self.push()
        return self

    def push(self) -> None:
        """Let the server read what was sent, where it wants to."""
        if self.unread and not self.wire.paused and not self.wire.closed:
            data, self.unread = bytes(self.unread), bytearray()
            self._world.app.received(self.wire, data)

    def half_close(self) -> None:
        self._world.app.ended(self.wire)

    @property
    def heard(self) -> list[Notice]:
        self._decoder.feed(bytes(self.wire.read[self._seen_bytes :]))
        self._seen_bytes = len(self.wire.read)
        try:
            self._heard += [decode_notice(payload) for payload in self._decoder.take(1_000_000)]
        except FrameLengthInvalid as error:
            pytest.fail(str(error))
        return self._heard

    @overload
    def of(self, kind: type[A], /) -> list[A]: ...

    @overload
    def of(self, kind: type[A], other: type[B], /) -> list[A | B]: ...

    @overload
    def of(self, *types: type) -> list[Notice]: ...

    def of(self, *types: type) -> Sequence[Message]:
        """Every notice of these types, oldest first."""
        return [notice for notice in self.heard if isinstance(notice, types)]

    def seqs(self, *types: type) -> list[int]:
        """The numbers of every notice of these types, all of which have one, oldest first."""
        numbers: list[int] = [*map(attrgetter("seq"), self.of(*types))]
        return numbers

    def new(self) -> list[Notice]:
        """Take what was heard since the last look."""
        heard, self._heard = self.heard, []
        return list(heard)


class LinePerson(Person):
    """The other end of a wire, typing lines."""

    def type(self, text: str) -> "LinePerson":
        self.raw(text.encode())
        return self

    @property
    def shown(self) -> str:
        return self.wire.read.decode()


class World:
    """A server, its clock and its people.

    Args:
        options: fields of `Options` that differ from the default; `rate` is off where it is not named.

    Attributes:
        quiet_above: with more people than this it may take a moment until everybody is told who comes or goes.
    """

    quiet_above: ClassVar[int] = NEVER

    def __init__(self, journal: Journal | None = None, **options: object) -> None:
        self.options = Options(**{"rate": None, **options})  # type: ignore[arg-type]
        self.journal = journal if journal is not None else MemoryJournal()
        self.broadcast = Broadcast(self.quiet_above)
        self.now = 100.0
        self.people: list[Person] = []
        self.woken = 0
        self._nonces = 0
        self.app = App(self.options, self.journal, self.broadcast, self._entropy, self._wake)
        self.bans_kept: list[Ban] = []
        self.operations = Operations(self.app, self._keep_bans)

    def _keep_bans(self, bans: list[Ban]) -> None:
        self.bans_kept = bans

    def order(self, order: Order) -> Answer:
        """Have the operator order something, between turns."""
        return self.operations.carry_out(order)

    def _entropy(self, count: int) -> bytes:
        self._nonces += 1
        return self._nonces.to_bytes(count, "big")

    def _wake(self) -> None:
        self.woken += 1

    @property
    def unix_ms(self) -> int:
        return UNIX_MS + int(self.now * 1000)

    @property
    def head(self) -> int:
        return self.journal.head

    def start(self) -> Self:
        self.app.start(self.unix_ms)
        return self

    def connect(self) -> Person:
        return self._opened(Person(self, self._wire()), FramesDoor(self.options.frame_bytes_max))

    def connect_lines(self) -> LinePerson:
        return self._opened(LinePerson(self, self._wire()), LinesDoor())

    def _wire(self) -> MemoryWire:
        return MemoryWire(f"127.0.0.1:{len(self.people) + 1}", self.app)

    def _opened(self, person: P, door: FramesDoor | LinesDoor) -> P:
        self.people.append(person)
        self.app.opened(person.wire, door, self.options.login_seconds_max, self.now)
        return person

    def enter(self, name: str, **fields: object) -> Person:
        """Connect and log in."""
        person = self.connect().ask(Login(name, 1, **fields))  # type: ignore[arg-type]
        self.turn()
        assert person.of(Welcome), person.heard
        return person

    def turn(self, count: int = 1) -> None:
        """Do whole turns: the middle, then what the reactor does after it."""
        for _ in range(count):
            for person in self.people:
                person.push()
            self.app.turn(self.now, self.unix_ms)
            for person in self.people:
                person.wire.flush()
                if person.wire.down_ended or person.wire.closed:
                    self.lose(person)

    def lose(self, person: Person, reason: str = "finished") -> None:
        """End a wire as the reactor does: nothing more comes or leaves."""
        person.wire.abort(reason)
        person.wire.reap()

    def settle(self) -> None:
        """Turn until nothing is left to do at this time."""
        for _ in range(TURNS_MAX):
            self.turn()
            deadline = self.app.deadline
            if (deadline is None or deadline > self.now) and not any(p.wire.queue for p in self.people):
                return
        pytest.fail("it does not come to rest")

    def pass_time(self, seconds: float) -> None:
        """Let time pass, with a turn whenever the app wants one."""
        end = self.now + seconds
        for _ in range(TURNS_MAX):
            self.turn()
            deadline = self.app.deadline
            if deadline is None or deadline > end:
                break
            self.now = max(self.now, deadline)
        else:
            pytest.fail("it wants a turn without end")
        self.now = end
        self.turn()


class TroubledJournal(MemoryJournal):
    """A journal that does its work, unless the test wants trouble at a commit.

    Args:
        trouble: is told which commit this is, counted from 1, and may raise.
    """

    def __init__(self, trouble: Callable[[int], None]) -> None:
        super().__init__()
        self.commits = 0
        self.trouble = trouble

    def commit(self, entries: Sequence[Entry]) -> None:
        self.commits += 1
        self.trouble(self.commits)
        super().commit(entries)


class LateJournal(MemoryJournal):
    """A journal that reports when the test wants it to, and to which others may write first."""

    def __init__(self) -> None:
        super().__init__()
        self.submitted: Sequence[Entry] = ()
        self._reports: list[Report] = []

    def submit(self, entries: Sequence[Entry]) -> None:
        assert not self.submitted, "nothing is submitted before a report"
        self.submitted = entries

    def report(self) -> Report | None:
        return self._reports.pop(0) if self._reports else None

    def say(self, report: Report) -> None:
        """Report something else than what became of it."""
        self._reports.append(report)

    def answer(self) -> None:
        """Store what was submitted, if anything was, and report it."""
        entries, self.submitted = self.submitted, ()
        if entries:
            super().submit(entries)
            report = super().report()
            assert report is not None
            self._reports.append(report)

    def write_first(self, records: Sequence[Record]) -> None:
        """Store what others wrote in place of what was submitted, and report that."""
        self.submitted = ()
        entries = [Entry(record.seq, encode(record), labels_of(record)) for record in records]
        self.commit(entries)
        self._reports.append(Overtaken([Row(entry.seq, entry.payload) for entry in entries]))
