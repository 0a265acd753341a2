"""The client without its outside: bytes and typed lines in, bytes and things to show out.

Theory of operation.  The engine is told what happened, each time with the monotonic time in seconds, and changes its
state by the table in `states`.  What it wants done gathers until `take` hands it over as one `Outputs`.  It reads no
clock, has no entropy and touches no socket, so the same engine runs on a terminal, in a pipe, in the load generator
and in the simulated world.

Five promises are kept here and nowhere else:

- *Shown once.*  Numbered notices come in the order of their numbers, so what is not above the cursor was shown before
  and is dropped.  After a cut, `login` says how far we came and the server replays the rest (PROTOCOL §5.5).
- *Answered or told.*  Every line that becomes a request stays in the outbox until it is answered; after a cut it is
  sent again where that cannot do it twice, and otherwise told to the person (see `outbox`).
- *Kept before it leaves.*  `take` commits the vault before it hands anything over, so nothing is sent or shown that a
  crash could make us forget.  Where that fails, nothing of the turn happened, and the client stops.
- *Never stuck.*  In every state something is due at a known time: silence is broken by a ping, what stays unanswered
  is a cut, a cut is followed by an attempt to connect, with growing pauses.
- *One's own words* appear when the server has numbered them, like everybody's.
"""

from collections.abc import Callable, Iterator

from reactor_chat.client.boundary import (
    START_ONE,
    Action,
    Arrived,
    End,
    ExitStatus,
    NoteKind,
    OutputCollector,
    Outputs,
    Settings,
)
from reactor_chat.client.connecting.deadlines import Due, deadlines, outcome
from reactor_chat.client.connecting.ending import Leaving, farewell
from reactor_chat.client.connecting.reconnect import Reconnect
from reactor_chat.client.connecting.states import ONLINE, STEPS, State, Step, Verdict
from reactor_chat.client.login import LoginSteps
from reactor_chat.client.messaging import Messaging
from reactor_chat.client.sealing import OpenSession
from reactor_chat.client.store.vault import MemoryVault, OwnIdentity, Vault
from reactor_chat.errors import ProtocolViolation
from reactor_chat.wire.messages import Bye, Hello, Ping, Quit, Request
from reactor_chat.wire.transcript import NO_BINDING


