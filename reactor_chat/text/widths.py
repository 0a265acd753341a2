"""How wide text is on a terminal and where its characters begin: `wcwidth`, loaded by the first text that needs it.

Its tables take a twentieth of a start to load, and a start that meets ASCII only, as most do, needs none of them.
"""

from collections.abc import Iterator
from types import ModuleType


def wcwidth(sign: str) -> int:
    """Return the cells of one character: 0 to 2, or -1 of a control."""
    return int(_library().wcwidth(sign))


def wcswidth(text: str) -> int:
    """Return the cells of a text, or -1 where there is a control in it."""
    return int(_library().wcswidth(text))


def iter_graphemes(text: str, start: int = 0) -> Iterator[str]:
    """Return the extended grapheme clusters (UAX 29) of a text from the index `start` on."""
    found: Iterator[str] = _library().iter_graphemes(text, start)
    return found


def grapheme_boundary_after(text: str, index: int) -> int:
    """Return where the grapheme cluster that begins at `index` ends; the text's length, at its end."""
    return index + len(next(iter_graphemes(text, index), ""))


def grapheme_boundary_before(text: str, index: int) -> int:
    """Return where the grapheme cluster that ends at `index`, 1 to the text's length, begins."""
    return int(_library().grapheme_boundary_before(text, index))


def _library() -> ModuleType:
    import wcwidth as library  # noqa: PLC0415  20 ms to load

    return library
