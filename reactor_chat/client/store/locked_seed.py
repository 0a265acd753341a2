"""A person's key under a passphrase: what the home holds of it while the home is locked.

The file has five lines: what it is, the parameters of Argon2id, the public key, the salt, and the sealed seed.  The
seed is sealed under the key that Argon2id makes of the passphrase and the salt; the salt is fresh each time, so this
key is used once.  The lines before it are bound to it.  The vaults' secret comes from the seed (see `identity`), so one
passphrase protects everything, and the recovery code opens everything whose passphrase was forgotten.

Source: RFC 9106 (Argon2id), RFC 8439 (ChaCha20-Poly1305).
"""

import binascii
import os
import re
from base64 import b64decode, b64encode
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from reactor_chat.e2ee.passphrase import DEFAULT, SALT_BYTES, derive
from reactor_chat.errors import MlsRefused, TrustError
from reactor_chat.wire.messages import Kdf

HEADER = "reactor-chat identity v2: locked with a passphrase"
PUBLIC_BYTES = 32
_TAG_BYTES = 16
_NO_NONCE = bytes(12)
_FILE = re.compile(rf"{HEADER}\nargon2id ([0-9]{{1,7}}) ([0-9]{{1,2}}) ([0-9]{{1,2}})\n(\S+)\n(\S+)\n(\S+)\n", re.ASCII)


class LockedSeed(NamedTuple):
    """The seed of a key, for whoever knows the passphrase."""

    kdf: Kdf
    public: bytes  # the public key
    salt: bytes
    sealed: bytes

    @classmethod
    def of(cls, seed: bytes, public: bytes, passphrase: str) -> Self:
        """Lock a seed; takes as long as `opened`.  Raises UsageError where the passphrase is empty or too long."""
        salt = os.urandom(SALT_BYTES)
        made = cls(DEFAULT, public, salt, b"")
        key = derive(passphrase, salt, DEFAULT)
        return made._replace(sealed=ChaCha20Poly1305(key).encrypt(_NO_NONCE, seed, made._bound()))

    @classmethod
    def read(cls, data: bytes) -> Self | None:
        """Return what a file holds; None where it is not such a file, whole."""
        found = _FILE.fullmatch(data.decode("utf-8", "replace"))
        if found is None:
            return None
        try:
            public, salt, sealed = (b64decode(field, validate=True) for field in found.groups()[3:])
        except (binascii.Error, ValueError):
            return None
        if (len(public), len(salt), len(sealed)) != (PUBLIC_BYTES, SALT_BYTES, PUBLIC_BYTES + _TAG_BYTES):
            return None
        kdf = Kdf("argon2id", memory_kib=int(found[1]), passes=int(found[2]), lanes=int(found[3]))
        return cls(kdf, public, salt, sealed)

    def written(self) -> bytes:
        """Return the file."""
        return self._bound() + b64encode(self.sealed) + b"\n"

    def opened(self, passphrase: str) -> bytes:
        """Return the seed; takes a tenth of a second and 64 MiB, and blocks.

        Raises:
            TrustError: that is not the passphrase, or somebody changed the file.
            UsageError: it is empty or too long.
        """
        try:
            key = derive(passphrase, self.salt, self.kdf)
            return ChaCha20Poly1305(key).decrypt(_NO_NONCE, self.sealed, self._bound())
        except (InvalidTag, MlsRefused) as error:
            raise TrustError(
                "Wrong passphrase; nothing was changed. If you forgot it, --recover brings your key back"
            ) from error

    def _bound(self) -> bytes:
        kdf = self.kdf
        public, salt = (b64encode(field).decode("ascii") for field in (self.public, self.salt))
        return f"{HEADER}\n{kdf.name} {kdf.memory_kib} {kdf.passes} {kdf.lanes}\n{public}\n{salt}\n".encode("ascii")
