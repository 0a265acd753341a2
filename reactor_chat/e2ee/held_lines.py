"""Lines that were typed and have not left: a person lists them, sends them, takes one back to edit it, or drops them.

What waits for keys leaves by itself.  What waits because something did not hold, or because encryption was turned off
behind it, leaves only here.
"""

import msgspec

from reactor_chat.e2ee.boundary import Held, HeldAction, NoteKind
from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.outbound import obstacle
from reactor_chat.e2ee.reconcile import advance
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.talk import Line, Talk

SHOWN_CHARS_MAX = 60
NOTHING = "Nothing is held: everything you typed was sent"


def obey(desk: Desk, order: Held) -> None:
    """Do what a person ordered with what is held."""
    chosen = [(number, talk, line) for number, talk, line in numbered(desk) if order.number in (None, number)]
    if not chosen:
        held_one = order.number is not None
        desk.note(NoteKind.ANSWER, f"No held line has the number {order.number}" if held_one else NOTHING)
        return
    if order.action is HeldAction.LIST:
        for number, talk, line in chosen:
            desk.note(NoteKind.ANSWER, _in_words(desk, number, talk, line))
    elif order.action is HeldAction.SEND:
        _send(desk, chosen)
    else:
        _take_back(desk, chosen, is_edited=order.action is HeldAction.EDIT)


def numbered(desk: Desk) -> list[tuple[int, Talk, Line]]:
    """Return every line that is held, with the number by which a person calls it, until the client ends."""
    lines = [(talk, line) for talk in desk.talks.values() for line in talk.held.values()]
    for _, line in lines:
        desk.held_numbers.setdefault(line.id, len(desk.held_numbers) + 1)
    return sorted(((desk.held_numbers[line.id], talk, line) for talk, line in lines), key=lambda one: one[0])


def _in_words(desk: Desk, number: int, talk: Talk, line: Line) -> str:
    why = obstacle(desk, talk) or ("waiting for your @held send" if line.needs_yes else "on its way")
    text = line.text if len(line.text) <= SHOWN_CHARS_MAX else f"{line.text[:SHOWN_CHARS_MAX]}…"
    return f"{number} for {talk.where.in_words}: {text} ({why})"


def _send(desk: Desk, chosen: list[tuple[int, Talk, Line]]) -> None:
    """The person said yes: they leave as what is typed there now does, sealed or plain, once nothing is in the way."""
    for _, talk, line in chosen:
        is_secret = line.is_secret and talk.state is not State.PLAIN
        talk.hold(msgspec.structs.replace(line, needs_yes=False, is_secret=is_secret))
    for talk in {talk.where: talk for _, talk, _ in chosen}.values():
        if why := obstacle(desk, talk):
            desk.note(NoteKind.ANSWER, f"Not sent yet in {talk.where.in_words}: {why}", talk.where)
        advance(desk, talk)


def _take_back(desk: Desk, chosen: list[tuple[int, Talk, Line]], *, is_edited: bool) -> None:
    for number, talk, line in chosen[:1] if is_edited else chosen:
        talk.release(line)
        if is_edited:
            desk.edit(as_typed(talk, line))
        else:
            desk.note(NoteKind.ANSWER, f"Dropped {number}, for {talk.where.in_words}", talk.where)


def as_typed(talk: Talk, line: Line) -> str:
    """Return a line with what a person types before it to send it there."""
    before = {"pair": f"@{line.to} ", "group": f"@group send {line.to} ", "room": ""}[talk.where.scope.value]
    at = "@" if talk.where.scope.value == "room" and line.text.startswith("@") else ""
    return before + at + line.text
