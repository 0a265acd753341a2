"""The documents are true as far as a program can tell: links lead somewhere, and nothing that exists is left out."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from reactor_chat.server.options.table import option_rows
from reactor_chat.wire.messages import NOTICES, REQUESTS, RESERVED_WORDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("[CS]*I*ING.md"), *ROOT.glob("SECURITY.md"), *ROOT.glob("README.md")])
PROTOCOL = (DOCS / "protocol.md").read_text(encoding="utf-8")
OPERATING = (DOCS / "operating.md").read_text(encoding="utf-8")

_link = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_citation = re.compile(r"PROTOCOL §(\d+(?:\.\d+)?)")
_file = re.compile(r"`((?:[a-z_]+/)+[a-z_0-9]+(?:\.[a-z]+)?/?)`")
TOPS = [ROOT, ROOT / "reactor_chat", ROOT / "tests", ROOT / "docs"]
"""Below which a document may name a file."""
_code = re.compile(r'Refused\(\s*"([a-z_]+)"')


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as the usual forges make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def words_of(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in _link.findall(text):
        if "://" in target:
            continue
        found = page.parent / target if target else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.read_text(encoding="utf-8")), f"{target}#{anchor}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "tests" / "README.md"], ids=shown)
def test_files_that_are_named_are_there(page: Path) -> None:
    for name in _file.findall(page.read_text(encoding="utf-8")):
        places = [top / f"{name.rstrip('/')}{ending}" for top in TOPS for ending in ("", ".py")]
        assert any(place.exists() for place in places), name


@pytest.mark.parametrize("table", [REQUESTS, NOTICES], ids=["requests", "notices"])
def test_the_protocol_names_every_message_and_field(table: dict[str, type]) -> None:
    rows = [line for line in PROTOCOL.splitlines() if line.startswith("|")]
    for tag, kind in table.items():
        about = "\n".join(row for row in rows if f"`{tag}`" in row.split("|")[1])
        assert about, tag
        for field in msgspec.structs.fields(kind):
            common = field.encode_name == "id" and table is REQUESTS  # every request has one, §3 says once
            shared = field.encode_name in words_of(about) or "as `said`" in about
            assert common or shared, f"{tag}.{field.encode_name}"


def refusal_codes() -> set[str]:
    sources = (ROOT / "reactor_chat").rglob("*.py")
    return {code for path in sources for code in _code.findall(path.read_text(encoding="utf-8"))}


def test_the_protocol_names_every_refusal_code_and_reserved_word() -> None:
    codes = set(re.findall(r"^\| `([a-z_]+)`(?: \*)? \|", PROTOCOL.split("## 6.")[1].split("## 7.")[0], re.MULTILINE))
    assert refusal_codes() - {"bad_answer"} <= codes
    reserved = PROTOCOL.split("These words are reserved")[1].split("`")[1].split()
    assert set(reserved) >= RESERVED_WORDS


def test_what_cites_the_protocol_cites_a_section_that_is_there() -> None:
    sections = set(re.findall(r"^#+ (\d+(?:\.\d+)?)", PROTOCOL, re.MULTILINE))
    places = [*PAGES, *(path for top in ("reactor_chat", "tests", "fuzz") for path in (ROOT / top).rglob("*.py"))]
    cited = {number for path in places for number in _citation.findall(path.read_text(encoding="utf-8"))}
    assert cited, "nothing cites the protocol: the pattern is wrong"
    assert cited <= sections


def test_operating_names_every_option() -> None:
    for flag, *_ in option_rows():
        assert re.search(rf"`{flag}[ `]", OPERATING), flag


def test_operating_names_every_command_of_the_operator() -> None:
    command = [sys.executable, "-m", "reactor_chat.admin", "--help"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=ROOT, timeout=30)
    assert run.returncode == 0, run.stderr
    said = run.stdout
    names = re.findall(r"^    ([a-z]+)(?: |$)", said, re.MULTILINE)
    assert "backup" in names
    for name in names:
        assert re.search(rf"admin {name}\b|`{name}`", OPERATING), name
