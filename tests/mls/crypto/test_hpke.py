"""HPKE: the library's and our own are the same, both ways, in every suite the library has."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import hpke as library
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto import hpke
from reactor_chat.mls.suites import HYBRID, SUITES, Suite
from tests.mls.people import SeededEntropy

EVERY = list(SUITES.values())
IN_LIBRARY = [suite for suite in EVERY if suite.number not in (4, 6)]


def library_public_key(suite: Suite, key: bytes) -> Any:
    """Return a public key as the library takes it."""
    if suite.number == HYBRID:
        lattice = mlkem.MLKEM768PublicKey.from_public_bytes(key[:1184])
        return library.MLKEM768X25519PublicKey(lattice, x25519.X25519PublicKey.from_public_bytes(key[1184:]))
    curves: dict[int, ec.EllipticCurve] = {2: ec.SECP256R1(), 5: ec.SECP521R1(), 7: ec.SECP384R1()}
    if suite.number in curves:
        return ec.EllipticCurvePublicKey.from_encoded_point(curves[suite.number], key)
    return x25519.X25519PublicKey.from_public_bytes(key)


@pytest.mark.parametrize("suite", IN_LIBRARY, ids=repr)
def test_two_independent_paths(suite: Suite) -> None:
    """Sealed by either, opened by either: four ways, one plaintext."""
    theirs = hpke.library_suite(suite.kem.id, suite.kdf.id, suite.aead.library_name)
    assert theirs is not None
    for number in range(20):
        random = SeededEntropy((suite.number, number))
        pair, info, text = suite.kem.derive_key_pair(random(32)), random(number), random(3 * number)
        ours = suite.hpke.seal(pair.public_key, info, text, random)
        blob = theirs.encrypt(text, library_public_key(suite, pair.public_key), info)
        size = suite.kem.encapsulation_bytes
        for encapsulation, ciphertext in (ours, (blob[:size], blob[size:])):
            assert suite.hpke.open(pair.private_key, info, encapsulation, ciphertext) == text
            assert suite.hpke.open_without_library(pair.private_key, info, encapsulation, ciphertext) == text


@pytest.mark.parametrize("suite", EVERY, ids=repr)
def test_everything_is_bound(suite: Suite) -> None:
    """Another key, another info, or one bit anywhere: refused by both paths, without distinction."""
    random = SeededEntropy(suite.number)
    pair, other = suite.kem.derive_key_pair(random(32)), suite.kem.derive_key_pair(random(32))
    encapsulation, ciphertext = suite.hpke.seal(pair.public_key, b"info", b"text", random)
    flipped = ciphertext[:-1] + bytes((ciphertext[-1] ^ 1,))
    bent = encapsulation[:-1] + bytes((encapsulation[-1] ^ 1,))
    for opening in (suite.hpke.open, suite.hpke.open_without_library):
        assert opening(pair.private_key, b"info", encapsulation, ciphertext) == b"text"
        for arguments in (
            (other.private_key, b"info", encapsulation, ciphertext),
            (pair.private_key, b"else", encapsulation, ciphertext),
            (pair.private_key, b"info", encapsulation, flipped),
            (pair.private_key, b"info", bent, ciphertext),
            (pair.private_key, b"info", encapsulation, b""),
        ):
            with pytest.raises(MlsRefused):
                opening(*arguments)


@pytest.mark.parametrize("suite", EVERY, ids=repr)
def test_the_border_between_the_parts_is_fixed(suite: Suite) -> None:
    """The library takes encapsulation and ciphertext as one; moving the border must not open."""
    pair = suite.kem.derive_key_pair(bytes(32))
    encapsulation, ciphertext = suite.hpke.seal(pair.public_key, b"", b"text", SeededEntropy(1))
    whole, border = encapsulation + ciphertext, len(encapsulation)
    for moved in (border - 1, border + 1, 0, len(whole)):
        with pytest.raises(MlsRefused):
            suite.hpke.open(pair.private_key, b"", whole[:moved], whole[moved:])


@given(st.sampled_from(IN_LIBRARY), st.binary(max_size=1300), st.binary(max_size=60))
def test_no_garbage_escapes(suite: Suite, encapsulation: bytes, ciphertext: bytes) -> None:
    """Garbage is refused, whatever the library says about it."""
    key = suite.kem.derive_key_pair(bytes(32)).private_key
    sized = encapsulation[: suite.kem.encapsulation_bytes].ljust(suite.kem.encapsulation_bytes, b"\x04")
    for candidate in (encapsulation, sized):
        with pytest.raises(MlsRefused):
            suite.hpke.open(key, b"", candidate, ciphertext)


@pytest.mark.parametrize("suite", EVERY, ids=repr)
def test_both_sides_export_the_same(suite: Suite) -> None:
    """The exporter of a shared context, as external commits use it."""
    pair = suite.kem.derive_key_pair(bytes(32))
    secret, encapsulation = suite.kem.encapsulate(pair.public_key, SeededEntropy(1))
    sent = suite.hpke.setup(secret, b"")
    received = suite.hpke.setup(suite.kem.decapsulate(encapsulation, pair.private_key), b"")
    assert suite.export_external_init(sent) == suite.export_external_init(received)
    assert suite.hpke.export(sent, b"x", 100) != suite.hpke.export(sent, b"y", 100)
    assert "key" not in repr(sent)


def test_rfc_9180_exporter() -> None:
    """RFC 9180 A.1.1: DHKEM(X25519), HKDF-SHA256, AES-128-GCM, base mode."""
    suite = SUITES[1]
    secret = bytes.fromhex("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc")
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    context = suite.hpke.setup(secret, info)
    assert context.key.hex() == "4531685d41d65f03dc48f6b8302c05b0"
    assert context.nonce.hex() == "56d890e5accaaf011cff4b7d"
    assert context.exporter_secret.hex() == "45ff1c2e220db587171952c0592d5f5ebe103f1561a2614e38f2ffd47e99e3f8"
    exported = "3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee"
    assert suite.hpke.export(context, b"", 32).hex() == exported


def test_without_the_library_the_result_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose `cryptography` lacks HPKE opens the same ciphertexts."""
    suite = SUITES[1]
    pair = suite.kem.derive_key_pair(bytes(32))
    sealed = suite.hpke.seal(pair.public_key, b"i", b"text", SeededEntropy(1))
    monkeypatch.setattr(hpke, "library_suite", lambda *_: None)
    assert suite.hpke.open(pair.private_key, b"i", *sealed) == b"text"
