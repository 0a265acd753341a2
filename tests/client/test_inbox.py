"""Every numbered notice once; who answers what."""

import pytest

from reactor_chat.client.boundary import Arrived
from reactor_chat.client.inbox import Inbox, request_concluded, request_echoed
from reactor_chat.client.store.vault import MemoryVault
from reactor_chat.wire.messages import (
    Accepted,
    Exited,
    GroupChanged,
    HistoryAnswer,
    Joined,
    NamesAnswer,
    Notice,
    Pong,
    Refused,
    Said,
    Told,
    Welcome,
)


def is_new(made: Inbox, notice: Notice) -> bool:
    if made.is_new(notice):
        assert made.let_through(Arrived(notice)).notice == notice
        return True
    return False


def inbox(seq: int = 0) -> Inbox:
    made = Inbox(MemoryVault())
    made.welcomed(Welcome("Ann", seq, guest=True, text=""))
    return made


def test_a_first_login_begins_where_the_server_stands() -> None:
    assert Inbox(MemoryVault()).cursor is None
    assert inbox(7).cursor == 7


def test_a_later_login_keeps_its_place_unless_the_numbers_began_anew() -> None:
    made = inbox(7)
    made.welcomed(Welcome("Ann", 90, guest=True, text=""))
    assert made.cursor == 7
    made.welcomed(Welcome("Ann", 3, guest=True, text=""))
    assert made.cursor == 3


@pytest.mark.parametrize(
    "notice",
    [
        Said(8, 0, "Bob", "x"),
        Told(8, 0, "Bob", "Ann", "x"),
        Joined(8, 0, "Bob"),
        Exited(8, 0, "Bob"),
        GroupChanged(8, 0, "g", "created", "Bob"),
    ],
)
def test_a_numbered_notice_is_new_once(notice: Notice) -> None:
    made = inbox(7)
    assert is_new(made, notice)
    assert made.cursor == 8
    assert not is_new(made, notice)


@pytest.mark.parametrize("notice", [Accepted("1", 3), Pong(), Refused("too_long", "x"), NamesAnswer([])])
def test_others_are_always_new(notice: Notice) -> None:
    made = inbox(7)
    assert is_new(made, notice)
    assert is_new(made, notice)
    assert made.cursor == 7


def test_over_a_gap_the_cursor_jumps() -> None:
    made = inbox(7)
    made.welcomed(Welcome("Ann", 90, guest=True, text=""))
    assert is_new(made, Refused("gap", "x"))
    assert made.cursor == 90


@pytest.mark.parametrize(
    ("notice", "concluded"),
    [
        (Accepted("1", 3), "1"),
        (Refused("too_long", "x", "1"), "1"),
        (Refused("too_long", "x"), None),
        (NamesAnswer([], "1"), "1"),
        (NamesAnswer([], "1", more=True), None),
        (HistoryAnswer([], more=True, re="1"), "1"),
        (Said(1, 0, "Ann", "x", id="1"), None),
        (Joined(1, 0, "Ann"), None),
    ],
)
def test_what_a_notice_is_the_last_word_on(notice: Notice, concluded: str | None) -> None:
    assert request_concluded(notice) == concluded


@pytest.mark.parametrize(
    ("notice", "echoed"),
    [
        (Said(1, 0, "ANN", "x", id="1"), "1"),
        (Said(1, 0, "Ann", "x"), None),
        (Said(1, 0, "Mallory", "x", id="1"), None),
        (Joined(1, 0, "Ann"), None),
        (Accepted("1", 3), None),
    ],
)
def test_what_a_notice_is_the_echo_of(notice: Notice, echoed: str | None) -> None:
    assert request_echoed(notice, "Ann") == echoed
