"""Key encapsulation: agreement, repeatability, and every public key that must not be used."""

import hashlib

import pytest

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto.kem import HKDF_SHA256, XWing, encapsulate_mlkem768
from reactor_chat.mls.suites import HYBRID, SUITES, Suite
from tests.mls.people import SeededEntropy

EVERY = list(SUITES.values())
P = 2**255 - 19
ORDER_8 = (
    0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
    0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
)
# The seven low-order points of Curve25519 with all their encodings in 32 bytes, the masked top bit included.
LOW_ORDER = [(u | top).to_bytes(32, "little") for u in (0, 1, P - 1, P, P + 1, *ORDER_8) for top in (0, 2**255)]


@pytest.mark.parametrize("suite", EVERY, ids=repr)
def test_both_sides_agree(suite: Suite) -> None:
    """What is encapsulated is decapsulated, and the public key belongs to the private one."""
    pair = suite.kem.derive_key_pair(b"input keying material of some length")
    assert suite.kem.public_key(pair.private_key) == pair.public_key
    suite.kem.check_public_key(pair.public_key)
    secret, encapsulation = suite.kem.encapsulate(pair.public_key, SeededEntropy(1))
    assert suite.kem.decapsulate(encapsulation, pair.private_key) == secret
    assert len(encapsulation) == suite.kem.encapsulation_bytes
    assert pair.private_key.hex() not in repr(pair)


@pytest.mark.parametrize("suite", EVERY, ids=repr)
def test_entropy_is_an_argument(suite: Suite) -> None:
    """The same entropy gives the same encapsulation, but for the half that is the library's."""
    key = suite.kem.derive_key_pair(bytes(32)).public_key
    first, second = (suite.kem.encapsulate(key, SeededEntropy(1)) for _ in range(2))
    other = suite.kem.encapsulate(key, SeededEntropy(2))
    if suite.number == HYBRID:
        assert first[1][1088:] == second[1][1088:] != other[1][1088:]
        assert first[1][:1088] != second[1][:1088]
    else:
        assert first == second != other


@pytest.mark.parametrize("suite", EVERY, ids=repr)
@pytest.mark.parametrize("change", ["cut", "longer", "empty", "zeros"])
def test_malformed_keys_and_encapsulations(suite: Suite, change: str) -> None:
    """A public key or an encapsulation of the wrong size, or all zeros, is refused everywhere."""
    pair = suite.kem.derive_key_pair(bytes(32))
    _, encapsulation = suite.kem.encapsulate(pair.public_key, SeededEntropy(1))
    for genuine in (pair.public_key, encapsulation):
        bad = {"cut": genuine[:-1], "longer": genuine + b"\0", "empty": b"", "zeros": bytes(len(genuine))}[change]
        if genuine is pair.public_key:
            for refuse in (suite.kem.check_public_key, lambda key: suite.kem.encapsulate(key, SeededEntropy(1))):
                with pytest.raises(MlsRefused):
                    refuse(bad)
        else:
            with pytest.raises(MlsRefused):
                suite.kem.decapsulate(bad, pair.private_key)


@pytest.mark.parametrize("point", LOW_ORDER, ids=bytes.hex)
def test_low_order_points_of_curve25519(point: bytes) -> None:
    """Refused as a key to encrypt to, as an encapsulation, and as half of a hybrid key."""
    classical, hybrid = SUITES[1].kem, XWing()
    pair = classical.derive_key_pair(bytes(32))
    hybrid_pair = hybrid.derive_key_pair(bytes(32))
    _, encapsulation = hybrid.encapsulate(hybrid_pair.public_key, SeededEntropy(1))
    with pytest.raises(MlsRefused):
        classical.check_public_key(point)
    with pytest.raises(MlsRefused):
        classical.encapsulate(point, SeededEntropy(1))
    with pytest.raises(MlsRefused):
        classical.decapsulate(point, pair.private_key)
    with pytest.raises(MlsRefused):
        hybrid.check_public_key(hybrid_pair.public_key[:1184] + point)
    with pytest.raises(MlsRefused):
        hybrid.encapsulate(hybrid_pair.public_key[:1184] + point, SeededEntropy(1))
    with pytest.raises(MlsRefused):
        hybrid.decapsulate(encapsulation[:1088] + point, hybrid_pair.private_key)


