"""The command and its home: first start, later starts, what is wrong with a home, and the way back to a lost key."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reactor_chat.client.store.recovery import code_of
from tests.client.processes import SECONDS_MAX, Person, Piped, ServerProcess, client_command, piped
from tests.client.test_main import one_line


def at(server: ServerProcess, home: Path, name: str = "Ann") -> tuple[str | int, ...]:
    return ("127.0.0.1", server.port, "--name", name, "--home", str(home))


def code_in(stderr: str) -> str:
    """The recovery code on the screen of a first start."""
    return " ".join(line for line in stderr.splitlines() if re.fullmatch(r" +(\w{5} ){6}\w{5}", line))


def test_the_first_start_shows_a_code_and_later_ones_do_not(server: ServerProcess, tmp_path: Path) -> None:
    first = piped("one\n", *at(server, tmp_path / "h", "First"))
    assert first.stdout.splitlines() == ["[Welcome First]", "[First:] one"]
    assert len(code_in(first.stderr).split()) == 14
    second = piped("two\n", *at(server, tmp_path / "h", "First"))
    assert second.stdout.splitlines() == ["[Welcome First]", "[First:] two"]
    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")


def test_a_name_belongs_to_its_key(server: ServerProcess, tmp_path: Path) -> None:
    assert piped("", *at(server, tmp_path / "h", "Owned")).returncode == 0
    other = piped("hello\n", *at(server, tmp_path / "other", "Owned"))
    assert other.returncode == 77
    words = other.stderr.splitlines()[-2:]
    assert "belongs to another key" in words[0]
    assert words[1] == "reactor-chat: Not sent: hello"
    assert piped("", "127.0.0.1", server.port, "--name", "Owned").returncode == 77


def test_the_code_brings_the_key_back_elsewhere(server: ServerProcess, tmp_path: Path) -> None:
    code = code_in(piped("", *at(server, tmp_path / "h", "Lost")).stderr)
    there = ("--recover", "--home", str(tmp_path / "new"))
    for word in ("back", "there already"):
        done = piped(code + "\n", *there)
        assert done.returncode == 0
        assert word in one_line(done.stderr)
    assert piped("", *at(server, tmp_path / "new", "Lost")).stdout == "[Welcome Lost]\n"
    done = piped(code_of(bytes(32)), *there)
    assert done.returncode == 77
    assert "another key" in one_line(done.stderr)
    assert piped("", *at(server, tmp_path / "new", "Lost")).returncode == 0


def test_a_code_mistyped_says_where(tmp_path: Path) -> None:
    code = code_of(bytes(32)).replace("0", "1", 1)
    done = piped(code, "--recover", "--home", str(tmp_path / "h"))
    assert done.returncode == 2
    assert "Group 1 " in one_line(done.stderr)
    assert not (tmp_path / "h").exists() or not (tmp_path / "h" / "identity").exists()
    assert piped("", "--recover", "--guest").returncode == 2


def test_one_client_on_a_home_and_a_guest_touches_none(server: ServerProcess, tmp_path: Path) -> None:
    with Piped(client_command(*at(server, tmp_path / "h", "Only"))) as process:
        assert process.stdout.readline() == b"[Welcome Only]\n"
        second = piped("", *at(server, tmp_path / "h", "Second"))
        assert second.returncode == 75
        assert f"process {process.pid}" in one_line(second.stderr)
        guest = piped("", *at(server, tmp_path / "h", "Visitor"), "--guest")
        assert (guest.returncode, guest.stderr) == (0, "")
        process.communicate(timeout=SECONDS_MAX)
    assert piped("", *at(server, tmp_path / "none", "Visitor"), "--guest").returncode == 0
    assert not (tmp_path / "none").exists()


def test_who_logs_in_elsewhere_takes_over(server: ServerProcess, tmp_path: Path) -> None:
    code = code_in(piped("", *at(server, tmp_path / "h", "Mover")).stderr)
    piped(code, "--recover", "--home", str(tmp_path / "new"))
    with Piped(client_command(*at(server, tmp_path / "h", "Mover"))) as process:
        assert process.stdout.readline() == b"[Welcome Mover]\n"
        assert piped("", *at(server, tmp_path / "new", "Mover")).returncode == 0
        _, errors = process.communicate(timeout=SECONDS_MAX)
        assert process.returncode == 77
        assert "closed the connection" in one_line(errors.decode())


def test_what_could_not_be_sent_is_sent_by_the_next_run_once(tmp_path: Path) -> None:
    server = ServerProcess(data=tmp_path / "data")
    piped("", *at(server, tmp_path / "h"))
    server.stop()
    done = piped("kept\n", *at(server, tmp_path / "h"))
    assert done.returncode == 69
    assert done.stderr.splitlines()[-1] == "reactor-chat: Kept for next time: kept"
    again = ServerProcess(server.port, data=tmp_path / "data")
    for printed in (["[Welcome Ann]", "[Ann:] kept"], ["[Welcome Ann]"]):
        done = piped("", *at(again, tmp_path / "h"))
        assert (done.returncode, done.stdout.splitlines()) == (0, printed)
    again.stop()


def damaged(directory: Path, what: str) -> int:
    """Do this to a home that was used; return the exit status that is due."""
    vault = next((directory / "servers").glob("*.db"))
    match what:
        case "open key":
            (directory / "identity").chmod(0o644)
            return 77
        case "cut key":
            os.truncate(directory / "identity", 100)
        case "foreign key":
            (directory / "identity").write_bytes(b"-----BEGIN OPENSSH PRIVATE KEY-----\n")
        case "no key":
            (directory / "identity").unlink()
        case "open home":
            directory.chmod(0o755)
            return 77
        case "cut vault":
            os.truncate(vault, 5_000)
        case "foreign vault":
            vault.write_bytes(b"my diary\n" * 100)
    return 1


@pytest.fixture(scope="module")
def used_home(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with which somebody called Wrong has talked; nobody changes it."""
    home = tmp_path_factory.mktemp("used") / "h"
    piped("hello\n", *at(server, home, "Wrong"))
    return home


