"""Each example does what its first lines say, with a real server on a free port."""

import configparser
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.bot import answer
from reactor_chat import admin, server
from reactor_chat.wire.messages import Said, Say, Tell, Told
from tests.end_to_end.client import WAIT_SECONDS, Server

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
LINES_MAX = 100


@contextmanager
def program(name: str, *rest: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", f"examples.{name}", "127.0.0.1", *rest]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_the_bot_answers_whoever_calls_it_and_nobody_else() -> None:
    assert answer(Told(1, 0, "Ann", "Robot", "hi"), "Robot") == Tell("Ann", "You said: hi")
    assert answer(Said(1, 0, "Ann", "ROBOT: hi"), "Robot") == Say("Ann: You said: hi")
    assert answer(Said(1, 0, "Ann", "hi"), "Robot") is None
    assert answer(Told(1, 0, "Robot", "Ann", "hi"), "Robot") is None
    assert answer(Told(1, 0, "Ann", "Robot", sealed={"v": 1}), "Robot") is None


def test_the_bot_talks_on_a_server_with_tls(tmp_path: Path) -> None:
    with Server(tls=True, storage=("--data", str(tmp_path / "data"))) as running:
        ann = running.client("Ann")
        rest = ("--name", "Robot", "--pin", running.pin, "--key", str(tmp_path / "robot.key"))
        with program("bot", str(running.port), *rest):
            ann.expect("joined", name="Robot")
            ann.send("tell", to="Robot", text="Are you there?")
            assert ann.expect("told", from_="Robot")["text"] == "You said: Are you there?"


def test_the_bot_talks_to_no_other_server_than_the_one_it_was_told(tmp_path: Path) -> None:
    with Server(tls=True, storage=("--data", str(tmp_path / "data"))) as running:
        other = "SHA256:" + "A" * 43 + "="
        with program("bot", str(running.port), "--name", "Robot", "--pin", other) as bot:
            _, told = bot.communicate(timeout=WAIT_SECONDS)
            assert (bot.returncode, told) == (1, "This is not the server with that key\n")


def test_the_service_posts_what_it_reads_and_says_what_it_could_not(tmp_path: Path) -> None:
    key = str(tmp_path / "cron.key")
    with Server() as running:
        ann = running.client("Ann")
        with program("service", str(running.port), "deploys", "--name", "Cron", "--key", key) as service:
            ann.expect("joined", name="Cron")
            ann.send("group_set", group="deploys", members=["Cron"])
            ann.expect("group_changed", group="deploys")
            service.communicate("built\n\ninstalled\n", timeout=WAIT_SECONDS)
            assert service.returncode == 0
        assert [ann.expect("group_said")["text"] for _ in range(2)] == ["built", "installed"]
        with program("service", str(running.port), "nothing", "--name", "Cron", "--key", key) as service:
            _, told = service.communicate("lost\n", timeout=WAIT_SECONDS)
            assert service.returncode == 75
            assert told.startswith("not posted: lost: ")


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_an_example_is_short(path: Path) -> None:
    if path.is_file():
        assert len(path.read_text(encoding="utf-8").splitlines()) < LINES_MAX


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.service")), ids=lambda path: path.name)
def test_a_unit_starts_a_command_line_that_is_understood(path: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # what configparser's own manual does
    unit.read_string(path.read_text(encoding="utf-8"))
    words = shlex.split(unit["Service"]["ExecStart"])
    words = shlex.split(words[-1]) if words[0] == "/bin/sh" else words
    module = words[words.index("-m") + 1]
    assert module in (f"{server.__name__}", f"{admin.__name__}")
    flags = [word for word in words if word.startswith("--")]
    help_ = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True, cwd=ROOT, timeout=30
    ).stdout
    assert all(flag in help_ for flag in flags)
