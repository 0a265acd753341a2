"""The key of a passphrase, computed in a child process: it takes a tenth of a second and 64 MiB, and the loop waits for
nobody.

The child is this module run as a program.  It reads one JSON object, says the 32 bytes of the key or nothing, and ends;
the passphrase goes through a pipe, where no list of processes shows it.
"""

import subprocess
import sys
from collections.abc import Callable

import msgspec

from reactor_chat.client.terminal.streams import InputStream, Turns
from reactor_chat.e2ee.boundary import Derive
from reactor_chat.e2ee.passphrase import KEY_BYTES, derive
from reactor_chat.errors import ReactorChatError
from reactor_chat.wire.messages import Kdf

COMMAND = (sys.executable, "-m", "reactor_chat.client.derivation")


class Work(msgspec.Struct, frozen=True):
    """What a child is told."""

    passphrase: str
    salt: bytes
    kdf: Kdf


class Child:
    """One child at work.

    Args:
        loop: where its end is waited for.
        task: what to compute.
        done: is called once with the child and the key; None where it failed.

    Attributes:
        job: the number of the task.
    """

    def __init__(self, loop: Turns, task: Derive, done: Callable[["Child", bytes | None], None]) -> None:
        self.job = task.job
        self._done = done
        self._said = bytearray()
        self._process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  ours
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            # A pipe takes so little at once, whether anybody reads or not.
            self._process.stdin.write(msgspec.json.encode(Work(task.passphrase, task.salt, task.kdf)))
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it could not even begin; the end of what it says follows
        self._stream = InputStream(loop, self._process.stdout.fileno(), self._said.extend, self._ended)
        self._stream.resume()

    def end(self) -> None:
        """End the child; nobody is told."""
        self._stream.close()
        self._process.kill()
        self._reap()

    def _ended(self) -> None:
        self._reap()
        self._done(self, bytes(self._said) if len(self._said) == KEY_BYTES else None)

    def _reap(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait()  # it said its last word, or was killed: this takes no time


def main() -> int:
    """Compute one key."""
    work = msgspec.json.decode(sys.stdin.buffer.read(), type=Work)
    try:
        key = derive(work.passphrase, work.salt, work.kdf)
    except ReactorChatError:
        return 1
    sys.stdout.buffer.write(key)
    return 0


if __name__ == "__main__":
    sys.exit(main())
