"""Journals that cannot be used: one line that says what to do, the right exit status, and nothing is overwritten.

What the journal itself makes of damage is tested in `tests/journal`; here a server is started on it.  Network file
systems cannot be mounted here: see `tests/journal/sqlite/test_database_file.py`.
"""

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.end_to_end.client import WAIT_SECONDS, Server

INFO = re.compile(r"[-0-9]{10} [:,0-9]{12} INFO .*")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def keep(data: Path) -> tuple[str, str]:
    return ("--data", str(data))


def complaint(done: subprocess.CompletedProcess[str], status: int = 1) -> str:
    """The one line of a server that does not begin."""
    assert done.returncode == status, done
    assert "listening" not in done.stdout, "it said so, and did not serve"
    (line,) = (line for line in done.stderr.splitlines() if not INFO.fullmatch(line))
    return line.removeprefix("reactor-chatd: ")


def start(data: Path | str, *before: str) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-m", "reactor_chat.server", "--port", "0", "--plaintext", "--data", str(data)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=WAIT_SECONDS, check=False)


def contents(directory: Path) -> dict[str, bytes]:
    """Every file but the lock and the operator's door, which hold nothing."""
    return {
        path.name: path.read_bytes()
        for path in directory.iterdir()
        if path.is_file() and path.name != "lock" and not path.name.endswith("-shm")
    }


@pytest.fixture(scope="module")
def data_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a server that was killed, so that there is snapshot failed: 40 messages; nobody changes it."""
    data = tmp_path_factory.mktemp("once") / "data"
    talk(data).kill()
    return data


@pytest.fixture
def data(data_once: Path, tmp_path: Path) -> Path:
    """Such data for one test, to do with it what it wants."""
    return shutil.copytree(data_once, tmp_path / "data", ignore=shutil.ignore_patterns("*.sock"))


def talk(data: Path) -> subprocess.Popen[bytes]:
    """Have 40 things said; returns the server, which has nobody in it any more."""
    with Server(storage=keep(data)) as server:
        ann = server.owner("Ann", KEY)
        for number in range(40):
            ann.send("say", text=f"what Ann said as number {number} " + "x" * 1_000, id=f"{number}")
        ann.expect("accepted", re="39")
        ann.close()
        return server.process


# --------------------------------------------------------------------------------------------------- not a journal


def text(file: Path) -> None:
    file.write_text("These are my notes.\n" * 500)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def other_database(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE recipes (name)")


def newer(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[60:64] = (9).to_bytes(4, "big")
    file.write_bytes(content)


def shortened(share: float) -> Callable[[Path], None]:
    def shorten(file: Path) -> None:
        os.truncate(file, int(file.stat().st_size * share))

    return shorten


def tampered(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"what Ann said as number 7 ", b"what Bob said as number 7 "))


def lost(file: Path) -> None:
    file.unlink()


def table_added(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE recipes (name)")


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "text": (text, "is not a reactor_chat journal, or is damaged; nothing was changed"),
    "empty": (empty, "is not a reactor_chat journal, or is damaged; nothing was changed"),
    "another database": (other_database, "is not a reactor_chat journal, or is damaged; nothing was changed"),
    "newer": (newer, "was written by a newer reactor_chat (format 9); update this one"),
    "header only": (shortened(0.001), "is not a reactor_chat journal"),
    "half": (shortened(0.5), "restore a backup"),
    "nearly whole": (shortened(0.95), "restore a backup"),
    "tampered": (tampered, "are not what was written; repair it with `admin repair --from BACKUP`"),
    "foreign table": (table_added, "has foreign tables; nothing was changed"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_is_no_whole_journal_is_refused_and_left_alone(data: Path, what: str) -> None:
    with closing(sqlite3.connect(data / "journal.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage, words = DAMAGE[what]
    damage(data / "journal.db")
    before = contents(data)["journal.db"]
    assert words in complaint(start(data))
    assert contents(data)["journal.db"] == before


def test_a_log_without_its_file_is_refused_and_left_alone(data: Path) -> None:
    (data / "journal.db").rename(data / "elsewhere")
    before = contents(data)
    assert "has lost journal.db but not its -wal; it held" in complaint(start(data), 75)
    assert contents(data) == before


@pytest.fixture(scope="module")
def stopped_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a server that had 40 things said and was stopped, so that there is a snapshot; nobody changes it."""
    data = tmp_path_factory.mktemp("once") / "data"
    with Server(storage=keep(data)) as server:
        ann = server.owner("Ann", KEY)
        for number in range(40):
            ann.send("say", text=f"what Ann said as number {number} " + "x" * 1_000, id=f"{number}")
        ann.expect("accepted", re="39")
        assert server.stop() == 0
    return data


