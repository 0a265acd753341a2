"""Who asks is let in; who loses the thread again and again has to wait longer each time."""

from reactor_chat.e2ee.state.newcomers import (
    READMIT_FORGOTTEN_SECONDS,
    READMIT_SECONDS_FIRST,
    READMIT_SECONDS_MAX,
    Newcomers,
)


def test_what_is_known_of_somebody_counts_more_than_what_is_expected() -> None:
    newcomers = Newcomers()
    newcomers.ask("bob", is_lost=True)
    newcomers.expect("bob")
    assert newcomers.is_lost("bob")
    newcomers.ask("bob", is_lost=False)
    assert not newcomers.is_lost("bob")
    newcomers.forget("bob")
    newcomers.forget("bob")
    assert not newcomers.asks


def test_each_readmission_waits_longer_and_success_does_not_reset_that() -> None:
    newcomers, waits = Newcomers(), []
    for _ in range(12):
        newcomers.ask("bob", is_lost=True)
        newcomers.readmitted("bob", 100.0)
        waits.append(newcomers.may_readmit_at("bob") - 100.0)
    assert waits[:3] == [READMIT_SECONDS_FIRST * 2**times for times in range(3)]
    assert max(waits) == READMIT_SECONDS_MAX
    assert newcomers.waits("bob", 100.0)
    assert newcomers.next_readmission(100.0) == 100.0 + READMIT_SECONDS_MAX
    assert not newcomers.waits("bob", 100.0 + READMIT_SECONDS_MAX)
    assert newcomers.next_readmission(100.0 + READMIT_SECONDS_MAX) is None


def test_after_an_hour_it_is_forgotten() -> None:
    newcomers = Newcomers()
    for _ in range(5):
        newcomers.readmitted("bob", 100.0)
    later = 100.0 + READMIT_FORGOTTEN_SECONDS + 1
    newcomers.readmitted("bob", later)
    assert newcomers.may_readmit_at("bob") == later + READMIT_SECONDS_FIRST
    assert newcomers.may_readmit_at("cid") == 0.0
