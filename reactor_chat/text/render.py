"""Turns a notice into the lines that a person reads, as parts that a view may colour.

Theory of operation: every line has a template below, and a template is literal text with fields.  Filling one keeps
literal text and fields apart (a `Part` each), and whatever came from outside passes `safe` on its way into a field, so
nothing received can become a second line or an act of the terminal.  That it cannot become a bracket of ours either is
the decoder's work, which lets nothing through that stands for a name and is none.  What has no template is not shown.

A message's text is the one field that may go on over several lines, and only where the view asks for that with a
`line_break` that holds one: then the further lines are the view's, indentation and all.
"""

from collections.abc import Sequence
from itertools import chain, repeat
from string import Formatter
from typing import Any, Literal, NamedTuple

from reactor_chat.text.safe import LINE_BREAK, safe
from reactor_chat.text.server_words import REFUSALS
from reactor_chat.wire.messages import (
    SERVER_NAME,
    Closing,
    Exited,
    GroupChanged,
    GroupOverview,
    GroupSaid,
    GroupsAnswer,
    HelpAnswer,
    HistoryAnswer,
    Joined,
    MembersAnswer,
    NamesAnswer,
    Notice,
    Refused,
    Released,
    Said,
    SeenAnswer,
    Told,
    Welcome,
    fold,
)

Role = Literal["system", "mark", "alarm", "name", "group", "text", "refusal", "help", "announcement"]
"""What a part is: our words in a system line; our signs around a message; the same around one that somebody should look
at; a person; a group; what somebody wrote; a refusal; a line of the help; anything in a line of the operator's."""


class Part(NamedTuple):
    """A piece of a line in one role; its text is safe and has no line break."""

    role: Role
    text: str


Line = list[Part]


class Annotation(NamedTuple):
    """What a client knows of a message beside what is in it.

    Attributes:
        word: the mark of the message, as archives and programs have it; on a screen it stands, in a person's words,
            within our own brackets in front of the message, where nobody else can write.  Empty where there is nothing
            to say.
        remark: why a sealed message cannot be read; empty where it can be, or nobody knows.
        is_verified: the person whose name is shown is verified; a check mark, which no name can have, says so.
    """

    word: str = ""
    remark: str = ""
    is_verified: bool = False


NO_ANNOTATION = Annotation()

NEW_KEY = "sealed, NEW KEY"
"""The mark of a message that was sealed with another key than the one known as its sender's."""

_WORDS = {"sealed": "encrypted", "not sealed": "not encrypted", NEW_KEY: "encrypted, NEW KEY"}
"""What a screen says of a mark."""

_ROLES_OF_WORDS: dict[str, Role] = {NEW_KEY: "alarm"}

_EVENTS: dict[type[Notice], str] = {
    Welcome: "[Welcome {name}]",
    Joined: "[{name} joined]",
    Exited: "[{name} exited]",
    Released: "[The name {name} was released. Whoever uses it next may be a different person]",
    NamesAnswer: "[Connected users: {names}]",
    MembersAnswer: "[Members of {group}: {members}]",
    GroupsAnswer: "[Your groups: {groups}]",
    Closing: "[Server is shutting down]",
}
"""The line of every notice that is told in our own words; a field in braces is the notice's field of that name."""

_CHANGES = {
    "created": "[Group {group} created by {by}: {members}]",
    "deleted": "[Group {group} deleted by {by}]",
    "added": "[{user} added to {group} by {by}]",
    "kicked": "[{user} kicked from {group} by {by}]",
    "left": "[{user} left {group}]",
    "owner": "[{user} owns {group} now]",
}
"""The line of a `group_changed`, by its `change`."""

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))

_HEADS: dict[type[Notice], str] = {
    Said: "[{sender}%s:",
    Told: "[{sender} (private)%s:",
    GroupSaid: "[{sender} ({group})%s:",
}
"""How a message's line begins, with place for a word of ours, up to where its text or the word that it is sealed
follows."""

_SENT = "[to {to}%s:"
_OPEN = "] "
_VERIFIED = " ✓"
_SEALED = " encrypted message"
_REMOVED = " message removed"
_NO_MESSAGES = "[No messages yet]"
_NOBODY = "none"


def render(notice: Notice, me: str, line_break: str = LINE_BREAK) -> str | None:
    """Return what a person reads of a notice, as plain text.

    Args:
        notice: any notice; nothing in it is trusted.
        me: one's own name, in any case; it decides which side of a private message one is on.
        line_break: what a line break inside a text becomes; with one of its own (a terminal's `"\\n    "`) the text
            goes on on lines that begin with what follows it.

    Returns:
        One line, without a final line break; several for help, history, an invalid command's usage, and a text as
        above.  None where nothing is shown.

    Source: PROTOCOL §8.
    """
    lines = compose(notice, me, line_break)
    return "\n".join("".join(part.text for part in line) for line in lines) if lines else None