@pytest.fixture
def tampered_data(stopped_once: Path, tmp_path: Path) -> Path:
    """A journal with a snapshot, a backup beside it, and one block in its middle that is not what was written."""
    data = shutil.copytree(stopped_once, tmp_path / "data", ignore=shutil.ignore_patterns("*.sock"))
    shutil.copyfile(data / "journal.db", tmp_path / "backup.db")
    tampered(data / "journal.db")
    return data


def numbers_in(messages: list[dict[str, Any]]) -> list[int]:
    return [int(message["text"].split()[5]) for message in messages]


def test_a_broken_place_is_refused_and_the_rest_is_served(tampered_data: Path) -> None:
    """With a snapshot the server starts without reading it; whoever asks for it is refused, and everybody goes on."""
    with Server(storage=keep(tampered_data)) as server:
        bob, cid = server.client("Bob"), server.client("Cid")
        for _ in range(3):
            bob.send("history", limit=50, id="h")
            refused = bob.refused("damaged", re="h")
            assert "cannot read the messages around number" in refused["text"]
        bob.send("history", limit=5)
        assert numbers_in(bob.expect("history")["messages"]) == [35, 36, 37, 38, 39]
        bob.send("history", limit=3, before=5)
        assert numbers_in(bob.expect("history")["messages"]) == [0, 1, 2]
        cid.send("say", text="goes on", id="1")
        cid.expect("accepted", re="1")
        assert sum("what was written" in line for line in server.stderr().splitlines()) == 1, "it is logged once"
        server.check()


def test_who_resumes_over_a_broken_place_is_told_once_and_gets_the_rest(tampered_data: Path) -> None:
    with Server(storage=keep(tampered_data)) as server:
        ann = server.owner("Ann", KEY, after=0)
        heard = ann.until_pong()
        assert [got["code"] for got in heard if got["type"] == "refused"] == ["damaged"]
        said = numbers_in([got for got in heard if got["type"] == "said"])
        assert said == sorted(set(said))
        assert 7 not in said
        assert set(range(40)) - set(said) <= set(range(4, 11)), "what stands in other blocks is there"
        server.check()


def newest_broken(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "UPDATE blocks SET body = zeroblob(length(body)) WHERE first = (SELECT max(first) FROM blocks)"
        )


def test_a_newest_block_that_is_broken_is_gone_on_behind(data: Path, tmp_path: Path) -> None:
    with Server(storage=keep(data)) as server:
        assert server.stop() == 0  # with a snapshot
    shutil.copyfile(data / "journal.db", tmp_path / "backup.db")
    newest_broken(data / "journal.db")
    with Server(storage=keep(data)) as server:
        ann = server.owner("Ann", KEY)
        for number in range(2):
            ann.send("say", text="goes on", id=f"on {number}")
            ann.expect("accepted", re=f"on {number}")
        ann.send("history", limit=1)
        assert [one["text"] for one in ann.expect("history")["messages"]] == ["goes on"]
        ann.send("history", limit=50, id="h")
        ann.refused("damaged", re="h")
        assert server.stop() == 0
    command = [sys.executable, "-m", "reactor_chat.admin", "--data", str(data)]
    subprocess.run([*command, "repair", "--from", str(tmp_path / "backup.db")], check=True)
    subprocess.run([*command, "verify"], check=True)


