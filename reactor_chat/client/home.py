"""The home: the directory with a person's key, name and vaults, and the lock that gives it to one client at a time.

Only its owner may look into it, files are for the owner only too, and each is replaced as a whole: written beside its
place, synced, renamed, the directory synced.  Whoever reads it finds the old file or the new one, whatever happened.

    identity          the key (see `identity`)
    name              the name last welcomed, for who gives none
    servers/*.db      one vault for each server, by host and port as they were given (see `file_vault`)
    lock              locked while a client runs; holds its process id
"""

import fcntl
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from platformdirs import user_data_path

from reactor_chat.client.failures import told_of
from reactor_chat.errors import StorageBusy, StorageCorrupt, TrustError

LOCK_NAME = "lock"
FILE_BYTES_MAX = 4_096
"""Far above what any of the small files holds; a foreign one may be huge."""

_OTHERS = 0o077


def default_home() -> Path:
    """Return where a home is when nobody says otherwise: in the user's data directory."""
    return user_data_path("reactor-chat") / "client"


class Home:
    """One directory, ours alone until `close`.

    Args:
        directory: made, for its owner only, where there is none; where it is empty, closed to others.

    Raises:
        StorageBusy: another client has it.
        TrustError: others may enter it, or it is somebody else's.
        StorageError: it cannot be made or written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with told_of(directory):
            _prepare(directory)
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

    def vault_path(self, host: str, port: int) -> Path:
        """Return where the vault for a server is; its directory is there."""
        servers = self.directory / "servers"
        with told_of(servers):
            servers.mkdir(mode=0o700, exist_ok=True)
        return servers / f"{quote(host.lower(), safe='')[:200]}_{port}.db"

    def is_empty(self) -> bool:
        """Whether nothing but the lock is here, as before the first start."""
        with told_of(self.directory):
            return all(path.name == LOCK_NAME or path.name.endswith(".new") for path in self.directory.iterdir())

    def read(self, name: str) -> bytes | None:
        """Return what a small file holds, None where there is none.

        Raises:
            TrustError: others may read or write it, or it is somebody else's.
            StorageCorrupt: it is no file, or far too long.
            StorageError: it cannot be read.
        """
        path = self.directory / name
        with told_of(path):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            try:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode) or found.st_size > FILE_BYTES_MAX:
                    raise StorageCorrupt(f"{path} is none of our files; move it away, or name another --home")
                _check_private(path, found)
                return os.read(descriptor, FILE_BYTES_MAX)
            finally:
                os.close(descriptor)

    def write(self, name: str, data: bytes) -> None:
        """Replace a small file as a whole.  Raises StorageError, and what was there is there."""
        self.stage(name, data)
        self.publish(name)

    def stage(self, name: str, data: bytes) -> None:
        """Do the first half of `write`: everything that can fail for want of space.  Raises StorageError."""
        new = self.directory / f"{name}.new"
        with told_of(new):
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def publish(self, name: str) -> None:
        """Do the second half of `write`: put what was staged in its place.  Raises StorageError."""
        path = self.directory / name
        with told_of(path):
            path.with_name(f"{name}.new").replace(path)
            synced(self.directory)

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._lock, 20, 0).decode("ascii", "replace").strip()
            who = f"another client (process {holder})" if holder.isdigit() else "another client"
            hint = "Stop that one, pass --guest, or name another --home"
            raise StorageBusy(f"The home {self.directory} is in use by {who}. {hint}") from error
        # Only for the words above: when it cannot be written, the first thing to be kept will say so.
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode("ascii"), 0)


def synced(directory: Path) -> None:
    """Make durable what a directory lists."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prepare(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700)
    except FileNotFoundError:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700)
    except FileExistsError:
        found = directory.stat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not any(directory.iterdir()):
            directory.chmod(0o700)  # made for us with mkdir a moment ago, most likely
        elif stat.S_ISDIR(found.st_mode):
            _check_private(directory, found)
        else:
            raise
        return
    synced(directory.parent)


def _check_private(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.getuid():
        raise TrustError(f"{path} belongs to another user of this machine; name another --home")
    if found.st_mode & _OTHERS:
        mode = "700" if stat.S_ISDIR(found.st_mode) else "600"
        raise TrustError(
            f"{path} is open to other users (mode {stat.S_IMODE(found.st_mode):04o}). Close it: chmod {mode} {path}"
        )
