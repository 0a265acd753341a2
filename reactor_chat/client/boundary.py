"""What crosses between the client's engine and its runner: settings in, outputs out.

The engine is told what happened (bytes came, a line was typed, time passed) and answers with one `Outputs`, to be
obeyed in the order of its fields: send, show, then do what is asked for.
"""

from collections.abc import Callable, Sequence
from enum import Enum, IntEnum
from typing import NamedTuple, Protocol

from msgspec import Struct

from reactor_chat.client.time_of_day import utc_time_of_day
from reactor_chat.e2ee.boundary import Derive
from reactor_chat.text.render import Annotation
from reactor_chat.wire.conversation import Conversation
from reactor_chat.wire.messages import Notice, Refused

START_ONE = "Start one with: python -m reactor_chat.server"
"""What to do where no server is."""

HEARTBEAT_SECONDS = 40
"""A client says something at least so often, and promises that to the server: so it is known to be gone where it does
not, even if a kernel or a relay still answers for it."""


class ExitStatus(IntEnum):
    """How the client's process ends (PROTOCOL §10)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    HOST_UNKNOWN = 68
    NO_SERVER = 69
    TRY_LATER = 75
    REFUSED = 77


End = tuple[ExitStatus, str]
"""How the process ends, and the last words; empty where there is nothing to say."""


class NoteKind(Enum):
    """Why the client itself has something to say."""

    NEWS = "news"  # something that a person may want to know
    LINK = "link"  # how the connection is
    QUESTION = "question"  # a name is wanted
    ANSWER = "answer"  # to something that was asked of the client itself
    ALARM = "alarm"  # something about keys does not hold; a person should look
    DOUBT = "doubt"  # something typed was perhaps not delivered, or not sent
    FAILURE = "failure"  # the last line before a status other than 0


class Arrived(NamedTuple):
    """A notice to show: from the server, or of our own.

    The bytes in which it came are nowhere here: they may hold fields that only we write.  Whoever shows one that has a
    place says so with `Engine.printed`, once whoever reads has all its bytes.
    """

    notice: Notice
    place: int | None = None  # in the archive, where it was put there
    annotations: tuple[Annotation, ...] = ()  # what is known of it, or of each message of a history
    is_own: bool = False  # we wrote every word of it
    is_missed: bool = False  # it came before while we were away, and is no news of this moment


class Earlier(NamedTuple):
    """Notices that an earlier run has shown, oldest first, so that a person sees where they left off."""

    notices: list[Notice]
    annotations: tuple[Annotation, ...] = ()  # what is known of each


class Note(NamedTuple):
    """One line of the client's own, for a person."""

    kind: NoteKind
    text: str
    code: str = ""  # shown as a QR code below, where there is a screen for it
    caption: tuple[str, ...] = ()  # short lines beside that
    where: Conversation | None = None  # what it is about, where it is about one conversation


class Files(Protocol):
    """Reads and writes the files that a person names."""

    def read(self, path: str) -> bytes:
        """Return what one holds; raises UsageError."""

    def write(self, path: str, data: bytes) -> None:
        """Make one, never over another; raises UsageError."""


class Action(Enum):
    """What the engine cannot do itself."""

    CONNECT = "connect"  # dial; answer with `connected` or `unreachable`
    CLOSE = "close"  # drop the connection at once; the engine has forgotten it and wants no `cut` for it
    STOP = "stop"  # end with the engine's `exit_status`


class Draft(NamedTuple):
    """A line given back to the person who typed it, to be edited; a pipe, where nobody can, prints it as a note."""

    text: str


Shown = Arrived | Earlier | Note | Draft
"""Whatever a view may have to show."""


class RequestAnswer(NamedTuple):
    """What came of a request that a program made with `Engine.ask`; it is shown to nobody."""

    request_id: str
    arrived: Arrived
    is_last: bool  # nothing more comes for this request


class Outputs(NamedTuple):
    """What is to be done, in this order; `answers` are for the program that asked, where there is one."""

    data: bytes
    shown: list[Shown]
    actions: list[Action | Derive]
    answers: list[RequestAnswer]


