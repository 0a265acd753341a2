"""Search finds exactly what a search finds that looks at every message: whatever was archived, indexed or neither."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.archive.contract import Archive
from reactor_chat.client.store.home import Home
from tests.client.archive.oracle import Asked, Part, covered, is_found
from tests.client.archive.scribe import GROUPS, ME, PEOPLE, WORDS, Scribe, found, opened

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


@settings(max_examples=60, deadline=None)
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
