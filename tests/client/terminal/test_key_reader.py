"""Bytes become the same keys however they were split, and nothing is a key that nobody pressed."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactor_chat.client.commands.keys import KEYPAD, SEQUENCES, Key
from reactor_chat.client.terminal.key_reader import ALT_SECONDS_MAX, PASTE_CHARS_MAX, REST_SECONDS_MAX, KeyReader

SLOW = 0.4  # between two pieces on a bad line; as slowly as people type, too
LONG = 3 * REST_SECONDS_MAX


def read(*pieces: bytes, apart: float = 0.0, end: bool = False) -> list[Key]:
    """Feed the pieces, some seconds apart; wait long at the end, where it is wanted."""
    reader, now, keys = KeyReader(), 0.0, []
    for piece in pieces:
        keys += reader.feed(piece, now)
        until, now = now + apart, now + apart
        while reader.deadline is not None and reader.deadline <= until and apart:
            keys += reader.due(reader.deadline)
    while end and reader.deadline is not None:
        keys += reader.due(reader.deadline)
    return joined(keys)


def joined(keys: list[Key]) -> list[Key]:
    """Text may come in any pieces; put them together, and leave out what does nothing."""
    whole: list[Key] = []
    for key in keys:
        if key.name == "Text" and whole and whole[-1].name == "Text":
            whole[-1] = Key("Text", whole[-1].text + key.text)
        elif key.name:
            whole.append(key)
    return whole


def bytewise(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def text(typed: str) -> Key:
    return Key("Text", typed)


def named(names: str) -> list[Key]:
    return [Key(name) for name in names.split(" ")]


X, UP, ESC = text("x"), Key("Up"), Key("Esc")

PRESSED = [
    (b"abc", [text("abc")]),
    ("é日🎉".encode(), [text("é日🎉")]),
    (b"\r", [Key("Enter")]),
    (b"\n", [Key("Enter")]),
    (b"\t", [Key("Tab")]),
    (b"\x01\x05\x0b\x15\x17\x19\x0c\x03\x04\x1a", [Key(f"Ctrl-{c}") for c in "AEKUWYLCDZ"]),
    (b"\x7f", [Key("Backspace")]),
    (b"\x1bb\x1bf\x1bB", [Key("Alt-B"), Key("Alt-F"), Key("Alt-B")]),
    (b"\x1b[A\x1bOB", [UP, Key("Down")]),
    (b"\x1b[1;5C\x1b[3~", [Key("Ctrl-Right"), Key("Delete")]),
    (b"\x1b\r", [Key("Alt-Enter")]),
    (b"\x1b\x03x", [Key("Ctrl-C"), X]),
    (b"\x1b[99;99;99zx", [X]),
    (b"\x1b\x1b[Ax", [UP, X]),
    (b"\x1b[20\x1b[Ax", [UP, X]),
    (b"\x1b[20\rx", [Key("Enter"), X]),
    (b"\x1b\xc3\xa9x", [X]),
    (b"\x00x", [Key("Ctrl-Space"), X]),
    # pastes
    (b"\x1b[200~one\r\n\x1b[A\x03two\x1b[201~x", [Key("Paste", "one\r\n\x1b[A\x03two"), X]),
    (b"\x1b[200~\x1b[201~", [Key("Paste", "")]),
    (b"\x1b[200~a\x1b[200~b\x1b[201~c\r\x1b[201~", [Key("Paste", "ab"), text("c"), Key("Enter"), Key("PasteEnd")]),
    (b"\x9b200~\xc3\xa9\x9b201~x", [Key("Paste", "é"), X]),
    (b"\x1b[200~caf\xe9\x1b[201~x", [Key("Paste", "caf\udce9"), X]),
    # function keys, of the Linux console and rxvt too
    (b"\x1b[[A\x1b[[Ex", [*named("F1 F5"), X]),
    (b"\x1bOP\x1bOS\x1b[11~\x1b[15~\x1b[24~", named("F1 F4 F1 F5 F12")),
    (b"\x1b[1;2P\x1b[24;5~\x1bO2P", named("Shift-F1 Ctrl-F12 Shift-F1")),
    (b"\x1b[Z\x1b[1;2Z\x1b[9;2u", named("Shift-Tab Shift-Tab Shift-Tab")),
    (b"\x1b[5~\x1b[6~\x1b[2~", named("PgUp PgDn Insert")),
    (b"\x1b[5;2~\x1b[6^\x1b[7^\x1b[8@", named("Shift-PgUp Ctrl-PgDn Ctrl-Home Ctrl-Shift-End")),
    (b"\x1b[1;5H\x1b[1;5F\x1b[1;2A\x1b[1;5D\x1b[1;3D", named("Ctrl-Home Ctrl-End Shift-Up Ctrl-Left Alt-Left")),
    (b"\x1b[1;129A\x1b[3;5~\x1b[1;8B\x1b[a", named("Up Ctrl-Delete Ctrl-Alt-Shift-Down Shift-Up")),
    (b"\x1bOc\x1bOd\x1bOa", named("Ctrl-Right Ctrl-Left Ctrl-Up")),
    (b"\x1b0\x1b9\x1ba\x1b. \x1b ", [*named("Alt-0 Alt-9 Alt-A Alt-."), text(" "), Key("Alt-Space")]),
    (b"\x1f\x00\x1c", named("Ctrl-_ Ctrl-Space Ctrl-\\")),
    (b"\x1bOp\x1bOq\x1bOy\x1bOk\x1bOM", [text("019+"), Key("Enter")]),
    # what terminals answer when programs ask, and tell without being asked
    (b"\x1b]11;rgb:0000/0000/0000\x1b\\x", [X]),
    (b"\x1b]52;c;aGVsbG8=\x07x", [X]),
    ("\x1b]lTitle ✓ œ\x1b\\x".encode(), [X]),
    (b"\x1bP1$r0m\x1b\\\x1bP>|tmux 3.3a\x1b\\\x1bP!|00000000\x1b\\x", [X]),
    (b"\x1b_Gi=1;OK\x1b\\\x1b^private\x1b\\\x1bXstart\x1b\\x", [X]),
    (b"\x9d11;rgb:0/0/0\x9c\x90>|t\x9c\xc2\x9d4;1;a\xc2\x9cx", [X]),
    (b"\x1b[?1;2c\x1b[>0;276;0c\x1b[?2026;2$y\x1b[0nx", [X]),
    (b"\x1b[I\x1b[Ox", [*named("FocusIn FocusOut"), X]),
    (b"\x1b[<0;10;20M\x1b[<0;10;20mx", [Key("Mouse", "0;10;20M"), Key("Mouse", "0;10;20m"), X]),
    (b"\x1b[<0;10M\x1b[<0;10;20;30M\x1b[<0;1:2;3M\x1b[32;1;1M\x1b[M !!x", [X]),
    (b"\x1b[M\xa0\xc3\xa9x", [X]),
    (b"\x1b[12;34R", [Key("CursorAt", "12;34")]),
    (b"\x1b]11;rgb:00\x03x", [Key("Ctrl-C"), X]),
    (b"\x1b]11;rgb:00\x1b[Ax", [UP, X]),
    # the forms of kitty and of modifyOtherKeys
    (b"\x1b[97u\x1b[97;2u\x1b[97:65;2u\x1b[97;2;65u\x1b[228u", [text("aAAAä")]),
    (b"\x1b[97;5u\x1b[98;3u\x1b[27;5;101~", [Key("Ctrl-A"), Key("Alt-B"), Key("Ctrl-E")]),
    (b"\x1b[13u\x1b[13;3u\x1b[9u\x1b[127u", [Key(name) for name in ("Enter", "Alt-Enter", "Tab", "Backspace")]),
    (b"\x1b[57414u\x1b[57400u\x1b[57409u\x1b[57420u", [Key("Enter"), text("1."), Key("Down")]),
    (b"\x1b[27u\x1b[13;2u\x1b[1089::99;5u\x1b[47;5u\x1b[32;5u", named("Esc Shift-Enter Ctrl-C Ctrl-_ Ctrl-Space")),
    (b"\x1b[97;7u\x1b[27;6;65~", named("Ctrl-Alt-A Ctrl-A")),
    (b"\x1b[97;1:3u\x1b[1;1:3A\x1b[57441u\x1b[97;9u\x1b[999999999ux", [X]),
    # 8 bits
    (b"\x9bA\x8fB\xc2\x9bC\xc2\x85x", [UP, Key("Down"), Key("Right"), X]),
    (b"caf\xe9 f\xfcr", [text("caf\udce9 f\udcfcr")]),
    (b"\xff\xc0\x80\xed\xa0\x80", [text("\udcff\udcc0\udc80\udced\udca0\udc80")]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "keys"), PRESSED)
def test_what_is_pressed(data: bytes, keys: list[Key]) -> None:
    assert read(data) == keys
    assert read(*bytewise(data)) == keys


@pytest.mark.parametrize(("data", "keys"), PRESSED)
def test_nothing_in_the_middle_of_it_makes_it_wait_for_ever(data: bytes, keys: list[Key]) -> None:
    for place in range(len(data)):
        reader, now = KeyReader(), 0.0
        reader.feed(data[:place], now)
        while reader.deadline is not None:
            now = reader.deadline
            reader.due(now)
        assert now <= REST_SECONDS_MAX + 1e-9
        assert joined([*reader.feed(b"y", now + 1), *reader.due(now + 9), *reader.due(now + 9)])[-1:] == [text("y")]


SOME = b"\x1b [ \x9b \x1b] \x1bP \x1b_G \x1b\\ \x07 11; [M [[ A ;5u \x9c \xe9 \r \xc3\xa9".split(b" ")
parts = st.lists(st.sampled_from([*(b"\x1b" + sequence.encode() for sequence in (*SEQUENCES, *KEYPAD)), *SOME])).map(
    b"".join
)


@given(parts | st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=3))
@example(b"\x1b[200~one\x1b[201", [4])
def test_any_split_is_the_same_as_whole(data: bytes, places: list[int]) -> None:
    cuts = sorted({min(place, len(data)) for place in places} | {0, len(data)})
    pieces = [data[begin:end] for begin, end in itertools.pairwise(cuts)]
    assert read(*pieces, end=True) == read(data, end=True)
    assert read(*bytewise(data), end=True) == read(data, end=True)


@given(parts | st.binary(max_size=60), st.floats(0.01, 2.0))
def test_whatever_comes_however_slowly_the_next_key_counts_soon(data: bytes, apart: float) -> None:
    reader, now = KeyReader(), 0.0
    for byte in bytewise(data):
        reader.feed(byte, now)
        now += apart
    for _ in range(3):
        now += LONG
        reader.due(now)
    assert reader.deadline is None
    assert reader.feed(b"\x03", now) == [Key("Ctrl-C")]


@pytest.mark.parametrize(
    ("pieces", "keys"),
    [
        ((b"\x1b[", b"Ahello"), [UP, text("hello")]),
        ((b"\x1b", b"[Ahello"), [ESC, UP, text("hello")]),
        ((b"\x1b", b"OAhello"), [ESC, UP, text("hello")]),
        ((b"\x1b[1", b";5", b"Cx"), [Key("Ctrl-Right"), X]),
        ((b"\x1b[20", b"0~a\rb\r\x1b[201~"), [Key("Paste", "a\rb\r")]),
        ((b"\x1b", b"[200~a\x1b", b"[201~x"), [ESC, Key("Paste", "a"), X]),
        ((b"\x1b]", b"11;rgb:0000", b"/0000\x1b", b"\\x"), [X]),
        ((b"\x1bP", b"1$r0m", b"\x1b\\x"), [X]),
        ((b"\xe6", b"\x97", b"\xa5x"), [text("日x")]),
        ((b"\x1b[", b"[Ax"), [Key("F1"), X]),
    ],
)
def test_pieces_that_come_late_are_one_sequence(pieces: list[bytes], keys: list[Key]) -> None:
    assert read(*pieces, apart=SLOW) == keys


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("\x1bhello", [ESC, text("hello")]),
        ("\x1b[hello", [ESC, text("[hello")]),
        ("\x1b20 people", [ESC, text("20 people")]),
        ("\x1bOk", [ESC, text("Ok")]),
        ("\x1b]11 people", [ESC, text("]11 people")]),
        ("\x1b\x1bx", [ESC, ESC, X]),
        ("\x1b\x03", [ESC, Key("Ctrl-C")]),
    ],
)
def test_what_is_typed_after_an_escape_is_text(typed: str, keys: list[Key]) -> None:
    assert read(*bytewise(typed.encode()), apart=0.2, end=True) == keys


@pytest.mark.parametrize("combined", [b"\x1b[", b"\x1bO", b"\x1b]", b"\x1bP", b"\x1b_", b"\x1b^", b"\x1bX"])
def test_a_key_with_alt_that_looks_like_a_beginning_swallows_nothing(combined: bytes) -> None:
    assert read(combined, b"hello", apart=0.2, end=True) == [text("hello")]
    assert read(combined, *bytewise(b"hello"), apart=0.2, end=True) == [text("hello")]


def test_an_escape_waits_briefly_for_a_letter() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b", 0.0) == []
    assert reader.deadline == ALT_SECONDS_MAX
    assert reader.feed(b"b", 0.05) == [Key("Alt-B")]
    assert reader.deadline is None


def test_a_paste_without_an_end_is_over_when_no_more_comes() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b[200~hello", 0.0) == [Key("")]
    assert reader.feed(b"\x03", 0.5) == [], "it may be pasted"
    assert reader.due(0.9) == []
    assert reader.due(REST_SECONDS_MAX) == [Key("Paste", "hello\x03")]
    assert reader.is_torn
    assert reader.feed(b"\x03", 2.0) == [Key("Ctrl-C")]
    assert not reader.is_torn


def test_a_long_paste_may_come_slowly_but_nobody_who_types_prolongs_it() -> None:
    reader = KeyReader()
    reader.feed(b"\x1b[200~", 0.0)
    for tenth in range(1, 50):
        assert reader.feed(b"ab", tenth / 10) == []
    for tenth in range(50, 58):
        assert reader.feed(b"c", tenth / 10) == []
    assert reader.deadline == pytest.approx(4.9 + REST_SECONDS_MAX)


def test_the_rest_of_a_torn_paste_is_known_until_its_end_comes() -> None:
    reader = KeyReader()
    reader.feed(b"\x1b[200~one", 0.0)
    reader.due(REST_SECONDS_MAX)
    assert reader.feed(b"two\rthree\r", 2.0) == [text("two"), Key("Enter"), text("three"), Key("Enter")]
    assert reader.is_torn
    assert reader.feed(b"\x1b[201~", 2.1) == [Key("PasteEnd")]
    assert not reader.is_torn


def test_a_sequence_and_a_string_without_an_end_take_no_memory_without_an_end() -> None:
    for beginning in (b"\x1b[", b"\x1b]11;"):
        reader = KeyReader()
        reader.feed(beginning, 0.0)
        for _ in range(100):
            assert joined(reader.feed(b"1" * 10_000, 0.0)) == []
        assert len(reader._pending) < 20_000
        reader.due(REST_SECONDS_MAX)
        assert reader.feed(b"x", 2.0) == [X]


def test_a_paste_without_an_end_takes_no_memory_without_an_end() -> None:
    reader = KeyReader()
    reader.feed(b"\x1b[200~", 0.0)
    for _ in range(100):
        assert reader.feed(b"x" * 10_000, 0.0) == []
    (paste,) = reader.feed(b"\x1b[201~", 0.0)
    assert paste.text == "x" * PASTE_CHARS_MAX


CHORDS = ("Ctrl-X Ctrl-E", "Ctrl-X u", "Ctrl-X Ctrl-X")


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"\x18\x05", named("Ctrl-X.Ctrl-E")),
        (b"a\x18\x05b", [text("a"), *named("Ctrl-X.Ctrl-E"), text("b")]),
        (b"\x18x", [X]),
        (b"\x18\x03", named("Ctrl-C")),
        (b"\x18\x1b[A", [UP]),
        (b"\x18\x18\x05", named("Ctrl-X.Ctrl-X Ctrl-E")),
        (b"\x18\x1b[I\x05", named("FocusIn Ctrl-X.Ctrl-E")),
        (b"\x18\x1b[200~a\x1b[201~\x05", [Key("Paste", "a"), Key("Ctrl-E")]),
        (b"\x18", []),
    ],
)
def test_two_keys_that_mean_something_together_are_one(data: bytes, keys: list[Key]) -> None:
    wanted = [Key(key.name.replace(".", " "), key.text) for key in keys]
    for pieces in ([data], bytewise(data)):
        reader = KeyReader(CHORDS)
        assert joined([key for piece in pieces for key in reader.feed(piece, 0.0)]) == wanted
        assert reader.deadline is None


def test_the_first_of_two_keys_alone_is_a_key_where_no_two_mean_anything() -> None:
    assert read(b"\x18\x05") == named("Ctrl-X Ctrl-E")


def test_an_escape_alone_is_a_key_once() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b", 0.0) == []
    assert reader.due(ALT_SECONDS_MAX) == [ESC]
    assert reader.due(REST_SECONDS_MAX) == [Key("")]
    assert reader.deadline is None
    assert read(b"\x1b", b"\x1b", b"x", apart=SLOW) == [ESC, ESC, X]


def test_an_escape_behind_something_that_is_given_up_is_a_key() -> None:
    reader, keys = KeyReader(), []
    reader.feed(b"\x1b", 0.0)
    assert reader.due(ALT_SECONDS_MAX) == [ESC]
    assert joined(reader.feed(b"[M\x1b", SLOW)) == []
    while reader.deadline is not None:
        keys += reader.due(reader.deadline)
    assert joined(keys) == [text("[M"), ESC]
