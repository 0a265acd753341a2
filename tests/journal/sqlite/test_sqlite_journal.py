"""What only the SQLite journal does: full, failing and read-only disks, its lock, resting, and backups.

Method: real files, real small file systems, real failing system calls.  Crashes and damage are in test_survival.py.
"""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from reactor_chat.errors import StorageBusy, StorageCorrupt, StorageError, StorageFull
from reactor_chat.journal.contract import Span, finished
from reactor_chat.journal.reports import Entry, Row
from reactor_chat.journal.sqlite.database_file import FILE_NAME, WAL_PAGES_MAX, set_and_compare
from reactor_chat.journal.sqlite.mark import MARK_NAME
from reactor_chat.journal.sqlite.sqlite_journal import WAL_PAGES_REST, SqliteJournal
from tests.journal.content import SEQ_MAX, check_everything, commit_up_to, entry

# ------------------------------------------------------------------------------------------------ disks and permissions


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"mounting is not possible here: {done.stderr.decode().strip()}")
    yield disk
    subprocess.run(["/bin/umount", "-l", str(disk)], check=True)


def commit_until_full(journal: SqliteJournal) -> None:
    with pytest.raises(StorageFull, match=f"^No space left for the journal in {journal.directory}; free some"):
        commit_up_to(journal, SEQ_MAX)


def test_on_a_full_disk_reading_goes_on_and_writing_when_there_is_space(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(200_000))
    with closing(SqliteJournal(small_disk / "data")) as journal:
        commit_until_full(journal)
        full_at = journal.head
        assert full_at > 10
        with pytest.raises(StorageFull):
            journal.keep_snapshot(full_at, bytes(1_000_000))
        journal.rest()
        check_everything(journal)
        ballast.unlink()
        commit_up_to(journal, full_at + 20)
        check_everything(journal)
        commit_until_full(journal)
        last = journal.head
    with closing(SqliteJournal(small_disk / "data")) as journal:
        assert journal.head == last
        check_everything(journal)


def test_a_disk_that_is_full_at_the_start(small_disk: Path) -> None:
    """A new journal is refused and leaves nothing half made; one that exists opens and can be read."""
    with closing(SqliteJournal(small_disk / "old")) as journal:
        commit_up_to(journal, 50)
    with pytest.raises(OSError, match="No space"):
        (small_disk / "ballast").write_bytes(bytes(600_000))
    with pytest.raises(StorageFull, match=r"No space left for the journal in .*new; free some"):
        SqliteJournal(small_disk / "new")
    assert not (small_disk / "new" / FILE_NAME).exists()
    with closing(SqliteJournal(small_disk / "old")) as journal:
        check_everything(journal)
        with pytest.raises(StorageFull):
            journal.commit([Entry(51, bytes(20_000))])
        check_everything(journal)


def test_a_read_only_disk_is_refused_in_one_line(small_disk: Path) -> None:
    SqliteJournal(small_disk / "data").close()
    remount = subprocess.run(["/bin/mount", "-o", "remount,ro", str(small_disk)], check=False)
    if remount.returncode != 0:
        pytest.skip("mounting read-only is not possible here")
    for name in ("data", "new"):
        with pytest.raises(StorageError, match=f"^The journal in .*{name} is read-only; make it writable"):
            SqliteJournal(small_disk / name)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user to whom a file's mode matters, as it does not to root."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_file_closed_to_this_user_is_refused(mode: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        SqliteJournal(directory).close()
        for path in (Path(directory), Path(directory) / "lock"):
            path.chmod(0o777)
        file = Path(directory) / FILE_NAME
        file.chmod(mode)
        if os.geteuid() == 0:
            os.chown(file, 65534, 65534)
        with as_nobody(), pytest.raises(StorageError, match=r"(is closed to this user|is read-only);"):
            SqliteJournal(directory)
        file.chmod(0o600)
        SqliteJournal(directory).close()


def test_a_quota_refuses_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data", bytes_max=200_000)) as journal:
        commit_until_full(journal)
        journal.rest()
        check_everything(journal)
        full_at = journal.head
    assert (tmp_path / "data" / FILE_NAME).stat().st_size <= 200_000
    with closing(SqliteJournal(tmp_path / "data", bytes_max=100_000)) as journal:
        commit_until_full(journal)
        check_everything(journal)
    with closing(SqliteJournal(tmp_path / "data", bytes_max=300_000)) as journal:
        commit_up_to(journal, full_at + 50)
        check_everything(journal)


