"""What a request of the chat may look like (PROTOCOL §1 to §3, §8), written down once more and without the package."""

import re
from collections.abc import Callable
from typing import Any

RESERVED = frozenset(
    "quit names history help group groups grouplist who add kick encrypt verify trust device sendfile acceptfile "
    "rejectfile viewfile search seen contacts held invite ignore unignore me everyone server private".split()
)
TEXT_BYTES_MAX = 16_384
BAD_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SEQ_MAX = 2**53 - 1

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_list(value: Any) -> bool:
    return type(value) is list and all(map(_is_text, value))


def _is_int(least: int, most: int) -> Check:
    return lambda value: type(value) is int and least <= value <= most


CONTENT: dict[str, Check] = {}
REQUIRED: dict[str, dict[str, Check]] = {
    "login": {"name": _is_text, "protocol": lambda value: type(value) is int},
    "line": {"text": _is_text},
    "say": CONTENT,
    "tell": {"to": _is_text},
    "group_send": {"group": _is_text},
    "group_set": {"group": _is_text, "members": _is_list},
    "group_add": {"group": _is_text, "users": lambda value: _is_list(value) and bool(value)},
    "group_kick": {"group": _is_text, "user": _is_text},
    "group_leave": {"group": _is_text},
    "group_delete": {"group": _is_text},
    "names": {},
    "groups": {},
    "help": {},
    "who": {"group": _is_text},
    "history": {},
    "mark_read": {"seq": _is_int(0, SEQ_MAX)},
    "read_marks": {},
    "ping": {},
    "quit": {},
}
SAYS = {"say", "tell", "group_send"}
NAMES_A_CONVERSATION = {"history", "mark_read"}
OPTIONAL: dict[str, dict[str, Check]] = {
    "login": {"after": _is_int(0, SEQ_MAX)},
    "history": {"limit": _is_int(1, 200), "before": _is_int(0, SEQ_MAX), "with": _is_text, "group": _is_text},
    "mark_read": {"with": _is_text, "group": _is_text},
    "ping": {"data": lambda value: _is_text(value) and len(value) <= 64},
}
CHANGES = {"say", "tell", "group_send", "group_set", "group_add", "group_kick", "group_leave", "group_delete"}


def is_id(value: Any) -> bool:
    """Return whether a request may carry this as its id."""
    return type(value) is str and 1 <= len(value) <= 64


def is_well_formed(what: dict[str, Any]) -> bool:
    """Return whether a request has every field it needs, each of the type and in the range it has to have."""
    tag = what.get("type")
    if tag not in REQUIRED or not is_id(what.get("id", "none")):
        return False
    optional = OPTIONAL.get(tag, {})
    fits = all(field in what and check(what[field]) for field, check in REQUIRED[tag].items())
    fits = fits and all(check(what[field]) for field, check in optional.items() if field in what)
    if tag in SAYS:
        fits = fits and ("text" in what) != ("sealed" in what)
        fits = fits and _is_text(what.get("text", "")) and type(what.get("sealed", {})) is dict
    return fits and not (tag in NAMES_A_CONVERSATION and "with" in what and "group" in what)


def is_name(word: str) -> bool:
    """Return whether a person or a group may be called so, reserved words aside."""
    return re.fullmatch(r"[A-Za-z0-9_]{1,32}", word) is not None


def text_refusals(what: dict[str, Any], text_bytes_max: int) -> set[str]:
    """Return the codes that the text of a request may be refused with; none where it is in order."""
    if "text" not in what:
        return set()
    text = what["text"]
    codes = {"too_long"} if len(text.encode("utf-8")) > text_bytes_max else set()
    return codes | ({"bad_text"} if not text or BAD_TEXT.search(text) else set())


def meaning(typed: str) -> dict[str, Any] | str:
    """Return the request that a typed line asks for, or the code it is refused with (PROTOCOL §8)."""
    bare = typed.strip()
    if not bare:
        return "bad_text"
    if not bare.startswith("@"):
        return {"type": "say", "text": typed}
    if bare.startswith("@@"):
        return {"type": "say", "text": typed.replace("@@", "@", 1)}
    words = bare[1:].split(" ")
    command, rest = words[0].lower(), words[1:]
    if command not in RESERVED:
        text = " ".join(rest)
        return {"type": "tell", "to": words[0], "text": text} if is_name(words[0]) and text else "invalid_command"
    if command == "group" and rest:
        command, rest = f"group {rest[0].lower()}", rest[1:]
    return _command(command, rest)


def _command(command: str, rest: list[str]) -> dict[str, Any] | str:
    if command == "history":
        return _history(rest)
    plain = {"quit": "quit", "names": "names", "help": "help", "grouplist": "groups"}
    if command in plain:
        return "invalid_command" if rest else {"type": plain[command]}
    of_group = {"who": "who", "group leave": "group_leave", "group delete": "group_delete"}
    if command in of_group and len(rest) == 1:
        return {"type": of_group[command], "group": rest[0]}
    return _about_a_group(command, rest)


def _about_a_group(command: str, rest: list[str]) -> dict[str, Any] | str:
    group, listed = rest[:1], [name for word in rest[1:] for name in word.split(",") if name]
    if command == "group send" and len(rest) > 1:
        return {"type": "group_send", "group": group[0], "text": " ".join(rest[1:])}
    if command in ("add", "group add") and listed:
        return {"type": "group_add", "group": group[0], "users": listed}
    if command == "group set" and listed:
        return {"type": "group_set", "group": group[0], "members": listed}
    if command in ("kick", "group kick") and len(listed) == 1:
        return {"type": "group_kick", "group": group[0], "user": listed[0]}
    return "invalid_command"


def _history(rest: list[str]) -> dict[str, Any] | str:
    asked: dict[str, Any] = {"type": "history"}
    if rest and rest[-1].isdigit():
        asked["limit"] = int(rest.pop())
    if rest:
        word = rest.pop(0)
        asked |= {"with": word[1:]} if word.startswith("@") else {"group": word}
    return asked if not rest and 1 <= asked.get("limit", 50) <= 200 else "invalid_command"
