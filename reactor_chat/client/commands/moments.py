"""Moments as people type them."""

from datetime import datetime, timedelta

_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d")


def read_moment(typed: str, now: datetime) -> int | None:
    """Return the moment that was typed, in milliseconds since 1970; None where there is no such time.

    Args:
        typed: `14:00` (the last time it was so late), `2026-11-26` (its first instant), or both.
        now: with the time zone in which the person thinks.
    """
    try:
        hour, _, minute = typed.partition(":")
        if len(hour) <= 2:
            moment = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
            return _milliseconds(moment - timedelta(days=moment > now))
        form = _FORMS[" " not in typed]
        return _milliseconds(datetime.strptime(typed, form).replace(tzinfo=now.tzinfo))
    except (ValueError, OverflowError, OSError):
        return None


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)
