"""Lines that were typed and have not left: a person lists them, sends them, takes one back to edit it, or drops them.

What waits for keys leaves by itself.  What waits because something did not hold, or because encryption was turned off
behind it, leaves only here.
"""

from typing import NamedTuple

import msgspec

from reactor_chat.e2ee.boundary import Held, HeldAction, NoteKind, Unsent
from reactor_chat.e2ee.messages.outbound import CAUGHT_UP_FIRST
from reactor_chat.e2ee.participation.participation import Participation, Participations
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.lines import TypedLine
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import Conversation, Scope

SHOWN_CHARS_MAX = 60  # of each line in the list, so that it fits beside where it goes and why it waits
NOTHING = "Everything you typed was sent"


class Chosen(NamedTuple):
    """A line that is held, where it was typed, and the number by which a person calls it, until the client ends."""

    number: int
    part: Participation
    line: TypedLine


class HeldLines:
    """The lines that are held in all conversations.

    Args:
        desk: what they share.
        participations: in every conversation.
    """

    def __init__(self, desk: Desk, participations: Participations) -> None:
        self._desk = desk
        self._participations = participations
        self._numbers: dict[str, int] = {}

    def obey(self, order: Held) -> None:
        """Do what a person ordered with what is held."""
        chosen = [one for one in self.numbered() if order.number in (None, one.number)]
        if not chosen:
            held_one = order.number is not None
            self._answer(f"There is no unsent line {order.number}" if held_one else NOTHING)
        elif order.action is HeldAction.LIST:
            for one in chosen:
                self._answer(_in_words(one))
        elif order.action is HeldAction.SEND:
            self._send(chosen)
        elif order.action is HeldAction.EDIT:
            self._edit(chosen[0])
        else:
            self._drop(chosen)

    def numbered(self) -> list[Chosen]:
        """Return every line that is held, by number."""
        lines = [(part, line) for part in self._participations for line in part.talk.lines.held.values()]
        for _, line in lines:
            self._numbers.setdefault(line.id, len(self._numbers) + 1)
        chosen = (Chosen(self._numbers[line.id], part, line) for part, line in lines)
        return sorted(chosen, key=lambda one: one.number)

    def unsent(self) -> list[Unsent]:
        """Return the same for whoever shows them: where each was typed, and why it has not left."""
        return [_unsent(one) for one in self.numbered()]

    def _answer(self, text: str, where: Conversation | None = None) -> None:
        self._desk.note(NoteKind.ANSWER, text, where)

    def _send(self, chosen: list[Chosen]) -> None:
        """The person said yes: they leave as what is typed there now does, once nothing is in the way."""
        for _, part, line in chosen:
            is_secret = line.is_secret and part.talk.state is not State.PLAIN
            part.talk.lines.hold(msgspec.structs.replace(line, needs_yes=False, is_secret=is_secret))
        for part in {one.part.talk.where: one.part for one in chosen}.values():
            if why := part.outbound.obstacle():
                self._answer(f"Not sent yet in {part.talk.wording.inside}: {why}", part.talk.where)
            part.advance()

    def _edit(self, one: Chosen) -> None:
        one.part.talk.lines.release(one.line)
        self._desk.edit(as_typed(one.part.talk.where, one.line))

    def _drop(self, chosen: list[Chosen]) -> None:
        for number, part, line in chosen:
            part.talk.lines.release(line)
            self._answer(f"Dropped {number}, {_to(part)}", part.talk.where)


def as_typed(where: Conversation, line: TypedLine) -> str:
    """Return a line with what a person types before it to send it there."""
    if where.scope is Scope.PAIR:
        return f"@{line.to} {line.text}"
    if where.scope is Scope.GROUP:
        return f"@group send {line.to} {line.text}"
    return f"@{line.text}" if line.text.startswith("@") else line.text


def _unsent(one: Chosen) -> Unsent:
    obstacle, line = one.part.outbound.obstacle(), one.line
    is_told_why = bool(one.part.talk.sync.waits_for)  # more than waiting for keys, such as a guest who has none
    needs_person = line.needs_yes or one.part.outbound.needs_person() or is_told_why
    reason = _why(one) if needs_person else "" if obstacle == CAUGHT_UP_FIRST else obstacle
    return Unsent(one.part.talk.where, line.id, line.text, one.number, reason, needs_person)


def _why(one: Chosen) -> str:
    return one.part.outbound.obstacle() or ("waiting for your @held send" if one.line.needs_yes else "on its way")


def _in_words(one: Chosen) -> str:
    text = one.line.text if len(one.line.text) <= SHOWN_CHARS_MAX else f"{one.line.text[:SHOWN_CHARS_MAX]}…"
    return f"{one.number}. {_to(one.part)}: {text} ({_why(one)})"


def _to(part: Participation) -> str:
    """Return for whom what is typed in a conversation is."""
    where = part.talk.wording.where
    if where.scope is Scope.ROOM:
        return "to everyone"
    return f"to group {where.name}" if where.scope is Scope.GROUP else f"to {where.name}"
