"""A point is written as SEC 1 has it."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from reactor_chat.mls.crypto.curve_points import uncompressed


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_a_point_is_written_whole_and_read_back(curve: ec.EllipticCurve) -> None:
    """Both coordinates are there, padded to the curve's size."""
    for secret in (1, 2, 3, 2**64):
        key = ec.derive_private_key(secret, curve).public_key()
        written, size = uncompressed(key), (curve.key_size + 7) // 8
        numbers = key.public_numbers()
        assert written == b"\x04" + numbers.x.to_bytes(size) + numbers.y.to_bytes(size)
        assert ec.EllipticCurvePublicKey.from_encoded_point(curve, written) == key
