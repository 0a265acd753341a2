"""What a process on this machine costs, and which one listens on a port; from /proc, where there is one."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
LISTENING = "0A"


class Usage(NamedTuple):
    """What a process has used so far, and holds now."""

    cpu_s: float
    rss_kib: int
    rss_peak_kib: int


def usage_of(pid: int, proc: Path = PROC) -> Usage | None:
    """Return what a process has used; None where it is not there, or this system does not tell.

    Args:
        pid: its number.
        proc: where the system tells; a test passes its own.
    """
    try:
        stat = (proc / str(pid) / "stat").read_text()
        status = (proc / str(pid) / "status").read_text()
    except OSError:
        return None
    # The second field is the program's name in parentheses, which may hold blanks and parentheses itself.
    fields = stat.rpartition(")")[2].split()
    cpu_s = _scheduled_s(proc / str(pid)) or (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    sizes = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return Usage(cpu_s, _kib(sizes.get("VmRSS")), _kib(sizes.get("VmHWM")))


def _scheduled_s(directory: Path) -> float:
    """What its threads have used, to the nanosecond and not in ticks of 10 ms; 0 where this kernel does not say."""
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in (directory / "task").iterdir()) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def listener_on(port: int, proc: Path = PROC) -> int | None:
    """Return the process that listens on a TCP port of this machine; None where none is found.

    Processes of other users are not looked into.
    """
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    if not inodes:
        return None
    for directory in proc.iterdir():
        if directory.name.isdigit() and any(target in inodes for target in _descriptors(directory)):
            return int(directory.name)
    return None


def _listening_inodes(port: int, proc: Path) -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        try:
            rows = (proc / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _descriptors(directory: Path) -> Iterator[str]:
    try:
        for descriptor in (directory / "fd").iterdir():
            yield str(descriptor.readlink())
    except OSError:  # it is gone, or somebody else's
        return


def _kib(written: str | None) -> int:
    return int(written.split()[0]) if written else 0
