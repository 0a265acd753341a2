"""The tables are the program: what the documents, `--help` and `@help` say is made from them, and stays true."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz.live.chat_shapes import RESERVED
from reactor_chat.chat.session import SERVED, SessionState
from reactor_chat.client.commands.key_map import markdown_table as keys_table
from reactor_chat.client.options import markdown_table as client_options_table
from reactor_chat.client.preferences.table import markdown_table as preferences_table
from reactor_chat.load.options import markdown_table as load_options_table
from reactor_chat.server.options.table import option_rows
from reactor_chat.text.grammar import COMMANDS, help_text, markdown_table, slash_table
from reactor_chat.wire.messages import NOTICES, REQUESTS, RESERVED_WORDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def help_of(program: str) -> str:
    command = [sys.executable, "-m", f"reactor_chat.{program}", "--help"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=ROOT, timeout=30)
    assert run.returncode == 0, run.stderr
    return run.stdout


def server_options_table() -> str:
    rows = (f"| `{f'{flag} {shown}'.strip()}` | {f'`{default}`' if default else ''} | {reason} |"
            for flag, shown, default, reason in option_rows())  # fmt: skip
    return "\n".join(["| option | default | what for |", "|---|---|---|", *rows])


@pytest.mark.parametrize(("page", "table"), [
    ("using", markdown_table), ("using", client_options_table), ("using", keys_table), ("using", slash_table),
    ("using", preferences_table),
    ("operating", server_options_table),
    ("performance", load_options_table),
])  # fmt: skip
def test_the_documents_have_the_tables_as_they_are(page: str, table: Callable[[], str]) -> None:
    assert table().strip() in (DOCS / f"{page}.md").read_text(encoding="utf-8")


def test_help_names_every_option() -> None:
    said = help_of("server")
    for flag, *_ in option_rows():
        assert flag in said


def test_help_names_every_command() -> None:
    for command in COMMANDS:
        assert command.usage in help_text()


def test_every_request_is_served_somewhere() -> None:
    served = frozenset().union(*SERVED.values())
    assert served == frozenset(REQUESTS.values())
    assert set(SERVED) == set(SessionState)


def test_tags_say_what_the_types_say() -> None:
    for table in (REQUESTS, NOTICES):
        for tag, kind in table.items():
            assert kind.__struct_config__.tag == tag


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    text = (ROOT / "reactor_chat" / "errors.py").read_text(encoding="utf-8")
    defined = set(re.findall(r"^class (\w+)", text, re.MULTILINE))
    drawn = text.split('"""')[1]
    assert all(name in drawn for name in defined)


def test_the_fuzzer_of_servers_knows_every_reserved_word() -> None:
    assert RESERVED == RESERVED_WORDS, "chat_shapes, which knows nothing of the package, has a list of its own"
