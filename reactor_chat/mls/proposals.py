"""Which lists of proposals a commit may cover, and what they do to the tree (RFC 9420 §12.1-12.3).

`check` judges each proposal by itself and the list as a whole, before anything is changed; `apply` then carries the
list out on a copy of the tree, in the order the RFC prescribes and not in the order of the list.  What can only be
seen in the result (a key that appears twice, a member that does not meet new requirements) is checked on the result,
by `validation`.
"""

from collections import Counter
from collections.abc import Mapping

from msgspec import field

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import (
    MLS10,
    Extension,
    ExtensionType,
    ExternalSenders,
    UpdateSource,
    extension_data,
)
from reactor_chat.mls.epoch.state import AnyProposal, AnySender, EpochState, Proposed, PskSecrets
from reactor_chat.mls.messages import (
    Add,
    ByReference,
    Commit,
    ExternalInit,
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
from reactor_chat.mls.tree.ratchet_tree import RatchetTree
from reactor_chat.mls.tree.validation import check_key_package, check_leaf, check_source, required_capabilities
from reactor_chat.mls.values import Value

PATH_REQUIRED = (Update, Remove, ExternalInit, GroupContextExtensions)
# Who may propose what (RFC 9420 §17.4, column "External Sender", and §12.2 for external commits).
_ALLOWED: dict[type[AnySender], tuple[type[AnyProposal], ...]] = {
    MemberSender: (Add, Update, Remove, PreSharedKey, ReInit, GroupContextExtensions),
    OutsideSender: (Add, Remove, PreSharedKey, ReInit, GroupContextExtensions),
    NewMemberProposal: (Add,),
    NewMemberCommit: (ExternalInit, Remove, PreSharedKey),
}


class Applied(Value, frozen=True):
    """The result of a list of proposals.

    Attributes:
        tree: changed, and free to be changed further.
        extensions: of the new GroupContext.
        added: new leaf indices with the Adds that made them, in the order of the list.
        removed: leaf indices that became blank.
        updated: leaf indices replaced by Update proposals, with those proposals.
        psks: identifiers in the order of the list.
        kem_output: of an ExternalInit.
    """

    tree: RatchetTree
    extensions: tuple[Extension, ...]
    added: list[tuple[int, Add]] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    updated: list[tuple[int, Proposed]] = field(default_factory=list)
    psks: list[PreSharedKeyID] = field(default_factory=list)
    reinit: ReInit | None = None
    kem_output: bytes | None = None

    @property
    def newcomers(self) -> frozenset[int]:
        """The leaf indices that were added."""
        return frozenset(index for index, _ in self.added)


def resolve(commit: Commit, sender: AnySender, known: tuple[Proposed, ...]) -> list[Proposed]:
    """Return the proposals a commit covers, in its order, with their senders.

    Args:
        commit: not applied yet.
        sender: of the commit.
        known: proposals that were received in this epoch.

    Raises:
        MlsRefused: a reference to a proposal that was not received, the same one twice, or any in an external commit.

    Source: RFC 9420 §12.4.
    """
    by_reference = {proposed.reference: proposed for proposed in known}
    resolved = []
    for item in commit.proposals:
        if not isinstance(item, ByReference):
            resolved.append(Proposed(sender, item.proposal))
            continue
        found = by_reference.pop(item.reference, None)
        if found is None or isinstance(sender, NewMemberCommit):
            raise MlsRefused("a commit refers to a proposal that cannot be used")
        resolved.append(found)
    return resolved


def check(epoch: EpochState, proposals: list[Proposed], committer: AnySender, now: int | None) -> None:
    """Return if a commit by `committer` may cover these proposals, else raise MlsRefused.

    Args:
        epoch: that the commit leaves.
        proposals: in the order of the commit.
        committer: of whose commit.
        now: seconds since 1970, by which lifetimes are judged; None where they are not.

    Source: RFC 9420 §12.2.
    """
    for proposed in proposals:
        check_proposal(epoch, proposed, now)
    if isinstance(committer, NewMemberCommit):
        _check_external_list(proposals)
    elif isinstance(committer, MemberSender):
        _check_member_list(epoch, proposals, committer)
    else:
        raise MlsRefused("a commit comes from somebody who may only propose")


def check_room(epoch: EpochState, proposals: list[Proposed], members_max: int) -> None:
    """Return unless a list adds somebody beyond so many members, else raise MlsRefused; no key is looked at.

    Args:
        epoch: that the commit leaves.
        proposals: in the order of the commit.
        members_max: of the group.
    """
    listed = [proposed.proposal for proposed in proposals]
    coming = sum(isinstance(proposal, Add) for proposal in listed)
    going = {proposal.removed for proposal in listed if isinstance(proposal, Remove)}
    staying = sum(index not in going for index, _ in epoch.tree.leaves())
    if coming and staying + coming > members_max:
        raise MlsRefused("a commit adds more members than are allowed")


def check_proposal(epoch: EpochState, proposed: Proposed, now: int | None) -> None:
    """Return if one proposal is valid by itself, from this sender, in this epoch, else raise MlsRefused.

    Args:
        epoch: that it is of.
        proposed: with its sender.
        now: seconds since 1970, by which lifetimes are judged; None where they are not.

    Source: RFC 9420 §12.1.
    """
    proposal, sender = proposed.proposal, proposed.sender
    if not isinstance(proposal, _ALLOWED[type(sender)]):
        raise MlsRefused("a proposal this sender may not make")
    match proposal:
        case Add():
            check_key_package(epoch.suite, proposal.key_package, now)
        case Update():
            _check_update(epoch, proposal, sender)
        case PreSharedKey():
            _check_psk(epoch, proposal.psk, sender)
        case GroupContextExtensions():
            check_extensions(proposal.extensions)
        case Remove() | ReInit():
            _check_small(epoch, proposal)


def _check_small(epoch: EpochState, proposal: Remove | ReInit) -> None:
    if isinstance(proposal, Remove) and epoch.tree.leaf(proposal.removed) is None:
        raise MlsRefused("a removal of nobody")
    if isinstance(proposal, ReInit) and proposal.version < MLS10:
        raise MlsRefused("a reinitialisation to an older version")


def _check_update(epoch: EpochState, proposal: Update, sender: AnySender) -> None:
    if not isinstance(sender, MemberSender):
        raise MlsRefused("an update by somebody who is no member")
    old = epoch.tree.leaf(sender.leaf_index)
    if old is None or old.encryption_key == proposal.leaf_node.encryption_key:
        raise MlsRefused("an update that updates nothing")
    check_source(proposal.leaf_node, UpdateSource)
    check_leaf(epoch.suite, proposal.leaf_node, epoch.context.group_id, sender.leaf_index)


def _check_psk(epoch: EpochState, identifier: PreSharedKeyID, sender: AnySender) -> None:
    if len(identifier.psk_nonce) != epoch.suite.hash_bytes:
        raise MlsRefused("a pre-shared key's nonce has the wrong size")
    psk = identifier.psk
    if isinstance(psk, ResumptionPsk) and psk.usage != ResumptionUsage.APPLICATION:
        # Only the first commit of the new group, by its creator and while alone, ties it to the old one (§11.2, §11.3).
        founding = epoch.context.epoch == 0 and epoch.tree.leaf_count == 1 and isinstance(sender, MemberSender)
        if not founding or psk.usage not in (ResumptionUsage.REINIT, ResumptionUsage.BRANCH):
            raise MlsRefused("a resumption key outside its use")


def check_extensions(extensions: tuple[Extension, ...]) -> None:
    """Return if a GroupContext may have these extensions: none twice, those we read readable (RFC 9420 §12.1.7).

    Raises:
        MlsRefused: one appears twice.
        MlsMalformed: one that we read cannot be read.
    """
    types = [extension.extension_type for extension in extensions]
    if len(set(types)) != len(types):
        raise MlsRefused("an extension appears twice")
    required_capabilities(extensions)
    external_senders(extensions)


def external_senders(extensions: tuple[Extension, ...]) -> ExternalSenders:
    """Return who outside the group may propose; MlsMalformed where the extension is not readable (RFC 9420
    §12.1.8.1).
    """
    encoded = extension_data(extensions, ExtensionType.EXTERNAL_SENDERS)
    return ExternalSenders(()) if encoded is None else ExternalSenders.decode(encoded)


def _check_member_list(epoch: EpochState, proposals: list[Proposed], committer: MemberSender) -> None:
    touched: Counter[int] = Counter()
    kinds = Counter(type(proposed.proposal) for proposed in proposals)
    for proposed in proposals:
        if isinstance(proposed.proposal, Remove):
            touched[proposed.proposal.removed] += 1
        elif isinstance(proposed.proposal, Update) and isinstance(proposed.sender, MemberSender):
            touched[proposed.sender.leaf_index] += 1
    if touched[committer.leaf_index]:
        raise MlsRefused("a committer updates or removes itself by proposal")
    if any(count > 1 for count in touched.values()):
        raise MlsRefused("two proposals for one leaf")
    if kinds[GroupContextExtensions] > 1 or kinds[ExternalInit] or (kinds[ReInit] and len(proposals) > 1):
        raise MlsRefused("proposals that exclude each other")
    psks = [proposed.proposal.psk for proposed in proposals if isinstance(proposed.proposal, PreSharedKey)]
    if len(set(psks)) != len(psks):
        raise MlsRefused("one pre-shared key twice")
    if epoch.tree.leaf(committer.leaf_index) is None:
        raise MlsRefused("a committer who is no member")


def _check_external_list(proposals: list[Proposed]) -> None:
    kinds = Counter(type(proposed.proposal) for proposed in proposals)
    if kinds[ExternalInit] != 1 or kinds[Remove] > 1:
        raise MlsRefused("an external commit needs one external init and removes at most one member")
    if set(kinds) - {ExternalInit, Remove, PreSharedKey}:
        raise MlsRefused("a proposal that has no place in an external commit")
    psks = [proposed.proposal.psk for proposed in proposals if isinstance(proposed.proposal, PreSharedKey)]
    if len(set(psks)) != len(psks):
        raise MlsRefused("one pre-shared key twice")


def apply(epoch: EpochState, proposals: list[Proposed]) -> Applied:
    """Carry out a checked list on a copy of the tree.

    Args:
        epoch: that the commit leaves; it is not changed.
        proposals: in the order of the commit.

    Raises:
        MlsMalformed: the tree would exceed its limit.

    Source: RFC 9420 §12.3.
    """
    tree, listed = epoch.tree.copy(), [proposed.proposal for proposed in proposals]
    updated = [
        (proposed.sender.leaf_index, proposed)
        for proposed in proposals
        if isinstance(proposed.proposal, Update) and isinstance(proposed.sender, MemberSender)
    ]
    for leaf_index, proposed in updated:
        assert isinstance(proposed.proposal, Update), "selected just now"
        tree.update(leaf_index, proposed.proposal.leaf_node)
    removed = [proposal.removed for proposal in listed if isinstance(proposal, Remove)]
    for leaf_index in removed:
        tree.remove(leaf_index)
    added = [(tree.add(proposal.key_package.leaf_node), proposal) for proposal in listed if isinstance(proposal, Add)]
    extensions = (proposal.extensions for proposal in listed if isinstance(proposal, GroupContextExtensions))
    return Applied(
        tree,
        next(extensions, epoch.context.extensions),
        added,
        removed,
        updated,
        [proposal.psk for proposal in listed if isinstance(proposal, PreSharedKey)],
        next((proposal for proposal in listed if isinstance(proposal, ReInit)), None),
        next((proposal.kem_output for proposal in listed if isinstance(proposal, ExternalInit)), None),
    )


def is_path_required(proposals: list[Proposed]) -> bool:
    """Say whether a commit of these proposals must renew the committer's path (RFC 9420 §12.4)."""
    return not proposals or any(isinstance(proposed.proposal, PATH_REQUIRED) for proposed in proposals)


def select(epoch: EpochState, known: tuple[Proposed, ...], own_leaf: int, psks: PskSecrets) -> list[Proposed]:
    """Choose from the proposals received those that `own_leaf` may and can commit together.

    Removals win over updates of the same leaf, later updates and extensions over earlier ones, everything else over a
    reinitialisation.  Left out is what concerns the committer itself, asks for a key that is not among `psks`, or
    would add somebody whose keys are in the tree: one such proposal must not keep a group from ever committing.

    Args:
        epoch: that the commit leaves.
        known: proposals that were received, the oldest first.
        own_leaf: leaf index of the committer.
        psks: secrets that the committer has, by what they are called.

    Source: RFC 9420 §12.2.
    """
    by_leaf: dict[int, Proposed] = {}
    others: dict[object, Proposed] = {}
    reinit = None
    for proposed in known:
        match proposed.proposal:
            case Remove() as proposal:
                by_leaf[proposal.removed] = proposed
            case Update() if isinstance(proposed.sender, MemberSender):
                earlier = by_leaf.get(proposed.sender.leaf_index)
                if earlier is None or isinstance(earlier.proposal, Update):
                    by_leaf[proposed.sender.leaf_index] = proposed
            case PreSharedKey() as proposal if proposal.psk.psk in psks:
                others.setdefault(proposal.psk, proposed)
            case GroupContextExtensions():
                others[GroupContextExtensions] = proposed
            case ReInit():
                reinit = reinit or proposed
            case _:
                pass
    by_leaf.pop(own_leaf, None)
    chosen = [*by_leaf.values(), *_addable(epoch, known, by_leaf), *others.values()]
    return chosen if chosen or reinit is None else [reinit]


def _addable(epoch: EpochState, known: tuple[Proposed, ...], by_leaf: Mapping[int, Proposed]) -> list[Proposed]:
    """Return the Adds whose keys neither stay in the tree nor repeat each other."""
    if not any(isinstance(proposed.proposal, Add) for proposed in known):
        return []
    removed = {index for index, proposed in by_leaf.items() if isinstance(proposed.proposal, Remove)}
    taken = {leaf.signature_key for index, leaf in epoch.tree.leaves() if index not in removed}
    taken |= {node.encryption_key for _, node in epoch.tree.nodes()}
    chosen = []
    for proposed in known:
        if isinstance(proposed.proposal, Add):
            leaf = proposed.proposal.key_package.leaf_node
            if taken.isdisjoint((leaf.signature_key, leaf.encryption_key)):
                taken |= {leaf.signature_key, leaf.encryption_key}
                chosen.append(proposed)
    return chosen
