"""A copy of the project with one bug in it."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COPIED = ("reactor_chat", "tests", "fuzz", "pyproject.toml", "setup.py", "README.md", "CHANGELOG.md", "LICENSE")
SECONDS_MAX = 60.0
TESTS_FAILED = 1


class Bug(NamedTuple):
    """A small change that breaks a promise.

    Attributes:
        name: what it does, as a word in a table.
        file: where, from the root of the project.
        old, new: the text that is there exactly once, and what it becomes.
        tests: where it should be found, as pytest names places; they belong to the ordinary run.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def plant(bug: Bug, directory: Path) -> Path:
    """Copy the project into an empty directory, with the bug; returns the root of the copy."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, directory / name)
        else:
            shutil.copy2(source, directory / name)
    path = directory / bug.file
    text = path.read_text("utf-8")
    assert text.count(bug.old) == 1, f"{bug.name}: its place in {bug.file} is there {text.count(bug.old)} times"
    path.write_text(text.replace(bug.old, bug.new), "utf-8")
    return directory


def environment(root: Path) -> dict[str, str]:
    """Return the environment of a process that is to run the copy."""
    return {**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "0"}


class Verdict(NamedTuple):
    """Whether a bug was found, after how long, and the last words of the tests."""

    is_found: bool
    took_s: float
    words: str


def hunt(bug: Bug, directory: Path) -> Verdict:
    """Run the tests that should find the bug against a copy that has it."""
    root = plant(bug, directory)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *bug.tests]
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=root, env=environment(root), capture_output=True, encoding="utf-8", timeout=SECONDS_MAX,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Verdict(is_found=False, took_s=time.monotonic() - began, words="the tests did not end in time")
    is_found = done.returncode == TESTS_FAILED
    return Verdict(is_found, time.monotonic() - began, (done.stdout + done.stderr)[-2_000:])
