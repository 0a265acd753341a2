"""Creating a group: one member, epoch 0, a random epoch secret (RFC 9420 §11)."""

from reactor_chat.mls.commits import fresh_secret_tree
from reactor_chat.mls.crypto.kem import Entropy
from reactor_chat.mls.encoding.structs import MLS10, Extension, GroupContext
from reactor_chat.mls.epoch.schedule import EpochSecrets
from reactor_chat.mls.epoch.state import EpochState, MemberState
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.proposals import check_extensions
from reactor_chat.mls.tree.ratchet_tree import RatchetTree
from reactor_chat.mls.tree.validation import check_context_supported, check_members


def create_group(
    own: OwnKeyPackage, group_id: bytes, random: Entropy, extensions: tuple[Extension, ...]
) -> MemberState:
    """Return the creator's state of a new group.

    Args:
        own: gives suite, leaf and keys.
        group_id: unique among all groups.
        random: gives Nh bytes.
        extensions: of the GroupContext.

    Raises:
        MlsRefused: the creator lacks what `extensions` require, or one of them appears twice.
        MlsMalformed: an extension cannot be read, or a limit.

    Source: RFC 9420 §11.
    """
    suite, leaf = own.suite, own.package.leaf_node
    tree = RatchetTree(suite, [leaf])
    check_extensions(extensions)
    check_members(tree, extensions)
    check_context_supported(extensions, leaf)
    context = GroupContext(MLS10, suite.number, group_id, 0, tree.root_hash(), b"", extensions)
    secrets = EpochSecrets.derive(suite, random(suite.hash_bytes))
    epoch = EpochState.of(suite, context, tree, suite.mac(secrets.confirmation_key, b""))
    return MemberState(
        epoch,
        0,
        own.signing_key,
        {0: own.encryption_private_key},
        secrets.without_encryption_secret(),
        fresh_secret_tree(epoch, secrets, 0),
    ).entered()
