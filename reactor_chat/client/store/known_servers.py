"""The keys of the servers that were met before, in a file that people can read: address, key, when it was first seen.

    chat.example:7667 SHA256:4uPLJHqI3wSrSI9lMP1e4yYbX5HvLiVnXgbmS6KxB5g= 2026-01-31T12:00:00Z

A line that cannot be read is an error and not a server that was never met: who forgets a key trusts whoever comes next.
The file is read anew for every question and replaced as a whole under a lock, so several clients can share it.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from reactor_chat.client.store import private_files
from reactor_chat.client.store.failures import damaged, told_of
from reactor_chat.errors import StorageError, TrustError
from reactor_chat.text.hosts import canonical_address
from reactor_chat.wire.transcript import binding_of, pin_of

FILE_NAME = "known_servers"
FILE_BYTES_MAX = 1_048_576
"""Some eight thousand servers."""

_HEADING = "# Servers, their keys, and when each key was first seen.  Delete a line to forget that server.\n"
_LINE = re.compile(r"(\S+) (\S+) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.ASCII)


class KnownServer(NamedTuple):
    """One line: SHA-256 of the server's public key, and when it was first seen, as written."""

    binding: bytes
    since: str


def address_of(host: str, port: int) -> str:
    """Return a server's name in the file: `chat.example:7667`, `[::1]:7667`."""
    return f"[{host.lower()}]:{port}" if ":" in host else f"{host.lower()}:{port}"


class KnownServers:
    """The file in one directory.

    Args:
        directory: made, for its owner only, when there is something to remember; None where there is no place for one.
        may_forget: where the file cannot be read or written, nothing is known and nothing is remembered, and that is no
            error: for a guest who named the server's key.
    """

    def __init__(self, directory: Path | None, *, may_forget: bool = False) -> None:
        self._directory = directory
        self._may_forget = may_forget

    def find(self, address: str) -> KnownServer | None:
        """Return what is known of a server, under this spelling or another; None where it was never met.

        Raises:
            TrustError: others may have written it.
            StorageError: it is damaged, or cannot be read.
        """
        return _found(self._read(), address)

    def addresses_of(self, binding: bytes) -> list[str]:
        """Return where a key was met, in the order of the file.  Raises as `find`."""
        return [address for address, known in self._read().items() if known.binding == binding]

    def remember(self, address: str, binding: bytes, now: datetime) -> bool:
        """Put a server in, or its new key in place of the old one, under every spelling; on disk when this returns.

        Returns:
            Whether it is remembered; always, unless it `may_forget`.

        Raises:
            TrustError: others may have written the file.
            StorageError: it cannot be written, and is as it was.
        """
        since = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            _write(self._directory, address, KnownServer(binding, since))
        except (StorageError, TrustError):
            if not self._may_forget:
                raise
            return False
        return True

    def _read(self) -> dict[str, KnownServer]:
        try:
            return {} if self._directory is None else _read(self._directory / FILE_NAME)
        except (StorageError, TrustError):
            if not self._may_forget:
                raise
            return {}


def _write(directory: Path | None, address: str, server: KnownServer) -> None:
    if directory is None:
        nowhere = "There is no home directory (HOME) to keep the server's key in"
        raise StorageError(f"{nowhere}. Name a directory with --home DIR, or the key with --pin")
    with told_of(directory):
        private_files.prepare(directory)
    path = directory / FILE_NAME
    with _locked(directory):
        servers = _without(_read(path), address) | {address: server}
        lines = (f"{address} {pin_of(known.binding)} {known.since}\n" for address, known in servers.items())
        private_files.replace(path, (_HEADING + "".join(lines)).encode())


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with told_of(directory):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with told_of(directory):
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # held for as long as it takes to write a small file
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, KnownServer]:
    with told_of(path):
        text = (private_files.read(path, FILE_BYTES_MAX) or b"").decode("utf-8")
    servers: dict[str, KnownServer] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        binding = binding_of(found[2]) if found else None
        if found is None or binding is None:
            raise damaged(path, f"line {number}")
        servers[found[1]] = KnownServer(binding, found[3])
    return servers


def _found(servers: dict[str, KnownServer], address: str) -> KnownServer | None:
    wanted = canonical_address(address)
    others = (known for other, known in servers.items() if canonical_address(other) == wanted)
    return servers.get(address) or next(others, None)


def _without(servers: dict[str, KnownServer], address: str) -> dict[str, KnownServer]:
    """Return the servers without the one that is found at a address, however its lines spell that."""
    old, wanted = _found(servers, address), canonical_address(address)
    return {
        other: known
        for other, known in servers.items()
        if old is None or known.binding != old.binding or canonical_address(other) != wanted
    }
