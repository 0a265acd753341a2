"""What the SQLite journal promises beyond the contract: it survives kills, torn logs, flipped bits and full disks.

Goal: what was acknowledged is there afterwards, and nothing else is ever read.
Method: real processes, real files, real small file systems.  Every trial is drawn from a seed, which is the trial's
parameter; REACTOR_CHAT_NIGHTLY=1 draws many more.
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
from reactor_chat.journal.contract import Entry, Row, Span
from reactor_chat.journal.place import FILE_NAME
from reactor_chat.journal.sqlite import WAL_PAGES_MAX, WAL_PAGES_REST, SqliteJournal
from tests.journal.victim import entry, seeded

NIGHTLY = os.environ.get("REACTOR_CHAT_NIGHTLY") == "1"
KILLS, TORN, FLIPS = (2_000, 5_000, 5_000) if NIGHTLY else (20, 100, 200)
GROUP = 20
"""Trials in one test; a failing one names itself."""

SEQ_MAX = 2**53 - 1
LABELS = ("said", *(f"told/{number}" for number in range(8)))


def groups(count: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("seed", range(0, count, GROUP))


def commit_up_to(journal: SqliteJournal, last: int, size: int = 10) -> None:
    for first in range(journal.head + 1, last + 1, size):
        journal.commit([entry(seq) for seq in range(first, min(first + size, last + 1))])


def row(seq: int) -> Row:
    return Row(seq, entry(seq).payload)


def check_everything(journal: SqliteJournal) -> None:
    """All that was ever committed is read back as it was, by a replay and by every label."""
    assert list(journal.replay()) == [row(seq) for seq in range(1, journal.head + 1)]
    for label in LABELS:
        expected = [row(seq) for seq in range(1, journal.head + 1) if label in entry(seq).labels]
        assert journal.since([(label, 0, SEQ_MAX)], 0, SEQ_MAX) == expected
    assert journal.verify().entries == journal.head


def copy_of(files: dict[str, bytes], directory: Path) -> Path:
    """A directory that holds only these files."""
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir()
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return directory


# ------------------------------------------------------------------------------------------------------------ crashes


def killed(directory: Path, seed: int) -> int:
    """Start a process that commits, kill it after some acknowledgements, and return the last one."""
    random = seeded(seed)
    victim = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.victim", str(directory), str(seed)], stdout=subprocess.PIPE
    )
    assert victim.stdout is not None
    acknowledged = b""
    for _ in range(1 + random.choice((0, 1, random.randrange(30), random.randrange(300)))):
        acknowledged = victim.stdout.read(8)
    victim.kill()
    rest = victim.communicate()[0]
    assert victim.returncode == -9, "it ended by itself"
    whole = (acknowledged + rest)[: (len(acknowledged) + len(rest)) // 8 * 8]
    return int.from_bytes(whole[-8:], "big")


@groups(KILLS)
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path, seed):
    for trial in range(seed, seed + GROUP):
        acknowledged = killed(tmp_path / "data", trial)
        with closing(SqliteJournal(tmp_path / "data")) as journal:
            assert journal.head >= acknowledged, f"trial {trial}"
            assert [found.seq for found in journal.replay()] == list(range(1, journal.head + 1)), f"trial {trial}"
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        check_everything(journal)


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> tuple[dict[str, bytes], dict[int, int]]:
    """A journal's files with a long write-ahead log; and the head after each commit by the log's size then."""
    directory = tmp_path_factory.mktemp("log")
    wal = directory / (FILE_NAME + "-wal")
    with closing(SqliteJournal(directory)) as journal:
        commit_up_to(journal, 100)
        journal._checkpoint()
        files = {FILE_NAME: (directory / FILE_NAME).read_bytes()}
        before_bytes = wal.stat().st_size
        heads = {0: 100}
        sizes = seeded(1)
        while journal.head < 1_000:
            commit_up_to(journal, journal.head + sizes.choice((1, 2, 30)), 30)
            if wal.stat().st_size > before_bytes:  # until then it overwrites what the checkpoint left behind
                heads[wal.stat().st_size] = journal.head
        files[wal.name] = wal.read_bytes()
    assert len(heads) > 50
    return files, heads


@groups(TORN)
def test_a_torn_log_ends_with_the_last_commit_that_is_whole(tmp_path, log, seed):
    files, heads = log
    wal = files[FILE_NAME + "-wal"]
    first_cut = sorted(heads)[1]
    for trial in range(seed, seed + GROUP):
        random = seeded(trial)
        cut = random.choice((random.randrange(first_cut, len(wal) + 1), random.choice(sorted(heads)[1:])))
        garbage = random.choice((b"", random.randbytes(random.randrange(9_000)), bytes(5_000), wal[32:4_152]))
        directory = copy_of({**files, FILE_NAME + "-wal": wal[:cut] + garbage}, tmp_path / "torn")
        with closing(SqliteJournal(directory)) as journal:
            assert journal.head == heads[max(size for size in heads if size <= cut)], f"trial {trial}"
            check_everything(journal)
            journal.commit([entry(journal.head + 1)])


# ------------------------------------------------------------------------------------------------------------- damage


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> bytes:
    """The file of a closed journal of 400 entries, with a snapshot and pages that are free."""
    directory = tmp_path_factory.mktemp("sound")
    with closing(SqliteJournal(directory)) as journal:
        commit_up_to(journal, 200)
        journal.keep_snapshot(150, b"large" * 5_000)
        journal.keep_snapshot(200, b"state" * 100)
        commit_up_to(journal, 400)
    return (directory / FILE_NAME).read_bytes()


def read_damaged(directory: Path) -> None:
    """Use a journal whose file was damaged: whatever it returns is what was written, or an error comes in the end."""
    with closing(SqliteJournal(directory)) as journal:
        assert journal.snapshot() in {None, (200, b"state" * 100)}
        for label in LABELS:
            for found in (journal.newest([(label, 0, SEQ_MAX)], None, 500), journal.since([(label, 0, 999)], 0, 500)):
                assert all(one == row(one.seq) and label in entry(one.seq).labels for one in found)
        assert all(one == row(seq) for seq, one in enumerate(journal.replay(), 1))
        journal.verify()
        assert journal.head == 400
        check_everything(journal)


@groups(FLIPS)
def test_a_flipped_bit_is_noticed_or_harms_nothing(tmp_path, sound, seed):
    for trial in range(seed, seed + GROUP):
        flipped, bit = bytearray(sound), seeded(trial).randrange(8 * len(sound))
        flipped[bit // 8] ^= 1 << bit % 8
        directory = copy_of({FILE_NAME: bytes(flipped)}, tmp_path / "flipped")
        try:
            read_damaged(directory)
        except StorageError:
            continue
        except Exception as error:
            raise AssertionError(f"trial {trial}, bit {bit}") from error


def test_every_bit_of_a_message_counts(tmp_path, sound):
    """Bits of stored text are never among the harmless ones."""
    at = sound.index(entry(123).payload)
    for bit in range(8):
        flipped = bytearray(sound)
        flipped[at + 2] ^= 1 << bit
        with pytest.raises(StorageCorrupt, match=r"entries from 1.. on are not what was written; restore a backup"):
            read_damaged(copy_of({FILE_NAME: bytes(flipped)}, tmp_path / "flipped"))


def altered(directory: Path, sound: bytes, *statements: str) -> SqliteJournal:
    """Open a journal that somebody has been at with SQL."""
    copy_of({FILE_NAME: sound}, directory)
    with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)
    return SqliteJournal(directory)


def test_exchanged_and_missing_blocks_break_the_chain(tmp_path, sound):
    exchange = (
        "UPDATE blocks SET first = -first WHERE first IN (SELECT first FROM blocks LIMIT 2 OFFSET 2)",
        "UPDATE blocks SET first = (SELECT -sum(first) FROM blocks WHERE first < 0) + first WHERE first < 0",
    )
    missing = ("DELETE FROM blocks WHERE first IN (SELECT first FROM blocks LIMIT 1 OFFSET 3)",)
    for statements in (exchange, missing):
        with closing(altered(tmp_path / "altered", sound, *statements)) as journal:
            rows = []
            with pytest.raises(StorageCorrupt, match=r"^The journal's entries from \d+ on are "):
                rows.extend(journal.replay())
            with pytest.raises(StorageError, match="must be opened anew"):
                journal.newest([("said", 0, SEQ_MAX)], None, 5)
            with pytest.raises(StorageError, match="must be opened anew"):
                journal.commit([entry(journal.head + 1)])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM places WHERE first = (SELECT max(first) FROM places)",
        "INSERT INTO places VALUES (1, 2)",
        "UPDATE labels SET name = 'sayd' WHERE name = 'said'",
        "DELETE FROM labels WHERE name = 'told/3'",
    ],
)
def test_verify_finds_an_index_that_disagrees_with_the_entries(tmp_path, sound, statement):
    with (
        closing(altered(tmp_path / "altered", sound, statement)) as journal,
        pytest.raises(StorageCorrupt, match="index"),
    ):
        journal.verify()


def test_an_index_that_names_a_wrong_block_is_noticed_when_it_is_read(tmp_path, sound):
    exchange = "UPDATE labels SET id = (SELECT sum(id) FROM labels WHERE name IN ('said', 'told/3')) - id"
    statement = f"{exchange} WHERE name IN ('said', 'told/3')"
    with (
        closing(altered(tmp_path / "altered", sound, statement)) as journal,
        pytest.raises(StorageCorrupt),
    ):
        journal.newest([("told/3", 0, SEQ_MAX)], None, 500)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM snapshots",
        "UPDATE snapshots SET body = x'00'",
        "UPDATE snapshots SET seq = 199",
        "UPDATE snapshots SET seq = 401",
        "UPDATE snapshots SET digest = x''",
    ],
)
def test_a_snapshot_that_is_not_what_was_kept_counts_as_none(tmp_path, sound, statement):
    with closing(altered(tmp_path / "altered", sound, statement)) as journal:
        assert journal.snapshot() is None
        check_everything(journal)
        journal.keep_snapshot(400, b"new")
        assert journal.snapshot() == (400, b"new")


def test_foreign_tables_are_refused(tmp_path, sound):
    with pytest.raises(StorageCorrupt, match="foreign tables"):
        altered(tmp_path / "altered", sound, "CREATE TABLE more (x)")


@pytest.mark.parametrize("kept_bytes", [0, 50, 100, 4_096, 50_000, -1])
def test_a_truncated_file_is_refused(tmp_path, sound, kept_bytes):
    directory = copy_of({FILE_NAME: sound[:kept_bytes]}, tmp_path / "cut")
    with pytest.raises(StorageCorrupt) as refused:
        read_damaged(directory)
    assert "\n" not in str(refused.value)


# ------------------------------------------------------------------------------------------------ disks and permissions


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
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
    with pytest.raises(StorageFull, match=f"^There is no space left for the journal in {journal.directory}; make some"):
        commit_up_to(journal, SEQ_MAX)


def test_on_a_full_disk_reading_goes_on_and_writing_when_there_is_space(small_disk):
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


def test_a_disk_that_is_full_at_the_start(small_disk):
    """A new journal is refused and leaves nothing half made; one that exists opens and can be read."""
    with closing(SqliteJournal(small_disk / "old")) as journal:
        commit_up_to(journal, 50)
    with pytest.raises(OSError, match="No space"):
        (small_disk / "ballast").write_bytes(bytes(600_000))
    with pytest.raises(StorageFull, match=r"no space left for the journal in .*new; make some"):
        SqliteJournal(small_disk / "new")
    assert not (small_disk / "new" / FILE_NAME).exists()
    with closing(SqliteJournal(small_disk / "old")) as journal:
        check_everything(journal)
        with pytest.raises(StorageFull):
            journal.commit([Entry(51, bytes(20_000))])
        check_everything(journal)


def test_a_read_only_disk_is_refused_in_one_line(small_disk):
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
def test_a_file_closed_to_this_user_is_refused(mode):
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


def test_a_quota_refuses_and_a_larger_one_goes_on(tmp_path):
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


def test_labels_that_did_not_fit_are_known_when_they_do(tmp_path):
    """A label's number that was given in a transaction that was rolled back is not remembered."""
    with closing(SqliteJournal(tmp_path / "data", bytes_max=100_000)) as journal:
        with pytest.raises(StorageFull):
            journal.commit([Entry(1, bytes(200_000), ("new",))])
        journal.commit([Entry(1, b"small", ("new",))])
        assert journal.newest([("new", 0, SEQ_MAX)], None, 5) == [Row(1, b"small")]
        journal.verify()


