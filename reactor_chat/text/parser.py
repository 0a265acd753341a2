"""Turns any line a person may type into a request or a refusal, and a request back into a line.

Theory of operation: a line whose first visible character is no `@` is said as it was typed (`opening` says which that
is).  Otherwise the word after the `@` chooses a row of COMMANDS (for a family such as `@group`, together with the next
word), and the row's arguments take their share of the rest, one after the other; whatever is missing, wrong or left
over makes it a usage refusal.  A word that is neither a command nor reserved is a person's name.

Whether people and groups exist, may be called so, or are too many is the chat's to judge and not looked at here.
`format_request` writes candidates by the same rows and returns the one that `parse` reads back as the same request, so
the two cannot drift apart.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from reactor_chat.text.grammar import (
    BY_KEY,
    COMMANDS,
    FAMILIES,
    OWN_BY_KEY,
    OWN_FIRST_WORDS,
    OWN_WORDS_MAX,
    Argument,
    Command,
    Kind,
    help_text,
    usage_of,
)
from reactor_chat.text.nearness import nearest
from reactor_chat.text.opening import AT_SIGNS, split_opening
from reactor_chat.text.orders import OFF, Order
from reactor_chat.wire.messages import (
    HISTORY_LIMIT_DEFAULT,
    HISTORY_LIMIT_MAX,
    RESERVED_WORDS,
    Refused,
    Request,
    Say,
    Tell,
    fold,
    is_name,
)

# The chat's core may import this module only, and asks it for the help and for "did you mean" too.
__all__ = [
    "INVALID_COMMAND", "first_word", "format_request", "help_text", "nearest", "nearest_command", "parse",
    "parse_typed",
]  # fmt: skip

INVALID_COMMAND = "Invalid command. Use @help"
"""The first line of every `invalid_command` refusal (PROTOCOL §6)."""

ONLY_IN_A_CLIENT = "Only the reactor-chat client has this command"
"""What a server adds where somebody asks it for what only a client can do."""

_moment = re.compile(r"(\d{4}-\d{2}-\d{2}(\s+\d{1,2}:\d{2})?|\d{1,2}:\d{2})(?!\S)", re.ASCII)
_separators = re.compile(r"[\s,]+")
_FIRST_WORDS = tuple(dict.fromkeys(key.partition(" ")[0] for key in BY_KEY))
_ALL_FIRST_WORDS = (*_FIRST_WORDS, *OWN_FIRST_WORDS)

_ESCAPES = tuple(f"@{sign}" for sign in AT_SIGNS)
"""What begins a text that itself begins with an at sign."""

Taken = tuple[dict[str, Any], str]
"""The fields an argument fills, and what it left of the line."""


def parse(typed: str, request_id: str | None = None) -> Request | Refused:
    """Read one line that a person typed.

    Args:
        typed: any text at all, of any length; it may hold line breaks, which end a word like a blank does.
        request_id: becomes the request's `id`, or the refusal's `re`.

    Returns:
        The request asked for; or a refusal: `bad_text` for a blank line, `invalid_command` for what begins with `@`
        and is no command and no private message.  A known command with wrong arguments adds a line with its usage,
        one of a client's own a line that says where it is done, a mistyped one a line with the command that is near.

    Source: PROTOCOL §8.
    """
    if _order(typed) is None:
        return _request(typed, request_id)
    return Refused("invalid_command", f"{INVALID_COMMAND}\n{ONLY_IN_A_CLIENT}", request_id)


def parse_typed(typed: str, request_id: str | None = None) -> Request | Order | Refused:
    """Read one line that a person typed into a client; as `parse`, but what only a client can do is an order to it."""
    order = _order(typed)
    if isinstance(order, Refused):
        return Refused(order.code, order.text, request_id)
    return _request(typed, request_id, _ALL_FIRST_WORDS) if order is None else order


def nearest_command(word: str, words: Iterable[str] = _FIRST_WORDS) -> str | None:
    """Return the command, with its `@`, that somebody may have meant who typed this word; None where none is near."""
    near = nearest(word, words)
    return None if near is None else f"@{near}"


def _request(typed: str, request_id: str | None, commands: Iterable[str] = _FIRST_WORDS) -> Request | Refused:
    unseen, bare = split_opening(typed)
    if not bare:
        return Refused("bad_text", "There is nothing to say on a blank line", request_id)
    if not bare.startswith("@"):
        return Say(text=typed, id=request_id)
    if bare.startswith(_ESCAPES):
        return Say(text=unseen + bare[1:], id=request_id)
    word, rest = first_word(bare[1:])
    if not is_name(word):
        return _invalid(request_id)
    if fold(word) in RESERVED_WORDS:
        return _command(fold(word), rest, request_id)
    return Tell(to=word, text=rest, id=request_id) if rest else _mistyped(word, commands, request_id)


def format_request(request: Request) -> str:
    """Write a request as a line that `parse` reads back as the same request (its `id`, which no line holds, aside).

    Args:
        request: one that `parse` can return.

    Returns:
        The line, by the first row of COMMANDS that can say it; names keep their spelling.

    Raises:
        ValueError: no line asks for this (a login, a ping, a sealed message, a page of history before a number, a
            text of blanks only, a name with a blank in it).

    Source: PROTOCOL §8.
    """
    for typed in _spellings(request):
        if parse(typed, request.id) == request:
            return typed
    raise ValueError(f"there is no line to type for this {type(request).__name__}")


def first_word(text: str) -> tuple[str, str]:
    """Return the word that a text begins with and the rest without the blanks around it; a blank means no word."""
    word = text[:1].strip() and text.split(maxsplit=1)[0]
    return word, text[len(word) :].strip()


# --------------------------------------------------------------------------------------- a line into a request


def _order(typed: str) -> Order | Refused | None:
    """What a line asks of the client itself; a refusal where it is wrong; None where it asks nothing of it."""
    _, bare = split_opening(typed)
    word, rest = first_word(bare[1:]) if bare.startswith("@") else ("", "")
    if not is_name(word) or fold(word) not in OWN_FIRST_WORDS:
        return None
    command, rest = _own_command(fold(word), rest)
    if command is None:
        return None if fold(word) in FAMILIES or fold(word) in BY_KEY else _invalid(None, usage_of(fold(word)))
    fields = _fields(command, rest)
    if fields is not None:
        order: Order = _made(command, fields)
        return order
    if isinstance(_request(typed, None), Refused):
        return _invalid(None, command.usage)
    return None  # `@help` alone, or a group that is called like the second word of ours


def _own_command(key: str, rest: str) -> tuple[Command | None, str]:
    """The row whose words a line begins with, the longest that does, and what stands behind them."""
    found, left = OWN_BY_KEY.get(key), rest
    for _ in range(OWN_WORDS_MAX - 1):
        word, rest = first_word(rest)
        if not is_name(word):
            break
        key = f"{key} {fold(word)}"
        if key in OWN_BY_KEY:
            found, left = OWN_BY_KEY[key], rest
    return found, left


def _command(key: str, rest: str, request_id: str | None) -> Request | Refused:
    if key in FAMILIES:
        second, after = first_word(rest)
        # `is_name` first: there are signs outside of ASCII whose lower case is inside.
        if not is_name(second) or fold(second) not in FAMILIES[key]:
            return _invalid(request_id, usage_of(key))
        key, rest = f"{key} {fold(second)}", after
    if key not in BY_KEY:
        return _invalid(request_id)
    command = BY_KEY[key]
    fields = _fields(command, rest)
    return _invalid(request_id, command.usage) if fields is None else _made(command, {**fields, "id": request_id})


def _made(command: Command, fields: dict[str, Any]) -> Any:
    return command.request(**fields)


def _invalid(request_id: str | None, usage: str | None = None) -> Refused:
    text = INVALID_COMMAND if usage is None else f"{INVALID_COMMAND}\nUsage: {usage}"
    return Refused("invalid_command", text, request_id)


def _mistyped(word: str, commands: Iterable[str], request_id: str | None) -> Refused:
    """The refusal of a person's name with nothing to tell them, which may be a command with a letter wrong."""
    near = nearest_command(word, commands)
    text = INVALID_COMMAND if near is None else f"{INVALID_COMMAND}\nDid you mean {near}?"
    return Refused("invalid_command", text, request_id)


