"""What one person has before their eyes: everything that is due to them, each once, however often the client died."""

from collections.abc import Iterable

from reactor_chat.client.boundary import Arrived, Earlier, Shown
from reactor_chat.testing.checker import NOBODY, Checker, demand
from reactor_chat.wire.codec import encode
from reactor_chat.wire.messages import Refused, Welcome


class Screen:
    """Everything that was shown to one person, in all runs of their client that share a vault.

    Args:
        checker: knows what is true.

    Attributes:
        at: the newest number that was come past; None before the first welcome.
        person: who is looking; NOBODY where no record tells of them yet.
        texts: what was said, told or said to a group, as it was shown.
    """

    def __init__(self, checker: Checker) -> None:
        self.at: int | None = None
        self.person = NOBODY
        self._welcome: Welcome | None = None
        self.texts: list[str] = []
        self._checker = checker
        self._repeatable: set[int] = set()

    def show(self, items: Iterable[Shown]) -> None:
        """Look at what the client shows now.  Raises Violation."""
        self._note_entering()
        for item in items:
            if isinstance(item, Arrived):
                self._show(item)
            elif isinstance(item, Earlier):
                self._show_earlier(item)

    def may_repeat(self, items: Iterable[Shown]) -> None:
        """Allow what was shown just before the client was killed to be shown again, once."""
        for item in items:
            seq = self._checker.seq_of.get(encode(item.notice)) if isinstance(item, Arrived) else None
            if seq is not None:
                self._repeatable.add(seq)

    @property
    def is_current(self) -> bool:
        """Whether everything that was due was shown."""
        self._note_entering()
        return self.at is not None and self._missing(self.at + 1, self._checker.head + 1) is None

    def _missing(self, first: int, end: int) -> int | None:
        is_due, rows, person = self._checker.is_due, self._checker.rows, self.person
        return next((seq for seq in range(first, end) if is_due(person, rows[seq])), None)

    def _show(self, item: Arrived) -> None:
        seq = self._checker.seq_of.get(encode(item.notice))
        if seq is not None:
            self._show_numbered(seq)
            if (text := getattr(item.notice, "text", None)) is not None:
                self.texts.append(text)
        elif isinstance(item.notice, Welcome):
            self._welcome = item.notice
            self.person = self._checker.person_at(item.notice.name, item.notice.seq)
            self.at = item.notice.seq if self.at is None else self.at
            self._note_entering()  # by the time that a welcome to read is shown, its reader may have entered
        else:
            demand(not isinstance(item.notice, Refused) or item.notice.code != "gap", "nothing is ever lost", item)

    def _note_entering(self) -> None:
        if self.person == NOBODY and self._welcome is not None:
            self.person = self._checker.person_after(self._welcome.name, self._welcome.seq)

    def _show_numbered(self, seq: int) -> None:
        if seq in self._repeatable:
            self._repeatable.discard(seq)
            return
        row = self._checker.rows[seq]
        demand(self.at is not None and seq > self.at, "nothing is shown twice, or out of its order", seq, self.at)
        assert self.at is not None
        demand(self._checker.is_due(self.person, row), "nobody is shown what is not for them", row, self.person)
        missing = self._missing(self.at + 1, seq)
        demand(missing is None, "nobody misses anything on the screen", missing, seq)
        self.at = seq

    def _show_earlier(self, item: Earlier) -> None:
        for notice in item.notices:
            seq = self._checker.seq_of.get(encode(notice))
            demand(seq is not None and seq <= (self.at or 0), "what was shown earlier was shown", notice)
