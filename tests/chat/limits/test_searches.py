"""A hint for whoever mistypes; none, and little work, for a flood of names that nobody has."""

from reactor_chat.chat.limits.searches import SEARCHES_BURST, SEARCHES_PER_SECOND, Searches
from reactor_chat.chat.state.roster import Presence, Roster

NOW = 1_700_000_000_000


def searches() -> Searches:
    roster = Roster()
    roster.add(Presence("Stella", True, 1))
    return Searches(roster)


def found(searches: Searches, count: int, now: int) -> int:
    return sum(searches.suggestion("Stela", now) == "Stella" for _ in range(count))


def test_so_many_at_once_and_then_so_many_a_second() -> None:
    asked = searches()
    assert found(asked, SEARCHES_BURST - 1, NOW) == SEARCHES_BURST - 1
    assert found(asked, 2, NOW) == 1
    assert found(asked, 10, NOW + 1_000 // SEARCHES_PER_SECOND) == 1
    assert found(asked, 1_000, NOW + 3_600_000) == SEARCHES_BURST


def test_a_clock_that_is_set_back_costs_nobody_the_hint_for_long() -> None:
    asked = searches()
    assert found(asked, SEARCHES_BURST + 1, NOW) == SEARCHES_BURST
    assert found(asked, 1, NOW - 3_600_000) == 0
    assert found(asked, 1, NOW - 3_600_000 + 1_000) == 1


def test_nobody_near_is_nobody() -> None:
    assert searches().suggestion("Xavier", NOW) is None
