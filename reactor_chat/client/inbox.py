"""Lets every numbered notice through once.

Everybody sees numbered notices in the order of their numbers (PROTOCOL §5.1), so one number, the cursor, says which
have come.  It moves, together with the archive, before a notice is handed to whoever shows it.

A number is one of a log of the server's (PROTOCOL §5.5), so the cursor is in one.  Another log begins for us when the
first notice of it comes: until then the server may still say that it has lost what we saw.
"""

from collections.abc import Callable

from reactor_chat.client.boundary import Arrived
from reactor_chat.client.lost_end import LOOKED_THROUGH_MAX, SOME_IS_LOST, is_gap, loss_in_words, loss_of, shown_above
from reactor_chat.client.store.vault import Vault
from reactor_chat.client.store.written import row_of
from reactor_chat.client.time_of_day import utc_time_of_day
from reactor_chat.wire.codec import encode
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import (
    InParts,
    Notice,
    Numbered,
    Refused,
    Seen,
    Welcome,
    fold,
)


def request_concluded(notice: Notice) -> str | None:
    """Return the id of the request that this notice is the last word on, None where it is on none."""
    if isinstance(notice, InParts) and notice.more:
        return None
    re: str | None = getattr(notice, "re", None)
    return re


def request_echoed(notice: Notice, me: str) -> str | None:
    """Return the id of the request that this is the echo of, None where it is none.

    The echo is as much of a promise as `accepted` (PROTOCOL §5.3).  Ids are seen by everyone, so only one's own name
    makes an echo.
    """
    if isinstance(notice, Heard) and fold(notice.sender) == fold(me):
        return notice.id
    return None


class Inbox:
    """What has come so far.

    Args:
        vault: remembers the cursor, and archives what is numbered.
        time_of_day: says when something happened, given milliseconds since the Unix epoch.

    Attributes:
        me: one's own name.
    """

    def __init__(self, vault: Vault, time_of_day: Callable[[int], str] = utc_time_of_day) -> None:
        self.me = ""
        self._vault = vault
        self._time_of_day = time_of_day
        self._welcome_seq = 0
        self._log = ""  # the server's; empty where it names none
        self._has_begun = False  # something of it came
        self._shown: frozenset[bytes] = frozenset()  # what counted as lost, and may come again all the same

    @property
    def cursor(self) -> int | None:
        """The newest number that came: what `login` says as `after`; None before the first welcome."""
        return self._vault.cursor()

    @property
    def progress(self) -> tuple[int | None, list[Seen]]:
        """What `login` says of how far we have come: `after` and `seen`."""
        seen = self._vault.seen()
        is_named = bool(seen and seen[0].log)
        return self.cursor, [one for one in seen if one.log] if is_named else []

    def is_other_log(self, welcome: Welcome) -> bool | None:
        """Return whether the server was started anew since its last welcome; None where it does not name its logs."""
        return welcome.log != self._log if welcome.log and self._log else None

    def welcomed(self, welcome: Welcome) -> bool:
        """Begin from where the server stands, on the first login, or where it began its numbers anew.

        Returns:
            Whether it did that and names no logs: what we missed of what it had said before cannot be had any more.
        """
        self._welcome_seq, self._log, self._has_begun = welcome.seq, welcome.log or "", False
        cursor = self._vault.cursor()
        if cursor is None or (welcome.log is None and welcome.seq < cursor):
            self._begin(welcome.seq)
            return cursor is not None
        return False

    def _begin(self, seq: int) -> None:
        """Have the cursor in the server's log, at a number."""
        self._has_begun = True
        self._vault.begin_log(self._log, seq)

    def _come(self, notice: Notice) -> None:
        """Note that something of the server's log came."""
        if not self._has_begun and isinstance(notice, Numbered):
            self._begin(self._vault.cursor() or 0)

    def is_new(self, notice: Notice) -> bool:
        """Return whether a notice is no repetition; before `let_through` or `pass_over`."""
        if not isinstance(notice, Numbered):
            return True
        is_above = notice.seq > (self._vault.cursor() or 0)
        return is_above and not (self._shown and encode(notice) in self._shown)

    def pass_over(self, notice: Notice) -> None:
        """Note that a notice came that is not shown as it is, or not yet."""
        self._come(notice)
        if isinstance(notice, Numbered):
            self._vault.move_cursor(notice.seq)

    def let_through(self, arrived: Arrived) -> Arrived:
        """Archive a new notice that is to be shown; asked once for each, in the order they came."""
        notice, cursor = arrived.notice, self._vault.cursor() or 0
        self._come(notice)
        if isinstance(notice, Refused) and is_gap(notice) and notice.seq is not None:
            return self._lost(notice.seq, cursor)
        if isinstance(notice, Refused) and notice.code == "gap":
            # What lies between is lost for good: the next login must not ask for it again, and a crash must not hide
            # that something is missing.
            place = self._vault.archive(max(cursor, self._welcome_seq), row_of(notice))
            return arrived._replace(place=place)
        if not isinstance(notice, Numbered):
            return arrived
        return arrived._replace(place=self._vault.archive(notice.seq, row_of(notice)))

    def _lost(self, common: int, cursor: int) -> Arrived:
        """Go back to what the server still has, and say what it has lost of what was shown; see `lost_end`."""
        rows = self._vault.newest(LOOKED_THROUGH_MAX)
        loss, self._shown = loss_of(rows, common, self.me), shown_above(rows, common)
        self._begin(common)
        # In a log that is gone numbers up to `common` may have been given that are others now: nobody knows which.
        words = loss_in_words(loss, self._time_of_day) if common < cursor else SOME_IS_LOST
        ours = Refused("gap", words, seq=common)
        return Arrived(ours, self._vault.archive(common, row_of(ours)), is_own=True)
