"""Where a journal lives: its directory, the lock on it, and the file that only a complete and known journal becomes.

The directory is locked by `lock`, an empty file, for as long as the journal is open, so that one process has it and
others are told so; SQLite's own exclusive lock stands behind it.  Network file systems are refused: their locks hold
between the programs of one machine at best, and two machines writing one journal destroy it.

A new journal is built beside its place and renamed to it when it is complete and synced.  So a file that is there and
is not a complete journal was damaged, or is not ours, and nothing of it is ever written over.
"""

import fcntl
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from reactor_chat.errors import StorageBusy, StorageCorrupt, StorageError
from reactor_chat.journal.label_runs import runs_of

PAGE_BYTES = 4_096
CACHE_KIBIBYTES = 4_096
"""Pages of the index that are kept in memory; no journal needs more for a page of history."""
WAL_PAGES_MAX = 4_096
"""At 16 MiB a commit empties the write-ahead log before it begins, for a server that never rests."""

_SETTINGS: tuple[tuple[str, int | str], ...] = (
    ("locking_mode", "exclusive"),
    ("journal_mode", "wal"),
    ("synchronous", 2),
    ("fullfsync", 1),
    ("checkpoint_fullfsync", 1),
    ("wal_autocheckpoint", 0),
    ("journal_size_limit", WAL_PAGES_MAX * PAGE_BYTES),
    ("cache_size", -CACHE_KIBIBYTES),
    ("mmap_size", 0),
    ("secure_delete", 1),
    ("cell_size_check", 1),
    ("trusted_schema", 0),
)
"""Set at start in this order, read back and compared; the lock comes first, so that no other process ever gets in."""

FILE_NAME = "journal.db"
LOCK_NAME = "lock"
APPLICATION_ID = 0x72634A6C
"""Says in the file's header that it is a journal of this program: "rcJl"."""

SCHEMA_VERSION = 4
LOGS_TABLE = (
    "CREATE TABLE logs (place INTEGER PRIMARY KEY, first INTEGER NOT NULL, name TEXT NOT NULL UNIQUE,"
    " is_after_loss INTEGER NOT NULL, digest BLOB NOT NULL) STRICT"
)
UNINDEXED_TABLE = "CREATE TABLE unindexed (first INTEGER PRIMARY KEY, onwards INTEGER NOT NULL) STRICT"
RUNS_TABLE = (
    "CREATE TABLE runs (label INTEGER NOT NULL, first INTEGER NOT NULL, later BLOB NOT NULL,"
    " PRIMARY KEY (label, first)) STRICT, WITHOUT ROWID"
)
PLACES_TABLE = "CREATE TABLE places (label INTEGER, first INTEGER, PRIMARY KEY (label, first)) STRICT, WITHOUT ROWID"
SCHEMA = (
    "CREATE TABLE blocks (first INTEGER PRIMARY KEY, link BLOB NOT NULL, body BLOB NOT NULL) STRICT",
    "CREATE TABLE labels (name TEXT PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    RUNS_TABLE,
    "CREATE TABLE snapshots (seq INTEGER PRIMARY KEY, digest BLOB NOT NULL, body BLOB NOT NULL) STRICT",
    LOGS_TABLE,
    UNINDEXED_TABLE,
)
"""Blocks by their first number; labels as small integers; the blocks that hold entries with a label (see `label_runs`);
the snapshot; the logs in their order (see `logs`); the blocks whose labels are not in the index (see `label_index`):
each of a number with 0, and all from the number with 1 on."""
_SINCE = {LOGS_TABLE: 2, UNINDEXED_TABLE: 3, RUNS_TABLE: 4}
"""Formats that brought a table.  Those before 4 had `places` instead of runs, a row for each label and block."""

MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = re.compile(
    r"nfs\d*|cifs|smb\w*|9p\w*|afs|ncpfs|ceph|lustre|gfs2?|ocfs2|glusterfs|beegfs|davfs"
    r"|fuse\.(sshfs|s3fs|rclone|glusterfs|ceph\S*|smbnetfs|gcsfuse|davfs\d*|cifs\S*|nfs\S*|curlftpfs|juicefs|gvfsd-fuse)"
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def network_file_system(mounts: str, directory: Path) -> str | None:
    """Return the type of the network file system a directory is on, or None.

    What is mounted at / as 9p is let be: some sandboxes serve a machine's own disk like that.

    Args:
        mounts: the text of /proc/self/mountinfo.
        directory: resolved.

    Source: proc(5).
    """
    longest, kind = Path("/"), ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        if len(before.split()) < 5 or not after:
            continue
        point = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), before.split()[4]))
        if len(point.parts) >= len(longest.parts) and directory.is_relative_to(point):
            longest, kind = point, after.split()[0]
    is_own_disk = longest == Path("/") and kind == "9p"
    return kind if _NETWORK.fullmatch(kind) and not is_own_disk else None


def locked(directory: Path, mounts: Path = MOUNTS) -> int:
    """Make a directory where there is none, and lock it.

    Args:
        directory: of the journal; made for its owner only.
        mounts: where the system lists what is mounted; a file that does not exist tells nothing.

    Returns:
        The descriptor that holds the lock; to be closed when the journal is.

    Raises:
        StorageBusy: another process has it.
        StorageError: it is on a network, or locks do nothing there.
        OSError: it cannot be made or written.
    """
    is_new = not directory.exists()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if is_new:
        synced(directory.parent)
    kind = network_file_system(mounts.read_text(errors="replace"), directory.resolve()) if mounts.exists() else None
    if kind is not None:
        raise StorageError(f"The journal cannot be in {directory}, which is on a network ({kind}); use a local disk")
    lock = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(lock, directory)
        _test_lock(directory)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _lock(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageBusy(f"The journal in {directory} is in use by another process; stop that one first") from error


def _test_lock(directory: Path) -> None:
    """Ask for the lock a second time, which must be refused."""
    second = os.open(directory / LOCK_NAME, os.O_RDWR)
    try:
        _lock(second, directory)
    except StorageBusy:
        return
    finally:
        os.close(second)
    raise StorageError(f"The journal cannot be in {directory}, where locks do nothing; use a local disk")


def synced(path: Path) -> None:
    """Make what a directory lists, or a file holds, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def plain_name(path: Path) -> bytes:
    """Return a path as SQLite takes it for a path: one that begins with `file:` could be a URI with options in it.

    Source: SQLite's "Uniform Resource Identifiers" (SQLITE_USE_URI is on in Debian's).
    """
    return os.fsencode(path if path.is_absolute() else f"{os.curdir}/{path}")


def prepared(directory: Path) -> Path:
    """Return the journal's file: made where there is none, checked to be ours where there is one.

    Args:
        directory: locked.

    Raises:
        StorageCorrupt: the file is not a journal of ours; it is left as it is.
        StorageError: a newer version of this program wrote it, or it is a link that leads nowhere.
        sqlite3.Error, OSError: it cannot be made or read.
    """
    path = directory / FILE_NAME
    if path.exists():
        _check_header(path)
    elif path.is_symlink():
        raise StorageError(f"{path} leads to a file that is not there; bring that back, or remove the link")
    elif path.with_name(FILE_NAME + "-wal").exists():
        raise StorageCorrupt(f"The journal in {directory} has lost {FILE_NAME} but not its -wal; restore a backup")
    else:
        _make(path)
    return path


def _check_header(path: Path) -> None:
    """Read what SQLite's header says of a file, before SQLite opens it and might change it.

    Source: SQLite's "Database File Format", 1.3.
    """
    with path.open("r+b") as file:  # to write is what the system must allow; SQLite would go on without
        header = file.read(100)
    is_ours = header.startswith(b"SQLite format 3\0") and header[68:72] == APPLICATION_ID.to_bytes(4, "big")
    if not is_ours or len(header) < 100:
        raise StorageCorrupt(f"{path} is not a reactor_chat journal, or is damaged; nothing was changed")
    version = int.from_bytes(header[60:64], "big")
    if version > SCHEMA_VERSION:
        raise StorageError(f"{path} was written by a newer reactor_chat (format {version}); update this one")
    if version < 1:
        raise StorageCorrupt(f"{path} is no journal that this reactor_chat can read (format {version})")


def _make(path: Path) -> None:
    new = path.with_name(FILE_NAME + ".new")
    for left in (new, new.with_name(new.name + "-journal")):
        left.unlink(missing_ok=True)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _fill(new)
        synced(new)
        new.rename(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    synced(path.parent)


def _fill(path: Path) -> None:
    with closing(sqlite3.connect(plain_name(path), isolation_level=None)) as database:
        database.execute("PRAGMA page_size = 4096")
        database.execute("PRAGMA auto_vacuum = 0")
        database.execute("BEGIN")
        for statement in SCHEMA:
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        database.execute("COMMIT")


def schema_of(version: int) -> set[str]:
    """Return the tables of a format."""
    tables = {sql for sql in SCHEMA if _SINCE.get(sql, 1) <= version}
    return tables if RUNS_TABLE in tables else {*tables, PLACES_TABLE}


def bring_up(database: sqlite3.Connection, open_block: int) -> bool:
    """Bring a journal of an earlier format to this one, in one transaction.

    Args:
        database: open, with the tables of its format.
        open_block: the number of the newest block; the index of formats 1 and 2 has all before it.

    Returns:
        Whether there was something to do.

    Raises:
        sqlite3.Error: nothing was changed.
    """
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return False
    try:
        _bring_up(database, version, open_block, takes_index=True)
    except (sqlite3.DatabaseError, StorageCorrupt) as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        _bring_up(database, version, open_block, takes_index=False)
    return True


def _bring_up(database: sqlite3.Connection, version: int, open_block: int, *, takes_index: bool) -> None:
    """Do all of it, and take the index over; one that is damaged is left, and will be made anew of the blocks."""
    database.execute("PRAGMA secure_delete = 0")  # numbers of blocks are no secret; wiping them all would take a while
    database.execute("BEGIN IMMEDIATE")
    try:
        for table in sorted(schema_of(SCHEMA_VERSION) - schema_of(version)):
            database.execute(table)
        if not takes_index:
            database.execute("DELETE FROM unindexed")
            _lose_places(database)
        else:
            if version < _SINCE[UNINDEXED_TABLE]:
                database.execute("INSERT INTO unindexed VALUES (?, 1)", (open_block,))
            _take_places(database)
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")
        database.execute("PRAGMA secure_delete = 1")


def _take_places(database: sqlite3.Connection) -> None:
    places = database.execute("SELECT label, first FROM places ORDER BY label, first")
    database.executemany("INSERT INTO runs VALUES (?, ?, ?)", runs_of(places))
    database.execute("DROP TABLE places")


def _lose_places(database: sqlite3.Connection) -> None:
    """Take the name of a table away that SQLite cannot drop; its pages stay in the file, and nothing leads to them."""
    database.execute("PRAGMA writable_schema = 1")
    database.execute("DELETE FROM sqlite_schema WHERE name = 'places'")
    database.execute("PRAGMA writable_schema = RESET")


def apply_settings(database: sqlite3.Connection) -> None:
    """Set everything in its order.  Raises StorageError: this SQLite does not take one of the settings."""
    for name, value in _SETTINGS:
        set_and_compare(database, name, value)


def limit_size(database: sqlite3.Connection, bytes_max: int | None) -> None:
    """Limit how large the file may become; a larger one stays as it is.  None: as large as the disk."""
    if bytes_max is not None:
        (page_count,) = database.execute("PRAGMA page_count").fetchone()
        set_and_compare(database, "max_page_count", max(bytes_max // PAGE_BYTES, page_count))


def set_and_compare(database: sqlite3.Connection, name: str, value: int | str) -> None:
    """Set one of SQLite's settings; raise StorageError where it does not hold then."""
    database.execute(f"PRAGMA {name} = {value}").fetchall()
    found = database.execute(f"PRAGMA {name}").fetchone()
    if found != (value,):
        raise StorageError(f"SQLite {sqlite3.sqlite_version} does not take {name} = {value} but says {found}")
