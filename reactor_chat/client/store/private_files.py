"""Small files for their owner only, in a directory that is too; each is replaced as a whole.

A file is written beside its place, synced, renamed, the directory synced: whoever reads it finds the old one or the new
one, whatever happened.
"""

import errno
import os
import stat
from pathlib import Path

from reactor_chat.client.store.failures import told_of
from reactor_chat.errors import StorageCorrupt, TrustError

_OTHERS = 0o077


def prepare(directory: Path) -> None:
    """Make a directory for its owner only; where it is there and empty, close it to others.

    Raises:
        TrustError: others may enter it, or it is somebody else's.
        OSError: it cannot be made.
    """
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


def read(path: Path, bytes_max: int) -> bytes | None:
    """Return what a file holds, None where there is none.

    Args:
        path: in a directory of ours.
        bytes_max: far above what it should hold; a foreign one may be huge.

    Raises:
        TrustError: others may read or write it, or it is somebody else's.
        StorageCorrupt: it is no file, or too long.
        StorageError: it cannot be read.
    """
    with told_of(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > bytes_max:
                raise StorageCorrupt(f"{path} is not a reactor-chat file; move it away, or name another --home")
            _check_private(path, found)
            return os.read(descriptor, bytes_max)
        finally:
            os.close(descriptor)


def replace(path: Path, data: bytes, *, scrubs: bool = False) -> None:
    """Replace a file as a whole.  Raises StorageError, and what was there is there.

    Args:
        path: in a directory of ours.
        data: what it holds from now on.
        scrubs: overwrite what it held, once the new file is in its place.
    """
    stage(path, data)
    with told_of(path):
        old = _opened(path) if scrubs and path.exists() else None
    try:
        publish(path)
        if old is not None:
            with told_of(path):
                _overwrite(old, 0)
    finally:
        if old is not None:
            os.close(old)


def stage(path: Path, data: bytes) -> None:
    """Do the first half of `replace`: everything that can fail for want of space.  Raises StorageError."""
    new = path.with_name(f"{path.name}.new")
    with told_of(new):
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def publish(path: Path) -> None:
    """Do the second half of `replace`: put what was staged in its place.  Raises StorageError."""
    with told_of(path):
        path.with_name(f"{path.name}.new").replace(path)
        synced(path.parent)


def check(path: Path) -> None:
    """Return if a file is not there, or is one for its owner only.

    Raises:
        TrustError: others may read or write it, or it is somebody else's.
        StorageCorrupt: it is no file.
        StorageError: it is a symbolic link, or cannot be looked at.
    """
    with told_of(path):
        try:
            found = path.lstat()
        except FileNotFoundError:
            return
        refuse_link(path)
    if not stat.S_ISREG(found.st_mode):
        raise StorageCorrupt(f"{path} is not a reactor-chat file; move it away, or name another --home")
    _check_private(path, found)


def refuse_link(path: Path) -> None:
    """Return if this is no symbolic link; there may be nothing.  Raises OSError (ELOOP)."""
    if path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def scrub(path: Path, begin: int = 0) -> None:
    """Overwrite a file with zeros where it stands: blocks that are only given back keep what was in them.

    Args:
        path: whose content nobody needs any more.
        begin: how many bytes at its beginning stay.

    Raises:
        StorageError: it cannot be written.
    """
    with told_of(path):
        descriptor = _opened(path)
        try:
            _overwrite(descriptor, begin)
        finally:
            os.close(descriptor)


def synced(directory: Path) -> None:
    """Make durable what a directory lists."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _overwrite(descriptor: int, begin: int) -> None:
    left = os.lseek(descriptor, 0, os.SEEK_END) - begin
    os.lseek(descriptor, begin, os.SEEK_SET)
    while left > 0:
        left -= os.write(descriptor, bytes(min(left, 1 << 20)))
    os.fsync(descriptor)


def _check_private(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.getuid():
        raise TrustError(f"{path} belongs to another user of this machine; name another --home")
    if found.st_mode & _OTHERS:
        mode = "700" if stat.S_ISDIR(found.st_mode) else "600"
        raise TrustError(
            f"{path} is open to other users (mode {stat.S_IMODE(found.st_mode):04o}). Close it: chmod {mode} {path}"
        )
