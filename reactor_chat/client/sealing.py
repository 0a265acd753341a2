"""The session of the present name, which seals and opens, where the name has a key; a guest's client has none.

Everything said to others goes through it and everything heard is told to it first; what it writes down is committed
with the rest of the turn, before any of it leaves or is shown.  Without one everything is plain.  A store that fails is
found out by the mailbox's next commit, so nobody here need look.
"""

from collections.abc import Callable
from typing import Protocol

from msgspec import structs

from reactor_chat.client.boundary import Arrived
from reactor_chat.client.mailbox import Mailbox, annotation_of
from reactor_chat.client.store.vault import Vault
from reactor_chat.e2ee import states as sealing_states
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.e2ee.orders.group_orders import GroupRequest
from reactor_chat.e2ee.outgoing import Plain
from reactor_chat.e2ee.session import Session
from reactor_chat.text.help_topics import overview
from reactor_chat.text.opening import split_opening
from reactor_chat.text.parser import first_word, parse_typed
from reactor_chat.text.render import NO_ANNOTATION
from reactor_chat.wire.conversation import ROOM, Conversation, Spoken, where_said
from reactor_chat.wire.messages import HelpAnswer, HistoryAnswer, Notice, Refused, is_name


class OpenSession(Protocol):
    """Opens what a name has sealed; the rows are its store's."""

    def __call__(self, name: str, vault: Vault, fresh_id: Callable[[], str]) -> Session:
        """Return the session of a name, to which the vault was turned; raises StorageError."""


class Sealing:
    """Holds it.

    Args:
        vault: holds the session's rows.
        mailbox: of the same vault.
        open_session: makes the session of a name; None for a guest.

    Attributes:
        session: seals and opens; None for a guest.
    """

    def __init__(self, vault: Vault, mailbox: Mailbox, open_session: OpenSession | None) -> None:
        self.session: Session | None = None
        self._vault = vault
        self._mailbox = mailbox
        self._open_session = open_session

    @property
    def held(self) -> list[Spoken]:
        """What was typed and waits to be sealed."""
        return self.session.held if self.session is not None else []

    @property
    def held_count(self) -> int:
        """How many lines that are."""
        return self.session.held_count if self.session is not None else 0

    def posture(self, typed: str) -> Posture:
        """Return what becomes of a line as far as it is typed now; of what is no message, of one to everyone."""
        return self.session.posture(_where_typed(typed)) if self.session is not None else Posture.PLAIN

    def open(self, name: str, fresh_id: Callable[[], str], typed: list[Spoken], now: float) -> None:
        """Open the session of another name, to which the vault was turned.

        Args:
            name: the name.
            fresh_id: gives request ids that nobody ever gave.
            typed: what was typed under the former name, to be said under this one.
            now: monotonic seconds.
        """
        if self._open_session is None:
            return
        with self._mailbox.keeping():
            self.session = self._open_session(name, self._vault, fresh_id)
            self._mailbox.kept_count += self.held_count
            for request in typed:
                self.session.said(request, now)

    def give_back(self, ids_begin: str) -> list[Spoken]:
        """Take from the session what waits under ids that begin so: nobody is there to say it as."""
        with self._mailbox.keeping():
            return self.session.give_back(ids_begin) if self.session is not None else []
        return []

    def said(self, request: Spoken, now: float) -> None:
        """Take what is to be said to others: to the session, or as it is."""
        if self.session is None:
            self._mailbox.outbox.say(Plain(request, where_said(request), sealing_states.State.PLAIN))
            return
        with self._mailbox.keeping():
            self.session.said(request, now)

    def did(self, request: GroupRequest, now: float) -> None:
        """Learn that the members of a group are to change."""
        if self.session is not None:
            with self._mailbox.keeping():
                self.session.did(request, now)

    def noticed(self, notice: Notice, now: float) -> bool:
        """Take a notice; return whether the session shows it itself, or nobody is to see it."""
        if self.session is None:
            return False
        with self._mailbox.keeping():
            return self.session.noticed(notice, now)
        return False

    def logged_in(self, now: float, members_max: int) -> None:
        """Learn that the server let us in, and how many members it lets a sealed conversation have."""
        if self.session is not None:
            with self._mailbox.keeping():
                self.session.logged_in(now, members_max)

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self.session is not None and (self.session.next_deadline or now + 1) <= now:
            with self._mailbox.keeping():
                self.session.tick(now)

    def derived(self, job: int, key: bytes | None, now: float) -> None:
        """Take the key of a passphrase; None where none could be computed."""
        if self.session is not None:
            with self._mailbox.keeping():
                self.session.derived(job, key, now)

    def enriched(self, arrived: Arrived) -> Arrived:
        """An answer with what only we can add to it: our own commands, sealed messages as they were opened."""
        notice, session = arrived.notice, self.session
        if isinstance(notice, HelpAnswer):  # ours, whatever the server says: it is we who read what is typed
            ours = structs.replace(notice, text=overview(has_key=session is not None))
            return Arrived(ours, is_own=True)
        if session is None or not isinstance(notice, HistoryAnswer):
            return arrived
        with self._mailbox.keeping():
            shown = [session.recall(one) for one in notice.messages]
            messages = [one.notice if one else old for one, old in zip(shown, notice.messages, strict=True)]
            annotations = tuple(annotation_of(one) if one else NO_ANNOTATION for one in shown)
            page = structs.replace(notice, messages=messages)
            return Arrived(page, None, annotations)
        return arrived


def _where_typed(typed: str) -> Conversation:
    """Where a line goes, as far as one can tell from its beginning."""
    parsed = parse_typed(typed)
    if isinstance(parsed, Spoken):
        return where_said(parsed)
    _, bare = split_opening(typed)
    word = first_word(bare[1:])[0] if bare.startswith("@") else ""
    is_person = isinstance(parsed, Refused) and is_name(word) and parsed.code == "invalid_command"
    return Conversation.pair(word) if is_person and not isinstance(parse_typed(f"@{word} x"), Refused) else ROOM
