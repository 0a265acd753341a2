"""What this process takes of its machine: memory, and the bytes of its files."""

import contextlib
import os
import resource
import sys
from collections.abc import Iterable
from pathlib import Path

_STATM = Path("/proc/self/statm")


def memory_bytes() -> int | None:
    """Return the memory that is resident now; None where the system does not say."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def memory_bytes_max() -> int:
    """Return the most that was ever resident."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1_024


def files_bytes(paths: Iterable[Path]) -> int:
    """Return the size of those of these files that there are."""
    total = 0
    for path in paths:
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total
