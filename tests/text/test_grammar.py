"""The table of commands says the same everywhere it is shown."""

import pytest

from reactor_chat.text.grammar import (
    BY_KEY,
    COMMANDS,
    FAMILIES,
    OWN_BY_KEY,
    OWN_COMMANDS,
    Command,
    fuzz_dictionary,
    help_text,
    markdown_table,
    usage_of,
)
from reactor_chat.wire import sealing
from reactor_chat.wire.messages import REQUESTS, RESERVED_WORDS

TYPED = [command.usage for command in COMMANDS]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.usage)
def test_help_has_a_line_for_every_command(command: Command) -> None:
    assert [
        line.split("  ", 1)[1].strip() for line in help_text().split("\n") if line.startswith(command.usage + "  ")
    ] == [command.summary]


def test_help_is_aligned_and_fits_a_terminal() -> None:
    lines = help_text().split("\n")
    assert len(lines) == len(COMMANDS)
    assert max(len(line) for line in lines) <= 80
    starts = {len(line) - len(command.summary) for line, command in zip(lines, COMMANDS, strict=True)}
    assert starts == {max(len(usage) for usage in TYPED) + 2}


def test_help_takes_what_only_a_client_knows() -> None:
    lines = help_text([("@clear", "empty the screen")]).split("\n")
    assert lines[:-1] == help_text().split("\n")
    assert lines[-1].split(maxsplit=1) == ["@clear", "empty the screen"]


@pytest.mark.parametrize("command", [*COMMANDS, *OWN_COMMANDS], ids=lambda command: command.usage)
def test_every_argument_fills_a_field_of_its_request(command: Command) -> None:
    assert {argument.field for argument in command.arguments} <= set(command.request.__struct_fields__)


def test_with_the_clients_own_the_help_fits_a_terminal_too() -> None:
    lines = help_text((command.usage, command.summary) for command in OWN_COMMANDS).split("\n")
    assert len(lines) == len(COMMANDS) + len(OWN_COMMANDS)
    assert max(len(line) for line in lines) <= 80


def test_what_the_protocol_lists_is_there() -> None:
    """PROTOCOL §8, first column."""
    words = "@quit @names @help @grouplist @seen @who @history @add @kick".split()
    in_groups = [f"@group {second}" for second in "set send leave delete add kick".split()]
    assert {command.words for command in COMMANDS} >= {"", "@", "@@", *words, *in_groups}


def test_only_these_requests_cannot_be_typed() -> None:
    programs_only = {kind for kind in REQUESTS.values() if kind.__module__ == sealing.__name__}
    assert set(REQUESTS.values()) - {command.request for command in COMMANDS} == programs_only | {
        REQUESTS[tag] for tag in ("login", "line", "ping", "mark_read", "read_marks")
    }


def test_nobody_can_be_called_like_a_command() -> None:
    free = {key.split()[0] for key in (*BY_KEY, *OWN_BY_KEY)} - RESERVED_WORDS
    assert not free, f"{free}: see `If its first word is new` in CONTRIBUTING.md"


def test_usages_are_unique() -> None:
    assert len(set(TYPED)) == len(TYPED)


def test_usage_of_a_command_and_of_a_family() -> None:
    assert usage_of("who") == "@who <group>"
    assert usage_of("group send") == "@group send <group> <message>"
    assert usage_of("group") == "@group set|send|add|kick|leave|delete …"
    assert set(FAMILIES) == {"group"}


def test_markdown_table_has_a_row_for_every_command_and_two_cells_a_row() -> None:
    lines = markdown_table().split("\n")
    assert lines[:2] == ["| typed | what it does |", "|---|---|"]
    assert len(lines) == 2 + len(COMMANDS) + len(OWN_COMMANDS)
    assert all(line.replace("\\|", "").count("|") == 3 for line in lines)
    assert "<" not in "".join(command.summary for command in COMMANDS), "outside of code this is HTML and vanishes"


def test_fuzz_dictionary_holds_every_word() -> None:
    assert {"@group", "send", "@quit", "@@", ","} <= set(fuzz_dictionary())
