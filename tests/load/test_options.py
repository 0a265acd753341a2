"""The load generator's command line: every number has bounds."""

import pytest

from reactor_chat.load.options import OPTIONS, SCENARIOS, markdown_table, read_options


def test_it_runs_without_any() -> None:
    options = read_options([])
    assert (options.scenario, options.clients, options.window, options.rate) == ("fanout", 100, 16, None)


@pytest.mark.parametrize(
    "words", [["--size", "15"], ["--window", "0"], ["--rate", "nan"], ["--seconds", "1e9"], ["--clients", "²"], ["tea"]]
)
def test_what_is_out_of_bounds_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        read_options(words)
    assert exit_.value.code == 2
    assert words[-1] in capsys.readouterr().err


def test_help_names_every_option_and_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(["--help"])
    said = capsys.readouterr().out
    assert all(option.name in said for option in OPTIONS)
    assert all(text in said for text in SCENARIOS.values())
    assert markdown_table().count("\n") == len(OPTIONS) + 1
