"""The table of steps: complete, and without a way back from the end."""

from reactor_chat.client.connecting.states import AFTER_BYE, AFTER_LOGIN_REFUSED, ONLINE, STEPS, State, Step


def test_every_state_has_a_row_and_only_the_end_an_empty_one() -> None:
    assert set(STEPS) == set(State)
    assert [state for state, steps in STEPS.items() if not steps] == [State.STOPPED]
    assert {step for steps in STEPS.values() for step in steps} == set(Step)


def test_every_state_is_reached() -> None:
    reached = {State.OFFLINE}
    while more := {after for state in reached for after in STEPS[state].values()} - reached:
        reached |= more
    assert reached == set(State)


def test_a_connection_can_be_cut_wherever_there_is_one() -> None:
    assert all((Step.CUT in STEPS[state]) == (state in ONLINE or state is State.DIALING) for state in State)


def test_the_words_of_the_protocol_are_spelt_as_there() -> None:
    codes = """bad_protocol bad_frame bad_message bad_text no_space bad_name name_reserved name_taken bad_signature
        login_first login_timeout already_logged_in invalid_command no_such_user no_such_group group_exists not_a_member
        not_the_owner already_a_member bad_group_name too_many too_long too_fast gap server_full not_allowed""".split()
    reasons = "quit shutdown taken_over idle too_slow flood kicked violation".split()
    assert set(AFTER_LOGIN_REFUSED) <= set(codes)
    assert set(AFTER_BYE) <= set(reasons)
