"""Under which name a client logs in: chosen, sent with a proof, refused, chosen anew, and welcomed in the end."""

from reactor_chat.client.boundary import Arrived, End, ExitStatus, NoteKind, OutputQueue, Settings
from reactor_chat.client.connecting.link import Link
from reactor_chat.client.connecting.naming import NO_NAME, is_own_ghost, is_said_by_its_code, refusal_in_words
from reactor_chat.client.connecting.states import AFTER_LOGIN_REFUSED, Then
from reactor_chat.client.store.vault import Identity
from reactor_chat.text.server_words import REFUSALS
from reactor_chat.wire.messages import Refused, Seen, Welcome, fold, is_name

OTHER_NAME = "the server logged you in under another name"


class Login:
    """One client's name.

    Args:
        settings: of the engine.
        identity: proves the name; a guest has none.
        outputs: where what is to be shown gathers.

    Attributes:
        name: one's own name, as the server spells it once logged in.
        candidate: to log in with; None while one is wanted, empty where the server says it.
    """

    def __init__(self, settings: Settings, identity: Identity | None, outputs: OutputQueue) -> None:
        self.name = settings.name or ""
        self.candidate = settings.name
        self._settings = settings
        self._identity = identity
        self._outputs = outputs

    def take(self, name: str) -> End | None:
        """Take a name that can be one; the server judges the rest.

        Returns:
            How to end where it cannot be one and nobody is there to choose another.
        """
        if not is_name(name):
            self._outputs.refuse("bad_name", NO_NAME)
            return self._want_another(NO_NAME)
        self.name = self.candidate = name
        return None

    def send(self, link: Link, progress: tuple[int | None, list[Seen]], now: float) -> None:
        """Log in, where there is a name to do it with.

        Args:
            link: the present connection, which was greeted.
            progress: what `login` says as `after` and `seen`.
            now: monotonic seconds.
        """
        if self.candidate is not None:
            link.log_in(self.candidate, self._identity, *progress, now)

    def refused(self, arrived: Arrived, notice: Refused, *, may_be_haunted: bool) -> End | str | None:
        """Say why the server refused the login, and ask for another name where that helps.

        Args:
            arrived: what it said.
            notice: the notice in it.
            may_be_haunted: a connection of our own that is dead may hold the name still.

        Returns:
            How to end; or why to drop the connection and try later; None where another name was asked for.
        """
        has_key = self._identity is not None
        text = refusal_in_words(notice, self.name, has_key=has_key)
        if is_own_ghost(notice, has_key=has_key, may_be_haunted=may_be_haunted):
            return text
        if self._settings.tells_all or is_said_by_its_code(notice, self.name):
            self._outputs.show(arrived)
        then = AFTER_LOGIN_REFUSED.get(notice.code)
        if then is Then.ANOTHER_NAME:
            if self._settings.interactive and text != REFUSALS.get(notice.code):
                self._outputs.note(NoteKind.NEWS, text)
            return self._want_another(text)
        return text if then is Then.LATER else (ExitStatus.REFUSED, f"The login was refused: {text}")

    def welcomed(self, welcome: Welcome) -> str | None:
        """Take the name as the server spells it; return why to drop the connection where it is another one.

        Else what others told us would be shown as what we told them.
        """
        if fold(welcome.name) != fold(self.name):
            return OTHER_NAME
        self.name = self.candidate = welcome.name
        return None

    def _want_another(self, reason: str) -> End | None:
        if not self._settings.interactive:
            return ExitStatus.REFUSED, f"{reason}. Pass another name with --name"
        self.candidate = None
        self._outputs.note(NoteKind.QUESTION, "Choose another name")
        return None
