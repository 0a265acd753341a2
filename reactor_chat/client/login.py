"""Under which name a client logs in: chosen, sent with a proof, refused, chosen anew, and welcomed in the end."""

from reactor_chat.client.boundary import Arrived, End, ExitStatus, NoteKind, OutputCollector, Settings
from reactor_chat.client.connecting.link import other_protocol
from reactor_chat.client.connecting.naming import NO_NAME, is_own_ghost, is_said_by_its_code, refusal_in_words
from reactor_chat.client.connecting.reconnect import Reconnect
from reactor_chat.client.connecting.states import AFTER_LOGIN_REFUSED, State, Step, Then, Verdict
from reactor_chat.client.messaging import Messaging
from reactor_chat.client.store.vault import OwnIdentity
from reactor_chat.text.server_words import REFUSALS
from reactor_chat.wire.messages import PROTOCOL_VERSION, Closing, Hello, Refused, Welcome, fold, is_name

OTHER_NAME = "the server logged you in under another name"


class LoginSteps:
    """One client's name.

    Args:
        settings: of the engine.
        identity: proves the name; a guest has none.
        outputs: where what is to be shown gathers.
        messaging: turns to what belongs to the name, and has the link.
        reconnect: knows for how long there was no connection.

    Attributes:
        name: one's own name, as the server spells it once logged in.
        candidate: to log in with; None while one is wanted, empty where the server says it.
        was_let_in: a login held, once.
    """

    def __init__(
        self,
        settings: Settings,
        identity: OwnIdentity | None,
        outputs: OutputCollector,
        messaging: Messaging,
        reconnect: Reconnect,
    ) -> None:
        self.name = settings.name or ""
        self.candidate = settings.name
        self.was_let_in = False
        self._settings = settings
        self._identity = identity
        self._outputs = outputs
        self._messaging = messaging
        self._reconnect = reconnect

    def begin(self, now: float) -> End | None:
        """Ask for a name where none was given; return how to end where the one given cannot be one."""
        if self.candidate is None:
            self._outputs.note(NoteKind.QUESTION, "Enter a unique username")
        return self._take(self.candidate, now) if self.candidate else None

    def typed(self, name: str, state: State, now: float) -> Verdict:
        """Take a name that was typed, empty where nothing was, and log in with it as soon as that can be."""
        if not name:
            return None
        if fold(name) == "@quit":
            return ExitStatus.DONE, ""
        if (end := self._take(name, now)) is not None or not self.candidate:
            return end
        if state is State.LOGGING_IN:
            self._send(now)
        return Step.DIAL if state is State.OFFLINE else None

    def _take(self, name: str, now: float) -> End | None:
        """Take a name that can be one, and turn to what is kept for it; the server judges the rest.

        Returns:
            How to end where it cannot be one and nobody is there to choose another.
        """
        if not is_name(name):
            self._outputs.refuse("bad_name", NO_NAME)
            return self._want_another(NO_NAME)
        self.name = self.candidate = name
        self._messaging.turn_to(name, now)
        return None

    def heard(self, arrived: Arrived, state: State, now: float) -> Verdict:
        """Take what the server says before it lets us in; a `hello` or a `welcome` out of turn is ignored.

        Args:
            arrived: what it said.
            state: in which it came.
            now: monotonic seconds.
        """
        match arrived.notice:
            case Hello() as hello if state is State.GREETED:
                self._outputs.show(arrived)
                return self._greeted(hello, now)
            case Welcome() as welcome if self._messaging.link.login_at is not None:
                return self._welcomed(welcome, now)
            case Refused() as refused if state is State.GREETED:
                return refusal_in_words(refused, self.name, has_key=False)  # the server is full, or going
            case Refused() as refused:
                return self._refused(arrived, refused, now)
            case Closing():
                self._outputs.show(arrived)
        return None

    def _greeted(self, hello: Hello, now: float) -> Verdict:
        """Take over what the server announces, and log in where there is a name."""
        if hello.protocol != PROTOCOL_VERSION:
            return ExitStatus.FAILED, other_protocol(hello.protocol)
        self._messaging.link.greeted(hello)
        if self.candidate is not None:
            self._send(now)
        return Step.HELLO

    def _send(self, now: float) -> None:
        """Log in under the candidate."""
        assert self.candidate is not None
        self._messaging.link.log_in(self.candidate, self._identity, *self._messaging.mailbox.inbox.progress, now)

    def _refused(self, arrived: Arrived, notice: Refused, now: float) -> Verdict:
        """Say why the server refused the login, and ask for another name where that helps.

        Args:
            arrived: what it said.
            notice: the notice in it.
            now: monotonic seconds.

        Returns:
            How to end; or why to drop the connection and try later; None where another name was asked for.
        """
        if self._messaging.link.login_at is None:
            return None  # nobody typed a name within the server's patience; its `bye` follows
        self._messaging.link.login_at = None
        has_key = self._identity is not None
        text = refusal_in_words(notice, self.name, has_key=has_key)
        if is_own_ghost(notice, has_key=has_key, may_be_haunted=self._reconnect.may_be_haunted(now)):
            return text
        if self._settings.tells_all or is_said_by_its_code(notice, self.name):
            self._outputs.show(arrived)
        then = AFTER_LOGIN_REFUSED.get(notice.code)
        if then is Then.ANOTHER_NAME:
            if self._settings.interactive and text != REFUSALS.get(notice.code):
                self._outputs.note(NoteKind.NEWS, text)
            return self._want_another(text)
        return text if then is Then.LATER else (ExitStatus.REFUSED, f"The login was refused: {text}")

    def _welcomed(self, welcome: Welcome, now: float) -> Verdict:
        """Take the name as the server spells it; drop the connection where it is another one.

        Else what others told us would be shown as what we told them.
        """
        if not self.name and (end := self._take(welcome.name, now)) is not None:  # it was left to the server
            return end
        if fold(welcome.name) != fold(self.name):
            return OTHER_NAME
        self.name = self.candidate = welcome.name
        self._enter(welcome, now)
        return Step.WELCOME

    def _enter(self, welcome: Welcome, now: float) -> None:
        """Show what was missed, and go on where we were cut off."""
        is_first, self.was_let_in = not self.was_let_in, True
        mailbox = self._messaging.mailbox
        self._messaging.link.since = now
        if is_first:
            self._outputs.show(*mailbox.recall(self._settings.scrollback))
        if (gone_seconds := self._reconnect.ended(now)) is not None:
            self._outputs.note(NoteKind.LINK, "Connected again")
            self._messaging.comes_back(welcome, gone_seconds, now)
        if mailbox.inbox.welcomed(welcome):
            self._outputs.note(NoteKind.NEWS, "The server started over: the messages you missed are gone")
        mailbox.welcomed(welcome.name)
        self._outputs.show(Arrived(welcome))
        self._messaging.welcomed(welcome, now, is_first=is_first)

    def _want_another(self, reason: str) -> End | None:
        if not self._settings.interactive:
            return ExitStatus.REFUSED, f"{reason}. Pass another name with --name"
        self.candidate = None
        self._outputs.note(NoteKind.QUESTION, "Choose another name")
        return None
