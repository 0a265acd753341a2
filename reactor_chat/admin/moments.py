"""A moment in the life of a journal as an operator writes it: a number, or a time."""

import argparse
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from reactor_chat.errors import UsageError
from reactor_chat.journal.reports import Row
from reactor_chat.wire.messages import SEQ_MAX


class Moment(NamedTuple):
    """What was written: a number, or a time in milliseconds since the Unix epoch; the other one is None."""

    text: str
    seq: int | None
    unix_ms: int | None


class _Stamped(msgspec.Struct):
    """What every record has, whatever else it says."""

    at: int


_stamps = msgspec.json.Decoder(_Stamped)


def read_moment(text: str) -> Moment:
    """Return what `SEQ|TIME` says; a time without a zone is this machine's.

    Raises:
        argparse.ArgumentTypeError: it says neither.

    Source: ISO 8601, as `datetime.fromisoformat` reads it.
    """
    if text.isascii() and text.isdigit():
        return Moment(text, min(int(text[:20]), SEQ_MAX), None)
    try:
        return Moment(text, None, int(datetime.fromisoformat(text.strip()).timestamp() * 1_000))
    except (ValueError, OverflowError, OSError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number and no time; a time is written 2026-03-01T14:30, or with a zone: 2026-03-01T14:30Z"
        ) from error


def number_at(moment: Moment, rows: Iterable[Row]) -> int:
    """Return the number of the last record at a moment.

    A clock that was wrong for a while stamped records with a wrong time; it is the last record that was stamped at or
    before the time, whatever stands before it.

    Args:
        rows: every record, oldest first; looked at for a time only.

    Raises:
        UsageError: every record is later.
    """
    if moment.unix_ms is None:
        return moment.seq or 0
    last, first_at = 0, None
    for seq, payload in rows:
        at = _stamps.decode(payload).at
        first_at = at if first_at is None else first_at
        last = seq if at <= moment.unix_ms else last
    if not last:
        begins = "is empty" if first_at is None else f"begins at {in_words(first_at)}"
        raise UsageError(f"Nothing is older than {moment.text}: the backup {begins}; nothing was restored")
    return last


def in_words(unix_ms: int) -> str:
    """Return a time as this machine's people read it, in a form that `read_moment` takes."""
    return datetime.fromtimestamp(unix_ms / 1_000).astimezone().isoformat(timespec="seconds")
