"""Finds the known name that somebody who mistyped one may have meant.

Near is counted in slips of a hand: a letter too many, too few or wrong, or two neighbours swapped (optimal string
alignment).  How many are forgiven grows with the word, so that a short name is not taken for any other short name.
Whoever stopped in the middle of a name made one slip.

This runs inside a turn of the loop, with thousands of names known, any of them chosen to make it slow.  So two cheap
looks (at the lengths and at the sets of letters) rule out nearly all of them, and of the rest only the most alike are
compared letter by letter.
"""

import heapq
from collections.abc import Iterable

from reactor_chat.wire.messages import fold

_SLIPS_MAX = 3
_LETTERS_PER_SLIP = 3
_COMPARED_MAX = 256  # 15 ms where all are as long as a name may be


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to a word, or None where nothing is near.

    Args:
        word: what was typed; any text.
        known: names, in any order and spelling.

    Returns:
        The name in its own spelling; of several equally near ones the first in alphabetical order, regardless of case.

    Source: PROTOCOL §8 (`no_such_user`).
    """
    wanted = fold(word)
    allowed = min(_SLIPS_MAX, len(wanted) // _LETTERS_PER_SLIP)
    letters = set(wanted)
    possible = (
        (unlike, folded, name)
        for name in known
        if (unlike := _unlike(wanted, letters, folded := fold(name), allowed)) <= 2 * allowed
    )
    compared = heapq.nsmallest(_COMPARED_MAX, possible)
    found = [(_slips(wanted, folded, allowed), folded, name) for _, folded, name in compared]
    slips, _, name = min(found, default=(allowed + 1, "", ""))
    return name if slips <= allowed else None


def _unlike(wanted: str, letters: set[str], name: str, allowed: int) -> int:
    """Return a number that is above twice `allowed` only where the name needs more slips than that."""
    if name == wanted or (allowed and name.startswith(wanted)):
        return 0
    longer = abs(len(name) - len(wanted))
    return 2 * allowed + 1 if longer > allowed else max(longer, len(letters.symmetric_difference(name)))


def _slips(wanted: str, name: str, allowed: int) -> int:
    if name == wanted:
        return 0
    return 1 if allowed and name.startswith(wanted) else _distance(wanted, name, allowed)


def _distance(one: str, other: str, allowed: int) -> int:
    # Only what can still end within `allowed` is worked out: a band beside the diagonal, no row after a hopeless one.
    far = allowed + 1
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i] + [far] * len(other)
        for j in range(max(1, i - allowed), min(len(other), i + allowed) + 1):
            b = other[j - 1]
            cost = min(last[j - 1] + (a != b), last[j] + 1, row[j - 1] + 1)
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before_last[j - 2] + 1)
            row[j] = cost
        if min(row) > allowed:
            return far
        before_last, last = last, row
    return last[-1]
