"""Search finds exactly what a search finds that looks at every message: whatever was archived, indexed or neither."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.archive.contract import Archive
from reactor_chat.client.archive.tables import BLOCK
from reactor_chat.client.archive.zones import ZONE
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.vault import MemoryVault
from reactor_chat.client.store.written import row_of
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import Joined, Said
from tests.client.archive.oracle import Asked, Part, covered, is_found
from tests.client.archive.scribe import GROUPS, ME, PEOPLE, WORDS, Scribe, found, index_all, moment, opened, texts

times = st.integers(900_000, 4_000_000).map(str)
parts = st.one_of(
    st.tuples(st.just("word"), st.sampled_from(WORDS), st.sampled_from([False, False, False, True])),
    st.tuples(
        st.just("phrase"),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join),
        st.sampled_from([False, False, True]),
    ),
    st.tuples(st.just("from"), st.sampled_from([*PEOPLE, "me", "ANN"]), st.booleans()),
    st.tuples(st.just("in"), st.sampled_from(["room", *PEOPLE, *GROUPS, "@ann", "#ann"]), st.booleans()),
    st.tuples(st.just("has"), st.just("link"), st.booleans()),
    st.tuples(st.sampled_from(["before", "after"]), times, st.booleans()),
)
searches = st.builds(
    lambda some, ends_with_blank: Asked(tuple(Part(*one) for one in some), ends_with_blank),
    st.lists(parts, min_size=1, max_size=3),
    st.booleans(),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 2**32), st.sampled_from([1, 3, 70, 200])),
        st.tuples(st.just("anew"), st.integers(0, 2**32), st.just(0)),
        st.tuples(st.just("index"), st.just(0), st.sampled_from([1, 2, 99])),
        st.tuples(st.just("reopen"), st.just(0), st.just(0)),
    ),
    min_size=1,
    max_size=8,
)


def check(archive: Archive, scribe: Scribe, asked: Asked) -> None:
    got = found(archive, asked.typed)
    wanted = [entry for entry in reversed(scribe.entries) if is_found(entry, asked, ME)]
    assert [one.entry for one in got] == wanted, asked.typed
    for one in got:
        assert {place for begin, end in one.spans for place in range(begin, end)} == covered(one.entry, asked)
        assert all(begin < end for begin, end in one.spans)
        assert all(end < begin for (_, end), (begin, _) in pairwise(one.spans))


EXAMPLES = [
    ('"hot soup"', ["hot soup"]),
    ('"hot so', ["hot soup"]),
    ("hot-soup", ["hot soup"]),
    ("soup hot ", ["soup is hot", "hot soup"]),
    ("soup -hot ", ["soups and soup"]),
    ("-soup ", ["日本語のスープ", "cold"]),
    ("soup", ["soups and soup", "soup is hot", "hot soup"]),
    ("本語", ["日本語のスープ"]),
    ("語本", []),
    ("before:3 ", ["soup is hot", "hot soup"]),
    ("after:3 before:5 ", ["cold", "soups and soup"]),
    ("from:bob ", ["soups and soup"]),
]


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize(("typed", "wanted"), EXAMPLES)
def test_what_is_asked_for_is_found(typed: str, wanted: list[str], *, is_indexed: bool) -> None:
    vault = MemoryVault()
    vault.choose(ME)
    scribe = Scribe(vault)
    for at, text in enumerate(["hot soup", "soup is hot", "soups and soup", "cold", "日本語のスープ"], 1):
        scribe.say(text, "Bob" if at == 3 else "Ann", at=at)
    if is_indexed:
        for number in range(2 * ZONE):
            vault.archive(9 + number, row_of(Joined(9 + number, 9, "Zoe")))
        index_all(vault.archived)
    assert texts(vault.archived, typed) == wanted


def test_the_beginning_of_very_many_words_finds_all_of_them_the_newest_first() -> None:
    vault = MemoryVault()
    vault.choose(ME)
    scribe = Scribe(vault)
    for number in range(300):  # each word once, and far back
        scribe.say(f"so{number} {'hot' if number % 3 else 'cold'}")
    for _ in range(1_200):
        scribe.say("something else")
    vault.archived.keep_draft(ROOM, "so long")
    index_all(vault.archived)
    for typed in ("so", "hot so", "so2", "-cold so", "so 1"):
        parts = [Part("word", one.removeprefix("-"), one.startswith("-")) for one in typed.split()]
        check(vault.archived, scribe, Asked(tuple(parts), ends_with_blank=False))
    assert len(found(vault.archived, "hot so")) == 200


def test_each_step_is_short(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home, opened(home) as vault:
        for seq in range(1, 400):
            vault.archive(seq, row_of(Said(seq, seq, "Ann", f"soup{seq} " + "x" * 10_000)))
        index_all(vault.archived)
        for typed in ("soup", "xx", "before:900", "-y"):
            assert max(len(some) for some in vault.archived.search(typed, moment)) <= 8


def test_as_much_as_anybody_may_type_is_a_search() -> None:
    vault = MemoryVault()
    vault.choose(ME)
    text = " ".join(f"word{number}" for number in range(2_000))
    Scribe(vault).say(text)
    Scribe(vault).write(1, 4 * BLOCK)
    index_all(vault.archived)
    names = " ".join(f"from:name{number} in:name{number}" for number in range(1_000))
    assert texts(vault.archived, text) == [text]
    assert texts(vault.archived, f'"{text}') == [text]
    assert texts(vault.archived, f"{text} {names} from:ann in:room") == [text]
    assert texts(vault.archived, f"{text} -word7") == []


def test_nothing_typed_finds_nothing() -> None:
    vault = MemoryVault()
    vault.choose(ME)
    Scribe(vault).write(1, 100)
    for typed in ("", " ", "...", "before:lunch", "has:dog"):
        assert found(vault.archived, typed) == []
    search = vault.archived.search("before:lunch", moment)
    assert search.problems == ("Not a time: lunch. Use 2026-11-27, yesterday or 14:30",)
    assert search.is_whole


@settings(max_examples=40, deadline=None)
@given(steps, st.lists(searches, min_size=1, max_size=8))
def test_it_finds_what_a_look_at_everything_finds(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, int, int]], asked: list[Asked]
) -> None:
    with Home(tmp_path_factory.mktemp("t") / "h") as home:
        vaults = opened(home)
        vault = vaults.__enter__()
        scribe = Scribe(vault)
        for step, seed, count in script:
            if step == "write":
                scribe.write(seed, count)
            elif step == "anew":
                scribe.begin_anew(seed)
            elif step == "index":
                for _ in range(count):
                    vault.archived.index_some()
            else:
                vault.commit()
                vaults.__exit__(None, None, None)
                vaults = opened(home)
                scribe.vault = vault = vaults.__enter__()
        for one in asked:
            check(vault.archived, scribe, one)
        vaults.__exit__(None, None, None)
