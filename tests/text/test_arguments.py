"""A wrong command line is told as ever, and repeats nothing that could act."""

import pytest

from reactor_chat.text.arguments import SafeArgumentParser


@pytest.mark.parametrize("typed", ["--\x1b[2J", "\x9b2J", "a\nb", "\u202e", "\udcff", "a" + "\u0301" * 100])
def test_what_was_typed_is_repeated_safely_by_commands_and_subcommands(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = SafeArgumentParser(prog="p")
    parser.add_subparsers().add_parser("c").add_argument("--number", type=int)
    for arguments in ([typed], ["c", typed], ["c", "--number", typed]):
        with pytest.raises(SystemExit) as caught:
            parser.parse_args(arguments)
        assert caught.value.code == 2
        printed = capsys.readouterr().err
        assert printed.startswith("usage: p")
        assert all(line.isprintable() for line in printed.splitlines())
        assert "\u0301" * 9 not in printed
