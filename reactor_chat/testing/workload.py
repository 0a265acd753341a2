"""What people type: reasonable things, and things that are unreasonable but legal.

A line is made from three numbers, so the same numbers are the same line.  Every text begins with `n` and a number of
its own, so what is said twice is known by its text.
"""

from collections.abc import Sequence
from typing import NamedTuple

GROUPS = ("red", "Blue", "bLUE", "green", "names", "no-name", "g" * 33)
"""Some are the same, some are nobody's, and some cannot be."""


class TypedStep(NamedTuple):
    """One line, and the text it says; None where it says nothing."""

    line: str
    text: str | None


def _person(names: Sequence[str], pick: int) -> str:
    """A name that is there, another spelling of it, or nobody's."""
    if pick % 11 == 10:
        return f"Nobody{pick % 3}"
    name = names[pick % len(names)]
    return name.upper() if pick % 7 == 6 else name


def _group(pick: int) -> str:
    return GROUPS[pick % len(GROUPS)] if pick % 4 == 3 else GROUPS[pick % 2]


def _several(names: Sequence[str], pick: int) -> str:
    return ("," if pick % 2 else " ").join(_person(names, pick + 3 * n) for n in range(1 + pick % 3))


SAYS = (
    *("{text}", "@@{text}", "{text} é€😀 \t tab", "{text}\nand\nmore", "{text} {long}", "{text} \x1b[2J"),
    *("{text} \u202ereversed", "@{person} {text}", "@{person} {text}", "@Nobody {text}"),
    *("@group send {group} {text}", "@group send {group} {text}", "@GROUP Send {group}   {text}"),
)
"""Lines that say a text."""

ASKS = (
    *("@names", "@grouplist", "@who {group}", "@history", "@history {number}", "@history @{person}"),
    *(
        "@history {group} {number}",
        "@history {group}",
        "@history {group}",
        "@help",
        "@frobnicate",
        "@history 0",
        "@group",
    ),
)
"""Lines that change nothing."""

CHANGES = (
    *("@group set {group} {people}", "@group set {group} {people}", "@add {group} {people}"),
    *("@group add {group} {people}", "@kick {group} {person}", "@group leave {group}", "@group delete {group}"),
)
"""Lines that change a group."""


def line(names: Sequence[str], kind: int, pick: int, number: int) -> TypedStep:
    """Return what somebody types.

    Args:
        names: of everybody.
        kind: what sort of line; 0 to 99.
        pick: about whom or what; 0 or more.
        number: one that no other line of this world has.
    """
    text = f"n{number}"
    if kind < 15:
        return TypedStep(text, text)
    if kind < 40:
        return TypedStep(_filled(SAYS, names, pick, text), text)
    if kind < 58:
        return TypedStep(_filled(ASKS, names, pick, text), None)
    if kind < 97:
        return TypedStep(_filled(CHANGES, names, pick, text), None)
    return TypedStep("" if pick % 4 else "@quit", None)


def _filled(rows: Sequence[str], names: Sequence[str], pick: int, text: str) -> str:
    row, pick = rows[pick % len(rows)], pick // len(rows)
    return row.format(
        text=text,
        long="x" * (pick * 37 % 900),
        person=_person(names, pick),
        people=_several(names, pick),
        group=_group(pick),
        number=1 + pick % 200,
    )
