"""The server's own key: made once, whole or not at all, for its owner only, and usable for ten years."""

import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from reactor_chat.errors import StorageError, UsageError
from reactor_chat.server.process.certificate import FILE_NAME, first_certificate, keep, make, without_disk

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def test_it_is_made_once(tmp_path: Path) -> None:
    path = keep(tmp_path, NOW)
    made = path.read_bytes()
    assert path == tmp_path / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keep(tmp_path, NOW + timedelta(days=1)) == path
    assert path.read_bytes() == made
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]


def test_what_a_crash_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / f"{FILE_NAME}.new").write_bytes(b"half")
    first_certificate(keep(tmp_path, NOW))
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]


def test_key_and_certificate_belong_together_and_last(tmp_path: Path) -> None:
    pem = make(NOW)
    key = load_pem_private_key(pem, None)
    certificate = x509.load_pem_x509_certificate(pem)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    spki = [
        one.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for one in (key.public_key(), certificate.public_key())
    ]
    assert spki[0] == spki[1]
    certificate.verify_directly_issued_by(certificate)
    assert certificate.not_valid_before_utc <= NOW - timedelta(hours=12)
    assert certificate.not_valid_after_utc >= NOW + timedelta(days=3_652)
    assert make(NOW) != pem


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_who_else_may_read_it_could_pass_for_the_server(tmp_path: Path, mode: int) -> None:
    keep(tmp_path, NOW).chmod(mode)
    with pytest.raises(StorageError, match=f"chmod 600 {tmp_path}"):
        keep(tmp_path, NOW)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be kept"):
        keep(tmp_path / "none", NOW)


def test_the_first_of_a_chain_is_the_servers(tmp_path: Path) -> None:
    first, second = make(NOW), make(NOW)
    path = tmp_path / "chain.pem"
    path.write_bytes(first + second)
    assert first_certificate(path) == x509.load_pem_x509_certificate(first).public_bytes(Encoding.DER)


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=str(path)):
        first_certificate(path)


def test_it_can_be_read_without_a_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pem = make(NOW)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with without_disk(pem) as path:
        assert path.read_bytes() == path.read_bytes() == pem, "the certificate and its key are read one after the other"
        assert not list(tmp_path.iterdir()) or sys.platform != "linux"
    assert not path.exists()
