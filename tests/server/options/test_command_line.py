"""The command line: what is promised in PROTOCOL §10, bounds of every number, and no plaintext in the open."""

import dataclasses
import re
from pathlib import Path

import pytest

from reactor_chat.errors import UsageError
from reactor_chat.server.options.command_line import read_options, reread_options
from reactor_chat.server.options.table import Options, differences, live_part, option_rows
from reactor_chat.server.options.values import Rate
from reactor_chat.toml_file import FILE_BYTES_MAX


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


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
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


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chat.toml"


def test_a_file_says_what_the_command_line_would(file: Path) -> None:
    file.write_text(
        'port = 0\nlines = 7668\nmemory = true\nforce = false\nrate = "5/0.5"\nlockdown = true\npeople-max = 7\n'
    )
    said = read_options(["--port", "0", "--lines", "7668", "--memory", "--rate", "5/0.5", "--lockdown"])
    assert read_options(["--config", str(file)]) == dataclasses.replace(said, people_max=7, config=file)


def test_the_command_line_wins(file: Path) -> None:
    file.write_text('port = 1\nrate = "off"\nlockdown = false\npeople-max = 7\n')
    options = read_options(["--config", str(file), "--port", "2", "--rate", "100/20", "--lockdown"])
    assert (options.port, options.rate, options.lockdown, options.people_max) == (2, Rate(100, 20), True, 7)
    assert read_options(["--config", str(file), "3"]).port == 3


MISTAKES = {
    "people_max = 7": "there is no option 'people_max'; did you mean people-max?",
    "nonsense = 7": "there is no option 'nonsense'; its rows are called as in --help, without the dashes",
    "config = 'other.toml'": "there is no option 'config'",
    "people-max = 0": "people-max: '0' is not a whole number from 1 to 1000000",
    "people-max = '7 '": "people-max: '7 ' is not a whole number",
    "people-max = true": "people-max: write COUNT",
    "memory = 1": "memory: write true or false",
    "memory = 'true'": "memory: write true or false",
    "rate = 100": "rate: '100' must be BURST/PER_SECOND",
    "people-max = 1.5": "people-max: a row holds a text, a whole number, true or false",
    "people-max = [7]": "people-max: a row holds",
    "[limits]\npeople-max = 7": "limits: a row holds",
    "people-max": "this is not TOML",
    "port = 1\nport = 2": "this is not TOML",
    "port = " + "9" * 5_000: "this is not TOML",
    "port = " + "[" * 10_000: "this is not TOML",
    "host = '0.0.0.0'\nplaintext = true": "--force",
    "'\x1b[2J' = 1": "this is not TOML",
    '"\\u001b[2J" = 1': "there is no option '\\x1b[2J'",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_file_is_one_line_and_2(text: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(text)
    printed = refused(capsys, "--config", str(file))
    assert printed.startswith("reactor-chatd: ")
    assert printed.count("\n") == 1
    assert str(file) in printed or text.startswith("host")
    assert MISTAKES[text] in printed
    assert printed.strip().isprintable()
    with pytest.raises(UsageError, match=re.escape(MISTAKES[text])):
        reread_options(["--config", str(file)])


def test_a_file_that_cannot_be_read_is_one_line_and_2(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b"host = '\xff'")
    assert "this is not UTF-8" in refused(capsys, "--config", str(file))
    file.write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    assert "at most" in refused(capsys, "--config", str(file))
    file.write_bytes(b"#" * FILE_BYTES_MAX)
    assert read_options(["--config", str(file)]).config == file
    assert "there is no such file" in refused(capsys, "--config", str(file) + ".none")
    for other in (str(file.parent), "/dev/zero"):
        assert "this is not a file" in refused(capsys, "--config", other)
    assert "is not a file" in refused(capsys, "--config", "")


def test_complaints_about_the_command_line_harm_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--\x1b[2J").replace("\n", "").isprintable()


def test_differences_are_told_as_they_are_typed() -> None:
    before, after = Options(), Options(port=1, rate=None, lines=("::1", 2), lockdown=True, config=Path("a"))
    assert list(differences(before, after)) == [
        ("--port", "7667", "1", False),
        ("--lines", "off", "[::1]:2", False),
        ("--config", "off", "a", False),
        ("--lockdown", "off", "on", True),
        ("--rate", "100/20", "off", True),
    ]
    assert list(differences(after, after)) == []


def test_only_live_rows_change_while_the_server_runs() -> None:
    before, after = Options(port=1, people_max=2, lockdown=False), Options(port=3, people_max=4, lockdown=True)
    assert live_part(before, after) == Options(port=1, people_max=4, lockdown=True)


@pytest.mark.parametrize(
    "host", ["127.0.0.2", "127.1", "0x7f000001", "::1", "::ffff:127.0.0.1", "localhost.", "ip6-localhost"]
)
def test_all_of_loopback_is_loopback(host: str) -> None:
    assert read_options(["--plaintext", "--host", host]).host == host
    assert read_options(["--plaintext", "--lines", f"[{host}]:0"]).lines == (host, 0)


@pytest.mark.parametrize(("arguments", "says"), [
    (["--host", ""], "not an address"), (["--host", "127.0.0.1:7667"], "--port"), (["--host", "[::1"], "is written"),
    (["--lines", ""], "not an address"), (["--lines", ":7667"], "not an address"),
    (["--lines", "::1"], "not an address"), (["--lines", "[::1]"], "not an address"),
    (["--lines", "127.0.0.1:"], "is not a whole number"),
    (["--data", ""], "not a directory"), (["--port", ""], "not a whole number"), (["--cert", ""], "is not a file"),
])  # fmt: skip
def test_what_is_no_place_is_told(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert says in refused(capsys, *arguments)


def test_addresses_may_stand_in_brackets() -> None:
    options = read_options(["--host", "[::1]", "--lines", "[::1]:7"])
    assert (options.host, options.lines) == ("::1", ("::1", 7))
    assert read_options(["--lines", "7"]).lines == ("127.0.0.1", 7)


def test_a_file_from_another_system_is_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfport = 1\r\nmemory = true\r\n")
    options = read_options(["--config", str(file)])
    assert (options.port, options.memory) == (1, True)


@pytest.mark.parametrize("row", ["data", "host", "lines", "cert", "rate"])
def test_a_nul_in_a_text_is_one_line_and_2(row: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(f'{row} = "a\\u0000b"\n')
    assert f"{row}: a text cannot have a NUL" in refused(capsys, "--config", str(file))


def test_a_path_does_not_depend_on_where_we_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_options(["--data", "file:x"]).data == tmp_path / "file:x"


def test_a_directory_that_was_deleted_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "was deleted" in refused(capsys, "--data", "relative")
    assert read_options(["--data", "/absolute"]).data == Path("/absolute")
