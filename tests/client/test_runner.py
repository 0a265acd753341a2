"""The client at real terminals, and what the runner owes whatever happens."""

import os
import signal
import socket
import struct
from collections.abc import Callable

import pytest

from reactor_chat.client.boundary import Settings
from reactor_chat.client.engine import Engine
from reactor_chat.client.runner import Runner
from reactor_chat.client.terminal.palette import Palette
from reactor_chat.client.terminal.pipe_mode import PipeMode
from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import frame
from tests.client.processes import Person, ServerProcess
from tests.client.toy import hello, welcome


def test_three_people_talk(server: ServerProcess, person: Callable[..., Person]) -> None:
    ann = person("127.0.0.1", server.port, "--name", "Ann")
    ann.until("[Welcome Ann]")
    bob = person("127.0.0.1", server.port)
    bob.until("Enter a unique username:")
    bob.press("ann\r")
    bob.until("already taken")
    bob.press("Bob\r")
    bob.until("[Welcome Bob]")
    ann.until("[Bob joined]")
    eve = person("127.0.0.1", server.port, "--name", "Eve", columns=40)
    eve.until("[Welcome Eve]")
    eve.press("half a line that is longer than these forty columns")
    ann.press("Hello everyone!\r")
    for one in (ann, bob, eve):
        one.until("[Ann:] Hello everyone!")
    assert eve.lines[-1].endswith("forty columns")
    bob.press("@An\tpsst\r")
    ann.until("[Bob (private):] psst")
    bob.until("[to Ann:] psst")
    bob.press("@quit\r")
    assert bob.left() == 0
    ann.until("[Bob exited]")
    ann.press("\x03")
    assert ann.left() == 0
    eve.until("[Ann exited]")
    assert not any("psst" in line for line in eve.lines)
    for one in (ann, bob):
        assert one.modes == one.modes_before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_says_goodbye_and_gives_the_terminal_back(
    server: ServerProcess, person: Callable[..., Person], number: int
) -> None:
    one = person("127.0.0.1", server.port, "--name", "Sigi")
    one.until("[Welcome Sigi]")
    assert one.modes != one.modes_before
    one.process.send_signal(number)
    assert one.left() == 0
    assert one.modes == one.modes_before


def test_a_screen_that_was_stopped_keeps_nobody_from_leaving(
    server: ServerProcess, person: Callable[..., Person]
) -> None:
    one = person("127.0.0.1", server.port, "--name", "Halt")
    one.until("[Welcome Halt]")
    one.press("\x13")  # the terminal takes nothing more, but by the kernel's own hand
    one.process.send_signal(signal.SIGTERM)
    assert one.left() == 0
    assert one.modes == one.modes_before


def test_a_terminal_of_another_size_is_drawn_anew(server: ServerProcess, person: Callable[..., Person]) -> None:
    one = person("127.0.0.1", server.port, "--name", "Size")
    one.until("@help shows the commands")
    one.press("\x0c" + "x" * 62)  # an emulator that loses rows loses the place of a cursor further down
    one.until_last("NOT encrypted > " + "x" * 62)
    one.resize(40, 5)
    one.process.send_signal(signal.SIGWINCH)
    one.until_last("NOT encrypted > " + "x" * 23)
    one.resize(1, 1)
    one.process.send_signal(signal.SIGWINCH)
    one.resize(80, 24)
    one.process.send_signal(signal.SIGWINCH)
    one.until_last("NOT encrypted > " + "x" * 62)


def test_a_stop_that_is_no_stop_changes_nothing(server: ServerProcess, person: Callable[..., Person]) -> None:
    # Nobody could let a session's only process go on, so the kernel does not stop it.
    one = person("127.0.0.1", server.port, "--name", "Stop")
    one.until("[Welcome Stop]")
    one.press("half\x1a line")
    one.until_last("NOT encrypted > half line")
    one.process.send_signal(signal.SIGSTOP)
    one.process.send_signal(signal.SIGCONT)
    one.press("\x7f")
    one.until_last("NOT encrypted > half lin")


def test_a_stop_that_somebody_else_sends_gives_the_terminal_back_first(
    server: ServerProcess, person: Callable[..., Person]
) -> None:
    one = person("127.0.0.1", server.port, "--name", "Stopt")
    one.until("[Welcome Stopt]")
    seen = len(one.seen)
    one.press("half a line")
    one.until_last("NOT encrypted > half a line")
    one.process.send_signal(signal.SIGTSTP)
    one.press("!")
    one.until_last("NOT encrypted > half a line!")
    assert b"\x1b[?2004l" in one.seen[seen:], "the kernel stops no session's only process, and it went on"
    assert one.modes != one.modes_before


def test_a_server_that_comes_back_is_found_again(person: Callable[..., Person]) -> None:
    server = ServerProcess()
    one = person("127.0.0.1", server.port, "--name", "Loyal")
    one.until("[Welcome Loyal]")
    server.stop()
    one.until("Connection lost")
    one.until_last("(offline) NOT encrypted >")
    one.press("still there?\r")
    one.until("will be sent")
    again = ServerProcess(server.port)
    one.until("Connected again")
    one.until("[Loyal:] still there?")
    again.stop()


def test_a_connection_that_is_reset_is_noticed_at_once(person: Callable[..., Person]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        one = person("127.0.0.1", listening.getsockname()[1], "--name", "Ann")
        sock, _ = listening.accept()
        sock.sendall(frame(encode(hello())))
        sock.recv(1_000)
        sock.sendall(frame(encode(welcome("Ann"))))
        one.until("[Welcome Ann]")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        one.until("Connection lost (Connection reset by peer)")


def test_a_simple_terminal_gets_plain_lines(server: ServerProcess, person: Callable[..., Person]) -> None:
    one = person("127.0.0.1", server.port, TERM="dumb")
    one.until("Enter a unique username:")
    one.press("Dumb\n")
    one.until("[Welcome Dumb]")
    one.press("hello\n")
    one.until("[Dumb:] hello")
    one.press("\x04")
    assert one.left() == 0
    assert b"\x1b" not in one.seen


def test_no_server_is_one_line_on_a_terminal_too(person: Callable[..., Person]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        one = person("127.0.0.1", free.getsockname()[1])
        one.until("No server at")
        assert one.left() == 69
    assert one.modes == one.modes_before


class Breaking(PipeMode):
    """A view with a bug."""

    ended = 0

    def refresh(self, now: float) -> None:  # noqa: ARG002  the signature is the view's
        raise ZeroDivisionError

    def end(self) -> None:
        self.ended += 1


def test_a_bug_gives_the_terminal_back_and_is_not_hidden() -> None:
    read_end, write_end = os.pipe()
    engine = Engine(Settings("Ann", "here", interactive=False, id_prefix="x"), lambda: 0.5)
    runner = Runner(engine, "127.0.0.1", 1, None, write_end)
    view = Breaking(engine, runner.out.write, lambda _: None, Palette(is_on=False))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError):
        runner.run(view, read_end)
    assert view.ended == 1
    assert signal.getsignal(signal.SIGINT) is before
    os.close(read_end)
    os.close(write_end)
