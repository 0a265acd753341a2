"""The state of a member in one epoch, as a value.

`EpochState` is what everybody in the group knows; `MemberState` adds one member's secrets.  Both are frozen: an
operation makes a new state beside its result, and whoever holds the old one still holds all of it.  When a caller
lets the old state go, the old epoch's secrets go with it; nothing here keeps them.
"""

from collections.abc import Mapping

from msgspec import field
from msgspec.structs import replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import GroupContext, LeafNode
from reactor_chat.mls.epoch.schedule import EpochSecrets, interim_transcript_hash
from reactor_chat.mls.messages import (
    Add,
    ExternalInit,
    ExternalPsk,
    GroupContextExtensions,
    MemberSender,
    NewMemberCommit,
    NewMemberProposal,
    OutsideSender,
    PreSharedKey,
    PreSharedKeyID,
    ReInit,
    Remove,
    ResumptionPsk,
    ResumptionUsage,
    Update,
)
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import Suite
from reactor_chat.mls.tree.ratchet_tree import RatchetTree
from reactor_chat.mls.tree.secrettree import SecretTree
from reactor_chat.mls.values import Hidden, Value

AnySender = MemberSender | OutsideSender | NewMemberProposal | NewMemberCommit
AnyProposal = Add | Update | Remove | PreSharedKey | ReInit | ExternalInit | GroupContextExtensions
PskSecrets = Mapping[ExternalPsk | ResumptionPsk, bytes]


class EpochState(Value, frozen=True):
    """What every member knows of an epoch.

    Attributes:
        encoded_context: of `context`, because every message covers it.
        interim_transcript_hash: history up to and including the tag that confirmed this epoch.
    """

    suite: Suite
    context: GroupContext
    encoded_context: Hidden[bytes]
    tree: Hidden[RatchetTree]
    confirmation_tag: Hidden[bytes]
    interim_transcript_hash: Hidden[bytes]

    @classmethod
    def of(cls, suite: Suite, context: GroupContext, tree: RatchetTree, confirmation_tag: bytes) -> "EpochState":
        """Return the state of a confirmed epoch.

        Args:
            suite: of the group.
            context: of the epoch.
            tree: as the commit left it.
            confirmation_tag: of the commit.
        """
        interim = interim_transcript_hash(suite, context.confirmed_transcript_hash, confirmation_tag)
        return cls(suite, context, context.encode(), tree, confirmation_tag, interim)


class Proposed(Value, frozen=True):
    """A proposal and who made it; `reference` names it in commits, empty for one inside the commit itself."""

    sender: AnySender
    proposal: AnyProposal
    reference: bytes = b""


class OwnUpdate(Value, frozen=True):
    """What a member keeps of an update it proposed, until somebody commits it."""

    private_key: Hidden[bytes]
    signing_key: SigningKey


class MemberState(Value, frozen=True):
    """A member's view of an epoch.

    Attributes:
        own_leaf: the member's leaf index.
        private_keys: HPKE private keys by node, of the leaf and of the parents above it that the member knows.
        proposals: received or made in this epoch, in order, to be committed by reference.
        own_updates: by reference, of our own Update proposals.
        resumption_psks: by epoch; the current one and as many before it as `resumption_epochs` allows.
        reinit: set once the group was closed for reinitialisation.
    """

    epoch: EpochState
    own_leaf: int
    signing_key: SigningKey
    private_keys: Hidden[Mapping[int, bytes]]
    secrets: Hidden[EpochSecrets]
    secret_tree: Hidden[SecretTree]
    proposals: tuple[Proposed, ...] = ()
    own_updates: Mapping[bytes, OwnUpdate] = field(default_factory=dict)
    resumption_psks: Hidden[Mapping[int, bytes]] = field(default_factory=dict)
    resumption_epochs: int = 0
    reinit: ReInit | None = None

    @property
    def leaf(self) -> LeafNode:
        """The member's own leaf."""
        leaf = self.epoch.tree.leaf(self.own_leaf)
        assert leaf is not None, "a member has a leaf"
        return leaf

    def with_secret_tree(self, tree: SecretTree) -> "MemberState":
        """Return the state after a message's key was used up."""
        return replace(self, secret_tree=tree)

    def entered(self) -> "MemberState":
        """Return the state of an epoch just begun: its resumption secret noted, outdated ones forgotten."""
        now = self.epoch.context.epoch
        kept = {epoch: psk for epoch, psk in self.resumption_psks.items() if epoch >= now - self.resumption_epochs}
        return replace(self, resumption_psks={**kept, now: self.secrets.resumption_psk})

    def check_open(self) -> None:
        """Return unless the group was closed for reinitialisation; then raise MlsRefused (RFC 9420 §11.2)."""
        if self.reinit is not None:
            raise MlsRefused("the group is closed: it is to be reinitialised")

    def own_psks(self) -> PskSecrets:
        """Return the resumption secrets this member can contribute, by the name commits give them."""
        group_id = self.epoch.context.group_id
        return {
            ResumptionPsk(usage, group_id, epoch): psk
            for epoch, psk in self.resumption_psks.items()
            for usage in ResumptionUsage
        }


def look_up(identifiers: list[PreSharedKeyID], known: PskSecrets) -> list[tuple[PreSharedKeyID, bytes]]:
    """Return each identifier with its secret, in order.

    Args:
        identifiers: in the order of their proposals.
        known: secrets by what they are called.

    Raises:
        MlsRefused: one is not known; which one is not said.

    Source: RFC 9420 §8.4.
    """
    found = []
    for identifier in identifiers:
        secret = known.get(identifier.psk)
        if secret is None:
            raise MlsRefused("a pre-shared key is not known")
        found.append((identifier, secret))
    return found
