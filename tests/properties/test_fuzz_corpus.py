"""Every input a fuzzer ever found, and 100,000 new ones from a fixed seed, through the fuzzers' own checks.

`--nightly` makes five million.
"""

import importlib.util
import os
import time
from itertools import islice
from pathlib import Path

import pytest

from fuzz import framing
from fuzz.__main__ import CORPUS, main
from fuzz.coverage import WITHOUT
from fuzz.running import SLOWEST_SECONDS_MAX, Score, canary, inputs
from fuzz.target import Target
from fuzz.targets import RUNS_OF_A_ROUND, TARGETS
from tests.conftest import NIGHTLY

FILES = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
ROUNDS = 50 if os.environ.get(NIGHTLY) == "1" else 1
SEED_OF_THE_CANARIES = 4
"""Others find the bug of the journal, which mostly sees itself that it was damaged, a hundred times later."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_in_the_corpus_holds(path: Path) -> None:
    target = TARGETS[path.parent.name]
    target.check(path.read_bytes(), target.subject)


@pytest.mark.parametrize("name", TARGETS)
def test_new_inputs_hold(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Score(TARGETS[name], seed=1).go_on(ROUNDS * RUNS_OF_A_ROUND[name], None)


def test_a_round_is_shared_out_among_all() -> None:
    assert set(RUNS_OF_A_ROUND) == set(TARGETS)
    assert sum(RUNS_OF_A_ROUND.values()) == 100_000


def test_every_target_has_inputs_that_were_worth_keeping() -> None:
    assert {path.parent.name for path in FILES} == set(TARGETS)


def test_every_target_says_in_its_first_line_what_must_hold() -> None:
    for target in TARGETS.values():
        source = Path(target.check.__code__.co_filename).read_text("utf-8")
        first = source.partition("\n")[0]
        assert first.startswith('"""'), target.name
        assert first.removesuffix('"""').endswith("."), f"{target.name}: the invariant is one line"


@pytest.mark.parametrize("name", TARGETS)
def test_a_planted_bug_is_found(name: str) -> None:
    assert canary(TARGETS[name], SEED_OF_THE_CANARIES)


def test_the_same_seed_gives_the_same_inputs_from_any_run_on() -> None:
    target = TARGETS["codec"]
    all_of_them = dict(islice(inputs(target, seed=7), 2_100))
    late = dict(islice(inputs(target, seed=7, first_run=2_050), 50))
    assert late == {run: all_of_them[run] for run in range(2_050, 2_100)}


def test_a_file_is_played_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "parser", str(CORPUS / "parser" / "at-signs")]) == 0
    assert "holds" in capsys.readouterr().out


def dawdle(data: bytes, _: object) -> None:
    """Take far too long for one input in a thousand."""
    if data == b"999":
        end_s = time.thread_time() + 3 * SLOWEST_SECONDS_MAX
        while time.thread_time() < end_s:
            pass


def test_an_input_that_takes_too_long_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    numbers = iter(range(2_000))
    slow = Target("slow", lambda _: b"%d" % next(numbers), dawdle, None, None)
    assert not Score(slow, seed=1).go_on(2_000, None)
    assert "run 999" in capsys.readouterr().out
    assert (tmp_path / "found-slow-1-999.bin").read_bytes() == b"999"


def test_a_finding_ends_with_1_and_a_file_to_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(TARGETS, "framing", framing.TARGET._replace(subject=framing.Forgetful))
    assert main(["framing", "--seed", "3", "--runs", "1000"]) == 1
    found = next(tmp_path.glob("found-framing-3-*.bin"))
    assert f"python -m fuzz replay framing {found.name}" in capsys.readouterr().out
    assert main(["replay", "framing", str(found)]) == 1


def test_all_of_them_in_turns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small round; as many inputs as a whole one has are checked above."""
    for name, runs in RUNS_OF_A_ROUND.items():
        monkeypatch.setitem(RUNS_OF_A_ROUND, name, runs // 25)
    assert main(["volume", "--seed", "5", "--runs", "1"]) == 0
    assert "4,000 runs in " in capsys.readouterr().out


def test_coverage_says_in_one_line_what_is_missing(capfd: pytest.CaptureFixture[str]) -> None:
    status = main(["parser", "--coverage", "--runs", "300", "--seed", "1"])
    if importlib.util.find_spec("atheris") is None:
        assert (status, capfd.readouterr().err) == (2, WITHOUT + "\n")
    else:
        assert status == 0


@pytest.mark.parametrize("wrong", [["replay", "x", "y"], ["nothing"], ["smoke", "--coverage"], ["--runs", "x"]])
def test_a_wrong_command_line_ends_with_2(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
