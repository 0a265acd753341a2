"""Objects come in pieces, belong to who brought the first, and are forgotten beyond a number."""

import pytest

from reactor_chat.chat.state.blobs import BLOBS_MAX, Blobs
from reactor_chat.chat.state.records import BlobStored


def stored(seq: int, number: int = 1, index: int = 0, count: int = 1, name: str = "Ann") -> BlobStored:
    return BlobStored(seq, 0, name, number.to_bytes(32, "big"), index, count, b"x")


HASH = (1).to_bytes(32, "big")


def test_an_object_is_complete_with_its_last_piece_in_whatever_order() -> None:
    blobs = Blobs()
    for seq, index in ((1, 2), (2, 0)):
        blobs.apply(stored(seq, index=index, count=3))
        assert not blobs.is_complete(HASH)
    blobs.apply(stored(3, index=1, count=3))
    assert blobs.is_complete(HASH)
    assert not blobs.is_complete(bytes(32))


@pytest.mark.parametrize(
    "other", [stored(2, name="Bob"), stored(2, count=2), stored(2)], ids=["owner", "count", "again"]
)
def test_what_does_not_fit_changes_nothing(other: BlobStored) -> None:
    blobs = Blobs()
    blobs.apply(stored(1))
    before = blobs.dump()
    blobs.apply(other)
    assert blobs.dump() == before


@pytest.mark.parametrize("count", [BLOBS_MAX - 1, BLOBS_MAX, BLOBS_MAX + 1])
def test_so_many_are_kept_for_each_person(count: int) -> None:
    blobs = Blobs()
    blobs.apply(stored(1, 10_000, name="Bob"))
    for number in range(1, count + 1):
        blobs.apply(stored(number + 1, number))
    assert blobs.is_complete((10_000).to_bytes(32, "big"))
    assert blobs.is_complete(HASH) == (count <= BLOBS_MAX)
    assert len(blobs.dump()) == min(count, BLOBS_MAX) + 1


def test_what_is_dumped_is_a_copy_that_can_be_loaded() -> None:
    blobs, other = Blobs(), Blobs()
    for number in (3, 1, 2):
        blobs.apply(stored(number, number, count=2))
    dumped = blobs.dump()
    other.load(dumped)
    blobs.apply(stored(9, 1, 1, 2))
    assert other.dump() == dumped
    other.forget("ANN")
    assert other.dump() == []
