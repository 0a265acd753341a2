"""Finds and reads `client.toml`."""

from pathlib import Path

from reactor_chat.client.preferences.table import PREFERENCES, Preferences
from reactor_chat.client.preferences.values import unknown_name
from reactor_chat.errors import UsageError
from reactor_chat.toml_file import read_toml
from reactor_chat.user_data import user_config_directory

FILE_NAME = "client.toml"


def read_preferences(named: str | None = None) -> Preferences:
    """Return what a person prefers; the defaults where they have no file.

    Args:
        named: their file; None for the usual one, which need not be there.

    Raises:
        UsageError: a file that was named is not there, or what is in it is wrong; one line that names the file, the
            setting, and what it may be.
    """
    path = usual_file() if named is None else Path(named)
    if path is None or (named is None and not path.exists()):
        return Preferences()
    return _checked(path)


def usual_file() -> Path | None:
    """Return where the file is when nobody says otherwise; None where this user has no such place."""
    directory = user_config_directory()
    return None if directory is None else directory / FILE_NAME


def _checked(path: Path) -> Preferences:
    rows = {row.name: row for row in PREFERENCES}
    found = {}
    for name, value in read_toml(path).items():
        if name not in rows:
            raise UsageError(f"{path}: {unknown_name(name, list(rows))}")
        try:
            found[name] = rows[name].read(value)
        except UsageError as error:
            raise UsageError(f"{path}: {name}: {error}") from error
    return Preferences(**found)
