"""Pages are in the order in which things were said, whole, and what is unread on them is what a simple model counts."""

from collections.abc import Callable
from contextlib import closing
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.archive.contract import UNREAD_MAX, Archive, Entry
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.vault import MemoryVault
from reactor_chat.client.store.written import row_of
from reactor_chat.text.render import Annotation
from reactor_chat.wire.conversation import ROOM, Conversation, Heard
from reactor_chat.wire.messages import GroupSaid, Said, Told, fold
from tests.client.archive.scribe import ME, Scribe, index_all, opened

Position = tuple[int, int, int]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 2**32), st.sampled_from([1, 3, 40, 120])),
        st.tuples(st.sampled_from(["anew", "read", "draft", "mute", "index", "reopen", "kill"]), st.integers(0, 2**32)),
    ),
    min_size=1,
    max_size=14,
)


class Dull:
    """What is kept of conversations, by a model that anybody understands."""

    def __init__(self, scribe: Scribe) -> None:
        self.scribe = scribe
        self.marks: dict[Conversation, tuple[int, int]] = {}
        self.drafts: dict[Conversation, str] = {}
        self.muted: set[Conversation] = set()

    def page(self, conversation: Conversation) -> list[Entry]:
        """All of a conversation, in its order."""
        own = [one for one in self._positions() if one[1].conversation == conversation]
        return [entry for _, entry in sorted(own)]

    def unread(self, conversation: Conversation) -> list[Entry]:
        mark = self.marks.get(conversation, (-1, 0))
        there = [one for one in self._positions() if one[1].conversation == conversation and one[0][:2] > mark]
        return [entry for _, entry in sorted(there) if isinstance(entry.notice, Heard) and not is_mine(entry.notice)]

    def _positions(self) -> list[tuple[Position, Entry]]:
        both = zip(self.scribe.eras, self.scribe.entries, strict=True)
        return [((era, entry.seq, entry.place), entry) for era, entry in both]


def is_mine(notice: Heard) -> bool:
    return fold(notice.sender) == ME


def conversations_of(scribe: Scribe) -> list[Conversation]:
    return sorted({entry.conversation for entry in scribe.entries} | {ROOM, Conversation.pair("Zoe")})


def check(archive: Archive, dull: Dull, chance: Random) -> None:
    for conversation in conversations_of(dull.scribe):
        page = dull.page(conversation)
        assert archive.page(conversation, limit=1_000) == page
        assert archive.page(conversation, limit=3) == page[-3:]
        unread = dull.unread(conversation)
        assert archive.unread(conversation) == min(len(unread), UNREAD_MAX)
        assert archive.first_unread(conversation) == (unread[0].place if unread else None)
        if page:
            number = chance.randrange(len(page))
            place = page[number].place
            assert archive.page(conversation, place, 4) == page[max(0, number - 4) : number]
            assert archive.after(conversation, place, 4) == page[number + 1 : number + 5]
            assert archive.around(place, 2, 3) == page[max(0, number - 2) : number + 4]
        _check_overview(archive, dull, conversation)
    named = {entry.conversation for entry in dull.scribe.entries} | set(dull.drafts)
    overviews = archive.conversations()
    assert {one.conversation for one in overviews} == named
    assert [one.newest for one in overviews] == sorted((one.newest for one in overviews), reverse=True)


def _check_overview(archive: Archive, dull: Dull, conversation: Conversation) -> None:
    overview, page = archive.overview(conversation), dull.page(conversation)
    assert (overview.newest, overview.newest_seq) == ((page[-1].place, page[-1].seq) if page else (0, 0))
    era, read = dull.marks.get(conversation, (0, 0))
    assert overview.read == (read if era == dull.scribe.era else 0)
    assert overview.draft == dull.drafts.get(conversation, "")
    assert overview.is_muted == (conversation in dull.muted)
    assert overview.unread == archive.unread(conversation)
    assert fold(overview.name) == (conversation.name if page else "")


def do(archive: Archive, dull: Dull, step: str, seed: int) -> None:
    """Change what is kept of a conversation."""
    chance = Random(seed)  # noqa: S311  a test's
    conversation = chance.choice(conversations_of(dull.scribe))
    if step == "read":
        seq = chance.randint(0, 300)
        archive.mark_read(conversation, seq)
        era = dull.scribe.era
        dull.marks[conversation] = max(dull.marks.get(conversation, (era, seq)), (era, seq))
    elif step == "draft":
        text = chance.choice(["", "half a sen", "日本"])
        archive.keep_draft(conversation, text)
        dull.drafts[conversation] = text
        if not text:
            del dull.drafts[conversation]
    else:
        archive.mute(conversation, is_muted=(is_muted := chance.random() < 0.5))
        (dull.muted.add if is_muted else dull.muted.discard)(conversation)


def test_a_message_opened_late_stands_where_it_was_said() -> None:
    vault = MemoryVault()
    vault.choose(ME)
    for seq in (1, 2, 4, 5, 3):
        vault.archive(seq, row_of(Said(seq, seq, "Ann", f"line {seq}"), Annotation("sealed")))
    page = vault.archived.page(ROOM)
    assert [entry.seq for entry in page] == [1, 2, 3, 4, 5]
    assert [entry.place for entry in page] == [1, 2, 5, 3, 4]
    assert page[0].annotation == Annotation("sealed")
    assert vault.archived.overview(ROOM).newest == 4


