"""Objects too large for a frame: cut into pieces that are sent in order, and put together again from pieces that come.

Nobody believes the server that they belong together: the hash of the whole is what was asked for.
"""

import hashlib
from collections.abc import Callable

from reactor_chat.wire.messages import AskBlob, BlobAnswer, BlobPut

PIECE_BYTES = 32 * 1024  # of one piece, which as base64 fits into a frame (PROTOCOL §12)
PIECES_MAX = 128  # of a blob; 4 MiB hold a Welcome for 1,000 members
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

        Args:
            answer: a piece, as it came.
            fresh_id: gives each request its id.

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


class Blobs:
    """Blobs of one conversation: on their way, or here; forgotten with the connection, or once they were used.

    Attributes:
        coming: on their way, by hash.
        here: by hash; empty where what came was something else.
    """

    def __init__(self) -> None:
        self.coming: dict[bytes, Download] = {}
        self.here: dict[bytes, bytes] = {}

    def fetch(self, name: bytes, fresh_id: Callable[[], str]) -> AskBlob | None:
        """Return the request that begins to fetch a blob; None where it is on its way.

        Args:
            name: SHA-256 of the whole.
            fresh_id: gives the request its id.
        """
        if name in self.coming:
            return None
        download = self.coming[name] = Download(name)
        return download.first(fresh_id)

    def take(self, answer: BlobAnswer, fresh_id: Callable[[], str]) -> list[AskBlob]:
        """Take a piece of a blob that is on its way; return what to ask for next.

        Args:
            answer: a piece, as it came.
            fresh_id: gives each request its id.
        """
        download = self.coming.get(answer.hash)
        if download is None:
            return []
        requests = download.take(answer, fresh_id)
        if download.is_complete:
            del self.coming[answer.hash]
            self.here[answer.hash] = download.whole() or b""
        return requests

    def give_up(self) -> None:
        """The server has not what it told of: go on with nothing in its place, which will not hold."""
        self.here.update(dict.fromkeys(self.coming, b""))
        self.coming.clear()

    def use_up(self, name: bytes | None) -> bytes:
        """Remove and return a blob; empty where there is none."""
        return self.here.pop(name or b"", b"")

    def look(self, name: bytes | None) -> bytes:
        """Return a blob; empty where there is none."""
        return self.here.get(name or b"", b"")
