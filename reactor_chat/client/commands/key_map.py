"""Which key does what in one view, after a person's own choice, and the help on it.

A key that somebody chose has that one meaning, on an empty line too.  A choice that the view knows no action for leaves
the key what it was there.  A key with others held down that means nothing is the key without them, where that is a
key to move or to edit with: `Shift-Left` goes left.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reactor_chat.client.commands.keys import (
    CHAT_KEYS,
    KEYS,
    MODIFIERS,
    NAMED,
    Binding,
    Key,
    KeyAction,
    ViewKind,
    mouse_event,
)
from reactor_chat.errors import UsageError
from reactor_chat.text.nearness import nearest

NONE = "none"
"""What stands in `client.toml` in the place of an action where a key is to do nothing."""

_WHEEL = {64: "WheelUp", 65: "WheelDown"}
_PLAIN_TOO = NAMED - {"Tab", "Esc", "Space", *(f"F{number}" for number in range(1, 13))}
_SAME = {"I": "Tab", "M": "Enter", "J": "Enter", "H": "Backspace", "[": "Esc", "/": "Ctrl-_"}
"""What terminals send for these letters with Ctrl."""

_modifier = re.compile(r"(ctrl|alt|shift)-(?=.)", re.IGNORECASE)
_by_spelling = {name.lower(): name for name in NAMED} | {"pageup": "PgUp", "pagedown": "PgDn", "escape": "Esc"}
_chat_name = re.compile(r"chat_([1-9])")


class Bound(NamedTuple):
    """What a key means.

    Attributes:
        action: what it does.
        number: of the chat to go to, 1 to 9; 0 for all other actions.
    """

    action: KeyAction
    number: int = 0

    @property
    def name(self) -> str:
        """How `client.toml` calls it."""
        return self.action.name.lower() + (f"_{self.number}" if self.number else "")


class KeyMap:
    """The keys of one view.

    Args:
        view: `LINE` or `SCREEN`.
        own: keys as `read_key` writes them, and what a person wants each to do: None for nothing.

    Attributes:
        chords: pairs of keys, pressed one after the other, that mean something; for the `KeyReader`.
    """

    def __init__(self, view: ViewKind, own: Iterable[tuple[str, Bound | None]] = ()) -> None:
        self._rows = [row for row in KEYS if view in row.views]
        self._always: dict[str, Bound | None] = {}
        self._empty: dict[str, Bound] = {}
        for row in self._rows:
            for key in row.keys:
                (self._empty if row.on_empty else self._always)[key] = _bound(row, key)
        known = {row.action for row in self._rows}
        self._own = {key: bound for key, bound in own if bound is None or bound.action in known}
        self._always |= self._own
        for key in self._own:
            self._empty.pop(key, None)
        self.chords = frozenset(key for key in self._always if self._is_chord(key))

    def look_up(self, key: Key, *, is_empty: bool = False) -> Bound | None:
        """Return what a key does; None where it does nothing, or is text.

        Args:
            key: as the reader gives it; a turn of the mouse's wheel is a key too.
            is_empty: nothing is typed.
        """
        name = _WHEEL.get(mouse_event(key.text).button, "") if key.name == "Mouse" else key.name
        for plainer in _plainer(name):
            if is_empty and plainer in self._empty:
                return self._empty[plainer]
            if plainer in self._always:
                return self._always[plainer]
        return None

    def help_rows(self) -> list[tuple[str, str]]:
        """Return the keys and what they do, in the order of the table; what a person chose is among it."""
        rows = []
        for group in _groups(self._rows):
            keys = "; ".join(filter(None, (_listed(self._keys_of(part)) for part in _by_action(group))))
            if keys:
                rows.append((keys, group[0].help))
        rows += [(key, f"go to chat {to.number} of the list") for key, to in self._own.items() if to and to.number]
        return rows

    def _keys_of(self, rows: list[Binding]) -> list[str]:
        keys = [key for row in rows for key in row.keys if self._does(key, row)]
        if not rows[0].on_empty:
            keys += [key for key, to in self._own.items() if to == Bound(rows[0].action) and key not in keys]
        return keys

    def _does(self, key: str, row: Binding) -> bool:
        found = self._empty.get(key) if row.on_empty else self._always.get(key)
        return found == _bound(row, key) and (" " not in key or key in self.chords)

    def _is_chord(self, key: str) -> bool:
        first, _, second = key.partition(" ")
        return bool(second) and self._always[key] is not None and first not in self._always


def read_key(written: str) -> str:
    """Return a key's name as the reader gives it, however somebody spells it: `alt-a` is `Alt-A`.

    Raises:
        UsageError: it is none, or none that can be told from another; the text says how one is written.
    """
    names = [_one_key(part) for part in written.split()]
    if not 1 <= len(names) <= 2 or None in names:
        raise UsageError(
            f"Not a key: {written[:32]!r} (write it like Alt-A, Ctrl-K, F5, PgUp, Shift-Up or Ctrl-X Ctrl-E)"
        )
    for name in filter(None, names):
        if name.startswith("Ctrl-") and (same := _SAME.get(name.removeprefix("Ctrl-"))) is not None:
            raise UsageError(f"Not a key of its own: {name} (terminals send {same} for it; use that)")
    return " ".join(filter(None, names))


def read_action(written: str) -> Bound | None:
    """Return what a key is to do, by the name of the action; None for `none`.  Raises UsageError, with all names."""
    wanted = written.strip().lower()
    if wanted == NONE:
        return None
    for bound in (Bound(action) for action in KeyAction if action is not KeyAction.CHAT):
        if bound.name == wanted:
            return bound
    if found := _chat_name.fullmatch(wanted):
        return Bound(KeyAction.CHAT, int(found[1]))
    near = nearest(wanted, action_names())
    hint = f"Did you mean {near}? " if near is not None else ""
    raise UsageError(f"Not an action: {written[:32]!r}. {hint}There are: {', '.join(action_names())}")


def action_names() -> list[str]:
    """Return the names of all actions, as `client.toml` has them, in the order of the table."""
    names = dict.fromkeys(Bound(row.action).name for row in KEYS if row.action is not KeyAction.CHAT)
    return [*names, *(f"chat_{number}" for number in range(1, 10)), NONE]


def markdown_table() -> str:
    """Return the table of keys of docs/using.md, without a final line break."""
    lines = ["| keys | what they do | where | in `client.toml` |", "|---|---|---|---|"]
    for group in _groups(KEYS):
        head = group[0]
        keys = "; ".join(_listed_with_places(rows, head.views) for rows in _by_action(group))
        names = ", ".join(f"`{_name_of(rows[0].action)}`" for rows in _by_action(group))
        lines.append(f"| {keys} | {head.help} | {_PLACES[head.views]} | {names} |")
    return "\n".join(lines)


_PLACES = {ViewKind.BOTH: "", ViewKind.LINE: "line mode", ViewKind.SCREEN: "full screen"}


def _bound(row: Binding, key: str) -> Bound:
    return Bound(row.action, CHAT_KEYS.index(key) + 1 if row.action is KeyAction.CHAT else 0)


def _name_of(action: KeyAction) -> str:
    return "chat_1` … `chat_9" if action is KeyAction.CHAT else Bound(action).name


def _groups(rows: Iterable[Binding]) -> Iterator[list[Binding]]:
    """Rows that one help speaks of."""
    group: list[Binding] = []
    for row in rows:
        if row.help and group:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _by_action(group: list[Binding]) -> list[list[Binding]]:
    return [[row for row in group if row.action is action] for action in dict.fromkeys(row.action for row in group)]


def _listed(keys: list[str]) -> str:
    if keys[: len(CHAT_KEYS)] == list(CHAT_KEYS):
        keys = [f"{CHAT_KEYS[0]} … {CHAT_KEYS[-1]}", *keys[len(CHAT_KEYS) :]]
    return ", ".join(keys)


def _listed_with_places(rows: list[Binding], usual: ViewKind) -> str:
    return ", ".join(
        _listed(list(row.keys)) + ("" if row.views == usual else f" ({_PLACES[row.views]})") for row in rows
    )


def _plainer(name: str) -> Iterator[str]:
    """A key, and what it stands for where it means nothing: with less held down."""
    yield name
    modifiers, base = _split(name)
    if base not in _PLAIN_TOO and "Ctrl-" not in modifiers:
        return
    for modifier in reversed([word for _, word in MODIFIERS]):
        if modifier in modifiers and (base in _PLAIN_TOO or modifier != "Ctrl-"):
            modifiers = [one for one in modifiers if one != modifier]
            yield "".join(modifiers) + base


def _split(name: str) -> tuple[list[str], str]:
    """What is held down, in the order of a name, and the key without it."""
    held = []
    while found := _modifier.match(name):
        held.append(f"{found[1].capitalize()}-")
        name = name[found.end() :]
    return [word for _, word in MODIFIERS if word in held], name


def _one_key(written: str) -> str | None:
    held, base = _split(written)
    named = _by_spelling.get(base.lower())
    if named is None:
        is_sign = len(base) == 1 and "!" <= base <= "~"
        if not is_sign or not held or "Shift-" in held:
            return None  # a letter alone is text, and one with Shift is a capital
        named = base.upper()
    return None if named == "Space" and not held else "".join(held) + named
