"""A seed is a bug report: it makes the same run, byte for byte, under every hash seed and on every Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reactor_chat.testing.driver import episode
from tests.properties.test_replay import pythons

ROOT = Path(__file__).parents[2]
SEEDS = range(40, 48) if os.environ.get("REACTOR_CHAT_NIGHTLY") == "1" else range(41, 42)


def elsewhere(python: str, hash_seed: int, seed: int) -> str:
    """What another process prints of an episode."""
    done = subprocess.run(
        [python, "-m", "reactor_chat.testing", "--digest", "--episode", str(seed)],
        capture_output=True, encoding="utf-8", check=True, cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_is_the_same_run_everywhere(seed: int) -> None:
    report = episode(seed)
    assert report.failure is None
    expected = f"operations={report.operations} faults={report.faults} digest={report.digest}\n"
    for python, hash_seed in [(sys.executable, 0), (sys.executable, 4_242), *((one, 7) for one in pythons())]:
        assert elsewhere(python, hash_seed, seed) == expected, f"{python} with the hash seed {hash_seed}"


def test_another_seed_is_another_run() -> None:
    assert len({episode(seed, 100).digest for seed in range(6)}) == 6
