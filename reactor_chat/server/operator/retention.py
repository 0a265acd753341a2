"""Removes what was said longer ago than the operator keeps it (`--keep-days`), a little at a time.

The limit is the beginning of a day, so that one day's messages go together and the journal gets one note of it and not
one for each minute.  A slice is some hundred records: they are emptied in one transaction, and then it is noted up to
where that was done, so a restart goes on from there.  A slice is done when the server has nothing else to do; a server
that always has does one every few seconds all the same.
"""

import logging
from itertools import islice

from reactor_chat.chat.operator.messages import expiring
from reactor_chat.chat.operator.registration import DAY_MS
from reactor_chat.errors import StorageCorrupt, StorageFull
from reactor_chat.server.app import App
from reactor_chat.server.operator.registry import changed
from reactor_chat.server.operator.removals import empty
from reactor_chat.server.record_log import record_of
from reactor_chat.wire.conversation import Heard

SLICE_RECORDS = 512
"""Emptied in one transaction."""
PAUSE_SECONDS = 0.05
"""Between two slices."""
BUSY_SECONDS_MAX = 5.0
"""For so long a slice waits for the server to have nothing else to do."""
LOOK_SECONDS_MAX = 3_600.0
"""So often it is looked whether a new day has begun; the clock may be set meanwhile."""
RETRY_SECONDS = 60.0
"""After the journal could not take a removal; an operator has to do something first."""

_log = logging.getLogger("reactor_chat.server")


class Retention:
    """Removes what is too old.

    Args:
        app: whose journal it is, and whose options say how long things are kept.

    Attributes:
        deadline: when `turn` wants to be called at the latest, in seconds of the turns' clock; None: never.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._due: float | None = 0.0
        self._looked_at = 0
        self._to_purge = False
        self._days: int | None = None

    @property
    def deadline(self) -> float | None:
        """See the class."""
        if self._app.options.keep_days is None or self._due is None:
            return None
        return self._due

    def turn(self, now: float) -> None:
        """Do a slice where one is due; called between turns of the app.

        Args:
            now: seconds of the turns' clock.

        Raises:
            StorageError: the journal failed; the process must stop.
        """
        days = self._app.options.keep_days
        if days != self._days:
            self._days, self._due = days, now
        if days is None or self._due is None or now < self._due:
            return
        busy = self._app.deadline is not None and self._app.deadline <= now
        if busy and now < self._due + BUSY_SECONDS_MAX:
            return
        try:
            self._due = now + self._slice(days)
        except StorageFull as error:
            _log.warning("retention: nothing was removed: %s", error)
            self._due = now + RETRY_SECONDS
        except StorageCorrupt as error:
            _log.error("retention stops: %s", error)
            self._due = None

    def _slice(self, days: int) -> float:
        """Empty some messages; returns in how many seconds to go on."""
        app, journal = self._app, self._app.record_log.journal
        today = app.clock.unix_ms // DAY_MS * DAY_MS
        limit = today - days * DAY_MS
        after = max(app.hub.state.expired, self._looked_at)
        rows = islice(journal.replay(after), SLICE_RECORDS)
        found, last = [], after
        for record in (record_of(row.seq, row.payload) for row in rows):
            if record.at >= limit:
                break
            last = record.seq
            if isinstance(record, Heard) and not record.removed:
                found.append(record)
        if found:
            empty(app.record_log, found)
            self._to_purge = True
            next(changed(app, expiring(last)), None)  # a journal that reports later is not waited for
            _log.info("retention: %d messages from before %d days were removed, up to %d", len(found), days, last)
        self._looked_at = last
        if last - after >= SLICE_RECORDS:
            return PAUSE_SECONDS
        if self._to_purge:
            journal.purge()
            self._to_purge = False
        return min(LOOK_SECONDS_MAX, (today + DAY_MS - app.clock.unix_ms) / 1_000 + 1)
