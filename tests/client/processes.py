"""Real processes for tests: a server, a client in a pipe, and a person at a terminal."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyte

SECONDS_MAX = 20.0
CLIENT = ("-m", "reactor_chat.client")


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLORTERM")}
    return (
        kept
        | {
            "TERM": "xterm",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
            "XDG_CONFIG_HOME": "/nowhere",  # whoever runs the tests may have chosen other keys
        }
        | changes
    )


class Piped(subprocess.Popen[bytes]):
    """A client whose input, output and error output are pipes."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def __init__(self, command: list[str], bufsize: int = -1) -> None:
        super().__init__(
            command, bufsize, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        )


class ServerProcess:
    """A server, with nothing on disk where no directory is named."""

    def __init__(self, port: int = 0, data: Path | None = None) -> None:
        where = ["--memory"] if data is None else ["--data", str(data)]
        command = [sys.executable, "-m", "reactor_chat.server", "--port", str(port), "--plaintext", *where]
        command += ["--rate", "off"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening "), line
        self.port = int(dict(word.split("=") for word in line.split()[1:])["port"])

    def stop(self, number: int = signal.SIGKILL) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(SECONDS_MAX)
        assert self.process.stdout is not None
        self.process.stdout.close()


def client_command(*arguments: str | int, tls: bool = False, guest: bool = True) -> list[str]:
    """The command of a client: a guest's, where no home is named; without TLS, as the servers here are."""
    guests = ["--guest"] if guest and "--home" not in arguments else []
    plaintext = [] if tls or "--plaintext" in arguments else ["--plaintext"]
    return [sys.executable, "-m", "reactor_chat.client", *map(str, arguments), *guests, *plaintext]


def piped(text: str | bytes, *arguments: str | int, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a client in a pipe to its end."""
    done = subprocess.run(
        client_command(*arguments),
        input=text.encode() if isinstance(text, str) else text,
        capture_output=True,
        timeout=SECONDS_MAX,
        env=environment(**environ),
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


class Person:
    """Somebody at a terminal of their own, running a client; what they see is emulated."""

    def __init__(
        self,
        *arguments: str | int,
        columns: int = 80,
        rows: int = 24,
        program: tuple[str, ...] = CLIENT,
        guest: bool = True,
        plain: bool = True,
        **environ: str,
    ) -> None:
        self.emulated = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.emulated)
        self.seen = b""
        self.writes_code_down = True  # presses Enter when told to
        self.keyboard, self.terminal = os.openpty()
        self.resize(columns, rows)
        self.modes_before = termios.tcgetattr(self.terminal)
        self.process = subprocess.Popen(
            [sys.executable, *program, *client_command(*arguments, guest=guest)[3:], *(["--plain"] if plain else [])],
            stdin=self.terminal,
            stdout=self.terminal,
            stderr=self.terminal,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509  no threads here; only the child can take its terminal
            env=environment(**environ),
        )

    def press(self, keys: str) -> None:
        os.write(self.keyboard, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.emulated.resize(rows, columns)
        self.emulated.cursor.y = min(self.emulated.cursor.y, rows - 1)  # a terminal never leaves it outside

    @property
    def lines(self) -> list[str]:
        """What can be read, without the empty rows below."""
        return "\n".join(line.rstrip() for line in self.emulated.display).rstrip().split("\n")

    def until(self, wanted: str) -> None:
        """Read until this stands somewhere on the screen."""
        self._until(lambda: any(wanted in line for line in self.lines), wanted)

    def until_last(self, wanted: str) -> None:
        """Read until this is the last row."""
        self._until(lambda: self.lines[-1] == wanted, wanted)

    def _until(self, is_there: Callable[[], bool], wanted: str) -> None:
        deadline = time.monotonic() + SECONDS_MAX
        while not is_there():
            ready, _, _ = select.select([self.keyboard], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"{wanted!r} is not on the screen: {self.lines}"
            data = os.read(self.keyboard, 65_536)
            self.seen += data
            if self.writes_code_down and b"written it down" in self.seen:
                self.writes_code_down = False
                self.press("\r")
            self._stream.feed(data)

    def left(self) -> int:
        """Wait for the end; return the exit status."""
        return self.process.wait(SECONDS_MAX)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(SECONDS_MAX)
        os.close(self.keyboard)
        os.close(self.terminal)

    @property
    def modes(self) -> list[Any]:
        return termios.tcgetattr(self.terminal)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
