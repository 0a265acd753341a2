"""Whether a message is what was searched for, and where its words are.

This alone decides: the index only says which messages are worth a look.
"""

import re
from collections.abc import Sequence

from reactor_chat.client.archive.contract import Entry
from reactor_chat.client.archive.query import Query, Side, Term
from reactor_chat.client.archive.words import units_of, words_of
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import fold

Spans = tuple[tuple[int, int], ...]

_link = re.compile(r"\b[a-z][a-z0-9+.-]*://\w", re.IGNORECASE)


def has_link(text: str) -> bool:
    """Return whether there is a link in a text: a scheme, `://` and something behind it."""
    return _link.search(text) is not None


def spans_in(entry: Entry, query: Query) -> Spans | None:
    """Return where the words of a query are in an entry's text; None where the entry is not what it asks for.

    Only what was said somewhere is found: nobody searches for who came and went.
    """
    notice = entry.notice
    if not isinstance(notice, Heard) or not _is_in_time(notice, query):
        return None
    text = notice.text or ""
    words = words_of(text) if query.wanted.terms or query.unwanted.terms else []
    if _any_of(query.unwanted, entry, notice, words) or not _all_of(query.wanted, entry, notice, words):
        return None
    return _spans(query.wanted.terms, words, text)


def _is_in_time(notice: Heard, query: Query) -> bool:
    is_late_enough = query.since is None or notice.at >= query.since
    return is_late_enough and (query.until is None or notice.at < query.until)


def _any_of(side: Side, entry: Entry, notice: Heard, words: Sequence[str]) -> bool:
    return (
        fold(notice.sender) in side.senders
        or entry.conversation in side.conversations
        or (side.has_link and has_link(notice.text or ""))
        or any(_places(term, words) for term in side.terms)
    )


def _all_of(side: Side, entry: Entry, notice: Heard, words: Sequence[str]) -> bool:
    return (
        (not side.senders or fold(notice.sender) in side.senders)
        and (not side.conversations or entry.conversation in side.conversations)
        and (not side.has_link or has_link(notice.text or ""))
        and all(_places(term, words) for term in side.terms)
    )


def _places(term: Term, words: Sequence[str]) -> list[int]:
    """Return where a term begins in a text's words."""
    *before, last = term.units
    behind = len(before)
    if term.is_beginning:
        found = (i for i, word in enumerate(words[behind:]) if word.startswith(last))
    else:
        found = (i for i, word in enumerate(words[behind:]) if word == last)
    return [i for i in found if not behind or list(words[i : i + behind]) == before]


def _spans(terms: Sequence[Term], words: Sequence[str], text: str) -> Spans:
    """Return what of the text the terms cover, as few pieces as there can be."""
    if not terms:
        return ()
    units = units_of(text)
    covered = sorted(
        (units[i].begin, units[i + len(term.units) - 1].end) for term in terms for i in _places(term, words)
    )
    spans: list[tuple[int, int]] = []
    for begin, end in covered:
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return tuple(spans)
