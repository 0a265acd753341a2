"""How far people have read, as the model of the chat knows it."""

from collections.abc import Iterator
from typing import Any, Self

from fuzz.live.chat_reading import ReadRules
from fuzz.live.chat_state import Happening, Person

SEQ_KNOWN_MAX = 2**52 - 1
"""Above it is no number that a conversation knows: it stands for everything so far (`chat.FUTURE`)."""


class MarkRules(ReadRules):
    """What comes of markers: they go forward, and are told to their owner only."""

    def mark_refusals(self, me: Person, asked: dict[str, Any]) -> set[str]:
        """Return the codes that a marker may be refused with; none where it is in order."""
        if me.is_guest:
            return {"not_allowed"}
        if "group" in asked:
            refusal = self._refuse_group(me, asked["group"])
            return set() if refusal is None else {refusal["code"]}
        known = "with" not in asked or self.spelled(asked["with"]) or (me.number, self._place(asked)) in self.marks
        return set() if known else {"no_such_user"}

    def mark(self, me: Person, asked: dict[str, Any]) -> Iterator[tuple[Self, Any]]:
        """Yield what is the case afterwards, with the number that is accepted, for each thing that may come of it."""
        before = self.marks.get((me.number, self._place(asked)))
        if before is not None or not asked["seq"]:
            yield from self._unmoved(before, asked["seq"])
        if asked["seq"] and not self._is_behind(asked["seq"], before):
            after = self.copy()
            own = Happening(len(after.events))
            after.happen({"type": "marker"}, ())
            after.marks.pop((me.number, self._place(asked)), None)
            after.marks[me.number, self._place(asked)] = own if asked["seq"] > SEQ_KNOWN_MAX else asked["seq"]
            yield after.noting("mark_read"), own

    def _unmoved(self, before: int | Happening | None, seq: int) -> Iterator[tuple[Self, Any]]:
        """Where everything is meant, nobody here knows whether others did something since."""
        if not seq or seq > SEQ_KNOWN_MAX or self._is_behind(seq, before):
            after = self.copy()
            yield after.noting("marked again"), type(after).newest

    def _is_behind(self, seq: int, before: int | Happening | None) -> bool:
        """Return whether a known number is not above a marker."""
        if before is None or seq > SEQ_KNOWN_MAX:
            return False
        if isinstance(before, int):
            return seq <= before
        return any(known >= seq for place, known in self.bound.items() if place < before.place)

    def _place(self, asked: dict[str, Any]) -> str:
        if "group" in asked:
            group = self.groups.get(asked["group"].lower())
            return f"group/{group.born if group is not None else None}"
        return f"with/{asked['with'].lower()}" if "with" in asked else "room"

    def read_marks(self, me: Person, _: dict[str, Any]) -> dict[str, Any]:
        """Return the answer, but for its `re`."""
        groups = {f"group/{group.born}": group.name for group in self.groups.values()}
        mine = [(place, mark) for (number, place), mark in self.marks.items() if number == me.number]

        def is_mine(state: "MarkRules", marks: Any) -> bool:
            return (
                type(marks) is list
                and len(marks) == len(mine)
                and all(
                    _fields(one) == state.named(place, groups) and state.is_at(mark, one.get("seq"))
                    for one, (place, mark) in zip(marks, mine, strict=True)
                )
            )

        return {"type": "read_marks", "marks": is_mine}

    def named(self, place: str, groups: dict[str, str]) -> dict[str, str]:
        """Return the field by which a conversation is named, and the name; none for the room."""
        if place in groups:
            return {"group": groups[place]}
        kind, _, name = place.partition("/")
        return {"with": self.spelled(name) or name} if kind == "with" else {}

    def is_at(self, mark: int | Happening, seq: Any) -> bool:
        """Return whether a marker may be at a number."""
        if type(seq) is not int:
            return False
        return self.bind(mark.place, seq + 1) if isinstance(mark, Happening) else mark == seq


def _fields(told: Any) -> dict[str, Any]:
    return {field: told[field] for field in ("with", "group") if field in told}
