"""The bytes that a login signs: which server asked, who answers, with which key, over which channel."""

import base64
import binascii
import hashlib

LOGIN_LABEL = b"reactor-chat login v1\x00"
NONCE_BYTES = KEY_BYTES = BINDING_BYTES = 32
NO_BINDING = bytes(BINDING_BYTES)
"""The channel binding of a connection without TLS."""
PIN_LABEL = "SHA256:"
_FROM_ADDRESSES = str.maketrans("-_", "+/")


def pin_of(binding: bytes) -> str:
    """Return a channel binding as people write it: `SHA256:` and its base64, by which they know a server's key."""
    return PIN_LABEL + base64.b64encode(binding).decode("ascii")


def binding_of(pin: str) -> bytes | None:
    """Return the channel binding that a person wrote, with or without padding, in either alphabet of base64.

    None where it is none.  Links have the alphabet for addresses (RFC 4648 §5), which no shell and no browser changes.
    """
    written = pin.removeprefix(PIN_LABEL).rstrip("=").translate(_FROM_ADDRESSES)
    try:
        binding = base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
    except (binascii.Error, ValueError):  # the latter: not ASCII
        return None
    return binding if pin.startswith(PIN_LABEL) and len(binding) == BINDING_BYTES else None


def login_transcript(nonce: bytes, name: str, key: bytes, binding: bytes = NO_BINDING) -> bytes:
    """Return the bytes that the Ed25519 key of a login signs.

    Args:
        nonce: the 32 bytes of the server's `hello`.
        name: the name, as it is sent.
        key: the 32 bytes of the public key.
        binding: SHA-256 of the server's TLS public key (SubjectPublicKeyInfo, DER), or 32 zero bytes without TLS.

    Returns:
        Label, nonce, SHA-256 of the name, key and binding: 150 bytes, each field of fixed length.

    Source: PROTOCOL §7.
    """
    assert len(nonce) == NONCE_BYTES
    assert len(key) == KEY_BYTES
    assert len(binding) == BINDING_BYTES
    return LOGIN_LABEL + nonce + hashlib.sha256(name.encode("utf-8")).digest() + key + binding
