"""The home: the directory with a person's key, name and vaults, and the lock that gives it to one client at a time.

Only its owner may look into it, files are for the owner only too, and each is replaced as a whole: written beside its
place, synced, renamed, the directory synced.  Whoever reads it finds the old file or the new one, whatever happened.

    identity          the key (see `identity`)
    name              the name last welcomed, for who gives none
    known_servers     the keys of servers seen before; guests keep them too (see `known_servers`)
    servers/*.db      one vault for each server (see `server_vaults`), with the keys of its rows beside it
    ignored           whom the person ignores (see `ignore_file`)
    lock              locked while a client runs; holds its process id and the name it was started with
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from reactor_chat.client.store import known_servers, private_files
from reactor_chat.client.store.failures import told_of
from reactor_chat.errors import StorageBusy
from reactor_chat.user_data import user_data_directory

LOCK_NAME = "lock"
NAME_NAME = "name"
FILE_BYTES_MAX = 4_096
"""Far above what any of the small files holds; a foreign one may be huge."""

_BEFORE_THE_FIRST_START = (LOCK_NAME, known_servers.FILE_NAME)
"""What is there though nobody has had a key here: a client that failed early leaves the one, a guest the other."""


def default_home() -> Path | None:
    """Return where a home is when nobody says otherwise: in the user's data directory; None where there is none."""
    directory = user_data_directory()
    return None if directory is None else directory / "client"


class Home:
    """One directory, ours alone until `close`.

    Args:
        directory: made, for its owner only, where there is none; where it is empty, closed to others.
        name: the name its person comes in with, told to another client that wants this home; None: asked for later.

    Raises:
        StorageBusy: another client has it.
        TrustError: others may enter it, or it is somebody else's.
        StorageError: it cannot be made or written.
    """

    def __init__(self, directory: Path, name: str | None = None) -> None:
        self.directory = directory
        self._name = name or ""
        with told_of(directory):
            private_files.prepare(directory)
            self._lock = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with told_of(directory):
                self._take_lock()
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others have it."""
        os.close(self._lock)

    def vaults(self) -> Path:
        """Return the directory of the vaults, which is there, and for its owner only.

        Raises:
            TrustError: others may enter it, or it is somebody else's.
            StorageError: it is a symbolic link, or cannot be made.
        """
        servers = self.directory / "servers"
        with told_of(servers):
            private_files.refuse_link(servers)
            private_files.prepare(servers)
        return servers

    def is_empty(self) -> bool:
        """Whether nothing is here that belongs to a key, as before the first start."""
        with told_of(self.directory):
            names = [path.name for path in self.directory.iterdir()]
        return all(name in _BEFORE_THE_FIRST_START or name.endswith(".new") for name in names)

    def read(self, name: str) -> bytes | None:
        """Return what a small file holds, None where there is none.

        Raises:
            TrustError: others may read or write it, or it is somebody else's.
            StorageCorrupt: it is no file, or far too long.
            StorageError: it cannot be read.
        """
        return private_files.read(self.directory / name, FILE_BYTES_MAX)

    def write(self, name: str, data: bytes) -> None:
        """Replace a small file as a whole.  Raises StorageError, and what was there is there."""
        self.stage(name, data)
        self.publish(name)

    def write_over(self, name: str, data: bytes) -> None:
        """Do as `write`, and leave nothing of what was there on the disk.  Raises StorageError."""
        private_files.replace(self.directory / name, data, scrubs=True)

    def stage(self, name: str, data: bytes) -> None:
        """Do the first half of `write`: everything that can fail for want of space.  Raises StorageError."""
        private_files.stage(self.directory / name, data)

    def publish(self, name: str) -> None:
        """Do the second half of `write`: put what was staged in its place.  Raises StorageError."""
        private_files.publish(self.directory / name)

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _first_line(os.pread(self._lock, 100, 0))
            who = f"another client (process {holder})" if holder.isdigit() else "another client"
            hint = "Stop that one, come in under another --name or as a --guest, or name another --home"
            raise StorageBusy(f"The home {self.directory} is in use by {who}. {hint}") from error
        # Only for the words above: when it cannot be written, the first thing to be kept will say so.
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n{self._name}\n".encode("utf-8", "replace"), 0)


def name_of_holder(directory: Path) -> str | None:
    """Return the name under which somebody uses a home now, or used it last; None where nobody knows.

    Raises:
        TrustError: others may read or write the files that say so.
        StorageError: they cannot be read.
    """
    lock = private_files.read(directory / LOCK_NAME, FILE_BYTES_MAX) or b""
    now = _first_line(lock.partition(b"\n")[2])
    return now or _first_line(private_files.read(directory / NAME_NAME, FILE_BYTES_MAX) or b"") or None


def _first_line(data: bytes) -> str:
    return data.partition(b"\n")[0].decode("utf-8", "replace").strip()
