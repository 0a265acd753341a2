"""SQL names what it is given by bare question marks.

Python 3.12 warns where named ones get a sequence, 3.14 refuses it, and up to 3.12.3 numbered ones count as named.
"""

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "reactor_chat"
_statement = re.compile(r"\s*(?:SELECT|INSERT|REPLACE|UPDATE|DELETE|WITH|CREATE|VACUUM|ATTACH)\b")
_numbered_or_named = re.compile(r"\?\d|[:@$][A-Za-z_]")


def test_no_statement_has_numbered_or_named_places() -> None:
    seen = 0
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _statement.match(node.value):
                seen += 1
                assert not _numbered_or_named.search(node.value), f"{path.name}:{node.lineno}: {node.value}"
    assert seen > 50, "the statements are somewhere else"
