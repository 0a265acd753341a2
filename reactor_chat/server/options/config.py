"""A file of options: TOML in, one text out for each row, as it would be typed.  What a row may say, `options` knows."""

import tomllib
from pathlib import Path
from typing import Any

from reactor_chat.errors import UsageError

CONFIG_BYTES_MAX = 1_048_576
"""Many times what all rows take; anything longer is another file."""


def read_config(path: Path) -> dict[str, str | bool]:
    """Read a file of options.

    Args:
        path: a TOML file of at most CONFIG_BYTES_MAX bytes, such as `people-max = 100`, without tables.

    Returns:
        What each row says: a text, or whether a switch is on.  Empty where the file says nothing.

    Raises:
        UsageError: it cannot be read, is no TOML, or a row holds what no command line could; the text names the file
            and the row.

    Source: TOML 1.0.0.
    """
    try:
        found = tomllib.loads(_content(path).decode("utf-8-sig"))  # some editors begin a file with a mark
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: this is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, a thousand brackets
        raise UsageError(f"{path}: this is not TOML: {error}") from error
    return {name: _typed(path, name, value) for name, value in found.items()}


def _content(path: Path) -> bytes:
    if not path.is_file():  # a pipe would keep a running server waiting
        what = "this is not a file, but a directory or a pipe" if path.exists() else "there is no such file"
        raise UsageError(f"{path}: {what}")
    with path.open("rb") as file:
        content = file.read(CONFIG_BYTES_MAX + 1)
    if len(content) > CONFIG_BYTES_MAX:
        raise UsageError(f"{path}: a file of options has at most {CONFIG_BYTES_MAX} bytes")
    return content


def _typed(path: Path, name: str, value: Any) -> str | bool:
    if isinstance(value, str) and "\0" in value:
        raise UsageError(f"{path}: {name}: a text cannot have a NUL in it")
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    raise UsageError(f'{path}: {name}: a row holds a text, a whole number, true or false; write {name} = "…"')
