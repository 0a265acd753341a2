"""The code that one client shows and the other scans: both names, and the fingerprints of both keys.

    CHAT-VERIFY:ANN:BOB:<the 64 bytes of the two fingerprints, in base 32>

The person whose client shows it stands first.  Upper case, digits, colons and dashes are what a QR code packs best, so
the longest one still fits a terminal of 24 rows; a dash stands for the underline of a name.  It is read in any case.
"""

import base64
import binascii
from typing import NamedTuple

from reactor_chat.e2ee.trust.trust_book import FINGERPRINT_BYTES
from reactor_chat.wire.messages import fold, is_name

PREFIX = "CHAT-VERIFY:"


class ScanCode(NamedTuple):
    """What a code says: whose client shows it, to whom, and the two fingerprints; names are folded."""

    shower: str
    shower_fingerprint: bytes
    other: str
    other_fingerprint: bytes


def is_code(typed: str) -> bool:
    """Return whether what was typed is meant as a code."""
    return "".join(typed.split()).upper().startswith(PREFIX)


def write(code: ScanCode) -> str:
    """Return a code as it is shown."""
    both = base64.b32encode(code.shower_fingerprint + code.other_fingerprint).decode("ascii").rstrip("=")
    names = (name.upper().replace("_", "-") for name in (code.shower, code.other))
    return PREFIX + ":".join((*names, both))


def read(typed: str) -> ScanCode | None:
    """Return what a code says, None where it is not whole or no code; blanks and line breaks inside do not matter."""
    parts = "".join(typed.split()).upper().split(":")
    if len(parts) != 4 or f"{parts[0]}:" != PREFIX:
        return None
    shower, other = (fold(part.replace("-", "_")) for part in parts[1:3])
    try:
        both = base64.b32decode(parts[3] + "=" * (-len(parts[3]) % 8))
    except (binascii.Error, ValueError):  # the latter: not ASCII
        return None
    if len(both) != 2 * FINGERPRINT_BYTES or not (is_name(shower) and is_name(other)):
        return None
    return ScanCode(shower, both[:FINGERPRINT_BYTES], other, both[FINGERPRINT_BYTES:])
