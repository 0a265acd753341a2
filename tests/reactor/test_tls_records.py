"""Records that no library would send, made by hand from a client's secrets: floods of key updates, and of nothing."""

import hashlib
import hmac
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reactor_chat.errors import TlsBroken
from reactor_chat.reactor.tls import SILENT_BYTES_MAX, TlsContext, TlsFilter
from tests.reactor.certificates import contexts, moved

ALERT, HANDSHAKE, DATA = 21, 22, 23
KEY_UPDATE = b"\x18\x00\x00\x01\x01"
"""Asks the other side to change its keys too (RFC 8446, section 4.6.3)."""

RECORD_OF_ONE_BYTES = 5 + len(KEY_UPDATE) + 1 + 16
"""A header, the order, its kind, a tag."""


def expanded(secret: bytes, label: str, length: int) -> bytes:
    """HKDF-Expand-Label with SHA-384 and no context, for at most one block (RFC 8446, section 7.1)."""
    full = b"tls13 " + label.encode()
    info = length.to_bytes(2, "big") + bytes([len(full)]) + full + b"\x00"
    return hmac.digest(secret, info + b"\x01", hashlib.sha384)[:length]


class Writer:
    """Writes a client's records from the secret that its library logged."""

    def __init__(self, secret: bytes) -> None:
        self.use(secret)

    def use(self, secret: bytes) -> None:
        self.secret, self.number = secret, 0
        self.key, self.iv = AESGCM(expanded(secret, "key", 32)), expanded(secret, "iv", 12)

    def record(self, kind: int, content: bytes) -> bytes:
        """One record (RFC 8446, section 5.2)."""
        inner = content + bytes([kind])
        header = b"\x17\x03\x03" + (len(inner) + 16).to_bytes(2, "big")
        nonce = (int.from_bytes(self.iv, "big") ^ self.number).to_bytes(12, "big")
        self.number += 1
        return header + self.key.encrypt(nonce, inner, header)

    def key_update(self) -> bytes:
        sent = self.record(HANDSHAKE, KEY_UPDATE)
        self.use(expanded(self.secret, "traffic upd", 48))
        return sent


@pytest.fixture
def meeting(tmp_path: Path) -> tuple[TlsFilter, Writer]:
    """A server's filter, and who can write anything to it."""
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    settings.check_hostname, settings.verify_mode = False, ssl.CERT_NONE
    settings.keylog_filename = str(tmp_path / "secrets")
    server, client = TlsFilter(contexts()[0]), TlsFilter(TlsContext(settings))
    for _ in range(2):
        moved(client, server)
        moved(server, client)
    lines = (tmp_path / "secrets").read_text().splitlines()
    (secret,) = (line.split()[2] for line in lines if line.startswith("CLIENT_TRAFFIC_SECRET_0 "))
    return server, Writer(bytes.fromhex(secret))


def test_the_hand_writes_what_the_library_reads(meeting: tuple[TlsFilter, Writer]) -> None:
    server, writer = meeting
    assert server.receive(writer.record(DATA, b"one") + writer.key_update() + writer.record(DATA, b"two")) == b"onetwo"


def test_a_flood_of_key_updates_is_the_end(meeting: tuple[TlsFilter, Writer]) -> None:
    server, writer = meeting
    assert server.receive(writer.record(DATA, b"x")) == b"x"
    updates = [writer.key_update() for _ in range(SILENT_BYTES_MAX // RECORD_OF_ONE_BYTES + 1)]
    assert server.receive(b"".join(updates[:-1])) == b""
    with pytest.raises(TlsBroken, match="nothing was said in 65536 bytes"):
        server.receive(updates[-1])
    assert len(server.unsent) <= SILENT_BYTES_MAX, "each is answered by one"


def test_key_updates_between_words_are_answered_by_no_more_than_they_are(meeting: tuple[TlsFilter, Writer]) -> None:
    server, writer = meeting
    for _ in range(100):
        flood = b"".join(writer.key_update() + writer.record(DATA, b"x") for _ in range(10))
        assert server.receive(flood) == b"x" * 10
    assert len(server.unsent) <= 100 * len(flood)
    server.seal(b"still here")


@pytest.mark.parametrize("kind", [HANDSHAKE, ALERT, 99])
def test_records_of_nothing_and_of_no_known_kind_are_the_end(meeting: tuple[TlsFilter, Writer], kind: int) -> None:
    server, writer = meeting
    with pytest.raises(TlsBroken):
        server.receive(writer.record(kind, b""))


def test_a_flood_of_empty_words_is_nothing_or_the_end(meeting: tuple[TlsFilter, Writer]) -> None:
    server, writer = meeting
    with pytest.raises(TlsBroken):
        server.receive(b"".join(writer.record(DATA, b"") for _ in range(1_000)))
    assert len(server.unsent) < 1_000


@pytest.mark.parametrize("content", ["010000020303", "0b00000400000000", "04" + "00" * 20])
def test_a_handshake_after_the_handshake_is_the_end(meeting: tuple[TlsFilter, Writer], content: str) -> None:
    """A hello to negotiate anew, a certificate that nobody asked for, a ticket from a client."""
    server, writer = meeting
    with pytest.raises(TlsBroken):
        server.receive(writer.record(HANDSHAKE, bytes.fromhex(content)))


def test_a_fatal_alert_is_the_end_and_a_warning_too(meeting: tuple[TlsFilter, Writer]) -> None:
    server, writer = meeting
    with pytest.raises(TlsBroken, match="alert"):
        server.receive(writer.record(ALERT, b"\x02\x28"))
