"""Bytes become the same keys however they were split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.keys import ACTIONS, KEYS, PASTE_CHARS_MAX, SEQUENCES, Action, Key, KeyReader


def read(*pieces: bytes) -> list[Key]:
    reader = KeyReader()
    return [key for piece in pieces for key in reader.feed(piece)]


def joined(keys: list[Key]) -> list[Key]:
    """Text may come in any pieces; put them together, and leave out what does nothing."""
    whole: list[Key] = []
    for key in keys:
        if key.name == "Text" and whole and whole[-1].name == "Text":
            whole[-1] = Key("Text", whole[-1].text + key.text)
        elif key.name:
            whole.append(key)
    return whole


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"abc", [Key("Text", "abc")]),
        ("é日🎉".encode(), [Key("Text", "é日🎉")]),
        (b"\r", [Key("Enter")]),
        (b"\n", [Key("Enter")]),
        (b"\t", [Key("Tab")]),
        (b"\x01\x05\x0b\x15\x17\x19\x0c\x03\x04\x1a", [Key(f"Ctrl-{c}") for c in "AEKUWYLCDZ"]),
        (b"\x7f", [Key("Backspace")]),
        (b"\x1bb\x1bf\x1bB", [Key("Alt-B"), Key("Alt-F"), Key("Alt-B")]),
        (b"\x1b[A\x1bOB", [Key("Up"), Key("Down")]),
        (b"\x1b[1;5C\x1b[3~", [Key("Ctrl-Right"), Key("Delete")]),
        (b"\x1b\r", [Key("Alt-Enter")]),
        (b"\x1b[99;99;99zx", [Key("Text", "x")]),
        (b"\x1b\x1b[Ax", [Key("Up"), Key("Text", "x")]),
        (b"\x1b[200~one\r\n\x1b[A\x03two\x1b[201~x", [Key("Paste", "one\r\n\x1b[A\x03two"), Key("Text", "x")]),
        (b"\x1b[200~\x1b[201~", [Key("Paste", "")]),
        (b"\x1b[20\x1b[Ax", [Key("Text", "[20"), Key("Up"), Key("Text", "x")]),
        (b"\xff", [Key("Text", "\ufffd")]),
        (b"\x00", []),
    ],
)
def test_what_is_pressed(data, keys):
    assert joined(read(data)) == keys
    assert joined(read(*(data[i : i + 1] for i in range(len(data))))) == keys


@given(
    st.lists(st.sampled_from([*(b"\x1b" + s.encode() for s in SEQUENCES), "é日".encode(), b"\x1b", b"[", b"\x1b[201~"]))
)
def test_any_split_is_the_same_as_whole(parts):
    data = b"".join(parts)
    assert joined(read(*(data[i : i + 1] for i in range(len(data))))) == joined(read(data))


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_split_anywhere_are_the_same_as_whole(data, place):
    assert joined(read(data[:place], data[place:])) == joined(read(data))


def test_an_escape_alone_waits_until_told_that_nothing_follows():
    reader = KeyReader()
    assert reader.feed(b"\x1b") == []
    assert reader.is_waiting
    reader.flush()
    assert reader.feed(b"b") == [Key("Text", "b")]
    assert not reader.is_waiting


def test_a_sequence_without_an_end_is_not_waited_for_for_ever():
    reader = KeyReader()
    reader.feed(b"\x1b[" + b"1" * 100)
    assert not reader.is_waiting


def test_a_paste_without_an_end_takes_no_memory_without_an_end():
    reader = KeyReader()
    reader.feed(b"\x1b[200~")
    for _ in range(100):
        assert reader.feed(b"x" * 10_000) == []
    assert not reader.is_waiting
    (paste,) = reader.feed(b"\x1b[201~")
    assert paste.text == "x" * PASTE_CHARS_MAX


def test_every_action_has_its_key_and_every_key_one_action():
    assert {row.action for row in KEYS} == set(Action)
    assert len(ACTIONS) == sum(len(row.keys) for row in KEYS)
