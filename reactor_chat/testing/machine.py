"""The machine the server runs on: its disk outlives the process, its network and everything in memory do not."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy
from hashlib import sha256

from reactor_chat.errors import StorageError
from reactor_chat.journal.reports import Entry
from reactor_chat.server.app import App
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.intake import HIGH_WATERMARK_BYTES
from reactor_chat.server.operator.operations import Operations
from reactor_chat.server.operator.orders import Order
from reactor_chat.server.options.table import Options
from reactor_chat.testing.checker import Checker, demand
from reactor_chat.testing.clock import Clock
from reactor_chat.testing.disk import Disk, Fate, PowerCut
from reactor_chat.testing.disk_journal import DiskJournal
from reactor_chat.testing.network import QUIET_ABOVE, Broadcast, Network, SimulatedLink, Wire, WireLimits

PART_BYTES_MAX = 65_536 + 4
"""What a connection may have sent that is no whole frame yet; of who has sent more, nothing is read."""
PATIENCE_TURNS = 3
"""So many turns after it was told of a slow reader, the server has sent it away: first it may have to commit."""
QUEUE_BYTES_MAX = 2 * 1_048_576
"""What one wire may be owed: the mark, and what one turn may add before it is looked at."""


class WatchedJournal(DiskJournal):
    """Tells the checker what has become durable, when it has.

    Attributes:
        writing: how many entries the commit that is under way has; 0 where none is.
        commits: how many there were.
    """

    def __init__(self, disk: Disk, checker: Checker) -> None:
        super().__init__(disk)
        self.writing = 0
        self.commits = 0
        self._checker = checker

    def commit(self, entries: Sequence[Entry]) -> None:
        """Append entries durably; see `contract.Journal`."""
        self.writing = len(entries)
        super().commit(entries)
        self.writing = 0
        self.commits += 1
        self._checker.committed(entries)


class Machine:
    """One server, up or down.

    Args:
        options: what the operator chose.
        checker: told what becomes durable.
        clock: of the world.
        limits: what each connection may cost.
        quiet_above: with more people than this, who comes or goes is told with what comes next, or a little later.

    Attributes:
        app: the server; None while it is down.
        network: its wires.
        disk: what is kept.
        turns, commits: how many there were.
        starts: how often it was started.
        full_count: how often there was no space.
    """

    def __init__(
        self, options: Options, checker: Checker, clock: Clock, limits: WireLimits, quiet_above: int = QUIET_ABOVE
    ) -> None:
        self.app: App | None = None
        self.network = Network()
        self.disk = Disk()
        self.turns = self.commits = self.starts = self.full_count = 0
        self._options = options
        self._checker = checker
        self._clock = clock
        self._limits = limits
        self._quiet_above = quiet_above
        self._broadcast = Broadcast(quiet_above)
        self._nonces = 0
        self._slow: dict[Wire, int] = {}
        self._doors: dict[Wire, FramesDoor] = {}
        self._journal: WatchedJournal | None = None
        self._unfinished = 0
        self._lost_commit = False
        self._is_woken = False

    # ----------------------------------------------------------------------------------------- up and down

    def start(self) -> bool:
        """Start the server, which recovers from its disk.  Returns False where that fails once more."""
        assert self.app is None
        self.starts += 1
        self._broadcast = Broadcast(self._quiet_above)
        try:
            journal = WatchedJournal(self.disk, self._checker)
            payloads = [row.payload for row in journal.replay()]
            new = self._checker.recovered(payloads, self._unfinished)
            first = len(payloads) - len(new) + 1
            self._checker.committed([Entry(seq, payload) for seq, payload in enumerate(new, first)])
            self._lost_commit = self._unfinished > 0
            self._unfinished = 0
            app = App(self._options, journal, self._broadcast, self._entropy, self._wake)
            self._journal = journal
            self._note_start(len(new), len(payloads) - app.start(self._clock.unix_ms))
        except (PowerCut, StorageError):
            self.crash(Fate.KEPT)
            return False
        self.app = app
        return True

    def _note_start(self, new_count: int, of_snapshot_count: int) -> None:
        seen = self._checker.seen
        seen["a commit survived that nobody was told of"] += new_count > 0
        seen["a commit was lost with the power"] += self._lost_commit and new_count == 0
        seen["a server recovered from a snapshot"] += of_snapshot_count > 0

    def crash(self, fate: Fate) -> None:
        """Let the process die, and the power go."""
        journal, self._journal = self._journal, None
        if journal is not None:
            self._unfinished = journal.writing
            self.commits += journal.commits
            self.full_count += journal.full_count
        self.app = None
        self.network = Network()
        self.disk.lose_power(fate)

    def keep_snapshot(self) -> None:
        """Do what a server does last of all; where the disk does not let it, the next start takes longer."""
        assert self.app is not None
        with suppress(PowerCut, StorageError):
            self.app.keeping.stop()

    def carry_out(self, order: Order) -> bool:
        """Do what the operator orders, between two turns; returns False where the server did not survive it."""
        assert self.app is not None
        try:
            Operations(self.app, lambda _: None).carry_out(order)
        except (PowerCut, StorageError):
            return False
        return True

    # -------------------------------------------------------------------------------------------- serving

    def connect(self, address: str) -> SimulatedLink:
        """Open a connection from an address."""
        assert self.app is not None
        wire = Wire(address, self.app, self._now, self._limits)
        self.network.wires.append(wire)
        door = self._doors[wire] = FramesDoor(self._options.frame_bytes_max)
        self.app.opened(wire, door, self._options.login_seconds_max, self._now())
        return SimulatedLink(wire)

    def turn(self) -> bool:
        """Do a turn's middle and what follows it; returns False where the server did not survive it."""
        if self.app is None:
            return False
        self.turns += 1
        try:
            self.app.turn(self._clock.now, self._clock.unix_ms)
        except (PowerCut, StorageError):
            return False
        self.network.flush()
        self._check_bounds()
        return True

    def _check_bounds(self) -> None:
        """See that nobody costs more memory than is allowed."""
        seen = self._checker.seen
        seen["who came or went was told a little later"] += self._broadcast.quiet_until is not None
        self._slow = {wire: self._slow.get(wire, 0) + 1 for wire in self.network.wires if wire.has_overflowed}
        for wire, turns in self._slow.items():
            demand(wire.finishing or turns <= PATIENCE_TURNS, "who reads too slowly is sent away", wire.peer)
        for wire in self.network.wires:
            if wire.queue:
                demand(len(wire.queue) <= QUEUE_BYTES_MAX, "what one reader may be owed is bounded", wire.peer)
                seen["a wire was clogged"] += len(wire.queue) > HIGH_WATERMARK_BYTES
            if wire.paused:
                seen["a server read nothing more from somebody"] += 1
            elif not wire.finishing:
                waiting_bytes = self._doors[wire].waiting_bytes
                demand(waiting_bytes <= PART_BYTES_MAX, "what one client may have sent is bounded", waiting_bytes)
        if len(self._doors) > 2 * len(self.network.wires) + 16:
            self._doors = {wire: self._doors[wire] for wire in self.network.wires}

    def check_disk(self) -> None:
        """See that a power cut at this instant would take nothing that was promised, whatever it leaves."""
        for fate in Fate:
            disk = deepcopy(self.disk)
            disk.lose_power(fate)
            payloads = [row.payload for row in DiskJournal(disk).replay()]
            self._checker.recovered(payloads, self._journal.writing if self._journal is not None else self._unfinished)

    def middle(self) -> None:
        """Do a turn's middle only: everything is committed, and nothing has left."""
        assert self.app is not None
        self.turns += 1
        with suppress(PowerCut, StorageError):
            self.app.turn(self._clock.now, self._clock.unix_ms)

    @property
    def all_commits(self) -> int:
        """How many commits there were."""
        return self.commits + (self._journal.commits if self._journal is not None else 0)

    @property
    def wants_turn(self) -> bool:
        """Whether the server has something to do at once."""
        if self.app is None:
            return False
        woken, self._is_woken = self._is_woken, False
        deadline = self.app.deadline
        return woken or (deadline is not None and deadline <= self._clock.now)

    def _now(self) -> float:
        return self._clock.now

    def _wake(self) -> None:
        self._is_woken = True

    def _entropy(self, count: int) -> bytes:
        self._nonces += 1
        return sha256(self._nonces.to_bytes(8, "big")).digest()[:count]


Dial = Callable[[str], SimulatedLink | None]
"""Opens a connection from an address; None where no server is there."""
