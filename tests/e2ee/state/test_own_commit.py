"""At most one commit of ours is under way; what waits to be accepted survives a restart, the rest a connection."""

import pytest

from reactor_chat.e2ee.state.own_commit import ATTEMPTS_MAX, OwnCommit, SubmittedCommit
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.wire.conversation import ROOM


def pending(message: bytes = b"commit", *, is_refresh: bool = False) -> SubmittedCommit:
    return SubmittedCommit("id", b"group", 3, message, is_refresh=is_refresh)


def test_what_waits_to_be_accepted_is_found_again_and_sent_again() -> None:
    store = MemoryStore()
    commit = OwnCommit(store, ROOM.key)
    commit.keep(pending())
    commit.left()
    again = OwnCommit(store, ROOM.key)
    assert again.pending == pending()
    assert not again.was_sent
    assert again.is_under_way
    again.keep(None)
    assert OwnCommit(store, ROOM.key).pending is None


@pytest.mark.parametrize("message", [b"", b"commit"])
def test_a_commit_that_lost_is_still_known_and_a_creation_is_given_up(message: bytes) -> None:
    store = MemoryStore()
    commit = OwnCommit(store, ROOM.key)
    commit.keep(pending(message))
    commit.lost()
    kept = OwnCommit(store, ROOM.key).pending
    assert (kept is not None and kept.is_refused) == bool(message)


@pytest.mark.parametrize("is_refresh", [False, True])
def test_new_keys_that_were_wanted_are_wanted_after_a_lost_race(*, is_refresh: bool) -> None:
    commit = OwnCommit(MemoryStore(), ROOM.key)
    commit.keep(pending(is_refresh=is_refresh))
    commit.follow_winner()
    assert commit.pending is None
    assert commit.is_urgent == is_refresh


def test_after_some_failures_nothing_is_tried_until_something_changes() -> None:
    commit = OwnCommit(MemoryStore(), ROOM.key)
    for _ in range(ATTEMPTS_MAX):
        assert not commit.failed_too_often
        commit.failed()
    assert commit.failed_too_often
    commit.try_afresh()
    assert not commit.failed_too_often


def test_a_refusal_ends_everything_that_was_wanted() -> None:
    commit = OwnCommit(MemoryStore(), ROOM.key)
    commit.want_since(1.0)
    commit.want_since(2.0)
    assert commit.wanted_since == 1.0
    commit.begin_fetching()
    commit.make_urgent()
    commit.keep(pending())
    commit.refused()
    assert not commit.is_under_way
    assert not commit.is_urgent
