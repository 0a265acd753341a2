"""Joins engine, view and loop: the one module of the client that knows sockets.

After everything that happened in a turn, `_obey` brings the engine's actions about: it sends, shows and dials until
the engine wants nothing more, and then says when it must be woken.  The name of the host is looked up anew for every
attempt, because a laptop that was carried elsewhere may find another address behind it; a child process does that, for
a name server may be silent.
"""

import signal
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from reactor_chat.client.boundary import Action, ExitStatus, Note, NoteKind, RequestAnswer, Shown
from reactor_chat.client.connecting.first_contact import leaving, reason_of, unnamed, why_no_tls
from reactor_chat.client.connecting.server_key import ServerKey
from reactor_chat.client.connecting.states import State
from reactor_chat.client.derivation import Child
from reactor_chat.client.engine import Engine
from reactor_chat.client.terminal.streams import InputStream, OutputStream
from reactor_chat.e2ee.boundary import Derive
from reactor_chat.errors import StorageError, TlsBroken, TrustError
from reactor_chat.reactor.connection import Connection
from reactor_chat.reactor.host_dialer import HostDialer
from reactor_chat.reactor.limits import ConnectionLimits
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.signals import Signals
from reactor_chat.reactor.timers import Timer
from reactor_chat.reactor.tls import TlsFilter, client_context
from reactor_chat.reactor.tls_connection import open_connection

UNREAD_BYTES_MAX = 1_048_576
"""When so much waits for the terminal or the pipe to be read, we stop reading the server."""

UNREAD_BYTES_LOW = 65_536  # read on when nearly nothing waits, so that it is not stopped and begun all the time


class View(Protocol):
    """What a person, or a program in a pipe, deals with."""

    @property
    def wants_input(self) -> bool:
        """Whether input should be read."""

    @property
    def takes_terminal(self) -> bool:
        """Whether it changes the terminal's modes, and has to give it back before the process stops or ends."""

    @property
    def next_deadline(self) -> float | None:
        """When `refresh` should be called even though nothing happens."""

    def begin(self) -> None:
        """Take the terminal."""

    def end(self) -> None:
        """Give it back; called whatever happened."""

    def input_came(self, data: bytes, now: float) -> None:
        """Take bytes of the input."""

    def input_ended(self, now: float) -> None:
        """Take its end."""

    def refresh(self, now: float) -> None:
        """Do what is due."""

    def show(self, item: Shown) -> None:
        """Show a notice, several of an earlier run, or a note."""

    def answered(self, answer: RequestAnswer) -> None:
        """Take what came of something that the view asked the engine."""

    def draw(self) -> None:
        """Finish what `show` began."""

    def resized(self) -> None:
        """The terminal has another size."""

    def suspend(self) -> None:
        """Give the terminal back and stop until the shell lets us go on; only where it takes one."""

    def resumed(self) -> None:
        """We were stopped and go on."""


