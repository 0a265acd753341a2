"""The terminal's modes: what is taken is given back, whatever happens to the terminal meanwhile."""

import os
import select
import termios
import time
from pathlib import Path

import pytest

from reactor_chat.client.terminal.tty import SIZE_UNKNOWN, Terminal, is_terminal, opened_again, speaks_utf_8
from tests.client.processes import SECONDS_MAX


def test_modes_are_put_back_as_they_were() -> None:
    keyboard, descriptor = os.openpty()
    before = termios.tcgetattr(descriptor)
    terminal = Terminal(descriptor, descriptor)
    terminal.enter()
    during = termios.tcgetattr(descriptor)
    assert not during[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
    terminal.enter()
    terminal.leave()
    assert termios.tcgetattr(descriptor) == before
    terminal.leave()
    os.close(keyboard)
    os.close(descriptor)


def test_a_screen_that_was_stopped_goes_on_and_nobody_waits_for_it() -> None:
    keyboard, descriptor = os.openpty()
    before = termios.tcgetattr(descriptor)
    assert before[0] & termios.IXON
    terminal = Terminal(descriptor, descriptor)
    terminal.enter()
    os.write(keyboard, b"\x13")
    again = opened_again(descriptor)
    deadline = time.monotonic() + SECONDS_MAX
    while select.select([], [again], [], 0)[1]:  # the kernel obeys the key in its own time
        assert time.monotonic() < deadline
    with pytest.raises(BlockingIOError):
        os.write(again, b"x")
    terminal.leave()
    assert termios.tcgetattr(descriptor) == before
    assert os.write(again, b"x") == 1
    for one in (keyboard, descriptor, again):
        os.close(one)


def test_what_is_no_terminal_is_not_opened_again(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert opened_again(file.fileno()) == file.fileno()


def test_a_terminal_that_is_gone_is_no_error() -> None:
    keyboard, descriptor = os.openpty()
    terminal = Terminal(descriptor, descriptor)
    terminal.enter()
    os.close(keyboard)
    os.close(descriptor)
    terminal.enter()
    terminal.leave()
    assert terminal.size() == SIZE_UNKNOWN
    assert not is_terminal(descriptor)


def test_what_is_a_terminal(tmp_path: Path) -> None:
    keyboard, descriptor = os.openpty()
    assert is_terminal(descriptor)
    assert Terminal(descriptor, descriptor).size() == SIZE_UNKNOWN, "a new one says that it is 0 by 0"
    with (tmp_path / "file").open("w") as file:
        assert not is_terminal(file.fileno())
    os.close(keyboard)
    os.close(descriptor)


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, True),
        ({"LANG": ""}, True),
        ({"LANG": "en_GB.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LANG": "de_DE.UTF-8@euro"}, True),
        ({"LANG": "en_GB.ISO-8859-1"}, False),
        ({"LANG": "C"}, False),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "POSIX"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_GB.UTF-8"}, True),
    ],
)
def test_what_a_locale_says_of_the_terminal(environ: dict[str, str], *, wanted: bool) -> None:
    assert speaks_utf_8(environ) is wanted
