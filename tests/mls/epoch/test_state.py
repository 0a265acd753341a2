"""States are values; pre-shared keys are looked up by name."""

import pytest
from msgspec.structs import asdict, replace

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.epoch.state import MemberState, look_up
from reactor_chat.mls.messages import ExternalPsk, PreSharedKeyID, ReInit, ResumptionPsk
from tests.mls.people import Room, SeededEntropy

GROUP = Room.of([b"alice", b"bob"], SeededEntropy("state")).members[b"alice"]
STATE = GROUP.state


def test_states_are_frozen() -> None:
    """Nothing is assigned to."""
    for target, name in ((STATE, "own_leaf"), (STATE.epoch, "tree"), (STATE.secret_tree, "ratchets"), (GROUP, "state")):
        with pytest.raises(AttributeError):
            setattr(target, name, None)


def test_a_key_used_up_changes_nothing_else() -> None:
    """Every field but the secret tree is the one before, whatever stands in it."""
    own = {name: object() for name in MemberState.__struct_fields__}
    state, tree = MemberState(**own), STATE.secret_tree  # type: ignore[arg-type]
    assert asdict(state.with_secret_tree(tree)) == {**own, "secret_tree": tree}
    assert GROUP.protect(b"x", SeededEntropy("used up")).group.state == replace(
        STATE, secret_tree=GROUP.protect(b"x", SeededEntropy("used up")).group.state.secret_tree
    )


def test_looking_up_keys() -> None:
    """In order; one that is missing stops it all, and is not named."""
    first = PreSharedKeyID(ExternalPsk(b"first"), bytes(32))
    second = PreSharedKeyID(ResumptionPsk(1, b"group", 3), bytes(32))
    known = {first.psk: b"one", second.psk: b"two"}
    assert look_up([second, first], known) == [(second, b"two"), (first, b"one")]
    with pytest.raises(MlsRefused) as caught:
        look_up([first, second], {first.psk: b"one"})
    assert "group" not in str(caught.value)


def test_resumption_keys_are_forgotten_in_order() -> None:
    """As many past epochs as asked for; by default none."""
    state = replace(STATE, resumption_epochs=2)
    for number in range(5):
        context = replace(state.epoch.context, epoch=10 + number)
        secrets = replace(state.secrets, resumption_psk=bytes((number,)))
        state = replace(state, epoch=replace(state.epoch, context=context), secrets=secrets).entered()
    assert state.resumption_psks == {12: b"\x02", 13: b"\x03", 14: b"\x04"}
    assert set(replace(state, resumption_epochs=0).entered().resumption_psks) == {14}
    assert {name.usage for name in state.own_psks() if isinstance(name, ResumptionPsk)} == {1, 2, 3}


def test_a_closed_group() -> None:
    """Says so."""
    STATE.check_open()
    with pytest.raises(MlsRefused, match="reinitialised"):
        replace(STATE, reinit=ReInit(b"", 1, 1, ())).check_open()
