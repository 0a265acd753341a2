"""What may leave: a message that only ciphertext went into, or one that a conversation let pass in plain.

These two types are the lock of the whole package.  An outbox accepts nothing else that a person said; a `Sealed` is
made from what a group encrypted and has no way in for a text; a `Plain` is made from a state and there is one state
that gives it.
"""

import base64
from typing import Any

from reactor_chat.e2ee.states import State
from reactor_chat.mls.outcomes import Protected
from reactor_chat.wire.conversation import Conversation, Scope, Spoken, where_said
from reactor_chat.wire.messages import GroupSend, Say, Tell

SEALED_VERSION = 1  # of the `sealed` object (PROTOCOL §14)


class Sealed:
    """A message that is ciphertext.

    Args:
        conversation: where it goes.
        protected: what the conversation's group made of it; the only thing in it that was ever said.
        request_id: the `id` it travels under.
    """

    __slots__ = ("request",)

    def __init__(self, conversation: Conversation, protected: Protected, request_id: str) -> None:
        group = protected.group
        sealed: dict[str, Any] = {
            "v": SEALED_VERSION,
            "group_id": base64.b64encode(group.group_id).decode("ascii"),
            "epoch": group.epoch,
            "mls": base64.b64encode(protected.message).decode("ascii"),
        }
        self.request: Spoken
        if conversation.scope is Scope.PAIR:
            self.request = Tell(conversation.name, sealed=sealed, id=request_id)
        elif conversation.scope is Scope.GROUP:
            self.request = GroupSend(conversation.name, sealed=sealed, id=request_id)
        else:
            self.request = Say(sealed=sealed, id=request_id)


class Plain:
    """A message in plain text, into a conversation that is not sealed for the person who typed it.

    Args:
        request: what was typed.
        where: the conversation it goes to.
        state: how that conversation stands; anything but PLAIN is a bug and an AssertionError.
    """

    __slots__ = ("request",)

    def __init__(self, request: Spoken, where: Conversation, state: State) -> None:
        if state is not State.PLAIN or where != where_said(request):
            raise AssertionError(f"plain text for {where.in_words}, which is {state.value}")
        self.request = request
