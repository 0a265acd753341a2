"""What was sent before, and the draft that waits meanwhile."""

from reactor_chat.client.editing.sent_lines import RECALLED_MAX, SentLines


def sent(*lines: str) -> SentLines:
    found = SentLines()
    for line in lines:
        found.add(line)
    found.rewind()
    return found


def test_each_is_shown_and_the_draft_at_the_end() -> None:
    lines = sent("one", "two")
    assert [lines.show(place, "draft") for place in (1, 0)] == ["two", "one"]
    assert lines.show(-1, "one") is None
    assert lines.place == 0
    assert [lines.show(place, "changed") for place in (1, 2)] == ["two", "draft"]
    assert lines.show(3, "draft") is None


def test_a_line_again_and_a_blank_one_are_not_kept() -> None:
    assert len(sent("one", "one", " ", "", "two", "one")) == 3


def test_only_so_many_are_kept() -> None:
    lines = sent(*map(str, range(RECALLED_MAX + 2)))
    assert len(lines) == RECALLED_MAX
    assert lines.at(0) == "2"
    assert lines.at(RECALLED_MAX) is None


def test_words_are_found_in_any_case_from_the_newest_on() -> None:
    lines = sent("Noodles", "soup", "more noodles")
    assert lines.find("NOOD", 3) == 2
    assert lines.find("NOOD", 2) == 0
    assert lines.find("NOOD", 0) is None
    assert lines.find("bread", 99) is None
