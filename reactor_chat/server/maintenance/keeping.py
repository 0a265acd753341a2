"""What a server does for its journal when it can wait: emptying the log, snapshots, and looking for damage.

All of it is done in pieces of a few milliseconds.  A snapshot is begun when it is due and goes on in every turn, under
load too; the journal is read through in turns in which nothing was stored, and at least once a second.

Damage is local.  Whoever asks for what cannot be read is refused, the log has one line for each broken place, and the
rest is served.
"""

import logging
from typing import Any

from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.errors import StorageCorrupt, StorageFull
from reactor_chat.journal.contract import Condition, Slices
from reactor_chat.journal.sqlite.survey import in_words
from reactor_chat.server.maintenance.marking import Marking
from reactor_chat.server.record_log import RecordLog
from reactor_chat.wire.messages import Refused

REST_SECONDS = 0.2
"""So long after the newest commit the journal may do what can wait."""
SNAPSHOT_RECORDS = 100_000
"""A snapshot is due after so many records; a recovery replays little more."""
SNAPSHOT_RECORDS_AT_REST = 1_000
"""A server that rests keeps one after so many: what is damaged before it then stops no start after a crash."""
SNAPSHOT_SECONDS_AT_REST = 60.0
"""And once in so long at most: a snapshot is as large as the chat's state."""
SCRUB_SECONDS = 0.01
"""Between two pieces of looking for damage: a million messages take two minutes, and a tenth of the time at most."""
SCRUB_BUSY_SECONDS = 1.0
"""The same where every turn stores something."""
SCRUB_PAUSE_SECONDS = 3_600.0
"""From the end of one way through the journal to the next."""
MET_MAX = 1_000
"""Broken places that are remembered, so that the log says of each once that it was met."""

_log = logging.getLogger("reactor_chat.server")


