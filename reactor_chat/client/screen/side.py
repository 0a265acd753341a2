"""The panes at the sides: the chats there are and what is new in them, and who is here."""

from collections.abc import Sequence

from reactor_chat.client.screen.rows import Row, Span, cut, filled, justified, name_style, row_of
from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.transcript.window import Window
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.text.safe import safe

UNREAD_SHOWN_MAX = 99

_POSTURES = {
    Posture.PLAIN: Span("", ""),
    Posture.WAITING: Span("getting keys", "getting keys"),
    Posture.SEALED: Span("encrypted", "encrypted"),
    Posture.HELD: Span("held", "not sent"),
}


def chats(
    windows: Sequence[Window], opened: Window, unsent: int, columns: int, height: int, *, first: int = 0
) -> list[Row]:
    """Return the list of chats.

    Args:
        windows: in their order.
        opened: the one that is shown.
        unsent: how many lines wait for the person.
        columns: cells of each row.
        height: rows there are; the one that is open is always among them.
        first: how many rows the list was scrolled by.
    """
    head = justified(row_of(Span("title", " Chats")), row_of(Span("dim", "^K to switch ")), columns)
    foot = _foot(windows, unsent, columns)
    room = max(height - 1 - len(foot), 1)
    at = windows.index(opened)
    first = max(min(first, at), at - room + 1, 0)
    listed = [_chat(window, columns, is_open=window is opened) for window in windows[first : first + room]]
    blank = [row_of(" " * columns)] * (room - len(listed))
    return [head, *listed, *blank, *foot]


def _chat(window: Window, columns: int, *, is_open: bool) -> Row:
    style = "open" if is_open else "unread" if window.unread else ""
    name = Span(style, f"{'▸' if is_open else ' '}{safe(window.title)}")
    news = _news(window)
    posture = _POSTURES[window.posture]
    if columns >= cells(name.text) + cells(posture.text) + 8:
        news = row_of(posture, *news)
    return justified(row_of(name), news, columns)


def _news(window: Window) -> Row:
    """Return what is new in a chat in seven cells: how much, and how much of it is for the person."""
    if window.is_muted:
        return row_of(Span("dim", "  muted"))
    unread = min(window.unread, UNREAD_SHOWN_MAX)
    count = f"{unread}{'+' if window.unread > UNREAD_SHOWN_MAX else ''}" if unread else ""
    mentions = f"@{min(window.mentions, UNREAD_SHOWN_MAX)}" if window.mentions else ""
    return row_of(Span("unread", f"{count:>4}"), Span("mention", f"{mentions:>3}"))


def _foot(windows: Sequence[Window], unsent: int, columns: int) -> list[Row]:
    rows = []
    if unsent:
        words = "1 line not sent" if unsent == 1 else f"{unsent} lines not sent"
        rows.append(justified(row_of(Span("not sent", f" ! {words}")), row_of(Span("key", "F3 ")), columns))
    new, for_you = sum(bool(one.unread) for one in windows), sum(one.mentions for one in windows)
    if new:
        words = f" {new} {'chat' if new == 1 else 'chats'} unread" + (f", {for_you} for you" if for_you else "")
        rows += [filled(row_of(Span("dim", words)), columns), filled(row_of(Span("dim", " Alt-A goes there")), columns)]
    return rows


def people(names: Sequence[str], me: str, columns: int, height: int) -> list[Row]:
    """Return the list of who is here; as many as there is room for, and how many more there are."""
    head = justified(row_of(Span("title", " People")), row_of(Span("dim", f"{len(names)} ")), columns)
    room = max(height - 1, 0)
    shown = names if len(names) <= room else names[: max(room - 1, 0)]
    rows = [_person(name, columns, is_me=name.lower() == me.lower()) for name in shown]
    if len(shown) < len(names) and room:
        rows.append(cut(row_of(Span("dim", f" and {len(names) - len(shown)} more")), columns))
    return [head, *rows][:height]


def _person(name: str, columns: int, *, is_me: bool) -> Row:
    you = row_of(Span("dim", "you ")) if is_me else ()
    return justified(row_of(" ", Span("encrypted", "●"), " ", Span(name_style(name), safe(name))), you, columns)
