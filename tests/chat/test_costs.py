"""What is dear costs more, and nothing is free."""

import pytest

from reactor_chat.chat.boundary import Broken, Disconnected, Garbled, Received
from reactor_chat.chat.costs import NAMES_PER_COST, cost_of
from reactor_chat.wire import messages as m


@pytest.mark.parametrize("sent", [
    m.Say("x"), m.Tell("Ann", "x"), m.GroupSend("g", "x"), m.Line("x"), m.Line("@Ann hi"), m.Ping(), m.Login("Ann", 1),
])  # fmt: skip
def test_what_people_say_is_the_unit(sent: m.Request) -> None:
    assert cost_of(Received(1, sent)) == 1


@pytest.mark.parametrize("sent", [Garbled(1, m.Refused("bad_message", "")), Broken(1, None, "idle"), Disconnected(1)])
def test_what_is_no_request_is_not_free(sent: Garbled | Broken | Disconnected) -> None:
    assert cost_of(sent) == 1


@pytest.mark.parametrize("names", [0, 1, NAMES_PER_COST - 1, NAMES_PER_COST, NAMES_PER_COST + 1, 1_000])
def test_a_list_costs_by_its_names_however_it_is_sent(names: int) -> None:
    listed = [f"N{number}" for number in range(names)]
    for sent in (m.GroupSet("g", listed), m.GroupAdd("g", listed)):
        assert cost_of(Received(1, sent)) == cost_of(Received(1, m.GroupLeave("g"))) + names // NAMES_PER_COST
    typed = m.Line("@group set g " + ",".join("somebody_with_a_name_as_long_as_a"[:32] for _ in listed))
    assert cost_of(Received(1, typed)) >= names // NAMES_PER_COST // 2


@pytest.mark.parametrize("sent", [m.AskHistory(), m.AskNames(), m.AskGroups(), m.AskWho("g"), m.GroupDelete("g")])
def test_reading_costs_more_than_saying(sent: m.Request) -> None:
    assert cost_of(Received(1, sent)) == 5
