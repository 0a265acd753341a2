"""The full screen at real terminals, with a real server."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.processes import Person, ServerProcess


def at_screen(person: Callable[..., Person], port: int, name: str, *more: str, **how: int | str) -> Person:
    return person("127.0.0.1", port, "--name", name, *more, plain=False, **how)


def test_people_talk_and_each_conversation_has_its_own_place(
    server: ServerProcess, person: Callable[..., Person]
) -> None:
    ann, bob = at_screen(person, server.port, "Ann"), at_screen(person, server.port, "Bob", columns=120, rows=40)
    ann.until("[Welcome Ann]")
    bob.until("[Welcome Bob]")
    ann.press("Hello everyone!\r")
    bob.until("Hello everyone!")
    ann.until("Hello everyone!")
    ann.press("@Bob psst\r")
    bob.until("@ Ann")
    assert not any("psst" in line for line in bob.lines)
    bob.press("\x1ba")
    bob.until("psst")
    bob.until("to @ Ann")
    bob.press("what?\r")
    ann.until("@ Bob")
    ann.press("\x1b2")
    ann.until("what?")
    for one in (ann, bob):
        one.press("\x04")
        assert one.left() == 0
        assert one.modes == one.modes_before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_gives_the_terminal_back(server: ServerProcess, person: Callable[..., Person], number: int) -> None:
    one = at_screen(person, server.port, "Sigi")
    one.until("[Welcome Sigi]")
    one.process.send_signal(number)
    assert one.left() == 0
    assert one.modes == one.modes_before
    assert b"\x1b[?1049l" in os.read(one.keyboard, 65_536), "what was on the terminal before is there again"


def test_a_screen_that_was_stopped_keeps_nobody_from_leaving(
    server: ServerProcess, person: Callable[..., Person]
) -> None:
    one = at_screen(person, server.port, "Halt")
    one.until("[Welcome Halt]")
    one.press("\x13")  # the terminal takes nothing more, but by the kernel's own hand
    one.process.send_signal(signal.SIGTERM)
    assert one.left() == 0
    assert one.modes == one.modes_before


def test_another_size_is_drawn_anew(server: ServerProcess, person: Callable[..., Person]) -> None:
    one = at_screen(person, server.port, "Size")
    one.until("[Welcome Size]")
    one.press("half a line")
    for columns, rows in ((40, 12), (1, 1), (200, 50), (80, 24)):
        one.resize(columns, rows)
        one.process.send_signal(signal.SIGWINCH)
    one.until("> half a line")
    one.until("Chats")


def test_what_was_typed_without_a_server_is_said_when_it_is_back(person: Callable[..., Person]) -> None:
    server = ServerProcess()
    one = at_screen(person, server.port, "Loyal")
    one.until("[Welcome Loyal]")
    server.stop()
    one.until("offline")
    one.press("still here\r")
    one.until("sending")
    again = ServerProcess(server.port)
    try:
        one.until("Back after")
        one.until("✓")
    finally:
        again.stop()


def test_a_start_without_a_server_says_so_on_the_terminal_that_is_left(person: Callable[..., Person]) -> None:
    server = ServerProcess()
    server.stop()
    one = at_screen(person, server.port, "Nobody")
    assert one.left() == 69
    one.until("Start one with")


def test_a_draft_and_what_was_read_outlive_the_client(
    server: ServerProcess, person: Callable[..., Person], tmp_path: Path
) -> None:
    home = str(tmp_path / "home")
    one = at_screen(person, server.port, "Drafty", "--home", home)
    one.until("[Welcome Drafty]")
    one.press("said once\r")
    one.until("✓")
    one.press("half a li")
    one.until("> half a li")
    one.process.kill()
    one.left()
    later = at_screen(person, server.port, "Drafty", "--home", home)
    later.until("said once")
    later.until("> half a li")
