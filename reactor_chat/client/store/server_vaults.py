"""Which of a home's vaults belongs to a server: the one of its key, however its host was typed.

A server with TLS is known by its key, so its vault is named by the key: at another address, at another port, under
another spelling it is the same vault.  A server without TLS has no key; there the address names the vault, in one
spelling for all.

Clients before named every vault by the host as it was typed.  Such a vault is moved to its server's name when it is
needed for the first time.  Where there are two for one server, the one that has come further goes on, and the other is
set aside under a name of its own, and that is told: it holds keys that may be used in one place only, so the two cannot
be made one.
"""

import itertools
import os
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from reactor_chat.client.store import private_files
from reactor_chat.client.store.failures import told_of
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.known_servers import address_of
from reactor_chat.client.store.vault_format import COMPANIONS, check_header
from reactor_chat.text.hosts import canonical, canonical_address

_HOST_CHARS_MAX = 200


class Chosen(NamedTuple):
    """A server's vault, and what a person should hear about it."""

    path: Path
    news: tuple[str, ...] = ()


class ServerVaults:
    """The vaults of one home.

    Args:
        home: locked, so nobody else moves anything.

    Raises:
        TrustError: others may look into the directory of the vaults, or it is somebody else's.
        StorageError: it is a symbolic link, or cannot be made.
    """

    def __init__(self, home: Home) -> None:
        self._directory = home.vaults()

    def of_key(self, binding: bytes, addresses: Collection[str], old_binding: bytes | None = None) -> Chosen:
        """Return the vault of a server with TLS.

        Args:
            binding: SHA-256 of its key.
            addresses: where it was met.
            old_binding: of the key that it had before, where nothing else has that any more.

        Raises:
            StorageCorrupt: what should be moved is no vault; it is left as it is.
            StorageError: nothing was moved, or what was is whole.
        """
        wanted = {canonical_address(one) for one in addresses}
        older = [path for path, address in self._by_address().items() if canonical_address(address) in wanted]
        if old_binding is not None and (before := self._path_of(binding=old_binding)).exists():
            older.append(before)
        return self._settled(self._path_of(binding=binding), older)

    def of_address(self, host: str, port: int) -> Chosen:
        """Return the vault of a server without TLS.  Raises as `of_key`."""
        path = self._directory / f"{quote(canonical(host), safe='')[:_HOST_CHARS_MAX]}_{port}.db"
        wanted = canonical_address(address_of(host, port))
        older = [
            one for one, address in self._by_address().items() if canonical_address(address) == wanted and one != path
        ]
        return self._settled(path, older)

    def _path_of(self, binding: bytes) -> Path:
        return self._directory / f"SHA256-{urlsafe_b64encode(binding).decode('ascii').rstrip('=')}.db"

    def _by_address(self) -> dict[Path, str]:
        """Return the addresses of the vaults that are named by an address."""
        found = {}
        with told_of(self._directory):
            paths = sorted(self._directory.glob("*_*.db"))
        for path in paths:
            host, _, port = path.stem.rpartition("_")
            if host and not path.name.startswith("SHA256-") and port.isascii() and port.isdigit():
                found[path] = address_of(unquote(host), int(port))
        return found

    def _settled(self, path: Path, older: list[Path]) -> Chosen:
        """Put what was kept for a server under other names in its place, where nothing is there yet."""
        if not older:
            return Chosen(path)
        ranked = sorted(older, key=_progress, reverse=True)
        if not path.exists():
            _move(ranked.pop(0), path)
        return Chosen(path, tuple(_set_aside(one, path) for one in ranked))


def _progress(path: Path) -> tuple[int, float]:
    """Return how far a vault has come, and when it was written last; what its log holds is in it from then on."""
    for beside in ("", "-wal", *COMPANIONS):
        private_files.check(path.with_name(path.name + beside))
    with told_of(path):
        written = path.stat().st_mtime
        check_header(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            (cursor,) = database.execute("SELECT coalesce(max(cursor), 0) FROM people").fetchone()
            if database.execute("PRAGMA journal_mode = DELETE").fetchone() != ("delete",):
                raise OSError(f"{path} cannot be moved")
    return cursor, written


def _move(old: Path, new: Path) -> None:
    """Give a vault another name, with the files beside it; a crash leaves it whole under one of the two names.

    The files beside it get their second name first and lose the first one last.
    """
    beside = [one for one in COMPANIONS if old.with_name(old.name + one).exists()]
    with told_of(old):
        for one in beside:
            link = new.with_name(new.name + one)
            link.unlink(missing_ok=True)  # of an earlier try
            os.link(old.with_name(old.name + one), link)
        private_files.synced(old.parent)
        old.rename(new)
        private_files.synced(old.parent)
        for one in beside:
            old.with_name(old.name + one).unlink()


def _set_aside(old: Path, chosen: Path) -> str:
    names = (f"{old.name}.older{number or ''}" for number in itertools.count())
    aside = next(path for path in map(old.with_name, names) if not path.exists())
    _move(old, aside)
    return f"There were two vaults for this server; {chosen.name} goes on, and the other one is kept as {aside}"
