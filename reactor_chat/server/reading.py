"""Answers that are read from the journal: a page of history, people's packages, a piece of a large object."""

from collections.abc import Iterator

from reactor_chat.chat.boundary import KeyPlace, ReadBlob, ReadKeys, ReadMessages
from reactor_chat.chat.state.keyring import LAST_RESORT
from reactor_chat.chat.state.records import BlobStored, KeysPublished
from reactor_chat.errors import StorageCorrupt
from reactor_chat.server.maintenance.keeping import Keeping
from reactor_chat.server.record_log import RecordLog
from reactor_chat.wire import codec
from reactor_chat.wire.messages import BlobAnswer, HistoryAnswer, KeysAnswer, Notice, PublishedKey, Refused

SLACK_BYTES = 512
"""Room in the frame of an answer for everything but what it lists."""
MISSING_BYTES_MAX = 4_096
"""Room for the names in an answer about keys: at most 64, each of at most 32 characters."""


class Reading:
    """Answers from the journal, or says that it cannot be read there.

    Args:
        record_log: what is read.
        keeping: is told what cannot be read.
        frame_bytes_max: how long a notice may be.
    """

    def __init__(self, record_log: RecordLog, keeping: Keeping, frame_bytes_max: int) -> None:
        self._record_log = record_log
        self._keeping = keeping
        self._frame_bytes_max = frame_bytes_max

    def answers(self, effect: ReadMessages | ReadKeys | ReadBlob) -> Iterator[Notice]:
        """Yield the answer, in one notice or more."""
        try:
            yield from read_answers(effect, self._record_log, self._frame_bytes_max)
        except StorageCorrupt as error:
            yield self._keeping.refused(error, effect.re)


def read_answers(
    effect: ReadMessages | ReadKeys | ReadBlob, record_log: RecordLog, frame_bytes_max: int
) -> Iterator[Notice]:
    """Yield what the journal has to say, in notices that fit a frame each; at least one.

    Args:
        effect: what is asked for, and what to say where it is not kept any more.
        frame_bytes_max: how long a notice may be.

    Raises:
        StorageCorrupt: what the journal has is none of ours.
    """
    if isinstance(effect, ReadMessages):
        yield _history(effect, record_log, frame_bytes_max - SLACK_BYTES)
    elif isinstance(effect, ReadBlob):
        yield _piece(effect, record_log)
    else:
        yield from _keys(effect, record_log, frame_bytes_max - SLACK_BYTES - MISSING_BYTES_MAX)


def _history(effect: ReadMessages, record_log: RecordLog, page_bytes_max: int) -> Notice:
    messages, more = record_log.page(effect.spans, effect.before, effect.limit, page_bytes_max)
    if not messages and effect.before is None and effect.if_empty is not None:
        return Refused(effect.if_empty.code, effect.if_empty.text, effect.re)
    return HistoryAnswer(messages, more, effect.re)


def _piece(effect: ReadBlob, record_log: RecordLog) -> Notice:
    record = record_log.record(effect.label, effect.seq)
    if not isinstance(record, BlobStored):
        return Refused(effect.if_gone.code, effect.if_gone.text, effect.re)
    return BlobAnswer(record.hash, record.index, record.count, record.data, effect.re)


def _keys(effect: ReadKeys, record_log: RecordLog, page_bytes_max: int) -> Iterator[Notice]:
    """All but the last with `more`; the last one names who has none."""
    missing = list(effect.missing)
    page: list[PublishedKey] = []
    page_bytes = 0
    for place in effect.places:
        key = _key(place, record_log)
        if key is None:
            missing.append(place.name)
            continue
        key_bytes = len(codec.encode(key)) + 1
        if page and page_bytes + key_bytes > page_bytes_max:
            yield KeysAnswer(page, [], effect.re, more=True)
            page, page_bytes = [], 0
        page.append(key)
        page_bytes += key_bytes
    yield KeysAnswer(page, missing, effect.re)


def _key(place: KeyPlace, record_log: RecordLog) -> PublishedKey | None:
    record = record_log.record(place.label, place.seq)
    if not isinstance(record, KeysPublished):
        return None
    package = record.last_resort if place.index == LAST_RESORT else record.packages[place.index]
    assert package is not None
    return PublishedKey(place.name, place.account, package, place.reference, record.device)
