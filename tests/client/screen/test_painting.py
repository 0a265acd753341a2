"""A picture on its way to the terminal, with urwid."""

from typing import Any

import pytest
import urwid

from reactor_chat.client.screen.painting import Attributes, Picture, PictureCanvas, PictureScreen, PictureWidget
from reactor_chat.client.screen.rows import Row, Span, row_of
from reactor_chat.client.screen.themes import THEMES


def runs(row: Row) -> list[Any]:
    return [(span.style, None, span.text.encode()) for span in row]


def test_a_canvas_has_every_row_in_its_whole_width() -> None:
    picture = Picture([row_of("one"), row_of("日本語 and more")], (1, 1))
    canvas = PictureCanvas(picture, 8, runs)
    assert (canvas.rows(), canvas.cols(), canvas.cursor) == (2, 8, (1, 1))
    texts = [b"".join(text for _, _, text in row).decode() for row in canvas.content()]
    assert texts == ["one     ", "日本語 …"]


def test_the_widget_draws_for_the_size_it_is_asked_for_each_time() -> None:
    asked = []

    def draw(columns: int, rows: int) -> Picture:
        asked.append((columns, rows))
        return Picture([row_of(Span("x", "a"))] * rows, None)

    widget = PictureWidget(draw, lambda style, link: (style, link))
    for size in ((4, 2), (4, 2), (9, 1)):
        assert widget.render(size).rows() == size[1]
    assert asked == [(4, 2), (4, 2), (9, 1)]
    assert list(widget.render((1, 1)).content()) == [[(("x", ""), None, b"a")]]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("colors", "kept"), [(1, 1), (8, 1), (16, 16), (255, 16), (256, 256)])
def test_attributes_are_those_that_the_terminal_has(theme: str, colors: int, kept: int) -> None:
    attributes = Attributes(theme, colors)
    assert attributes.colors == kept
    found = attributes.of("alarm", "")
    assert isinstance(found, urwid.AttrSpec)
    assert found is attributes.of("alarm", "")
    linked = attributes.of("alarm", "https://example.org")
    assert isinstance(linked, urwid.AttrSpec)
    assert linked != found


def test_attributes_of_outside_names_are_bounded() -> None:
    attributes = Attributes("dark", 256)
    for number in range(2 * Attributes.KEPT_MAX + 5):
        attributes.of(f"name n{number}", "")
    assert len(attributes._kept) <= Attributes.KEPT_MAX


def test_the_screen_writes_where_we_say_and_leaves_the_terminal_alone() -> None:
    written: list[str] = []
    screen = PictureScreen(written.append, lambda: (8, 2))
    screen.set_terminal_properties(colors=256)
    assert screen.get_cols_rows() == (8, 2)
    assert screen.get_input_descriptors() == []
    screen.start()
    screen.draw_screen((8, 2), PictureCanvas(Picture([row_of("one"), row_of("two")], (0, 1)), 8, runs))
    assert "one" in "".join(written)
    written.clear()
    screen.draw_screen((8, 2), PictureCanvas(Picture([row_of("one"), row_of("TWO")], (0, 1)), 8, runs))
    assert "TWO" in "".join(written)
    assert "one" not in "".join(written), "a row that is as it was is not written again"
    screen.stop()
