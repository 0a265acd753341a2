"""The states of a client's connection, the one table of steps between them, and what a server's no and farewell lead
to.

A step that has no row in the state it happens in is impossible for our own steps, which is a bug, and meaningless for
the server's notices, which are then ignored.
"""

from enum import Enum, auto

from reactor_chat.client.boundary import End, ExitStatus


class State(Enum):
    """How far a client has come."""

    OFFLINE = "offline"  # no connection; waiting to try again, or for a name
    DIALING = "dialing"  # the runner was asked to connect
    GREETED = "greeted"  # connected; the server's `hello` is awaited
    LOGGING_IN = "logging in"  # `login` is sent, or a name is awaited
    LIVE = "live"  # requests and notices
    LEAVING = "leaving"  # `quit` is sent; its `bye` is awaited
    STOPPED = "stopped"  # the end


class Step(Enum):
    """What takes a client from one state to another."""

    DIAL = "dial"
    CONNECTED = "connected"
    HELLO = "hello"
    WELCOME = "welcome"
    QUIT = "quit"
    CUT = "cut"
    STOP = "stop"


Verdict = Step | End | str | None
"""What something leads to: the next step of the connection; the end of the client; the end of the connection, with the
reason; or nothing."""

STEPS: dict[State, dict[Step, State]] = {
    State.OFFLINE: {Step.DIAL: State.DIALING, Step.STOP: State.STOPPED},
    State.DIALING: {Step.CONNECTED: State.GREETED, Step.CUT: State.OFFLINE, Step.STOP: State.STOPPED},
    State.GREETED: {Step.HELLO: State.LOGGING_IN, Step.CUT: State.OFFLINE, Step.STOP: State.STOPPED},
    State.LOGGING_IN: {Step.WELCOME: State.LIVE, Step.CUT: State.OFFLINE, Step.STOP: State.STOPPED},
    State.LIVE: {Step.QUIT: State.LEAVING, Step.CUT: State.OFFLINE, Step.STOP: State.STOPPED},
    State.LEAVING: {Step.CUT: State.OFFLINE, Step.STOP: State.STOPPED},
    State.STOPPED: {},
}

ONLINE = frozenset((State.GREETED, State.LOGGING_IN, State.LIVE, State.LEAVING))
"""There is a connection; bytes come and may go."""


class Then(Enum):
    """What a refused login leads to."""

    ANOTHER_NAME = auto()
    LATER = auto()


AFTER_LOGIN_REFUSED: dict[str, Then] = {
    "name_taken": Then.ANOTHER_NAME,
    "bad_name": Then.ANOTHER_NAME,
    "name_reserved": Then.ANOTHER_NAME,
    "server_full": Then.LATER,
    "too_fast": Then.LATER,
    "login_timeout": Then.LATER,
    "no_space": Then.LATER,
}
"""By code; one without a row ends the client."""

AFTER_BYE: dict[str, ExitStatus] = {
    "quit": ExitStatus.DONE,
    "taken_over": ExitStatus.REFUSED,
    "kicked": ExitStatus.REFUSED,
    "violation": ExitStatus.FAILED,
}
"""By reason: farewells after which connecting again would be wrong; after all others it is right."""
