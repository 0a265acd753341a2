"""Finds the links in a text: which part of a line leads where.

A link is what a person would take for one.  Punctuation at its end belongs to the sentence around it, and so does a
bracket that was opened in front of it; one that was opened within it does not (`…/Soup_(dish)`).  Letters of all
alphabets may stand in a path and are encoded where it leads; a host is ASCII, so that none looks like another, and
nothing stands in front of it (`https://a@b`), so that the link leads where it seems to.
"""

import re
from typing import NamedTuple
from urllib.parse import quote

URI_CHARS_MAX = 2_083
"""As long as terminals take a link; a longer one is text."""

_found = re.compile(
    r"(?<![A-Za-z0-9+.-])(?:"
    r"(?:https?|chat)://(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::[0-9]{1,5})?"
    r"(?![\w@-]|[.:]\w)(?:[/?#][^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]*)?"
    r"|mailto:[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?![\w@-]|[.:]\w)"
    r")",
    re.IGNORECASE,
)
_uri = re.compile(r"(?:https?://|chat://|mailto:)[!-~]+", re.IGNORECASE)
_SENTENCE = ".,:;!?'\"…)]*»”’›"
_BRACKETS = {")": "(", "]": "["}
_KEPT = "!#$%&'()*+,/:;=?@[]~"  # and what is encoded already


class Link(NamedTuple):
    """A part of a text, from one index to another, and where it leads: a URI of printable ASCII."""

    begin: int
    end: int
    uri: str


def links(text: str) -> list[Link]:
    """Return the links in a text, in their order, none overlapping another."""
    if ":" not in text:
        return []
    short = (one for one in _found.finditer(text) if one.end() - one.start() <= URI_CHARS_MAX)
    found = (Link(one.start(), *_without_end(text, one)) for one in short)
    return [link for link in found if len(link.uri) <= URI_CHARS_MAX and is_uri(link.uri)]


def is_uri(uri: str) -> bool:
    """Return whether a terminal may be told to lead somewhere: http, https, mailto or chat, and printable ASCII."""
    return _uri.fullmatch(uri) is not None


def _without_end(text: str, found: re.Match[str]) -> tuple[int, str]:
    """Where a link ends that the sentence around it goes on behind, and where it leads."""
    end = found.end()
    while text[end - 1] in _SENTENCE and not _is_closed_within(text[found.start() : end]):
        end -= 1
    return end, quote(text[found.start() : end], safe=_KEPT, errors="replace")


def _is_closed_within(link: str) -> bool:
    opened = _BRACKETS.get(link[-1])
    return opened is not None and link.count(opened) >= link.count(link[-1])
