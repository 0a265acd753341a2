"""Names of hosts to addresses, by a child process with a deadline: a name server that is silent keeps nobody waiting.

An address needs no asking and no child.  Neither do the names of this machine, nor a name that leads nowhere by
definition.
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from selectors import EVENT_READ

import msgspec

from reactor_chat.reactor.addresses import Row, addresses_of_ours, leads_nowhere
from reactor_chat.reactor.loop import Loop

SECONDS_MAX = 15.0
"""A resolver gives up after ten where one name server is silent."""

COMMAND = (sys.executable, "-I", "-S", str(Path(__file__).with_name("name_lookup.py")))
UNKNOWN = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME), socket.EAI_FAMILY})
"""The errors that say something about the name, and not about whoever was asked."""

_READ_BYTES = 65_536


class HostUnknown(OSError):
    """Nothing has this name; the text says why."""


class LookupFailed(OSError):
    """Nobody could say whether anything has this name; to ask later may help.  The text says why."""


class Lookup:
    """One question.

    Args:
        loop: where the answer is waited for.
        place: a name or an address, and a port from 0 to 65 535; an empty name is this machine.
        found: is given at least one row, best first.
        failed: is given a HostUnknown or a LookupFailed.
        seconds_max: how long the child may take; more than 0.
        command: the child, to which host and port are appended; None takes COMMAND.

    Exactly one of `found` and `failed` is called, from a turn of the loop, unless it is cancelled before.
    """

    def __init__(
        self,
        loop: Loop,
        place: tuple[str, int],
        found: Callable[[list[Row]], None],
        failed: Callable[[OSError], None],
        *,
        seconds_max: float = SECONDS_MAX,
        command: Sequence[str] | None = None,
    ) -> None:
        self._loop = loop
        self._host, port = place
        self._found = found
        self._failed = failed
        self._said = bytearray()
        self._child: subprocess.Popen[bytes] | None = None
        answer = _at_once(self._host, port)
        if answer is None:
            answer = self._ask([*(command or COMMAND), self._host.encode("idna").decode("ascii"), str(port)])
        # by a timer, so that nobody is called back before the constructor has returned
        deadline_s = loop.now + (seconds_max if answer is None else 0.0)
        self._deadline = loop.timers.call_at(deadline_s, lambda: self._end(answer or _SILENT))

    def cancel(self) -> None:
        """End the child and call nobody; nothing happens where somebody was called or it was cancelled before."""
        self._deadline.cancel()
        if self._child is None:
            return
        child, self._child = self._child, None
        assert child.stdout is not None
        self._loop.unwatch(child.stdout)
        child.stdout.close()
        child.kill()
        child.wait()  # it has ended or was killed: this takes no time

    def _ask(self, command: list[str]) -> dict[str, object] | None:
        """Start the child; where the system gives none, return why."""
        try:
            nothing = subprocess.DEVNULL
            self._child = subprocess.Popen(command, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing)  # noqa: S603  ours
        except OSError as error:  # no process, no descriptor
            return {"error": socket.EAI_AGAIN, "words": error.strerror or str(error)}
        assert self._child.stdout is not None
        os.set_blocking(self._child.stdout.fileno(), False)
        self._loop.watch(self._child.stdout, EVENT_READ, self._readable)
        return None

    def _readable(self, _mask: int) -> None:
        assert self._child is not None
        assert self._child.stdout is not None
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._child.stdout.fileno(), _READ_BYTES)
            self._said += data
            if not data:
                self._end(_read(self._said))

    def _end(self, answer: dict[str, object]) -> None:
        self.cancel()
        rows = _rows(answer)
        if rows:
            self._found(rows)
            return
        words = f"cannot find {self._host!r}: {answer.get('words', 'no answer')}"
        is_unknown = answer.get("error") in UNKNOWN
        self._failed(HostUnknown(words) if is_unknown else LookupFailed(words))


_SILENT: dict[str, object] = {"error": socket.EAI_AGAIN, "words": "the name server does not answer"}


def _at_once(host: str, port: int) -> dict[str, object] | None:
    """Return the answer where nobody needs to be asked."""
    if leads_nowhere(host):
        return {"error": socket.EAI_NONAME, "words": "no name ends like that"}
    if "\0" in host:
        return {"error": socket.EAI_NONAME, "words": "this cannot be a name"}
    try:
        rows = [_numeric(address, port) for address in addresses_of_ours(host) or (host,)]
        return {"rows": [row for found in rows for row in found]}
    except UnicodeError:  # a label of more than 63 characters, an empty one
        return {"error": socket.EAI_NONAME, "words": "this cannot be a name"}
    except OSError:
        return None


def _numeric(address: str, port: int) -> list[Row]:
    return list(socket.getaddrinfo(address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))


def _read(said: bytearray) -> dict[str, object]:
    try:
        return msgspec.json.decode(said, type=dict[str, object])
    except msgspec.MsgspecError:  # it was killed, or could not begin
        return {"error": socket.EAI_AGAIN, "words": "the look-up failed"}


def _rows(answer: dict[str, object]) -> list[Row]:
    """Return rows as the socket module has them: JSON has no tuples."""
    rows = answer.get("rows")
    if not isinstance(rows, list):
        return []
    return [
        (socket.AddressFamily(family), socket.SocketKind(kind), protocol, name, tuple(address))
        for family, kind, protocol, name, address in rows
    ]
