"""The vault's file: made whole, checked before it is touched, and brought up from the format before."""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.vault import Archived
from reactor_chat.client.store.vault_format import APPLICATION_ID
from reactor_chat.e2ee.store import Table
from reactor_chat.errors import StorageCorrupt, StorageError, TrustError
from reactor_chat.wire.codec import encode
from reactor_chat.wire.messages import Say, Seen
from tests.client.store.older_vaults import make_older
from tests.client.toy import said

SECRET = bytes(range(32))
FORMAT_1 = (
    "CREATE TABLE people (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE prints (name TEXT PRIMARY KEY, place INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    (
        "CREATE TABLE outbox (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
        " request BLOB NOT NULL, crc INTEGER NOT NULL) STRICT"
    ),
    (
        "CREATE TABLE archive (place INTEGER PRIMARY KEY, name TEXT NOT NULL, seq INTEGER NOT NULL,"
        " payload BLOB NOT NULL, crc INTEGER NOT NULL) STRICT"
    ),
    "CREATE INDEX archive_of ON archive (name, place)",
)
SESSION_1 = (
    "CREATE TABLE session (name TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,"
    " row BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (name, kind, key)) STRICT, WITHOUT ROWID"
)


def crc_of(*fields: object) -> int:
    return zlib.crc32(repr(fields).encode("ascii", "backslashreplace"))


def made_by_an_older_client(path: Path, *, has_session: bool) -> None:
    """Write a vault of format 1, as a client leaves it that was killed: with a log."""
    os.close(os.open(path, os.O_CREAT, 0o600))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        run = database.execute
        run(f"PRAGMA application_id = {APPLICATION_ID}")
        run("PRAGMA user_version = 1")
        for statement in FORMAT_1:
            run(statement)
        run("PRAGMA journal_mode = WAL")
        request, notice = encode(Say("kept line", id="1")), encode(said(7))
        run("INSERT INTO people VALUES ('ann', 7)")
        run("INSERT INTO prints VALUES ('ann', 1)")
        run("INSERT INTO outbox VALUES (4, '1', 'ann', ?, ?)", (request, crc_of("ann", "1", request)))
        for place in (1, 2):
            run("INSERT INTO archive VALUES (?, 'ann', 7, ?, ?)", (place, notice, crc_of("ann", 7, notice)))
        if has_session:
            run(SESSION_1)
            for row in (b"a ratchet that was used up", b"the present ratchet"):
                crc = crc_of("ann", "ratchet", "room:/1", row)
                run("INSERT OR REPLACE INTO session VALUES ('ann', 'ratchet', 'room:/1', ?, ?)", (row, crc))
        left = {one: one.read_bytes() for one in path.parent.iterdir()}
    for one, data in left.items():
        if not one.name.endswith("-shm"):
            one.write_bytes(data)
            one.chmod(0o600)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "h") as made:
        yield made


@pytest.mark.parametrize("has_session", [True, False])
def test_a_vault_of_format_1_keeps_all_and_forgets_what_it_should(home: Home, *, has_session: bool) -> None:
    path = home.vaults() / "here_1.db"
    made_by_an_older_client(path, has_session=has_session)
    for _ in range(2):
        with closing(FileVault(path, home, SECRET)) as vault:
            vault.choose("Ann")
            assert (vault.cursor(), vault.kept()) == (7, [Say("kept line", id="1")])
            assert vault.tail(9) == [Archived(1, encode(said(7)))]
            assert vault.unprinted() == [Archived(2, encode(said(7)))]
            ratchet = vault.store.get(Table.RATCHET, "room:/1")
            assert ratchet == (b"the present ratchet" if has_session else None)
            whole = b"".join(one.read_bytes() for one in path.parent.iterdir())
            for old in (b"ratchet that was", b"present ratchet", b"kept line", encode(said(7))):
                assert old not in whole


def test_the_log_of_a_vault_of_format_1_is_overwritten(home: Home) -> None:
    path = home.vaults() / "here_1.db"
    made_by_an_older_client(path, has_session=True)
    log = path.with_name(path.name + "-wal")
    assert b"ratchet that was" in log.read_bytes()
    os.link(log, path.with_name("seen"))  # what the disk still has after the file is gone
    FileVault(path, home, SECRET).close()
    seen = path.with_name("seen").read_bytes()
    assert len(seen) > 0
    assert b"ratchet" not in seen
    assert b"kept line" not in seen


@pytest.mark.parametrize("beside", ["", "-wal", "-journal", ".keys", ".printed"])
def test_a_link_in_the_place_of_a_file_is_refused(home: Home, beside: str) -> None:
    path = home.vaults() / "here_1.db"
    FileVault(path, home, SECRET).close()
    file, elsewhere = path.with_name(path.name + beside), path.with_name("elsewhere")
    if file.exists():
        file.rename(elsewhere)
    file.symlink_to(elsewhere)
    with pytest.raises(StorageError, match=f"{file.name} is a symbolic link"):
        FileVault(path, home, SECRET)
    assert file.is_symlink()


@pytest.mark.parametrize("beside", ["", ".keys", ".printed"])
def test_a_file_that_others_can_read_is_refused(home: Home, beside: str) -> None:
    path = home.vaults() / "here_1.db"
    FileVault(path, home, SECRET).close()
    path.with_name(path.name + beside).chmod(0o640)
    with pytest.raises(TrustError, match="chmod 600"):
        FileVault(path, home, SECRET)


def test_a_vault_whose_keys_are_gone_is_not_begun_anew(home: Home) -> None:
    path = home.vaults() / "here_1.db"
    with closing(FileVault(path, home, SECRET)) as vault:
        vault.choose("Ann")
        vault.store.put(Table.TRUST, "bob", b"key")
        vault.commit()
    path.with_name(path.name + ".keys").unlink()
    with pytest.raises(StorageCorrupt, match="fewer keys"):
        FileVault(path, home, SECRET)


def test_a_vault_of_format_2_keeps_all_and_has_seen_no_log(home: Home) -> None:
    path = home.vaults() / "here_1.db"
    with closing(FileVault(path, home, SECRET)) as vault:
        vault.choose("Ann")
        vault.archive(7, encode(said(7)))
        vault.store.put(Table.TRUST, "bob", b"key")
        vault.commit()
    make_older(path, 2)
    with closing(FileVault(path, home, SECRET)) as vault:
        vault.choose("Ann")
        assert (vault.cursor(), vault.seen()) == (7, [])
        assert vault.store.get(Table.TRUST, "bob") == b"key"
        vault.begin_log("a", 7)
        vault.commit()
    with closing(FileVault(path, home, SECRET)) as vault:
        vault.choose("Ann")
        assert vault.seen() == [Seen("a", 7)]
