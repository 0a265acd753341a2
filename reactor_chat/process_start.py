"""How every program of ours begins and ends: three standard streams that are there, wait and never fail over a letter.

Theory of operation.  A program may be started with a descriptor closed (`<&-`, cron, a daemon's child).  Then the
system gives its number to the next file that is opened, and what was meant for a person goes into a journal, or a lock
file is read as if it had been typed.  So the first thing of all is /dev/null in each empty place.

Python's own streams raise in three cases that are nobody's mistake: a letter that the locale cannot write, a pipe that
its other owner made non-blocking, and a full disk, which it notices only after `main` has returned.  Ours replace the
letter, wait for the pipe, and report the disk with a line and status 1.
"""

import codecs
import contextlib
import functools
import io
import os
import select
import sys
import unicodedata
from collections.abc import Callable
from typing import Any, ParamSpec, TextIO

STDIN, STDOUT, STDERR = 0, 1, 2
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
"""What a shell calls a program that Ctrl-C ended."""

REPLACING = "reactor_chat.replacing"
"""The name under which codecs know how we replace letters."""

_PLAINER = dict(zip("…–—’‘“”„✓✗⏎→≥≤·", '... - - \' \' " " " + x / -> >= <= .'.split(), strict=True))
_WIDE = ("W", "F")
_OWNER = 0o700
_P = ParamSpec("_P")


def program(name: str) -> Callable[[Callable[_P, int]], Callable[_P, int]]:
    """Make a `main` function begin and end as described above.

    Args:
        name: of the program, in front of what it has to say.

    Returns:
        What wraps the function.  Its exit status is the function's, unless standard output could not be written
        (EXIT_FAILED, with a line on standard error) or Ctrl-C ended it (EXIT_INTERRUPTED).
    """

    def wrap(main: Callable[_P, int]) -> Callable[_P, int]:
        @functools.wraps(main)
        def run(*arguments: _P.args, **named: _P.kwargs) -> int:
            prepare()
            try:
                status = main(*arguments, **named)
            except SystemExit:  # argparse, after --help and over wrong usage
                if _finish(name):
                    raise
                raise SystemExit(EXIT_FAILED) from None
            except KeyboardInterrupt:
                status = EXIT_INTERRUPTED
            except (OutputLost, BrokenPipeError) as error:
                return _give_up(name, error)
            return status if _finish(name) else status or EXIT_FAILED

        return run

    return wrap


def prepare() -> None:
    """Fill empty descriptors, replace Python's streams, and let us read and write what we make ourselves.

    What others may do with new files stays as the umask says.
    """
    _fill_empty_descriptors()
    if sys.stdin is None:
        sys.stdin = open(STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115  for as long as we run
    sys.stdout = _patient(sys.stdout, STDOUT)
    sys.stderr = _patient(sys.stderr, STDERR)
    os.umask(os.umask(_OWNER) & ~_OWNER)


def other_encoding() -> str | None:
    """Return the encoding in which people read us, as Python took it from the locale; None where it is UTF-8."""
    name = codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name
    return None if name == "utf-8" else name


def encoded(text: str, encoding: str) -> bytes:
    """Return a text as bytes; what the encoding does not have is replaced.  Never raises.

    Args:
        text: any, lone surrogates included.
        encoding: the name of a codec.
    """
    return text.encode(encoding, REPLACING)


def write_whole(descriptor: int, data: bytes) -> None:
    """Write everything, waiting for room also where the descriptor is non-blocking.  Raises OSError."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            wait_for_room(descriptor)


def read_line(descriptor: int, bytes_max: int) -> bytes:
    """Return a line with its end, or what there is of one; what comes behind it is left.  Raises OSError.

    Args:
        descriptor: open for reading; waited for also where it is non-blocking.
        bytes_max: how long it may be.
    """
    line = bytearray()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while len(line) < bytes_max and not line.endswith(b"\n"):
        try:
            byte = os.read(descriptor, 1)
        except BlockingIOError:
            poll.poll()
            continue
        if not byte:
            break
        line += byte
    return bytes(line)


def wait_for_room(descriptor: int, seconds_max: float | None = None) -> None:
    """Return when a descriptor can be written, or will say why not, or so many seconds have passed."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    poll.poll(None if seconds_max is None else seconds_max * 1000)


class OutputLost(OSError):
    """Standard output cannot be written, and not because whoever reads has gone."""


class _PatientFile(io.FileIO):
    """A descriptor that is written as a whole, however it is set, and stays open."""

    def write(self, data: Any) -> int:
        """Write everything: bytes, or what can be seen as such; where nobody can read our complaints, drop them.

        Raises:
            BrokenPipeError: whoever reads standard output has gone.
            OutputLost: it cannot be written for another reason.
        """
        whole = bytes(data)
        try:
            write_whole(self.fileno(), whole)
        except BrokenPipeError:
            if self.fileno() != STDERR:
                raise
        except OSError as error:
            if self.fileno() != STDERR:
                raise OutputLost(error.errno, error.strerror) from error
        return len(whole)


def _fill_empty_descriptors() -> None:
    for number, mode in ((STDIN, os.O_RDONLY), (STDOUT, os.O_WRONLY), (STDERR, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            descriptor = os.open(os.devnull, mode)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            os.set_inheritable(number, True)  # noqa: FBT003  no name; a child must not find it empty


def _patient(stream: TextIO | None, descriptor: int) -> TextIO:
    """Return a stream that waits and replaces; one that is not the process's own, such as a test's, stays as it is."""
    if stream is None:
        return _opened(descriptor, "utf-8")
    try:
        is_own = stream.fileno() == descriptor and isinstance(stream, io.TextIOWrapper)
    except (OSError, ValueError):  # it has no descriptor
        is_own = False
    if not is_own:
        return stream
    stream.flush()
    assert isinstance(stream, io.TextIOWrapper)
    return _opened(descriptor, stream.encoding, is_unbuffered=stream.write_through)


def _opened(descriptor: int, encoding: str, *, is_unbuffered: bool = False) -> TextIO:
    file = _PatientFile(descriptor, "w", closefd=False)
    buffer = file if is_unbuffered else io.BufferedWriter(file)
    is_by_line = descriptor == STDERR or os.isatty(descriptor)
    return io.TextIOWrapper(buffer, encoding, REPLACING, line_buffering=is_by_line, write_through=is_unbuffered)


def _finish(name: str) -> bool:
    """Write what is still to be written; return whether that went well."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _give_up(name, error)
        return False
    except ValueError:  # closed by whoever runs us
        return True
    return True


def _give_up(name: str, error: OSError) -> int:
    give_up_printing()
    if not isinstance(error, BrokenPipeError):  # whoever closed a pipe needs no telling
        complain(name, f"standard output cannot be written: {error.strerror}")
    return EXIT_FAILED


def give_up_printing() -> None:
    """Throw away what could not be printed; Python would try it again at the end, and say so in its own words."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def complain(name: str, text: str) -> None:
    """Write a line of our own words to standard error; when nobody can read it there is nobody to tell."""
    with contextlib.suppress(OSError):
        write_whole(STDERR, f"{name}: {text}\n".encode("ascii", "replace"))


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for letters that an encoding does not have: as many cells of a terminal, where that can be."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(map(_replacement, letters)), error.end


def _replacement(letter: str) -> str:
    if letter in _PLAINER:
        return _PLAINER[letter]
    if unicodedata.category(letter).startswith("M"):
        return ""
    return "??" if unicodedata.east_asian_width(letter) in _WIDE else "?"


codecs.register_error(REPLACING, _replaced)
