"""Where a user's data and settings are when nobody says otherwise; a user may have no such place; none is made up."""

import os
from collections.abc import Callable
from pathlib import Path

_DATA = Path(".local") / "share"
_CONFIG = Path(".config")
"""Below HOME, on Linux."""


def user_data_directory() -> Path | None:
    """Return our directory among the user's data, absolute and perhaps not there yet; None where there can be none.

    There is none for a user without HOME and without an entry in the system's list (as in many containers), and where
    HOME is no absolute path.  A relative or empty XDG_DATA_HOME is ignored.

    Source: XDG Base Directory Specification 0.8, "Basics".
    """
    import platformdirs  # noqa: PLC0415  6 ms; whoever names a directory needs no other

    return _absolute(platformdirs.user_data_path, "XDG_DATA_HOME", _DATA)


def user_config_directory() -> Path | None:
    """Return our directory among the user's settings, by the same rules, with XDG_CONFIG_HOME."""
    import platformdirs  # noqa: PLC0415  likewise

    return _absolute(platformdirs.user_config_path, "XDG_CONFIG_HOME", _CONFIG)


def _absolute(path_of: Callable[..., Path], variable: str, usual: Path) -> Path | None:
    home = os.environ.get("HOME")
    if home is not None and not Path(home).is_absolute():
        return None
    try:
        found = path_of("reactor-chat", appauthor=False)
        if not found.is_absolute() and os.environ.get(variable):
            found = Path.home() / usual / "reactor-chat"
    except RuntimeError:
        return None
    return found if found.is_absolute() else None