def test_a_newest_block_that_is_broken_behind_the_last_snapshot_is_refused(data: Path) -> None:
    with closing(sqlite3.connect(data / "journal.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    newest_broken(data / "journal.db")
    for _ in range(2):  # a start that was refused repairs nothing, and leaves nothing that looks whole
        assert "repair it with `admin repair --from BACKUP`" in complaint(start(data))


def test_the_operator_is_told_of_damage_and_can_mend_it(tampered_data: Path, tmp_path: Path) -> None:
    def admin(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "reactor_chat.admin", "--data", str(tampered_data), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    with Server(storage=keep(tampered_data)) as server:
        ann = server.owner("Ann", KEY)
        for _ in range(1_000):
            ann.until_pong()
            status = json.loads(admin("status", "--json").stdout)["status"]
            if status["scrub_finished_at_ms"] is not None:
                break
        assert (status["scrub_percent"], status["damaged_blocks"]) == (100, 1)
        assert status["damaged"] != "none"
        verified = admin("verify", tmp_path / "backup.db")
        assert verified.returncode == 0
        done = admin("repair", "--from", tmp_path / "backup.db")
        assert (done.returncode, done.stdout) == (0, f"entries {status['damaged']} are back\n")
        ann.send("history", limit=40)
        assert numbers_in(ann.expect("history")["messages"]) == list(range(40))
        assert admin("repair", "--from", tmp_path / "backup.db").stdout == "nothing is damaged\n"
        assert server.stop() == 0
    assert admin("verify").returncode == 0


# ------------------------------------------------------------------------------------------------- not a directory


def test_a_data_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    for data in (tmp_path / "notes", tmp_path / "notes" / "data"):
        assert complaint(start(data)).endswith("is not a directory; name another one")
    assert contents(tmp_path) == {"notes": b"mine"}


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/nowhere/at/all"), os.mkfifo])
def test_a_journal_that_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "journal.db")
    assert str(tmp_path) in complaint(start(tmp_path))
    assert not (tmp_path / "journal.db").is_file(), "nothing was put in its place"


@pytest.mark.parametrize("data", ["", "x" * 300])
def test_names_that_no_directory_can_have(tmp_path: Path, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = start(data)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------------------------------ not for us


def as_somebody_ordinary() -> list[str]:
    """Modes of files do not hold for root, unless that power is given up."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("modes of files mean nothing to root, and setpriv is not installed")
    return [setpriv, "--bounding-set", "-dac_override,-dac_read_search"]


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o200])
def test_a_file_that_may_not_be_read_or_written_is_refused(data: Path, mode: int) -> None:
    file = data / "journal.db"
    before = contents(data)
    file.chmod(mode)
    assert "closed to this user; check its owner and mode" in complaint(start(data, *as_somebody_ordinary()))
    file.chmod(0o600)
    assert contents(data) == before


@pytest.mark.parametrize("mode", [0o000, 0o500])
def test_a_directory_that_may_not_be_written_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "data").mkdir(mode)
    for data in (tmp_path / "data", tmp_path / "data" / "deeper"):
        line = complaint(start(data, *as_somebody_ordinary()))
        assert "check its owner and mode" in line
    (tmp_path / "data").chmod(0o700)
    assert not list((tmp_path / "data").iterdir())


def test_a_second_server_is_told_to_try_later(data: Path) -> None:
    with Server(storage=keep(data)) as server:
        assert "is in use by another process; stop that one first" in complaint(start(data), 75)
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(data / "control.sock"))
        server.check()
        ann = server.owner("Ann", KEY)
        ann.send("history", limit=50)
        assert len(ann.expect("history")["messages"]) == 40


# ------------------------------------------------------------------------------------------------------- full disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk, mount = tmp_path / "disk", shutil.which("mount")
    disk.mkdir()
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    options = ["-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run([mount, *options], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not possible here")
    yield disk
    subprocess.run(["/bin/umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4_096)):
                pass
        except OSError:
            pass
    return ballast


def test_a_full_disk_at_the_start_is_refused(small_disk: Path) -> None:
    ballast = fill(small_disk)
    assert "No space left for the journal" in complaint(start(small_disk / "data"))
    assert not list(small_disk.glob("data/journal.db*"))
    ballast.unlink()
    with Server(storage=keep(small_disk / "data")) as server:
        server.check()


def test_a_disk_that_is_full_at_a_later_start_serves_what_there_is(small_disk: Path) -> None:
    talk(small_disk / "data")
    ballast = fill(small_disk)
    before = contents(small_disk / "data")["journal.db"]
    done = start_or_read(small_disk / "data")
    assert done is None or "no space" in done
    ballast.unlink()
    assert contents(small_disk / "data")["journal.db"][:100] == before[:100]
    with Server(storage=keep(small_disk / "data")) as server:
        ann = server.owner("Ann", KEY)
        ann.send("history", limit=50)
        assert len(ann.expect("history")["messages"]) == 40


def start_or_read(data: Path) -> str | None:
    """Start a server that either serves or says in one line why it cannot."""
    try:
        server = Server(storage=keep(data))
    except AssertionError:
        return complaint(start(data))
    with server:
        client = server.client()
        client.send("login", name="Late", protocol=1)
        client.refused("no_space")
        assert "Traceback" not in server.stderr()
    return None


def test_a_disk_that_becomes_full_refuses_and_recovers(small_disk: Path) -> None:
    with Server(storage=keep(small_disk / "data")) as server:
        ann, bob = server.owner("Ann", KEY), server.client("Bob")
        ann.send("say", text="before", id="1")
        ann.expect("accepted", re="1")
        ballast = fill(small_disk)
        number = 2
        while True:  # SQLite still has a little room in the log it once made
            ann.send("say", text="x" * 10_000, id=f"{number}")
            if ann.until_pong()[-1]["type"] == "refused":
                break
            number += 1
        assert (ann.heard[-2]["code"], ann.heard[-2]["re"]) == ("no_space", f"{number}")
        bob.send("history", limit=number)
        assert len(bob.expect("history")["messages"]) == number - 1, "what was accepted, and nothing else"
        ballast.unlink()
        ann.send("say", text="after", id=f"{number}")
        assert ann.expect("accepted", re=f"{number}")
        assert bob.expect("said", text="after")
        server.check()
        server.process.kill()
        server.process.wait()
    with Server(storage=keep(small_disk / "data")) as server:
        ann = server.owner("Ann", KEY)
        ann.send("history", limit=number)
        assert ann.expect("history")["messages"][-1]["text"] == "after"
