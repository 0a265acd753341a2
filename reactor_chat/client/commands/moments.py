"""Moments as people type them."""

import re
from datetime import datetime, timedelta

_DAYS_AGO = {"today": 0, "yesterday": 1}
_day_and_month = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?", re.ASCII)


def read_moment(typed: str, now: datetime) -> int | None:
    """Return the moment that was typed, in milliseconds since 1970; None where there is no such time.

    Args:
        typed: `14:00` (the last time it was so late), or a day's first instant: `2026-11-26`, `26.11.2026`, `26.11.`
            (the last one), `yesterday`, `today`; or a day and a time behind it.
        now: with the time zone in which the person thinks.
    """
    try:
        day, blank, clock = typed.rpartition(" ")
        if ":" not in clock:
            return _milliseconds(_day(typed, now))
        moment = _at(_day(day, now) if blank else now, clock)
        return _milliseconds(moment if blank else moment - timedelta(days=moment > now))
    except (ValueError, OverflowError, OSError):
        return None


def _day(typed: str, now: datetime) -> datetime:
    """Return the first instant of a day.  Raises ValueError where there is none."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if typed.lower() in _DAYS_AGO:
        return midnight - timedelta(days=_DAYS_AGO[typed.lower()])
    if found := _day_and_month.fullmatch(typed):
        day, month, year = found.groups()
        meant = midnight.replace(int(year or now.year), int(month), int(day))
        return meant if year or meant <= now else meant.replace(meant.year - 1)
    return datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=now.tzinfo)


def _at(day: datetime, clock: str) -> datetime:
    hour, _, minute = clock.partition(":")
    return day.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)
