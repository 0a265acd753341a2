"""Names become addresses in a child process: what it says is believed, and when it says nothing nobody waits."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from reactor_chat.reactor import lookup
from reactor_chat.reactor.host_dialer import HostDialer
from reactor_chat.reactor.lookup import COMMAND, HostUnknown, Lookup, LookupFailed
from reactor_chat.reactor.loop import Loop

SILENT = ("sh", "-c", "exec sleep 1000")
NEVER_ASKED = ("/nonexistent/program",)
PORT = 7667


def says(answer: object) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", f"print({json.dumps(answer)!r})")


class Asked:
    """One look-up in a real loop, to its end."""

    def __init__(self, host: str, command: tuple[str, ...], seconds_max: float = 60.0) -> None:
        self.loop = Loop()
        self.answers: list[object] = []
        self.lookup = Lookup(
            self.loop, (host, PORT), self._ended, self._ended, seconds_max=seconds_max, command=command
        )

    def _ended(self, answer: object) -> None:
        self.answers.append(answer)
        self.loop.stop()

    def answer(self) -> object:
        assert self.answers == [], "nobody is called from the constructor"
        too_late = self.loop.timers.call_at(self.loop.now + 20.0, self.loop.stop)
        self.loop.run()
        too_late.cancel()
        (answer,) = self.answers
        return answer

    @property
    def child(self) -> int | None:
        return None if self.lookup._child is None else self.lookup._child.pid


Ask = Callable[..., Asked]
"""Begins a look-up; takes what `Asked` takes."""


@pytest.fixture
def ask() -> Iterator[Ask]:
    made: list[Asked] = []

    def asked(host: str, command: tuple[str, ...], seconds_max: float = 60.0) -> Asked:
        made.append(Asked(host, command, seconds_max))
        return made[-1]

    yield asked
    for one in made:
        assert one.child is None
        assert len(one.loop.timers) == one.loop.watched_count == 0
        one.loop.close()


def addresses(rows: object) -> list[str]:
    assert isinstance(rows, list)
    return [row[4][0] for row in rows]


@pytest.mark.parametrize(("host", "wanted"), [
    ("127.0.0.1", ["127.0.0.1"]), ("127.1", ["127.0.0.1"]), ("0x7f000002", ["127.0.0.2"]), ("::1", ["::1"]),
    ("localhost", ["127.0.0.1", "::1"]), ("LOCALHOST.", ["127.0.0.1", "::1"]), ("me.localhost", ["127.0.0.1", "::1"]),
])  # fmt: skip
def test_an_address_and_a_name_of_this_machine_need_no_asking(ask: Ask, host: str, wanted: list[str]) -> None:
    assert addresses(ask(host, NEVER_ASKED).answer()) == wanted


@pytest.mark.parametrize("host", ["no.such.host.invalid", "INVALID.", "a..b", "x" * 70, "a\0b", "\udcff"])
def test_what_cannot_be_a_name_is_unknown_at_once(ask: Ask, host: str) -> None:
    answer = ask(host, NEVER_ASKED).answer()
    assert isinstance(answer, HostUnknown)
    assert "cannot find" in str(answer)


def test_what_the_child_finds_is_found(ask: Ask) -> None:
    rows = socket.getaddrinfo("192.0.2.1", PORT, type=socket.SOCK_STREAM)
    assert ask("chat.example", says({"rows": rows})).answer() == rows


@pytest.mark.parametrize(("number", "kind"), [
    (socket.EAI_NONAME, HostUnknown), (socket.EAI_AGAIN, LookupFailed), (socket.EAI_FAIL, LookupFailed),
    (socket.EAI_SYSTEM, LookupFailed),
])  # fmt: skip
def test_an_error_is_of_the_name_or_of_whoever_was_asked(ask: Ask, number: int, kind: type) -> None:
    answer = ask("chat.example", says({"error": number, "words": "why"})).answer()
    assert type(answer) is kind
    assert str(answer) == "cannot find 'chat.example': why"


@pytest.mark.parametrize("command", [("false",), ("sh", "-c", "kill -9 $$"), ("echo", "nonsense"), NEVER_ASKED])
def test_a_child_that_fails_is_no_answer(ask: Ask, command: tuple[str, ...]) -> None:
    assert isinstance(ask("chat.example", command).answer(), LookupFailed)


def test_a_name_server_that_is_silent_is_given_up(ask: Ask) -> None:
    asked = ask("chat.example", SILENT, seconds_max=0.01)
    child = asked.child
    answer = asked.answer()
    assert isinstance(answer, LookupFailed)
    assert "does not answer" in str(answer)
    assert child is not None
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_cancelled_it_ends_the_child_and_calls_nobody(ask: Ask) -> None:
    asked = ask("chat.example", SILENT)
    child = asked.child
    assert child is not None
    asked.lookup.cancel()
    asked.lookup.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    asked.loop.run_soon()
    asked.loop.turn()
    assert asked.answers == []


def test_a_name_beyond_ascii_is_asked_for_in_ascii(ask: Ask) -> None:
    command = (sys.executable, "-I", "-S", "-c", "import sys; assert sys.argv[1:] == ['xn--bcher-kva.example', '7667']")
    assert "the look-up failed" in str(ask("b\u00fccher.example", command).answer()), "and the child had its say"
    told = says({"error": socket.EAI_NONAME, "words": "as asked"})
    assert "'b\u00fccher.example': as asked" in str(ask("b\u00fccher.example", told).answer())


def test_the_child_itself_says_what_the_system_says() -> None:
    done = subprocess.run([*COMMAND, "127.0.0.1", "80"], capture_output=True, check=True, timeout=20)
    (row,) = json.loads(done.stdout)["rows"]
    assert row[4] == ["127.0.0.1", 80]
    done = subprocess.run([*COMMAND, "", "80"], capture_output=True, check=True, timeout=20)
    assert done.stderr == b""
    assert set(json.loads(done.stdout)) <= {"rows", "error", "words"}


def test_a_host_is_looked_up_and_dialled() -> None:
    loop, got = Loop(), []

    def connected(sock: socket.socket) -> None:
        got.append(sock.getpeername())
        sock.close()
        loop.stop()

    with socket.create_server(("127.0.0.1", 0)) as server:
        HostDialer(loop, "localhost", server.getsockname()[1], connected, got.append)
        loop.run()
        assert got == [server.getsockname()]
    loop.close()


def test_a_host_that_is_unknown_is_told_and_one_that_is_given_up_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, told = Loop(), list[object]()

    def failed(error: OSError) -> None:
        told.append(error)
        loop.stop()

    HostDialer(loop, "a.invalid", PORT, told.append, failed)
    loop.run()
    assert [type(error) for error in told] == [HostUnknown]
    monkeypatch.setattr(lookup, "COMMAND", SILENT)
    dialer = HostDialer(loop, "chat.example", PORT, told.append, failed)
    dialer.cancel()
    loop.run_soon()
    loop.turn()
    assert len(told) == 1
    assert loop.watched_count == len(loop.timers) == 0
    loop.close()


def test_a_signal_to_the_child_is_not_a_signal_to_us(ask: Ask) -> None:
    asked = ask("chat.example", SILENT)
    assert asked.child is not None
    os.kill(asked.child, signal.SIGTERM)
    assert isinstance(asked.answer(), LookupFailed)
