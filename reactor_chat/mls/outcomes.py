"""What operations on a group give back: the result, and beside it the group after it.

Each holds a new `Group`; the one that was asked is as it was.  Which of the two the caller keeps decides what happened.
"""

from typing import TYPE_CHECKING

from reactor_chat.mls.encoding.structs import Extension
from reactor_chat.mls.epoch.state import AnySender, Proposed
from reactor_chat.mls.messages import PreSharedKeyID
from reactor_chat.mls.values import Hidden, Value

if TYPE_CHECKING:  # a group makes these and these hold groups
    from reactor_chat.mls.group import Group


class PendingCommit(Value, frozen=True):
    """A commit of our own that nobody has accepted yet.

    Attributes:
        message: for the members, an encoded MLSMessage.
        welcome: for those it adds, an encoded MLSMessage; None where it adds nobody.
        group: to be adopted when the delivery service accepted `message`, and to be forgotten when it did not.
        unaccepted: the group as it is until then, with the message's key used up: store that before an encrypted
            commit leaves, so that another one in the same epoch does not use the key again.  None for a newcomer.
    """

    message: bytes
    welcome: Hidden[bytes | None]
    group: "Group"
    unaccepted: "Group | None" = None


class JoinedGroup(Value, frozen=True):
    """A group that somebody added us to.

    Attributes:
        added_by: leaf index of the member that did.
        extensions: what that member had to tell us, signed by it; the ratchet tree among it.
        psks: names of the pre-shared keys without which nobody could have joined here.
    """

    group: "Group"
    added_by: int
    extensions: tuple[Extension, ...]
    psks: tuple[PreSharedKeyID, ...] = ()


class Protected(Value, frozen=True):
    """A message of our own, and the group with its key used up: store that before the message leaves."""

    message: bytes
    group: "Group"


class Unprotected(Value, frozen=True):
    """A message of another member.

    Attributes:
        data: what was said.
        sender: leaf index.
        authenticated_data: what came with it in the open, signed.
        generation: counts the sender's messages in this epoch from 0; a gap means that messages are missing.
        group: with the message's key used up.
    """

    data: Hidden[bytes]
    sender: int
    authenticated_data: bytes
    generation: int
    group: "Group"


class ReceivedProposal(Value, frozen=True):
    """A proposal, kept in `group` until a commit covers it or the epoch ends."""

    proposed: Proposed
    authenticated_data: bytes
    group: "Group"


class ReceivedCommit(Value, frozen=True):
    """A commit of somebody else.

    Attributes:
        sender: who committed; a newcomer that joins by itself has no leaf in the old group.
        proposals: what the commit covers, each with who proposed it.
        group: of the new epoch; None where we were removed.
    """

    sender: AnySender
    proposals: tuple[Proposed, ...]
    authenticated_data: bytes
    group: "Group | None"
