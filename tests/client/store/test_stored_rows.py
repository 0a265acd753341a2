"""A session's rows on disk are those of a store in memory: gathered, committed, lost in a crash, each name's own."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.store import stored_rows
from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.e2ee.store import MemoryStore, Table
from reactor_chat.errors import StorageCorrupt

SECRET = bytes(range(32))

TABLES = (Table.HELD, Table.GROUP, Table.TRANSCRIPT)
tables = st.sampled_from(TABLES)
keys = st.sampled_from(["room:/", "room:/1", "room:/2", "pair:ann/", "pair:ann/\U0010fffe"])
steps = st.one_of(
    st.tuples(st.just("put"), tables, keys, st.binary(max_size=4)),
    st.tuples(st.just("drop"), tables, keys),
    st.tuples(st.just("drop_all"), tables, st.sampled_from(["", "room:/", "pair:"])),
    st.tuples(st.just("commit")),
    st.tuples(st.just("crash")),
)


def everything(store: Any) -> list[tuple[Table, str, bytes]]:
    found = [(table, key, row) for table in TABLES for key, row in store.rows(table)]
    assert all(store.get(table, key) == row for table, key, row in found)
    return found


@given(st.lists(steps, max_size=30))
@settings(max_examples=40)
def test_it_is_a_store_like_the_one_in_memory(program: list[tuple[Any, ...]]) -> None:
    with TemporaryDirectory() as directory, Home(Path(directory) / "h") as home:
        path, memory = home.vaults() / "here_1.db", MemoryStore()
        vault = FileVault(path, home, SECRET)
        vault.choose("Ann")
        for what, *arguments in program:
            if what == "commit":
                vault.commit()
                memory.commit()
            elif what == "crash":
                vault.close()
                memory.roll_back()
                vault = FileVault(path, home, SECRET)
                vault.choose("ann")
            else:
                getattr(vault.store, what)(*arguments)
                getattr(memory, what)(*arguments)
            assert everything(vault.store) == everything(memory)
            assert [k for k, _ in vault.store.rows(Table.HELD, "room:/")] == [
                k for k, _ in memory.rows(Table.HELD, "room:/")
            ]
        vault.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Home(tmp_path / "h") as home, closing(FileVault(home.vaults() / "here_1.db", home, SECRET)) as vault:
        vault.choose("Ann")
        vault.store.put(Table.TRUST, "bob", b"a secret of ten")
        vault.commit()
    return home.vaults() / "here_1.db"


def reopened(path: Path, name: str) -> bytes | None:
    with Home(path.parents[1]) as home, closing(FileVault(path, home, SECRET)) as vault:
        vault.choose(name)
        return vault.store.get(Table.TRUST, "bob")


def test_rows_belong_to_a_name_and_to_nobody_else_on_the_machine(path: Path) -> None:
    assert reopened(path, "ANN") == b"a secret of ten"
    assert reopened(path, "Bob") is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_row_is_found_out(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE session SET row = x'00'")
        database.commit()
    with pytest.raises(StorageCorrupt):
        reopened(path, "Ann")


def test_what_was_dropped_is_nowhere_in_the_file(path: Path) -> None:
    with Home(path.parents[1]) as home, closing(FileVault(path, home, SECRET)) as vault:
        vault.choose("Ann")
        vault.store.drop(Table.TRUST, "bob")
        vault.commit()
    assert b"a secret of ten" not in b"".join(one.read_bytes() for one in path.parent.iterdir())


def opened_by_an_earlier_client(home: Home, count: int) -> None:
    """Keep rows of opened messages where earlier clients did."""
    with pytest.MonkeyPatch.context() as patch, closing(FileVault(home.vaults() / "here_1.db", home, SECRET)) as vault:
        patch.setattr(stored_rows, "LASTING", frozenset())
        vault.choose("Ann")
        for number in range(count):
            vault.store.put(Table.TRANSCRIPT, f"{number:016d}", f"opened {number}".encode())
        vault.store.put(Table.TRUST, "bob", b"key")
        vault.commit()


def test_what_was_opened_stands_apart_and_needs_no_key_of_its_own(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home, closing(FileVault(home.vaults() / "here_1.db", home, SECRET)) as vault:
        vault.choose("Ann")
        vault.store.put(Table.TRANSCRIPT, "1", b"opened")
        vault.commit()
        run = vault._database.execute
        assert run("SELECT count(*) FROM session").fetchone() == (0,)
        assert vault.store.get(Table.TRANSCRIPT, "1") == b"opened"
        run("UPDATE lasting SET key = '2'")
        with pytest.raises(StorageCorrupt):
            vault.store.get(Table.TRANSCRIPT, "2")


def test_what_an_earlier_client_opened_is_taken_over_bit_by_bit(tmp_path: Path) -> None:
    count = 3 * stored_rows.MOVED_AT_ONCE + 5
    rows = [(f"{number:016d}", f"opened {number}".encode()) for number in range(count)]
    with Home(tmp_path / "h") as home:
        opened_by_an_earlier_client(home, count)
        for turn in range(3):
            with closing(FileVault(home.vaults() / "here_1.db", home, SECRET)) as vault:
                vault.choose("Ann")
                assert list(vault.store.rows(Table.TRANSCRIPT)) == rows
                vault.store.put(Table.TRANSCRIPT, "0000000000000007", b"opened 7")
                if turn == 1:
                    vault.archived.index_some()
                while turn == 2 and vault.archived.index_some():
                    pass
                assert [vault.store.get(Table.TRANSCRIPT, key) for key, _ in rows] == [row for _, row in rows]
                left = vault._database.execute("SELECT count(*) FROM session").fetchone()[0]
                assert left == (count + 1, count - stored_rows.MOVED_AT_ONCE, 1)[turn]
        keys = (home.vaults() / "here_1.db.keys").read_bytes()
        assert sum(1 for slot in range(32, len(keys), 32) if any(keys[slot : slot + 32])) == 1


def test_a_row_that_an_earlier_client_kept_and_is_damaged_stops_nothing(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home:
        opened_by_an_earlier_client(home, 5)
        with closing(FileVault(home.vaults() / "here_1.db", home, SECRET)) as vault:
            vault.choose("Ann")
            vault._database.execute("UPDATE session SET row = x'00' WHERE key = '0000000000000002'")
            assert vault.archived.index_some() is False
            assert "is damaged" in (vault.archived.damage or "")
            assert vault.store.get(Table.TRANSCRIPT, "0000000000000001") == b"opened 1"
