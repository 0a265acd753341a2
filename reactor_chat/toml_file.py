"""Reads a file of options or settings, as TOML: what is wrong with it is one line that names the file."""

from pathlib import Path
from typing import Any

from reactor_chat.errors import UsageError

FILE_BYTES_MAX = 1_048_576
"""Many times what all rows take; anything longer is another file."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds; empty where it says nothing.

    Args:
        path: of at most FILE_BYTES_MAX bytes.

    Raises:
        UsageError: it cannot be read, or is no TOML; the text names the file.

    Source: TOML 1.0.0.
    """
    import tomllib  # noqa: PLC0415  5 ms; most who start us have no such file

    try:
        return tomllib.loads(_content(path).decode("utf-8-sig"))  # some editors begin a file with a mark
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: this is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, a thousand brackets
        raise UsageError(f"{path}: this is not TOML: {error}") from error


def _content(path: Path) -> bytes:
    if not path.is_file():  # a pipe would keep a running server waiting
        what = "this is not a file, but a directory or a pipe" if path.exists() else "there is no such file"
        raise UsageError(f"{path}: {what}")
    with path.open("rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise UsageError(f"{path}: a file of options has at most {FILE_BYTES_MAX} bytes")
    return content
