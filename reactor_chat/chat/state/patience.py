"""How long people wait before they may do again what makes many others work.

Asking to be let in, or sealing a conversation anew, costs one line, and costs everybody else a commit, packages and a
download.  So in each conversation each person may do it twice at once (a newcomer may lose the keys on the way); then
the wait is twice as long each time, whatever came of it, and a quiet while takes one step back.

A commit is work for all members, and takes packages from those it adds, whether they asked or not.  So each person has
a purse for all conversations together: a commit costs one, each of those it adds one more, and one comes back each
second.

All of it follows from the records and their times, as everything in the state does.
"""

from collections.abc import Hashable
from typing import TypeVar

from msgspec import Struct

from reactor_chat.wire.messages import fold

TIMES_FREE = 2
"""Times without a wait between them."""
WAIT_MS = 4_000
"""After the last of those; twice as long each time after."""
WAIT_MS_MAX = 600_000
STEP_BACK_MS = 600_000
"""The quiet while that takes one step back."""
TIMES_MAX = 10
"""Times that are counted: by then the wait is as long as it gets."""
REMEMBERED_MAX = 65_536
"""People and conversations that are remembered; what is longest ago is forgotten beyond."""
WORK_BURST = 512
"""What a full purse holds at least: the members of a full conversation, let in twice."""

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Tried(Struct, array_like=True, frozen=True, gc=False):
    """How often somebody did something in one conversation, and when last.

    Attributes:
        what: `ask` or `create`.
        name: folded.
        place: see `seals`.
        at: milliseconds since the Unix epoch, as the record says.
    """

    what: str
    name: str
    place: str
    times: int
    at: int


class Patience:
    """Who has to wait."""

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str, str], Tried] = {}
        self._busy_until: dict[str, int] = {}

    def wait_ms(self, what: str, name: str, place: str, at: int) -> int:
        """Return for how long somebody may not do this again in a conversation; 0 where it may be done now."""
        tried = self._tried.get((what, fold(name), place))
        times = _times_left(tried, at)
        if tried is None or times < TIMES_FREE:
            return 0
        return max(0, tried.at + min(WAIT_MS << (times - TIMES_FREE), WAIT_MS_MAX) - at)

    def note(self, what: str, name: str, place: str, at: int) -> None:
        """Note that somebody did it."""
        key = (what, fold(name), place)
        times = min(_times_left(self._tried.pop(key, None), at) + 1, TIMES_MAX)
        self._tried[key] = Tried(*key, times, at)
        _drop_first(self._tried, REMEMBERED_MAX)
        while _times_left(next(iter(self._tried.values())), at) == 0:
            del self._tried[next(iter(self._tried))]

    def work_wait_ms(self, name: str, work: int, work_max: int, at: int) -> int:
        """Return how long somebody's purse, of `work_max`, takes until it holds so much; 0 where it does now."""
        busy = max(0, self._busy_until.get(fold(name), at) - at)
        return max(0, busy + 1_000 * (work - max(WORK_BURST, work_max)))

    def spend(self, name: str, work: int, at: int) -> None:
        """Take so much from somebody's purse."""
        until = max(self._busy_until.pop(fold(name), at), at) + 1_000 * work
        self._busy_until[fold(name)] = until
        _drop_first(self._busy_until, REMEMBERED_MAX)
        while self._busy_until[next(iter(self._busy_until))] <= at:
            del self._busy_until[next(iter(self._busy_until))]

    def forget(self, name: str) -> None:
        """Forget somebody whose name was released: who takes it next did none of it."""
        self._busy_until.pop(fold(name), None)
        for key in [key for key in self._tried if key[1] == fold(name)]:
            del self._tried[key]

    def set_back(self, ms: int) -> None:
        """Go on as if no time had passed: the times of the records went back by so much, because a clock was wrong."""
        for key, tried in self._tried.items():
            self._tried[key] = Tried(tried.what, tried.name, tried.place, tried.times, tried.at - ms)
        for name in self._busy_until:
            self._busy_until[name] -= ms

    def dump(self) -> tuple[list[Tried], list[tuple[str, int]]]:
        """Return what was done, the longest ago first, and until when whose purse is not full."""
        return list(self._tried.values()), list(self._busy_until.items())

    def load(self, tried: list[Tried], busy_until: list[tuple[str, int]]) -> None:
        """Replace the state by what `dump` returned."""
        self._tried = {(one.what, one.name, one.place): one for one in tried}
        self._busy_until = dict(busy_until)


def _times_left(tried: Tried | None, at: int) -> int:
    return 0 if tried is None else max(0, tried.times - (at - tried.at) // STEP_BACK_MS)


def _drop_first(among: dict[_Key, _Value], count_max: int) -> None:
    if len(among) > count_max:
        del among[next(iter(among))]
