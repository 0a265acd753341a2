"""The command: what it prints, and its exit status; a violation comes with all that is needed to see it again."""

import io
from collections import Counter

import pytest

from reactor_chat.chat.state.receipts import Receipts
from reactor_chat.testing.__main__ import main
from reactor_chat.testing.driver import played
from reactor_chat.testing.sometimes import ALL, missing

SOON_BROKEN = 9
"""A seed whose first world breaks the promise within 200 steps, so that they are soon made few."""


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    return main(arguments, out), out.getvalue()


def test_a_quiet_run_is_0_and_says_what_happened() -> None:
    status, said = run("--seed", "7", "--operations", "1")
    assert status == 0
    assert said.startswith("seed=7\nsometimes:\n")
    assert said.splitlines()[-1].endswith(" violations=0")
    assert all(f"  {name}\n" in said for name in ALL)


def test_a_run_that_has_not_seen_everything_is_1_where_that_is_asked() -> None:
    status, said = run("--seed", "7", "--operations", "1", "--sometimes")
    assert status == 1
    assert "\nnever: " in said


def test_a_violation_is_1_and_can_be_seen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Receipts, "get", lambda *_: None)
    status, said = run("--seed", str(SOON_BROKEN), "--operations", "1000000")
    assert status == 1
    (seed,) = [line.rpartition(" ")[2] for line in said.splitlines() if line.startswith("see it again")]
    found: dict[str, object] = {}
    exec(said[said.index("shape = ") :], found)  # noqa: S102  what was printed is a program
    steps = found["steps"]
    assert isinstance(steps, list)
    assert len(steps) < 20
    assert played(int(seed), int(str(found["shape"])), steps).failure is not None
    status, again = run("--episode", seed, "--no-shrink")
    assert status == 1
    assert "violation: " in again


def test_what_never_happened_is_named_in_the_order_of_the_list() -> None:

    assert missing(Counter()) == list(ALL)
    assert missing(Counter(ALL)) == []
    assert len(set(ALL)) == len(ALL)
