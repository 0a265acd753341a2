"""Rows of a line: nothing lost, nothing too wide, and no row that a text could make look like a line."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.terminal.cells import cells
from reactor_chat.client.terminal.wrapping import COLUMNS_MIN, wrapped
from reactor_chat.text.render import Part


def rows(text: str, columns: int = 20, rest: int = 20) -> list[str]:
    return ["".join(part.text for part in row) for row in wrapped([Part("text", text)], columns, rest)]


def test_a_line_that_fits_is_left_alone() -> None:
    assert rows("x y  z " + "w" * 13) == ["x y  z " + "w" * 13]


def test_rows_end_at_blanks() -> None:
    assert rows("the quick brown fox jumps over the lazy dog") == ["the quick brown fox", "jumps over the lazy", "dog"]


def test_a_link_is_left_whole_and_another_long_word_is_cut() -> None:
    link = "https://example.org/" + "a" * 30
    assert rows(f"see {link} there") == ["see", link, "there"]
    whole = wrapped([Part("text", f"see {link} there")], 20, 20, cuts_links=True)
    assert ["".join(part.text for part in row) for row in whole] == [
        "see",
        link[:20],
        link[20:40],
        f"{link[40:]} there",
    ]
    assert rows("日" * 25) == ["日" * 10, "日" * 10, "日" * 5]
    assert rows("x\u00a0" * 30)[0] == ("x\u00a0" * 10).rstrip()


def test_parts_keep_their_roles_over_rows() -> None:
    parts = [Part("mark", "["), Part("name", "Ann"), Part("mark", ":] "), Part("text", "a bb ccc dddd eeeee ffffff")]
    got = wrapped(parts, 20, 20)
    assert [[part.role for part in row] for row in got] == [["mark", "name", "mark", "text"], ["text"]]


def test_in_a_few_columns_the_terminal_does_what_it_does() -> None:
    assert rows("x " * 50, columns=COLUMNS_MIN - 1) == ["x " * 50]


@given(st.text(st.sampled_from("ab 日\u00a0e\u0301🎉 -"), max_size=200), st.integers(20, 50), st.integers(20, 50))
def test_nothing_but_blanks_is_lost_and_nothing_is_too_wide(text: str, columns: int, rest: int) -> None:
    got = rows(text, columns, rest)
    assert "".join("".join(got).split()) == "".join(text.split())
    for which, row in enumerate(got):
        assert cells(row) <= (rest if which else columns) or (row.isascii() and " " not in row.strip())
