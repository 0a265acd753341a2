"""The options as a table, a parser and a help."""

import pytest

from reactor_chat import PRODUCT
from reactor_chat.client.boundary import ExitStatus
from reactor_chat.client.commands.key_map import KeyMap
from reactor_chat.client.commands.keys import ViewKind
from reactor_chat.client.options import DEFAULT_HOST, DEFAULT_PORT, OPTIONS, STATUSES, markdown_table, read_options


def test_without_any_option() -> None:
    options = read_options([])
    assert (options.host, options.port, options.name) == (DEFAULT_HOST, DEFAULT_PORT, None)
    assert not any((options.plain, options.json, options.plaintext, options.guest))


def test_all_at_once() -> None:
    line = "chat.example 7000 --name Ann --home /tmp/x --plaintext --plain --json --guest --color never"
    options = read_options(line.split())
    assert (options.host, options.port, options.name, options.home) == ("chat.example", 7000, "Ann", "/tmp/x")  # noqa: S108
    assert (options.plaintext, options.plain, options.json, options.guest) == (True, True, True, True)
    assert options.color == "never"


@pytest.mark.parametrize(
    "line", ["--nonsense", "h 0", "h 65536", "h x", "h ٣", "h 1 2", "--color maybe", "--name", "--plainte", "h -1"]
)
def test_wrong_options_end_with_2_and_one_line_that_says_why(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        read_options(line.split())
    assert stopped.value.code == ExitStatus.USAGE
    assert capsys.readouterr().err.splitlines()[-1].startswith("reactor-chat: error:")


def test_the_version_is_the_products(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        read_options(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"{PRODUCT}\n"


def test_the_help_has_every_row_of_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        read_options(["--help"])
    assert stopped.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for option in OPTIONS:
        assert option.help.replace("  ", " ") in text
        assert (option.name if option.name.startswith("-") else option.takes) in text
    assert all(keys in text and meaning in text for keys, meaning in KeyMap(ViewKind.LINE).help_rows())
    assert set(STATUSES) == set(ExitStatus)


def test_the_readme_table_has_a_row_for_each_option() -> None:
    assert len(markdown_table().splitlines()) == len(OPTIONS) + 2
