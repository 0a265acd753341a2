"""Whether a text speaks to a person: by their name as a word, to everybody as `@all`, or with a word they chose."""

import re
from collections.abc import Iterable
from functools import lru_cache

ALL = "all"
"""`@all` in a text speaks to everybody who reads it."""


class Mentions:
    """What one person wants to be called by.

    Args:
        name: their own, in any case; empty while they have none.
        keywords: words or phrases that they chose, in any case.
    """

    def __init__(self, name: str, keywords: Iterable[str] = ()) -> None:
        self._pattern = _pattern(name, tuple(keywords))

    def are_in(self, text: str | None) -> bool:
        """Return whether a text has one of them; None, an encrypted one that cannot be read, has none."""
        return text is not None and self._pattern.search(text) is not None


@lru_cache(16)
def _pattern(name: str, keywords: tuple[str, ...]) -> re.Pattern[str]:
    wanted = [re.escape(word) for word in (name, *keywords) if word.strip()]
    words = "|".join(sorted(wanted, key=len, reverse=True))
    either = rf"@{ALL}" + (rf"|@?(?:{words})" if words else "")
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