@pytest.mark.parametrize("bytes_max", range(143_360, 167_937, 4_096))
def test_labels_that_did_not_fit_are_known_when_they_do(tmp_path: Path, bytes_max: int) -> None:
    """A label's number that was given in a transaction that was rolled back is not remembered.

    The entries fit, and of the index nothing, or the labels without their rows.
    """
    many = ("new", *(f"label {number} {'x' * 40}" for number in range(1_000)))
    with closing(SqliteJournal(tmp_path / "data", bytes_max=bytes_max)) as journal:
        journal.commit([Entry(1, b"small", many)])
        journal.commit([Entry(2, bytes(5_000), ("new",))])
        for _ in range(2):
            journal._index_down_to(0)
            assert journal._label_index.lag() == 2
            assert journal.newest([("new", 0, SEQ_MAX)], 2, 5) == [Row(1, b"small")]
            journal.verify()
    with closing(SqliteJournal(tmp_path / "data", bytes_max=400_000)) as journal:
        journal._index_down_to(0)
        assert journal._label_index.lag() == 1
        for label in ("new", many[-1]):
            assert journal.newest([(label, 0, SEQ_MAX)], 2, 5) == [Row(1, b"small")]
        journal.verify()


def test_a_limit_on_the_size_of_files_is_a_full_disk(tmp_path: Path) -> None:
    """The system refuses with EFBIG, which SQLite calls a failed write."""
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_up_to(journal, 50)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        try:
            commit_until_full(journal)
            full_at = journal.head
            check_everything(journal)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        commit_up_to(journal, full_at + 20)
        check_everything(journal)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [FILE_NAME, MARK_NAME, "lock"]


