"""What was said and is not kept any more: the message keeps its number, its time and its people, and loses its content.

The record of the message is replaced by one without the text, or the sealed object; that it was done is a record of its
own.  Nothing in the chat's state follows from what a message says, so a replay comes to the same state either way.
"""

from msgspec import structs

from reactor_chat.chat.case import Change, Decide, Rules, Stamp
from reactor_chat.chat.operator_records import Expired, Removed
from reactor_chat.chat.records import Spoken
from reactor_chat.chat.state import ChatState
from reactor_chat.wire.messages import remains_of

REMOVED_TEXT = "[message removed]"
"""What a program that knows nothing of removals shows instead; `removed` says that nobody typed it."""


def emptied(message: Spoken) -> Spoken:
    """Return a message without what it says; of an encrypted one the hash stays, which its readers go on from."""
    remains = remains_of(message.sealed)
    return structs.replace(message, text=None if remains else REMOVED_TEXT, sealed=remains, removed=True)


def removing(target: int, by: str = "") -> Decide:
    """Return the order that notes a removal.

    Args:
        target: the message's number.
        by: the moderator's name; empty for the operator.
    """

    def decide(_: ChatState, __: Rules, stamp: Stamp) -> Change:
        return Change([(Removed(stamp.seq(), stamp.at, target, by), ())])

    return decide


def expiring(last: int) -> Decide:
    """Return the order that notes that nothing said up to this number is kept any more."""

    def decide(_: ChatState, __: Rules, stamp: Stamp) -> Change:
        return Change([(Expired(stamp.seq(), stamp.at, last), ())])

    return decide
