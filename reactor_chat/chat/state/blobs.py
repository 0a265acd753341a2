"""Objects too large for a frame, such as what a newcomer is welcomed with; opaque, and found by their hash.

The state knows where the journal has each piece; the bytes are read from there.
"""

from msgspec import Struct

from reactor_chat.chat.state.records import BlobStored
from reactor_chat.wire.messages import fold

BLOBS_MAX = 256
"""Objects of one person; the oldest beyond are forgotten."""


class Blob(Struct, array_like=True):
    """One object: whose it is, and for each piece the number of its record; 0 where it has not come."""

    hash: bytes
    owner: str
    seqs: list[int]

    @property
    def is_complete(self) -> bool:
        """Whether every piece is here."""
        return all(self.seqs)


class Blobs:
    """Every object, in the order in which their first pieces came."""

    def __init__(self) -> None:
        self._blobs: dict[bytes, Blob] = {}
        self._of_owner: dict[str, dict[bytes, None]] = {}

    def get(self, blob_hash: bytes) -> Blob | None:
        """Return the object of this hash; None where there is none."""
        return self._blobs.get(blob_hash)

    def is_complete(self, blob_hash: bytes) -> bool:
        """Return whether every piece of the object of this hash is here."""
        blob = self._blobs.get(blob_hash)
        return blob is not None and blob.is_complete

    def apply(self, record: BlobStored) -> None:
        """Note where a piece is; one that fits nothing, or is here already, changes nothing."""
        blob = self._blobs.get(record.hash)
        if blob is None:
            blob = Blob(record.hash, fold(record.name), [0] * record.count)
            self._add(blob)
        if blob.owner == fold(record.name) and len(blob.seqs) == record.count and not blob.seqs[record.index]:
            blob.seqs[record.index] = record.seq

    def _add(self, blob: Blob) -> None:
        self._blobs[blob.hash] = blob
        own = self._of_owner.setdefault(blob.owner, {})
        own[blob.hash] = None
        if len(own) > BLOBS_MAX:
            oldest = next(iter(own))
            del own[oldest], self._blobs[oldest]

    def forget(self, name: str) -> None:
        """Forget every object of somebody whose name was released."""
        for blob_hash in self._of_owner.pop(fold(name), ()):
            del self._blobs[blob_hash]

    def dump(self) -> list[Blob]:
        """Return a copy of every object, in the order in which their first pieces came."""
        return [Blob(blob.hash, blob.owner, list(blob.seqs)) for blob in self._blobs.values()]

    def load(self, blobs: list[Blob]) -> None:
        """Replace the state by what `dump` returned."""
        self._blobs, self._of_owner = {}, {}
        for blob in blobs:
            self._blobs[blob.hash] = Blob(blob.hash, blob.owner, list(blob.seqs))
            self._of_owner.setdefault(blob.owner, {})[blob.hash] = None
