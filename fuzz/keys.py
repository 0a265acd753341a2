"""Whatever a terminal sends, however cut, is keys with names and a line to draw, and soon the next key counts.

The first byte of an input says how long its pieces are, the second how much time passes between them.
"""

import re
from collections.abc import Callable
from random import Random

from fuzz.safe import acts
from fuzz.target import Target, mutated
from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import KEYPAD, NAMED, SEQUENCES, TOLD, Key, ViewKind, mouse_event
from reactor_chat.client.terminal.bursts import Bursts
from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.editor import Editor
from reactor_chat.client.terminal.key_reader import REST_SECONDS_MAX, KeyReader

SCREEN = KeyMap(ViewKind.SCREEN)
COLUMNS, ROWS = 20, 4
WORDS = [b"\x1b" + sequence.encode() for sequence in (*SEQUENCES, *KEYPAD)]
WORDS += b"\x1b|\x1b[|\x1b[<0;10;20M|\x1b[<64;1;1M|\x1b[1;5A|\x1b[97;5u|\x1b[27;6;65~|\x1b[57414u|\x1b[12;34R".split(
    b"|"
)
WORDS += b"\x1b]11;rgb:0/0/0\x1b\\|\x1bP1$r\x1b\\|\x1b_G|\x07|\x9b|\xc2\x9b|\x18\x05|\x12|\x1f|\r|\n|\t|\x7f".split(
    b"|"
)
WORDS += [word.encode() for word in ("a", "word ", "日", "e\u0301", "👩\u200d👧", "\u202e", "@Stella ", "/msg ")]

_NAME = re.compile(r"(Ctrl-)?(Alt-)?(Shift-)?(?:(\S)|(\w+))")


def make(random: Random) -> bytes:
    """Keys, what terminals answer, and damage."""
    data = b"".join(random.choice(WORDS) for _ in range(random.randint(1, 12)))
    return random.randbytes(2) + mutated(random, data, WORDS)


def has_name(key: Key) -> bool:
    """Tell whether a key is called as keys are."""
    if key.name in ("Text", "Paste"):
        return bool(key.text) or key.name == "Paste"
    if key.name == "Mouse":
        return mouse_event(key.text).row >= 0
    if key.name in {"", "PasteEnd", *TOLD, *SCREEN.chords}:
        return True
    found = _NAME.fullmatch(key.name)
    return found is not None and (bool(found[4]) or found[5] in NAMED)


def check(data: bytes, reader_of: Callable[[frozenset[str]], KeyReader]) -> None:
    """Type it into the screen's editor."""
    length, apart = 1 + data[0] % 16 if data else 1, (data[1] if len(data) > 1 else 0) / 100
    reader, bursts, editor, now = reader_of(SCREEN.chords), Bursts(), Editor(lambda _: ("", []), SCREEN), 0.0
    for begin in range(2, len(data), length):
        keys = reader.feed(data[begin : begin + length], now)
        assert all(map(has_name, keys)), keys
        for key in bursts.feed(keys, now, is_rest=reader.is_torn):
            editor.press(key)
        shown = editor.rows(COLUMNS, ROWS)
        assert len(shown.rows) <= ROWS
        assert all(cells(row) <= COLUMNS and not any(map(acts, row)) for row in shown.rows), shown
        now += apart
    for _ in range(4):
        now += REST_SECONDS_MAX
        reader.due(now)
    assert reader.deadline is None
    assert reader.feed(b"\x03", now) == [Key("Ctrl-C")]


class Patient(KeyReader):
    """Waits for the rest of a sequence for ever."""

    def due(self, now: float) -> list[Key]:
        """Decide nothing, however late it is."""
        return super().due(now - 3_600)


TARGET = Target("keys", make, check, KeyReader, Patient)