def test_after_a_write_that_failed_nothing_goes_any_more(tmp_path):
    """A limit on the size of files makes a real write fail, with an error that is not a full disk."""
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_up_to(journal, 50)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        try:
            with pytest.raises(
                StorageError, match=r"^The disk of the journal in .* failed \(SQLITE_IOERR_WRITE\); check"
            ):
                commit_up_to(journal, 20_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        acknowledged = journal.head
        for use in (
            lambda: journal.commit([entry(acknowledged + 1)]),
            lambda: journal.newest([("said", 0, 9)], None, 5),
            lambda: list(journal.replay()),
            lambda: journal.keep_snapshot(1, b""),
            journal.rest,
            journal.verify,
        ):
            with pytest.raises(StorageError, match="failed and must be opened anew: The disk of the journal"):
                use()
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        assert journal.head >= acknowledged
        check_everything(journal)


@pytest.mark.parametrize("at", range(3, 12))
def test_after_a_sync_that_failed_nothing_goes_any_more(tmp_path, at):
    """strace makes the sync fail; SQLite alone would accept the next commit."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    inject = [strace, "-f", "-o", str(tmp_path / "trace"), "-e", "trace=fdatasync", "-e"]
    inject.append(f"inject=fdatasync:error=EIO:when={at}+")
    victim = subprocess.run(
        [*inject, sys.executable, "-m", "tests.journal.victim", str(tmp_path / "data"), "1"],
        capture_output=True,
        check=False,
    )
    if b"ptrace" in victim.stderr:
        pytest.skip("tracing is not allowed here")
    assert victim.returncode == 1
    assert victim.stderr.startswith(b"StorageError: The disk of the journal in ")
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        assert journal.head >= int.from_bytes(victim.stdout[-8:], "big")
        check_everything(journal)


# ------------------------------------------------------------------------------------------------ opening and closing


def test_a_second_process_is_told_so(tmp_path):
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


def test_another_program_that_has_the_file_is_respected(tmp_path):
    SqliteJournal(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageBusy):
            SqliteJournal(tmp_path)
    SqliteJournal(tmp_path).close()


def test_a_directory_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "data"
    path.write_text("precious")
    for place in (path, path / "below"):
        with pytest.raises(StorageError, match=f"^The journal cannot be in {place}, which is not a directory; name"):
            SqliteJournal(place)
    assert path.read_text() == "precious"


def test_a_network_mount_is_refused(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / {tmp_path} rw - cifs //server/share rw\n")
    with pytest.raises(StorageError, match="on a network"):
        SqliteJournal(tmp_path / "data", mounts=mounts)


def test_a_refusal_at_the_start_gives_everything_back(tmp_path):
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("no /proc here")
    (tmp_path / FILE_NAME).write_bytes(b"SQLite format 3\0" + bytes(5_000))
    before = len(list(descriptors.iterdir()))
    for _ in range(3):
        with pytest.raises(StorageCorrupt):
            SqliteJournal(tmp_path)
    assert len(list(descriptors.iterdir())) == before


def test_closing_twice_is_closing_once_and_leaves_one_file(tmp_path):
    journal = SqliteJournal(tmp_path)
    commit_up_to(journal, 100)
    journal.close()
    journal.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE_NAME, "lock"]
    with pytest.raises(StorageError):
        journal.newest([("said", 0, 9)], None, 5)


def test_what_is_written_is_what_was_asked_for(tmp_path):
    """The settings on which durability rests, as SQLite itself reports them."""
    with closing(SqliteJournal(tmp_path)) as journal:
        asked = {"journal_mode": "wal", "synchronous": 2, "locking_mode": "exclusive", "wal_autocheckpoint": 0}
        found = {name: journal._database.execute(f"PRAGMA {name}").fetchone()[0] for name in asked}
        assert found == asked
        with pytest.raises(StorageError, match="does not take synchronous = 77"):
            journal._set("synchronous", 77)


# ------------------------------------------------------------------------------------------------- resting and backups


def test_the_log_is_emptied_by_rest_and_stays_bounded_without(tmp_path):
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


def test_a_backup_while_it_is_open_is_the_whole_journal(tmp_path):
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


def test_a_backup_that_does_not_fit_leaves_nothing_and_the_journal_goes_on(small_disk, tmp_path):
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        journal.commit([Entry(1, bytes(1_000_000))])
        with pytest.raises(StorageFull):
            journal.backup(small_disk / "copy")
        assert list(small_disk.iterdir()) == []
        journal.commit([Entry(2, b"goes on")])


def test_a_page_reads_no_more_than_it_shows(tmp_path):
    """Hundreds of spans with thousands of entries each, and a page is still made of the few newest blocks."""
    spans: list[Span] = [(f"group/{number}", 0, SEQ_MAX) for number in range(300)]
    with closing(SqliteJournal(tmp_path)) as journal:
        journal.commit([Entry(seq, b"x" * 300, (f"group/{seq % 300}",)) for seq in range(1, 9_001)])
        steps = []
        journal._database.set_progress_handler(lambda: steps.append(None), 1)
        page = journal.newest(spans, None, 50)
        journal._database.set_progress_handler(None, 0)
        assert [found.seq for found in page] == list(range(9_000, 8_950, -1))
        assert len(steps) < 60 * len(spans)
