"""Files of contacts, where a person named them: read whole, made for their owner only, never over another file."""

import os
import stat
from pathlib import Path

from reactor_chat.e2ee.trust.contacts import FILE_BYTES_MAX
from reactor_chat.errors import UsageError


class ContactFiles:
    """Reads and writes them; a relative path begins where the client was started."""

    def read(self, path: str) -> bytes:
        """Return what a file holds.

        Raises:
            UsageError: there is none, or none that could be a list of contacts.
        """
        try:
            descriptor = os.open(_expanded(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode) or found.st_size > FILE_BYTES_MAX:
                    raise UsageError(f"{path} is not a list of contacts. Make one with @contacts export FILE")
                return file.read(FILE_BYTES_MAX + 1)
        except (OSError, ValueError) as error:  # the latter: a path with a zero byte
            raise UsageError(f"{path} cannot be read ({_why(error)})") from error

    def write(self, path: str, data: bytes) -> None:
        """Make a file, for its owner only, durable when this returns.

        Raises:
            UsageError: there is one already, which was not touched, or it cannot be written.
        """
        target = _expanded(path)
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileExistsError as error:
            raise UsageError(f"{path} is there already and was not touched. Name another file") from error
        except (OSError, ValueError) as error:
            raise UsageError(f"{path} cannot be written ({_why(error)}). Name another file") from error
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
        except OSError as error:
            target.unlink(missing_ok=True)
            raise UsageError(f"{path} cannot be written ({_why(error)}). Name another file") from error


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # nobody has such a home
        return Path(path)


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
