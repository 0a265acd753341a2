"""Where a user's data is kept when nobody says otherwise; a user may have no such place, and then none is made up."""

import os
from pathlib import Path

_LINUX_DEFAULT = Path(".local") / "share"


def user_data_directory() -> Path | None:
    """Return our directory among the user's data, absolute and perhaps not there yet; None where there can be none.

    There is none for a user without HOME and without an entry in the system's list (as in many containers), and where
    HOME is no absolute path.  A relative or empty XDG_DATA_HOME is ignored.

    Source: XDG Base Directory Specification 0.8, "Basics".
    """
    import platformdirs  # noqa: PLC0415  6 ms; whoever names a directory needs no other

    home = os.environ.get("HOME")
    if home is not None and not Path(home).is_absolute():
        return None
    try:
        found = platformdirs.user_data_path("reactor-chat", appauthor=False)
        if not found.is_absolute() and os.environ.get("XDG_DATA_HOME"):
            found = Path.home() / _LINUX_DEFAULT / "reactor-chat"
    except RuntimeError:
        return None
    return found if found.is_absolute() else None
