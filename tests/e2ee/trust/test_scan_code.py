"""Codes for scanning: what is written is read back, however it was pasted, and nothing else is a code."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.e2ee.trust.scan_code import ScanCode, is_code, read, write

NAMES = st.from_regex(r"[a-z0-9_]{1,32}", fullmatch=True)
PRINTS = st.binary(min_size=32, max_size=32)
ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
LONGEST = ScanCode("a" * 32, bytes(range(32)), "_" * 32, bytes(range(32, 64)))


@given(st.builds(ScanCode, NAMES, PRINTS, NAMES, PRINTS))
def test_it_is_read_back_in_any_case_and_with_blanks(code: ScanCode) -> None:
    written = write(code)
    assert set(written) <= ALPHANUMERIC, "what a QR code packs best"
    assert is_code(written)
    assert read(written) == code
    half = len(written) // 2
    assert read(f" {written[:half].lower()}\n      {written[half:]} ") == code


def test_the_longest_fits_the_largest_code_that_a_small_terminal_shows() -> None:
    assert len(write(LONGEST)) <= 195, "version 6, level L"


@given(st.text(max_size=60))
def test_anything_else_is_no_code(text: str) -> None:
    assert read(text) is None
    assert read(f"CHAT-VERIFY:{text}") is None


def test_a_code_that_is_cut_off_or_names_nobody_is_none() -> None:
    written = write(LONGEST)
    assert all(read(written[:end]) is None for end in range(len(written) - 2))
    assert read(written.replace(":AAAA", "::AAAA", 1)) is None
    assert read(written.replace("A" * 32, "É" * 32)) is None