def _fields(command: Command, rest: str) -> dict[str, Any] | None:
    fields: dict[str, Any] = {}
    for argument in command.arguments:
        taken = _TAKES[argument.kind](argument.field, rest)
        if taken is None:
            return None
        more, rest = taken
        fields |= more
    return None if rest else fields


def _take_word(field: str, rest: str) -> Taken | None:
    word, after = first_word(rest)
    return ({field: word}, after) if word else None


def _take_contact(field: str, rest: str) -> Taken | None:
    word, after = first_word(rest)
    return ({field: word} if word else {}), after


def _take_text(field: str, rest: str) -> Taken | None:
    return ({field: rest}, "") if rest else None


def _take_rest(field: str, rest: str) -> Taken | None:
    return ({field: rest} if rest else {}), ""


def _take_users(field: str, rest: str) -> Taken | None:
    users = [user for user in _separators.split(rest) if user]
    return ({field: users}, "") if users else None


def _take_some_users(field: str, rest: str) -> Taken | None:
    return _take_users(field, rest) if rest else ({}, "")


def _take_secret(field: str, rest: str) -> Taken | None:
    word, after = first_word(rest)
    return ({field: fold(word)}, after) if fold(word) in ("-", OFF) else None


def _take_user(field: str, rest: str) -> Taken | None:
    taken = _take_users(field, rest)
    return ({field: taken[0][field][0]}, "") if taken and len(taken[0][field]) == 1 else None


