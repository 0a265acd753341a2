"""The box in which a person types, against a dull way of breaking a text; the cursor is always in it."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import Key, ViewKind
from reactor_chat.client.screen.composer import FIRST, FURTHER, composed
from reactor_chat.client.screen.rows import width
from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.editor import Editor
from reactor_chat.text.widths import iter_graphemes

SIGNS = ["a", "b", " ", "日", "e\u0301", "👩\u200d👧", "\t", "\n", "\u202e", "x" * 20]
TEXTS = st.lists(st.sampled_from(SIGNS), max_size=30).map("".join)


def editor_of(text: str, left: int) -> Editor:
    editor = Editor(lambda _: ("", []), KeyMap(ViewKind.SCREEN))
    editor.press(Key("Paste", text))
    for _ in range(left):
        editor.press(Key("Left"))
    return editor


def dull_rows(line: str, room: int) -> list[str]:
    """A line broken behind blanks, a sign at a time; the blank that ends a row may stand in the cell behind it."""
    rows, row = [], ""
    for sign in iter_graphemes(line):
        if cells(row) + cells(sign) > room and sign == " ":
            rows.append(row + sign)
            row = ""
            continue
        while cells(row) + cells(sign) > room and row:
            at = row.rfind(" ") + 1 or len(row)
            rows.append(row[:at])
            row = row[at:]
        row += sign
    return [*rows, row]


@given(TEXTS, st.integers(0, 40), st.integers(6, 60), st.integers(1, 6))
def test_a_box_shows_the_rows_around_the_cursor(text: str, left: int, columns: int, rows_max: int) -> None:
    editor = editor_of(text, left)
    box = composed(editor, columns, rows_max)
    assert 1 <= len(box.rows) <= rows_max
    assert all(width(row) <= columns for row in box.rows)
    assert 0 <= box.cursor_row < len(box.rows)
    assert len(FIRST) <= box.cursor_cell < columns
    shown = editor.text.replace("\t", "⇥").replace("\u202e", "\ufffd")
    broken = [row for line in shown.split("\n") for row in dull_rows(line, columns - len(FIRST) - 1)]
    expected = [f"{FURTHER if place else FIRST}{row}" for place, row in enumerate(broken)]
    seen = ["".join(span.text for span in row) for row in box.rows]
    assert any(
        [row.rstrip() for row in expected[at : at + len(seen)]] == [row.rstrip() for row in seen]
        for at in range(len(expected) - len(seen) + 1)
    )
    assert len(seen) == min(rows_max, len(expected))


def test_each_message_begins_with_a_sign_of_its_own() -> None:
    box = composed(editor_of("one\ntwo\nthree", 0), 20, 2)
    assert ["".join(span.text for span in row) for row in box.rows] == [" . two", " . three"]
    assert (box.cursor_row, box.cursor_cell) == (1, len(" . three"))
    assert composed(editor_of("", 0), 20, 5).rows[0][0].text == FIRST
