"""What arrives, as sentences that are heard one after the other: the sender first, every state as a word.

    Ann, private, encrypted: who brings soup?
    Ann in lunch, not encrypted: I do
    You: thanks! Stored.
    You to Stella, not sent, Stella's key changed: psst
    Bob joined

Theory of operation.  A row of a message begins with its sender and a colon, which nothing else does: a row of ours that
would look so has `Note.` in front, and what is known of a message stands before the colon, where nobody can write.
Further lines of a text begin with two blanks.  Whatever came from outside passes `text/safe`.
"""

import re
from collections.abc import Sequence

from reactor_chat.client.transcript.entries import OwnLine
from reactor_chat.text.render import NO_ANNOTATION, Annotation, compose
from reactor_chat.text.safe import safe
from reactor_chat.text.slash import action_said
from reactor_chat.wire.conversation import Heard, Scope
from reactor_chat.wire.messages import SERVER_NAME, GroupSaid, HelpAnswer, Notice, Told, fold

FURTHER = "  "
"""Begins each further line of a text."""

STORED = "Stored."
"""Ends one's own words when the server has them for good."""

NOT_SENT = "not sent"
"""The state of a line that something is in the way of."""

YOU = "You"
"""The sender of one's own words."""

_WORDS = {"sealed": "encrypted", "not sealed": "not encrypted"}
_said_by_somebody = re.compile(r"(User )?\w{1,32}( (to|in) \w+)?( at [-\d: ]+)?(, [^:]+)?:", re.ASCII)
_between_columns = re.compile(r"(?<=\S)\s{2,}")


def said(
    notice: Heard, me: str, annotation: Annotation = NO_ANNOTATION, *, time: str = "", is_stored: bool = False
) -> list[str]:
    """Return the lines of a message.

    Args:
        notice: the message.
        me: one's own name, in any case.
        annotation: what is known of it.
        time: when it was said; empty where that is not to be told.
        is_stored: it is the echo of one's own words.
    """
    head = _head(notice, me, annotation, time)
    if notice.removed:
        return [f"{head}, message removed"]
    if notice.text is None:
        remark = f" ({safe(annotation.remark)})" if annotation.remark else ""
        return [f"{head}, message that cannot be read{remark}"]
    action = action_said(notice.text)
    lines = _under(head, notice.text) if action is None else _under(f"{head}, action", action)
    return [*lines[:-1], f"{lines[-1]} {STORED}"] if is_stored else lines


def _under(head: str, text: str) -> list[str]:
    first, *further = safe(text, "\n").split("\n")
    return [f"{head}: {first}", *(f"{FURTHER}{line}" for line in further)]


def _head(notice: Heard, me: str, annotation: Annotation, time: str) -> str:
    is_own, is_private = fold(notice.sender) == fold(me), isinstance(notice, Told)
    where = f" in {safe(notice.group)}" if isinstance(notice, GroupSaid) else ""
    if isinstance(notice, Told) and is_own:
        where = f" to {safe(notice.to)}"
    words = [
        "verified" if annotation.is_verified else "",
        "private" if is_private and not is_own else "",
        "announcement" if fold(notice.sender) == SERVER_NAME else "",
        *(_WORDS.get(word, word) for word in annotation.word.split(", ")),
    ]
    name = YOU if is_own else _named(notice.sender)
    return ", ".join([f"{name}{where}{f' at {time}' if time else ''}", *(word for word in words if word)])


def _named(name: str) -> str:
    """Return somebody else's name; of a person who is called You it says so."""
    return f"User {safe(name)}" if fold(name) == fold(YOU) else safe(name)


def told(notice: Notice, me: str, annotations: Sequence[Annotation] = (), *, is_own: bool = False) -> list[str]:
    """Return the lines of what is no message; none where nothing is shown of it.

    Args:
        notice: any but a message or a page of history that has some.
        me: one's own name.
        annotations: what is known of it.
        is_own: the client wrote every word of it.
    """
    composed = compose(notice, me, "\n", annotations, quotes_server=not is_own)
    lines = ["".join(part.text for part in line) for line in composed]
    if isinstance(notice, HelpAnswer):
        return ["Help.", *(_between_columns.sub(": ", line.strip()) for line in lines)]
    return [f"{FURTHER}{line.strip()}" if place else noted(_bare(line)) for place, line in enumerate(lines)]


def _bare(line: str) -> str:
    return line[1:-1] if line.startswith("[") and line.endswith("]") else line


def noted(text: str) -> str:
    """Return a line of ours or of the server's, so that it does not look like anybody's words."""
    line = safe(text)
    is_servers = line.startswith(f"{SERVER_NAME}:")  # nobody else is called so
    return f"Note. {line}" if _said_by_somebody.match(line) and not is_servers else line


def own(line: OwnLine, spelled: str, reason: str) -> list[str]:
    """Return the lines of something of one's own that is not sent.

    Args:
        line: what was typed.
        spelled: the name of the person or group, as the server spells it.
        reason: why; empty where there is nothing to say.
    """
    to = {Scope.ROOM: "", Scope.PAIR: f" to {safe(spelled)}", Scope.GROUP: f" in {safe(spelled)}"}
    words = [f"{YOU}{to[line.conversation.scope]}", NOT_SENT, safe(reason)]
    text = "(an encrypted message)" if line.text is None else line.text
    return _under(", ".join(word for word in words if word), text)
