"""The calendar day of a moment, for words about clocks that are wrong; this package has no clock, and no `datetime`."""

_DAY_SECONDS = 86_400
_ERA_DAYS = 146_097  # 400 years, after which the calendar repeats
_EPOCH_DAYS = 719_468  # from 0000-03-01 to 1970-01-01


def day_of(seconds: int) -> str:
    """Return the day, UTC, such as `2026-01-31`.

    Args:
        seconds: since 1970, 0 or more.

    Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    era, day_of_era = divmod(seconds // _DAY_SECONDS + _EPOCH_DAYS, _ERA_DAYS)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = year_of_era + 400 * era + (1 if month <= 2 else 0)
    return f"{year:04d}-{month:02d}-{day:02d}"