class Keeping:
    """Does what can wait.

    Args:
        record_log: whose journal it is.
        state: of the chat; what a snapshot is made of.

    Attributes:
        deadline: when `turn` wants to be called at the latest; None where there is nothing to do.
        condition: what the last complete way through the journal found; None before the first.
    """

    def __init__(self, record_log: RecordLog, state: ChatState) -> None:
        self._record_log = record_log
        self._state = state
        self._snapshot_seq = 0
        self._snapshot_at = -SNAPSHOT_SECONDS_AT_REST
        self._rest_at: float | None = None
        self._snapshot: tuple[int, Slices[None]] | None = None
        self._scrub: Slices[Condition] | None = None
        self._scrub_at: float | None = None
        self._scrub_percent = 0
        self._scrubbed_at = 0.0
        self._committed_at = 0.0
        self._finished_ms: int | None = None
        self._met: set[int] = set()
        self._marking = Marking(record_log.journal)
        self.deadline: float | None = None
        self.condition: Condition | None = None

    def started(self, snapshot_seq: int) -> None:
        """Note the number of the snapshot that was recovered from, 0 for none, and begin to look for damage."""
        self._snapshot_seq = snapshot_seq
        scrub = self._record_log.journal.scrub_slices()
        if next(scrub, None) is not None:  # else there is nothing that could be damaged
            self._scrub, self._scrub_at = scrub, 0.0
        self._set_deadline()

    def committed(self, now: float) -> None:
        """Note that something was stored; the turn that follows sets the deadline."""
        self._committed_at = now
        self._rest_at = now + REST_SECONDS
        self._marking.committed(now)

    def turn(self, now: float, unix_ms: int) -> None:
        """Do a little of what is due; times are those of the turn.

        Raises:
            StorageError: the journal failed; the process must stop.
        """
        may_rest = self._rest_at is not None and now >= self._rest_at
        self._marking.turn(now, is_idle=may_rest)
        if may_rest:
            self._rest_at = None
            self._record_log.journal.rest()
        self._go_on_with_snapshot(now)
        if self._scrub_at is not None and now >= self._scrub_at:
            is_idle = now > self._committed_at or now - self._scrubbed_at >= SCRUB_BUSY_SECONDS
            if is_idle:
                self._scrubbed_at = now
                self._scrub = self._scrub or self._record_log.journal.scrub_slices()
                self._look(unix_ms)
            if self._scrub_at is not None:
                self._scrub_at = now + (SCRUB_SECONDS if self._scrub is not None else SCRUB_PAUSE_SECONDS)
        self._set_deadline()

    def stop(self) -> None:
        """Keep a snapshot, so that the next start is short.

        Raises:
            StorageError: the journal failed; what was committed stays.
        """
        self._give_up_snapshot()
        if self._state.seq > self._snapshot_seq:
            try:
                self._record_log.keep_snapshot(self._state)
            except (StorageFull, StorageCorrupt) as error:
                _log.warning("snapshot failed: %s", error)

    # -------------------------------------------------------------------------------------------- damage

    def refused(self, error: StorageCorrupt, request_id: str | None = None) -> Refused:
        """Return what is told to whoever asked for what cannot be read; the log says it once for each place.

        Args:
            error: what the journal said.
            request_id: of whoever asked, where they named one.
        """
        first = error.first or 0
        if first not in self._met:
            if len(self._met) < MET_MAX:
                self._met.add(first)
            _log.error("damage: %s", error)
        where = f" around number {first}" if first else ""
        text = f"The server cannot read the messages{where}: that part of its journal is damaged. The rest can be read"
        return Refused("damaged", text, request_id)

    def adopt(self, condition: Condition) -> None:
        """Go by what an order of the operator's has just found."""
        self.condition = condition
        self._met.clear()

    def facts(self) -> dict[str, Any]:
        """Return how far the search for damage is, and what it has found."""
        damaged = self.condition.damaged if self.condition is not None else []
        return {
            "scrub_percent": self._scrub_percent,
            "scrub_finished_at_ms": self._finished_ms,
            "damaged_blocks": max(self.condition.blocks if self.condition is not None else 0, len(self._met)),
            "damaged": in_words(list(damaged)) or "none",
        }

    def _look(self, unix_ms: int) -> None:
        """Do a piece of the way through the journal."""
        assert self._scrub is not None
        try:
            self._scrub_percent = min(next(self._scrub), 99)
        except (StorageFull, StorageCorrupt) as error:
            self._scrub = None  # something is to be added, and there is no space for it, or no place
            _log.error("damage: %s", error)
        except StopIteration as end:
            self._scrub = None
            self._note(end.value, unix_ms)

    def _note(self, found: Condition, unix_ms: int) -> None:
        before = self.condition.damaged if self.condition is not None else []
        self.condition, self._finished_ms, self._scrub_percent = found, unix_ms or None, 100
        if found.damaged and list(found.damaged) != list(before):
            _log.error(
                "damage: entries %s cannot be read; `admin repair --from BACKUP` brings back what a backup has",
                in_words(list(found.damaged)),
            )
        if found.index_mended:
            _log.warning("damage: %d entries of the index were missing, and were added again", found.index_mended)

    # ----------------------------------------------------------------------------------------- snapshots

    def _next_snapshot_at(self) -> float | None:
        """Return when the next snapshot is due; None where too little came since the last one."""
        records_count = self._state.seq - self._snapshot_seq
        if records_count >= SNAPSHOT_RECORDS:
            return 0.0
        if records_count >= SNAPSHOT_RECORDS_AT_REST:
            return max(self._committed_at + REST_SECONDS, self._snapshot_at + SNAPSHOT_SECONDS_AT_REST)
        return None

    def _go_on_with_snapshot(self, now: float) -> None:
        if self._snapshot is None:
            due_at = self._next_snapshot_at()
            if due_at is None or now < due_at:
                return
            self._snapshot_at = now
            self._snapshot = (self._state.seq, self._record_log.snapshot_slices(self._state))
        seq, work = self._snapshot
        try:
            next(work)
        except StopIteration:
            self._snapshot_seq, self._snapshot = seq, None
        except (StorageFull, StorageCorrupt) as error:
            _log.warning("snapshot failed: %s", error)
            self._snapshot_seq, self._snapshot = seq, None  # the next one is tried as much later

    def _give_up_snapshot(self) -> None:
        if self._snapshot is not None:
            self._snapshot[1].close()
            self._snapshot = None

    def _set_deadline(self) -> None:
        if self._snapshot is not None:
            self.deadline = 0.0
            return
        due = (self._rest_at, self._scrub_at, self._marking.deadline, self._next_snapshot_at())
        times = [at for at in due if at is not None]
        self.deadline = min(times, default=None)
