"""Editing a text, held against a list of characters and copies of it, which is dull and cannot be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.editing.typed_text import CHARS_MAX, Snapshot, TypedText
from reactor_chat.client.editing.undo import TYPED_CHARS_MAX
from reactor_chat.text.widths import iter_graphemes


def edited(text: str, cursor: int | None = None) -> TypedText:
    line = TypedText()
    line.restore(Snapshot(text, len(text) if cursor is None else cursor))
    return line


def marked(line: TypedText) -> str:
    return f"{line.text[: line.cursor]}|{line.text[line.cursor :]}"


@pytest.mark.parametrize(
    ("before", "act", "after"),
    [
        ("one |two three", TypedText.kill_word_after, "one | three"),
        ("one| two three", TypedText.kill_word_after, "one| three"),
        ("one|", TypedText.kill_word_after, "one|"),
        ("one\ntw|o", TypedText.line_start, "one\n|two"),
        ("one\n|two", TypedText.line_start, "|one\ntwo"),
        ("o|ne\ntwo", TypedText.line_end, "one|\ntwo"),
        ("one|\ntwo", TypedText.line_end, "one\ntwo|"),
        ("one\ntwo|", TypedText.line_end, "one\ntwo|"),
    ],
)
def test_what_is_new_to_the_others(before: str, act: object, after: str) -> None:
    line = edited(before.replace("|", ""), before.index("|"))
    assert callable(act)
    act(line)
    assert marked(line) == after


def test_each_kind_of_change_is_one_step() -> None:
    line = TypedText()
    for letter in "Good morning":
        line.insert(letter, is_typed=True)
    line.settle()
    line.kill_word()
    line.yank()
    line.paste("one\ntwo")
    line.change(0, 4, "Bad")
    line.replace("other")
    seen = []
    while line.undo():
        seen.append(marked(line))
    assert seen == [
        "Bad| morningone\ntwo",
        "Good morningone\ntwo|",
        "Good morning|",
        "Good |",
        "Good morning|",
        "|",
    ]


def test_a_paste_that_is_undone_was_none() -> None:
    line = edited("x")
    line.paste("1\n2\n3\n4\n5")
    assert line.pasted_lines == 5
    line.undo()
    assert line.pasted_lines == 0


def test_a_paste_that_is_too_long_changes_nothing() -> None:
    line = edited("x")
    assert not line.paste("y" * CHARS_MAX)
    assert (line.text, line.pasted_lines) == ("x", 0)
    assert line.paste("y" * (CHARS_MAX - 1))


@pytest.mark.parametrize(
    ("kept", "cursor"),
    [
        (Snapshot("abc", -5), 0),
        (Snapshot("abc", 99), 3),
        (Snapshot("e\u0301x", 1), 2),
        (Snapshot("a\x1b[2Jb", 2), 2),
        (Snapshot("x" * (CHARS_MAX + 9), CHARS_MAX + 9), CHARS_MAX),
    ],
)
def test_a_draft_from_a_file_may_hold_anything(kept: Snapshot, cursor: int) -> None:
    line = TypedText()
    line.insert("before", is_typed=True)
    line.restore(kept)
    assert line.cursor == cursor
    assert len(line.text) <= CHARS_MAX
    assert "\x1b" not in line.text
    assert not line.undo(), "it belongs to another conversation"


class Dull:
    """The same with characters in a list, and a copy of everything for each step."""

    def __init__(self) -> None:
        self.before: list[str] = []
        self.after: list[str] = []
        self.cut: list[str] = []
        self.steps: list[tuple[list[str], list[str]]] = []
        self.typed_in_step = 0

    @property
    def text(self) -> str:
        return "".join(self.before + self.after)

    def step(self) -> None:
        self.steps.append((list(self.before), list(self.after)))

    def type(self, letter: str) -> None:
        if not 0 < self.typed_in_step < TYPED_CHARS_MAX:
            self.step()
            self.typed_in_step = 0
        self.typed_in_step += 1
        self.before.append(letter)

    def do(self, name: str) -> None:
        self.typed_in_step = 0
        copy = (list(self.before), list(self.after))
        getattr(self, name)()
        if name not in ("undo", "left", "right", "start", "end") and copy != (self.before, self.after):
            self.steps.append(copy)

    def left(self) -> None:
        self.after[:0] = [self.before.pop()] if self.before else []

    def right(self) -> None:
        self.before += [self.after.pop(0)] if self.after else []

    def start(self) -> None:
        self.before, self.after = [], self.before + self.after

    def end(self) -> None:
        self.before, self.after = self.before + self.after, []

    def delete_before(self) -> None:
        del self.before[-1:]

    def delete_under(self) -> None:
        del self.after[:1]

    def kill_to_start(self) -> None:
        self.cut, self.before = self.before or self.cut, []

    def kill_to_end(self) -> None:
        self.cut, self.after = self.after or self.cut, []

    def kill_word(self) -> None:
        kept = list(self.before)
        while kept and kept[-1].isspace():
            kept.pop()
        while kept and not kept[-1].isspace():
            kept.pop()
        self.cut, self.before = self.before[len(kept) :] or self.cut, kept

    def kill_word_after(self) -> None:
        count = 0
        while count < len(self.after) and not self.after[count].isalnum():
            count += 1
        while count < len(self.after) and self.after[count].isalnum():
            count += 1
        self.cut, self.after = self.after[:count] or self.cut, self.after[count:]

    def yank(self) -> None:
        self.before += self.cut

    def undo(self) -> None:
        if self.steps:
            self.before, self.after = self.steps.pop()


DOINGS = [name for name in vars(Dull) if name not in ("text", "step", "type", "do") and not name.startswith("_")]
doings = st.lists(
    st.sampled_from([*DOINGS, *DOINGS, "a", "b", " ", "日", "\n", "aaaaaaaaaaaaaaaaaaaaaaa"]), max_size=60
)


@given(doings)
def test_whatever_is_done_it_is_what_a_list_of_characters_would_be(doings: list[str]) -> None:
    line, dull = TypedText(), Dull()
    for doing in doings:
        if doing in DOINGS:
            getattr(line, doing)()
            line.settle()
            dull.do(doing)
        else:
            for letter in doing:
                line.insert(letter, is_typed=True)
                dull.type(letter)
        assert marked(line) == f"{''.join(dull.before)}|{''.join(dull.after)}"
    while dull.steps:
        assert line.undo()
        dull.undo()
        assert marked(line) == f"{''.join(dull.before)}|{''.join(dull.after)}"
    assert not line.undo()
    assert line.text == ""


joined = st.text(st.sampled_from("ab e\u0301🎉\u200d👩👧🇩🇪\ufe0f한ᄀ"), max_size=12)


@given(st.lists(st.one_of(st.sampled_from(DOINGS), joined), max_size=30))
def test_the_cursor_is_never_inside_of_a_character_and_undo_comes_back_to_nothing(doings: list[str]) -> None:
    line = TypedText()
    for doing in doings:
        if doing in DOINGS:
            getattr(line, doing)()
            line.settle()
        else:
            line.insert(doing, is_typed=True)
        ends = [0]
        for character in iter_graphemes(line.text):
            ends.append(ends[-1] + len(character))
        assert line.cursor in ends
    while line.undo():
        pass
    assert (line.text, line.cursor) == ("", 0)
