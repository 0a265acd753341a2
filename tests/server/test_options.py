"""The command line: what is promised in PROTOCOL §10, bounds of every number, and no plaintext in the open."""

import pytest

from reactor_chat.server.options import Options, Rate, option_rows, read_options


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Read a wrong command line; returns what was printed."""
    with pytest.raises(SystemExit) as caught:
        read_options(arguments)
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert "Traceback" not in printed.err
    return printed.err


def test_defaults_are_those_of_the_protocol() -> None:
    options = read_options([])
    assert options == Options()
    assert (options.host, options.port, options.memory, options.lines) == ("127.0.0.1", 7667, False, None)
    assert options.rate == Rate(100, 20)
    assert (options.frame_bytes_max, options.text_bytes_max, options.login_seconds_max) == (65_536, 16_384, 10)


def test_what_is_chosen_is_what_one_gets() -> None:
    options = read_options("--host ::1 --port 0 --memory --plaintext --lines 0 --rate 5/0.5".split())
    assert (options.host, options.port, options.memory, options.plaintext) == ("::1", 0, True, True)
    assert options.lines == ("127.0.0.1", 0)
    assert options.rate == Rate(5, 0.5)
    assert read_options(["8000"]).port == read_options(["--port", "8000"]).port == 8000
    assert read_options(["--rate", "off"]).rate is None
    assert read_options(["--lines", "[::1]:7"]).lines == ("::1", 7)
    assert read_options(["--lines", "localhost:7"]).lines == ("localhost", 7)


@pytest.mark.parametrize("arguments", [
    ["--nonsense"], ["--port"], ["--port", "-1"], ["--port", "65536"], ["--port", "x"], ["--port", "1.5"],
    ["--port", "٣"], ["--port", ""], ["--port", "9" * 5_000], ["1", "2"], ["x"], ["--por", "7"],
    ["--rate", "0/1"], ["--rate", "1/0"], ["--rate", "1"], ["--rate", "/"], ["--rate", "1/2/3"], ["--rate", "1/nan"],
    ["--rate", "1/inf"], ["--rate", "1000001/1"], ["--rate", "x/y"], ["--failed-logins", "off"],
    ["--lines", "x"], ["--lines", "127.0.0.1:"], ["--lines", "127.0.0.1:70000"],
    ["--people-max", "0"], ["--people-max", "1000001"], ["--group-members-max", "1001"], ["--text-bytes-max", "24577"],
    ["--frame-bytes-max", "65535"], ["--login-seconds-max", "0"], ["--messages-per-turn-max", "0"],
])  # fmt: skip
def test_wrong_command_lines(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "usage: reactor-chatd" in refused(capsys, *arguments)


@pytest.mark.parametrize("arguments", [
    ["--people-max", "1"], ["--people-max", "1000000"], ["--group-members-max", "1000"], ["--text-bytes-max", "24576"],
    ["--frame-bytes-max", "65536"], ["--frame-bytes-max", "16777216"], ["--port", "65535"], ["--rate", "1/0.001"],
    ["--rate", "1000000/1000000"], ["--failed-logins", "3/0.01"],
])  # fmt: skip
def test_numbers_at_their_bounds(arguments: list[str]) -> None:
    read_options(arguments)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])  # noqa: S104
def test_what_can_be_reached_from_outside_has_to_be_forced(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--force" in refused(capsys, "--plaintext", "--host", host)
    assert "--force" in refused(capsys, "--plaintext", "--lines", f"[{host}]:0")
    assert read_options(["--plaintext", "--host", host, "--force"]).host == host


@pytest.mark.parametrize(("argument", "says"), [("--help", "--plaintext"), ("--version", "reactor-chat ")])
def test_help_and_version(argument: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        read_options([argument])
    assert caught.value.code == 0
    assert says in capsys.readouterr().out


def test_every_option_is_in_the_help_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    for option, shown, default, reason in option_rows():
        assert f"{option} {shown}".strip() in told
        assert reason.split()[0] in told
        assert not default or f"({default})" in told
