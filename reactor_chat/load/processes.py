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
    """Return what a process has used; None where it is not there, or this system does not tell."""
    try:
        stat = (proc / str(pid) / "stat").read_text()
        status = (proc / str(pid) / "status").read_text()
    except OSError:
        return None
    # The second field is the program's name in parentheses, which may hold blanks and parentheses itself.
    fields = stat.rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    sizes = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), _kib(sizes.get("VmRSS")), _kib(sizes.get("VmHWM")))


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
