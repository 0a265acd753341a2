"""The client in a real terminal that breaks rows when it becomes narrower: no ghosts of the line, and nothing lost."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.client.processes import SECONDS_MAX, ServerProcess, client_command, environment, piped

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")
PROMPT = "NOT encrypted >"


class Pane:
    """A tmux of its own with one program in it."""

    def __init__(self, *command: str) -> None:
        self._socket = f"reactor-chat-{os.getpid()}"
        self._tmux("new-session", "-d", "-x", "80", "-y", "12", *command)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._socket, "-f", "/dev/null", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(LC_ALL="C.UTF-8"))
        return done.stdout

    def keys(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def paste(self, text: str, *, has_brackets: bool) -> None:
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer", *(["-p"] if has_brackets else []))

    def resize(self, columns: int) -> None:
        self._tmux("resize-window", "-x", str(columns))

    @property
    def lines(self) -> list[str]:
        """Everything that was ever on the screen, and is still there or has scrolled out of it."""
        return self._tmux("capture-pane", "-p", "-S", "-").rstrip().split("\n")

    def until(self, is_there: Callable[[list[str]], bool]) -> list[str]:
        deadline = time.monotonic() + SECONDS_MAX
        while not is_there(lines := self.lines):
            assert time.monotonic() < deadline, lines
        return lines

    def close(self) -> None:
        self._tmux("kill-server")


@pytest.fixture(scope="module")
def pane() -> Iterator[Pane]:
    server = ServerProcess()
    made = Pane(*client_command("127.0.0.1", server.port, "--name", "Zed", "--plain"))
    made.until(lambda lines: lines[0].endswith("[Welcome Zed]") and lines[-1] == PROMPT)
    piped("\n".join(f"line {number}" for number in range(20)), "127.0.0.1", server.port, "--name", "Watch")
    made.until(lambda lines: any("[Watch exited]" in line for line in lines) and lines[-1] == PROMPT)
    yield made
    made.close()
    server.stop()


def is_drawn(lines: list[str], end: str) -> bool:
    return lines[-1].startswith(PROMPT) and lines[-1].endswith(end)


def test_a_window_that_is_made_narrower_and_wider_shows_the_line_once(pane: Pane) -> None:
    for typed in ("the quick brown fox jumps over the lazy dog and more", "日本語" * 11 + "日", "🎉 é 漢" * 8):
        pane.keys("-l", typed)
        for columns in (61, 40, 33, 80):
            pane.resize(columns)
            lines = pane.until(partial(is_drawn, end=typed[-3:]))
            assert sum(PROMPT in line for line in lines) == 1, lines
        pane.keys("C-u")
        pane.until(lambda lines: lines[-1] == PROMPT)
    said = [line for line in pane.lines if "[Watch:] line" in line]
    assert [line.split()[-1] for line in said] == [str(number) for number in range(20)], "no line above was erased"


def pasted(count: int, lines: list[str]) -> bool:
    """Whether the screen says so many times that lines were pasted."""
    return sum("4 lines were pasted" in line for line in lines) == count


def test_a_long_paste_waits_for_enter(pane: Pane) -> None:
    for has_brackets in (False, True):
        pane.paste("one\ntwo\nthree\nfour\n", has_brackets=has_brackets)
        pane.until(lambda lines: lines[-1] == f"(4 lines) {PROMPT} one⏎two⏎three⏎four")
        pane.keys("Enter")
        pane.until(partial(pasted, 1 + has_brackets))
        pane.keys("C-u")
    assert not any("[Zed:]" in line for line in pane.lines)
