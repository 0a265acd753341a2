"""What `wcwidth` says is said, and a program that shows ASCII does not load it."""

import subprocess
import sys

import pytest
import wcwidth as library

from reactor_chat.text import widths

TEXTS = ["", "a", "plain words", "é", "e\u0301", "漢字", "👨‍👩‍👧", "🇪🇪🇫🇮", "\x07", "ก\u0e33"]
ALSO_ASCII = """
import sys
from reactor_chat.text.safe import safe
from reactor_chat.client.terminal.cells import cells
import reactor_chat.client.terminal.reflow
assert cells("Hello everyone!") == 15
assert safe("Hello everyone!")
assert "wcwidth" not in sys.modules
assert cells("漢") == 2
assert "wcwidth" in sys.modules
"""


@pytest.mark.parametrize("text", TEXTS)
def test_the_library_is_asked(text: str) -> None:
    """Nothing is added to what it says."""
    assert widths.wcswidth(text) == library.wcswidth(text)
    assert [widths.wcwidth(sign) for sign in text] == [library.wcwidth(sign) for sign in text]
    for start in range(len(text) + 1):
        assert list(widths.iter_graphemes(text, start)) == list(library.iter_graphemes(text, start))
    for end in range(1, len(text) + 1):
        assert widths.grapheme_boundary_before(text, end) == library.grapheme_boundary_before(text, end)


def test_what_is_ascii_loads_no_tables() -> None:
    """They come with the first character that needs them."""
    subprocess.run([sys.executable, "-c", ALSO_ASCII], check=True, timeout=60)
