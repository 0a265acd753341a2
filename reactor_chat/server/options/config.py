"""A file of options: TOML in, one text out for each row, as it would be typed.  What a row may say, `options` knows."""

from pathlib import Path
from typing import Any

from reactor_chat.errors import UsageError
from reactor_chat.toml_file import read_toml


def read_config(path: Path) -> dict[str, str | bool]:
    """Read a file of options.

    Args:
        path: a TOML file, such as `people-max = 100`, without tables.

    Returns:
        What each row says: a text, or whether a switch is on.  Empty where the file says nothing.

    Raises:
        UsageError: it cannot be read, is no TOML, or a row holds what no command line could; the text names the file
            and the row.
    """
    return {name: _typed(path, name, value) for name, value in read_toml(path).items()}


def _typed(path: Path, name: str, value: Any) -> str | bool:
    if isinstance(value, str) and "\0" in value:
        raise UsageError(f"{path}: {name}: a text cannot have a NUL in it")
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    raise UsageError(f'{path}: {name}: a row holds a text, a whole number, true or false; write {name} = "…"')
