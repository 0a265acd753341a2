"""Who may have been meant by a name that nobody has; looked for only so often, for to look is a hundred times the work.

Whoever mistypes gets the hint.  Only where names that nobody has come by the hundred do refusals stay without it.
"""

from reactor_chat.chat.limits.ratelimit import Elapsed, TokenBucket
from reactor_chat.chat.state.roster import Roster

SEARCHES_BURST = 20
SEARCHES_PER_SECOND = 100
"""At about 0.5 ms each, 5 % of the time at most."""


class Searches:
    """Looks for near names in a roster."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._elapsed = Elapsed()
        self._bucket = TokenBucket(SEARCHES_BURST, SEARCHES_PER_SECOND, 0.0)

    def suggestion(self, name: str, now: int) -> str | None:
        """Return the present name nearest to one that nobody holds.

        Args:
            name: what was typed; any text.
            now: milliseconds of a clock that may be set.

        Returns:
            None where none is near, or where too many were looked for of late.
        """
        if self._bucket.available(self._elapsed.seconds(now)) < 1:
            return None
        self._bucket.take(1)
        return self._roster.suggestion(name)
