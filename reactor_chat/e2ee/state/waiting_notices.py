"""Notices of one conversation that wait, in their order, for what the first of them needs; kept row by row."""

from collections import deque
from collections.abc import Iterator

import msgspec

from reactor_chat.e2ee.store import Store, Table
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import SealCommitted

WAITING_MAX = 20_000
"""More than any honest server sends while a blob is fetched."""


class WaitingNotices:
    """A queue, the oldest first; false while it is empty.

    Args:
        store: keeps them.
        key: of the conversation, in the store.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        self._notices = deque(_decode(row) for _, row in store.rows(Table.BACKLOG, key))

    def __len__(self) -> int:
        return len(self._notices)

    def __iter__(self) -> Iterator[Heard | SealCommitted]:
        return iter(self._notices)

    @property
    def first(self) -> Heard | SealCommitted:
        """The oldest; there must be one."""
        return self._notices[0]

    def add(self, notice: Heard | SealCommitted) -> bool:
        """Keep a notice; return False where there is no more room."""
        if len(self._notices) >= WAITING_MAX:
            return False
        self._notices.append(notice)
        self._store.put(Table.BACKLOG, f"{self._key}{notice.seq:016d}", msgspec.msgpack.encode(notice))
        return True

    def take(self) -> Heard | SealCommitted:
        """Remove and return the oldest; there must be one."""
        notice = self._notices.popleft()
        self._store.drop(Table.BACKLOG, f"{self._key}{notice.seq:016d}")
        return notice


def _decode(row: bytes) -> Heard | SealCommitted:
    notice: Heard | SealCommitted = msgspec.msgpack.decode(row, type=Heard | SealCommitted)
    return notice
