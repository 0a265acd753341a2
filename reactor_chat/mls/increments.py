"""A group for storage in two parts: what stays for an epoch, and the message secrets, which move with every message.

A message moves one ratchet.  Writing the whole group for that would cost as much as its tree is large, so a client
stores `fixed` once an epoch and then, message by message, the rows that `moved` names.  Because the rows hold all that
is left of the secret tree, and the fixed part nothing of it, overwriting a row forgets what was there.

Row names: `nodes` for the secrets of nodes not yet opened, `<leaf>.<kind>` for each ratchet.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from reactor_chat.errors import MlsMalformed
from reactor_chat.mls import storage
from reactor_chat.mls.group import Group
from reactor_chat.mls.tree.secrettree import Ratchet, RatchetKind, SecretTree

NODES = "nodes"
_NUMBER_BYTES = 4  # generations and node numbers are uint32 (RFC 9420 §9)


def fixed(group: Group) -> bytes:
    """Return everything of a group but its message secrets; other secrets included."""
    tree = group.state.secret_tree
    return storage.serialize(replace(group.state, secret_tree=SecretTree(tree.suite, tree.leaf_count, {}, {})))


def moving(group: Group) -> dict[str, bytes]:
    """Return the message secrets that are left, by row name."""
    tree = group.state.secret_tree
    rows = {_name(leaf, kind): _encoded(ratchet) for (leaf, kind), ratchet in tree.ratchets.items()}
    return {NODES: _encoded_nodes(tree), **rows}


def moved(before: Group, after: Group, leaf: int, kind: RatchetKind = RatchetKind.APPLICATION) -> dict[str, bytes]:
    """Return the rows that one message changed.

    Args:
        before: as stored.
        after: the same epoch, one message of `leaf` and `kind` later.
        leaf: the sender's leaf index.
        kind: of the message.
    """
    old, new = before.state.secret_tree, after.state.secret_tree
    rows = {_name(leaf, kind): _encoded(new.ratchets[leaf, kind])}
    if new.node_secrets is not old.node_secrets:  # the leaf was opened: its other ratchet is new too
        rows[NODES] = _encoded_nodes(new)
        rows |= {_name(leaf, other): _encoded(new.ratchets[leaf, other]) for other in RatchetKind}
    return rows


def joined(stored: bytes, rows: Mapping[str, bytes]) -> Group:
    """Return the group that `fixed` and the rows were written from.

    Args:
        stored: what `fixed` returned.
        rows: what `moving` returned, with what `moved` wrote over it since.

    Raises:
        MlsMalformed: not of this form.
        MlsRefused: another version, or parts that do not belong together.
    """
    state = storage.deserialize(stored)
    try:
        nodes = _decoded_nodes(rows[NODES])
        ratchets = {_place(name): _decoded(row) for name, row in rows.items() if name != NODES}
    except (KeyError, ValueError):
        raise MlsMalformed("stored message secrets cannot be read") from None
    tree = SecretTree(state.epoch.suite, state.secret_tree.leaf_count, nodes, ratchets)
    return Group(replace(state, secret_tree=tree))


def _name(leaf: int, kind: int) -> str:
    return f"{leaf}.{int(kind)}"


def _place(name: str) -> tuple[int, int]:
    leaf, _, kind = name.partition(".")
    return int(leaf), RatchetKind(int(kind))


def _encoded(ratchet: Ratchet) -> bytes:
    return ratchet.generation.to_bytes(_NUMBER_BYTES) + ratchet.secret


def _decoded(row: bytes) -> Ratchet:
    if len(row) <= _NUMBER_BYTES:
        raise ValueError
    return Ratchet(row[_NUMBER_BYTES:], int.from_bytes(row[:_NUMBER_BYTES]))


def _encoded_nodes(tree: SecretTree) -> bytes:
    items = sorted(tree.node_secrets.items())
    return b"".join(number.to_bytes(_NUMBER_BYTES) + bytes((len(secret),)) + secret for number, secret in items)


def _decoded_nodes(row: bytes) -> dict[int, bytes]:
    nodes, at = {}, 0
    while at < len(row):
        start = at + _NUMBER_BYTES + 1
        if start > len(row) or start + row[start - 1] > len(row):
            raise ValueError
        nodes[int.from_bytes(row[at : at + _NUMBER_BYTES])] = row[start : start + row[start - 1]]
        at = start + row[start - 1]
    return nodes