def compose(
    notice: Notice,
    me: str,
    line_break: str = LINE_BREAK,
    annotations: Sequence[Annotation] = (),
    /,
    *,
    quotes_server: bool = False,
) -> list[Line]:
    """Return what a person reads of a notice, as lines of parts; the arguments are those of `render`.

    Args:
        annotations: what is known of the message, or of each message of a history, in their order.
        quotes_server: a server wrote it and a client shows it: a refusal is told in the client's words where its code
            says enough, and else on one line as what the server said.  Without it, whoever renders wrote it.

    Returns:
        The lines, first to last, each with one part or more; none where nothing is shown.

    Source: PROTOCOL §8.
    """
    match notice:
        case Said() | Told() | GroupSaid():
            annotation = annotations[0] if annotations else NO_ANNOTATION
            return _checked(_message(notice, me, line_break, annotation), annotation)
        case HistoryAnswer():
            beside = chain(annotations, repeat(NO_ANNOTATION))
            pairs = [(one, next(beside)) for one in notice.messages]
            found = [
                line
                for one, annotation in pairs
                for line in _checked(_message(one, me, line_break, annotation), annotation)
            ]
            return found or [[Part("system", _NO_MESSAGES)]]
        case Refused():
            return _server_refusal(notice) if quotes_server else _refusal(notice, line_break)
        case HelpAnswer():
            return [[Part("help", safe(line))] for line in notice.text.split("\n")]
        case _:
            return _event(notice)


def _event(notice: Notice) -> list[Line]:
    if isinstance(notice, SeenAnswer):
        return [_filled(_seen(notice), "system", notice)]
    change = notice.change if isinstance(notice, GroupChanged) else ""
    template = _CHANGES.get(change) or _EVENTS.get(type(notice))
    return [_filled(template, "system", notice)] if template else []


def _seen(notice: SeenAnswer) -> str:
    if notice.here:
        return "[{name} is here]"
    if notice.seconds is None:
        return "[{name} has not been here yet]"
    for seconds, word in _UNITS:
        if count := notice.seconds // seconds:
            return f"[{{name}} was last here {count} {word}{'s' if count > 1 else ''} ago]"
    return "[{name} was here a moment ago]"


def _message(notice: Any, me: str, line_break: str, annotation: Annotation) -> list[Line]:
    sent = isinstance(notice, Told) and fold(notice.sender) == fold(me)
    word = f", {_WORDS.get(annotation.word, annotation.word)}" if annotation.word else ""
    role = _ROLES_OF_WORDS.get(annotation.word, "mark")
    head = _filled((_SENT if sent else _HEADS[type(notice)]) % word, role, notice)
    if notice.removed:
        return [[*head, Part(role, f"{_REMOVED}]")]]  # where nobody else can write
    if notice.text is None:
        remark = f" ({safe(annotation.remark)})" if annotation.remark else ""
        return [[*head, Part(role, f"{_SEALED}{remark}]")]]
    first, *further = safe(notice.text, line_break).split("\n")
    lines = [[*head, Part(role, _OPEN), Part("text", first)], *([Part("text", line)] for line in further)]
    if isinstance(notice, Said) and notice.sender == SERVER_NAME:
        return [[Part("announcement", part.text) for part in line] for line in lines]
    return lines


def _checked(lines: list[Line], annotation: Annotation) -> list[Line]:
    """Put the check mark behind the name in the head of a message, within our own signs."""
    head = lines[0]
    at = next((place for place, part in enumerate(head) if part.role == "name"), None)
    if annotation.is_verified and at is not None:
        head.insert(at + 1, Part("mark", _VERIFIED))
    return lines


def _refusal(notice: Refused, line_break: str) -> list[Line]:
    # Only a usage stands on a second line; any other refusal may repeat what somebody else wrote.
    lines = notice.text.split("\n", 1) if notice.code == "invalid_command" else [notice.text]
    return [[Part("refusal", shown)] for line in lines for shown in safe(line, line_break).split("\n")]


def _server_refusal(notice: Refused) -> list[Line]:
    if (own := REFUSALS.get(notice.code)) is not None:
        return [[Part("refusal", own)]]
    return [[Part("mark", f"[{SERVER_NAME}: "), Part("refusal", safe(notice.text)), Part("mark", "]")]]


def _filled(template: str, role: Role, notice: Notice) -> Line:
    line: Line = []
    for literal, field, _, _ in Formatter().parse(template):
        if literal:
            line.append(Part(role, literal))
        if field:
            line += _listed("group" if field in ("group", "groups") else "name", role, _values(notice, field))
    return line


def _listed(role: Role, role_between: Role, values: list[str]) -> Line:
    if not values:
        return [Part(role_between, _NOBODY)]
    parts = [part for value in values for part in (Part(role_between, ", "), Part(role, safe(value)))]
    return parts[1:]


def _values(notice: Notice, field: str) -> list[str]:
    value = getattr(notice, field)
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [one.group if isinstance(one, GroupOverview) else one for one in values]
