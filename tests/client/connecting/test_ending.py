"""On the way out: when a client can go as it is, and which farewells end it."""

import pytest

from reactor_chat.client.boundary import ExitStatus, Settings
from reactor_chat.client.connecting.ending import Leaving, farewell
from reactor_chat.client.connecting.states import AFTER_BYE, ONLINE, State
from reactor_chat.wire.messages import Bye

SETTINGS = Settings("Ann", "here", interactive=False, id_prefix="x")


@pytest.mark.parametrize("was_let_in", [True, False])
@pytest.mark.parametrize("is_waiting", [True, False])
def test_a_pipe_goes_when_all_is_answered_and_a_person_in_any_case(*, was_let_in: bool, is_waiting: bool) -> None:
    ending = Leaving(SETTINGS)
    assert not ending.needs_no_connection(was_let_in=was_let_in, is_waiting=is_waiting)
    ending.input_ended(3.0)
    assert ending.needs_no_connection(was_let_in=was_let_in, is_waiting=is_waiting) == (was_let_in and not is_waiting)
    ending.leave(4.0)
    assert ending.needs_no_connection(was_let_in=was_let_in, is_waiting=is_waiting)
    assert (ending.has_begun, ending.input_ended_at, ending.leave_by) == (True, 3.0, 4.0 + SETTINGS.leave_seconds_max)


@pytest.mark.parametrize("reason", [*AFTER_BYE, "shutdown", "too_slow", "something new"])
def test_a_farewell_ends_who_wants_to_go_and_else_only_whom_nobody_wants_back(reason: str) -> None:
    bye = Bye(reason, "Goodbye")
    assert farewell(bye, State.LEAVING, has_name=True) == (ExitStatus.DONE, "")
    for state in ONLINE - {State.LEAVING}:
        assert isinstance(farewell(bye, state, has_name=False), str), "who may still choose a name comes back"
        outcome = farewell(bye, state, has_name=True)
        assert (None if isinstance(outcome, str) else outcome[0]) is AFTER_BYE.get(reason)
        if not isinstance(outcome, str):
            assert bool(outcome[1]) == (outcome[0] is not ExitStatus.DONE), "all but a good end has its reason"
