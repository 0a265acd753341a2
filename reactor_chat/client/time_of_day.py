"""When something happened, in the few words that a line has room for."""


def utc_time_of_day(at: int) -> str:
    """Return the time of day, in no place's own time.

    Args:
        at: milliseconds since the Unix epoch.
    """
    minutes = at // 60_000
    return f"{minutes // 60 % 24:02}:{minutes % 60:02} UTC"
