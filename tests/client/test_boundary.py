"""Settings are checked once, and the tray is emptied in order."""

from typing import Any

import pytest

from reactor_chat.client.boundary import Arrived, Note, NoteKind, Settings, Tray, Wish
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
    right: dict[str, Any] = {"name": "Ann", "place": "here", "interactive": False, "id_prefix": "x"}
    Settings(**right)
    with pytest.raises(AssertionError):
        Settings(**(right | wrong))


def test_a_tray_gives_everything_once() -> None:
    tray = Tray()
    tray.refuse("too_long", "Too long", "7")
    tray.note(NoteKind.NEWS, "news")
    tray.wish(Wish.CLOSE)
    outcome = tray.take(b"data")
    assert (outcome.data, outcome.wishes) == (b"data", [Wish.CLOSE])
    refused, note = outcome.shown
    assert isinstance(refused, Arrived)
    assert (refused.notice, refused.is_own) == (Refused("too_long", "Too long", "7"), True)
    assert note == Note(NoteKind.NEWS, "news")
    assert not any(tray.take(b""))
