"""The key schedule: from one epoch's init secret, a commit and pre-shared keys to the next epoch's secrets (RFC 9420
§8).

    init_secret ─┐                      psk_secret ─┐
    commit_secret ─ Extract ─ "joiner" ─ joiner_secret ─ Extract ─┬─ welcome_secret
                                                                  └─ "epoch" ─ epoch_secret ─ nine secrets by name

Also here: the two transcript hashes, which make members agree on history, and the exporter.
"""

from msgspec.structs import replace

from reactor_chat.mls.crypto.kem import KeyPair
from reactor_chat.mls.encoding.codec import with_length
from reactor_chat.mls.messages import AuthenticatedContent, PreSharedKeyID, PSKLabel
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.values import Hidden, Value


class EpochSecrets(Value, frozen=True):
    """The secrets of one epoch, all Nh bytes, none in any representation (RFC 9420 §8, table 4)."""

    sender_data_secret: Hidden[bytes]
    encryption_secret: Hidden[bytes]
    exporter_secret: Hidden[bytes]
    external_secret: Hidden[bytes]
    confirmation_key: Hidden[bytes]
    membership_key: Hidden[bytes]
    resumption_psk: Hidden[bytes]
    epoch_authenticator: Hidden[bytes]
    init_secret: Hidden[bytes]

    @classmethod
    def derive(cls, suite: Suite, epoch_secret: bytes) -> "EpochSecrets":
        """Derive every secret of an epoch from its one secret."""
        return cls(*(suite.derive_secret(epoch_secret, label) for label in _LABELS))

    def without_encryption_secret(self) -> "EpochSecrets":
        """Return the secrets a member keeps: the secret tree has replaced the secret it grew from, which would give
        it back.
        """
        return replace(self, encryption_secret=b"")

    def external_key_pair(self, suite: Suite) -> KeyPair:
        """Return the key pair that external commits encapsulate to (RFC 9420 §8.3)."""
        return suite.kem.derive_key_pair(self.external_secret)

    def export(self, suite: Suite, label: bytes, context: bytes, length: int) -> bytes:
        """MLS-Exporter (RFC 9420 §8.5).

        Args:
            suite: of the group.
            label: what it is for.
            context: likewise; its hash is covered.
            length: 0 to 255 * Nh bytes.
        """
        secret = suite.derive_secret(self.exporter_secret, label)
        return suite.expand_with_label(secret, b"exported", suite.digest(context), length)


_LABELS = (
    b"sender data",
    b"encryption",
    b"exporter",
    b"external",
    b"confirm",
    b"membership",
    b"resumption",
    b"authentication",
    b"init",
)


def joiner_secret(suite: Suite, init_secret: bytes, commit_secret: bytes, context: bytes) -> bytes:
    """Return what a joiner is told.

    Args:
        context: the encoded GroupContext of the new epoch.

    Source: RFC 9420 §8.
    """
    return suite.expand_with_label(suite.extract(init_secret, commit_secret), b"joiner", context, suite.hash_bytes)


def welcome_secret(suite: Suite, joiner: bytes, psk_secret: bytes) -> bytes:
    """Return the secret that opens a Welcome's GroupInfo (RFC 9420 §8).

    Args:
        suite: of the group.
        joiner: the joiner secret.
        psk_secret: what `psk_secret` returned.
    """
    return suite.derive_secret(suite.extract(joiner, psk_secret), b"welcome")


def welcome_key_nonce(suite: Suite, secret: bytes, nonce_bytes: int = 12) -> tuple[bytes, bytes]:
    """Return key and nonce of a Welcome's GroupInfo (RFC 9420 §12.4.3.1).

    Args:
        suite: of the group.
        secret: what `welcome_secret` returned.
        nonce_bytes: of the AEAD.
    """
    key = suite.expand_with_label(secret, b"key", b"", suite.aead.key_bytes)
    return key, suite.expand_with_label(secret, b"nonce", b"", nonce_bytes)


def epoch_secrets(suite: Suite, joiner: bytes, psk_secret: bytes, context: bytes) -> EpochSecrets:
    """Return the secrets of the epoch whose encoded GroupContext is `context` (RFC 9420 §8).

    Args:
        suite: of the group.
        joiner: the joiner secret.
        psk_secret: what `psk_secret` returned.
        context: the encoded GroupContext of the new epoch.
    """
    member_secret = suite.extract(joiner, psk_secret)
    return EpochSecrets.derive(suite, suite.expand_with_label(member_secret, b"epoch", context, suite.hash_bytes))


def psk_secret(suite: Suite, psks: list[tuple[PreSharedKeyID, bytes]]) -> bytes:
    """Combine pre-shared keys, in the order of their proposals; all zeros where there are none.

    Args:
        suite: of the group.
        psks: each identifier with its secret, in the order of their proposals.

    Source: RFC 9420 §8.4.
    """
    secret = zeros = bytes(suite.hash_bytes)
    for index, (identifier, psk) in enumerate(psks):
        label = PSKLabel(identifier, index, len(psks)).encode()
        extracted = suite.extract(zeros, psk)
        secret = suite.extract(suite.expand_with_label(extracted, b"derived psk", label, suite.hash_bytes), secret)
    return secret


def confirmed_transcript_hash(suite: Suite, interim_before: bytes, commit: AuthenticatedContent) -> bytes:
    """Return the hash of history up to this commit without its confirmation tag (RFC 9420 §8.2).

    Args:
        suite: of the group.
        interim_before: the interim hash of the epoch before.
        commit: with its signature.
    """
    covered = commit.wire_format.to_bytes(2) + commit.content.encode() + with_length(commit.signature)
    return suite.digest(interim_before + covered)


def interim_transcript_hash(suite: Suite, confirmed: bytes, confirmation_tag: bytes) -> bytes:
    """Return the hash of history including the tag that confirmed it (RFC 9420 §8.2).

    Args:
        suite: of the group.
        confirmed: what `confirmed_transcript_hash` returned.
        confirmation_tag: of the commit.
    """
    return suite.digest(confirmed + with_length(confirmation_tag))
