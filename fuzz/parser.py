"""Any text is a request or a refusal, and a request written as a line is read as the same request."""

from collections.abc import Callable
from random import Random

from fuzz.target import Target, mutated
from reactor_chat.text.grammar import fuzz_dictionary
from reactor_chat.text.parser import format_request, parse
from reactor_chat.wire.messages import Refused, Request, Say

WORDS = [word.encode() for word in fuzz_dictionary()]
WORDS += [b" ", b"  ", b"\n", b"\t", b"@", b"@@", b",", b"0", b"20", b"201", b"John", b"\xc2\xa0", b"\xe2\x80\xa8"]


def make(random: Random) -> bytes:
    """Words of the grammar in any order, and damage."""
    data = b" ".join(random.choice(WORDS) for _ in range(random.randint(0, 6)))
    return mutated(random, data, WORDS)


def check(data: bytes, read: Callable[[str], Request | Refused]) -> None:
    """Read, write, read again."""
    typed = data.decode("utf-8", "surrogateescape")
    read_once = read(typed)
    if isinstance(read_once, Refused):
        assert read_once.code in {"invalid_command", "bad_text"}
        return
    assert read(format_request(read_once)) == read_once


def without_escape(typed: str) -> Request | Refused:
    """A parser that forgot what @@ means."""
    return Say(typed) if typed.startswith("@@") else parse(typed)


TARGET = Target("parser", make, check, parse, without_escape)
