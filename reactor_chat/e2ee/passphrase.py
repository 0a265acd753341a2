"""From a passphrase to a pre-shared key: who does not know it cannot read along, whoever let him in.

The salt is the conversation's, random and known to all; the parameters travel beside it, and what is weaker than the
floor is refused whoever says so.  `derive` takes a tenth of a second and 64 MiB and belongs into a child process.
"""

import unicodedata

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from reactor_chat.errors import MlsRefused, UsageError
from reactor_chat.mls.messages import ExternalPsk
from reactor_chat.wire.messages import Kdf

KEY_BYTES = SALT_BYTES = 32  # as long as the hash of the suites we use, SHA-256
DEFAULT = Kdf("argon2id", memory_kib=64 * 1024, passes=3, lanes=4)
"""RFC 9106 §4, the second recommended option."""

MEMORY_KIB_MIN, MEMORY_KIB_MAX = 64 * 1024, 1024 * 1024  # no less than `DEFAULT`; a gibibyte is what a laptop can spare
PASSES_MIN, PASSES_MAX = 3, 16  # likewise; more would stop a small machine
LANES_MAX = 16  # more than most machines have cores
PASSPHRASE_BYTES_MAX = 1024  # longer than anything that people remember


def check(kdf: Kdf) -> None:
    """Return if a passphrase may be put through these parameters, else raise MlsRefused.

    Weaker ones would let whoever chose them guess cheaply, stronger ones would stop a small machine.
    """
    strong = kdf.memory_kib >= MEMORY_KIB_MIN and kdf.passes >= PASSES_MIN
    bearable = kdf.memory_kib <= MEMORY_KIB_MAX and kdf.passes <= PASSES_MAX and 1 <= kdf.lanes <= LANES_MAX
    if kdf.name != "argon2id" or not strong or not bearable:
        raise MlsRefused("parameters for a passphrase are outside what is safe")


def derive(passphrase: str, salt: bytes, kdf: Kdf) -> bytes:
    """Return the key of a passphrase, 32 bytes.

    Args:
        passphrase: 1 to 1,024 bytes of UTF-8; composed and decomposed letters are the same.
        salt: 32 bytes.
        kdf: must pass `check`.

    Raises:
        MlsRefused: the parameters do not pass.
        UsageError: the passphrase is empty or too long.

    Source: RFC 9106.
    """
    check(kdf)
    typed = unicodedata.normalize("NFC", passphrase).encode()
    if not 1 <= len(typed) <= PASSPHRASE_BYTES_MAX:
        raise UsageError(f"A passphrase has 1 to {PASSPHRASE_BYTES_MAX} bytes. Type another one")
    assert len(salt) == SALT_BYTES
    memory, lanes, passes = kdf.memory_kib, kdf.lanes, kdf.passes
    return Argon2id(salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory).derive(typed)


def psk_name(group_id: bytes, salt: bytes) -> ExternalPsk:
    """Return the name under which the key enters a group.

    Args:
        group_id: of the group.
        salt: of its terms.
    """
    return ExternalPsk(group_id + salt)
