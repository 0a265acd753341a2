"""Every command of PROTOCOL §8 and every reply, as three people see them, against a golden transcript.

The play is typed three times: through the plain-text door, and as `line` requests with TLS and without, whose notices
are rendered as a client does.  All have to read the same, line for line.  A wanted change of a text is looked at in the
difference that this test prints, and then written with

    REACTOR_CHAT_WRITE_GOLDEN=1 python -m pytest tests/end_to_end/test_transcript.py
"""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from reactor_chat.text.grammar import BY_KEY, help_text
from reactor_chat.text.render import render
from reactor_chat.wire.codec import decode_notice
from tests.end_to_end.client import Client, Server, Typist

GOLDEN = Path(__file__).parent / "transcript.txt"
PEOPLE = ("John", "Stella", "Peter")

HELP = help_text().split("\n")
"""Not in the transcript, since every new command has a row in it."""

PLAY: list[tuple[str, str]] = [
    ("John", "Hello everyone!"),
    ("Stella", "  blanks stay  "),
    ("John", "@Stella Are you free next Tuesday?"),
    ("John", "@john to myself"),
    ("John", "@Nobody hi"),
    ("John", "@Stela hi"),
    ("Peter", "@names"),
    ("Peter", "  @NAMES  "),
    ("Peter", "@names now"),
    ("Peter", "@help"),
    ("Peter", "@grouplist"),
    ("John", "@group set team Stella, peter"),
    ("John", "@group set TEAM Stella"),
    ("John", "@group set quit Stella"),
    ("John", "@group set lunch Nobody"),
    ("John", "@group set lunch"),
    ("John", "@group set lunch John"),
    ("John", "@group"),
    ("John", "@group dance team"),
    ("John", "@grouplist"),
    ("Stella", "@group send team Hi there"),
    ("Stella", "@group send lunch Hi there"),
    ("Stella", "@group send nowhere Hi there"),
    ("Stella", "@who TEAM"),
    ("Stella", "@who lunch"),
    ("Stella", "@kick team Peter"),
    ("John", "@kick team Peter"),
    ("John", "@kick team Peter"),
    ("John", "@kick team John"),
    ("Peter", "@history team"),
    ("John", "@add team Peter"),
    ("John", "@add team Peter"),
    ("John", "@group kick team Peter"),
    ("John", "@group add team Peter,Stella"),
    ("John", "@group add team Peter"),
    ("John", "@add lunch stella peter"),
    ("John", "@group leave lunch"),
    ("Stella", "@group delete team"),
    ("Stella", "@group leave team"),
    ("John", "@group delete team"),
    ("John", "@group delete team"),
    ("Stella", "@group leave lunch"),
    ("Peter", "@group leave lunch"),
    ("Peter", "@who lunch"),
    ("Peter", "@seen stella"),
    ("Peter", "@seen Nobody"),
    ("Peter", "@seen"),
    ("Stella", "@history"),
    ("Stella", "@history 2"),
    ("Stella", "@history @John"),
    ("Stella", "@history @John 1"),
    ("Stella", "@history @Nobody"),
    ("Stella", "@history 201"),
    ("Peter", "@@names is a command"),
    ("Peter", "@verify John"),
    ("Peter", "@"),
    ("Peter", "an \x1b[2J escape"),
    ("Peter", "x" * 60),
    ("Stella", "@quit"),
]
"""Who types what; after each line everybody reads on until nothing more comes of it."""


class Reader:
    """A person at the frames door: types `line` requests, reads rendered notices."""

    def __init__(self, server: Server, name: str) -> None:
        self._name = name
        self._client: Client = server.client(name)
        self._shown = 1

    def type(self, text: str) -> None:
        self._client.line(text)

    def read(self, mark: str) -> list[str]:
        """Everything that has been shown since, up to a line with this mark or the end."""
        while mark not in str(self._client.heard[-1:]) and self._client.receive() is not None:
            pass
        heard, self._shown = self._client.heard[self._shown :], len(self._client.heard)
        lines = (render(decode_notice(msgspec.json.encode(got)), self._name) for got in heard)
        return [line for shown in lines if shown is not None for line in shown.split("\n")]


class LineReader:
    """A person at the plain-text door."""

    def __init__(self, server: Server, name: str) -> None:
        self._typist: Typist = server.typist()
        self._typist.until("username: ")
        self._typist.type(name)

    def type(self, text: str) -> None:
        self._typist.type(text)

    def read(self, mark: str) -> list[str]:
        while mark.encode() not in self._typist.buffer or not self._typist.buffer.endswith(b"\n"):
            if not self._typist.more():
                break
        shown, self._typist.buffer = self._typist.buffer.decode("utf-8"), b""
        return shown.splitlines()


def play(server: Server, enter: Callable[[Server, str], Reader | LineReader]) -> list[str]:
    """Let the people play; returns what each of them saw after each line.

    After each line everybody, who typed it first, asks for a group that nobody knows: when that is answered, so is
    everything that was typed before.
    """
    transcript: list[str] = []
    people: dict[str, Reader | LineReader] = {}

    def all_read(what: str, who: str) -> None:
        transcript.append(f">>> {what}")
        mark, seen = f"Zz{len(transcript)}zZ", {}
        for name in sorted(people, key=lambda name: name != who):
            people[name].type(f"@who {mark}")
            shown = [line for line in people[name].read(mark) if mark not in line]
            seen[name] = ["(what `@help` says)"] if shown == HELP else shown
        transcript.extend(f"{name:<7} {line}".rstrip() for name in people for line in seen[name])
        if "@quit" in what:
            del people[who]

    for name in PEOPLE:
        people[name] = enter(server, name)
        all_read(f"{name} comes", name)
    for name, typed in PLAY:
        people[name].type(typed)
        all_read(f"{name}: {typed!r}", name)
    return transcript


@pytest.mark.parametrize(("enter", "tls"), [(Reader, False), (Reader, True), (LineReader, False)])
def test_everyone_reads_what_the_protocol_writes(
    enter: Callable[[Server, str], Reader | LineReader],
    tls: bool,  # noqa: FBT001  a row of the table above
) -> None:
    with Server(tls=tls) as server:
        lines = play(server, enter)
        server.check()
    if os.environ.get("REACTOR_CHAT_WRITE_GOLDEN"):
        GOLDEN.write_text("\n".join(lines) + "\n", "utf-8")
    golden = GOLDEN.read_text("utf-8").splitlines()
    assert lines == golden, "where it is wanted: REACTOR_CHAT_WRITE_GOLDEN=1 pytest tests/end_to_end/test_transcript.py"


def test_every_command_of_the_first_programs_is_in_the_play() -> None:
    typed = [line.lower().split() for _, line in PLAY]
    groups = ["group set", "group send", "group leave", "group delete", "add", "kick", "who", "grouplist"]
    for key in ["quit", "names", "history", "help", *groups]:
        assert key in BY_KEY
        words = f"@{key}".split()
        assert any(line[: len(words)] == words for line in typed), key