@pytest.mark.parametrize(
    "what", ["open key", "cut key", "foreign key", "no key", "open home", "cut vault", "foreign vault"]
)
def test_what_is_wrong_with_a_home_is_one_line_and_nothing_is_overwritten(
    server: ServerProcess, used_home: Path, tmp_path: Path, what: str
) -> None:
    home = shutil.copytree(used_home, tmp_path / "h")
    status = damaged(home, what)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and path.name != "lock"}
    done = piped("", *at(server, home, "Wrong"))
    assert done.returncode == status
    assert str(home) in one_line(done.stderr)
    assert done.stdout == ""
    after = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and path.name != "lock"}
    assert after == before


def test_a_person_sees_where_they_left_off_and_is_called_as_last_time(
    server: ServerProcess, tmp_path: Path, person: Callable[..., Person]
) -> None:
    home = ("--home", str(tmp_path / "h"))
    first = person("127.0.0.1", server.port, "--name", "Again", *home)
    first.until("recovery code")
    first.until("[Welcome Again]")
    first.press("remember me\r")
    first.until("[Again:] remember me ✓")
    first.press("@quit\r")
    assert first.left() == 0
    piped("while away\n", "127.0.0.1", server.port, "--name", "Other")
    second = person("127.0.0.1", server.port, *home)
    second.until("You are Again, as last time")
    second.until("Nobody else is here")
    said = [line[6:] for line in second.lines if not line.startswith("reactor-chat:")]
    assert said == [
        "* Where you left off:",
        "[Again:] remember me",
        "* End of what you have seen",
        "[Welcome Again]",
        "[Other joined]",
        "[Other:] while away",
        "[Other exited]",
        "* Nobody else is here. @help shows the commands",
        "NOT encrypted >"[6:],
    ]


def test_the_code_waits_for_enter_before_the_screen_goes_on(
    server: ServerProcess, tmp_path: Path, person: Callable[..., Person]
) -> None:
    one = person("127.0.0.1", server.port, "--name", "Slow", "--home", str(tmp_path / "h"))
    one.writes_code_down = False
    one.until("Press Enter when you have written it down:")
    assert "[Welcome Slow]" not in "".join(one.lines)
    assert not (tmp_path / "h" / "identity").exists()
    one.press("\x03")
    assert one.left() == 2
    again = person("127.0.0.1", server.port, "--name", "Slow", "--home", str(tmp_path / "h"))
    again.until("[Welcome Slow]")


def test_whoever_brings_a_key_back_is_told_their_name_by_the_server(
    server: ServerProcess, tmp_path: Path, person: Callable[..., Person]
) -> None:
    code = code_in(piped("", *at(server, tmp_path / "h", "Known")).stderr)
    home = ("--home", str(tmp_path / "new"))
    one = person("--recover", *home)
    one.until("Recovery code")
    one.press(f"{code}\r")
    one.until("The server tells your name when you connect")
    assert one.left() == 0
    two = person("127.0.0.1", server.port, *home, guest=False)
    two.until("[Welcome Known]")
    two.press("@quit\r")
    assert two.left() == 0
    three = person("127.0.0.1", server.port, *home, guest=False)
    three.until("You are Known, as last time")
    done = piped(code + "\n", "--recover", "--name", "Known", "--home", str(tmp_path / "third"))
    assert "You are Known from the next start on" in done.stderr


