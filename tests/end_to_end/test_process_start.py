"""Programs started in odd ways: no descriptors, another locale, a pipe that does not block, a full disk."""

import fcntl
import itertools
import os
import signal
import stat
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reactor_chat.process_start import encoded
from tests.end_to_end.client import WAIT_SECONDS

PIPE_BYTES = 65_536
PROGRAM = """
import os, sys
from reactor_chat.process_start import program

@program("tried")
def main() -> int:
    {body}

sys.exit(main())
"""
PROGRAMS = (
    "reactor_chat.client", "reactor_chat.server", "reactor_chat.admin", "reactor_chat.load", "fuzz",
    "reactor_chat.testing",
)  # fmt: skip


def tried(body: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(body=body)]


def ended(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
    options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "timeout": WAIT_SECONDS} | options
    return subprocess.run(command, check=False, **options)  # type: ignore[call-overload, no-any-return]


def unbuffered_by_nobody(**changes: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | changes


@pytest.mark.parametrize("closed", [c for n in range(1, 4) for c in itertools.combinations((0, 1, 2), n)], ids=str)
def test_a_descriptor_that_was_closed_is_the_null_device_and_nothing_else(closed: tuple[int, ...]) -> None:
    body = f"""
    null = os.stat(os.devnull)
    for number in {closed}:
        assert os.path.samestat(os.fstat(number), null) and os.get_inheritable(number)
    assert os.open(sys.executable, os.O_RDONLY) > 2
    print("said"); print("said", file=sys.stderr)
    return 3 if {0 not in closed} or sys.stdin.read() == "" else 4"""
    shell = "exec " + "".join(f"{number}>&- " for number in closed) + '; exec "$@"'
    assert ended(["sh", "-c", shell, "sh", *tried(body)], stdout=subprocess.PIPE).returncode == 3


def test_whoever_reads_late_from_a_pipe_that_does_not_block_gets_everything() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    many = 300_000
    command = tried(f"print('x' * {many}); print('y' * {many}, file=sys.stderr); return 0")
    with subprocess.Popen(command, stdout=write_end, stderr=write_end) as process:
        os.close(write_end)
        with open(read_end, "rb") as reader:  # noqa: PTH123  a descriptor
            until(lambda: waiting_bytes(read_end) == PIPE_BYTES)
            until(lambda: state_of(process.pid) == "S")
            data = reader.read()
        assert process.wait(WAIT_SECONDS) == 0
    assert (data.count(b"x"), data.count(b"y")) == (many, many)


def until(happens: Callable[[], bool]) -> None:
    """Look again and again; a process that spins never sleeps, and one that waits does so at once."""
    deadline = time.monotonic() + WAIT_SECONDS / 2
    while not happens():
        assert time.monotonic() < deadline


def waiting_bytes(descriptor: int) -> int:
    """How many bytes wait in a pipe."""
    count: int = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0]
    return count


def state_of(pid: int) -> str:
    """The state of a process: `S` where it waits in the kernel, `R` where it runs or wants to."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_a_line_and_a_status(unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        environ = os.environ | {"PYTHONUNBUFFERED": unbuffered}
        done = ended(tried("print('said'); return 0"), stdout=full, env=environ)
    assert (done.returncode, done.stderr) == (1, b"tried: standard output cannot be written: No space left on device\n")


def test_a_closed_pipe_is_a_status_and_no_line() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = ended(tried("print('said'); return 0"), stdout=write_end, env=unbuffered_by_nobody())
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (1, b"")


def test_complaints_that_nobody_can_read_change_nothing() -> None:
    with Path("/dev/full").open("wb") as full:
        assert ended(tried("print('said', file=sys.stderr); return 3"), stderr=full).returncode == 3


def test_ctrl_c_is_no_traceback() -> None:
    command = tried("print('begun', flush=True); sys.stdin.read(); return 0")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, errors) == (130, b"")


def test_whatever_the_umask_we_can_use_what_we_make(tmp_path: Path) -> None:
    made = tmp_path / "made"
    command = ["sh", "-c", 'umask 0777; exec "$@"', "sh", *tried(f"os.mkdir({str(made)!r}); return 0")]
    assert ended(command).returncode == 0
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_what_an_encoding_does_not_have_is_replaced_by_as_many_cells() -> None:
    assert encoded("a…é✓漢\u0301\udcff\U0001f600z", "ascii") == b"a...?+???" + b"??z"
    assert encoded("é漢", "latin-1") == b"\xe9??"
    assert encoded("é漢", "utf-8") == "é漢".encode()


@pytest.mark.parametrize("module", PROGRAMS)
def test_every_program_explains_itself_in_any_locale_and_notices_a_full_disk(module: str) -> None:
    command = [sys.executable, "-m", module, "--help"]
    done = ended(command, stdout=subprocess.PIPE, env=unbuffered_by_nobody(PYTHONIOENCODING="ascii"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"usage" in done.stdout
    with Path("/dev/full").open("wb") as full:
        done = ended(command, stdout=full, env=unbuffered_by_nobody())
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)


def test_following_a_recorded_group_begins_like_every_other_program() -> None:
    command = [sys.executable, "-m", "reactor_chat.mls.passive", "none"]
    with Path("/dev/full").open("wb") as full:
        done = ended(command, stdout=full, env=unbuffered_by_nobody())
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 2)
