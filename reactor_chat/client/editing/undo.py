"""The steps by which a line was edited, so that each can be taken back.

A step says what stood where, and not how the whole line was: pasting and cutting the longest text that there is takes
the memory of that text once.  Characters typed one after the other are one step, up to `TYPED_CHARS_MAX` of them.
"""

from typing import NamedTuple

TYPED_CHARS_MAX = 20
"""As in readline: what is taken back at once is about what a person remembers having typed at once."""

STEPS_MAX = 1_000
REMOVED_CHARS_MAX = 1_048_576
"""Of all steps together; beyond that the oldest are forgotten."""


class Edit(NamedTuple):
    """One change of a line.

    Attributes:
        begin: where in the line.
        removed: what stood there.
        inserted: how many characters stand there instead.
        cursor: where the cursor was before.
        pasted_lines: how many lines the longest paste had before.
    """

    begin: int
    removed: str
    inserted: int
    cursor: int
    pasted_lines: int


class UndoSteps:
    """The steps of one line, the newest at the end."""

    def __init__(self) -> None:
        self._steps: list[Edit] = []
        self._removed_chars = 0
        self._is_typing = False

    def note(self, edit: Edit, *, is_typed: bool = False) -> None:
        """Remember a change.

        Args:
            edit: the change, which follows on the one noted before.
            is_typed: a person typed it, so that it may be one step with what they typed just before it.
        """
        last = self._steps[-1] if self._steps and self._is_typing and is_typed else None
        if last is not None and last.begin + last.inserted == edit.begin and not edit.removed:
            joined = last._replace(inserted=last.inserted + edit.inserted)
            if joined.inserted <= TYPED_CHARS_MAX:
                self._steps[-1] = joined
                return
        self._is_typing = is_typed
        self._steps.append(edit)
        self._removed_chars += len(edit.removed)
        while len(self._steps) > STEPS_MAX or (self._removed_chars > REMOVED_CHARS_MAX and len(self._steps) > 1):
            self._removed_chars -= len(self._steps.pop(0).removed)

    def break_off(self) -> None:
        """What is typed from now on is a step of its own."""
        self._is_typing = False

    def take(self) -> Edit | None:
        """Remove and return the newest step; None where there is none."""
        self._is_typing = False
        if not self._steps:
            return None
        self._removed_chars -= len(self._steps[-1].removed)
        return self._steps.pop()

    def clear(self) -> None:
        """Forget all of them."""
        self._steps, self._removed_chars, self._is_typing = [], 0, False
