"""A cipher that seals like the suite's own and remembers with which key and nonce."""

import pytest
from msgspec import field
from msgspec.structs import replace

from reactor_chat.mls.crypto.hpke import AES_128_GCM, Aead
from reactor_chat.mls.suites import CLASSICAL, HYBRID, SUITES


class RecordingAead(Aead, frozen=True):
    """The suite's cipher, with a list of every pair that was sealed with."""

    used: list[tuple[bytes, bytes]] = field(default_factory=list)

    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt, and remember."""
        self.used.append((key, nonce))
        return super().seal(key, nonce, plaintext, aad)


def record_seals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Return the list to which every seal of both suites adds its key and nonce until the test ends."""
    one = AES_128_GCM
    recording = RecordingAead(one.id, one.key_bytes, one.cipher, one.library_name)
    for number in (CLASSICAL, HYBRID):
        monkeypatch.setitem(SUITES, number, replace(SUITES[number], aead=recording))
    return recording.used