def test_the_example_of_the_readme_works_for_two_people_on_one_machine(
    server: ServerProcess, tmp_path: Path, person: Callable[..., Person]
) -> None:
    account = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    people = {}
    for name in ("John", "Stella"):
        one = people[name] = person("127.0.0.1", server.port, "--name", name, guest=False, **account)
        one.until(f"[Welcome {name}]")
    people["Stella"].press("Hello everyone!\r")
    people["John"].until("[Stella:] Hello everyone!")
    people["John"].until("Nobody else is here. @help shows the commands")
    people["Stella"].until("1 person is here: John. @help shows the commands")


def test_a_line_is_on_the_way_until_it_is_stored(tmp_path: Path, person: Callable[..., Person]) -> None:
    server = ServerProcess(data=tmp_path / "data")
    one = person("127.0.0.1", server.port, "--name", "Ann", "--home", str(tmp_path / "h"), NO_COLOR="1")
    one.until("[Welcome Ann]")
    server.stop()
    one.until("Connection lost")
    one.press("first\r")
    one.press("second\r")
    one.until_last("(offline) (2 on the way) NOT encrypted >")
    one.process.kill()
    one.left()
    again = ServerProcess(server.port, data=tmp_path / "data")
    two = person("127.0.0.1", server.port, "--home", str(tmp_path / "h"), columns=30, NO_COLOR="1")
    two.until("Sending 2 lines kept")
    two.until("[Ann:] second ✓")
    two.until_last("NOT encrypted >")
    assert [line[6:] for line in two.lines if "[Ann:]" in line] == ["[Ann:] first ✓", "[Ann:] second ✓"]
    again.stop()


def answered(one: Person, *answers: tuple[str, str]) -> int:
    """Answer the questions of a client at a terminal; return its exit status."""
    for question, answer in answers:
        one.until(question)
        one.press(answer + "\r")
    return one.left()


def test_a_locked_home_opens_with_its_passphrase_only(
    server: ServerProcess, tmp_path: Path, person: Callable[..., Person]
) -> None:
    home = ("--home", str(tmp_path / "h"))
    piped("a line of mine\n", *at(server, tmp_path / "h", "Locker"))
    asked, again, present = "New passphrase", "The same again", "Passphrase of"
    assert answered(person("--lock", *home), (asked, "one two"), (again, "one three")) == 2
    assert piped("", *at(server, tmp_path / "h", "Locker")).returncode == 0
    assert answered(person("--lock", *home), (asked, "one two"), (again, "one two")) == 0
    before = {path: path.read_bytes() for path in (tmp_path / "h").rglob("*") if path.is_file() and path.name != "lock"}
    assert b"a line of mine" not in b"".join(before.values())
    one = person("127.0.0.1", server.port, *home, columns=200)
    one.until(present)
    one.press("one twO\r")
    one.until("Wrong passphrase; nothing was changed")
    assert one.left() == 77
    done = piped("hello\n", *at(server, tmp_path / "h", "Locker"))
    assert (done.returncode, done.stdout) == (77, "")
    assert "is locked" in one_line(done.stderr)
    after = {path: path.read_bytes() for path in (tmp_path / "h").rglob("*") if path.is_file() and path.name != "lock"}
    assert after == before
    two = person("127.0.0.1", server.port, *home, columns=200)
    two.until(present)
    two.press("one two\r")
    two.until("[Locker:] a line of mine")
    two.until("[Welcome Locker]")
    two.press("@quit\r")
    assert two.left() == 0
    assert answered(person("--lock", *home), (present, "one two"), (asked, ""), (again, "")) == 0
    assert piped("", *at(server, tmp_path / "h", "Locker")).stdout == "[Welcome Locker]\n"


def test_a_passphrase_is_not_taken_from_a_pipe(tmp_path: Path) -> None:
    done = piped("secret\nsecret\n", "--lock", "--home", str(tmp_path / "h"))
    assert done.returncode == 2
    assert "on a terminal" in one_line(done.stderr)
    assert not (tmp_path / "h").exists()
    assert piped("", "--lock", "--guest").returncode == 2


def test_an_empty_name_is_none(server: ServerProcess, tmp_path: Path) -> None:
    done = piped("", *at(server, tmp_path / "h", ""))
    assert done.returncode == 2
    assert "--name NAME" in one_line(done.stderr)
