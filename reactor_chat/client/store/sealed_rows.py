"""How what a vault keeps is sealed: rows of a session under keys of their own, the rest under the vault's secret.

A row of a session is sealed under a key that is used once and forgotten with the row (see `row_keys`), so the nonce is
always the same.  What is archived and what waits to be sent holds no keys; it is sealed under one key, with a random
nonce before it, so that a locked home gives none of it away.  Both are bound to where they stand: a row that is moved
to another place, or another person's, does not open.

Source: RFC 8439 (ChaCha20-Poly1305).
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_NONCE_BYTES = 12
_NO_NONCE = bytes(_NONCE_BYTES)


def sealed_row(row_key: bytes, name: str, kind: str, key: str, row: bytes) -> bytes:
    """Return a session's row as the vault keeps it.

    Args:
        row_key: 32 bytes, fresh.
        name: whose it is, folded.
        kind: its table.
        key: its key in that table.
        row: what it says.
    """
    return ChaCha20Poly1305(row_key).encrypt(_NO_NONCE, row, _bound(name, kind, key))


def opened_row(row_key: bytes, name: str, kind: str, key: str, sealed: bytes) -> bytes | None:
    """Return what a session's row says, None where it is not what was sealed for this place."""
    try:
        return ChaCha20Poly1305(row_key).decrypt(_NO_NONCE, sealed, _bound(name, kind, key))
    except InvalidTag:
        return None


class PayloadKey:
    """Seals what was archived and what waits to be sent.

    Args:
        secret: the vault's, 32 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        self._cipher = ChaCha20Poly1305(hmac.digest(secret, b"reactor-chat: payloads of a vault, format 1", "sha256"))

    def seal(self, payload: bytes, *bound_to: str | int) -> bytes:
        """Return a payload as the vault keeps it, bound to the other columns of its row."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, payload, _bound(*bound_to))

    def open(self, sealed: bytes, *bound_to: str | int) -> bytes | None:
        """Return the payload, None where it is not what was sealed for this place."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(*bound_to))
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            return None


def _bound(*fields: str | int) -> bytes:
    return repr(fields).encode("ascii", "backslashreplace")
