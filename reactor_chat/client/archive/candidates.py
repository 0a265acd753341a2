"""The places at which a search has to look, the newest first: those that the index names, in small steps.

Theory of operation.  A *stream* yields pages of places, always going down, and each page is one question to SQLite, of
a millisecond or less.  Nothing stays open between two questions, so the archive may change meanwhile.

FTS5 intersects what must all hold.  The beginning of a word stands for all known words that begin so.  A few are part
of the question.  Where there are many, most messages of late have one of them: so the newest are looked through as
they are, for as long as that costs less than to ask for all these words; then they are asked for, a part of them in
each stream, and the streams are merged.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from typing import Any

from reactor_chat.client.archive.query import Term
from reactor_chat.client.archive.tokens import any_of
from reactor_chat.client.archive.volume import Volume
from reactor_chat.client.archive.zones import Window

PAGE = 32
"""So many places in one question."""

WORDS_AT_ONCE = 48
"""So many words in one question; each costs FTS5 some fifty microseconds."""

LOOKED_THROUGH_PER_WORD = 3
"""To look at a message costs a third of what it costs to ask for a word."""

Read = Callable[[str, tuple[Any, ...]], list[Any]]
Pages = Iterator[list[int]]
"""Pages of places, going down within and from one to the next; one that is empty is a step without a result."""

_NONE_LEFT = 0  # below the first place


def candidates(read: Read, volume: Volume, expression: str, beginning: Term | None, windows: Sequence[Window]) -> Pages:
    """Yield the places that may be what is searched for.

    Args:
        read: runs a query.
        volume: whose archive.
        expression: what FTS5 is asked for; empty, where it could be any message.
        beginning: the term with the last word that may go on, where there is one.
        windows: where to look, the newest first.
    """
    if beginning is None:
        yield from _stream(read, expression, windows)
        return
    while volume.vocabulary.load_some():
        yield []
    words: list[str] = []
    for some in volume.vocabulary.beginning_with(beginning.units[-1]):
        words += some
        yield []
    left = LOOKED_THROUGH_PER_WORD * len(words)
    if len(words) > WORDS_AT_ONCE:
        for page in _stream(read, expression, windows):
            yield page
            left -= len(page)
            if left <= 0 and page:
                windows = [Window(one.low, min(one.high, page[-1] - 1)) for one in windows if one.low < page[-1]]
                break
        else:
            return
    parts = [words[i : i + WORDS_AT_ONCE] for i in range(0, len(words), WORDS_AT_ONCE)]
    yield from _merged([_stream_of_words(read, volume, expression, part, windows) for part in parts])


def _stream_of_words(
    read: Read, volume: Volume, expression: str, words: Sequence[str], windows: Sequence[Window]
) -> Pages:
    """Yield what an expression names and has any of some words."""
    any_word = any_of(volume.tokens.of_word(word) for word in words)
    yield from _stream(read, f"{expression} AND {any_word}" if expression else any_word, windows)


def _stream(read: Read, expression: str, windows: Sequence[Window]) -> Pages:
    """Yield what one expression names in the windows; any place, where it is empty."""
    query = "SELECT place FROM archive WHERE place BETWEEN ? AND ? ORDER BY place DESC LIMIT ?"
    if expression:
        query = (
            "SELECT rowid FROM token_index WHERE token_index MATCH ? AND rowid >= ? AND rowid <= ?"
            " ORDER BY rowid DESC LIMIT ?"
        )
    for low, high in windows:
        top = high
        while top >= low:
            values = (low, top, PAGE)
            page = [place for (place,) in read(query, (expression, *values) if expression else values)]
            yield page
            top = page[-1] - 1 if len(page) == PAGE else _NONE_LEFT


def _merged(streams: list[Pages]) -> Pages:
    """Yield what any of some streams yields, each place once."""
    pages: list[list[int]] = [[] for _ in streams]  # what is left of each, the highest last
    for stream, page in zip(streams, pages, strict=True):
        yield from _turned(stream, page)
    heads = [(-page.pop(), number) for number, page in enumerate(pages) if page]
    heapify(heads)
    merged: list[int] = []
    while heads:
        negative, number = heads[0]
        if not merged or merged[-1] != -negative:
            merged.append(-negative)
        if not pages[number] or len(merged) > PAGE:
            yield merged[:-1]  # the last one may come from another stream, too
            merged = merged[-1:]
        if not pages[number]:
            yield from _turned(streams[number], pages[number])
        if pages[number]:
            heapreplace(heads, (-pages[number].pop(), number))
        else:
            heappop(heads)
    yield merged


def _turned(stream: Pages, page: list[int]) -> Pages:
    """Have the next page of a stream that is not empty, its highest place last; yields where that takes a step."""
    for found in stream:
        yield []
        if found:
            page.extend(reversed(found))
            return
