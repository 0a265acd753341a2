"""How a client comes to its end: whether it is on its way out, by when it leaves, and whether a farewell ends it."""

from reactor_chat.client.boundary import End, ExitStatus, Settings
from reactor_chat.client.connecting.states import AFTER_BYE, State
from reactor_chat.text.server_words import farewell_in_words
from reactor_chat.wire.messages import Bye


class Leaving:
    """One client's way out.

    Args:
        settings: of the engine.

    Attributes:
        has_begun: no more input is taken; the client quits when everything is answered.
        leave_by: when it leaves whatever happens, monotonic seconds; None while nobody wants to go at once.
        input_ended_at: when the input of a pipe ended, monotonic seconds; what is held waits so long and no longer.
    """

    def __init__(self, settings: Settings) -> None:
        self.has_begun = False
        self.leave_by: float | None = None
        self.input_ended_at: float | None = None
        self._settings = settings

    def input_ended(self, now: float) -> None:
        """Begin to leave, once everything is answered."""
        self.has_begun, self.input_ended_at = True, now

    def leave(self, now: float) -> None:
        """Begin to leave, and do not wait long for a goodbye to be heard."""
        self.has_begun, self.leave_by = True, now + self._settings.leave_seconds_max

    def needs_no_connection(self, *, was_let_in: bool, is_waiting: bool) -> bool:
        """Return whether a client without a connection can go as it is.

        Args:
            was_let_in: it was logged in once; a pipe, however empty, does not go before.
            is_waiting: something typed has no answer yet.
        """
        return self.has_begun and (self.leave_by is not None or (was_let_in and not is_waiting))


def farewell(bye: Bye, state: State, *, has_name: bool) -> End | str:
    """Return what a server's goodbye leads to: the end of the client, or why to connect again.

    Args:
        bye: the goodbye.
        state: in which it came.
        has_name: there is a name to log in with; who has none yet may still choose one.
    """
    if state is State.LEAVING:
        return ExitStatus.DONE, ""
    words = farewell_in_words(bye)
    status = AFTER_BYE.get(bye.reason) if has_name else None
    if status is None:
        return words
    return status, "" if status is ExitStatus.DONE else f"The server closed the connection: {words}"
