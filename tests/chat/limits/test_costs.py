"""What is dear costs more, and nothing is free."""

import pytest

from reactor_chat.chat.boundary import BadMessage, Disconnected, Received, Terminate
from reactor_chat.chat.limits.costs import CHARGE_MAX, NAMES_PER_COST, charge_of, cost_of
from reactor_chat.wire import messages as m


@pytest.mark.parametrize("sent", [
    m.Say("x"), m.Tell("Ann", "x"), m.GroupSend("g", "x"), m.Line("x"), m.Line("@Ann hi"), m.Ping(),
])  # fmt: skip
def test_what_people_say_is_the_unit(sent: m.Request) -> None:
    assert cost_of(Received(1, sent)) == 1


@pytest.mark.parametrize("sent", [
    BadMessage(1, m.Refused("bad_message", "")), Terminate(1, None, "idle"), Disconnected(1),
    Received(1, m.Login("Ann", 1)), Received(1, m.Quit()),
])  # fmt: skip
def test_to_come_to_go_and_to_babble_is_dearer(sent: Received | BadMessage | Terminate | Disconnected) -> None:
    assert cost_of(sent) > 1


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


@pytest.mark.parametrize(("sent", "charge"), [
    (Received(1, m.Say("x")), 1), (Received(1, m.Login("Ann", 1)), 1), (Received(1, m.Quit()), 1),
    (BadMessage(1, m.Refused("bad_message", "")), 1), (Disconnected(1), 1), (Received(1, m.AskHistory()), 5),
    (Received(1, m.GroupSet("g", ["x"] * NAMES_PER_COST * (CHARGE_MAX - 6))), CHARGE_MAX - 1),
    (Received(1, m.GroupSet("g", ["x"] * NAMES_PER_COST * (CHARGE_MAX - 5))), CHARGE_MAX),
    (Received(1, m.GroupSet("g", ["x"] * NAMES_PER_COST * (CHARGE_MAX - 4))), CHARGE_MAX),
])  # fmt: skip
def test_the_rate_is_one_of_messages_of_which_dear_ones_count_more(sent: Received | BadMessage, charge: int) -> None:
    assert charge_of(sent) == charge
