"""Packing and chaining: what goes in comes out, and nothing that differs by a bit does."""

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.reports import Entry, Row
from reactor_chat.journal.sqlite.blocks import (
    BLOCK_ROWS_MAX,
    BODY_BYTES_MAX,
    FIRST_LINK,
    BlockDraft,
    PackedBlock,
    link_of,
    packed,
)
from tests.conftest import NIGHTLY

EXAMPLES_OF_MANY_BLOCKS = 20_000 if os.environ.get(NIGHTLY) == "1" else 60

Content = tuple[bytes, tuple[str, ...]]
"""A payload and its labels."""

contents = st.tuples(
    st.binary(max_size=30) | st.integers(0, 6000).map(lambda size: b"p" * size),
    st.lists(st.text(max_size=8), max_size=3).map(tuple),
)


@given(kinds=st.lists(st.lists(st.text(max_size=8), max_size=3).map(tuple), min_size=1, max_size=4, unique=True))
def test_labels_are_stored_as_json_to_the_byte(kinds: list[tuple[str, ...]]) -> None:
    """Links depend on it: a block that is packed again must come out as it was, by whatever version."""
    draft = BlockDraft(1, FIRST_LINK)
    for labels in kinds:
        draft.put(b"", labels)
    assert draft.body().endswith(bytes(range(len(kinds))) + json.dumps(kinds, separators=(",", ":")).encode())


def entries_of(texts: list[Content], first: int = 1) -> list[Entry]:
    return [Entry(seq, payload, labels) for seq, (payload, labels) in enumerate(texts, first)]


def read_back(blocks: list[tuple[BlockDraft, bytes, bytes]]) -> list[Entry]:
    link_before, entries = FIRST_LINK, []
    for draft, link, body in blocks:
        block = PackedBlock(draft.first, link_before, link, body)
        entries += [Entry(*row, labels) for row, labels in zip(block.rows(), block.kinds(), strict=True)]
        link_before = block.link
    return entries


@given(st.lists(contents, min_size=1, max_size=150))
def test_what_is_packed_is_read_back(texts: list[Content]) -> None:
    entries = entries_of(texts)
    blocks = packed(BlockDraft(1, FIRST_LINK), entries)
    assert read_back(blocks) == entries
    for draft, _, body in blocks:
        assert draft.end - draft.first <= BLOCK_ROWS_MAX
        assert len(body) <= BODY_BYTES_MAX or draft.end - draft.first == 1


@settings(max_examples=EXAMPLES_OF_MANY_BLOCKS)
@given(st.lists(st.lists(contents, min_size=1, max_size=20), min_size=1, max_size=8))
def test_the_open_block_grows_to_what_one_commit_would_have_made(commits: list[list[Content]]) -> None:
    """However entries are spread over commits, and whether the block was read back between: the same blocks."""
    entries = entries_of([text for commit in commits for text in commit])
    at_once = {draft.first: (link, body) for draft, link, body in packed(BlockDraft(1, FIRST_LINK), entries)}
    stored: dict[int, tuple[bytes, bytes]] = {}
    draft, begin = BlockDraft(1, FIRST_LINK), 0
    for commit in commits:
        for changed, link, body in packed(draft.copy(), entries[begin : begin + len(commit)]):
            stored[changed.first] = (link, body)
            draft = changed
        begin += len(commit)
        draft = PackedBlock(draft.first, draft.link_before, *stored[draft.first]).draft(draft.link_before)
    assert stored == at_once


def test_a_commit_that_fails_leaves_the_open_block_as_it_was() -> None:
    draft = packed(BlockDraft(1, FIRST_LINK), entries_of([(b"one", ("a",))]))[0][0]
    before = draft.body()
    packed(draft.copy(), entries_of([(b"two", ("b",))], first=2))
    assert draft.body() == before
    assert draft.labels() == {"a"}


def test_every_flipped_bit_and_every_other_place_is_noticed() -> None:
    ((_, link, body),) = packed(
        BlockDraft(5, b"l" * 32), entries_of([(b"abc", ("x",)), (b"", ()), (b"de", ("x", "y"))], 5)
    )
    assert list(PackedBlock(5, b"l" * 32, link, body).rows()) == [Row(5, b"abc"), Row(6, b""), Row(7, b"de")]
    for bit in range(8 * len(body)):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StorageCorrupt, match="entries from 5 on"):
            PackedBlock(5, b"l" * 32, link, bytes(flipped))
    for wrong in ((6, b"l" * 32, link, body), (5, b"m" * 32, link, body), (5, b"l" * 32, link[::-1], body)):
        with pytest.raises(StorageCorrupt):
            PackedBlock(*wrong)


@pytest.mark.parametrize("wrong", [None, 1, 1.5, "text"])
def test_values_of_other_types_are_damage_and_no_bug(wrong: Any) -> None:
    for values in ((wrong, b"", b""), (FIRST_LINK, wrong, b""), (FIRST_LINK, b"", wrong)):
        with pytest.raises(StorageCorrupt):
            PackedBlock(1, *values)


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_any_bytes_with_a_right_link_are_a_block_or_refused(body: bytes) -> None:
    """Whoever can write the file can make links too: no other exception comes out of such a block."""
    try:
        block = PackedBlock(1, FIRST_LINK, link_of(FIRST_LINK, 1, body), body)
        list(block.rows())
        block.kinds()
    except StorageCorrupt:
        pass


def test_a_block_without_the_label_is_not_what_the_index_meant() -> None:
    ((_, link, body),) = packed(BlockDraft(1, FIRST_LINK), entries_of([(b"abc", ("x",))]))
    with pytest.raises(StorageCorrupt, match="index"):
        PackedBlock(1, FIRST_LINK, link, body).found([("y", 1, 1)])