def injected(tmp_path: Path, inject: str) -> subprocess.CompletedProcess[bytes]:
    """Let strace make a victim's system calls fail."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    command = [strace, "-f", "-o", str(tmp_path / "trace"), "-e", f"trace={inject.partition(':')[0]}", "-e"]
    command += [f"inject={inject}", sys.executable, "-m", "tests.journal.victim", str(tmp_path / "data"), "1"]
    victim = subprocess.run(command, capture_output=True, check=False)
    if b"ptrace" in victim.stderr:
        pytest.skip("tracing is not allowed here")
    return victim


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("EDQUOT", b"StorageFull: No space left for the journal in "),
        ("EIO", b"StorageError: The disk of the journal in "),
    ],
)
def test_a_quota_is_a_full_disk_and_a_failed_write_is_not(tmp_path: Path, error: str, words: bytes) -> None:
    victim = injected(tmp_path, f"pwrite64:error={error}:when=60+")
    assert victim.returncode == 1
    assert victim.stderr.startswith(words)
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        assert journal.head >= int.from_bytes(victim.stdout[-8:], "big")
        check_everything(journal)


def test_after_a_write_that_failed_nothing_goes_any_more(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_up_to(journal, 50)
        failed = sqlite3.OperationalError("disk I/O error")
        failed.sqlite_errorcode, failed.sqlite_errorname = sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"
        words = r"^The disk of the journal in .* failed \(SQLITE_IOERR_FSYNC\); check"
        with pytest.raises(StorageError, match=words), journal._fence:
            raise failed
        acknowledged = journal.head
        for use in (
            lambda: journal.commit([entry(acknowledged + 1)]),
            lambda: journal.newest([("said", 0, 9)], None, 5),
            lambda: list(journal.replay()),
            lambda: journal.keep_snapshot(1, b""),
            lambda: journal.backup(tmp_path / "copy"),
            lambda: finished(journal.scrub_slices()),
            journal.rest,
            journal.verify,
        ):
            with pytest.raises(StorageError, match="failed and must be reopened: The disk of the journal"):
                use()
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        assert journal.head >= acknowledged
        check_everything(journal)


@pytest.mark.parametrize("at", range(3, 12))
def test_after_a_sync_that_failed_nothing_goes_any_more(tmp_path: Path, at: int) -> None:
    """SQLite alone would accept the next commit."""
    victim = injected(tmp_path, f"fdatasync:error=EIO:when={at}+")
    assert victim.returncode == 1
    assert victim.stderr.startswith(b"StorageError: The disk of the journal in ")
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        assert journal.head >= int.from_bytes(victim.stdout[-8:], "big")
        check_everything(journal)


# ------------------------------------------------------------------------------------------------ opening and closing


def test_a_second_process_is_told_so(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        commit_up_to(journal, 10)
        victim = [sys.executable, "-m", "tests.journal.victim", str(tmp_path), "1"]
        second = subprocess.run(victim, capture_output=True, text=True, check=False)
        assert (
            second.stderr
            == f"StorageBusy: The journal in {tmp_path} is in use by another process; stop that one first\n"
        )
        read = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT * FROM blocks')"
        other = subprocess.run(
            [sys.executable, "-c", read, str(tmp_path / FILE_NAME)], capture_output=True, text=True, check=False
        )
        assert "database is locked" in other.stderr
        commit_up_to(journal, 20)
        check_everything(journal)


def test_another_program_that_has_the_file_is_respected(tmp_path: Path) -> None:
    SqliteJournal(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageBusy):
            SqliteJournal(tmp_path)
    SqliteJournal(tmp_path).close()


def test_a_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("precious")
    for place in (path, path / "below"):
        with pytest.raises(StorageError, match=f"^The journal cannot be in {place}, which is not a directory; name"):
            SqliteJournal(place)
    assert path.read_text() == "precious"


def test_a_network_mount_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / {tmp_path} rw - cifs //server/share rw\n")
    with pytest.raises(StorageError, match="on a network"):
        SqliteJournal(tmp_path / "data", mounts=mounts)


def test_a_refusal_at_the_start_gives_everything_back(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("no /proc here")
    (tmp_path / FILE_NAME).write_bytes(b"SQLite format 3\0" + bytes(5_000))
    before = len(list(descriptors.iterdir()))
    for _ in range(3):
        with pytest.raises(StorageCorrupt):
            SqliteJournal(tmp_path)
    assert len(list(descriptors.iterdir())) == before


def test_closing_twice_is_closing_once_and_leaves_one_file(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    commit_up_to(journal, 100)
    journal.close()
    journal.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE_NAME, "journal.mark", "lock"]
    with pytest.raises(StorageError):
        journal.newest([("said", 0, 9)], None, 5)


def test_what_is_written_is_what_was_asked_for(tmp_path: Path) -> None:
    """The settings on which durability rests, as SQLite itself reports them."""
    with closing(SqliteJournal(tmp_path)) as journal:
        asked = {"journal_mode": "wal", "synchronous": 2, "locking_mode": "exclusive", "wal_autocheckpoint": 0}
        found = {name: journal._database.execute(f"PRAGMA {name}").fetchone()[0] for name in asked}
        assert found == asked
        with pytest.raises(StorageError, match="does not take synchronous = 77"):
            set_and_compare(journal._database, "synchronous", 77)


# ------------------------------------------------------------------------------------------------- resting and backups


def test_the_log_is_emptied_by_rest_and_stays_bounded_without(tmp_path: Path) -> None:
    wal = tmp_path / (FILE_NAME + "-wal")
    with closing(SqliteJournal(tmp_path)) as journal:
        while journal._wal_pages < WAL_PAGES_REST:
            journal.rest()
            commit_up_to(journal, journal.head + 50, 50)
        before_bytes = (tmp_path / FILE_NAME).stat().st_size
        journal.rest()
        assert journal._wal_pages == 0
        assert (tmp_path / FILE_NAME).stat().st_size > before_bytes
        big = bytes(1_000_000)
        for _ in range(3 * WAL_PAGES_MAX * 4_096 // len(big)):
            journal.commit([Entry(journal.head + 1, big)])
        assert wal.stat().st_size < 1.2 * WAL_PAGES_MAX * 4_096


def test_a_backup_while_it_is_open_is_the_whole_journal(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_up_to(journal, 300)
        journal.keep_snapshot(200, b"state")
        journal.backup(tmp_path / "copy")
        link = journal.verify().link
        commit_up_to(journal, 310)
        with pytest.raises(StorageError, match=r"copy exists; name another file for the backup"):
            journal.backup(tmp_path / "copy")
        with pytest.raises(StorageError, match=r"cannot be|failed"):
            journal.backup(tmp_path / "no" / "such" / "directory")
        commit_up_to(journal, 320)
        (tmp_path / "stale-wal").write_bytes(b"of another file")
        with pytest.raises(StorageError, match=r"stale-wal exists and is of another file; move it away first"):
            journal.backup(tmp_path / "stale")
        (tmp_path / "stale-wal").unlink()
        check_everything(journal)
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "data"]
    (tmp_path / "restored").mkdir()
    (tmp_path / "copy").rename(tmp_path / "restored" / FILE_NAME)
    with closing(SqliteJournal(tmp_path / "restored")) as journal:
        assert journal.head == 300
        assert journal.snapshot() == (200, b"state")
        assert journal.verify().link == link
        check_everything(journal)
        commit_up_to(journal, 310)


def test_a_backup_that_does_not_fit_leaves_nothing_and_the_journal_goes_on(small_disk: Path, tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        journal.commit([Entry(1, bytes(1_000_000))])
        with pytest.raises(StorageFull):
            journal.backup(small_disk / "copy")
        assert list(small_disk.iterdir()) == []
        journal.commit([Entry(2, b"goes on")])


def test_a_page_reads_no_more_than_it_shows(tmp_path: Path) -> None:
    """Hundreds of spans with thousands of entries each, and a page is still made of the few newest blocks."""
    spans: list[Span] = [(f"group/{number}", 0, SEQ_MAX) for number in range(300)]
    with closing(SqliteJournal(tmp_path)) as journal:
        journal.commit([Entry(seq, b"x" * 300, (f"group/{seq % 300}",)) for seq in range(1, 9_001)])
        steps: list[None] = []
        journal._database.set_progress_handler(lambda: steps.append(None), 1)
        page = journal.newest(spans, None, 50)
        journal._database.set_progress_handler(None, 0)
        assert [found.seq for found in page] == list(range(9_000, 8_950, -1))
        assert len(steps) < 60 * len(spans)
