"""The list of planted bugs still fits the source, and the quickest of them are found."""

import re
from pathlib import Path

import pytest

from tests.planted.bugs import BUGS
from tests.planted.copying import ROOT, hunt

BUGS_MIN = 60
QUICK = (
    *("a frame of the longest length is refused", "a delete comes through", "a takeover says quit"),
    *("an id too few is remembered", "accepted comes before it is kept", "the last of a span is left out"),
    *("what the kernel took is sent again", "a KeyPackage uses one key twice", "a line is sent before it is kept"),
    "another key of a known server will do",
)
"""Ten that take a second or so, from every package."""


@pytest.mark.parametrize("file", sorted({bug.file for bug in BUGS}))
def test_a_planted_bug_still_has_its_place(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    for bug in (bug for bug in BUGS if bug.file == file):
        assert text.count(bug.old) == 1, f"the text of {bug.name!r} is there {text.count(bug.old)} times"
        assert bug.new != bug.old, bug.name
        compile(text.replace(bug.old, bug.new), bug.file, "exec")


@pytest.mark.parametrize("place", sorted({place for bug in BUGS for place in bug.tests}))
def test_the_tests_that_find_it_are_there(place: str) -> None:
    file, _, name = place.partition("::")
    assert (ROOT / file).exists()
    assert not name or f"def {name}(" in (ROOT / file).read_text("utf-8")


def test_there_are_enough_and_all_packages_have_some() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= BUGS_MIN
    packages = {bug.file.split("/")[1] for bug in BUGS}
    assert packages >= {"wire", "text", "chat", "server", "journal", "reactor", "mls", "e2ee", "client"}


def test_the_table_shows_each_of_them_found() -> None:
    table = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+?) \| `([\w/.]+)` \| ([\d.]+) s \|$", table, re.MULTILINE)
    places = sorted((name, f"reactor_chat/{file}") for name, file, _ in rows)
    assert places == sorted((bug.name, bug.file) for bug in BUGS), "`python -m tests.planted WORD` prints the rows"
    assert max(float(seconds) for _, _, seconds in rows) <= 60


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the one copy is in which all of them are planted, one after the other."""
    return tmp_path_factory.mktemp("planted")


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_one_is_found(name: str, directory: Path) -> None:
    (bug,) = [bug for bug in BUGS if bug.name == name]
    verdict = hunt(bug, directory)
    assert verdict.is_found, verdict.words
