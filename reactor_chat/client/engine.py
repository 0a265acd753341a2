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

A guest learns its doubtful messages' fate in this way: `login` with `after` makes the server replay what everyone may
see, and the answer to a ping sent behind it says that the replay is over.  What turned up in it was delivered.
"""

from collections.abc import Callable, Iterator

from reactor_chat.client.boundary import (
    START_ONE,
    Action,
    Arrived,
    End,
    ExitStatus,
    NoteKind,
    OutputQueue,
    Outputs,
    Settings,
)
from reactor_chat.client.connecting.deadlines import SILENCE, Due, Ending, deadlines
from reactor_chat.client.connecting.link import Link, another_server, no_server, other_protocol
from reactor_chat.client.connecting.naming import NO_NAME, is_own_ghost, is_said_by_its_code, refusal_in_words
from reactor_chat.client.connecting.reconnect import Reconnect
from reactor_chat.client.connecting.states import AFTER_BYE, AFTER_LOGIN_REFUSED, ONLINE, STEPS, State, Step, Then
from reactor_chat.client.directory import Directory
from reactor_chat.client.messaging import Messaging, OpenSession
from reactor_chat.client.store.vault import Identity, MemoryVault, Vault
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.errors import ProtocolViolation
from reactor_chat.text.server_words import REFUSALS, farewell_in_words
from reactor_chat.wire.messages import (
    PROTOCOL_VERSION,
    Bye,
    Closing,
    Hello,
    Ping,
    Quit,
    Refused,
    Welcome,
    fold,
    is_name,
)
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
        name: one's own name, as the server spells it once logged in.
        exit_status: how the process should end, once `STOP` is asked for.
    """

    def __init__(
        self,
        settings: Settings,
        jitter: Callable[[], float],
        vault: Vault | None = None,
        identity: Identity | None = None,
        open_session: OpenSession | None = None,
    ) -> None:
        self.state = State.OFFLINE
        self.name = settings.name or ""
        self.exit_status = ExitStatus.DONE
        self._settings = settings
        self._identity = identity
        self._outputs = OutputQueue()
        self._messaging = Messaging(settings, MemoryVault() if vault is None else vault, self._outputs, open_session)
        self._mailbox = self._messaging.mailbox
        self._reconnect = Reconnect(settings, jitter)
        self._candidate = settings.name  # to log in with; None while one is wanted, "" where the server says it
        self._ending = False  # no more input; quit when everything is answered
        self._has_met = False  # a server greeted us once
        self._has_lived = False  # we were logged in once
        self._ended_at: float | None = None  # of the input of a pipe; what is held waits so long and no longer
        self._leave_by: float | None = None

    # ------------------------------------------------------------------------------------------ what is asked

    @property
    def _link(self) -> Link:
        return self._messaging.link

    @_link.setter
    def _link(self, link: Link) -> None:
        self._messaging.link = link

    @property
    def wants_name(self) -> bool:
        """Whether the next typed line is taken as a name."""
        return not self._candidate

    @property
    def wants_passphrase(self) -> bool:
        """Whether the next typed line is taken as a passphrase, which nobody should see."""
        return self._messaging.wants_passphrase

    @property
    def directory(self) -> Directory:
        """People and groups heard of."""
        return self._messaging.directory

    def posture(self, typed: str) -> Posture:
        """Return what becomes of a line as far as it is typed now."""
        return self._messaging.posture(typed)

    @property
    def wants_input(self) -> bool:
        """Whether lines should be read; a pipe is left alone while too much waits, and after `@quit`."""
        return not (self._ending or self._messaging.is_full or self.state is State.STOPPED)

    @property
    def is_offline(self) -> bool:
        """Whether a connection was lost and is not back yet."""
        return self._reconnect.since is not None

    @property
    def is_doubted(self) -> bool:
        """Whether no answer comes to something that was sent, though the connection is not known to be lost."""
        return self._link.is_doubted

    @property
    def changes_waiting(self) -> int:
        """How much of what was typed is not known to be stored by the server."""
        return self._mailbox.outbox.changes_waiting + self._messaging.held_count

    @property
    def next_deadline(self) -> float | None:
        """When `tick` should be called next, monotonic seconds; None when only the outside can bring news."""
        session_at = self._messaging.next_deadline if self.state is not State.STOPPED else None
        return min((*(when for when, _ in self._due()), *(() if session_at is None else (session_at,))), default=None)

    def take(self) -> Outputs:
        """Remove and return everything that is to be done by now, to be obeyed in the order of the fields.

        What was to be kept is on disk before this returns.
        """
        if (failure := self._mailbox.commit()) is not None:
            self._outputs.take(b"")
            self._link = Link(0.0)
            self.fail(ExitStatus.FAILED, failure)
        return self._outputs.take(self._link.take())

    def read_on(self, now: float, *, is_read: bool) -> None:
        """Learn that what the server sends is read from now on, or is not: then its silence says nothing."""
        self._link.read_on(now, is_read=is_read)

    def printed(self, place: int) -> None:
        """Note that everything up to this place of the archive was taken by whoever reads us."""
        self._mailbox.printed(place)

    # ------------------------------------------------------------------------------------------ what happens

    def start(self, now: float) -> None:
        """Begin: connect, and ask for a name where none was given."""
        if self._candidate is None:
            self._outputs.note(NoteKind.QUESTION, "Enter a unique username")
        elif self._candidate:
            self._consider(self._candidate, now)
        if self.state is State.OFFLINE:
            self._dial(now)

    def connected(self, now: float, binding: bytes = NO_BINDING) -> None:
        """The connection that was asked for is there.

        Args:
            now: monotonic seconds.
            binding: SHA-256 of the server's TLS public key, 32 zero bytes without TLS (PROTOCOL §7).
        """
        self._step(Step.CONNECTED)
        self._link = Link(now, binding, self._settings.invite)

    def unreachable(self, now: float, reason: str, *, missed: End | None = None, hint: str = START_ONE) -> None:
        """The connection that was asked for could not be made.

        Args:
            now: monotonic seconds.
            reason: why, in words for a person.
            missed: how to end, and with which words, where it is not that no server is there.
            hint: what to do about it, where no server was reached yet.
        """
        self._step(Step.CUT)
        if self._has_met:
            self._retry(now, reason)
        elif missed is not None:
            self.fail(*missed)
        else:
            self.fail(ExitStatus.NO_SERVER, no_server(self._settings.server, reason, hint))

    def received(self, data: bytes, now: float) -> None:
        """Bytes came from the server, split anywhere."""
        if self.state not in ONLINE:
            return
        self._link.feed(data, now)
        try:
            while self.state in ONLINE and (payload := self._link.next_payload()) is not None:
                self._read(payload, now)
        except ProtocolViolation as violation:
            self._drop(now, str(violation))

    def cut(self, now: float, reason: str) -> None:
        """The connection is gone; a second word about the same one is ignored."""
        if self.state in ONLINE:
            self._cut(now, reason)

    def typed(self, line: str, now: float) -> None:
        """A person, or a pipe, gave one line (or a paste of several) without its line end.  Blank ones ask nothing."""
        if self._ending or self.state is State.STOPPED:
            return
        if not self._candidate:
            self._name_typed(line.strip(), now)
        elif line.strip() or self.wants_passphrase:
            self._ask(line, now)

    def end_of_input(self, now: float) -> None:
        """Nothing more will be typed: quit, in a pipe when everything is answered."""
        if self._settings.interactive:
            self.leave(now)
            return
        self._ending, self._ended_at = True, now
        if self.state is State.OFFLINE and self._has_lived and not self._messaging.is_waiting:
            self._stop(ExitStatus.DONE)
        self._pump(now)

    def leave(self, now: float) -> None:
        """The person wants to go; a second time, at once."""
        if self.state is State.STOPPED:
            return
        if self._leave_by is not None or self.state not in (State.LIVE, State.LEAVING):
            self._stop(ExitStatus.DONE)
            return
        self._ending = True
        self._leave_by = now + self._settings.leave_seconds_max
        self._pump(now)

    def fail(self, status: ExitStatus, text: str) -> None:
        """Stop for a reason, told in one line that says what to do."""
        self._outputs.note(NoteKind.FAILURE, text)
        self._stop(status)

    def tick(self, now: float) -> None:
        """Do what is due; nothing, when called too early."""
        while due := min((d for d in self._due() if d[0] <= now), default=None, key=lambda d: d[0]):
            self._do(due[1], now)
        self._messaging.tick(now)
        self._pump(now)

    def derived(self, job: int, key: bytes | None, now: float) -> None:
        """The key of a passphrase was computed, or (None) could not be."""
        self._messaging.derived(job, key, now)
        self._pump(now)

    # ------------------------------------------------------------------------------------------ time

    def _due(self) -> Iterator[tuple[float, Due]]:
        ending = Ending(self._leave_by, self._ended_at, self._messaging.held_count > 0)
        return deadlines(self.state, self._settings, self._link, self._reconnect, ending)

    def _do(self, due: Due, now: float) -> None:
        match due:
            case Due.DIAL:
                self._dial(now)
            case Due.PING:
                self._link.send(Ping(id=self._messaging.hidden_id()))
                self._link.note_sent(now)
            case Due.DOUBT:
                self._messaging.doubt_link()
            case Due.STOP:
                self._stop(ExitStatus.DONE)
            case Due.GIVE_UP:
                self.fail(ExitStatus.TRY_LATER, f"No connection to {self._settings.server}. Try again later")
            case _:
                self._drop(now, SILENCE[due])

    # ------------------------------------------------------------------------------------------ the connection

    def _step(self, step: Step) -> None:
        self.state = STEPS[self.state][step]

    def _dial(self, _now: float) -> None:
        self._step(Step.DIAL)
        self._reconnect.retry_at = None
        self._outputs.do(Action.CONNECT)

    def _drop(self, now: float, reason: str) -> None:
        self._outputs.do(Action.CLOSE)
        self._cut(now, reason)

    def _cut(self, now: float, reason: str) -> None:
        was, hint, lived_seconds = self.state, self._link.hint, now - self._link.since
        self._link = Link(now)  # what was not sent was meant for the connection that is gone
        self._messaging.cut()
        self._step(Step.CUT)
        if was is State.LEAVING:
            self._stop(ExitStatus.DONE)
        elif not self._has_met:
            self.fail(ExitStatus.NO_SERVER, another_server(self._settings.server, reason, hint))
        elif self._candidate is not None:
            if was is State.LIVE:
                self._reconnect.lasted(lived_seconds)
            self._retry(now, reason)

    def _retry(self, now: float, reason: str) -> None:
        if self._ending and (self._leave_by is not None or (self._has_lived and not self._messaging.is_waiting)):
            self._stop(ExitStatus.DONE)
            return
        if (news := self._reconnect.failed(now, reason)) is not None:
            self._outputs.note(NoteKind.NEWS, news)

    # ------------------------------------------------------------------------------------------ what the server says

    def _read(self, payload: bytes, now: float) -> None:
        notice = self._messaging.read(payload)
        if notice is None:
            return
        self._has_met = True
        arrived = Arrived(notice)
        if isinstance(notice, Bye):
            self._on_bye(notice, arrived, now)
        elif isinstance(notice, Hello):
            if self.state is State.GREETED:
                self._on_hello(notice, arrived, now)
        elif self.state in (State.LIVE, State.LEAVING):
            self._on_live(arrived, now)
        elif isinstance(notice, Welcome) and self._link.login_at is not None:
            self._on_welcome(notice, arrived, now)
        elif isinstance(notice, Refused):
            self._on_login_refused(notice, arrived, now)
        elif isinstance(notice, Closing):
            self._outputs.show(arrived)

    def _on_hello(self, notice: Hello, arrived: Arrived, now: float) -> None:
        self._step(Step.HELLO)
        self._outputs.show(arrived)
        if notice.protocol != PROTOCOL_VERSION:
            self.fail(ExitStatus.FAILED, other_protocol(notice.protocol))
            return
        self._link.greeted(notice)
        if self._candidate is not None:
            self._login(self._candidate, now)

    def _login(self, name: str, now: float) -> None:
        self._link.log_in(name, self._identity, *self._mailbox.inbox.progress, now)

    def _on_login_refused(self, notice: Refused, arrived: Arrived, now: float) -> None:
        if self.state is State.GREETED:
            self._drop(now, refusal_in_words(notice, self.name, has_key=False))  # the server is full, or going
            return
        if self._link.login_at is None:
            return  # nobody typed a name within the server's patience; its `bye` follows
        self._link.login_at = None
        has_key = self._identity is not None
        text = refusal_in_words(notice, self.name, has_key=has_key)
        if is_own_ghost(notice, has_key=has_key, may_be_haunted=self._reconnect.may_be_haunted(now)):
            self._drop(now, text)
            return
        if self._settings.tells_all or is_said_by_its_code(notice, self.name):
            self._outputs.show(arrived)
        then = AFTER_LOGIN_REFUSED.get(notice.code)
        if then is Then.ANOTHER_NAME:
            if self._settings.interactive and text != REFUSALS.get(notice.code):
                self._outputs.note(NoteKind.NEWS, text)
            self._want_name(text)
        elif then is Then.LATER:
            self._drop(now, text)
        else:
            self.fail(ExitStatus.REFUSED, f"The login was refused: {text}")

    def _on_welcome(self, notice: Welcome, arrived: Arrived, now: float) -> None:
        if not self.name:  # it was left to the server
            self._consider(notice.name, now)
        if fold(notice.name) != fold(self.name):  # else what others told us would be shown as what we told them
            self._drop(now, "the server logged you in under another name")
            return
        self._step(Step.WELCOME)
        self._link.since = now
        self.name = self._candidate = notice.name
        if not self._has_lived:
            self._outputs.show(*self._mailbox.recall(self._settings.scrollback))
        if (gone_seconds := self._reconnect.ended(now)) is not None:
            self._outputs.note(NoteKind.NEWS, "Connected again")
            self._messaging.comes_back(notice, gone_seconds, now)
        if self._mailbox.inbox.welcomed(notice):
            self._outputs.note(NoteKind.NEWS, "The server started over: the messages you missed are gone")
        self._mailbox.welcomed(notice.name)
        self._outputs.show(arrived)
        self.directory.forget()
        if self._has_lived:
            self._mailbox.outbox.after_cut(ids_remembered=not notice.guest)
        if self._link.replays:
            self._link.replay_end_id = self._messaging.hidden_id()
            self._link.send(Ping(id=self._link.replay_end_id))
        self._has_lived = True
        self._messaging.welcomed(now)
        self._pump(now)

    def _on_bye(self, notice: Bye, arrived: Arrived, now: float) -> None:
        self._outputs.show(arrived)
        if self.state is State.LEAVING:
            self._stop(ExitStatus.DONE)
        elif self._candidate is None or (status := AFTER_BYE.get(notice.reason)) is None:
            self._drop(now, farewell_in_words(notice))
        elif status is ExitStatus.DONE:
            self._stop(status)
        else:
            self.fail(status, f"The server closed the connection: {farewell_in_words(notice)}")

    def _on_live(self, arrived: Arrived, now: float) -> None:
        self._messaging.answered(arrived.notice, self.name, now)
        concluded = self._messaging.heard(arrived, self.name, now)
        if concluded is not None:
            self._link.hidden_ids.discard(concluded)
        if concluded is not None and concluded == self._link.replay_end_id:
            self._link.replay_end_id = None
            self._messaging.replayed(now)
            self._outputs.show(*self._mailbox.doubt("Perhaps not delivered", self._mailbox.outbox.give_up_doubtful()))
        self._pump(now)

    # ------------------------------------------------------------------------------------------ what people type

    def _name_typed(self, name: str, now: float) -> None:
        if not name:
            return
        if fold(name) == "@quit":
            self._stop(ExitStatus.DONE)
            return
        self._consider(name, now)
        if self._candidate and self.state is State.LOGGING_IN:
            self._login(name, now)
        elif self._candidate and self.state is State.OFFLINE:
            self._dial(now)

    def _consider(self, name: str, now: float) -> None:
        """Take a name that can be one; the server judges the rest."""
        if not is_name(name):
            self._outputs.refuse("bad_name", NO_NAME)
            self._want_name(NO_NAME)
            return
        self.name = self._candidate = name
        self._messaging.turn_to(name, now)

    def _want_name(self, reason: str) -> None:
        if self._settings.interactive:
            self._candidate = None
            self._outputs.note(NoteKind.QUESTION, "Choose another name")
        else:
            self.fail(ExitStatus.REFUSED, f"{reason}. Pass another name with --name")

    def _ask(self, line: str, now: float) -> None:
        waiting = self.changes_waiting
        if self._messaging.typed(line, now) is not None:
            self.end_of_input(now)
        elif self._settings.interactive and self.is_offline and self.changes_waiting > waiting:
            self._outputs.note(NoteKind.NEWS, "Not connected; this will be sent when the connection is back")
        self._pump(now)

    def _pump(self, now: float) -> None:
        """Send what may be sent, and say goodbye when everything is done."""
        self._messaging.gather(is_live=self.state is State.LIVE)
        if self.state is not State.LIVE:
            return
        while (item := self._mailbox.outbox.next()) is not None:
            if isinstance(item, Refused):
                self._outputs.refuse(item.code, item.text)
            elif not self._link.send(item):
                self._mailbox.outbox.answered(item.id)
                text = f"This is longer than the {self._link.frame_bytes_max} bytes that the server takes"
                self._outputs.refuse("too_long", text, item.id)
        is_done = not self._messaging.is_waiting
        if self._ending and is_done and self._link.replay_end_id is None:
            self._link.send(Quit())
            self._step(Step.QUIT)
            self._leave_by = now + self._settings.leave_seconds_max
        self._link.note_sent(now)

    # ------------------------------------------------------------------------------------------ the end

    def _stop(self, status: ExitStatus) -> None:
        self._outputs.show(*self._messaging.last_words(was_let_in=self._has_lived or status is not ExitStatus.REFUSED))
        if status is ExitStatus.DONE and self._mailbox.undelivered and not self._settings.interactive:
            status = ExitStatus.TRY_LATER
        if self.state is not State.STOPPED:
            self._step(Step.STOP)
        self.exit_status = status
        self._outputs.do(Action.STOP)
