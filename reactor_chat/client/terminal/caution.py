"""What a terminal looks at before a line leaves: what its slash means, and whether a paste is meant for its readers.

`/msg Stella …` is what it is in other chats, and what is no command is not said: it stays in the line.  A long paste is
sent when Enter comes again; changing the line, or dropping it, does not send it.
"""

from reactor_chat.client.terminal.bursts import LINES_MAX
from reactor_chat.text.parser import parse_typed
from reactor_chat.text.safe import is_utf_8
from reactor_chat.text.slash import CloseChat, OpenChat, meant, read_slash
from reactor_chat.wire.messages import GroupSend, Refused, Say, Tell

NOT_UTF_8 = (
    "Not sent: your terminal does not send UTF-8, and � stands for what could not be read. Set it to UTF-8, or delete "
    "those characters"
)
ONE_VIEW = "There is one window for all chats here. Type @{} <message> to say something there"
NOTHING_TO_CLOSE = "There is one window for all chats here. @quit leaves the chat, /part <group> a group"


def hindrance(text: str) -> str | None:
    """Return why a line cannot be sent at all; None where it can."""
    return None if is_utf_8(text) else NOT_UTF_8


def hindrance_of_slash(text: str) -> str | None:
    """Return why a line with a slash in front cannot be taken where there is one window for all; None where it can."""
    match read_slash(text):
        case Refused(text=why):
            return why
        case OpenChat(user=user, group=group):
            return ONE_VIEW.format(user if user is not None else f"group send {group}")
        case CloseChat():
            return NOTHING_TO_CLOSE
        case _:
            return None


def question(text: str, pasted_lines: int = 1) -> str | None:
    """Return what to ask before a line is sent; None where nothing is to be asked.

    Args:
        text: the line, or several.
        pasted_lines: how many lines the longest paste in it had.
    """
    lines = min(pasted_lines, text.count("\n") + 1)  # some of them may have been deleted
    if lines <= LINES_MAX:
        return None
    return f"{lines} lines were pasted. Enter again sends them{_whom(meant(text))}"


def _whom(text: str) -> str:
    match parse_typed(text):
        case Say():
            return " to everyone"
        case Tell(to=name) | GroupSend(group=name):
            return f" to {name}"
        case _:
            return ""


ANSWER_SECONDS_MIN = 0.2
"""An Enter that comes sooner after a question does not answer it: nobody can have read it."""


class Caution:
    """Holds a line back until it was asked about, and Enter came again."""

    def __init__(self) -> None:
        self._asked_for = ""
        self._asked_at = 0.0

    def objection(self, text: str, pasted_lines: int, now: float) -> str | None:
        """Return what to say instead of sending a line, empty where that was just said; None where it may be sent.

        Args:
            text: the line, or several.
            pasted_lines: how many lines the longest paste in it had.
            now: monotonic seconds.
        """
        if (reason := hindrance(text) or hindrance_of_slash(text)) is not None:
            return reason
        if (asked := question(text, pasted_lines)) is None:
            return None
        if text == self._asked_for:
            return None if now - self._asked_at >= ANSWER_SECONDS_MIN else ""
        self._asked_for, self._asked_at = text, now
        return asked

    def changed(self, text: str) -> None:
        """Learn the line as it is now: a question is about the line as it was."""
        if text != self._asked_for:
            self._asked_for = ""