@pytest.mark.parametrize("u", [0, 1, 2**448 - 2**224 - 2, 2**448 - 2**224 - 1, 2**448 - 2**224])
def test_low_order_points_of_curve448(u: int) -> None:
    """0, 1 and -1, in every encoding."""
    point = u.to_bytes(56, "little")
    with pytest.raises(MlsRefused):
        SUITES[4].kem.check_public_key(point)
    with pytest.raises(MlsRefused):
        SUITES[4].kem.decapsulate(point, bytes(55) + b"\x40")


@pytest.mark.parametrize("number", [2, 5, 7])
def test_points_off_the_nist_curves(number: int) -> None:
    """A point that is not on its curve, compressed, or at infinity."""
    suite = SUITES[number]
    key = suite.kem.derive_key_pair(bytes(32)).public_key
    for bad in (key[:-1] + bytes((key[-1] ^ 1,)), b"\x02" + key[1 : 1 + len(key) // 2], b"\x00"):
        with pytest.raises(MlsRefused):
            suite.kem.check_public_key(bad)


@pytest.mark.parametrize("suite", EVERY, ids=repr)
def test_private_keys_of_the_wrong_size(suite: Suite) -> None:
    """None, and one byte more than there should be."""
    for bad in (b"", bytes(200)):
        with pytest.raises(MlsRefused):
            suite.kem.public_key(bad)


def test_mlkem_modulus_check() -> None:
    """A lattice key with a coefficient that is not reduced is refused (FIPS 203 §7.2)."""
    with pytest.raises(MlsRefused):
        encapsulate_mlkem768(b"\xff" * 1184)
    curve_key = SUITES[1].kem.derive_key_pair(bytes(32)).public_key
    with pytest.raises(MlsRefused):
        XWing().check_public_key(b"\xff" * 1184 + curve_key)


def test_xwing_against_its_draft() -> None:
    """The first key of the X-Wing draft's appendix, by its beginning."""
    seed = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
    assert XWing().public_key(seed)[:36].hex() == (
        "e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5b19cfc3d"
    )


def test_xwing_derives_its_seed_in_one_stage() -> None:
    """SHAKE256 over the labelled input, written out (draft-ietf-hpke-pq §4)."""
    ikm = bytes(range(32))
    labelled = ikm + b"HPKE-v1KEM\x64\x7a\x00\x0dDeriveKeyPair\x00\x20"
    assert XWing().derive_key_pair(ikm).private_key == hashlib.shake_256(labelled).digest(32)


def test_a_tampered_lattice_ciphertext_gives_another_secret() -> None:
    """ML-KEM rejects implicitly: no error here, and no opening later."""
    suite = SUITES[HYBRID]
    pair = suite.kem.derive_key_pair(bytes(32))
    encapsulation, ciphertext = suite.hpke.seal(pair.public_key, b"info", b"text", SeededEntropy(1))
    tampered = bytes((encapsulation[0] ^ 1,)) + encapsulation[1:]
    secrets = {suite.kem.decapsulate(e, pair.private_key) for e in (encapsulation, tampered)}
    assert len(secrets) == 2
    for opening in (suite.hpke.open, suite.hpke.open_without_library):
        with pytest.raises(MlsRefused):
            opening(pair.private_key, b"info", tampered, ciphertext)


def test_hkdf_longer_than_a_block() -> None:
    """RFC 5869 test case 1: 42 bytes of SHA-256."""
    prk = HKDF_SHA256.extract(bytes(range(13)), b"\x0b" * 22)
    assert prk.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    okm = HKDF_SHA256.expand(prk, bytes(range(0xF0, 0xFA)), 42)
    assert okm.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
