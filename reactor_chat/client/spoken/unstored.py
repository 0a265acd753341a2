"""What one typed and the server does not have: said once it has waited for a moment, for most is stored before that."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from reactor_chat.client.spoken.sentences import own
from reactor_chat.client.transcript.entries import Fate, OwnLine
from reactor_chat.wire.conversation import Conversation

MOMENT_SECONDS = 1.0
"""So long a line may take without a word."""

KEPT_MAX = 1_000
"""So many lines are remembered, in case that they are refused."""


class _Typed(Struct):
    line: OwnLine
    since: float
    told: str | None = None  # the reason that was told


class Unstored:
    """Remembers which lines of one's own are on their way, or held.

    Args:
        spelled: gives the name of a conversation as the server spells it.

    Attributes:
        deadline: when `refresh` wants to be called, monotonic seconds; None where nothing is waited for.
    """

    def __init__(self, spelled: Callable[[Conversation], str]) -> None:
        self.deadline: float | None = None
        self._spelled = spelled
        self._typed: dict[str, _Typed] = {}
        self._on_the_way = 0  # as was told

    def refresh(self, lines: Sequence[OwnLine], now: float) -> list[list[str]]:
        """Take all lines as they are now; return what is to be said of them, one after the other."""
        for line in lines:
            known = self._typed.setdefault(line.id, _Typed(line, now))
            known.line = line
        while len(self._typed) > max(KEPT_MAX, len(lines)):
            self._typed.pop(next(iter(self._typed)))
        waiting = [self._typed[line.id] for line in lines]
        settled = [one for one in waiting if one.since + MOMENT_SECONDS <= now]
        self.deadline = min((one.since + MOMENT_SECONDS for one in waiting if one not in settled), default=None)
        return [*self._not_sent(settled), *self._counted(settled)]

    def _not_sent(self, settled: Sequence[_Typed]) -> list[list[str]]:
        said = []
        for one in settled:
            if one.line.fate is Fate.NOT_SENT and one.told != one.line.reason:
                one.told = one.line.reason
                said.append(own(one.line, self._spelled(one.line.conversation), one.line.reason))
        return said

    def _counted(self, settled: Sequence[_Typed]) -> list[list[str]]:
        before, self._on_the_way = self._on_the_way, sum(one.line.fate is not Fate.NOT_SENT for one in settled)
        if self._on_the_way <= before:
            return []
        return [["1 line is on the way." if self._on_the_way == 1 else f"{self._on_the_way} lines are on the way."]]

    def refused(self, request_id: str | None, reason: str) -> list[str] | None:
        """Return what to say of a line that was refused; None where it is none of those that were typed here."""
        known = self._typed.pop(request_id or "", None)
        if known is None:
            return None
        return own(known.line, self._spelled(known.line.conversation), reason)