def test_numbers_that_are_given_again_stand_below() -> None:
    vault = MemoryVault()
    vault.choose(ME)
    for seq in (1, 2, 3):
        vault.archive(seq, row_of(Said(seq, seq, "Ann", "lost later")))
    vault.archived.mark_read(ROOM, 3)
    vault.begin_log("another", 1)
    vault.archive(2, row_of(Said(2, 9, "Ann", "new")))
    assert [entry.seq for entry in vault.archived.page(ROOM)] == [1, 2, 3, 2]
    assert vault.archived.unread(ROOM) == 1
    vault.archived.mark_read(ROOM, 2)
    assert vault.archived.unread(ROOM) == 0


def test_a_conversation_is_found_by_whom_it_is_with() -> None:
    vault = MemoryVault()
    vault.choose(ME)
    vault.archive(1, row_of(Told(1, 1, "John", "Ann", "from me")))
    vault.archive(2, row_of(Told(2, 2, "ANN", "John", "to me")))
    vault.archive(3, row_of(GroupSaid(3, 3, "Ann", "Lunch", "soup")))
    assert [entry.seq for entry in vault.archived.page(Conversation.pair("ann"))] == [1, 2]
    names = {one.conversation: one.name for one in vault.archived.conversations()}
    assert names == {Conversation.pair("ann"): "ANN", Conversation.group("lunch"): "Lunch"}


@pytest.mark.parametrize("is_durable", [True, False])
def test_each_name_has_pages_of_its_own(tmp_path_factory: pytest.TempPathFactory, *, is_durable: bool) -> None:
    with Home(tmp_path_factory.mktemp("t") / "h") as home:
        opener: Callable[[], Any] = (lambda: opened(home)) if is_durable else lambda: closing(_Memory())
        with opener() as vault:
            first = Scribe(vault)
            first.write(1, 50)
            vault.choose("Ann")
            second = Scribe(vault, "ann")
            second.write(2, 50)
            vault.archived.keep_draft(ROOM, "Ann's")
            index_all(vault.archived)
            for scribe, name in ((first, ME), (second, "Ann")):
                vault.choose(name)
                for conversation in conversations_of(scribe):
                    assert vault.archived.page(conversation, limit=99) == Dull(scribe).page(conversation)
                assert vault.archived.around(1) == (vault.archived.around(1) if name == ME else [])
                assert vault.archived.overview(ROOM).draft == ("" if name == ME else "Ann's")


class _Memory(MemoryVault):
    def __init__(self) -> None:
        super().__init__()
        self.choose(ME)

    def close(self) -> None:
        """Nothing needs to be closed."""


def test_what_is_kept_of_a_conversation_is_durable_with_the_next_commit(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Home(tmp_path_factory.mktemp("t") / "h") as home:
        with opened(home) as vault:
            vault.archived.keep_draft(ROOM, "kept")
            vault.commit()
            vault.archived.keep_draft(ROOM, "lost with the process")
        with opened(home) as vault:
            assert vault.archived.overview(ROOM).draft == "kept"
            assert vault.archived.conversations()[0].conversation == ROOM


def test_many_unread_messages_are_counted_no_further_than_they_are_shown() -> None:
    vault = MemoryVault()
    vault.choose(ME)
    for seq in range(1, 251):
        vault.archive(seq, row_of(Said(seq, seq, "John" if seq % 2 else "Ann", "x")))
    assert vault.archived.unread(ROOM) == UNREAD_MAX
    vault.archived.mark_read(ROOM, 200)
    assert vault.archived.unread(ROOM) == 25
    assert vault.archived.first_unread(ROOM) == 202
    vault.archived.mark_read(ROOM, 100)
    assert vault.archived.unread(ROOM) == 25


@settings(max_examples=40, deadline=None)
@given(steps)
def test_pages_and_what_is_kept_are_as_in_a_simple_model(
    tmp_path_factory: pytest.TempPathFactory, script: list[Any]
) -> None:
    with Home(tmp_path_factory.mktemp("t") / "h") as home:
        vaults = opened(home)
        vault = vaults.__enter__()
        scribe = Scribe(vault)
        dull, chance = Dull(scribe), Random(1)  # noqa: S311  a test's
        for step, seed, *count in script:
            if step == "write":
                scribe.write(seed, *count)
            elif step == "anew":
                scribe.begin_anew(seed)
            elif step == "index":
                vault.archived.index_some()
            elif step in ("reopen", "kill"):
                if step == "reopen":
                    check(vault.archived, dull, chance)
                vault.commit()
                vaults.__exit__(None, None, None)
                vaults = opened(home)
                scribe.vault = vault = vaults.__enter__()
            else:
                do(vault.archived, dull, step, seed)
        check(vault.archived, dull, chance)
        vaults.__exit__(None, None, None)
