"""The table of states: who may leave `frozen`, who may reach `plain`, and that nothing is missing."""

import pytest

from reactor_chat.e2ee.states import ORDERS_OF_A_PERSON, TRANSITIONS, State, Transition, after


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(set(row) == set(Transition) for row in TRANSITIONS.values())


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Transition)
def test_only_a_persons_order_leads_to_plain_or_out_of_frozen(state: State, step: Transition) -> None:
    following = after(state, step)
    if step not in ORDERS_OF_A_PERSON:
        assert following is not State.PLAIN or state is State.PLAIN
        assert following is State.FROZEN or state is not State.FROZEN


@pytest.mark.parametrize("state", State)
def test_a_person_can_always_turn_it_off_and_begin_anew(state: State) -> None:
    assert after(state, Transition.DISARM) is State.PLAIN
    assert after(after(state, Transition.REARM), Transition.ARM) in (State.ARMING, State.SEALED)
