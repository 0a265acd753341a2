"""Reads what a terminal is told, as a terminal does that knows exactly what a sequence is."""

import re

_osc = re.compile(rb"\x1b\](\d+);([^\x00-\x1f\x7f]*)(?:\x1b\\|\x07)")
_screen = re.compile(rb"(?:\x1bP(?!tmux;)((?:(?!\x1b\\).)*)\x1b\\)+", re.DOTALL)
_screen_piece = re.compile(rb"\x1bP((?:(?!\x1b\\).)*)\x1b\\", re.DOTALL)
_tmux = re.compile(rb"\x1bPtmux;((?:\x1b\x1b|[^\x1b])*)\x1b\\")


def one_sequence(data: bytes) -> tuple[int, str]:
    """Return the number of the one OSC that data is, and what it says, which has no control in it."""
    found = _osc.fullmatch(data)
    assert found is not None, data
    text = found[2].decode("utf-8")
    assert not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in text)
    return int(found[1]), text


def out_of_tmux(data: bytes) -> bytes:
    """Return what tmux passes on of the one envelope that data is."""
    found = _tmux.fullmatch(data)
    assert found is not None, data
    return found[1].replace(b"\x1b\x1b", b"\x1b")


def out_of_screen(data: bytes) -> bytes:
    """Return what GNU screen passes on of the envelopes that data is, none longer than old versions take."""
    assert _screen.fullmatch(data) is not None, data
    pieces = _screen_piece.findall(data)
    assert all(len(piece) <= 256 for piece in pieces)
    return b"".join(pieces)
