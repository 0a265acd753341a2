"""The load generator's command: reads the options, runs one scenario, prints what came of it."""

import gc
import os
import resource
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import NamedTuple

from reactor_chat.errors import LoadFailed, UsageError
from reactor_chat.load import scenarios
from reactor_chat.load.client_pool import ClientPool
from reactor_chat.load.dialect import Chat, Dialect
from reactor_chat.load.options import read_options
from reactor_chat.load.processes import Usage, listener_on, usage_of
from reactor_chat.load.report import Deliveries, LoginTimes, Result, ServerUsage, as_json, as_text
from reactor_chat.load.scenarios import Measure, Plan
from reactor_chat.process_start import program
from reactor_chat.reactor.addresses import resolve
from reactor_chat.reactor.loop import Loop

EXIT_DONE, EXIT_FAILED, EXIT_USAGE = 0, 1, 2
SPARE_DESCRIPTORS = 32
"""For everything but clients: files, the selector, standard streams."""
PROGRESS_SECONDS = 0.5
"""Between two lines of progress: often enough to see that it goes on."""

SCENARIO: dict[str, Callable[[ClientPool, Plan, Measure], Deliveries | None]] = {
    "fanout": scenarios.fanout,
    "pairs": scenarios.pairs,
    "groups": scenarios.groups,
    "connect": scenarios.connect,
    "idle": scenarios.idle,
    "mixed": scenarios.mixed,
}


@program("reactor-chat-load")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run one load.

    Args:
        arguments: the command line without the program's name; None takes the process's.

    Returns:
        0 when every message came, once and in order; 1 when not, or when the load failed; 2 for wrong usage.
    """
    options = read_options(sys.argv[1:] if arguments is None else arguments)
    try:
        target = LoadTarget(options.host, options.port, Chat(), options.plaintext, options.server_pid)
        result = run(options.scenario, _plan(options), target)
    except UsageError as error:
        return _complain(error, EXIT_USAGE)
    except (LoadFailed, OSError) as error:
        return _complain(error, EXIT_FAILED)
    print(as_json(result) if options.json else as_text(result), flush=True)  # noqa: T201
    return EXIT_DONE if result.is_complete else EXIT_FAILED


class LoadTarget(NamedTuple):
    """The server.

    Attributes:
        is_plain: connections are not encrypted.
        pid: whose cost is measured; None looks for who listens on the port.
    """

    host: str
    port: int
    dialect: Dialect
    is_plain: bool
    pid: int | None = None


def run(scenario: str, plan: Plan, target: LoadTarget) -> Result:
    """Run one scenario against one server.

    Args:
        scenario: a key of `SCENARIO`.

    Raises:
        LoadFailed: it could not be run to its end.
        UsageError: it cannot be run like this.
        OSError: the host is unknown.
    """
    _allow_descriptors(plan.clients + plan.senders + SPARE_DESCRIPTORS)
    meter = _Meter(target.pid or listener_on(target.port))
    loop = Loop()
    progress = _Progress(scenario)
    pool = ClientPool(loop, resolve(target.host, target.port), target.dialect, progress.tick, is_plain=target.is_plain)
    progress.pool = pool
    gc.disable()  # a collection here would count as the server's being late; what a load makes is bounded
    try:
        told = SCENARIO[scenario](pool, plan, Measure(meter.begin, meter.end))
        logins = LoginTimes(pool.entered, max(0, pool.entered_ns - meter.made_ns) / 1e9)
        setting = _setting(scenario, plan)
        return Result(scenario, setting, len(pool.clients), logins, told, meter.server, meter.own_share)
    finally:
        gc.enable()
        progress.clear()
        pool.disperse()
        loop.close()


class _Meter:
    """What the server and this process use while something is measured."""

    def __init__(self, pid: int | None) -> None:
        self.made_ns = time.monotonic_ns()
        self.own_share = 0.0
        self.server: ServerUsage | None = None
        self._pid = pid
        self._first = self._begun = self._usage()
        self._begun_ns = self.made_ns
        self._own_begun = time.process_time()

    def begin(self) -> None:
        """Measure from now on."""
        self._begun = self._usage()
        self._begun_ns = time.monotonic_ns()
        self._own_begun = time.process_time()

    def end(self) -> None:
        """Measure up to now."""
        seconds = (time.monotonic_ns() - self._begun_ns) / 1e9
        self.own_share = (time.process_time() - self._own_begun) / seconds
        first, begun, now = self._first, self._begun, self._usage()
        if self._pid is not None and first and begun and now:
            login_cpu_s = (begun if begun is not first and begun.cpu_s > first.cpu_s else now).cpu_s - first.cpu_s
            self.server = ServerUsage(
                self._pid, seconds, now.cpu_s - begun.cpu_s, login_cpu_s, first.rss_kib, now.rss_kib, now.rss_peak_kib
            )

    def _usage(self) -> Usage | None:
        return usage_of(self._pid) if self._pid is not None else None


class _Progress:
    """A line on the terminal that says how far the load is; nothing where standard error is no terminal."""

    def __init__(self, scenario: str) -> None:
        self.pool: ClientPool | None = None
        self._scenario = scenario
        self._shown_s = self._begun_s = time.monotonic()
        self._is_on = os.isatty(sys.stderr.fileno())

    def tick(self) -> None:
        """Show where we are, now and then."""
        now_s = time.monotonic()
        if not self._is_on or self.pool is None or now_s - self._shown_s < PROGRESS_SECONDS:
            return
        self._shown_s = now_s
        here = f"{self.pool.entered:,} of {len(self.pool.clients):,} clients"
        sys.stderr.write(f"\r\x1b[K{self._scenario}: {here}, {now_s - self._begun_s:.0f} s")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._is_on:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _plan(options: Namespace) -> Plan:
    return Plan(
        options.clients,
        options.senders,
        options.members,
        options.window,
        options.rate,
        options.said,
        options.size,
        options.seconds,
        options.burst,
    )


def _setting(scenario: str, plan: Plan) -> str:
    said = [f"{plan.clients:,} clients"]
    if scenario in {"fanout", "mixed"}:
        said.append(f"{plan.senders:,} senders")
    if scenario == "mixed" or plan.rate is not None:
        said.append(f"{plan.rate or plan.senders:g} messages a second")
    elif scenario in {"fanout", "pairs", "groups"}:
        said.append(f"window {plan.window}")
    if scenario not in {"connect", "idle"}:
        said.append(f"{plan.size} bytes")
    return ", ".join(said)


def _allow_descriptors(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    if hard != resource.RLIM_INFINITY and hard < count:
        raise UsageError(f"This system allows {hard} open files; raise that (ulimit -n), or choose fewer clients")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def _complain(error: Exception, status: int) -> int:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    print(f"reactor-chat-load: {said}", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
