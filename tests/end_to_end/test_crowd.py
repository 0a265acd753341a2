"""Two hundred clients that join, talk and leave at once are told one order of everything."""

import statistics

from tests.end_to_end.client import Server
from tests.end_to_end.crowd import Crowd, measure

CLIENTS = 200
MESSAGES = 5


def test_everyone_sees_one_order(server: Server) -> None:
    crowd = Crowd(server.port, CLIENTS, MESSAGES)
    try:
        crowd.run()
        crowd.check(MESSAGES)
    finally:
        crowd.close()


def test_no_turn_is_long() -> None:
    longest = [measure(CLIENTS, MESSAGES)[0] for _ in range(3)]
    assert statistics.median(longest) < 0.5, "ten times what is wanted: this machine may be busy"
