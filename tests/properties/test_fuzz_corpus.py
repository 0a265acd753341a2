"""Every input a fuzzer ever found, and some new ones from a fixed seed, through the fuzzers' own checks."""

from itertools import islice
from pathlib import Path

import pytest

from fuzz.__main__ import CORPUS, TARGETS, canary, inputs, main

FILES = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
RUNS = {
    "framing": 5_000,
    "codec": 10_000,
    "parser": 10_000,
    "safe": 3_000,
    "session": 200,
    "lines": 200,
    "journal": 100,
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_in_the_corpus_holds(path: Path) -> None:
    target = TARGETS[path.parent.name]
    target.check(path.read_bytes(), target.subject)


@pytest.mark.parametrize("name", TARGETS)
def test_new_inputs_hold(name: str) -> None:
    target = TARGETS[name]
    for _, data in islice(inputs(target, seed=1), RUNS[name]):
        target.check(data, target.subject)


def test_every_target_has_inputs_that_were_worth_keeping() -> None:
    assert {path.parent.name for path in FILES} == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_a_planted_bug_is_found(name: str) -> None:
    assert canary(TARGETS[name], seed=1)


def test_the_same_seed_gives_the_same_inputs_from_any_run_on() -> None:
    target = TARGETS["codec"]
    all_of_them = dict(islice(inputs(target, seed=7), 2_100))
    late = dict(islice(inputs(target, seed=7, first_run=2_050), 50))
    assert late == {run: all_of_them[run] for run in range(2_050, 2_100)}


def test_a_file_is_played_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "parser", str(CORPUS / "parser" / "at-signs")]) == 0
    assert "holds" in capsys.readouterr().out
