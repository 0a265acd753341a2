"""A person's end-to-end encryption without its outside: orders, lines and notices in, one `Outcome` out.

Theory of operation.  There is a `Participation` for each conversation.  Whatever happens first changes what is known
of one of them; then its reconciler looks at it and does the next thing that is due: ask the server how it is sealed,
begin, ask to be let in, commit, seal what was held.  Looking is cheap and may happen at any time, so nothing is lost by
a cut, a refusal or a restart: the next look begins where the store says.

Nothing is sealed before the server has answered, on this connection, how the conversation is sealed.  The replay is
over then, and a memory that is older than the journal has been found out: who forgot a message must not seal another
one with its key.
"""

from collections.abc import Callable

from reactor_chat.e2ee.boundary import Mark, Order, Outcome, Posture, Settings, Shown, Unsent
from reactor_chat.e2ee.dispatch import Dispatch
from reactor_chat.e2ee.messages.opened import OpenedMessages
from reactor_chat.e2ee.messages.outbound import spoken
from reactor_chat.e2ee.orders.commands import Commands
from reactor_chat.e2ee.orders.group_orders import GroupOrders, GroupRequest
from reactor_chat.e2ee.orders.held_lines import HeldLines
from reactor_chat.e2ee.orders.verification import Verification
from reactor_chat.e2ee.participation.participation import Participations
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import Store
from reactor_chat.wire.conversation import Conversation, Heard, Scope, Spoken, where_heard, where_said
from reactor_chat.wire.messages import SEALED_MEMBERS_MAX, Notice


class Session:
    """One person's conversations.

    Args:
        settings: who they are.
        store: of this name; committed by whoever gave it, before an outcome is obeyed.
        random: `random(n)` returns n fresh bytes.
        fresh_id: gives request ids that no other client of this name gives, ever.

    Attributes:
        desk: what all conversations share, with their states; for tests that look inside.
        participations: in every conversation; for tests that look inside.
    """

    def __init__(
        self, settings: Settings, store: Store, random: Callable[[int], bytes], fresh_id: Callable[[], str]
    ) -> None:
        self.desk = Desk(settings, store, random, fresh_id)
        self._opened = OpenedMessages(store, self.desk.me)
        self.participations = Participations(self.desk, self._opened)
        self._verification = Verification(self.desk, self.participations)
        self._held_lines = HeldLines(self.desk, self.participations)
        self._commands = Commands(self.desk, self.participations, self._verification, self._held_lines)
        self._group_orders = GroupOrders(store, self.participations)
        self._dispatch = Dispatch(self.desk, self.participations, self._group_orders)

    # ------------------------------------------------------------------------------------------ what is asked

    @property
    def next_deadline(self) -> float | None:
        """When `tick` should be called next, monotonic seconds; None when only the outside can bring news."""
        return min((when for part in self.participations for when in part.due_at), default=None)

    @property
    def held_count(self) -> int:
        """How many lines were typed and are not sealed yet."""
        return sum(len(part.talk.lines.held) for part in self.participations)

    @property
    def held(self) -> list[Spoken]:
        """What was typed and has not left yet, in each conversation in the order it was typed."""
        talks = [part.talk for part in self.participations]
        return [spoken(talk.where, line) for talk in talks for line in talk.lines.held.values()]

    @property
    def unsent(self) -> list[Unsent]:
        """What was typed and has not left yet, by its number, and why."""
        return self._held_lines.unsent()

    def sealed_text(self, conversation: Conversation, request_id: str) -> str | None:
        """Return what one's own message says that is sealed and was not heard back; None where it is none."""
        part = self.participations.find(conversation)
        sent = part.talk.lines.sealed.get(request_id) if part is not None else None
        return sent.line.text if sent is not None else None

    def give_back(self, ids_begin: str) -> list[Spoken]:
        """Forget and return the held lines whose ids begin so: what was typed in this run, for a name not to be had."""
        given = []
        for part in self.participations:
            for line in [line for line in part.talk.lines.held.values() if line.id.startswith(ids_begin)]:
                part.talk.lines.release(line)
                given.append(spoken(part.talk.where, line))
        return given

    def posture(self, conversation: Conversation) -> Posture:
        """Return what would become of a line typed there now: the word in the prompt."""
        part = self.participations.find(conversation)
        if part is None:
            is_private = conversation.scope is not Scope.ROOM and self.desk.settings.private_is_sealed
            return Posture.WAITING if is_private else Posture.PLAIN
        state = part.talk.state
        if state is State.PLAIN:
            return Posture.PLAIN
        if part.talk.is_note_to_self:
            return Posture.HELD
        if state is State.FROZEN or (state is State.SEALED and part.outbound.untrusted()):
            return Posture.HELD
        return Posture.SEALED if state is State.SEALED else Posture.WAITING

    def recall(self, notice: Heard) -> Shown | None:
        """Return a message of a page of history as it was opened when it came; None where nothing is to be said of it.

        What came in plain text into a conversation that is sealed for us is said to be plain.
        """
        if notice.sealed is not None and not notice.removed:
            return self._opened.recall(notice)
        part = self.participations.find(where_heard(notice, self.desk.me))
        return Shown(notice, Mark.PLAIN) if part is not None and part.talk.record.strength is not None else None

    def take(self) -> Outcome:
        """Remove and return everything that is to be done; commit the store before any of it is obeyed."""
        return self.desk.take()

    # ------------------------------------------------------------------------------------------ what happens

    def said(self, request: Spoken, now: float) -> None:
        """A person typed something for others; it has an `id` and a text.

        Args:
            request: with an `id` and a text.
            now: monotonic seconds.
        """
        self.desk.now = now
        self.participations.of(where_said(request)).send(request)

    def did(self, request: GroupRequest, now: float) -> None:
        """A person asked for a change of a group; it has an `id`, and travels as it is.

        Args:
            request: with an `id`.
            now: monotonic seconds.
        """
        self.desk.now = now
        self._group_orders.ordered(request)

    def ordered(self, order: Order, now: float) -> None:
        """A person gave an order about encryption.

        Args:
            order: as it was typed.
            now: monotonic seconds.
        """
        self.desk.now = now
        self._commands.obey(order)

    def noticed(self, notice: Notice, now: float) -> bool:
        """The server said something.

        Args:
            notice: each once, numbered ones in their order.
            now: monotonic seconds.

        Returns:
            Whether it is not to be shown as it is: either it was for the session alone, or `Outcome.shown` has it.
        """
        self.desk.now = now
        return self._dispatch.take(notice)

    def logged_in(self, now: float, members_max: int = SEALED_MEMBERS_MAX) -> None:
        """The server let us in; the replay of what we missed follows.

        Args:
            now: monotonic seconds.
            members_max: of one sealed conversation, as the server's `hello` said it: more are refused before any work.
        """
        self.desk.cut()
        self.desk.now, self.desk.is_online, self.desk.members_max = now, True, members_max
        self._verification.introduce(self.desk.settings.introductions)
        self.participations.ask_first()

    def cut(self) -> None:
        """The connection ended."""
        self.desk.cut()

    def derived(self, job: int, key: bytes | None, now: float) -> None:
        """A child process computed the key of a passphrase, or could not: then None.

        Args:
            job: its number (`Derive.job`).
            key: 32 bytes; None where it failed.
            now: monotonic seconds.
        """
        self.desk.now = now
        where = self.desk.jobs.pop(job, None)
        if where is not None:
            self.participations.of(where).derived(key)

    def tick(self, now: float) -> None:
        """Do what is due; nothing, when called too early."""
        self.desk.now = now
        for part in self.participations:
            part.tick()
