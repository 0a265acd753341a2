"""The secret tree: one ratchet per member and kind of message, and keys that exist once (RFC 9420 §9).

Theory of operation.  The epoch's encryption secret belongs to the root; a node's secret gives its children theirs and
is then forgotten.  A leaf's secret becomes two ratchets, which step forward with each message.  Because the delivery
service gives one order to everything, a ratchet only moves forward: a key that was passed over or used is gone, and a
message that comes for it is refused.

A `SecretTree` is a value.  `key` returns the key together with the tree in which it is used up, and the caller adopts
that tree only after the ciphertext opened and the signature held; a tampered copy therefore cannot use up the key of
the genuine message.
"""

from collections.abc import Mapping
from enum import IntEnum

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.crypto.hpke import NONCE_BYTES
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.tree import treemath
from reactor_chat.mls.values import Hidden, Value

GENERATIONS_AHEAD_MAX = (
    1000  # passing over one costs about 3 µs; a sender does not lose a thousand messages in an epoch
)
GENERATION_MAX = 2**32 - 1  # a generation is a uint32 (RFC 9420 §9.1)


class RatchetKind(IntEnum):
    """What a ratchet's keys are for."""

    HANDSHAKE = 0
    APPLICATION = 1


_KIND_LABELS = {RatchetKind.HANDSHAKE: b"handshake", RatchetKind.APPLICATION: b"application"}


class Ratchet(Value, frozen=True):
    """The secret of the next generation, and that generation's number."""

    secret: Hidden[bytes]
    generation: int


class MessageKey(Value, frozen=True):
    """Key and nonce of one message."""

    key: Hidden[bytes]
    nonce: Hidden[bytes]
    generation: int


class SecretTree(Value, frozen=True):
    """What is left of an epoch's message secrets.

    Attributes:
        leaf_count: of the ratchet tree.
        node_secrets: secrets of the highest nodes not yet opened, by node.
        ratchets: by (leaf index, kind), of the leaves that were opened.
    """

    suite: Hidden[Suite]
    leaf_count: int
    node_secrets: Hidden[Mapping[int, bytes]]
    ratchets: Hidden[Mapping[tuple[int, int], Ratchet]]

    @classmethod
    def from_encryption_secret(cls, suite: Suite, leaf_count: int, encryption_secret: bytes) -> "SecretTree":
        """Return the whole tree of an epoch with `leaf_count` leaves (RFC 9420 §9).

        Args:
            suite: of the group.
            leaf_count: a power of two.
            encryption_secret: of the epoch.
        """
        return cls(suite, leaf_count, {treemath.root(leaf_count): encryption_secret}, {})

    def next_generation(self, leaf_index: int, kind: RatchetKind) -> int:
        """Return the number the member's next message will have.

        Args:
            leaf_index: of the member.
            kind: of the message.
        """
        ratchet = self.ratchets.get((leaf_index, kind))
        return ratchet.generation if ratchet is not None else 0

    def key(self, leaf_index: int, kind: RatchetKind, generation: int | None = None) -> tuple[MessageKey, "SecretTree"]:
        """Return a message's key, and the tree in which it and all keys before it are used up.

        Args:
            leaf_index: of the sender, within the tree.
            kind: which of its two ratchets.
            generation: of the message; None for the next one.

        Raises:
            MlsRefused: used up, more than GENERATIONS_AHEAD_MAX ahead, or the ratchet is at its end.

        Source: RFC 9420 §9.1.
        """
        opened = self if (leaf_index, kind) in self.ratchets else self.open_leaf(leaf_index)
        ratchet = opened.ratchets[leaf_index, kind]
        wanted = ratchet.generation if generation is None else generation
        if not 0 <= wanted - ratchet.generation <= GENERATIONS_AHEAD_MAX or wanted >= GENERATION_MAX:
            raise MlsRefused("a generation is used up or too far ahead")
        suite, secret = self.suite, ratchet.secret
        for passed in range(ratchet.generation, wanted):
            secret = suite.derive_tree_secret(secret, b"secret", passed, suite.hash_bytes)
        key = MessageKey(
            suite.derive_tree_secret(secret, b"key", wanted, suite.aead.key_bytes),
            suite.derive_tree_secret(secret, b"nonce", wanted, NONCE_BYTES),
            wanted,
        )
        following = Ratchet(suite.derive_tree_secret(secret, b"secret", wanted, suite.hash_bytes), wanted + 1)
        ratchets = {**opened.ratchets, (leaf_index, kind): following}
        return key, SecretTree(suite, self.leaf_count, opened.node_secrets, ratchets)

    def open_leaf(self, leaf_index: int) -> "SecretTree":
        """Return the tree with a leaf's secret turned into its two ratchets, keeping only what other leaves need.

        Raises:
            MlsRefused: neither the leaf nor a node above it has a secret left.

        Source: RFC 9420 §9.
        """
        leaf = 2 * leaf_index
        node_secrets = dict(self.node_secrets)
        path = (leaf, *treemath.direct_path(leaf, self.leaf_count))
        node = next((number for number in path if number in node_secrets), None)
        if node is None:
            raise MlsRefused("the secrets of a leaf are used up")
        secret = node_secrets.pop(node)
        size = self.suite.hash_bytes
        while node != leaf:
            left, right = treemath.left(node), treemath.right(node)
            secrets = {
                left: self.suite.expand_with_label(secret, b"tree", b"left", size),
                right: self.suite.expand_with_label(secret, b"tree", b"right", size),
            }
            node = left if leaf < node else right
            secret = secrets.pop(node)
            node_secrets.update(secrets)
        ratchets = dict(self.ratchets)
        for kind, label in _KIND_LABELS.items():
            ratchets[leaf_index, kind] = Ratchet(self.suite.expand_with_label(secret, label, b"", size), 0)
        return SecretTree(self.suite, self.leaf_count, node_secrets, ratchets)


def sender_data_key(suite: Suite, sender_data_secret: bytes, ciphertext: bytes) -> tuple[bytes, bytes]:
    """Return key and nonce that hide who sent a ciphertext (RFC 9420 §6.3.2).

    Args:
        suite: of the group.
        sender_data_secret: of the epoch.
        ciphertext: of the message, whose beginning is the sample.
    """
    sample = ciphertext[: suite.hash_bytes]
    key = suite.expand_with_label(sender_data_secret, b"key", sample, suite.aead.key_bytes)
    return key, suite.expand_with_label(sender_data_secret, b"nonce", sample, NONCE_BYTES)
