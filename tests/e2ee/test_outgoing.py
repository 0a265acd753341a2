"""What may leave: ciphertext, or a line from a conversation that is plain; there is no third way."""

import inspect

import pytest

from reactor_chat.e2ee.outgoing import Plain, Sealed
from reactor_chat.e2ee.states import State
from reactor_chat.mls.group import Group
from reactor_chat.wire.codec import decode_request, encode
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import GroupSend, Say, Tell, read_sealed
from tests.mls.people import SeededEntropy, key_package

RANDOM = SeededEntropy("outgoing")
GROUP = Group.create(key_package(b"ann", RANDOM), bytes(32), RANDOM)


@pytest.mark.parametrize("where", [ROOM, Conversation.pair("bob"), Conversation.group("team")])
def test_a_sealed_message_holds_nothing_but_ciphertext(where: Conversation) -> None:
    protected = GROUP.protect(b"secret words", RANDOM)
    request = Sealed(where, protected, "id").request
    payload = encode(request)
    assert b"secret" not in payload
    again = decode_request(payload)
    assert isinstance(again, Say | Tell | GroupSend)
    sealed = read_sealed(again.sealed or {})
    assert sealed is not None
    assert (sealed.epoch, sealed.mls, again.text, again.id) == (GROUP.epoch, protected.message, None, "id")


def test_there_is_no_way_in_for_a_text() -> None:
    parameters = inspect.signature(Sealed.__init__).parameters
    assert {name: one.annotation for name, one in parameters.items()}.keys() == {
        "self",
        "conversation",
        "protected",
        "request_id",
    }


@pytest.mark.parametrize("state", [state for state in State if state is not State.PLAIN])
def test_plain_text_passes_in_one_state_only(state: State) -> None:
    with pytest.raises(AssertionError):
        Plain(Say("hi", id="x"), ROOM, state)
    assert Plain(Say("hi", id="x"), ROOM, State.PLAIN).request == Say("hi", id="x")


def test_plain_text_passes_only_where_it_is_going() -> None:
    with pytest.raises(AssertionError):
        Plain(Tell("Bob", "hi", id="x"), ROOM, State.PLAIN)
