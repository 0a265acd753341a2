"""What a line that begins with a slash means where a person types it at a terminal.

`/word` is a command or an error, and never said: whoever has typed `/msg Stella …` in other chats for years means
Stella only.  `//` says a slash.  A command becomes the line that means the same here, to be taken as if that had been
typed, or something that only a view can do.  In a pipe nobody calls this, and `/etc/passwd` is text.

`/me waves` is said as it stands, as in XMPP (XEP-0245): whoever shows it may show it as something that is done.
"""

from typing import NamedTuple

from reactor_chat.text.grammar import BY_KEY, OWN_FIRST_WORDS, SLASH_COMMANDS, Kind, SlashCommand
from reactor_chat.text.opening import split_opening
from reactor_chat.text.parser import first_word
from reactor_chat.wire.messages import Refused, fold, is_name

SLASHES = "/／"
"""What counts as a slash at the beginning of a line, as an input method may type it."""

ACTION = "/me "
"""What a text begins with that says what somebody does."""

WORD_CHARS_MAX = 32
"""So much of an unknown command is told; a paste may begin with anything."""

BY_SLASH_WORD = {row.word: row for row in SLASH_COMMANDS}
_PLAIN_WORDS = tuple(dict.fromkeys([*(key.partition(" ")[0] for key in BY_KEY), *sorted(OWN_FIRST_WORDS)]))
SLASH_WORDS = tuple(dict.fromkeys(f"/{word}" for word in (*BY_SLASH_WORD, *_PLAIN_WORDS)))
"""Every word that can be typed with a slash, with it."""


class Line(NamedTuple):
    """This line is meant, to be taken as if it had been typed; where it begins with a slash itself, that is text."""

    text: str


class OpenChat(NamedTuple):
    """Show the chat with a person, or of a group, and say something there where a text is given."""

    user: str | None = None
    group: str | None = None
    text: str = ""


class CloseChat(NamedTuple):
    """Close the chat that is open."""


Slash = Line | OpenChat | CloseChat | Refused
"""What a line with a slash comes to."""


def read_slash(typed: str) -> Slash | None:
    """Read a line that a person typed at a terminal.

    Args:
        typed: any text; it may have line breaks.

    Returns:
        What it comes to, `Refused` where it is no command or lacks something; None where it does not begin with a slash
        and a letter, or two slashes, and is what it seems.
    """
    unseen, bare = split_opening(typed)
    if not bare.startswith(tuple(SLASHES)):
        return None
    if bare[1:].startswith(tuple(SLASHES)):
        return Line(unseen + "/" + bare[2:])
    if not bare[1:2].isalpha():
        return None
    word, rest = first_word(bare[1:])
    row = BY_SLASH_WORD.get(fold(word))
    if row is not None:
        return _by_row(row, rest)
    if is_name(word) and fold(word) in _PLAIN_WORDS:
        return Line(f"@{word} {rest}".rstrip())
    shown = word if len(word) <= WORD_CHARS_MAX else f"{word[:WORD_CHARS_MAX]}…"
    return _refused(f"Unknown command /{shown}. Use @help; // sends a line that begins with a slash")


def meant(typed: str) -> str:
    """Return the line that is meant as far as it is typed: that of a command with a slash, else the one typed."""
    row = BY_SLASH_WORD.get(slash_word(typed))
    rest = first_word(split_opening(typed)[1][1:])[1]
    if row is not None and row.becomes is not None and rest:
        return row.becomes.format(_bare_name(row, rest))
    read = read_slash(typed)
    return read.text if isinstance(read, Line) else typed


def escaped(text: str) -> str:
    """Return how a line is typed at a terminal that is to be taken as it stands, whatever it begins with."""
    if read_slash(text) in (None, Line(text)):
        return text
    unseen, bare = split_opening(text)
    return f"{unseen}/{bare}"


def action_said(text: str) -> str | None:
    """Return what somebody says that they do; None where a text says no such thing."""
    return text.removeprefix(ACTION).strip() or None if text.startswith(ACTION) else None


def slash_word(typed: str) -> str:
    """Return the word behind the slash that a line begins with, lower case; empty where it begins otherwise."""
    _, bare = split_opening(typed)
    return fold(first_word(bare[1:])[0]) if bare.startswith(tuple(SLASHES)) else ""


def argument_kind(typed_before: str) -> Kind | None:
    """Return what is expected behind a command of `SLASH_COMMANDS`, as far as it is typed; None where nothing is.

    Args:
        typed_before: the line as far as the word that is being typed.
    """
    row = BY_SLASH_WORD.get(slash_word(typed_before))
    if row is None:
        return None
    rest = first_word(split_opening(typed_before)[1][1:])[1]
    return row.kind if not rest else "text" if row.takes.endswith(("<message>", "[<message>]")) else None


def _by_row(row: SlashCommand, rest: str) -> Slash:
    wanted = sum(part.startswith("<") for part in row.takes.split())
    if len(rest.split(maxsplit=wanted)) < wanted or (rest and not row.takes and row.becomes is None):
        return _refused(f"Usage: {row.usage}")
    rest = _bare_name(row, rest)
    if rest and row.becomes is not None:
        return Line(row.becomes.format(rest))
    if row.alone is not None:
        return Line(row.alone)
    return _for_the_view(row, rest)


def _for_the_view(row: SlashCommand, rest: str) -> Slash:
    if not rest:
        return CloseChat()
    name, text = first_word(rest)
    if not is_name(name) or (text and not row.takes.endswith("[<message>]")):
        return _refused(f"Usage: {row.usage}")
    return OpenChat(user=name, text=text) if row.kind == "user" else OpenChat(group=name)


def _bare_name(row: SlashCommand, rest: str) -> str:
    """What follows, without the `@` or `#` that people put in front of a name."""
    return rest[1:] if row.kind in ("user", "group") and rest[:1] in ("@", "#") else rest


def _refused(text: str) -> Refused:
    return Refused("invalid_command", text)
