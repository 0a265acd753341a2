"""A server under attack serves everybody else, gives everything back, and closes who only costs; the small versions.

The large ones, with figures, are `python -m tests.end_to_end.attacks`.
"""

import os

import pytest

from tests.end_to_end import attacks
from tests.end_to_end.client import Server

NIGHTLY = os.environ.get("REACTOR_CHAT_NIGHTLY") == "1"


def test_garbage_hurts_nobody_and_leaves_nothing_behind() -> None:
    met = attacks.garbage(1_000_000 if NIGHTLY else 20_000, seed=1, quiet_seconds=1.0)
    assert met.connections > 100
    assert met.descriptors_after <= met.descriptors_before
    assert met.p99_during < 10.0, "milliseconds are wanted: this machine may be busy"


def test_people_who_never_log_in_keep_nobody_out() -> None:
    met = attacks.slowloris(150, 3, "--logins-max", "32")
    assert met.logins > 5
    assert met.longest_login < 10.0, "a second is wanted: this machine may be busy"
    assert (met.closed, met.left) == (met.held, 0)
    assert met.longest_life < 3 + 5


def test_people_who_do_not_read_delay_nobody_and_lose_nothing() -> None:
    met = attacks.readers(5, 1, 20.0, quiet_seconds=0.5, per_second=200, text_bytes=14_000, ends_early=True)
    assert met.closed == 2
    assert met.resumed_whole == 2
    assert met.resident_most - met.resident_before < 64 << 20


def test_without_descriptors_it_rests_and_recovers() -> None:
    met = attacks.descriptors(400, 3, descriptors_max=128)
    assert met.descriptors <= 128
    assert met.cpu_share < 0.9, "a fifth is wanted: this machine may be busy"
    assert met.honest_login < 10.0


@pytest.mark.parametrize("tls", [False, True])
def test_who_is_turned_away_is_told_why_through_tls_too(*, tls: bool) -> None:
    with Server("--connections-max", "1", tls=tls) as server:
        server.client("Ann").until_pong()
        late = server.client()
        late.refused("server_full")
        assert late.to_the_end() == []
        assert "Traceback" not in server.stderr()