def _take_conversation(field: str, rest: str) -> Taken | None:
    word, after = first_word(rest)
    if not word or (_is_number(word) and not after):  # one number alone is how many, not which
        return {}, rest
    if not word.startswith("@"):
        return {"group": word}, after
    return ({field: word[1:]}, after) if word != "@" else None


def _take_number(field: str, rest: str) -> Taken | None:
    if not rest:
        return {}, ""
    digits = rest.lstrip("0")
    # Measured before it is read: Python refuses to read numbers of thousands of digits.
    if not _is_number(rest) or len(digits) > 3 or not 1 <= int(digits or 0) <= HISTORY_LIMIT_MAX:
        return None
    return {field: int(digits)}, ""


def _take_moment(field: str, rest: str) -> Taken | None:
    found = _moment.match(rest)
    return ({field: " ".join(found[0].split())}, rest[found.end() :].strip()) if found else None


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit()


_TAKES: dict[Kind, Callable[[str, str], Taken | None]] = {
    "group": _take_word,
    "user": _take_user,
    "users": _take_users,
    "text": _take_text,
    "conversation": _take_conversation,
    "number": _take_number,
    "person": _take_word,
    "contact": _take_contact,
    "rest": _take_rest,
    "some users": _take_some_users,
    "secret": _take_secret,
    "moment": _take_moment,
}
"""How each kind of argument takes its share of the rest of a line, which has no blanks around it; None: it cannot."""


# --------------------------------------------------------------------------------------- a request into a line


def _spellings(request: Request) -> Iterator[str]:
    if isinstance(request, Say):
        text = request.text or ""
        unseen, bare = split_opening(text)
        yield unseen + "@" + text[len(unseen) :] if bare.startswith("@") else text
        return
    for command in COMMANDS:
        if command.request is type(request):
            written = [_written(argument, request) for argument in command.arguments]
            line = " ".join([command.words, *filter(None, written)])
            yield line if command.key else line.replace("@ ", "@", 1)


def _written(argument: Argument, request: Any) -> str:
    value = getattr(request, argument.field)
    if argument.kind == "users":
        return ",".join(value)
    if argument.kind == "conversation":
        return request.group or "" if value is None else f"@{value}"
    if argument.kind == "number" and value == HISTORY_LIMIT_DEFAULT and not _is_number(request.group or ""):
        return ""
    return "" if value is None else str(value)
