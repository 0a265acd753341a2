"""The key that one conversation's passphrase gave, kept, and the salt of a derivation that is under way."""

from reactor_chat.e2ee.passphrase import KEY_BYTES, psk_name
from reactor_chat.e2ee.store import Store, Table
from reactor_chat.mls.epoch.state import PskSecrets
from reactor_chat.mls.group import NO_PSKS


class PassphraseKey:
    """The key of one conversation's passphrase.

    Args:
        store: keeps it.
        at: the conversation, in the store.

    Attributes:
        key: None while there is none.
        salt: that it was derived with.
        pending_salt: of the derivation that is under way, None while none is.
    """

    def __init__(self, store: Store, at: str) -> None:
        self._store = store
        self._at = at
        row = store.get(Table.SHARED_KEY, at)
        self.key = None if row is None else row[:KEY_BYTES]
        self.salt = b"" if row is None else row[KEY_BYTES:]
        self.pending_salt: bytes | None = None

    def forget(self) -> None:
        """Forget the key."""
        self.key, self.salt = None, b""
        self._store.drop(Table.SHARED_KEY, self._at)

    def forget_unless(self, salt: bytes) -> None:
        """Forget the key where it was derived with another salt."""
        if self.key is not None and self.salt != salt:
            self.forget()

    def derive_with(self, salt: bytes) -> None:
        """A key is being derived, with this salt."""
        self.pending_salt = salt

    def derived(self, key: bytes | None) -> None:
        """The derivation is over: keep its key; None where it failed."""
        if key is not None:
            self.key, self.salt = key, self.pending_salt or b""
            self._store.put(Table.SHARED_KEY, self._at, self.key + self.salt)
        self.pending_salt = None

    def psks(self, group_id: bytes, salt: bytes) -> PskSecrets:
        """Return the key as a group's pre-shared key, under the name that the group calls it by.

        Args:
            group_id: of the group.
            salt: of the group's terms.
        """
        return NO_PSKS if self.key is None else {psk_name(group_id, salt): self.key}
