"""A server whose journal lost its end, was restored, or lost its ground: refused, accepted, and told to everybody."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.end_to_end.client import WAIT_SECONDS, Client, Server, run_server

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def keep(data: Path) -> tuple[str, ...]:
    return ("--data", str(data))


def complaint(data: Path, *more: str) -> str:
    """The one line with which a server is refused that shall try later."""
    done = run_server("--plaintext", "--port", "0", "--data", str(data), *more)
    assert done.returncode == 75, done.stderr
    (line,) = (line for line in done.stderr.splitlines() if " INFO " not in line)
    assert line.startswith("reactor-chatd: ")
    return line


def say(client: Client, count: int, word: str = "said") -> None:
    for number in range(count):
        client.send("say", text=f"{word} {number}", id=f"{word}-{number}")
    client.until_pong()


def talk(
    data: Path, count: int, word: str = "said", *, after: int | None = None, seen: Any = None
) -> tuple[Client, Any]:
    """Say so much and be killed; return what was heard, and how far it was seen."""
    with Server(storage=keep(data)) as server:
        fields = {} if after is None else {"after": after, "seen": seen}
        ann = server.owner("Ann", KEY, **fields)
        say(ann, count, word)
        server.process.kill()
        server.process.wait()
    welcome = next(got for got in ann.heard if got["type"] == "welcome")
    return ann, {"log": welcome["log"], "seq": max(got["seq"] for got in ann.heard if "seq" in got)}


def texts(client: Client) -> list[str]:
    return [got["text"] for got in client.heard if got["type"] == "said"]


def admin(data: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "reactor_chat.admin", "--data", str(data), *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=WAIT_SECONDS)


def test_a_deleted_log_is_refused_until_its_loss_is_accepted_and_then_everybody_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    _, seen = talk(data, 30)
    (data / "journal.db-wal").unlink()
    assert "31 numbers are gone" in complaint(data)
    with Server("--accept-loss", storage=keep(data)) as server:
        assert "31 numbers are gone" in server.stderr()
        ann = server.owner("Ann", KEY, after=seen["seq"], seen=[seen])
        assert ann.refused("gap")["seq"] == 0
    with Server(storage=keep(data)) as server:
        server.check()


def test_a_restore_is_told_though_the_server_has_grown_beyond_what_was_seen(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    _, seen = talk(data, 10)
    admin(data, "backup", str(backup))
    _, later = talk(data, 20, "lost", after=seen["seq"], seen=[seen])
    for left in data.glob("journal.db*"):
        shutil.move(left, tmp_path / f"old {left.name}")
    admin(data, "restore", str(backup))
    with Server(storage=keep(data)) as server:
        bob = server.client("Bob")
        say(bob, 60, "new")
        ann = server.owner("Ann", KEY, after=later["seq"], seen=[later, seen])
        gap = ann.refused("gap")
        ann.until_pong()
        assert texts(ann) == [f"new {number}" for number in range(60)]
        assert later["seq"] > gap["seq"] >= seen["seq"]
        plain = server.client("Cid", after=2**40)
        assert plain.refused("gap")["seq"] == gap["seq"]
        plain.until_pong()
        assert texts(plain) == texts(ann)


def test_journal_and_mark_copied_back_are_told_by_who_saw_more(tmp_path: Path) -> None:
    data = tmp_path / "data"
    _, seen = talk(data, 10)
    (data / "control.sock").unlink()
    shutil.copytree(data, tmp_path / "copy")
    _, later = talk(data, 5, "lost", after=seen["seq"], seen=[seen])
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "copy", data)
    with Server(storage=keep(data)) as server:
        say(server.client("Bob"), 30, "new")
        ann = server.owner("Ann", KEY, after=later["seq"], seen=[later, seen])
        assert ann.refused("gap")["seq"] == seen["seq"]
        ann.until_pong()
        assert texts(ann) == [f"new {number}" for number in range(30)]


def replace_the_journal(data: Path) -> None:
    shutil.copy(data / "journal.db", data / "other")
    (data / "other").replace(data / "journal.db")


MOVES: dict[str, Callable[[Path], object]] = {
    "directory": lambda data: data.rename(data.with_name("elsewhere")),
    "lock": lambda data: (data / "lock").unlink(),
    "journal": replace_the_journal,
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES.keys())
@pytest.mark.parametrize("talks", [True, False])
def test_a_server_that_lost_its_ground_stops_before_it_accepts_more(
    tmp_path: Path, move: Callable[[Path], Any], *, talks: bool
) -> None:
    data = tmp_path / "data"
    with Server(storage=keep(data)) as server:
        ann = server.client("Ann")
        say(ann, 3)
        move(data)
        if talks:
            ann.send("say", text="too late", id="late")
        heard = ann.to_the_end()
        assert (heard[-1]["type"], heard[-1]["reason"]) == ("bye", "shutdown")
        assert not [got for got in heard if got["type"] == "accepted" and got["re"] == "late"]
        assert server.process.wait(WAIT_SECONDS) == 75
        said = [line for line in server.stderr().splitlines() if " INFO " not in line]
        assert len(said) == 1
        assert "was renamed, replaced or deleted while in use" in said[0]


def test_a_stop_leaves_a_mark_that_the_next_start_agrees_with(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for _ in range(2):
        with Server(storage=keep(data)) as server:
            say(server.client("Ann"), 5)
            assert server.stop(signal.SIGTERM) == 0
            assert "WARNING" not in server.stderr()
    os.truncate(data / "journal.mark", 100)
    assert "journal.mark is damaged" in complaint(data)


def test_a_journal_on_a_disk_that_cannot_be_written_is_served_to_readers(tmp_path: Path) -> None:
    _, seen = talk(tmp_path, 3)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("journal.*")}
    with Server("--read-only", storage=keep(tmp_path)) as server:
        again = server.owner("Ann", KEY, after=1, seen=[seen])
        again.until_pong()
        assert texts(again) == ["said 0", "said 1", "said 2"]
        again.send("say", text="more", id="more")
        assert again.expect("refused", re="more", code="no_space")["text"].startswith("The server is read-only")
        bob = server.client()
        bob.login("Bob")
        assert bob.expect("refused", code="no_space")["text"].startswith("The server is read-only")
    assert {path.name: path.read_bytes() for path in tmp_path.glob("journal.*")} == before
    with Server(storage=keep(tmp_path)) as server:
        again = server.owner("Ann", KEY, after=seen["seq"], seen=[seen])
        again.until_pong()
        assert not [got for got in again.heard if got.get("code") == "gap"]
