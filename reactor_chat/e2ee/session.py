"""A person's end-to-end encryption without its outside: orders, lines and notices in, one `Outcome` out.

Theory of operation.  There is a `Talk` for each conversation.  Whatever happens first changes what is known of one of
them; then `reconcile.advance` looks at it and does the next thing that is due: ask the server how it is sealed, begin,
ask to be let in, commit, seal what was held.  Looking is cheap and may happen at any time, so nothing is lost by a
cut, a refusal or a restart: the next look begins where the store says.

Nothing is sealed before the server has answered, on this connection, how the conversation is sealed.  The replay is
over then, and a memory that is older than the journal has been found out: who forgot a message must not seal another
one with its key.
"""

from collections.abc import Callable

from reactor_chat.e2ee import commands, dispatch, inbound, outbound, ownership, passphrase, reconcile, verification
from reactor_chat.e2ee.boundary import NoteKind, Order, Outcome, Posture, Settings, Shown
from reactor_chat.e2ee.commit import is_worn, readmission_at, refresh_due_at, turn_at
from reactor_chat.e2ee.conversation import Conversation, Heard, Scope, Spoken, where_said
from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.ownership import GroupRequest
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import Store
from reactor_chat.e2ee.talk import Talk
from reactor_chat.wire.messages import SEALED_MEMBERS_MAX, Notice


class Session:
    """One person's conversations.

    Args:
        settings: who they are.
        store: of this name; committed by whoever gave it, before an outcome is obeyed.
        random: `random(n)` returns n fresh bytes.
        fresh_id: gives request ids that no other client of this name gives, ever.

    Attributes:
        desk: what everything shares; for the modules of this package, and for tests that look inside.
    """

    def __init__(
        self, settings: Settings, store: Store, random: Callable[[int], bytes], fresh_id: Callable[[], str]
    ) -> None:
        self.desk = Desk(settings, store, random, fresh_id)

    # ------------------------------------------------------------------------------------------ what is asked

    @property
    def next_deadline(self) -> float | None:
        """When `tick` should be called next, monotonic seconds; None when only the outside can bring news."""
        return min((when for talk in self.desk.talks.values() for when in self._due(talk)), default=None)

    @property
    def held_count(self) -> int:
        """How many lines were typed and are not sealed yet."""
        return sum(len(talk.held) for talk in self.desk.talks.values())

    @property
    def held(self) -> list[Spoken]:
        """What was typed and has not left yet, in each conversation in the order it was typed."""
        return [outbound.spoken(talk.where, line) for talk in self.desk.talks.values() for line in talk.held.values()]

    def give_back(self, ids_begin: str) -> list[Spoken]:
        """Forget and return the held lines whose ids begin so: what was typed in this run, for a name not to be had."""
        given = [one for one in self.held if (one.id or "").startswith(ids_begin)]
        ids = {one.id for one in given}
        for talk in self.desk.talks.values():
            for line in [line for line in talk.held.values() if line.id in ids]:
                talk.release(line)
        return given

    def posture(self, conversation: Conversation) -> Posture:
        """Return what would become of a line typed there now: the word in the prompt."""
        talk = self.desk.talks.get(conversation)
        if talk is None:
            is_private = conversation.scope is not Scope.ROOM and self.desk.settings.private_is_sealed
            return Posture.WAITING if is_private else Posture.PLAIN
        if talk.state is State.PLAIN:
            return Posture.PLAIN
        if talk.where == Conversation.pair(self.desk.me):
            return Posture.HELD
        if talk.state is State.FROZEN or (talk.state is State.SEALED and outbound.untrusted(self.desk, talk)):
            return Posture.HELD
        return Posture.SEALED if talk.state is State.SEALED else Posture.WAITING

    def recall(self, notice: Heard) -> Shown | None:
        """Return a message of a page of history as it was opened when it came; None where nothing is to be said of it.

        What came in plain text into a conversation that is sealed for us is said to be plain.
        """
        return inbound.recall(self.desk, notice)

    def take(self) -> Outcome:
        """Remove and return everything that is to be done; commit the store before any of it is obeyed."""
        return self.desk.take()

    # ------------------------------------------------------------------------------------------ what happens

    def said(self, request: Spoken, now: float) -> None:
        """A person typed something for others; it has an `id` and a text."""
        desk = self.desk
        desk.now = now
        talk = desk.talk(where_said(request))
        outbound.say(desk, talk, request)
        if talk.held or (talk.is_in and is_worn(desk, talk)):
            reconcile.advance(desk, talk)

    def did(self, request: GroupRequest, now: float) -> None:
        """A person asked for a change of a group; it has an `id`, and travels as it is."""
        self.desk.now = now
        ownership.ordered(self.desk, request)

    def ordered(self, order: Order, now: float) -> None:
        """A person gave an order about encryption."""
        self.desk.now = now
        commands.obey(self.desk, order)

    def noticed(self, notice: Notice, now: float) -> bool:
        """The server said something.

        Returns:
            Whether it is not to be shown as it is: either it was for the session alone, or `Outcome.shown` has it.
        """
        self.desk.now = now
        return dispatch.listen(self.desk, notice)

    def logged_in(self, now: float, members_max: int = SEALED_MEMBERS_MAX) -> None:
        """The server let us in; the replay of what we missed follows.

        Args:
            now: monotonic seconds.
            members_max: of one sealed conversation, as the server's `hello` said it: more are refused before any work.
        """
        self.desk.cut()
        self.desk.now, self.desk.is_online, self.desk.members_max = now, True, members_max
        verification.introduce(self.desk, self.desk.settings.introductions)
        reconcile.ask_first(self.desk)

    def cut(self) -> None:
        """The connection ended."""
        self.desk.cut()

    def derived(self, job: int, key: bytes | None, now: float) -> None:
        """A child process computed the key of a passphrase, or could not: then None."""
        self.desk.now = now
        where = self.desk.jobs.pop(job, None)
        if where is None:
            return
        talk = self.desk.talk(where)
        if key is None:
            talk.passphrase_salt = None
            self.desk.note(NoteKind.ALARM, "The passphrase could not be used: type it again", where)
            return
        assert len(key) == passphrase.KEY_BYTES
        talk.share(key, talk.passphrase_salt or b"")
        talk.passphrase_salt, talk.has_asked = None, False
        reconcile.advance(self.desk, talk)

    def tick(self, now: float) -> None:
        """Do what is due; nothing, when called too early."""
        self.desk.now = now
        for talk in list(self.desk.talks.values()):
            if any(when <= now for when in self._due(talk)):
                if talk.retry_at is not None and talk.retry_at <= now:
                    talk.retry_at = None
                reconcile.advance(self.desk, talk)

    def _due(self, talk: Talk) -> list[float]:
        if not self.desk.is_online or not talk.current or talk.state is State.FROZEN:
            return []
        if talk.retry_at is not None:
            return [talk.retry_at]
        if not talk.is_in or talk.pending is not None or talk.fetched is not None:
            return []
        turn = turn_at(self.desk, talk)
        if turn is not None:
            return [turn]
        readmission = readmission_at(self.desk, talk)
        later = [] if readmission is None else [readmission]
        return [*later, refresh_due_at(self.desk, talk)] if talk.state is State.SEALED else later
