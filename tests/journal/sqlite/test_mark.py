"""The high-water mark: what is written is read, what is torn is not believed, what is damaged is named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import StorageError, StorageLost
from reactor_chat.journal.sqlite.mark import MARK_NAME, PLACE_BYTES, Mark, MarkFile, read, written

LINK = bytes(range(32))
marks = st.builds(
    Mark,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text("0123456789abcdef.", min_size=1, max_size=64), max_size=4).map(tuple),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / MARK_NAME


@given(marks)
def test_a_place_has_one_size(mark: Mark) -> None:
    assert len(written(mark)) == PLACE_BYTES


def test_there_is_none_at_first(path: Path) -> None:
    assert read(path) is None


def test_what_was_moved_is_read_synced_or_not(path: Path) -> None:
    file = MarkFile(path, Mark(0, LINK), is_sound=False)
    for seq in range(1, 9):
        file.move(Mark(seq, LINK, ("a", "b")[: seq % 3]))
        assert read(path) == Mark(seq, LINK, ("a", "b")[: seq % 3])
        if seq % 2:
            file.sync()
    file.close()
    again = MarkFile(path, Mark(9, LINK), is_sound=True)
    assert read(path) == Mark(9, LINK)
    again.close()


@pytest.mark.parametrize("torn", [b"", b"\0" * PLACE_BYTES, b"x" * PLACE_BYTES])
def test_a_torn_place_costs_one_sync(path: Path, torn: bytes) -> None:
    """Whatever a power cut makes of what was written since the last sync, what was synced is read."""
    file = MarkFile(path, Mark(1, LINK), is_sound=False)
    file.move(Mark(2, LINK))
    file.sync()
    before = path.read_bytes()
    file.move(Mark(3, LINK))
    after = path.read_bytes()
    file.close()
    (place,) = {at // PLACE_BYTES for at in range(len(after)) if after[at] != before[at]}
    begin = place * PLACE_BYTES
    path.write_bytes(after[:begin] + torn + after[begin + len(torn) :])
    assert read(path) == (Mark(2, LINK) if torn else Mark(3, LINK))


@pytest.mark.parametrize("data", [b"", b"\0" * 1_024, b"reactor-chat mark 1 5 00 none 00".ljust(1_024)])
def test_a_damaged_one_is_named(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(StorageLost, match="damaged"):
        read(path)


def test_every_flipped_bit_is_found(path: Path) -> None:
    MarkFile(path, Mark(77, LINK, ("a",)), is_sound=False).close()
    whole = path.read_bytes()
    said_bytes = len(whole[:PLACE_BYTES].rstrip())
    for bit in range(8 * said_bytes):
        places = bytearray(whole)
        for place in (0, PLACE_BYTES):
            places[place + bit // 8] ^= 1 << bit % 8
        path.write_bytes(places)
        with pytest.raises(StorageError, match=r"damaged|newer"):
            read(path)


def test_one_of_a_newer_version_is_left(path: Path) -> None:
    path.write_bytes(b"reactor-chat mark 2 whatever".ljust(1_024))
    with pytest.raises(StorageError, match="newer") as refused:
        read(path)
    assert not isinstance(refused.value, StorageLost)


def test_one_that_was_removed_is_made_anew(path: Path) -> None:
    file = MarkFile(path, Mark(1, LINK), is_sound=False)
    path.unlink()
    file.move(Mark(2, LINK))
    file.sync()
    assert read(path) == Mark(2, LINK)
    file.close()


def test_what_cannot_be_written_is_told_by_the_sync(path: Path) -> None:
    file = MarkFile(path, Mark(1, LINK), is_sound=False)
    file.close()
    file.move(Mark(2, LINK))
    with pytest.raises(OSError, match="descriptor"):
        file.sync()
    assert read(path) == Mark(1, LINK)
