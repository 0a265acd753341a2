"""Nothing reaches a terminal or a log but through `text.safe`: the few places that print are read, and show it."""

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "reactor_chat"
SAFE = {"safe", "safe_json"}

PRINT = {
    "admin/commands.py": "an operator reads records",
    "admin/showing.py": "an operator reads it",
    "server/__main__.py": "why a server does not begin",
}
"""Modules that print what may have come from outside."""

PRINT_THEIR_OWN = {
    "load/__main__.py": "figures that it measured",
    "testing/__main__.py": "what became of a simulated world",
    "mls/passive.py": "a tool for test vectors, which knows no other package",
}

WRITE_TO_DESCRIPTORS = {
    "process_start.py": "what standard output is given, and a line of its own",
    "client/terminal/streams.py": "what a view gives it",
    "client/store/private_files.py": "files",
    "server/process/log.py": "what the formatter of the log, which is safe, gives it",
}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def calls(path: Path) -> list[ast.Call]:
    """Read a module once for all that is asked of it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def prints(call: ast.Call) -> bool:
    return ast.unparse(call.func) in {"print", "sys.stdout.write", "sys.stderr.write"}


def shown(node: ast.expr) -> list[ast.expr]:
    """The parts of an expression that are no words of ours."""
    if isinstance(node, ast.Constant):
        return []
    if isinstance(node, ast.JoinedStr):
        return [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    if isinstance(node, ast.BinOp):
        return [*shown(node.left), *shown(node.right)]
    return [node]


def test_what_is_printed_was_made_safe() -> None:
    for path in sources():
        for call in filter(prints, calls(path)):
            if name(path) in PRINT_THEIR_OWN:
                continue
            assert name(path) in PRINT, f"{name(path)}:{call.lineno} prints"
            for argument in call.args:
                for part in shown(argument):
                    is_safe = isinstance(part, ast.Call) and ast.unparse(part.func) in SAFE
                    assert is_safe, f"{name(path)}:{call.lineno}: {ast.unparse(part)}"


def test_few_write_to_a_descriptor() -> None:
    for path in sources():
        if any(ast.unparse(call.func) == "os.write" for call in calls(path)):
            assert name(path) in WRITE_TO_DESCRIPTORS, name(path)


def test_a_log_is_set_up_with_safe_lines() -> None:
    for path in sources():
        for call in calls(path):
            if ast.unparse(call.func) == "logging.basicConfig":
                assert "SafeFormatter" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "place", ["client/terminal/line_mode.py", "client/terminal/pipe_mode.py", "server/doors/lines.py"]
)
def test_a_face_shows_notices_as_render_does_and_notes_as_safe_does(place: str) -> None:
    """No view looks into a notice for a text: it gets lines from `compose` or `render`, or JSON from `safe_json`."""
    tree = ast.parse((PACKAGE / place).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "text":
            taken = ast.unparse(node.value)
            assert taken not in {"notice", "message", "answer"}, f"{place}:{node.lineno} takes a text by itself"
    assert {"compose", "render"} & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
