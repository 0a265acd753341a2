"""How long people wait: twice as long each time, never longer than the longest, and forgotten in the end."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.state import patience as module
from reactor_chat.chat.state.patience import STEP_BACK_MS, TIMES_MAX, WAIT_MS, WAIT_MS_MAX, WORK_BURST, Patience, Tried

NOW = 1_700_000_000_000
HOUR_MS = 3_600_000


def copy_of(patience: Patience) -> Patience:
    """Return one that was written and read again."""
    twin = Patience()
    tried, busy_until = msgspec.json.decode(
        msgspec.json.encode(patience.dump()), type=tuple[list[Tried], list[tuple[str, int]]]
    )
    twin.load(tried, busy_until)
    return twin


def test_each_wait_is_twice_as_long_as_the_one_before() -> None:
    patience, at, waits = Patience(), NOW, []
    for _ in range(TIMES_MAX + 3):
        assert patience.wait_ms("ask", "Bob", "room", at) == 0
        patience.note("ask", "Bob", "room", at)
        waits.append(patience.wait_ms("ask", "BOB", "room", at))
        assert patience.wait_ms("ask", "bob", "room", at + max(0, waits[-1] - 1)) == min(1, waits[-1])
        at += waits[-1]
    assert waits[:5] == [0, WAIT_MS, 2 * WAIT_MS, 4 * WAIT_MS, 8 * WAIT_MS]
    assert waits[-3:] == [WAIT_MS_MAX] * 3


def test_each_person_conversation_and_kind_waits_alone() -> None:
    patience = Patience()
    for _ in range(2):
        patience.note("ask", "Bob", "room", NOW)
    assert patience.wait_ms("ask", "Bob", "room", NOW) == WAIT_MS
    for other in (("ask", "Cy", "room"), ("ask", "Bob", "group/7"), ("create", "Bob", "room")):
        assert patience.wait_ms(*other, NOW) == 0


def test_a_quiet_while_takes_one_step_back_and_in_the_end_nothing_is_left() -> None:
    patience = Patience()
    for _ in range(4):
        patience.note("ask", "Bob", "room", NOW)
    later = NOW + 2 * STEP_BACK_MS
    patience.note("ask", "Bob", "room", later)
    assert patience.wait_ms("ask", "Bob", "room", later) == 2 * WAIT_MS, "the third time, not the fifth"
    patience.note("ask", "Cy", "room", later + 3 * STEP_BACK_MS)
    assert [one.name for one in patience.dump()[0]] == ["cy"]


def test_a_purse_fills_by_one_a_second() -> None:
    patience = Patience()
    assert patience.work_wait_ms("Bob", WORK_BURST, 0, NOW) == 0
    patience.spend("Bob", WORK_BURST, NOW)
    assert patience.work_wait_ms("BOB", 1, 0, NOW) == 1_000
    assert patience.work_wait_ms("Bob", 1, 0, NOW + 999) == 1
    assert patience.work_wait_ms("Bob", 3, 0, NOW + 3_000) == 0
    assert patience.work_wait_ms("Bob", 1, WORK_BURST + 1, NOW) == 0, "a larger one where conversations are larger"
    assert patience.work_wait_ms("Cy", WORK_BURST, 0, NOW) == 0
    patience.spend("Cy", 1, NOW + HOUR_MS)
    assert [name for name, _ in patience.dump()[1]] == ["cy"], "a full purse is not kept"


def test_who_takes_a_released_name_did_nothing() -> None:
    patience = Patience()
    for name in ("Bob", "Cy"):
        patience.note("ask", name, "room", NOW)
        patience.note("ask", name, "room", NOW)
        patience.spend(name, 600, NOW)
    patience.forget("BOB")
    assert patience.wait_ms("ask", "Bob", "room", NOW) == patience.work_wait_ms("Bob", 1, 0, NOW) == 0
    assert patience.wait_ms("ask", "Cy", "room", NOW) > 0
    assert patience.work_wait_ms("Cy", 1, 0, NOW) > 0


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_MAX", 2)
    patience = Patience()
    for name in ("Ann", "Bob", "Cy"):
        patience.note("ask", name, "room", NOW)
        patience.spend(name, 600, NOW)
    tried, busy_until = patience.dump()
    assert [one.name for one in tried] == [name for name, _ in busy_until] == ["bob", "cy"]


steps = st.tuples(st.sampled_from(["Ann", "bob", "BOB"]), st.sampled_from(["room", "group/7"]), st.integers(0, HOUR_MS))


@given(st.lists(steps, max_size=30))
def test_a_storm_comes_to_little_and_a_copy_goes_on_as_the_original(said: list[tuple[str, str, int]]) -> None:
    """Whoever tries at any times: what passes is no more than the waits allow; written and read, nothing differs."""
    patience, at, passed = Patience(), NOW, list[tuple[str, str, int]]()
    for name, place, pause_ms in said:
        at += pause_ms % (10 ** (1 + pause_ms % 7))
        if patience.wait_ms("ask", name, place, at) == 0:
            patience.note("ask", name, place, at)
            patience.spend(name, 1, at)
            passed.append((name.lower(), place, at))
        patience = copy_of(patience)
    for who in {one[:2] for one in passed}:
        times = [when for *whose, when in passed if tuple(whose) == who]
        for first, fourth in zip(times, times[3:], strict=False):
            assert fourth - first >= 3 * WAIT_MS or fourth - first >= STEP_BACK_MS
