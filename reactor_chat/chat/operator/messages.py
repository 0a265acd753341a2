"""What the operator does with messages: says one to everybody, and has some kept no longer.

An announcement is `said` like everything else, under a name that nobody can have: it has a number, is in the history,
reaches who was away, and every program written for the protocol shows it.

What is removed keeps its number, its time and its people, and loses its content.  The record of the message is replaced
by one without the text, or the encrypted object; that it was done is a record of its own.  Nothing in the chat's state
follows from what a message says, so a replay comes to the same state either way.
"""

from msgspec import structs

from reactor_chat.chat.case import Change, Decide, Rules, Sequencer
from reactor_chat.chat.decisions import refuse_text
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.operator_records import Expired, Removed
from reactor_chat.chat.state.timeline import labels_of
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import SERVER_NAME, Refused, Said, remains_of

REMOVED_TEXT = "[message removed]"
"""What a program that knows nothing of removals shows instead; `removed` says that nobody typed it."""


def announcement(text: str, text_bytes_max: int, sequencer: Sequencer) -> Change | Refused:
    """Return the record of an announcement, or why the text may not be said; as for what people say.

    Source: PROTOCOL §3.
    """
    refusal = refuse_text(text, text_bytes_max)
    if refusal is not None:
        return refusal
    said = Said(sequencer.seq(), sequencer.at, SERVER_NAME, text)
    return Change([(said, labels_of(said))])


def announcing(text: str) -> Decide:
    """Return the order to say this to everybody."""

    def decide(_: ChatState, rules: Rules, sequencer: Sequencer) -> Change | Refused:
        return announcement(text, rules.text_bytes_max, sequencer)

    return decide


def emptied(message: Heard) -> Heard:
    """Return a message without what it says; of an encrypted one the hash stays, which its readers go on from."""
    remains = remains_of(message.sealed)
    return structs.replace(message, text=None if remains else REMOVED_TEXT, sealed=remains, removed=True)


def removing(target: int, by: str = "") -> Decide:
    """Return the order that notes a removal.

    Args:
        target: the message's number.
        by: the moderator's name; empty for the operator.
    """

    def decide(_: ChatState, __: Rules, sequencer: Sequencer) -> Change:
        return Change([(Removed(sequencer.seq(), sequencer.at, target, by), ())])

    return decide


def expiring(last: int) -> Decide:
    """Return the order that notes that nothing said up to this number is kept any more."""

    def decide(_: ChatState, __: Rules, sequencer: Sequencer) -> Change:
        return Change([(Expired(sequencer.seq(), sequencer.at, last), ())])

    return decide
