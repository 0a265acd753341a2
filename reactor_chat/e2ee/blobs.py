"""Objects too large for a frame: cut into pieces that are sent in order, and put together again from pieces that come.

Nobody believes the server that they belong together: the hash of the whole is what was asked for.
"""

import hashlib
from collections.abc import Callable

from reactor_chat.wire.messages import AskBlob, BlobAnswer, BlobPut

PIECE_BYTES = 32 * 1024
PIECES_MAX = 128
BLOB_BYTES_MAX = PIECE_BYTES * PIECES_MAX


def hash_of(data: bytes) -> bytes:
    """Return the name of a blob."""
    return hashlib.sha256(data).digest()


def pieces(data: bytes, fresh_id: Callable[[], str]) -> list[BlobPut]:
    """Return the requests that store a blob, in order.

    Args:
        data: 1 to BLOB_BYTES_MAX bytes.
        fresh_id: gives each request its id.
    """
    assert 1 <= len(data) <= BLOB_BYTES_MAX
    cut = [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)]
    name = hash_of(data)
    return [BlobPut(name, index, len(cut), piece, id=fresh_id()) for index, piece in enumerate(cut)]


class Download:
    """A blob on its way to us.

    Args:
        name: its hash.
    """

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._count: int | None = None
        self._pieces: dict[int, bytes] = {}

    def first(self, fresh_id: Callable[[], str]) -> AskBlob:
        """Return the request that begins it."""
        return AskBlob(self._name, 0, id=fresh_id())

    def take(self, answer: BlobAnswer, fresh_id: Callable[[], str]) -> list[AskBlob]:
        """Take a piece.

        Returns:
            What to ask for next: all the others once the first has said how many there are.
        """
        if answer.hash != self._name or not 1 <= answer.count <= PIECES_MAX or len(answer.data) > PIECE_BYTES:
            return []
        if not 0 <= answer.index < (self._count or answer.count):
            return []
        self._pieces[answer.index] = answer.data
        if self._count is not None:
            return []
        self._count = answer.count
        return [AskBlob(self._name, index, id=fresh_id()) for index in range(1, answer.count)]

    @property
    def is_complete(self) -> bool:
        """Whether every piece is there."""
        return self._count is not None and len(self._pieces) == self._count

    def whole(self) -> bytes | None:
        """Return the blob once it is complete, None where it is not what its name says."""
        assert self._count is not None
        data = b"".join(self._pieces[index] for index in range(self._count))
        return data if hash_of(data) == self._name else None
