"""What all conversations of one person share: who they are, whom they know, and where orders for the outside gather.

Nothing here decides anything.  Every notice, request and job of a turn gathers on the desk until the engine takes it.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from reactor_chat.e2ee.boundary import ContactsFile, Derive, Note, NoteKind, Outcome, QrCode, Settings, Shown
from reactor_chat.e2ee.identity import Person, own_identity
from reactor_chat.e2ee.member_list import Member
from reactor_chat.e2ee.outgoing import Plain, Sealed
from reactor_chat.e2ee.packages import PackageBook
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State, Transition
from reactor_chat.e2ee.store import Store, Table
from reactor_chat.e2ee.trust.trust_book import TrustBook
from reactor_chat.wire.conversation import Conversation, Scope, from_key
from reactor_chat.wire.messages import SEALED_MEMBERS_MAX, AskKeys, Request, fold

NOTE_CHARS_MAX = 1_000  # a dozen lines of a terminal, whatever a server may have called somebody
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


class Purpose(Enum):
    """Why something was asked of the server."""

    HOW_SEALED = auto()  # `seals`
    WHO_IS_THERE = auto()  # `names` or `who`, before a conversation is sealed
    KEYS_TO_CREATE = auto()  # `peer_keys`, before a conversation is sealed
    KEYS_TO_ADD = auto()  # `peer_keys`, before somebody is let in
    OWN_KEYS = auto()  # `peer_keys` of one's own name
    CREATE = auto()
    COMMIT = auto()
    BE_LET_IN = auto()
    END = auto()
    PUBLISH = auto()
    STORE_PIECE = auto()
    FETCH_PIECE = auto()


class OpenQuestion(NamedTuple):
    """A request of ours that is not answered yet."""

    purpose: Purpose
    where: Conversation | None
    names: frozenset[str] = frozenset()  # folded, of those asked about


class Desk:
    """One person's desk.

    Args:
        settings: of the session.
        store: of this name.
        random: `random(n)` returns n fresh bytes.
        fresh_id: gives request ids that no other client gives.

    Attributes:
        now: monotonic seconds of the present turn.
        is_online: somebody answers requests.
        present: folded names of who is connected, None while that is not known.
        is_understood: the server answered a question about encryption on this connection.
        is_mute: it does not know such questions.
        members_max: members of one sealed conversation, as the server announced it.
        is_answer_told: the person was told that its answers hold what nobody asked for.
        questions: by request id.
        talks: every conversation that was ever looked at.
        jobs: which conversation a child process computes a key for.
    """

    def __init__(
        self, settings: Settings, store: Store, random: Callable[[int], bytes], fresh_id: Callable[[], str]
    ) -> None:
        self.settings = settings
        self.store = store
        self.random = random
        self.fresh_id = fresh_id
        self.me = fold(settings.name)
        self.identity = own_identity(settings.name, settings.seed)
        self.trust = TrustBook(store)
        self.packages = PackageBook(store, self.identity, random)
        self.now = 0.0
        self.is_online = self.is_understood = self.is_mute = False
        self.is_answer_told = False
        self.members_max = SEALED_MEMBERS_MAX
        self.present: set[str] | None = None
        self.questions: dict[str, OpenQuestion] = {}
        self.jobs: dict[int, Conversation] = {}
        self._jobs_given = 0
        self._outcome = Outcome([], [], [], [], [], [])
        self.talks: dict[Conversation, Talk] = {}
        for key, _ in store.rows(Table.CONVERSATION):
            self.talk(from_key(key))

    def talk(self, where: Conversation) -> Talk:
        """Return a conversation, from the store where it is there."""
        talk = self.talks.get(where)
        if talk is None:
            is_private = where.scope is not Scope.ROOM and self.settings.private_is_sealed
            talk = self.talks[where] = Talk(where, self.me, self.store, is_private=is_private)
            if talk.state is State.SEALED and talk.group is None:  # what was stored of the group cannot be read
                talk.step(Transition.LOSE)
        return talk

    def cut(self) -> None:
        """Forget what held only for the connection."""
        self.is_online = self.is_understood = self.is_mute = False
        self.present = None
        self.questions.clear()
        for talk in self.talks.values():
            talk.cut()

    @property
    def wall_ms(self) -> int:
        """The wall clock, milliseconds since 1970; never below 0."""
        return max(0, self.settings.wall_ms_at_zero + int(self.now * 1000))

    @property
    def own_key(self) -> bytes:
        """The account key."""
        return self.identity.signing_key.public_key

    @property
    def own_person(self) -> Person:
        """Ourselves as we stand in groups."""
        return Person(self.settings.name, self.own_key)

    @property
    def own_entry(self) -> Member:
        """Ourselves as we stand on lists."""
        return Member(self.settings.name, self.own_key)

    def new_job(self, where: Conversation) -> int:
        """Return the number of a job that computes a key for a conversation."""
        self._jobs_given += 1
        self.jobs[self._jobs_given] = where
        return self._jobs_given

    def key_that_counts(self, name: str) -> bytes | None:
        """Return the key that counts as somebody's; None where none was ever seen."""
        known = self.trust.look_up(name)
        return self.own_key if name == self.me else known.key or None if known is not None else None

    def ask(self, request: Request, purpose: Purpose, where: Conversation | None) -> None:
        """Send a request that is not kept; its `id` must be set.

        Args:
            request: with an `id`.
            purpose: why it is asked.
            where: the conversation it is about; None where it is about us.
        """
        assert request.id is not None
        names = frozenset(map(fold, request.names)) if isinstance(request, AskKeys) else frozenset()
        self.questions[request.id] = OpenQuestion(purpose, where, names)
        self._outcome.requests.append(request)

    def is_asking(self, purpose: Purpose, where: Conversation | None) -> bool:
        """Return whether such a request is not answered yet."""
        return any(asked.purpose is purpose and asked.where == where for asked in self.questions.values())

    def send(self, message: Sealed | Plain) -> None:
        """Give a message to the outbox."""
        self._outcome.messages.append(message)

    def show(self, shown: Shown) -> None:
        """Let a message be archived and shown."""
        self._outcome.shown.append(shown)

    def note(
        self,
        kind: NoteKind,
        text: str,
        where: Conversation | None = None,
        beside: QrCode | ContactsFile | None = None,
    ) -> None:
        """Say something to the person, once a turn; whatever a server may have called somebody, it is printable.

        Args:
            kind: why it is said.
            text: at most `NOTE_CHARS_MAX` characters are kept.
            where: the conversation it is about; None where it is about a key.
            beside: what goes with it.
        """
        safe = "".join(letter if letter.isprintable() else UNPRINTABLE for letter in text[:NOTE_CHARS_MAX])
        note = Note(kind, safe, self.talks[where].wording.where if where in self.talks else where, beside)
        if note not in self._outcome.notes:
            self._outcome.notes.append(note)

    def edit(self, text: str) -> None:
        """Give a line back to the person, to be edited."""
        self._outcome.drafts.append(text)

    def derive(self, job: Derive) -> None:
        """Ask for a key from a passphrase."""
        self._outcome.jobs.append(job)

    def take(self) -> Outcome:
        """Remove and return everything that gathered."""
        outcome, self._outcome = self._outcome, Outcome([], [], [], [], [], [])
        return outcome
