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

from reactor_chat.text.grammar import BY_KEY, COMMANDS, Command, help_text
from reactor_chat.text.parser import INVALID_COMMAND
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


Enter = Callable[[Server, str], Reader | LineReader]
DOORS: list[tuple[Enter, bool]] = [(Reader, False), (Reader, True), (LineReader, False)]
"""How somebody comes in, and whether with TLS."""


def play(server: Server, enter: Enter, lines: list[tuple[str, str]]) -> list[str]:
    """Let the people play these lines; returns what each of them saw after each line.

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
    for name, typed in lines:
        people[name].type(typed)
        all_read(f"{name}: {typed!r}", name)
    return transcript


@pytest.mark.parametrize(("enter", "tls"), DOORS)
def test_everyone_reads_what_the_protocol_writes(
    enter: Enter,
    tls: bool,  # noqa: FBT001  a row of the table above
) -> None:
    with Server(tls=tls) as server:
        lines = play(server, enter, PLAY)
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


FILLED = {"group": "team", "user": "Stella", "users": "Stella", "conversation": "@Stella", "number": "5", "text": "hi"}
"""Of each kind of argument one that there is, once `team` was made."""


def typed_once(row: Command) -> str:
    """Return a command as somebody types it."""
    between = " " if row.key else ""
    return row.words + between + " ".join(FILLED[argument.kind] for argument in row.arguments)


def test_every_command_is_understood_and_reads_the_same_at_every_door() -> None:
    rows = sorted(COMMANDS, key=lambda row: row.key == "quit")  # nothing can be typed after that
    typed = ["@group set team Stella, Peter", *map(typed_once, rows)]
    transcripts = []
    for enter, tls in DOORS:
        with Server(tls=tls) as server:
            transcripts.append(play(server, enter, [("John", line) for line in typed]))
            server.check()
    assert transcripts[0] == transcripts[1] == transcripts[2]
    blocks = "\n".join(transcripts[0]).split(">>> John: ")[1:]
    assert len(blocks) == len(typed)
    for line, block in zip(typed, blocks, strict=True):
        assert block.count("\n"), f"nothing comes of {line}"
        assert INVALID_COMMAND not in block, f"{line} is not understood"
