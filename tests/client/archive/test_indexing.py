"""The index comes about step by step: nothing is lost in a crash or indexed twice, and older archives get theirs."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.archive.tables import BLOCK
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.written import row_of
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import Joined, Notice, Refused, Said
from tests.client.archive.oracle import Asked, Part
from tests.client.archive.scribe import ME, Scribe, found, index_all, moment, opened, path_in, texts
from tests.client.archive.test_pages import Dull, conversations_of
from tests.client.archive.test_search import check
from tests.client.store.older_vaults import make_older
from tests.client.store.test_file_vault import Faulty

SEARCHES = [
    Asked((Part("word", "soup"),), ends_with_blank=True),
    Asked((Part("from", "ann"), Part("word", "so")), ends_with_blank=False),
    Asked((Part("in", "lunch"), Part("word", "hot", is_not=True)), ends_with_blank=False),
]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "h") as made:
        yield made


def written(home: Home, count: int, seed: int = 1) -> Scribe:
    """Write an archive; return what is in it."""
    with opened(home) as vault:
        scribe = Scribe(vault)
        scribe.write(seed, count)
        vault.commit()
    return scribe


def postings(home: Home) -> int:
    """Return how many tokens of how many messages are in the index."""
    with opened(home) as vault:
        run = vault._database.execute
        run("CREATE VIRTUAL TABLE temp.found USING fts5vocab(main, token_index, row)")
        count = run("SELECT coalesce(sum(doc), 0) FROM temp.found").fetchone()[0]
        assert isinstance(count, int)
        return count


def test_an_older_archive_can_be_read_and_searched_like_one_of_today(home: Home) -> None:
    scribe = written(home, 12 * BLOCK + 3)
    make_older(path_in(home), 3)
    with opened(home) as vault:
        index_all(vault.archived)
        assert vault.archived.page(ROOM, limit=999) == Dull(scribe).page(ROOM)
        for one in SEARCHES:
            check(vault.archived, scribe, one)


# ------------------------------------------------------------------------------------------------ crashes


def test_a_failure_at_every_statement_loses_nothing_and_indexes_nothing_twice(tmp_path: Path) -> None:
    with Home(tmp_path / "undisturbed") as home:
        scribe = written(home, 2 * BLOCK + 9)
        with opened(home) as vault:
            index_all(vault.archived)
        wanted = postings(home)
    for statements in range(1, 200, 8):
        with Home(tmp_path / f"h{statements}") as home:
            written(home, 2 * BLOCK + 9)
            with opened(home) as vault:
                faulty = vars(vault)["_database"] = Faulty(vault._database, statements)
                index_all(vault.archived)
                has_failed = faulty._left <= 0
                assert (vault.archived.damage is not None) == has_failed
                faulty._left = 10**9
                for one in SEARCHES:
                    check(vault.archived, scribe, one)
            with opened(home) as vault:
                index_all(vault.archived)
                for one in SEARCHES:
                    check(vault.archived, scribe, one)
            assert postings(home) == wanted
            if not has_failed:
                break
    assert statements > 2 * BLOCK


def test_a_step_that_a_kill_cut_short_is_made_again(home: Home) -> None:
    scribe = written(home, 3 * BLOCK)
    with opened(home) as vault:
        vault.archived.index_some()
        vault._database.execute("BEGIN")  # what a step that is killed leaves
        vault._database.execute("INSERT INTO token_index (rowid, tokens) VALUES (1, 'half')")
    with opened(home) as vault:
        index_all(vault.archived)
        for one in SEARCHES:
            check(vault.archived, scribe, one)


def test_the_disk_is_not_waited_for_by_a_step_but_by_the_next_commit(home: Home) -> None:
    written(home, BLOCK)
    with opened(home) as vault:
        said: list[str] = []
        vault._database.set_trace_callback(said.append)
        vault.archived.index_some()
        milestones = [one for one in said if one.startswith(("PRAGMA synchronous", "BEGIN", "COMMIT"))]
        normal, full = "PRAGMA synchronous = NORMAL", "PRAGMA synchronous = FULL"
        assert milestones[:4] == [normal, "BEGIN IMMEDIATE", "COMMIT", full]
        assert vault._database.execute("PRAGMA synchronous").fetchone() == (2,)


def test_where_the_index_cannot_be_written_the_archive_goes_on(home: Home) -> None:
    scribe = written(home, BLOCK)
    with opened(home) as vault:
        vault._database.execute("DROP TABLE zones")
        assert vault.archived.index_some() is False
        assert "here_1.db" in (vault.archived.damage or "")
        scribe.vault = vault
        scribe.write(5, 20)
        assert vault.archived.page(ROOM, limit=99) == Dull(scribe).page(ROOM)


# ------------------------------------------------------------------------------------------------ older archives


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, BLOCK - 1, BLOCK, 9 * BLOCK, 12 * BLOCK + 5]), st.integers(0, 9))
def test_an_older_archive_gets_pages_and_index_from_its_end_on(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, steps: int
) -> None:
    with Home(tmp_path_factory.mktemp("t") / "h") as home:
        scribe = written(home, count, seed)
        make_older(path_in(home), 3)
        for more in (0, 0, 3, 40):  # each time it is opened anew, after so much more came
            with opened(home) as vault:
                scribe.vault = vault
                scribe.write(seed, more)
                vault.commit()
                for _ in range(steps):
                    vault.archived.index_some()
                ((paged,),) = vault._database.execute("SELECT place FROM progress WHERE what = 'paged'")
                assert paged <= max(count - 8 * BLOCK + 1, 1)
                for conversation in conversations_of(scribe):
                    there = vault.archived.page(conversation, limit=10_000)
                    assert there == [entry for entry in Dull(scribe).page(conversation) if entry.place >= paged]
        with opened(home) as vault:
            index_all(vault.archived)
            for conversation in conversations_of(scribe):
                assert vault.archived.page(conversation, limit=10_000) == Dull(scribe).page(conversation)
            for one in SEARCHES:
                check(vault.archived, scribe, one)


def test_what_an_earlier_version_showed_counts_as_read(home: Home) -> None:
    written(home, 50)
    make_older(path_in(home), 3)
    with opened(home) as vault:
        assert all(one.unread == 0 for one in vault.archived.conversations())
        vault.archive(900, row_of(Said(900, 9, "Ann", "new")))
        assert vault.archived.unread(ROOM) == 1


def test_in_an_older_archive_numbers_that_were_given_again_are_seen_by_the_times(home: Home) -> None:
    rows: list[Notice] = [
        *(Said(seq, seq, "Ann", "of the first server") for seq in (7, 8, 9)),
        *(Said(seq, 100 + seq, "Ann", "of the second") for seq in (1, 2)),
        Joined(3, 103, "Bob"),
        Said(2, 102, "Bob", "opened late"),
        Refused("gap", "lost", seq=1),
        Said(2, 200, "Ann", "after the loss"),
    ]
    with opened(home) as vault:
        for row in rows:
            vault.archive(getattr(row, "seq", 0) or 0, row_of(row))
        vault.commit()
    make_older(path_in(home), 3)
    for _ in range(2):
        with opened(home) as vault:
            index_all(vault.archived)
            seqs = [entry.seq for entry in vault.archived.page(ROOM)]
            assert seqs == [7, 8, 9, 1, 2, 2, 3, 1, 2]


def test_a_search_says_whether_everything_is_indexed_yet(home: Home) -> None:
    count = 70 * BLOCK
    scribe = written(home, count)
    make_older(path_in(home), 3)
    with opened(home) as vault:
        assert not vault.archived.search("soup", moment).is_whole
        newest = [one.entry.place for one in found(vault.archived, "soup")]
        assert min(newest) > count - 65 * BLOCK
        while not vault.archived.search("soup", moment).is_whole:
            assert vault.archived.index_some()
        check(vault.archived, scribe, SEARCHES[0])


def test_what_comes_is_found_at_once(home: Home) -> None:
    with opened(home) as vault:
        scribe = Scribe(vault)
        for number in range(3 * BLOCK):
            scribe.say(f"message{number}x")
            assert texts(vault.archived, f"message{number}x") == [f"message{number}x"]
            if number % 7 == 0:
                vault.archived.index_some()
        assert len(texts(vault.archived, "message")) == 3 * BLOCK


def test_a_search_goes_on_while_the_archive_grows_and_is_indexed(home: Home) -> None:
    with opened(home) as vault:
        scribe = Scribe(vault)
        for number in range(10 * BLOCK + 5):
            scribe.say(f"soup {number}")
        search = vault.archived.search("soup", moment)
        places: list[int] = []
        for some in search:
            places += [one.entry.place for one in some]
            scribe.say("soup that came later")
            vault.archived.index_some()
        assert places == list(range(10 * BLOCK + 5, 0, -1))


def test_older_names_get_their_pages_too(home: Home) -> None:
    with opened(home) as vault:
        first, second = Scribe(vault), Scribe(vault, "ann", seq=500)
        for turn in range(12):
            for scribe, name in ((first, ME), (second, "Ann")):
                vault.choose(name)
                scribe.write(turn, 30)
        vault.commit()
    make_older(path_in(home), 3)
    with opened(home, "Bob") as vault:
        index_all(vault.archived)
        for scribe, name in ((first, ME), (second, "Ann")):
            vault.choose(name)
            for conversation in conversations_of(scribe):
                assert vault.archived.page(conversation, limit=999) == Dull(scribe).page(conversation)


def test_the_file_is_one_sqlite_can_check(home: Home) -> None:
    written(home, 5 * BLOCK)
    with opened(home) as vault:
        index_all(vault.archived)
        assert vault._database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        vault._database.execute("INSERT INTO token_index (token_index) VALUES ('integrity-check')")
    assert sqlite3.sqlite_version_info >= (3, 37)
