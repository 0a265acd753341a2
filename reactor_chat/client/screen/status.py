"""The rows above and below the conversation: what it is, where a line goes, how the connection is, which keys help."""

from typing import NamedTuple

from reactor_chat.client.screen.rows import Row, Span, cut, justified, row_of, width
from reactor_chat.client.transcript.window import Window
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.text.safe import safe

POSTURES = {
    Posture.PLAIN: Span("not encrypted", "NOT encrypted"),
    Posture.WAITING: Span("getting keys", "getting keys"),
    Posture.SEALED: Span("encrypted", "encrypted"),
    Posture.HELD: Span("held", "not sent"),
}
"""What becomes of a line typed in a conversation."""

BETWEEN = Span("dim", " · ")
NAME_CELLS_MIN = 4
"""Less of a name says nothing."""


class Connection(NamedTuple):
    """How the connection is.

    Attributes:
        word: `connected`, `offline`, `no answer`.
        waiting: how many lines are on their way.
        news: the newest words of the client.
    """

    word: str
    waiting: int = 0
    news: str = ""


def title(window: Window, here: int, connection: Connection, columns: int) -> Row:
    """Return the row above the conversation: its name, whether it is encrypted, and how many are here."""
    spans = [Span("title", f" {safe(window.title)}"), BETWEEN, POSTURES[window.posture]]
    if window.is_left:
        spans += [BETWEEN, Span("dim", "you are no member any more")]
    if here:
        spans += [BETWEEN, Span("", f"{here} here")]
    spans += [BETWEEN, _word(connection)]
    return cut(tuple(spans), columns)


def target(to: str, posture: Posture, connection: Connection, columns: int, *, beside: str = "") -> Row:
    """Return the row above the line being typed: to whom it goes, and what becomes of it.

    Args:
        to: the title of the conversation to which it goes.
        posture: of that conversation.
        connection: how it is.
        columns: cells of the row.
        beside: of the line itself, such as `draft saved`; empty where there is nothing to say.
    """
    name, fate, word = Span("title", safe(to)), (BETWEEN, POSTURES[posture]), row_of(_word(connection), " ")
    left = (Span("dim", " to "), name, *fate)
    words = [text for text in (beside, _waiting(connection)) if text]
    right = row_of(Span("dim", "   ".join(words) + "   " if words else ""), *word)
    if width(left) + width(right) < columns:
        return justified(left, right, columns)
    return _narrow(name, fate, () if connection.word == "connected" else row_of(" ", *word), columns)


def _narrow(name: Span, fate: Row, word: Row, columns: int) -> Row:
    """Return what becomes of the line, in any case; then how the connection is, then to whom the line goes."""
    for head in (" to ", " "):
        room = columns - len(head) - width(fate) - width(word)
        if room >= min(width((name,)), NAME_CELLS_MIN):
            return justified((Span("dim", head), *cut((name,), room), *fate), word, columns)
    bare = (Span("", " "), *fate[1:])
    return justified(bare, word if width(bare) + width(word) <= columns else (), columns)


def _waiting(connection: Connection) -> str:
    return f"{connection.waiting} on the way" if connection.waiting else ""


def _word(connection: Connection) -> Span:
    return Span("dim" if connection.word == "connected" else "alarm", connection.word)


HINTS = (
    ("Enter", "send"),
    ("Alt-Enter", "new line"),
    ("Tab", "complete"),
    ("PgUp", "scroll"),
    ("Alt-A", "next unread"),
    ("^F", "find"),
    ("F1", "help"),
)
"""The keys that a person needs first; where there is no room, the last ones are left out, but for the essential."""
_ESSENTIAL = ("Enter", "F1")


def hints(columns: int) -> Row:
    """Return the row at the bottom: the keys that a person needs first, as many as there is room for."""
    chosen = list(HINTS)
    while len(chosen) > len(_ESSENTIAL) and _length(chosen) > columns:
        chosen.remove(next(hint for hint in reversed(chosen) if hint[0] not in _ESSENTIAL))
    spans = [Span("", " ")]
    for key, what in chosen:
        spans += [Span("key", key), Span("dim", f" {what}  ")]
    return cut(tuple(spans), columns)


def _length(hints_chosen: list[tuple[str, str]]) -> int:
    return 1 + sum(len(key) + len(what) + 3 for key, what in hints_chosen)
