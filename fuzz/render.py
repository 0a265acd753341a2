"""Whatever a server sends, what is shown is safe, and is one line wherever one line is promised."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.safe import acts
from fuzz.target import Target, mutated
from reactor_chat.errors import MessageInvalid
from reactor_chat.text.render import Line, Part, compose
from reactor_chat.text.safe import LINE_BREAK
from reactor_chat.wire import codec
from reactor_chat.wire.messages import NOTICES, HelpAnswer, HistoryAnswer, Notice, Refused, Said

Compose = Callable[[Notice, str, str], list[Line]]

TERMINAL_BREAK = "\n    "
SIGNS = (
    "\x1b[2J",
    "\x9b1m",
    "\n",
    "\r",
    "\u202e",
    "\u2028",
    "\u0301" * 9,
    "]",
    "[",
    "Ann",
    "a",
    " ",
    "\U000e0041",
    "é",
)
CHANGES = ("created", "added", "kicked", "left", "deleted", "owner", "else")
CODES = ("invalid_command", "no_such_user", "bad_text")
WORDS = [b'"', b"\\n", b"null", b"\\u001b[", b"[]", b"{}", b"Ann"]


NAMES = ("Ann", "Bob", "server", "private", "a b", "Bob, sealed", "\x1b[2J")


def text(random: Random) -> str:
    """Something short that may act on a terminal."""
    return "".join(random.choice(SIGNS) for _ in range(random.randint(0, 3)))


def name(random: Random) -> str:
    """What stands where a name belongs; the decoder has to notice where it is none."""
    return random.choice(NAMES[: 2 if random.random() < 0.8 else None])


def notice_fields(random: Random) -> dict[str, Any]:
    """Every field that any notice has."""
    names = [name(random) for _ in range(random.randint(0, 2))]
    return {
        "type": random.choice([*NOTICES, "said", "group_changed", "refused"]),
        "seq": random.randint(1, 9), "at": 1, "from": name(random), "to": name(random), "group": name(random),
        "text": text(random), "name": name(random), "names": names, "members": names, "by": name(random),
        "owner": name(random), "user": name(random), "change": random.choice(CHANGES), "code": random.choice(CODES),
        "groups": [{"group": name, "owner": name, "members": names} for name in names], "seconds": 1, "guest": True,
        "reason": "quit", "re": "1", "more": False, "marks": [{"seq": 1, "with": name} for name in names],
    }  # fmt: skip


def make(random: Random) -> bytes:
    """A notice of any kind whose words are not ours, and damage."""
    fields = notice_fields(random)
    if fields["type"] == "history":
        fields["messages"] = [{**notice_fields(random), "type": "said"} for _ in range(random.randint(0, 3))]
    data = json.dumps(fields).encode()
    return mutated(random, data, WORDS) if random.random() < 0.2 else data


def lines_max(notice: Notice) -> int:
    """How many lines a notice may be, where a break in a text is a mark (PROTOCOL §8)."""
    match notice:
        case HelpAnswer():
            return notice.text.count("\n") + 1
        case HistoryAnswer():
            return max(1, len(notice.messages))
        case Refused():
            return 2 if notice.code == "invalid_command" else 1
        case _:
            return 1


def check(data: bytes, compose_: Compose) -> None:
    """Read it, show it in a pipe and on a terminal, and look at every character."""
    try:
        notice = codec.decode_notice(data)
    except MessageInvalid:
        return
    lines = compose_(notice, "Ann", LINE_BREAK)
    assert len(lines) <= lines_max(notice), "a text passes for another's line"
    for line in [*lines, *compose_(notice, "Ann", TERMINAL_BREAK)]:
        for part in line:
            assert not any(map(acts, part.text)), f"{part.text!r} acts on a terminal"
    if isinstance(notice, Said):
        further = compose_(notice, "Ann", TERMINAL_BREAK)[1:]
        assert all(line[0].text.startswith("    ") for line in further), "a further line passes for another's"


def trusting(notice: Notice, me: str, line_break: str) -> list[Line]:
    """A view that believes a server's words."""
    if isinstance(notice, Refused):
        return [[Part("refusal", notice.text)]]
    return compose(notice, me, line_break)


TARGET = Target("render", make, check, compose, trusting)
