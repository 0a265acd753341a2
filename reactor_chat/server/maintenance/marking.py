"""When to note outside of the journal how far it has come: in an idle moment, and never more than a second late."""

import logging

from reactor_chat.journal.contract import Journal

MARK_SECONDS = 0.8
"""Between a commit and its mark, with a turn to spare until a second is over."""

_log = logging.getLogger("reactor_chat.server")


class Marking:
    """Keeps the mark of a journal.

    Args:
        journal: whose it is.

    Attributes:
        deadline: when to keep it at the latest, in seconds of the turns' clock; None while it is kept.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._complaint: str | None = None
        self.deadline: float | None = None

    def committed(self, now: float) -> None:
        """Learn that there is something new to note."""
        if self.deadline is None:
            self.deadline = now + MARK_SECONDS

    def turn(self, now: float, *, is_idle: bool) -> None:
        """Keep the mark, where something is new and it is time or nobody does anything else."""
        if self.deadline is not None and (is_idle or now >= self.deadline):
            self.deadline = None
            self._keep()

    def _keep(self) -> None:
        """Where it cannot be kept, say so once, until it can be or the reason is another."""
        complaint, before = self._journal.keep_mark(), self._complaint
        if complaint is not None and complaint != before:
            _log.warning("%s", complaint)
        self._complaint = complaint
