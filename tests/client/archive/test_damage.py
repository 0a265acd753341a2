"""Whatever byte of the file is flipped: the vault is refused, or what is damaged is left out; nothing else is shown."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.client.archive import checking
from reactor_chat.client.archive.contract import Entry
from reactor_chat.client.archive.tables import BLOCK
from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.errors import StorageCorrupt, StorageError
from reactor_chat.wire.conversation import ROOM
from tests.client.archive.oracle import Asked, Part
from tests.client.archive.scribe import Scribe, found, index_all, opened, path_in
from tests.client.archive.test_pages import Dull, conversations_of
from tests.client.archive.test_search import check
from tests.conftest import NIGHTLY

EVERY = 31 if os.environ.get(NIGHTLY) == "1" else 1_009
"""A byte in so many is flipped: a prime, so that pages are hit at all their places."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "h") as made:
        yield made


def filled(home: Home) -> Scribe:
    with opened(home) as vault:
        scribe = Scribe(vault)
        scribe.write(3, 4 * BLOCK + 7)
        vault.archived.mark_read(ROOM, 9)
        vault.commit()
        index_all(vault.archived)
    return scribe


def everything(vault: FileVault) -> tuple[list[list[Entry]], list[list[Entry]]]:
    """What pages and searches give."""
    archive = vault.archived
    pages = [archive.page(one.conversation, limit=999) for one in archive.conversations()]
    searches = [
        [one.entry for one in found(archive, typed)] for typed in ("soup ", "so", "from:ann hot ", "before:1500000")
    ]
    return pages, searches


def is_part_of(scribe: Scribe, entries: list[Entry]) -> bool:
    """Return whether entries are as they were written, each once."""
    places = [entry.place for entry in entries]
    return len(places) == len(set(places)) and all(scribe.entries[one.place - 1] == one for one in entries)


def test_every_flipped_byte_is_refused_or_left_out(home: Home) -> None:
    scribe = filled(home)
    with opened(home) as vault:
        wanted = everything(vault)
    path = path_in(home)
    data = path.read_bytes()
    refused = left_out = 0
    for place in range(100, len(data), EVERY):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x04]) + data[place + 1 :])
        try:
            with opened(home) as vault:
                pages, searches = everything(vault)
                index_all(vault.archived)
                damage = vault.archived.damage
        except StorageError:
            refused += 1
            continue
        for page in pages:
            assert is_part_of(scribe, page), place
            assert len({entry.conversation for entry in page}) <= 1
        for entries in searches:  # where the number of a place is damaged, a search may believe it
            assert all(any(one[1:] == entry[1:] for one in scribe.entries) for entry in entries), place
        if damage is not None:
            assert "here_1.db is damaged" in damage
            left_out += 1
        else:
            assert sorted(map(len, pages)) == sorted(map(len, wanted[0])), f"nobody says what is missing: {place}"
    assert refused > 3
    assert left_out > 3


CHANGES = {
    "archive": "UPDATE archive SET payload = CAST(substr(payload, 1, 40) || x'00' AS BLOB) WHERE place = 9",
    "conversations": "UPDATE conversations SET sealed = CAST(substr(sealed, 1, 30) || x'00' AS BLOB) WHERE id = 1",
    "pages": "UPDATE pages SET conversation = conversation % 3 + 1 WHERE place = 9",
    "words": "UPDATE words SET sealed = x'00'",
    "zones": "UPDATE zones SET sealed = x'00'",
}


@pytest.mark.parametrize("table", CHANGES)
def test_a_sealed_row_that_is_damaged_is_left_out_and_told(home: Home, table: str) -> None:
    scribe = filled(home)
    with closing(sqlite3.connect(path_in(home), isolation_level=None)) as database:
        assert database.execute(CHANGES[table]).rowcount > 0
    with opened(home) as vault:
        pages, searches = everything(vault)
        assert "is damaged" in (vault.archived.damage or "")
        for entries in (*pages, *searches):
            assert is_part_of(scribe, entries)
        for page in pages:
            assert len({entry.conversation for entry in page}) <= 1
        if table == "archive":
            for conversation in conversations_of(scribe):
                whole = [entry for entry in Dull(scribe).page(conversation) if entry.place != 9]
                assert vault.archived.page(conversation, limit=999) == whole
                assert vault.archived.page(conversation, limit=3) == whole[-3:]
        if table == "zones":
            index_all(vault.archived)
            check(vault.archived, scribe, Asked((Part("word", "soup"),), ends_with_blank=True))


def test_an_index_that_is_damaged_is_made_again(home: Home) -> None:
    scribe = filled(home)
    asked = Asked((Part("word", "soup"),), ends_with_blank=True)
    with closing(sqlite3.connect(path_in(home), isolation_level=None)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE token_index_data SET block = substr(block, 1, 9) || x'ffff' WHERE id > 100")
    with opened(home) as vault:
        with pytest.raises(StorageCorrupt, match="is damaged"):
            found(vault.archived, asked.typed)
        assert vault.archived.page(ROOM, limit=999) == Dull(scribe).page(ROOM)
        index_all(vault.archived)
        check(vault.archived, scribe, asked)
        assert "is damaged" in (vault.archived.damage or "")
    with opened(home) as vault:
        check(vault.archived, scribe, asked)
        check(vault.archived, scribe, Asked((Part("word", "so"),), ends_with_blank=False))
        assert vault.archived.damage is None


def test_what_is_missing_from_a_page_is_put_there_while_the_client_rests(home: Home) -> None:
    scribe = filled(home)
    with closing(sqlite3.connect(path_in(home), isolation_level=None)) as database:
        database.execute("DELETE FROM pages WHERE place % 5 = 0")
    with opened(home) as vault:
        index_all(vault.archived)
        assert "a page is not as it was written" in (vault.archived.damage or "")
    with opened(home) as vault:
        whole = Dull(scribe)
        for conversation in conversations_of(scribe):
            last = len(scribe.entries) // BLOCK * BLOCK
            page = [entry for entry in whole.page(conversation) if entry.place <= last or entry.place % 5]
            assert vault.archived.page(conversation, limit=999) == page
        index_all(vault.archived)
        assert vault.archived.damage is None


def test_rows_that_are_missing_are_missed_while_the_client_rests(home: Home) -> None:
    filled(home)
    with closing(sqlite3.connect(path_in(home), isolation_level=None)) as database:
        database.execute("DELETE FROM archive WHERE place = 9")
    with opened(home) as vault:
        index_all(vault.archived)
        assert "some of the archive is missing" in (vault.archived.damage or "")


def test_each_run_goes_on_where_the_one_before_ended(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "BLOCKS_A_RUN", 1)
    filled(home)
    with closing(sqlite3.connect(path_in(home), isolation_level=None)) as database:
        database.execute("DELETE FROM archive WHERE place = 9")
    told = []
    for _ in range(6):
        with opened(home) as vault:
            index_all(vault.archived)
            told.append(vault.archived.damage is not None)
    assert sum(told) in (1, 2)  # the vault has four whole blocks, and after the last it begins anew


def test_a_place_that_is_on_no_page_of_its_own_has_nothing_around_it(home: Home) -> None:
    scribe = filled(home)
    with opened(home) as vault:
        assert vault.archived.around(len(scribe.entries) + 5) == []
        assert vault.archived.after(ROOM, 10**9) == []
        assert vault.archived.page(ROOM, 10**9) == []
