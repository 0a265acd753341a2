"""A group of any size whose tree is full, as after every member has committed once, without making every commit.

Each leaf in turn renews its path in one tree, exactly as its commit would; what the commits would have told the
members (the private keys of the nodes above them, the epoch's secrets) is handed to those members that are asked for.
"""

from collections.abc import Callable

from reactor_chat.mls.commits import fresh_secret_tree
from reactor_chat.mls.encoding.structs import MLS10, BasicCredential, GroupContext
from reactor_chat.mls.epoch.schedule import EpochSecrets
from reactor_chat.mls.epoch.state import EpochState, MemberState
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import Identity, OwnKeyPackage
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import suite
from reactor_chat.mls.tree.ratchet_tree import RatchetTree
from reactor_chat.mls.tree.treekem import keep_current, renew_path
from reactor_chat.mls.tree.validation import check_tree

GROUP_ID = bytes(range(32))


def grown_group(
    suite_number: int, member_count: int, wanted: list[int], random: Callable[[int], bytes]
) -> dict[int, Group]:
    """Return the groups of the `wanted` members (by leaf index) of a group of `member_count`."""
    scheme = suite(suite_number)
    keys = [SigningKey.generate(scheme.signature, random) for _ in range(member_count)]
    tree: RatchetTree | None = None
    for index, key in enumerate(keys):
        own = OwnKeyPackage.generate(suite_number, Identity(BasicCredential(b"member %d" % index), key), random)
        if tree is None:
            tree = RatchetTree(scheme, [own.package.leaf_node])
        else:
            tree.add(own.package.leaf_node)
    assert tree is not None
    private_keys: dict[int, bytes] = {}
    for index, key in enumerate(keys):
        leaf = tree.leaf(index)
        assert leaf is not None
        private_keys |= renew_path(tree, index, leaf, GROUP_ID, key, random).private_keys
    secrets = EpochSecrets.derive(scheme, random(scheme.hash_bytes))
    confirmed = random(scheme.hash_bytes)
    context = GroupContext(MLS10, suite_number, GROUP_ID, 7, tree.root_hash(), confirmed, ())
    check_tree(tree, context)
    epoch = EpochState.of(scheme, context, tree, scheme.mac(secrets.confirmation_key, confirmed))
    return {
        index: Group(
            MemberState(
                epoch,
                index,
                keys[index],
                keep_current(tree, index, private_keys),
                secrets.without_encryption_secret(),
                fresh_secret_tree(epoch, secrets, index),
            ).entered()
        )
        for index in wanted
    }
