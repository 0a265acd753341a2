"""Blobs: cut and put together again, in any order, and only what was asked for."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.e2ee.blobs import BLOB_BYTES_MAX, PIECE_BYTES, Download, hash_of, pieces
from reactor_chat.wire.messages import BlobAnswer


def fresh_id() -> str:
    return "id"


def answers(data: bytes) -> list[BlobAnswer]:
    return [BlobAnswer(piece.hash, piece.index, piece.count, piece.data) for piece in pieces(data, fresh_id)]


@given(st.integers(1, 4 * PIECE_BYTES), st.randoms(use_true_random=False))
def test_pieces_come_together_in_any_order(length: int, dice) -> None:  # type: ignore[no-untyped-def]
    data = bytes(length - 1) + b"\x01"
    download, made = Download(hash_of(data)), answers(data)
    assert len(download.take(made[0], fresh_id)) == len(made) - 1
    rest = made[1:]
    dice.shuffle(rest)
    for answer in rest:
        assert not download.is_complete
        assert download.take(answer, fresh_id) == []
    assert download.is_complete
    assert download.whole() == data


@given(st.integers(-5, 200), st.integers(-5, 10**6), st.integers(0, PIECE_BYTES + 1))
def test_whatever_comes_is_bounded(index: int, count: int, length: int) -> None:
    download = Download(bytes(32))
    for number in range(3):
        asked = download.take(BlobAnswer(bytes(32), index + number, count, bytes(length)), fresh_id)
        assert len(asked) < 128
    if download.is_complete:
        assert download.whole() is None


def test_pieces_of_something_else_are_no_pieces() -> None:
    download = Download(bytes(32))
    assert download.take(answers(b"else")[0], fresh_id) == []
    assert not download.is_complete


def test_the_largest_has_as_many_pieces_as_a_request_may_count() -> None:
    assert len(pieces(bytes(BLOB_BYTES_MAX), fresh_id)) == 128


def test_what_is_not_what_its_name_says_is_nothing() -> None:
    download = Download(hash_of(b"promised"))
    download.take(BlobAnswer(hash_of(b"promised"), 0, 1, b"something else"), fresh_id)
    assert download.is_complete
    assert download.whole() is None
