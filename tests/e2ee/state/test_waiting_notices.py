"""What waits to be heard is kept in its order, over a restart, and up to a limit."""

import pytest

from reactor_chat.e2ee.state import waiting_notices
from reactor_chat.e2ee.state.waiting_notices import WaitingNotices
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import Said


def test_what_waits_to_be_heard_is_kept_as_it_came() -> None:
    store = MemoryStore()
    waiting = WaitingNotices(store, ROOM.key)
    notices = [Said(seq, 0, "Bob", sealed={"v": 1}, id="x") for seq in (3, 20, 100)]
    assert all(waiting.add(notice) for notice in notices)
    again = WaitingNotices(store, ROOM.key)
    assert list(again) == notices
    assert again.first == notices[0]
    assert [again.take() for _ in notices] == notices
    assert not WaitingNotices(store, ROOM.key)


def test_one_too_many_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_notices, "WAITING_MAX", 1)
    store = MemoryStore()
    waiting = WaitingNotices(store, ROOM.key)
    assert waiting.add(Said(1, 0, "Bob", sealed={}, id="x"))
    assert not waiting.add(Said(2, 0, "Bob", sealed={}, id="y"))
    assert len(WaitingNotices(store, ROOM.key)) == 1
