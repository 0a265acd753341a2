"""Proposes what the word under the cursor may become: a command, a person or a group, as the grammar expects one there.

The word being typed is what stands after the last blank or comma before the cursor.  What stands before it chooses a
row of COMMANDS and says how many of the row's arguments are complete; the kind of the next one says what is proposed.
In running text a word that begins with `@` is taken for somebody's name, and so is one of at least `NAME_CHARS_MIN`
letters that begins one.
"""

import re
from collections.abc import Iterable

from reactor_chat.text.grammar import BY_KEY, OWN_BY_KEY, Kind
from reactor_chat.text.opening import is_blank, split_opening
from reactor_chat.text.parser import first_word
from reactor_chat.text.slash import BY_SLASH_WORD, SLASH_WORDS, SLASHES, argument_kind, slash_word
from reactor_chat.wire.messages import fold

NAME_CHARS_MIN = 2
"""Letters that are a name's beginning without an `@`: one letter begins too many."""

_word = re.compile(r"[^\s,]*\Z")
_separators = re.compile(r"[\s,]+")
_ROWS = BY_KEY | OWN_BY_KEY
_FIRST_WORDS = tuple(dict.fromkeys("@" + key.partition(" ")[0] for key in _ROWS))
_SECOND_WORDS = {
    first: tuple(key.partition(" ")[2] for key in _ROWS if key.startswith(f"{first} "))
    for first, _, second in (key.partition(" ") for key in _ROWS)
    if second
}


def word_typed(typed_up_to_cursor: str) -> str:
    """Return the word that every proposal of `completions` would replace; empty right after a blank or a comma."""
    found = _word.search(typed_up_to_cursor)
    return found[0] if found else ""


def completions(typed_up_to_cursor: str, people: Iterable[str], groups: Iterable[str]) -> list[str]:
    """Return what the word being typed may become.

    Args:
        typed_up_to_cursor: the line as far as the cursor.
        people: names that may be meant, in any order.
        groups: names of groups, in any order.

    Returns:
        Whole words, each to stand in place of `word_typed(typed_up_to_cursor)`, with the `@` where one belongs and
        without a blank after it: commands in the order of the table, then people, then groups, both alphabetically
        and in their own spelling.  Empty where nothing fits.

    Source: PROTOCOL §8.
    """
    word = word_typed(typed_up_to_cursor)
    before = typed_up_to_cursor[: len(typed_up_to_cursor) - len(word)]
    people, groups = _sorted(people), _sorted(groups)
    mentions = ["@" + name for name in people]
    if is_blank(before):
        return _first(split_opening(word)[1], mentions, people)
    if (slash := slash_word(before)) in BY_SLASH_WORD:
        return _of_kind(argument_kind(before), word, mentions, people, groups)
    key, rest = _row(before if f"/{slash}" not in SLASH_WORDS else "@" + split_opening(before)[1][1:])
    seconds = _SECOND_WORDS.get(key, ()) if not rest else ()
    if seconds and key not in BY_KEY:
        return _starting(word, seconds)
    kind = _kind_expected(key, rest)
    if kind == "conversation":
        return _starting(word, [*mentions, *groups, *seconds])
    if kind in ("user", "users", "person", "contact"):
        named = {fold(name) for name in _separators.split(rest.partition(" ")[2])}  # the first word is the group
        people = [name for name in people if fold(name) not in named]
    return _of_kind(kind, word, mentions, people, groups)


def _first(word: str, mentions: list[str], people: list[str]) -> list[str]:
    """What the first word of a line may become."""
    if word.startswith("@"):
        return _starting(word, [*_FIRST_WORDS, *mentions])
    if word.startswith(tuple(SLASHES)):
        return _starting("/" + word[1:], SLASH_WORDS)
    return _of_kind("text", word, mentions, people, [])


def _of_kind(kind: Kind | None, word: str, mentions: list[str], people: list[str], groups: list[str]) -> list[str]:
    if kind == "group":
        return _starting(word, groups)
    if kind in ("user", "users", "person", "contact"):
        return _starting(word.lstrip("@"), people)
    if kind != "text":
        return []
    return _starting(word, mentions if word.startswith("@") else people if len(word) >= NAME_CHARS_MIN else [])


def _row(before: str) -> tuple[str, str]:
    _, bare = split_opening(before)
    if not bare.startswith("@"):
        return "", bare
    key, rest = first_word(bare[1:])
    if fold(key) in _SECOND_WORDS and rest:
        second, rest = first_word(rest)
        key = f"{key} {second}"
    return fold(key), rest


def _kind_expected(key: str, rest: str) -> Kind | None:
    if key not in _ROWS:
        return None if key.partition(" ")[0] in _SECOND_WORDS else "text"
    arguments = _ROWS[key].arguments
    complete = len(rest.split())
    if complete < len(arguments):
        return arguments[complete].kind
    # A text and a list of people go on for as long as somebody types.
    return arguments[-1].kind if arguments and arguments[-1].kind in ("text", "users") else None


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(set(names), key=lambda name: (fold(name), name))


def _starting(word: str, candidates: Iterable[str]) -> list[str]:
    return [candidate for candidate in candidates if fold(candidate).startswith(fold(word))]
