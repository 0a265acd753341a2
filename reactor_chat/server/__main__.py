"""The server's process: sockets, signals, clocks, keys and entropy, wired to the app, which knows none of them."""

import dataclasses
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable

from reactor_chat.errors import StorageBusy, StorageError, StorageLost, UsageError
from reactor_chat.journal.contract import Journal
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.read_only import ReadOnlyJournal
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.process_start import STDERR, STDOUT, program, write_whole
from reactor_chat.reactor.fanout import Fanout
from reactor_chat.reactor.loop import Loop
from reactor_chat.reactor.signals import Signals
from reactor_chat.reactor.timers import Timer
from reactor_chat.server.app import App
from reactor_chat.server.bans import Ban
from reactor_chat.server.operator.ban_file import BanFile
from reactor_chat.server.operator.control import CONTROL_SOCKET_NAME, Control
from reactor_chat.server.operator.operations import Facts, Operations
from reactor_chat.server.operator.retention import Retention
from reactor_chat.server.options.command_line import read_options, reread_options
from reactor_chat.server.options.table import Options, differences, live_part
from reactor_chat.server.process.descriptors import connections_possible, raise_descriptors_max
from reactor_chat.server.process.listening import Listeners, is_name_server_silent
from reactor_chat.server.process.log import PatientHandler, log_quickly
from reactor_chat.server.process.vitals import files_bytes, memory_bytes, memory_bytes_max
from reactor_chat.text.log_lines import SafeFormatter
from reactor_chat.text.safe import safe

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h: whoever watches over the server starts it again."""
COLLECTED_AFTER = 50_000
"""Containers made and not freed before the collector looks for cycles, of which there are few here.

