"""Who came and who went, in one line: those who are back before long are not worth a word.

Bob and Ines joined, Gus left, 6 others came and went
"""

from collections.abc import Iterable

from reactor_chat.client.transcript.entries import Comings
from reactor_chat.text.render import Line, Part
from reactor_chat.text.safe import safe
from reactor_chat.wire.messages import fold

BACK_MS_MAX = 60_000
"""Somebody who went and is back so soon did not go for a person who reads."""
NAMED_MAX = 3
"""So many people are named in one line; more are counted."""


def joined(before: Comings, after: Comings) -> Comings:
    """Return what happened in two that follow one another as one."""
    first_place = before.first_place if before.first_place is not None else after.first_place
    place = after.place if after.place is not None else before.place
    return Comings((*before.steps, *after.steps), max(before.at, after.at), place, first_place)


def in_words(comings: Comings) -> Line | None:
    """Return the line that says what is left of it; None where nothing is.

    Whoever is there at the end as at the beginning came and went; who went and was back within a minute did neither.
    """
    came, went, both = _sorted_out(comings)
    clauses = [clause for clause in (_people(came, "joined"), _people(went, "left"), _others(both)) if clause]
    if not clauses:
        return None
    line = list(clauses[0])
    for clause in clauses[1:]:
        line += [Part("system", ", "), *clause]
    return line


def _sorted_out(comings: Comings) -> tuple[list[str], list[str], int]:
    """Return who came, who went, and how many did both for longer than a moment."""
    steps: dict[str, list[tuple[str, bool, int]]] = {}
    for name, is_coming, at in comings.steps:
        steps.setdefault(fold(name), []).append((name, is_coming, at))
    came: list[str] = []
    went: list[str] = []
    both = 0
    for of_one in steps.values():
        (_, first, _), (name, last, _) = of_one[0], of_one[-1]
        if first == last:
            (came if last else went).append(name)
        elif first or of_one[-1][2] - of_one[0][2] > BACK_MS_MAX:
            both += 1
    return came, went, both


def _people(names: list[str], did: str) -> Line:
    if not names:
        return []
    shown = names if len(names) <= NAMED_MAX else names[: NAMED_MAX - 1]
    parts: list[list[Part]] = [[Part("name", safe(name))] for name in shown]
    if len(names) > len(shown):
        parts.append([Part("system", f"{len(names) - len(shown)} others")])
    return [*_listed(parts), Part("system", f" {did}")]


def _others(count: int) -> Line:
    if not count:
        return []
    return [Part("system", "1 person came and went" if count == 1 else f"{count} people came and went")]


def _listed(parts: Iterable[list[Part]]) -> Line:
    """Return `a, b and c`."""
    each = list(parts)
    line = list(each[0])
    for place, part in enumerate(each[1:], 2):
        line += [Part("system", " and " if place == len(each) else ", "), *part]
    return line