class Engine:
    """One person's client.

    Args:
        settings: what this run is told once.
        jitter: gives numbers from 0 to 1 that no other client gives, so that not all come back in the same instant.
        vault: remembers the cursor and what is not accepted yet.
        identity: proves the name; a guest has none.
        open_session: makes the session that seals and opens for a name; a guest has none.

    Attributes:
        state: how far the connection has come.
        messaging: what is said and heard, over which link, and what is known of who is there.
        exit_status: how the process should end, once `STOP` is asked for.
    """

    def __init__(
        self,
        settings: Settings,
        jitter: Callable[[], float],
        vault: Vault | None = None,
        identity: OwnIdentity | None = None,
        open_session: OpenSession | None = None,
    ) -> None:
        self.state = State.OFFLINE
        self.exit_status = ExitStatus.DONE
        self._settings = settings
        self._outputs = OutputCollector()
        self.messaging = Messaging(settings, MemoryVault() if vault is None else vault, self._outputs, open_session)
        self._reconnect = Reconnect(settings, jitter, self._outputs)
        self._login = LoginSteps(settings, identity, self._outputs, self.messaging, self._reconnect)
        self._ending = Leaving(settings)

    # ------------------------------------------------------------------------------------------ what is asked

    @property
    def name(self) -> str:
        """One's own name, as the server spells it once logged in."""
        return self._login.name

    @property
    def wants_name(self) -> bool:
        """Whether the next typed line is taken as a name."""
        return not self._login.candidate

    @property
    def wants_input(self) -> bool:
        """Whether lines should be read; a pipe is left alone while too much waits, and after `@quit`."""
        return not (self._ending.has_begun or self.messaging.is_full or self.state is State.STOPPED)

    @property
    def wants_requests(self) -> bool:
        """Whether there is a name to ask anything under, and we are not about to leave."""
        return not (self._ending.has_begun or self.wants_name or self.state is State.STOPPED)

    @property
    def is_offline(self) -> bool:
        """Whether a connection was lost and is not back yet."""
        return self._reconnect.since is not None

    @property
    def next_deadline(self) -> float | None:
        """When `tick` should be called next, monotonic seconds; None when only the outside can bring news."""
        session_at = self.messaging.next_deadline if self.state is not State.STOPPED else None
        return min((*(when for when, _ in self._due()), *(() if session_at is None else (session_at,))), default=None)

    def take(self) -> Outputs:
        """Remove and return everything that is to be done by now, to be obeyed in the order of the fields.

        What was to be kept is on disk before this returns.
        """
        link, mailbox = self.messaging.link, self.messaging.mailbox
        self.messaging.settle()
        if (failure := mailbox.commit()) is not None:
            self._outputs.take(link.take())  # nothing of this turn happened
            self.stop(ExitStatus.FAILED, failure)
        return self._outputs.take(link.take())

    # ------------------------------------------------------------------------------------------ what happens

    def start(self, now: float) -> None:
        """Begin: connect, and ask for a name where none was given."""
        self._conclude(self._login.begin(now), now)
        if self.state is State.OFFLINE:
            self._step(Step.DIAL)

    def connected(self, now: float, binding: bytes = NO_BINDING) -> None:
        """The connection that was asked for is there.

        Args:
            now: monotonic seconds.
            binding: SHA-256 of the server's TLS public key, 32 zero bytes without TLS (PROTOCOL §7).
        """
        self._step(Step.CONNECTED)
        self.messaging.connected(now, binding)

    def unreachable(self, now: float, reason: str, *, missed: End | None = None, hint: str = START_ONE) -> None:
        """The connection that was asked for could not be made.

        Args:
            now: monotonic seconds.
            reason: why, in words for a person.
            missed: how to end, and with which words, where it is not that no server is there.
            hint: what to do about it, where no server was reached yet.
        """
        self._step(Step.CUT)
        if self._needs_no_connection:
            self.stop(ExitStatus.DONE)
        else:
            self._conclude(self._reconnect.unreachable(now, reason, hint, missed), now)

    def received(self, data: bytes, now: float) -> None:
        """Bytes came from the server, split anywhere."""
        if self.state not in ONLINE:
            return
        link = self.messaging.link
        link.feed(data, now)
        try:
            while self.state in ONLINE and (payload := link.next_payload()) is not None:
                self._read(payload, now)
        except ProtocolViolation as violation:
            self._drop(now, str(violation))

    def cut(self, now: float, reason: str) -> None:
        """The connection is gone; a second word about the same one is ignored."""
        if self.state in ONLINE:
            self._cut(now, reason)

    def typed(self, line: str, now: float) -> None:
        """A person, or a pipe, gave one line (or a paste of several) without its line end.  Blank ones ask nothing."""
        if self._ending.has_begun or self.state is State.STOPPED:
            return
        if not self._login.candidate:
            self._conclude(self._login.typed(line.strip(), self.state, now), now)
        elif line.strip() or self.messaging.orders.wants_passphrase:
            self._line_typed(line, now)

    def ask(self, request: Request, now: float) -> str:
        """Take a request from a program that has this client, instead of a line from a person.

        It goes the way of the line of the same meaning: a change is kept until the server has it, a question is asked
        again after a cut.  What comes of it is handed over in `Outputs.answers` and shown to nobody; there is always
        a last answer, unless the client ends before.  A request that is to outlive this run has an id of its own: to
        ask for it anew under that id, in a later run too, is to ask for it once.

        Args:
            request: whatever a person could type, but to leave; or one about read markers.  Its `id` is used where it
                has one, which then nobody else may have used, 1 to 64 characters.
            now: monotonic seconds.

        Returns:
            The id by which its answers are known.
        """
        request_id = self.messaging.ask(request, now, is_leaving=not self.wants_requests)
        self._pump(now)
        return request_id

    def end_of_input(self, now: float) -> None:
        """Nothing more will be typed: quit, in a pipe when everything is answered."""
        if self._settings.interactive:
            self.leave(now)
            return
        self._ending.input_ended(now)
        if self.state is State.OFFLINE and self._needs_no_connection:
            self.stop(ExitStatus.DONE)
        self._pump(now)

    def leave(self, now: float) -> None:
        """The person wants to go; a second time, at once."""
        if self.state is State.STOPPED:
            return
        if self._ending.leave_by is not None or self.state not in (State.LIVE, State.LEAVING):
            self.stop(ExitStatus.DONE)
            return
        self._ending.leave(now)
        self._pump(now)

    def tick(self, now: float) -> None:
        """Do what is due; nothing, when called too early."""
        while due := min((d for d in self._due() if d[0] <= now), default=None, key=lambda d: d[0]):
            self._do(due[1], now)
        self.messaging.tick(now)
        self._pump(now)

    def derived(self, job: int, key: bytes | None, now: float) -> None:
        """The key of a passphrase was computed, or (None) could not be."""
        self.messaging.sealing.derived(job, key, now)
        self._pump(now)

    # ------------------------------------------------------------------------------------------ time

    def _due(self) -> Iterator[tuple[float, Due]]:
        link, is_holding = self.messaging.link, self.messaging.sealing.held_count > 0
        return deadlines(self.state, self._settings, link, self._reconnect, self._ending, is_holding=is_holding)

    def _do(self, due: Due, now: float) -> None:
        if due is Due.PING:
            self.messaging.questions.ask(Ping(), self.messaging.link)
            self.messaging.link.note_sent(now)
        elif due is Due.DOUBT:
            self.messaging.doubt_link()
        else:
            self._conclude(outcome(due, self._settings), now)

    # ------------------------------------------------------------------------------------------ the connection

    def _step(self, step: Step) -> None:
        self.state = STEPS[self.state][step]
        if step is Step.DIAL:
            self._reconnect.retry_at = None
            self._outputs.do(Action.CONNECT)

    def _conclude(self, verdict: Verdict, now: float) -> None:
        """Do what something leads to."""
        match verdict:
            case Step():
                self._step(verdict)
            case str():
                self._drop(now, verdict)
            case (status, words):
                self.stop(status, words)

    def _drop(self, now: float, reason: str) -> None:
        self._outputs.do(Action.CLOSE)
        self._cut(now, reason)

    def _cut(self, now: float, reason: str) -> None:
        was, gone = self.state, self.messaging.link
        self.messaging.cut(now)
        self._step(Step.CUT)
        if was is State.LEAVING or self._needs_no_connection:
            self.stop(ExitStatus.DONE)
        else:
            has_name = self._login.candidate is not None
            self._conclude(self._reconnect.cut(now, reason, was, gone, has_name=has_name), now)

    @property
    def _needs_no_connection(self) -> bool:
        """Whether we are on our way out, and nothing is left to come back for."""
        is_waiting = self.messaging.is_waiting
        return self._ending.needs_no_connection(was_let_in=self._login.was_let_in, is_waiting=is_waiting)

    # ------------------------------------------------------------------------------------------ what the server says

    def _read(self, payload: bytes, now: float) -> None:
        notice = self.messaging.read(payload)
        if notice is None:
            return
        self._reconnect.has_met = True
        arrived = Arrived(notice, is_missed=self.messaging.link.is_replaying)
        if isinstance(notice, Bye):
            self._outputs.show(arrived)
            self._conclude(farewell(notice, self.state, has_name=self._login.candidate is not None), now)
        elif isinstance(notice, Hello) or self.state not in (State.LIVE, State.LEAVING):
            verdict = self._login.heard(arrived, self.state, now)
            self._conclude(verdict, now)
            if verdict is Step.WELCOME:
                self._pump(now)
        else:
            self.messaging.heard(arrived, now)
            self._pump(now)

    # ------------------------------------------------------------------------------------------ what people type

    def _line_typed(self, line: str, now: float) -> None:
        waiting = self.messaging.changes_waiting
        if self.messaging.typed(line, now) is not None:
            self.end_of_input(now)
        elif self._settings.interactive and self.is_offline and self.messaging.changes_waiting > waiting:
            self._outputs.note(NoteKind.LINK, "Not connected; this will be sent when the connection is back")
        self._pump(now)

    def _pump(self, now: float) -> None:
        """Send what may be sent, and say goodbye when everything is done."""
        self.messaging.gather(is_live=self.state is State.LIVE)
        if self.state is not State.LIVE:
            return
        self.messaging.send_waiting()
        link, is_done = self.messaging.link, not self.messaging.is_waiting
        if self._ending.has_begun and is_done and link.replay_end_id is None:
            link.send(Quit())
            self._step(Step.QUIT)
            self._ending.leave(now)
        link.note_sent(now)

    # ------------------------------------------------------------------------------------------ the end

    def stop(self, status: ExitStatus, words: str = "") -> None:
        """End with a status and, unless all is well, for a reason, told in one line that says what to do."""
        if words:
            self._outputs.note(NoteKind.FAILURE, words)
        was_let_in = self._login.was_let_in or status is not ExitStatus.REFUSED
        self._outputs.show(*self.messaging.last_words(was_let_in=was_let_in))
        if status is ExitStatus.DONE and self.messaging.mailbox.undelivered and not self._settings.interactive:
            status = ExitStatus.TRY_LATER
        if self.state is not State.STOPPED:
            self._step(Step.STOP)
        self.exit_status = status
        self._outputs.do(Action.STOP)
