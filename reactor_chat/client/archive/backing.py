"""What the archive needs of the vault it is in: its file, its key, and its words about damage.

So the same archive stands on a vault on disk and on one in memory, and imports neither.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from reactor_chat.errors import StorageCorrupt
from reactor_chat.text.render import Annotation
from reactor_chat.wire.messages import Notice

Change = tuple[str, tuple[Any, ...]]
"""A statement of SQL and its values."""


class Backing(NamedTuple):
    """The vault, as its archive sees it.

    Attributes:
        read: runs a query and returns its rows; what gathers is not in them; raises StorageError.
        gather: adds changes to the vault's next transaction.
        settle: makes what gathered durable; raises StorageError.
        write: makes changes in a transaction of their own, whole or not at all, which a power cut may take back;
            raises StorageError.
        seal: returns bytes as the vault keeps them, bound to the other columns of their row.
        unseal: returns what was sealed for such a row, or None.
        read_row: returns what a row of the archive says; raises MessageInvalid.
        damaged: returns the error for a vault that holds what was never written there.
        secret: 32 bytes of the vault, for whatever else needs a key.
    """

    read: Callable[[str, tuple[Any, ...]], list[Any]]
    gather: Callable[[Iterable[Change]], None]
    settle: Callable[[], None]
    write: Callable[[Iterable[Change]], None]
    seal: Callable[..., bytes]
    unseal: Callable[..., bytes | None]
    read_row: Callable[[bytes], tuple[Notice, Annotation]]
    damaged: Callable[[str], StorageCorrupt]
    secret: bytes