class OutputCollector:
    """Where the engine puts what is to be shown and what it wants done, until both are taken."""

    def __init__(self) -> None:
        self.sift: Callable[[Shown], Shown | None] = lambda item: item  # leaves out what nobody wants to see
        self._shown: list[Shown] = []
        self._actions: list[Action | Derive] = []
        self._answers: list[RequestAnswer] = []

    def show(self, *items: Shown) -> None:
        """Show what came, had come, or is to be said about either."""
        self._shown += [kept for item in items if (kept := self.sift(item)) is not None]

    def refuse(self, code: str, text: str, re: str | None = None) -> None:
        """Show a refusal of our own."""
        self._shown.append(Arrived(Refused(code, text, re), is_own=True))

    def note(
        self,
        kind: NoteKind,
        text: str,
        code: str = "",
        caption: tuple[str, ...] = (),
        where: Conversation | None = None,
    ) -> None:
        """Say something ourselves."""
        self._shown.append(Note(kind, text, code, caption, where))

    def do(self, action: Action | Derive) -> None:
        """Ask the runner for something: one of our actions, or the key of a passphrase from a child process."""
        self._actions.append(action)

    def answer(self, request_id: str, arrived: Arrived, *, is_last: bool = True) -> None:
        """Hand a program what came of its request."""
        self._answers.append(RequestAnswer(request_id, arrived, is_last))

    def take(self, data: bytes) -> Outputs:
        """Remove and return everything, behind the bytes to send."""
        outputs = Outputs(data, self._shown, self._actions, self._answers)
        self._shown, self._actions, self._answers = [], [], []
        return outputs


class Settings(Struct, frozen=True):
    """What one run of the engine is told once.

    Attributes:
        name: the name to log in with; empty for the one that the key owns, as the server says; None asks for one,
            which needs `interactive`, as does a key that owns none.
        server: where the server is, as a person would write it.
        interactive: somebody is there to answer questions; nobody is in a pipe.
        id_prefix: makes request ids unique among all runs of all clients; 1 to 40 characters, from fresh entropy.
        address: the server as a link has it, such as `chat.example:7667`.
        time_of_day: says when something happened, given milliseconds since the Unix epoch.
        invite: the code of an invitation, sent with each login; None where there is none.
        files: where lists of contacts are read and written; None where there are no files.
        tells_all: whoever reads is a program: nothing is condensed.
        greets: somebody is there to be told who is here, what was said last, and where the help is.
        moment: reads a time that was typed, in milliseconds since 1970; None where there is no such time.
        ignored: names of people whom nobody wants to read here.
        keys: what the keys of the view do, for the help; empty: what they do in the line mode, unless somebody chose.
        keep_ignored: keeps them for the next run, may raise StorageError; None where nothing is kept.
        curious: ask after login, unseen, who is there and which groups there are, for completion.
        scrollback: how many notices of earlier runs are shown again at the start; what was never shown comes anyway.
        idle_seconds_max: after so long without a request the server is asked whether it is there; below what routers
            forget, and not above what the login promises.
        doubt_seconds: without an answer for so long, the person is told that none comes.
        answer_seconds_max: without an answer for so long, the connection is dead.
        ghost_seconds_max: so long after a cut a guest's name may still be held by the connection that is dead.
        greeting_seconds_max: from connection to `hello`.
        login_seconds_max: from `login` to its answer.
        leave_seconds_max: how long a person waits for a goodbye to be heard.
        retry_seconds_first: pause before the first attempt to connect again; doubles with every attempt,
        retry_seconds_max: up to this.
        steady_seconds: a connection that lived so long was a good one, and the pauses begin anew.
        give_up_seconds: without a connection for so long, a client in a pipe stops.
    """

    name: str | None
    server: str
    interactive: bool
    id_prefix: str
    address: str = ""
    time_of_day: Callable[[int], str] = utc_time_of_day
    files: Files | None = None
    invite: str | None = None
    tells_all: bool = False
    greets: bool = False
    moment: Callable[[str], int | None] | None = None
    ignored: Sequence[str] = ()
    keys: Sequence[tuple[str, str]] = ()
    keep_ignored: Callable[[Sequence[str]], None] | None = None
    curious: bool = False
    scrollback: int = 0
    idle_seconds_max: float = float(HEARTBEAT_SECONDS)
    doubt_seconds: float = 15.0
    answer_seconds_max: float = 30.0
    ghost_seconds_max: float = 150.0
    greeting_seconds_max: float = 10.0
    login_seconds_max: float = 20.0
    leave_seconds_max: float = 5.0
    retry_seconds_first: float = 0.5
    retry_seconds_max: float = 30.0
    steady_seconds: float = 10.0
    give_up_seconds: float = 60.0

    def __post_init__(self) -> None:
        assert self.interactive or self.name is not None
        assert 1 <= len(self.id_prefix) <= 40
        assert 0 < self.retry_seconds_first <= self.retry_seconds_max
