"""Tells many lines that came at once from lines that somebody typed: nobody has to send what nobody sent.

Theory of operation.  A terminal that does not put brackets around a paste (or lost one of them) sends its lines as if
they were typed, Enter by Enter.  A person cannot press Enter together with other keys, so an Enter that comes so is
held for `BURST_SECONDS_MAX`, and with it everything that follows as quickly.  All of that was a paste, and becomes one
key, where more than `LINES_MAX` lines have come by then; where the end of a paste is among it, or text that follows a
paste as quickly as that (so a paste that holds its own end presses nothing); or where a paste has just broken off, and
this is its rest.  Otherwise it is what it seems, a moment later.
"""

from collections.abc import Sequence

from reactor_chat.client.commands.keys import TOLD, Key

BURST_SECONDS_MAX = 0.05  # a pause that no person keeps, and a busy system seldom makes
TOGETHER_SECONDS_MAX = 0.03
"""Quicker than two keys are pressed one after the other."""

LINES_MAX = 3
"""Lines that may come at once and be sent: more are a paste, and asked about."""

HELD_MAX = 65_536
"""Keys that are held; further ones of the same burst are dropped, as an editor would drop them."""


class Bursts:
    """Holds back what may turn out to be a paste.

    Attributes:
        deadline: when `due` wants to be called, monotonic seconds; None while nothing is held.
    """

    def __init__(self) -> None:
        self.deadline: float | None = None
        self._held: list[Key] = []
        self._is_rest = False
        self._follows_paste = self._has_followed_paste = False
        self._last_at = float("-inf")

    def feed(self, keys: Sequence[Key], now: float, *, is_rest: bool = False) -> list[Key]:
        """Take keys that came together; return those that are what they seem.

        Args:
            keys: in their order; those without a use are left out, and what the terminal tells does not wait.
            now: monotonic seconds.
            is_rest: a paste has just broken off, and these may be the rest of it.
        """
        passed = [*self.due(now), *(key for key in keys if key.name in TOLD)]
        used = [key for key in keys if key.name and key.name not in TOLD]
        is_quick = len(used) > 1 or now - self._last_at <= TOGETHER_SECONDS_MAX
        if not used:
            return passed
        self._note_pastes(used, is_quick=now - self._last_at <= TOGETHER_SECONDS_MAX)
        self._last_at = now
        first = next((at for at, key in enumerate(used) if key.name == "Enter"), len(used))
        if self._held:
            first = 0
        elif not is_quick or first == len(used):
            return passed + used
        self._held += used[first : first + HELD_MAX - len(self._held)]
        self._is_rest = self._is_rest or is_rest or self._has_followed_paste
        self.deadline = now + BURST_SECONDS_MAX
        return passed + used[:first]

    def _note_pastes(self, keys: Sequence[Key], *, is_quick: bool) -> None:
        if not is_quick:
            self._follows_paste = self._has_followed_paste = False
        for key in keys:
            self._has_followed_paste = self._has_followed_paste or (self._follows_paste and key.name == "Text")
            self._follows_paste = self._follows_paste or key.name == "Paste"

    def due(self, now: float) -> list[Key]:
        """Return what was held, when nothing has followed it for long enough."""
        if self.deadline is None or now < self.deadline:
            return []
        held, self._held, self.deadline = self._held, [], None
        is_rest, self._is_rest = self._is_rest, False
        return [Key("Paste", _as_text(held))] if is_rest or _is_paste(held) else held


def _is_paste(keys: Sequence[Key]) -> bool:
    if any(key.name == "PasteEnd" for key in keys):
        return True
    lines = sum(key.name == "Enter" for key in keys) + (keys[-1].name == "Text")
    return lines > LINES_MAX and any(key.name == "Text" for key in keys)


def _as_text(keys: Sequence[Key]) -> str:
    breaks = {"Enter": "\n", "Alt-Enter": "\n", "Tab": "\t"}
    return "".join(key.text if key.name in ("Text", "Paste") else breaks.get(key.name, "") for key in keys)
