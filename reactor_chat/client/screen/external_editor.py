"""The person's own editor, for a long message: it has the terminal while it runs, and the client goes on behind it.

What is written stands in a file that nobody else can read, and is removed when the editor is done.
"""

import contextlib
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

FALLBACK = "vi"
"""Every POSIX system has it."""
TEXT_BYTES_MAX = 1_048_576
"""Nobody writes so much; a file that has become a disk image is not read."""


class ExternalEditor:
    """One run of it.

    Args:
        text: what is written already.

    Raises:
        OSError: no file can be made for it.
    """

    def __init__(self, text: str) -> None:
        self._file = tempfile.NamedTemporaryFile("w+b", prefix="reactor-chat-", suffix=".txt", delete=False)  # noqa: SIM115
        self._file.write(text.encode("utf-8", "surrogateescape"))
        self._file.flush()
        self._path = Path(self._file.name)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; one that cannot be started is done at once, and nothing was written."""
        command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or FALLBACK
        with contextlib.suppress(OSError, ValueError):  # a name that nothing has, or quotes that do not end
            words = [*shlex.split(command), str(self._path)]
            self._process = subprocess.Popen(words)  # noqa: S603  the person's own choice, and no shell

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self._process is None or self._process.poll() is not None

    def close(self) -> str | None:
        """End what has not ended, and remove the file.

        Returns:
            What was written; None where the editor failed, or was ended here.
        """
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        try:
            if self._process is None or self._process.returncode != 0:
                return None
            with self._path.open("rb") as file:  # many editors write another file in its place
                return file.read(TEXT_BYTES_MAX).decode("utf-8", "surrogateescape").rstrip("\n")
        except OSError:
            return None
        finally:
            self._file.close()
            with contextlib.suppress(OSError):
                self._path.unlink()
