"""What a client has to do when nothing happens, and when: one row for each thing that is waited for.

Which of them hold follows from the state of the connection; the engine does what is due.
"""

from collections.abc import Iterator
from enum import Enum, auto

from reactor_chat.client.boundary import ExitStatus, Settings
from reactor_chat.client.connecting.ending import Leaving
from reactor_chat.client.connecting.link import Link
from reactor_chat.client.connecting.reconnect import Reconnect
from reactor_chat.client.connecting.states import State, Step, Verdict


class Due(Enum):
    """What is to be done when its time has come."""

    DIAL = auto()
    NO_GREETING = auto()
    LOGIN_UNANSWERED = auto()
    DOUBT = auto()  # tell the person that no answer comes
    NO_ANSWER = auto()  # the connection is dead
    PING = auto()
    STOP = auto()  # waited long enough for a goodbye, or for what is held
    GIVE_UP = auto()


SILENCE: dict[Due, str] = {
    Due.NO_GREETING: "the server does not answer",
    Due.LOGIN_UNANSWERED: "the login is not answered",
    Due.NO_ANSWER: "no answer",
}
"""Why a connection is dropped."""


def outcome(due: Due, settings: Settings) -> Verdict:
    """Return what it leads to that a time has come; nothing, where only something is sent or said."""
    match due:
        case Due.DIAL:
            return Step.DIAL
        case Due.STOP:
            return ExitStatus.DONE, ""
        case Due.GIVE_UP:
            return ExitStatus.TRY_LATER, f"No connection to {settings.server}. Try again later"
        case _:
            return SILENCE.get(due)


def deadlines(
    state: State, settings: Settings, link: Link, reconnect: Reconnect, ending: Leaving, *, is_holding: bool
) -> Iterator[tuple[float, Due]]:
    """Yield everything that is waited for, with its time in monotonic seconds.

    Args:
        state: of the connection.
        settings: of the engine.
        link: the present connection.
        reconnect: the time without one.
        ending: the way out.
        is_holding: typed lines wait to be encrypted.
    """
    if state is State.STOPPED:
        return
    if state is State.OFFLINE and reconnect.retry_at is not None:
        yield reconnect.retry_at, Due.DIAL
    elif state is State.GREETED:
        yield link.since + settings.greeting_seconds_max, Due.NO_GREETING
    elif state is State.LOGGING_IN and link.login_at is not None:
        yield link.login_at + settings.login_seconds_max, Due.LOGIN_UNANSWERED
    elif state is State.LIVE:
        yield from _while_live(settings, link)
    if ending.leave_by is not None:
        yield ending.leave_by, Due.STOP
    if ending.input_ended_at is not None and is_holding:
        yield ending.input_ended_at + settings.give_up_seconds, Due.STOP
    if reconnect.ends_by is not None and not settings.interactive:
        yield reconnect.ends_by, Due.GIVE_UP


def _while_live(settings: Settings, link: Link) -> Iterator[tuple[float, Due]]:
    yield link.sent_at + settings.idle_seconds_max, Due.PING
    if link.asked_at is not None and link.is_read:
        yield link.asked_at + settings.answer_seconds_max, Due.NO_ANSWER
        if not link.is_doubted:
            yield link.asked_at + settings.doubt_seconds, Due.DOUBT
