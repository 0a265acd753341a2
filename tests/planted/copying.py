"""A copy of the project with one bug in it."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from tests.conftest import BYTECODE, NIGHTLY

ROOT = Path(__file__).parents[2]
COPIED = ("reactor_chat", "tests", "fuzz", "pyproject.toml", "setup.py", "README.md", "docs", "CHANGELOG.md", "LICENSE")
SECONDS_MAX = 60.0
"""Of the processor's time, so that it means the same on a busy machine."""
WAIT_SECONDS = 300.0
TESTS_FAILED = 1
LEFT_OUT = {NIGHTLY, BYTECODE, "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"}


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


def in_file(file: str, tests: tuple[str, ...], *changes: tuple[str, str, str]) -> tuple[Bug, ...]:
    """Return the bugs of one file that the same tests should find, each given by its name, old and new text."""
    return tuple(Bug(name, file, old, new, tests) for name, old, new in changes)


def plant(bug: Bug, directory: Path) -> Path:
    """Copy the project into a directory, unless it is there, and plant the bug; returns the root of the copy."""
    for name in () if (directory / COPIED[0]).exists() else COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, directory / name)
        else:
            shutil.copy2(source, directory / name)
    path = directory / bug.file
    text = path.read_text("utf-8")
    assert text.count(bug.old) == 1, f"{bug.name}: its place in {bug.file} is there {text.count(bug.old)} times"
    path.write_text(text.replace(bug.old, bug.new), "utf-8")
    for bytecode in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        bytecode.unlink()  # it would be told from that of another bug by the second only
    return directory


def environment(root: Path) -> dict[str, str]:
    """Return the environment of a process that is to run the copy's ordinary tests, whatever run this is part of."""
    ours = {
        name: value for name, value in os.environ.items() if name not in LEFT_OUT and not name.startswith("PYTEST_")
    }
    return {**ours, "PYTHONPATH": str(root)}


class Verdict(NamedTuple):
    """Whether a bug was found, how much of the processor's time that took, and the last words of the tests."""

    is_found: bool
    took_s: float
    words: str


def hunt(bug: Bug, directory: Path) -> Verdict:
    """Run the tests that should find the bug against a copy that has it, up to the first failure; and take it out."""
    root = plant(bug, directory)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *bug.tests]
    with subprocess.Popen(
        command, cwd=root, env=environment(root), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        alarm = threading.Timer(WAIT_SECONDS, process.kill)
        alarm.start()
        words = process.stdout.read().decode("utf-8", "replace")
        _, status, used = os.wait4(process.pid, 0)
        alarm.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    took_s = used.ru_utime + used.ru_stime
    shutil.copy2(ROOT / bug.file, root / bug.file)
    return Verdict(process.returncode == TESTS_FAILED and took_s <= SECONDS_MAX, took_s, words[-2_000:])
