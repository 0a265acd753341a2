"""The SQLite journal survives what happens to processes and files: kills, torn logs, flipped bits, missing pieces.

Goal: what was acknowledged is there afterwards or the loss is noticed, and nothing else is ever read.
Method: real processes and real files.  Every trial is drawn from its number, which a failing one names;
REACTOR_CHAT_NIGHTLY=1 makes many more.
"""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.errors import StorageCorrupt, StorageError
from reactor_chat.journal.reports import Row
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from tests.journal.content import LABELS, SEQ_MAX, check_everything, commit_up_to, copy_of, entry, row, seeded

NIGHTLY = os.environ.get("REACTOR_CHAT_NIGHTLY") == "1"
KILLS, TORN, FLIPS = (2_000, 5_000, 5_000) if NIGHTLY else (10, 40, 100)
GROUP = 10
"""Trials in one test; a failing one names itself."""


def groups(count: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("seed", range(0, count, GROUP))


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
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path, seed: int) -> None:
    for trial in range(seed, seed + GROUP):
        acknowledged = killed(tmp_path / "data", trial)
        with closing(SqliteJournal(tmp_path / "data")) as journal:
            assert journal.head >= acknowledged, f"trial {trial}"
            assert [found.seq for found in journal.replay()] == list(range(1, journal.head + 1)), f"trial {trial}"
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        check_everything(journal)


Log = tuple[dict[str, bytes], dict[int, int]]
"""A journal's files by their names; and the head after each commit by the log's size then."""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
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
def test_a_torn_log_ends_with_the_last_commit_that_is_whole(tmp_path: Path, log: Log, seed: int) -> None:
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
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
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
        assert journal.snapshot() in {None, (150, b"large" * 5_000), (200, b"state" * 100)}
        for label in LABELS:
            for found in (journal.newest([(label, 0, SEQ_MAX)], None, 500), journal.since([(label, 0, 999)], 0, 500)):
                assert all(one == row(one.seq) and label in entry(one.seq).labels for one in found)
        assert all(one == row(seq) for seq, one in enumerate(journal.replay(), 1))
        journal.verify()
        assert journal.head == 400
        check_everything(journal)


@groups(FLIPS)
def test_a_flipped_bit_is_noticed_or_harms_nothing(tmp_path: Path, sound: bytes, seed: int) -> None:
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


def test_every_bit_of_a_message_counts(tmp_path: Path, sound: bytes) -> None:
    """Bits of stored text are never among the harmless ones."""
    at = sound.index(entry(123).payload)
    for bit in range(8):
        flipped = bytearray(sound)
        flipped[at + 2] ^= 1 << bit
        with pytest.raises(StorageCorrupt, match=r"entries from 1.. on are not what was written; repair it with"):
            read_damaged(copy_of({FILE_NAME: bytes(flipped)}, tmp_path / "flipped"))


def altered(directory: Path, sound: bytes, *statements: str) -> SqliteJournal:
    """Open a journal that somebody has been at with SQL."""
    copy_of({FILE_NAME: sound}, directory)
    with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)
    return SqliteJournal(directory)


def test_exchanged_and_missing_blocks_break_the_chain(tmp_path: Path, sound: bytes) -> None:
    exchange = (
        "UPDATE blocks SET first = -first WHERE first IN (SELECT first FROM blocks LIMIT 2 OFFSET 2)",
        "UPDATE blocks SET first = (SELECT -sum(first) FROM blocks WHERE first < 0) + first WHERE first < 0",
    )
    missing = ("DELETE FROM blocks WHERE first IN (SELECT first FROM blocks LIMIT 1 OFFSET 3)",)
    for statements in (exchange, missing):
        with closing(altered(tmp_path / "altered", sound, *statements)) as journal:
            rows: list[Row] = []
            with pytest.raises(StorageCorrupt, match=r"^The journal's entries from \d+ on are "):
                rows.extend(journal.replay())
            assert len(journal.newest([("said", 0, SEQ_MAX)], None, 5)) == 5, "the rest can be read"
            journal.commit([entry(journal.head + 1)])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM runs WHERE first = (SELECT max(first) FROM runs)",
        "INSERT INTO runs VALUES (1, 2, x'')",
        "UPDATE runs SET later = substr(later, 1, length(later) - 2) WHERE label = 1",
        "UPDATE runs SET later = substr(later, 3) WHERE label = 1",
        "UPDATE runs SET later = cast(later || later AS BLOB) WHERE label = 1",
        "UPDATE labels SET name = 'sayd' WHERE name = 'said'",
        "DELETE FROM labels WHERE name = 'told/3'",
    ],
)
def test_verify_finds_an_index_that_disagrees_with_the_entries(tmp_path: Path, sound: bytes, statement: str) -> None:
    with (
        closing(altered(tmp_path / "altered", sound, statement)) as journal,
        pytest.raises(StorageCorrupt, match="index"),
    ):
        journal.verify()


def test_an_index_that_names_a_wrong_block_is_noticed_when_it_is_read(tmp_path: Path, sound: bytes) -> None:
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
        "DELETE FROM snapshots WHERE seq % 65536",
        "DELETE FROM snapshots WHERE NOT seq % 65536",
        "UPDATE snapshots SET body = x'00'",
        "UPDATE snapshots SET seq = seq - 65536",
        "UPDATE snapshots SET seq = seq + 65536 * 251",
        "UPDATE snapshots SET digest = x''",
    ],
)
def test_a_snapshot_that_is_not_what_was_kept_counts_as_none(tmp_path: Path, sound: bytes, statement: str) -> None:
    with closing(altered(tmp_path / "altered", sound, statement)) as journal:
        assert journal.snapshot() is None
        check_everything(journal)
        journal.keep_snapshot(400, b"new")
        assert journal.snapshot() == (400, b"new")


def test_foreign_tables_are_refused(tmp_path: Path, sound: bytes) -> None:
    with pytest.raises(StorageCorrupt, match="foreign tables"):
        altered(tmp_path / "altered", sound, "CREATE TABLE more (x)")


@pytest.mark.parametrize("kept_bytes", [0, 50, 100, 4_096, 50_000, -1])
def test_a_truncated_file_is_refused(tmp_path: Path, sound: bytes, kept_bytes: int) -> None:
    directory = copy_of({FILE_NAME: sound[:kept_bytes]}, tmp_path / "cut")
    with pytest.raises(StorageCorrupt) as refused:
        read_damaged(directory)
    assert "\n" not in str(refused.value)