class Runner:
    """One run of a client.

    Args:
        engine: decides everything.
        host: where the server is.
        port: its port.
        server_key: judges the key that the server shows; None connects without TLS.
        output: the descriptor that the view draws on.
        news: what to show first.

    Attributes:
        out: where the view writes; when too much waits in it, the server is not read.
    """

    def __init__(
        self,
        engine: Engine,
        host: str,
        port: int,
        server_key: ServerKey | None,
        output: int,
        news: Sequence[str] = (),
    ) -> None:
        self._news = news
        self._loop = Loop()
        self.out = OutputStream(self._loop, output, self.leave)
        self._engine = engine
        self._host = host
        self._port = port
        self._server_key = server_key
        self._tls_context = client_context() if server_key is not None else None
        self._dialer: HostDialer | None = None
        self._connection: Connection | None = None
        self._is_reading = True
        self._children: list[Child] = []
        self._wake: Timer | None = None

    def run(self, view: View, keyboard: int) -> ExitStatus:
        """Run to the end; once.

        Args:
            view: shows, and is given the input.
            keyboard: the descriptor of the input.

        Returns:
            How the process should end.
        """
        self._view = view
        loop = self._loop
        self._input = InputStream(loop, keyboard, self._input_came, self._input_ended)
        signals = Signals(loop, self._signal_callbacks())
        loop.before_flush(self._obey)
        try:
            view.begin()
            for text in self._news:
                view.show(Note(NoteKind.NEWS, text))
            self._engine.start(loop.now)
            loop.run_soon()
            loop.run()
        finally:
            self._close()
            for child in self._children:
                child.end()
            # First of all the signals: whoever reads us may never do so again, and then they end the wait below.
            signals.close()
            view.end()
            self.out.flush()
            loop.close()
        return self._engine.exit_status

    # ------------------------------------------------------------------------------------------ a turn

    def _obey(self, now: float) -> None:
        self._engine.tick(now)
        self._view.refresh(now)
        while any(outputs := self._engine.take()):
            if self._connection is not None:
                self._connection.send(outputs.data)
            for item in outputs.shown:
                self._view.show(item)
            for answer in outputs.answers:
                self._view.answered(answer)
            for action in outputs.actions:
                self._fulfil(action)
            self._view.refresh(now)
        self._view.draw()
        self._balance()
        self._set_alarm()

    def _fulfil(self, action: Action | Derive) -> None:
        if isinstance(action, Derive):
            self._children.append(Child(self._loop, action, self._derived))
        elif action is Action.STOP:
            self._loop.stop()
        elif action is Action.CLOSE:
            self._close()
        elif self._engine.state is State.DIALING:
            self._connect()

    def _balance(self) -> None:
        """Read input only as fast as the engine takes it, and the server only as fast as somebody reads us."""
        if self._view.wants_input:
            self._input.resume()
        else:
            self._input.pause()
        if self._connection is None:
            return
        if self._is_reading and self.out.pending_bytes > UNREAD_BYTES_MAX:
            self._is_reading = False
            self._engine.messaging.link.read_on(self._loop.now, is_read=False)
            self._connection.pause()
        elif not self._is_reading and self.out.pending_bytes < UNREAD_BYTES_LOW:
            self._is_reading = True
            self._engine.messaging.link.read_on(self._loop.now, is_read=True)
            self._connection.resume()

    def _set_alarm(self) -> None:
        deadlines = [when for when in (self._engine.next_deadline, self._view.next_deadline) if when is not None]
        deadline = min(deadlines, default=None)
        if self._wake is not None and self._wake.armed and self._wake.deadline_s == deadline:
            return
        if self._wake is not None:
            self._wake.cancel()
        # The alarm only ends the wait; what is due is done in the middle of the turn.
        self._wake = None if deadline is None else self._loop.timers.call_at(deadline, lambda: None)

    def _derived(self, child: Child, key: bytes | None) -> None:
        self._children.remove(child)
        self._engine.derived(child.job, key, self._loop.now)

    # ------------------------------------------------------------------------------------------ input and signals

    def _input_came(self, data: bytes) -> None:
        self._view.input_came(data, self._loop.now)

    def _input_ended(self) -> None:
        self._view.input_ended(self._loop.now)

    def _signal_callbacks(self) -> dict[int, Callable[[], None]]:
        callbacks: dict[int, Callable[[], None]] = dict.fromkeys(leaving(), self.leave)
        callbacks[signal.SIGWINCH] = self._view.resized
        callbacks[signal.SIGCONT] = self._view.resumed
        if self._view.takes_terminal:
            callbacks |= {signal.SIGTSTP: self._view.suspend, signal.SIGQUIT: self.leave}
        return callbacks

    def leave(self) -> None:
        """Say goodbye and stop, as the person or the system wants; a second time, at once."""
        self._engine.leave(self._loop.now)
        self._loop.run_soon()  # the output may have broken behind the middle of the turn

    # ------------------------------------------------------------------------------------------ the connection

    def _connect(self) -> None:
        self._dialer = HostDialer(self._loop, self._host, self._port, self._connected, self._failed)

    def _connected(self, sock: socket.socket) -> None:
        self._dialer = None
        tls = TlsFilter(self._tls_context) if self._tls_context is not None else None
        try:
            self._connection = open_connection(self._loop, sock, self, ConnectionLimits(), tls, self._secured)
        except OSError as error:
            sock.close()
            self._failed(error)
            return
        self._is_reading = True
        if tls is None:
            self._engine.connected(self._loop.now)

    def _secured(self, connection: Connection) -> None:
        """Look at the server's key before anything is said to it."""
        assert connection.tls is not None
        assert self._server_key is not None
        try:
            seen = connection.tls.peer_key_sha256
            news = self._server_key.check(seen)
        except TlsBroken as error:
            connection.abort(str(error))
        except (TrustError, StorageError) as error:
            self._close()
            status = ExitStatus.REFUSED if isinstance(error, TrustError) else ExitStatus.FAILED
            self._engine.stop(status, str(error))
        else:
            if news is not None:
                self._view.show(Note(NoteKind.NEWS, news))
            self._engine.connected(self._loop.now, seen)

    def _failed_to_secure(self, connection: Connection, reason: str) -> None:
        reason, hint = why_no_tls(connection, reason)
        self._engine.unreachable(self._loop.now, reason, hint=hint)

    def _failed(self, error: OSError) -> None:
        self._dialer = None
        self._engine.unreachable(self._loop.now, reason_of(error), missed=unnamed(error))

    def _close(self) -> None:
        if self._dialer is not None:
            self._dialer.cancel()
            self._dialer = None
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.abort("closed")

    def received(self, connection: Connection, data: bytes) -> None:
        """Hand bytes to the engine."""
        if connection is self._connection:
            self._engine.received(data, self._loop.now)

    def ended(self, connection: Connection) -> None:
        """Take the end of what the server sends for the end of the connection."""
        if connection is self._connection:
            self._close()
            self._engine.cut(self._loop.now, "the server closed it")

    def overflowed(self, connection: Connection) -> None:
        """Wait: what is in flight is bounded, and a server may read as slowly as it likes."""

    def lost(self, connection: Connection, reason: str) -> None:
        """Tell the engine, unless it has closed the connection itself."""
        if connection is self._connection:
            self._connection = None
            if self._engine.state is State.DIALING:
                self._failed_to_secure(connection, reason)
            else:
                self._engine.cut(self._loop.now, reason)
            self._loop.run_soon()  # this comes behind the middle of the turn
