"""Points of the NIST curves as MLS writes them."""

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey


def uncompressed(key: EllipticCurvePublicKey) -> bytes:
    """Return the octet 4 and both coordinates (SEC 1, section 2.3.3)."""
    # 10 ms to load, and neither of the suites that people chat with has such a curve.
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
