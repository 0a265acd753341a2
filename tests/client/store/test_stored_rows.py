"""A session's rows on disk are those of a store in memory: gathered, committed, lost in a crash, each name's own."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.e2ee.store import MemoryStore, Table
from reactor_chat.errors import StorageCorrupt

SECRET = bytes(range(32))

tables = st.sampled_from([Table.HELD, Table.GROUP])
keys = st.sampled_from(["room:/", "room:/1", "room:/2", "pair:ann/", "pair:ann/\U0010fffe"])
steps = st.one_of(
    st.tuples(st.just("put"), tables, keys, st.binary(max_size=4)),
    st.tuples(st.just("drop"), tables, keys),
    st.tuples(st.just("drop_all"), tables, st.sampled_from(["", "room:/", "pair:"])),
    st.tuples(st.just("commit")),
    st.tuples(st.just("crash")),
)


def everything(store: Any) -> list[tuple[Table, str, bytes]]:
    found = [(table, key, row) for table in (Table.HELD, Table.GROUP) for key, row in store.rows(table)]
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
