"""The key that a person's names belong to: made once, kept in the home, brought back by its recovery code.

The file holds one line that says what it is and the recovery code itself, so that there is one form of a key to check
and to restore: a file that was cut off, or is not ours, is known by the code's own checks.  In a home that is locked
with a passphrase the file holds the key sealed instead (see `locked_seed`).
"""

import hmac
import os
from enum import Enum, auto
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.client.store.home import Home
from reactor_chat.client.store.locked_seed import HEADER as LOCKED_HEADER
from reactor_chat.client.store.locked_seed import LockedSeed
from reactor_chat.client.store.recovery import SEED_BYTES, code_of, seed_of
from reactor_chat.errors import StorageCorrupt, StorageError, TrustError, UsageError

FILE_NAME = "identity"
_HEADER = "reactor-chat identity v1: whoever has this code is you"


class Restored(Enum):
    """What bringing a key back came to."""

    NEW = auto()
    THERE = auto()  # it was there already
    UNLOCKED = auto()  # it was there under a passphrase, and is not any more


class KeyIdentity:
    """An Ed25519 key.

    Args:
        seed: its 32 secret bytes.
    """

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key().public_bytes_raw()

    @property
    def key(self) -> bytes:
        """The public key, 32 bytes."""
        return self._public

    def sign(self, transcript: bytes) -> bytes:
        """Return the signature, 64 bytes.

        Source: RFC 8032 §5.1.6; PROTOCOL §7.
        """
        return self._private.sign(transcript)


def vault_secret(seed: bytes) -> bytes:
    """Return what opens the vaults of this key: so whoever brings the key back can read them."""
    return hmac.digest(seed, b"reactor-chat: secret of the vaults, format 1", "sha256")


def is_there(home: Home) -> bool:
    """Return whether a home has a key, of whatever kind.  Raises as `load` does where nobody can tell."""
    return home.read(FILE_NAME) is not None


def load(home: Home) -> bytes | LockedSeed | None:
    """Return the seed that is kept in a home, or what a passphrase opens; None where there is none.

    Raises:
        TrustError: others may read it.
        StorageError: it cannot be read, or is no key of ours, whole.
    """
    data = home.read(FILE_NAME)
    if data is None:
        return None
    path = home.directory / FILE_NAME
    header, _, code = data.decode("utf-8", "replace").partition("\n")
    if header == LOCKED_HEADER:
        if (locked := LockedSeed.read(data)) is None or locked.written() != data:
            raise StorageCorrupt(f"{path} is damaged. {_way_out(path)}")
        return locked
    if header != _HEADER:
        raise StorageCorrupt(f"{path} is not a key of reactor-chat. {_way_out(path)}")
    try:
        seed = seed_of(code)
    except UsageError as error:
        raise StorageCorrupt(f"{path} is damaged. {_way_out(path)}") from error
    if data != _file(seed):  # a person may write a code in many ways, we in one
        raise StorageCorrupt(f"{path} is damaged. {_way_out(path)}")
    return seed


def stage_new(home: Home) -> bytes:
    """Make a key and write it beside its place; `publish` puts it there.

    In between its recovery code is to be shown: so no key is ever used whose code nobody saw.

    Returns:
        Its seed.

    Raises:
        StorageError: there is no space for it; or this home had a key that is gone, and a new one would not open what
            belongs to that.
    """
    if not home.is_empty():
        path = home.directory / FILE_NAME
        raise StorageError(f"{path} is gone. Bring your key back with --recover, or name another --home")
    seed = os.urandom(SEED_BYTES)
    home.stage(FILE_NAME, _file(seed))
    return seed


def publish(home: Home) -> None:
    """Put the key that was staged in its place.  Raises StorageError."""
    home.publish(FILE_NAME)


def lock(home: Home, seed: bytes, passphrase: str) -> None:
    """Keep the key of a home under a passphrase from now on, without one where it is empty.

    What stood in the file before is overwritten: it would open the home without the new passphrase.

    Raises:
        UsageError: the passphrase is too long.
        StorageError: it cannot be written, and what was there is there.
    """
    public = KeyIdentity(seed).key
    data = LockedSeed.of(seed, public, passphrase).written() if passphrase else _file(seed)
    home.write_over(FILE_NAME, data)


def restore(home: Home, seed: bytes) -> Restored:
    """Put a key into a home; where it is there under a passphrase, without it.

    Returns:
        What was there before.

    Raises:
        TrustError: another key is there, and stays.
        StorageError: what is there is damaged, and stays; or the key cannot be written.
    """
    there = load(home)
    if there == seed:
        return Restored.THERE
    is_locked = isinstance(there, LockedSeed) and there.public == KeyIdentity(seed).key
    if there is not None and not is_locked:
        path = home.directory / FILE_NAME
        raise TrustError(f"{path} holds another key, which was not touched. Name another --home for this one")
    home.write(FILE_NAME, _file(seed))
    return Restored.UNLOCKED if is_locked else Restored.NEW


def _file(seed: bytes) -> bytes:
    return f"{_HEADER}\n{code_of(seed)}\n".encode("ascii")


def _way_out(path: Path) -> str:
    return f"Nothing was changed; move it away (mv {path} {path}.bad) and bring your key back with --recover"
