"""No character that comes out can act on a terminal, doing it twice changes nothing, and a line stays one line."""

import unicodedata
from collections.abc import Callable
from random import Random

from wcwidth import wcwidth

from fuzz.target import Target, mutated
from reactor_chat.text.render import render
from reactor_chat.text.safe import is_safe, safe
from reactor_chat.wire.messages import Said

TEXTS = (
    *(
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\x9b31m",
        "\u202e",
        "\u2066",
        "\u0301" * 20,
        *("\u200d", "\u200c", "\u200f", "\u00ad", "\ufe0f", "\u09b0", "\u09cd", "\u05e9", "\U0001f3f4", "\U000e007f"),
        "\u2028",
        "\r",
        "\n",
        "\t",
    ),
    *("\x08", "\x7f", "\U000e0041", "\U0001f469\u200d\U0001f467", "你好", "plain", "[Welcome John]"),
)
WORDS = [text.encode("utf-8") for text in TEXTS]
ACTS = {"Cc", "Cs", "Zl", "Zp", "Co"}
NEEDED = range(0x200B, 0x200E), range(0x0600, 0x0606), (0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2), (0x110BD, 0x110CD)
TAGS = range(0xE0061, 0xE0080)
"""Format characters that scripts and flags need in their places, and do nothing there."""


def make(random: Random) -> bytes:
    """Words that terminals act on, among harmless ones."""
    data = b"".join(random.choice(WORDS) for _ in range(random.randint(1, 6)))
    return mutated(random, data, WORDS)


def acts(character: str) -> bool:
    """Tell whether a terminal might do something with a character, or with one that is none yet."""
    category, code = unicodedata.category(character), ord(character)
    if category == "Cf":
        return code not in TAGS and not any(code in some for some in NEEDED)
    return category in ACTS or (category == "Cn" and wcwidth(character) != 2)


def check(data: bytes, make_safe: Callable[[str], str]) -> None:
    """Make it safe, and look at every character."""
    shown = make_safe(data.decode("utf-8", "surrogateescape"))
    for character in shown:
        assert not acts(character), f"U+{ord(character):04X} came through"
    assert make_safe(shown) == shown
    assert is_safe(shown)
    line = render(Said(1, 1, "John", data.decode("utf-8", "replace")), "John")
    assert line is not None
    assert "\n" not in line


def only_escapes(text: str) -> str:
    """Takes out what begins a terminal's sequences, and nothing else."""
    return text.replace("\x1b", "␛")


TARGET = Target("safe", make, check, safe, only_escapes)
