"""A member's state as bytes and back: for a client's disk, secrets included (no wire format of the RFC).

The first byte is the version of this form.  What is read is checked as far as it can be without keys: it must be
canonical, the tree must be the one of the group context, and the member must be in it.
"""

from typing import Annotated

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.codec import TlsStruct, UInt8, UInt16, UInt32, UInt64, opaque, optional, vector
from reactor_chat.mls.encoding.structs import EXTENSIONS_BYTES_MAX, TREE_LEAVES_MAX, GroupContext, HashValue, Secret
from reactor_chat.mls.epoch.schedule import EpochSecrets
from reactor_chat.mls.epoch.state import EpochState, MemberState, OwnUpdate, Proposed
from reactor_chat.mls.messages import Proposal, ReInit, Sender
from reactor_chat.mls.operations.sending import PROPOSALS_KEPT_MAX
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import suite
from reactor_chat.mls.tree.ratchet_tree import RatchetTree
from reactor_chat.mls.tree.secrettree import Ratchet, RatchetKind, SecretTree
from reactor_chat.mls.values import Hidden

STORED_VERSION = 1  # of this form; another one is refused

_BYTES_MAX = EXTENSIONS_BYTES_MAX


class _NumberedSecret(TlsStruct, frozen=True):
    number: UInt64
    secret: Secret


class _StoredRatchet(TlsStruct, frozen=True):
    leaf_index: UInt32
    kind: UInt8
    generation: UInt32
    secret: Secret


class _StoredProposal(TlsStruct, frozen=True):
    sender: Sender
    proposal: Proposal
    reference: HashValue


class _StoredUpdate(TlsStruct, frozen=True):
    reference: HashValue
    private_key: Secret
    signing_key: Secret


_Numbered = Annotated[tuple[_NumberedSecret, ...], vector(_NumberedSecret, _BYTES_MAX, 2 * TREE_LEAVES_MAX)]


class _StoredMember(TlsStruct, frozen=True):
    version: UInt8
    suite: UInt16
    context: GroupContext
    tree: Annotated[bytes, opaque(_BYTES_MAX)]
    confirmation_tag: HashValue
    own_leaf: UInt32
    signing_key: Secret
    private_keys: Hidden[_Numbered]
    epoch_secrets: Hidden[Annotated[tuple[bytes, ...], vector(Secret, _BYTES_MAX, 9)]]
    node_secrets: Hidden[_Numbered]
    ratchets: Hidden[Annotated[tuple[_StoredRatchet, ...], vector(_StoredRatchet, _BYTES_MAX, 2 * TREE_LEAVES_MAX)]]
    proposals: Annotated[tuple[_StoredProposal, ...], vector(_StoredProposal, _BYTES_MAX, PROPOSALS_KEPT_MAX)]
    own_updates: Annotated[tuple[_StoredUpdate, ...], vector(_StoredUpdate, _BYTES_MAX, PROPOSALS_KEPT_MAX)]
    resumption_psks: Hidden[_Numbered]
    resumption_epochs: UInt32
    reinit: Annotated[ReInit | None, optional(ReInit)]


_SECRETS = (
    "sender_data_secret",
    "encryption_secret",
    "exporter_secret",
    "external_secret",
    "confirmation_key",
    "membership_key",
    "resumption_psk",
    "epoch_authenticator",
    "init_secret",
)


def serialize(state: MemberState) -> bytes:
    """Return a member's whole state, secrets included; equal states give equal bytes."""
    epoch, tree = state.epoch, state.secret_tree
    return _StoredMember(
        STORED_VERSION,
        epoch.suite.number,
        epoch.context,
        epoch.tree.encode(),
        epoch.confirmation_tag,
        state.own_leaf,
        state.signing_key.private_bytes(),
        _numbered(dict(state.private_keys)),
        tuple(getattr(state.secrets, name) for name in _SECRETS),
        _numbered(dict(tree.node_secrets)),
        tuple(
            _StoredRatchet(leaf_index, kind, ratchet.generation, ratchet.secret)
            for (leaf_index, kind), ratchet in sorted(tree.ratchets.items())
        ),
        tuple(_StoredProposal(p.sender, p.proposal, p.reference) for p in state.proposals),
        tuple(
            _StoredUpdate(reference, update.private_key, update.signing_key.private_bytes())
            for reference, update in state.own_updates.items()
        ),
        _numbered(dict(state.resumption_psks)),
        state.resumption_epochs,
        state.reinit,
    ).encode()


def deserialize(stored: bytes) -> MemberState:
    """Read what `serialize` wrote.

    Raises:
        MlsMalformed: not of this form.
        MlsRefused: another version, or parts that do not belong together.
    """
    if stored[:1] != bytes((STORED_VERSION,)):
        raise MlsRefused("stored by another version")
    parts = _StoredMember.decode(stored)
    scheme = suite(parts.suite)
    tree = RatchetTree.decode(scheme, parts.tree)
    if parts.context.cipher_suite != parts.suite or tree.root_hash() != parts.context.tree_hash:
        raise MlsRefused("stored parts do not belong together")
    if tree.leaf(parts.own_leaf) is None:
        raise MlsRefused("stored parts do not belong together")
    if len(parts.epoch_secrets) != len(_SECRETS) or any(r.kind > max(RatchetKind) for r in parts.ratchets):
        raise MlsRefused("stored secrets are incomplete")
    ratchets = {(r.leaf_index, r.kind): Ratchet(r.secret, r.generation) for r in parts.ratchets}
    return MemberState(
        EpochState.of(scheme, parts.context, tree, parts.confirmation_tag),
        parts.own_leaf,
        SigningKey(scheme.signature, parts.signing_key),
        _by_number(parts.private_keys),
        EpochSecrets(*parts.epoch_secrets),
        SecretTree(scheme, tree.leaf_count, _by_number(parts.node_secrets), ratchets),
        tuple(Proposed(p.sender, p.proposal, p.reference) for p in parts.proposals),
        {
            update.reference: OwnUpdate(update.private_key, SigningKey(scheme.signature, update.signing_key))
            for update in parts.own_updates
        },
        _by_number(parts.resumption_psks),
        parts.resumption_epochs,
        parts.reinit,
    )


def _numbered(secrets: dict[int, bytes]) -> tuple[_NumberedSecret, ...]:
    return tuple(_NumberedSecret(number, secret) for number, secret in sorted(secrets.items()))


def _by_number(stored: tuple[_NumberedSecret, ...]) -> dict[int, bytes]:
    return {item.number: item.secret for item in stored}
