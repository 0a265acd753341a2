"""The keys of rows: what was sealed opens while its row is there, and afterwards from nothing that any file holds."""

import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.row_keys import GROWTH, KEY_BYTES, READ_SLOTS, RowKeys
from reactor_chat.client.store.sealed_rows import opened_row
from reactor_chat.e2ee.store import Table
from reactor_chat.errors import StorageCorrupt, StorageError

SECRET = bytes(range(32))
EMPTY = bytes(KEY_BYTES)


def places_held(path: Path) -> set[int]:
    data = path.read_bytes()
    assert len(data) % KEY_BYTES == 0
    return {place for place in range(1, len(data) // KEY_BYTES) if data[place * KEY_BYTES :][:KEY_BYTES] != EMPTY}


steps = st.one_of(
    st.tuples(st.just("fresh"), st.integers(0, GROWTH + 2)),
    st.tuples(st.just("wipe"), st.sets(st.integers(0, 200))),
    st.tuples(st.sampled_from(["close", "kill", "lose"]), st.just(0)),
)


@given(st.lists(steps, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_key_is_there_exactly_as_long_as_it_is_used(tmp_path_factory: pytest.TempPathFactory, program: Any) -> None:
    path = tmp_path_factory.mktemp("t") / "x.keys"
    keys, used, ever = RowKeys(path, SECRET), dict[int, bytes](), set[bytes]()
    for what, how in program:
        if what == "fresh":
            given_out = keys.fresh(how)
            assert not {place for place, _ in given_out} & set(used)
            assert not {key for _, key in given_out} & ever, "no key is used twice"
            used |= dict(given_out)
            ever |= set(used.values())
        elif what == "wipe":
            gone = [place for number, place in enumerate(sorted(used)) if number in how]
            keys.wipe(gone)
            used = {place: key for place, key in used.items() if place not in gone}
        else:
            if what == "lose":  # places that were given out, and whose rows were never committed
                used = dict(list(used.items())[::2])
            keys.close()
            keys = RowKeys(path, SECRET)
            keys.keep_only(used)
        assert places_held(path) == set(used)
        assert all(keys.key(place) == key for place, key in used.items())
    keys.close()


def test_a_place_without_a_key_opens_nothing(tmp_path: Path) -> None:
    with closing(RowKeys(tmp_path / "x.keys", SECRET)) as keys:
        ((place, _),) = keys.fresh(1)
        for wrong in (0, place + 1, 10**6):
            with pytest.raises(StorageCorrupt, match=r"x\.keys"):
                keys.key(wrong)
        with pytest.raises(StorageCorrupt, match="fewer keys"):
            keys.keep_only({place, 10**6})
        assert keys.key(place), "and nothing was wiped"


def test_a_file_that_has_far_more_slots_than_rows_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "x.keys"
    with closing(RowKeys(path, SECRET)) as keys:
        slots = [slot for slot, _ in keys.fresh(3 * READ_SLOTS)]
        kept = keys.key(5)
    with closing(RowKeys(path, SECRET)) as keys:
        keys.keep_only({5})
        assert path.stat().st_size <= (GROWTH + 1) * KEY_BYTES
        assert keys.key(5) == kept
        fresh = [slot for slot, _ in keys.fresh(2 * GROWTH)]
        assert len({*fresh, 5}) == 2 * GROWTH + 1
        assert places_held(path) == {*fresh, 5}
    assert len(slots) == 3 * READ_SLOTS


def test_another_persons_keys_are_named_and_left(tmp_path: Path) -> None:
    path = tmp_path / "x.keys"
    with closing(RowKeys(path, SECRET)) as keys:
        ((place, key),) = keys.fresh(1)
    before = path.read_bytes()
    with pytest.raises(StorageError, match="another key"):
        RowKeys(path, bytes(32))
    assert path.read_bytes() == before
    with closing(RowKeys(path, SECRET)) as keys:
        assert keys.key(place) == key
        assert key not in before, "the file alone opens nothing"


# ---------------------------------------------------------------------------------------------------- a thief


def states_in(path: Path, copy: Path) -> Iterator[Path]:
    """Yield the vault as it is, and as SQLite's log can bring it back after each commit that is still in there."""
    wal = path.with_name(path.name + "-wal")
    log = wal.read_bytes() if wal.exists() else b""
    frame = 24 + (struct.unpack(">I", log[8:12])[0] if len(log) > 32 else 0)
    ends = [at + frame for at in range(32, len(log), frame) if log[at + 4 : at + 8] != bytes(4)]
    for end in [0, *ends]:
        copy.write_bytes(path.read_bytes())
        copy.with_name(copy.name + "-wal").write_bytes(log[:end])
        copy.with_name(copy.name + "-shm").unlink(missing_ok=True)
        yield copy


def all_that_opens(path: Path, copy: Path) -> set[bytes]:
    """Return every row of a session that somebody with the secret and all files gets out of them."""
    opened = set()
    copy.with_name("copy.keys").write_bytes(path.with_name(path.name + ".keys").read_bytes())
    for state in states_in(path, copy):
        with closing(RowKeys(copy.with_name("copy.keys"), SECRET)) as keys, closing(sqlite3.connect(state)) as database:
            for name, kind, key, place, sealed in database.execute("SELECT * FROM session"):
                with suppress(StorageError):
                    opened.add(opened_row(keys.key(place), name, kind, key, sealed))
    return {row for row in opened if row is not None}


turns = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abcdef")),
        st.tuples(st.just("drop"), st.sampled_from("abcdef")),
        st.tuples(st.sampled_from(["commit", "close", "kill"]), st.just("")),
    ),
    max_size=30,
)


@given(turns)
@settings(max_examples=50, deadline=None)
def test_what_was_used_up_is_in_no_file_after_the_turn(tmp_path_factory: pytest.TempPathFactory, program: Any) -> None:
    directory = tmp_path_factory.mktemp("t")
    fresh, now = count(1), {}
    with Home(directory / "h") as home:
        path = home.vaults() / "here_1.db"
        vault = FileVault(path, home, SECRET)
        vault.choose("Ann")
        for what, key in program:
            if what == "put":
                now[key] = f"secret number {next(fresh)}".encode()
                vault.store.put(Table.RATCHET, key, now[key])
            elif what == "drop":
                now.pop(key, None)
                vault.store.drop(Table.RATCHET, key)
            else:
                vault.commit()
                assert all_that_opens(path, directory / "copy") == set(now.values())
            if what == "close":
                vault.close()
            elif what == "kill":  # no close: what the process would have done on leaving is not done
                for descriptor in (vault._mark._descriptor, vault._row_keys._descriptor):
                    os.close(descriptor)
                left = {one: one.read_bytes() for one in path.parent.iterdir()}
                vault._database.close()
                for one, data in left.items():
                    one.write_bytes(data)
                    one.chmod(0o600)
            if what in ("close", "kill"):
                assert all_that_opens(path, directory / "copy") == set(now.values())
                vault = FileVault(path, home, SECRET)
                vault.choose("Ann")
        vault.close()


def test_a_row_that_was_never_committed_leaves_no_key(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home:
        path = home.vaults() / "here_1.db"
        with closing(FileVault(path, home, SECRET)) as vault:
            vault.choose("Ann")
            vault.store.put(Table.RATCHET, "a", b"one")
            vault.commit()
            vault.store.put(Table.RATCHET, "a", b"two")
            vault.store.changes()  # its key is on disk; here the power fails
        with closing(FileVault(path, home, SECRET)) as vault:
            vault.choose("Ann")
            assert vault.store.get(Table.RATCHET, "a") == b"one"
            assert len(places_held(path.with_name(path.name + ".keys"))) == 1
