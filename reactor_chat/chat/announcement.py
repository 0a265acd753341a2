"""What the operator says to everybody, under a name that nobody can have.

It is `said` like everything else: it has a number, is in the history, reaches who was away, and every program written
for the protocol shows it.  That nobody else said it follows from the name alone, which is reserved.
"""

from reactor_chat.chat.case import Change, Decide, Rules, Stamp
from reactor_chat.chat.decisions import refuse_text
from reactor_chat.chat.state import ChatState
from reactor_chat.chat.timeline import labels_of
from reactor_chat.wire.messages import SERVER_NAME, Refused, Said


def announcement(text: str, text_bytes_max: int, stamp: Stamp) -> Change | Refused:
    """Return the record of an announcement, or why the text may not be said; as for what people say.

    Source: PROTOCOL §3.
    """
    refusal = refuse_text(text, text_bytes_max)
    if refusal is not None:
        return refusal
    said = Said(stamp.seq(), stamp.at, SERVER_NAME, text)
    return Change([(said, labels_of(said))])


def announcing(text: str) -> Decide:
    """Return the order to say this to everybody."""

    def decide(_: ChatState, rules: Rules, stamp: Stamp) -> Change | Refused:
        return announcement(text, rules.text_bytes_max, stamp)

    return decide
