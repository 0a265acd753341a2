"""The sizes a reader can hold in mind, and the words that mean that nobody has understood yet."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

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


@cache
def parsed(path: Path) -> ast.Module:
    """Read a module once for all that is asked of it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """Forget every tree at the end: with a gigabyte of them the collector slows all tests that follow."""
    yield
    parsed.cache_clear()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


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
        lines_count = path.read_text(encoding="utf-8").count("\n")
        assert lines_count <= lines_max(path), f"{name(path)} has {lines_count} lines; {lines_max(path)} are the limit"
        for function in functions(parsed(path)):
            function_max = FUNCTION_LINES_MAX if path in OURS else TEST_FUNCTION_LINES_MAX
            assert lines_of(function) <= function_max, f"{name(path)}: {function.name} has {lines_of(function)}"


def test_every_module_begins_with_its_purpose() -> None:
    for path in FILES:
        tree = parsed(path)
        docstring = ast.get_docstring(tree)
        if path.name == "__init__.py" and not tree.body:
            continue
        assert docstring, f"{name(path)} has no docstring"
        assert "." in docstring.split("\n\n")[0] or docstring.endswith(":"), f"{name(path)}: no sentence"


def test_what_is_public_says_what_it_is() -> None:
    for path in OURS:
        tree = parsed(path)
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
        for body in (tree.body, *(node.body for node in classes)):
            for node in body:
                if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                    assert ast.get_docstring(node), f"{name(path)}: {node.name}"


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
