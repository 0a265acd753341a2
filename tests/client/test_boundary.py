"""Settings are checked once, and the queue is emptied in order."""

from typing import Any

import pytest

from reactor_chat.client.boundary import Action, Arrived, Note, NoteKind, OutputCollector, Settings
from reactor_chat.wire.messages import Refused


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"id_prefix": ""},
        {"id_prefix": "x" * 41},
        {"retry_seconds_first": 0},
        {"retry_seconds_max": 0.1},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"name": "Ann", "server": "here", "interactive": False, "id_prefix": "x"}
    Settings(**right)
    with pytest.raises(AssertionError):
        Settings(**(right | wrong))


def test_a_tray_gives_everything_once() -> None:
    queue = OutputCollector()
    queue.refuse("too_long", "Too long", "7")
    queue.note(NoteKind.NEWS, "news")
    queue.do(Action.CLOSE)
    outputs = queue.take(b"data")
    assert (outputs.data, outputs.actions) == (b"data", [Action.CLOSE])
    refused, note = outputs.shown
    assert isinstance(refused, Arrived)
    assert (refused.notice, refused.is_own) == (Refused("too_long", "Too long", "7"), True)
    assert note == Note(NoteKind.NEWS, "news")
    assert not any(queue.take(b""))
