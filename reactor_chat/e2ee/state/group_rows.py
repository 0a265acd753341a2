"""The group of one conversation in the store: what stays for an epoch, and the message secrets, which move."""

from reactor_chat.e2ee.store import Store, Table
from reactor_chat.mls import increments
from reactor_chat.mls.group import Group
from reactor_chat.mls.tree.secrettree import RatchetKind


class GroupRows:
    """The rows of one conversation's group.

    Args:
        store: keeps them.
        key: of the conversation, in the store.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key

    def load(self) -> Group | None:
        """Return the group; None where there is none.

        Raises:
            MlsError: it cannot be read.
        """
        fixed = self._store.get(Table.GROUP, self._key)
        if fixed is None:
            return None
        moving = {key.removeprefix(self._key): row for key, row in self._store.rows(Table.RATCHET, self._key)}
        return increments.joined(fixed, moving)

    def begin_epoch(self, group: Group) -> None:
        """Keep a group in a new epoch; the secrets of the one before are gone."""
        self._store.put(Table.GROUP, self._key, increments.fixed(group))
        self._store.drop_all(Table.RATCHET, self._key)
        for name, row in increments.moving(group).items():
            self._store.put(Table.RATCHET, self._key + name, row)

    def move(self, before: Group, after: Group, leaf: int, kind: RatchetKind) -> None:
        """Keep a group one message later in the same epoch.

        Args:
            before: the group as it is kept.
            after: the group as it is now.
            leaf: of who said the message.
            kind: of its ratchet.
        """
        for name, row in increments.moved(before, after, leaf, kind).items():
            self._store.put(Table.RATCHET, self._key + name, row)

    def drop(self) -> None:
        """Forget the group and every secret of it."""
        self._store.drop(Table.GROUP, self._key)
        self._store.drop_all(Table.RATCHET, self._key)
