"""What `@help` answers in a client: an overview that fits a small terminal, and a page for each topic.

The pages are cut from the rows of the grammar; only which words belong to which topic stands here.  A command that no
topic names is on the page `more`, so none can be forgotten.
"""

from collections.abc import Iterable, Sequence

from reactor_chat.text.grammar import COMMANDS, OWN_COMMANDS, Command, help_text, slash_rows
from reactor_chat.text.nearness import nearest
from reactor_chat.wire.messages import fold

_WORDS: dict[str, tuple[str, ...]] = {
    "groups": ("group", "grouplist", "who", "add", "kick"),
    "history": ("history",),
    "people": ("", "names", "seen", "ignore", "unignore"),
    "encryption": ("encrypt", "group encrypt"),
    "held": ("held",),
    "trust": ("verify", "trust", "contacts", "invite"),
}
"""The first words of a topic's commands, or all of them; the longest that fits counts."""

_NEED_A_KEY = ("encryption", "held", "trust")
_MORE = "more"
KEYS = "keys"
"""The topic whose lines a view knows: what the keys of the keyboard do."""
SLASH = "slash"
"""The topic of what can be typed with a slash."""


def topics(*, has_key: bool) -> list[str]:
    """Return the topics, in the order in which they are named."""
    left = [topic for topic in _WORDS if has_key or topic not in _NEED_A_KEY]
    return [KEYS, SLASH, *left, *([_MORE] if _rows(_MORE) else [])]


def overview(*, has_key: bool) -> str:
    """Return what `@help` answers: what everybody needs, and which topics there are.

    Returns:
        At most 21 lines of at most 80 columns: with a headline and a prompt they fit 24 rows.
    """
    names = ", ".join(topics(has_key=has_key))
    return f"{help_text()}\n@help <topic>  on {names}"


def page(asked: str, keys: Iterable[tuple[str, str]], *, has_key: bool) -> str | None:
    """Return the page of a topic, or of a command.

    Args:
        asked: what was typed behind `@help`, in any case; a command with or without its `@`.
        keys: names and meanings of the keyboard's keys.
        has_key: whether there is anything to encrypt with.

    Returns:
        At most 22 lines of at most 80 columns; None where there is no such topic.
    """
    wanted = " ".join(fold(asked).split())
    if wanted in topics(has_key=has_key):
        known = {KEYS: list(keys), SLASH: slash_rows()}
        return _aligned(known.get(wanted) or [(row.usage, row.summary) for row in _rows(wanted)])
    word = wanted.removeprefix("@")
    named = [(row.usage, row.summary) for row in (*COMMANDS, *OWN_COMMANDS) if row.key and _begins(row.key, word)]
    return _aligned(named) if named else None


def no_page(asked: str, *, has_key: bool) -> str:
    """Return the words for a topic that there is none of, with the nearest one."""
    known = topics(has_key=has_key)
    near = nearest(fold(asked), known)
    hint = f"Did you mean @help {near}? " if near is not None else ""
    return f"There is no help on that. {hint}Topics: {', '.join(known)}"


def _rows(topic: str) -> list[Command]:
    return [row for row in (*COMMANDS, *OWN_COMMANDS) if _topic_of(row.key) == topic]


def _topic_of(key: str) -> str:
    found = [(len(words), topic) for topic, all_words in _WORDS.items() for words in all_words if _begins(key, words)]
    if found:
        return max(found)[1]
    return "" if key in ("help", "quit") else _MORE


def _begins(key: str, words: str) -> bool:
    return key == words or (words != "" and key.startswith(f"{words} "))


def _aligned(rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"{left:<{width}}  {right}" for left, right in rows)
