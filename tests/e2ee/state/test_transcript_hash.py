"""The chain: equal for equal histories, different from the first difference on, and it outlives the process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.e2ee.state.transcript_hash import (
    KEPT_MAX,
    NOTHING,
    ChainPosition,
    TranscriptHash,
    TranscriptMark,
    read_mark,
)
from reactor_chat.e2ee.store import MemoryStore, Table
from reactor_chat.errors import MlsMalformed

entries = st.lists(st.tuples(st.integers(1, 2**53 - 1), st.binary(max_size=40)), max_size=12)


def chain_of(history: list[tuple[int, bytes]], store: MemoryStore | None = None) -> TranscriptHash:
    chain = TranscriptHash(MemoryStore() if store is None else store, "room:/")
    chain.begin(bytes(32), 1, 7, bytes(32), is_continued=False)
    for seq, entry in history:
        chain.add(seq, entry)
    return chain


@given(entries, entries)
def test_who_heard_the_same_agrees_and_nobody_else(
    one: list[tuple[int, bytes]], other: list[tuple[int, bytes]]
) -> None:
    ours, theirs = chain_of(one), chain_of(other)
    assert ours.agrees(theirs.mark) == (one[: len(other)] == other)


@given(entries)
def test_who_is_behind_agrees_with_who_is_ahead_and_not_the_other_way(history: list[tuple[int, bytes]]) -> None:
    behind, ahead = chain_of(history), chain_of([*history, (9, b"more")])
    assert ahead.agrees(behind.mark)
    assert not behind.agrees(ahead.mark)


@given(entries)
def test_it_is_the_same_after_a_restart(history: list[tuple[int, bytes]]) -> None:
    store = MemoryStore()
    chain = chain_of(history, store)
    again = TranscriptHash(store, "room:/")
    assert again.mark == chain.mark
    assert all(again.agrees(chain_of(history[:count]).mark) for count in range(len(history) + 1))


@given(entries, entries)
def test_the_end_of_an_epoch_is_compared_in_the_next(
    one: list[tuple[int, bytes]], other: list[tuple[int, bytes]]
) -> None:
    ours, theirs = chain_of(one), chain_of(other)
    for chain in (ours, theirs):
        chain.begin(bytes(32), 2, 99, bytes(32), is_continued=True)
    assert ours.agrees(theirs.mark) == (one == other)


def test_a_newcomer_compares_the_present_epoch_only() -> None:
    member, newcomer = chain_of([(1, b"a")]), TranscriptHash(MemoryStore(), "room:/")
    member.begin(bytes(32), 2, 9, bytes(32), is_continued=True)
    newcomer.begin(bytes(32), 2, 9, bytes(32), is_continued=False)
    assert newcomer.mark.before == NOTHING
    assert member.agrees(newcomer.mark)
    assert newcomer.agrees(member.mark)


@pytest.mark.parametrize("change", [(b"\x01" * 32, 2, 9), (bytes(32), 3, 9), (bytes(32), 2, 10)])
def test_another_group_epoch_or_number_begins_another_chain(change: tuple[bytes, int, int]) -> None:
    one, other = TranscriptHash(MemoryStore(), "x"), TranscriptHash(MemoryStore(), "x")
    one.begin(bytes(32), 2, 9, bytes(32), is_continued=False)
    other.begin(*change, bytes(32), is_continued=False)
    assert not one.agrees(other.mark)


def test_no_more_than_so_many_links_are_kept() -> None:
    store = MemoryStore()
    chain = chain_of([(seq, b"x") for seq in range(1, KEPT_MAX + 50)], store)
    assert sum(1 for _ in store.rows(Table.CHAIN)) == KEPT_MAX + 1
    assert chain.agrees(chain_of([(1, b"x")]).mark), "too long ago to tell"


@given(st.integers(0, 2**64 - 1), st.binary(min_size=16, max_size=16))
def test_a_mark_is_read_as_it_was_written(length: int, short: bytes) -> None:
    mark = TranscriptMark(ChainPosition(length, short), NOTHING)
    assert read_mark(mark.encode()) == mark


@given(st.binary(max_size=60))
def test_anything_else_is_no_mark(data: bytes) -> None:
    if len(data) != 49 or data[:1] != b"\x01":
        with pytest.raises(MlsMalformed):
            read_mark(data)
