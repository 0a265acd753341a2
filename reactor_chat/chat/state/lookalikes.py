"""Which names can be mistaken for one another: those with the same skeleton.

The skeleton of a name is what remains of it for a quick eye: letters and digits that look alike in some common font
become one, and underscores do not count.  Case is folded first, as it is everywhere in names, so that `I`, `l`, `1`
and `i` are one letter: an owner may spell a name in any case later on.

Source: the idea is that of Unicode's UTS 39 §4 (confusable detection); the table is for the 63 characters of names.
"""

from collections.abc import Iterator
from functools import lru_cache

from reactor_chat.wire.messages import SERVER_NAME, fold

_ALIKE = str.maketrans({"i": "l", "1": "l", "0": "o", "5": "s", "_": None})
_PAIRS_ALIKE = (("rn", "m"), ("vv", "w"))
SKELETONS_KEPT = 1_024
"""A login asks for that of its name seven times on its way in, and so many may be on their way at once."""


@lru_cache(SKELETONS_KEPT)
def skeleton(name: str) -> str:
    """Return what two names share that look alike; equal names have equal skeletons."""
    bones = fold(name).translate(_ALIKE)
    for pair, one in _PAIRS_ALIKE:
        bones = bones.replace(pair, one)
    return bones


class Lookalikes:
    """Names by their skeletons."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}

    def add(self, name: str) -> None:
        """Note a name; in another spelling it is the same."""
        self._names.setdefault(skeleton(name), {})[fold(name)] = None

    def remove(self, name: str) -> None:
        """Forget a name; nothing happens where it is not known."""
        bones = skeleton(name)
        alike = self._names.get(bones, {})
        alike.pop(fold(name), None)
        if not alike:
            self._names.pop(bones, None)

    def clear(self) -> None:
        """Forget all."""
        self._names.clear()

    def like(self, name: str) -> Iterator[str]:
        """Yield the other names, folded, that this one can be mistaken for, in the order in which they were added."""
        yield from (other for other in self._names.get(skeleton(name), ()) if other != fold(name))


def is_like_the_server(name: str) -> bool:
    """Return whether a name can be mistaken for the one under which the operator speaks."""
    return skeleton(name) == skeleton(SERVER_NAME)
