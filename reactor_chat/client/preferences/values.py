"""Reads the values of `client.toml`: each kind of setting from what TOML makes of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from reactor_chat.client.commands.key_map import Bound, read_action, read_key
from reactor_chat.client.connecting.destination import Destination, read_destination
from reactor_chat.client.options import DEFAULT_PORT
from reactor_chat.errors import UsageError
from reactor_chat.text.nearness import nearest
from reactor_chat.wire.messages import NAME_CHARS_MAX, fold, is_name

KEYWORDS_MAX = 100
KEYWORD_CHARS_MAX = 64
"""Each is looked for in every message that comes."""
ACCOUNTS_MAX = 32
SHOWN_CHARS_MAX = 60

OwnKeys = tuple[tuple[str, Bound | None], ...]
"""Keys, and what each is to do; None for nothing: what a `KeyMap` takes."""


class Account(NamedTuple):
    """A server to be connected to.

    Attributes:
        name: to log in with.
        server: as it was written.
        destination: where that leads.
        home: where the key and the archive are kept; None for the usual place.
    """

    name: str
    server: str
    destination: Destination
    home: Path | None = None


def read_switch(value: Any) -> bool:
    """Return whether something is on.  Raises UsageError."""
    if isinstance(value, bool):
        return value
    raise UsageError(f"use true or false, not {shown(value)}")


def one_of(*words: str) -> Callable[[Any], str]:
    """Return what reads one of these words."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise UsageError(f"use {', '.join(words[:-1])} or {words[-1]}, not {shown(value)}")

    return read


def read_keywords(value: Any) -> tuple[str, ...]:
    """Return words, each once.  Raises UsageError."""
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise UsageError('use a list of words, such as ["deploy", "lunch"]')
    words = tuple(dict.fromkeys(word.strip() for word in value))
    if len(words) > KEYWORDS_MAX or max(map(len, words), default=0) > KEYWORD_CHARS_MAX:
        raise UsageError(f"at most {KEYWORDS_MAX} words of at most {KEYWORD_CHARS_MAX} characters")
    return words


def read_keys(value: Any) -> OwnKeys:
    """Return what keys are to do.  Raises UsageError, where one is none, or stands there twice."""
    if not isinstance(value, dict) or not all(isinstance(action, str) for action in value.values()):
        raise UsageError('use a table of keys and actions, such as "Alt-A" = "next_unread"')
    found: dict[str, Bound | None] = {}
    for written, action in value.items():
        key = read_key(written)
        if key in found:
            raise UsageError(f"{key} is there twice")
        found[key] = _action(written, action)
    return tuple(found.items())


def _action(key: str, written: str) -> Bound | None:
    try:
        return read_action(written)
    except UsageError as error:
        raise UsageError(f"{key}: {error}") from error


def read_accounts(value: Any) -> tuple[Account, ...]:
    """Return servers.  Raises UsageError."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise UsageError("begin each with [[account]]")
    if len(value) > ACCOUNTS_MAX:
        raise UsageError(f"at most {ACCOUNTS_MAX} of them")
    accounts = tuple(map(_account, value))
    if len({(fold(one.name), one.destination[:2]) for one in accounts}) < len(accounts):
        raise UsageError("the same name on the same server is there twice")
    return accounts


def _account(row: dict[str, Any]) -> Account:
    if (unknown := next((name for name in row if name not in ("name", "server", "home")), None)) is not None:
        raise UsageError(unknown_name(unknown, ["name", "server", "home"]))
    name, server, home = row.get("name"), row.get("server"), row.get("home")
    if not isinstance(name, str) or not is_name(name):
        raise UsageError(f"name: use 1 to {NAME_CHARS_MAX} of A-Z a-z 0-9 _")
    if not isinstance(server, str):
        raise UsageError('server: use a text, such as "chat.example:7667"')
    return Account(name, server, read_destination(server, DEFAULT_PORT, DEFAULT_PORT), _home(home))


def _home(value: Any) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, str) or "\0" in value:
        raise UsageError("home: use the path of a directory")
    try:
        path = Path(value).expanduser()
    except RuntimeError as error:  # of nobody that the system knows
        raise UsageError(f"home: {shown(value)} leads nowhere") from error
    if not path.is_absolute():
        raise UsageError(f"home: use an absolute path, not {shown(value)}")
    return path


def shown(value: Any) -> str:
    """Return a value as a complaint repeats it: in one line, and not longer than that has room for."""
    text = repr(value)
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[: SHOWN_CHARS_MAX - 1]}…"


def unknown_name(name: str, known: list[str]) -> str:
    """Return the words for a name that nothing has."""
    near = nearest(name, known)
    hint = f" Did you mean {near}?" if near is not None else ""
    return f"unknown name {shown(name)}.{hint} There are: {', '.join(known)}"