A full turn makes 12,000 and frees them at its end; with Python's 700, looking took 6 % of the processor where people
tell each other things.
"""
GROUND_SECONDS = 1.0
"""How often it is looked whether the journal is still in its place, where nothing is said that would be written."""
LAST_WORDS_SECONDS = 1.0
"""How long people may take to read that a server without a place for its journal stops."""
DRAIN_SECONDS = 4.0
"""How long people may take to read what they are owed when the server stops; the promise is an exit within 5 s."""

_log = logging.getLogger("reactor_chat.server")


class Server:
    """One process's worth of server.

    Args:
        options: what the operator chose.
        journal: opened; closed by the caller.
        reread: reads the options again; raises UsageError where they say what cannot be.
    """

    def __init__(self, options: Options, journal: Journal, reread: Callable[[], Options]) -> None:
        self._options = options
        self._reread = reread
        self._loop = Loop()
        self._journal = journal
        self._app = App(options, journal, Fanout(self._loop), os.urandom, self._loop.run_soon)
        self._listeners = Listeners(self._loop, self._app, options)
        stops: dict[int, Callable[[], None]] = {signal.SIGINT: self._stop, signal.SIGTERM: self._stop}
        for number in (*stops, signal.SIGHUP):
            # What `Signals` puts back when it is closed: one more signal must not kill a process that is closing up.
            signal.signal(number, signal.SIG_IGN)
        self._signals = Signals(self._loop, {**stops, signal.SIGHUP: self._reload})
        self._alarm: Timer | None = None
        self._stopping = False
        self._lost: StorageLost | None = None  # the journal can take nothing more
        self._loop.before_flush(self._before_flush)
        self._bans = BanFile(options.data) if not options.memory else None
        self._operations = Operations(self._app, self._keep_bans, self._facts)
        self._control = Control(self._operations)
        self._retention = Retention(self._app)
        self._began_at = self._loop.now

    def listen(self) -> None:
        """Recover from the journal, open the doors, and print a line for each; nobody is served before that.

        Raises:
            StorageError: the journal, or the server's own key, cannot be used.
            UsageError: the certificate or the key that the operator chose, or the bans, cannot be used.
            OSError: an address cannot be listened on; the text names it.
        """
        self._listeners.load_tls()
        count = self._app.start(_unix_ms())
        _log.info("recovered: records=%d", count)
        if self._bans is not None:
            self._app.bans.load(self._bans.read())
        _announce("\n".join(self._listeners.listen()) + "\n")

    def listen_to_operator(self) -> None:
        """Open the operator's door, where there is a directory for it."""
        if not self._options.memory:
            self._listeners.listen_to_operator(self._options.data / CONTROL_SOCKET_NAME, self._control)

    def run(self) -> int:
        """Serve until told to stop.

        Returns:
            The exit status.

        Raises:
            StorageError: the journal failed; nothing was shown that it does not hold.
        """
        gc.freeze()
        gc.set_threshold(COLLECTED_AFTER)
        self._watch_ground()
        self._loop.run()
        if self._lost is not None:
            raise self._lost
        self._app.keeping.stop()
        return EXIT_DONE

    def close(self) -> None:
        """Give every descriptor back."""
        self._control.close()
        self._listeners.close()
        self._signals.close()
        self._loop.close()

    def _before_flush(self, now: float) -> None:
        if self._lost is None:
            try:
                self._app.turn(now, _unix_ms())
                self._control.turn(now)
                self._retention.turn(now)
                if self._control.has_work:
                    self._loop.run_soon()
            except StorageLost as error:
                self._abandon(error)
        if self._stopping and self._app.is_empty:
            self._loop.stop()
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Wake the loop when the app wants its next turn, or a little before: an alarm is not put off turn by turn."""
        wanted = (self._app.deadline, self._retention.deadline) if self._lost is None else ()
        deadline = min([at for at in wanted if at is not None], default=None)
        if self._alarm is not None and self._alarm.armed:
            if deadline is not None and self._alarm.deadline_s <= deadline:
                return
            self._alarm.cancel()
        self._alarm = self._loop.timers.call_at(deadline, lambda: None) if deadline is not None else None

    def _watch_ground(self) -> None:
        """Look whether the journal is still in its place, and again a moment later."""
        if self._lost is not None:
            return
        try:
            self._journal.check_ground()
        except StorageLost as error:
            self._abandon(error)
            return
        self._loop.timers.call_at(self._loop.now + GROUND_SECONDS, self._watch_ground)

    def _abandon(self, lost: StorageLost) -> None:
        """Stop without another commit; who is there is told so."""
        if self._lost is not None:
            return
        self._lost, self._stopping = lost, True
        self._listeners.close()
        self._app.abandon()
        self._loop.timers.call_at(self._loop.now + LAST_WORDS_SECONDS, self._loop.stop)

    def _stop(self) -> None:
        if self._stopping:
            _log.warning("second stop signal: exiting now")
            self._loop.stop()
            return
        _log.info("stopping")
        self._stopping = True
        self._listeners.close()
        self._app.shut_down(self._loop.now)
        self._loop.timers.call_at(self._loop.now + DRAIN_SECONDS, self._loop.stop)

    def _reload(self) -> None:
        """Read again what may change while people are connected; nobody is dropped, what is wrong changes nothing."""
        if not self._stopping:
            self._reload_options()
            self._listeners.reload_certificate()
            self._reload_bans()

    def _reload_options(self) -> None:
        try:
            wanted = self._reread()
        except UsageError as error:
            _log.error("options: nothing changed: %s", error)
            return
        found = list(differences(self._app.options, wanted))
        for flag, before, after, live in found:
            _log.info("options: %s %s -> %s%s", flag, before, after, "" if live else " needs a restart")
        if not found:
            _log.info("options: nothing changed")
        self._app.adopt(live_part(self._app.options, wanted))

    def _reload_bans(self) -> None:
        if self._bans is None:
            return
        try:
            closed = self._operations.use_bans(self._bans.read())
        except UsageError as error:
            _log.error("bans: nothing changed: %s", error)
        else:
            _log.info("bans: %d; connections closed: %d", len(self._app.bans), closed)

    def _keep_bans(self, bans: list[Ban]) -> None:
        if self._bans is not None:
            self._bans.keep(bans)

    def _facts(self) -> Facts:
        data = self._options.data
        return {
            "uptime_seconds": round(self._loop.now - self._began_at),
            "bytes_out": self._loop.written_bytes,
            "turns": self._loop.turns,
            "turn_seconds_max": round(self._loop.turn_seconds_max, 6),
            "memory_bytes": memory_bytes(),
            "memory_bytes_max": memory_bytes_max(),
            "journal_bytes": 0 if self._options.memory else files_bytes(data.glob(FILE_NAME + "*")),
        }


def _unix_ms() -> int:
    return time.time_ns() // 1_000_000


@program("reactor-chatd")
def main() -> int:
    """Run the server as the command line says, and return the exit status (PROTOCOL §10)."""
    arguments = sys.argv[1:]
    options = read_options(arguments)
    log = PatientHandler(STDERR)
    log.setFormatter(SafeFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[log])
    log_quickly()
    try:
        return _serve(
            _as_far_as_descriptors_reach(options), lambda: _as_far_as_descriptors_reach(reread_options(arguments))
        )
    except (StorageBusy, StorageLost) as error:
        return _complain(error, EXIT_TRY_LATER)
    except (StorageError, UsageError, OSError) as error:
        return _complain(error, EXIT_TRY_LATER if is_name_server_silent(error) else EXIT_FAILED)


def _as_far_as_descriptors_reach(options: Options) -> Options:
    wanted, had = options.connections_max, raise_descriptors_max()
    possible = connections_possible(wanted, had)
    if possible < wanted:
        _log.warning("%d connections, not %d: there are only %d descriptors (ulimit -n)", possible, wanted, had)
    return dataclasses.replace(options, connections_max=possible)


def _serve(options: Options, reread: Callable[[], Options]) -> int:
    journal = MemoryJournal() if options.memory else _open_journal(options)
    server = None
    try:
        server = Server(options, journal, reread)
        server.listen_to_operator()  # first, so that whoever read the line of a listener finds this door too
        server.listen()
        return server.run()
    finally:
        if server is not None:
            server.close()
        journal.close()


def _open_journal(options: Options) -> SqliteJournal:
    """Return the journal; what the operator should know of it is in the log.  Raises StorageError."""
    journal = (
        ReadOnlyJournal(options.data, accepts_loss=options.accept_loss)
        if options.read_only
        else SqliteJournal(options.data, options.journal_bytes_max, accepts_loss=options.accept_loss)
    )
    for line in journal.high_water.losses:
        _log.warning("loss accepted: %s", line)
    for line in journal.high_water.news:
        _log.warning("%s", line)
    return journal


def _announce(text: str) -> None:
    """Write to standard output in one piece: who has read the first line may close the pipe.

    Past Python's buffer, which would try once more at the end of the process what a closed pipe refused.
    """
    try:
        write_whole(STDOUT, text.encode())
    except OSError as error:
        raise OSError(error.errno, f"standard output cannot be written: {error.strerror}") from error


def _complain(error: Exception, status: int) -> int:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    print(f"reactor-chatd: {safe(said)}", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
