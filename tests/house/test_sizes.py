"""The sizes a reader can hold in mind, and the words that mean that nobody has understood yet."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MODULE_LINES_MAX = 450
TEST_MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 50
TEST_FUNCTION_LINES_MAX = 60
FOLDER_FILES_MAX = 20
ENTERED_BY_EVERY_FEATURE = {
    "chat/hub.py",
    "client/engine.py",
    "client/messaging.py",
    "server/app.py",
    "wire/messages.py",
}
ENTERED_LINES_MAX = 350
"""What each feature adds to needs room for the next one."""
HOMELESS_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "handler"}

FILES = sorted(path for top in ("reactor_chat", "tests", "fuzz") for path in (ROOT / top).rglob("*.py"))
OURS = {path for path in FILES if path.is_relative_to(ROOT / "reactor_chat")}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class Source(NamedTuple):
    """What is asked of a file, read once for all tests; trees take a gigabyte together.

    Attributes:
        lines: how many.
        docstring: of the module.
        is_empty: nothing stands in it.
        functions: the name of each, with its lines.
        undocumented: public functions, classes and methods without a docstring.
    """

    lines: int
    docstring: str | None
    is_empty: bool
    functions: list[tuple[str, int]]
    undocumented: list[str]


@cache
def read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    functions = [(one.name, lines_of(one)) for one in statements(tree) if isinstance(one, ast.FunctionDef)]
    return Source(text.count("\n"), ast.get_docstring(tree), not tree.body, functions, list(undocumented(tree)))


def statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Every statement, however deep; nothing that is asked here stands in an expression."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting.extend(getattr(node, part, ()))


def undocumented(tree: ast.Module) -> list[str]:
    public = public_of(tree)
    public += [one for kind in public if isinstance(kind, ast.ClassDef) for one in public_of(kind)]
    return [one.name for one in public if not ast.get_docstring(one)]


def public_of(place: ast.Module | ast.ClassDef) -> list[ast.ClassDef | ast.FunctionDef]:
    defined = [node for node in place.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return [node for node in defined if not node.name.startswith("_")]


def lines_of(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring_lines = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring_lines


def lines_max(path: Path) -> int:
    """How long a module may be."""
    if path not in OURS:
        return TEST_MODULE_LINES_MAX
    own = path.relative_to(ROOT / "reactor_chat").as_posix()
    return ENTERED_LINES_MAX if own in ENTERED_BY_EVERY_FEATURE else MODULE_LINES_MAX


def test_no_folder_holds_more_than_a_reader_looks_through() -> None:
    files = Counter(path.parent for path in OURS)
    assert {name(folder): count for folder, count in files.items() if count > FOLDER_FILES_MAX} == {}


def test_no_module_is_too_long_and_no_function() -> None:
    for path in FILES:
        source = read(path)
        assert source.lines <= lines_max(path), (
            f"{name(path)} has {source.lines} lines; {lines_max(path)} are the limit"
        )
        function_max = FUNCTION_LINES_MAX if path in OURS else TEST_FUNCTION_LINES_MAX
        for function, lines in source.functions:
            assert lines <= function_max, f"{name(path)}: {function} has {lines}"


def test_every_module_begins_with_its_purpose() -> None:
    for path in FILES:
        docstring = read(path).docstring
        if path.name == "__init__.py" and read(path).is_empty:
            continue
        assert docstring, f"{name(path)} has no docstring"
        assert "." in docstring.split("\n\n")[0] or docstring.endswith(":"), f"{name(path)}: no sentence"


def test_what_is_public_says_what_it_is() -> None:
    for path in OURS:
        assert not read(path).undocumented, f"{name(path)}: {read(path).undocumented}"


def test_names_have_a_home() -> None:
    for path in FILES:
        assert path.stem.removeprefix("test_") not in HOMELESS_NAMES, name(path)
        assert len(path.relative_to(ROOT).parts) <= 4, f"{name(path)}: a third level of folders"


def test_no_work_is_left_for_later() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "X" + "XX")
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        for word in words:
            assert word not in text, f"{name(path)}: {word}"
