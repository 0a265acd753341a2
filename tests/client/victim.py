"""A client that kills itself: just before the n-th call of the system or of SQLite that can leave a trace.

python -m tests.client.victim N ARGUMENTS...        N = 0 never; then the number of calls is the last line of stderr
"""

import os
import signal
import sys
from types import FrameType
from typing import Any

from reactor_chat.client.__main__ import main

TRACES = frozenset(
    "execute write fsync fdatasync link replace rename unlink mkdir send sendmsg pwrite ftruncate close chmod".split()
)


class Fate:
    """Counts the calls, and ends the process.

    Args:
        calls_max: how many it survives; 0 is all.
    """

    def __init__(self, calls_max: int) -> None:
        self.calls = 0
        self._calls_max = calls_max

    def __call__(self, _frame: FrameType | None, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ in TRACES:
            self.calls += 1
            if self.calls == self._calls_max:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    fate = Fate(int(sys.argv[1]))
    sys.setprofile(fate)
    status = main(sys.argv[2:])
    sys.setprofile(None)
    os.write(2, f"{fate.calls}\n".encode())
    sys.exit(status)
