"""Where a journal may live: not on a network, not where another process is, not over a file that is none of ours."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reactor_chat.errors import StorageBusy, StorageCorrupt, StorageError
from reactor_chat.journal.sqlite.database_file import (
    FILE_NAME,
    LOCK_NAME,
    SCHEMA_VERSION,
    locked,
    network_file_system,
    plain_name,
    prepared,
)

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home rw shared:2 master:1 - nfs4 server:/home rw
31 30 0:27 / /home/local rw - xfs /dev/vdb rw
32 22 0:28 / /mnt/with\\040space rw - cifs //server/share rw
33 22 0:29 / /var/lib/docker/overlay rw - overlay overlay rw
34 22 0:30 / /dev/shm rw - tmpfs tmpfs rw
35 22 0:31 / /remote rw - fuse.sshfs me@there:/ rw
36 22 0:32 / /usb rw - fuseblk /dev/sdb1 rw
37 22 0:33 / /windows rw - 9p drvfs rw
38 22 0:34 / /covered rw - nfs server:/x rw
39 38 0:35 / /covered rw - ext4 /dev/vdc rw
a line that is none
"""


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/", None),
        ("/srv/chat", None),
        ("/home/ann", "nfs4"),
        ("/home", "nfs4"),
        ("/homely", None),
        ("/home/local/ann", None),
        ("/mnt/with space/chat", "cifs"),
        ("/var/lib/docker/overlay/x", None),
        ("/dev/shm/x", None),  # noqa: S108
        ("/remote/deep/down", "fuse.sshfs"),
        ("/usb/x", None),
        ("/windows/c", "9p"),
        ("/covered/x", None),
    ],
)
def test_the_mount_that_holds_the_directory_decides(directory: str, kind: str | None) -> None:
    assert network_file_system(MOUNTS, Path(directory)) == kind


@pytest.mark.parametrize(("kind", "is_network"), [("9p", False), ("overlay", False), ("nfs", True), ("zfs", False)])
def test_a_sandbox_may_serve_the_whole_disk_by_9p(kind: str, *, is_network: bool) -> None:
    assert (network_file_system(f"1 0 0:1 / / rw - {kind} x rw\n", Path("/data")) is not None) == is_network


def test_a_network_directory_is_refused_in_one_line(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 254:0 / / rw - ext4 /dev/vda rw\n30 22 0:26 / {tmp_path} rw - nfs4 server:/home rw\n")
    with pytest.raises(StorageError, match=r"^The journal cannot be in .*data, which is on a network \(nfs4\); use"):
        locked(tmp_path / "data", mounts)
    assert list((tmp_path / "data").iterdir()) == []


def test_what_is_made_is_for_its_owner_only(tmp_path: Path) -> None:
    lock = locked(tmp_path / "deep" / "data")
    path = prepared(tmp_path / "deep" / "data")
    os.close(lock)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(found.name for found in path.parent.iterdir()) == [FILE_NAME, LOCK_NAME]


def test_the_lock_keeps_others_out_until_it_is_closed(tmp_path: Path) -> None:
    first = locked(tmp_path)
    for _ in range(2):
        with pytest.raises(StorageBusy, match=f"^The journal in {tmp_path} is in use by another process; stop"):
            locked(tmp_path)
    script = f"from pathlib import Path; from {locked.__module__} import locked; locked(Path({str(tmp_path)!r}))"
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert other.stderr.splitlines()[-1].startswith("reactor_chat.errors.StorageBusy: The journal in")
    os.close(first)
    os.close(locked(tmp_path))


def make_foreign(path: Path, kind: str) -> None:
    """Put something at the journal's place that is no journal of ours, or not any more."""
    if kind in {"other program's", "newer", "older"}:
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE precious (x)")
        if kind != "other program's":
            database.execute(f"PRAGMA application_id = {0x72634A6C}")
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1 if kind == 'newer' else 0}")
        database.commit()
        database.close()
    else:
        path.write_bytes(
            {"empty": b"", "text": b"Dear diary,\n" * 500, "truncated": b"SQLite format 3\0" + b"x" * 50}[kind]
        )


@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "other program's", "newer", "older"])
def test_what_is_not_ours_is_refused_and_stays_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / FILE_NAME
    make_foreign(path, kind)
    before = path.read_bytes()
    with pytest.raises(StorageError) as refused:
        prepared(tmp_path)
    assert isinstance(refused.value, StorageCorrupt) == (kind != "newer")
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert ("update this one" in str(refused.value)) == (kind == "newer")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_ahead_log_that_lost_its_file_is_kept(tmp_path: Path) -> None:
    wal = tmp_path / (FILE_NAME + "-wal")
    wal.write_bytes(b"what was acknowledged")
    with pytest.raises(StorageCorrupt, match=r"has lost journal\.db but not its -wal"):
        prepared(tmp_path)
    assert wal.read_bytes() == b"what was acknowledged"
    assert list(tmp_path.iterdir()) == [wal]


def test_what_a_crash_left_of_making_a_journal_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / (FILE_NAME + ".new")).write_bytes(b"half")
    path = prepared(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    assert prepared(tmp_path) == path


@pytest.mark.parametrize("name", ["file:x", "file:x?mode=ro", "a?mode=ro", "a%41", "a#b", ":memory:", "file:%2e"])
def test_a_directory_is_called_what_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir()
    path = prepared(Path(name))
    assert [one.name for one in Path(name).iterdir()] == [FILE_NAME]
    with sqlite3.connect(plain_name(path)) as database:
        assert database.execute("SELECT count(*) FROM blocks").fetchone() == (0,)
    database.close()


def test_a_name_for_sqlite_never_begins_like_a_uri() -> None:
    assert plain_name(Path("file:x")) == b"./file:x"
    assert plain_name(Path("/a/file:x")) == b"/a/file:x"
