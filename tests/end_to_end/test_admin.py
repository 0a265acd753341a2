"""The operator's tool as a person runs it: every command, with a server running and without, and its exit status.

The servers are processes.  The tool is one where it matters how a process begins and ends; elsewhere its `main` is
called, which takes a tenth of the time.
"""

import contextlib
import inspect
import io
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.admin.__main__ import main
from tests.end_to_end.client import WAIT_SECONDS, Server
from tests.end_to_end.fleet import STUCK_SECONDS, Fleet
from tests.end_to_end.story import Story, ask_something

NAMES = ["Ann", "Bob", "Cid"]
FREE = "[The name Ann was released. Whoever uses it next may be a different person]"


def admin_process(data: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reactor_chat.admin", "--data", str(data), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=WAIT_SECONDS, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def admin(data: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Call the tool as `admin_process` starts it, but for what `process_start.program` does around it."""
    called = inspect.unwrap(main)
    given = ["--data", str(data), *map(str, arguments)]
    with contextlib.redirect_stdout(io.StringIO()) as output, contextlib.redirect_stderr(io.StringIO()) as errors:
        try:
            status = called(given)
        except SystemExit as ended:  # argparse's
            status = int(ended.code or 0)
    return subprocess.CompletedProcess(given, status, output.getvalue(), errors.getvalue())


def said(data: Path, *arguments: object) -> str:
    """What a command prints that does its work."""
    done = admin(data, *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def complaint(data: Path, *arguments: object, status: int = 1) -> str:
    """The one line of a command that refuses."""
    done = admin(data, *arguments)
    assert done.returncode == status, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("reactor-chat-admin: ")
    return line.removeprefix("reactor-chat-admin: ")


def keep(data: Path) -> tuple[str, str]:
    return ("--data", str(data))


@pytest.fixture(scope="module")
def talked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a server that was stopped after three people had talked; nobody changes it."""
    data, chance = tmp_path_factory.mktemp("once") / "talked", Random(1)  # noqa: S311
    with Server(storage=keep(data)) as server:
        fleet = Fleet(NAMES, chance)
        fleet.connect(server.port)
        for client in fleet.clients.values():
            for _ in range(30):
                ask_something(client, NAMES, chance)
        fleet.pump(STUCK_SECONDS, until_done=True)
        fleet.close()
        assert server.stop() == 0
    return data


@pytest.fixture
def talked(talked_once: Path, tmp_path: Path) -> Path:
    """Such data for one test, to do with it what it wants."""
    return shutil.copytree(talked_once, tmp_path / "talked", ignore=shutil.ignore_patterns("*.sock"))


# ----------------------------------------------------------------------------------------- looking at a journal


def test_the_tool_is_a_program_of_which_main_is_the_whole(talked: Path) -> None:
    for arguments in (["verify"], ["export"], ["release"], ["replay", "--at", -1], ["status"]):
        started, called = admin_process(talked, *arguments), admin(talked, *arguments)
        assert (started.returncode, started.stdout, started.stderr) == (called.returncode, called.stdout, called.stderr)


def test_a_journal_is_verified_replayed_and_exported(talked: Path) -> None:
    seq, hash_ = said(talked, "verify").split()[1:4:2]
    assert said(talked, "replay") == f"seq {seq} hash {hash_}\n"
    hashes = {said(talked, "replay", "--at", at) for at in (0, 1, int(seq) - 1, seq)}
    assert len(hashes) == 4
    assert f"seq {seq} hash {hash_}\n" in hashes
    records = [json.loads(line) for line in said(talked, "export").splitlines()]
    assert [record["seq"] for record in records] == list(range(1, int(seq) + 1))
    assert records[0]["type"] == "entered"
    assert said(talked, "verify").split()[1:4:2] == [seq, hash_], "looking changes nothing"


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["verify", "a", "b"], ["replay", "--at", "x"], ["backup"], ["restore"], ["release"],
    ["release", "a", "b"], ["--nonsense"], ["--data"],
])  # fmt: skip
def test_wrong_usage_is_2(tmp_path: Path, arguments: list[str]) -> None:
    done = admin(tmp_path / "none", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("arguments", [
    ["verify"], ["replay"], ["export"], ["backup", "copy.db"], ["release", "Ann"], ["verify", "no.db"],
    ["restore", "no.db"],
])  # fmt: skip
def test_where_no_journal_is_none_is_made(
    tmp_path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "there is no " in complaint(tmp_path / "none", *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", [-1, 10**6, 10**30])
def test_a_number_that_was_never_given_is_not_replayed(talked: Path, at: int) -> None:
    assert "the journal ends at number" in complaint(talked, "replay", "--at", at)


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def flipped(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"type":"said"', b'"type":"sayd"'))


def overwritten(file: Path) -> None:
    file.write_bytes(b"These are my notes.\n" * 500)


@pytest.mark.parametrize("damage", [truncated, flipped, overwritten])
def test_a_damaged_journal_is_one_line_and_1(talked: Path, damage: Callable[[Path], None], tmp_path: Path) -> None:
    damage(talked / "journal.db")
    before = (talked / "journal.db").read_bytes()
    for command in ("verify", "replay"):
        assert "journal" in complaint(talked, command)
    done = admin(talked, "export")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "journal" in complaint(tmp_path / "new", "restore", talked / "journal.db")
    assert not (tmp_path / "new" / "journal.db").exists()
    assert (talked / "journal.db").read_bytes() == before
    assert sorted(path.name for path in talked.iterdir() if "copy" in path.name) == []


def test_a_journal_in_use_is_75_and_a_hint(talked: Path) -> None:
    with Server(storage=keep(talked)) as server:
        for command in ("verify", "replay"):
            assert complaint(talked, command, status=75).endswith("stop that one first; or work on a backup")
        server.check()


@pytest.mark.parametrize("command", ["export", "verify"])
def test_where_nothing_can_be_printed_it_says_so_in_one_line(talked: Path, command: str) -> None:
    arguments = [sys.executable, "-m", "reactor_chat.admin", "--data", str(talked), command]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "reactor-chat-admin: standard output cannot be written: No space left on device\n",
    )


def test_who_has_read_enough_is_no_error_worth_a_word(talked: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        arguments = [sys.executable, "-m", "reactor_chat.admin", "--data", str(talked), "export"]
        done = subprocess.run(arguments, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


# ------------------------------------------------------------------------------------------ backups and restoring


def test_a_backup_under_load_restores_to_the_same_state(tmp_path: Path) -> None:
    data, copy, chance = tmp_path / "data", tmp_path / "copy.db", Random(2)  # noqa: S311
    with Server(storage=keep(data)) as server:
        fleet = Fleet(NAMES, chance)
        fleet.connect(server.port)
        command = [sys.executable, "-m", "reactor_chat.admin", "--data", str(data), "backup", str(copy)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            while process.poll() is None:
                for client in fleet.clients.values():
                    while len(client.requests) - len(client.outcomes) < 20:
                        ask_something(client, NAMES, chance)
                fleet.pump(0.02)
            assert process.stdout is not None
            seq = process.stdout.read().split()[-1]
        assert process.returncode == 0
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        at_backup = said(data, "replay", copy)
        fleet.pump(STUCK_SECONDS, until_done=True)
        assert complaint(data, "backup", copy).endswith("exists; name another file for the backup")
        fleet.close()
        assert server.stop() == 0
    assert at_backup.split()[1] == seq
    assert said(data, "replay", "--at", seq) == at_backup
    assert "up to number " + seq in said(tmp_path / "restored", "restore", copy)
    assert said(tmp_path / "restored", "verify").startswith(at_backup.strip())
    story, kept = Story().read(tmp_path / "restored"), Story().read(data)
    assert story.records == kept.records[: int(seq)]
    with Server(storage=keep(tmp_path / "restored")) as server:
        server.check()


def test_nothing_is_overwritten(talked: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert "holds everything" in said(talked, "backup", copy)
    before = copy.read_bytes(), (talked / "journal.db").read_bytes()
    assert "exists" in complaint(talked, "restore", copy)
    for directory in (tmp_path, tmp_path / "no" / "where"):
        assert admin(talked, "backup", directory).returncode == 1
    assert admin(talked, "backup", copy).returncode == 1
    with Server(storage=keep(talked)):
        assert admin(talked, "backup", copy).returncode == 1
        assert admin(talked, "backup", tmp_path).returncode == 1
        assert "exists" in complaint(talked, "restore", copy)
    assert copy.read_bytes() == before[0]
    assert not list(tmp_path.glob("*.part"))


def test_a_name_of_a_file_that_is_none_is_refused(talked: Path) -> None:
    assert complaint(talked, "backup", "/") == "'/' names no file; name one for the backup"
    assert admin(talked, "backup", "copy\udcff.db").returncode == 2
    with Server(storage=keep(talked)):
        assert complaint(talked, "backup", "/") == "'/' names no file; name one for the backup"


def test_a_backup_that_is_none_is_not_restored(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are my notes.\n" * 500)
    assert "is not a reactor_chat journal" in complaint(tmp_path / "data", "restore", tmp_path / "notes.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_backup_and_its_increments_are_restored_to_a_number_or_a_time(talked: Path, tmp_path: Path) -> None:
    whole, increment = tmp_path / "whole.db", tmp_path / "increment.db"
    said(talked, "backup", whole)
    first = int(said(talked, "replay").split()[1])
    with Server(storage=keep(talked)) as server:
        late = server.client("Late")
        late.send("say", text="after the backup", id="1")
        late.expect("accepted", re="1")
        assert f"after number {first}" in said(talked, "backup", "--since", whole, increment)
        assert server.stop() == 0
    said(tmp_path / "all", "restore", whole, increment)
    assert "after the backup" in said(tmp_path / "all", "export")
    said(tmp_path / "cut", "restore", whole, increment, "--at", first)
    assert said(tmp_path / "cut", "replay") == said(talked, "replay", "--at", first)
    said(tmp_path / "now", "restore", whole, increment, "--at", "2999-01-01T00:00")
    assert said(tmp_path / "now", "replay") == said(tmp_path / "all", "replay")
    assert "Nothing is older than" in complaint(tmp_path / "never", "restore", whole, "--at", "1999-01-01T00:00Z")
    assert "and not 0; nothing was restored" in complaint(tmp_path / "never", "restore", whole, "--at", "0")
    assert "One whole backup is needed" in complaint(tmp_path / "never", "restore", increment)
    assert admin(tmp_path / "never", "restore", whole, "--at", "yesterday").returncode == 2
    assert not (tmp_path / "never" / "journal.db").exists()


# ------------------------------------------------------------------------------------------------ giving names free


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def meeting(server: Server, key: Ed25519PrivateKey) -> int:
    """Ann makes a group with Bob, Bob goes; returns the last number Bob heard."""
    ann = server.owner("Ann", key)
    bob = server.owner("Bob", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    ann.send("group_set", group="g", members=["Bob"], id="1")
    ann.expect("accepted")
    seq = int(bob.expect("group_changed")["seq"])
    bob.send("quit")
    bob.to_the_end()
    ann.expect("exited", name="Bob")
    ann.send("quit")
    ann.to_the_end()
    return seq


def check_released(server: Server, key: Ed25519PrivateKey, heard: int) -> None:
    """Bob is told when he comes back; whoever takes the name now has it, and the old key has nothing."""
    bob = server.owner("Bob", Ed25519PrivateKey.from_private_bytes(bytes(32)), after=heard)
    assert bob.expect("released")["name"] == "Ann"
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1")
    taker = server.owner("Ann", stranger, after=0)
    taker.send("groups", id="g")
    assert taker.expect("groups")["groups"] == []
    assert not [got for got in taker.heard if got["type"] == "group_changed"]
    old = server.client()
    old.send("login", name="Ann", protocol=1, **old.proof("Ann", key))
    old.refused("name_taken")


def test_a_name_is_given_free_while_the_server_runs(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    with Server(storage=keep(tmp_path / "data")) as server:
        heard = meeting(server, key)
        watcher, typist = server.client("Watcher"), server.typist("Typist")
        ann = server.owner("Ann", key)
        assert said(tmp_path / "data", "release", "Ann") == "the name Ann is free\n"
        assert watcher.expect("released")["name"] == "Ann"
        typist.until(FREE)
        assert [got.get("reason") for got in ann.to_the_end()][-1:] == ["kicked"]
        check_released(server, key, heard)
        assert complaint(tmp_path / "data", "release", "Nobody") == "nobody owns the name Nobody"
        server.check()


def test_a_name_is_given_free_while_no_server_runs(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    data = tmp_path / "data"
    with Server(storage=keep(data)) as server:
        heard = meeting(server, key)
        assert server.stop() == 0
    assert complaint(data, "release", "Nobody") == "nobody owns the name Nobody"
    assert said(data, "release", "ANN") == "the name ANN is free\n"
    assert complaint(data, "release", "Ann") == "nobody owns the name Ann"
    with Server(storage=keep(data)) as server:
        check_released(server, key, heard)
        server.check()
