"""A screen shows what is due, once and in order, and repeats only what a killed client may repeat."""

import pytest

from reactor_chat.client.boundary import Arrived, Earlier
from reactor_chat.testing.checker import Violation
from reactor_chat.testing.screen import Screen
from reactor_chat.wire.messages import Notice, Refused, Welcome
from tests.testing.test_client_oracle import BYE, SAID, TOLD, Story

WELCOME = Welcome("Bob", 3, guest=True, text="[Welcome Bob]")


def arrived(*notices: Notice) -> list[Arrived]:
    return [Arrived(notice) for notice in notices]


def screen() -> Screen:
    made = Screen(Story().checker)
    made.show(arrived(WELCOME))
    return made


def test_everything_due_is_shown_once() -> None:
    made = screen()
    assert not made.is_current
    made.show(arrived(SAID, TOLD))
    made.show([Earlier([SAID, TOLD])])
    made.show(arrived(BYE))
    assert made.is_current
    assert made.texts == ["hello", "psst", "bye"]


@pytest.mark.parametrize(
    ("notices", "promise"),
    [
        ((SAID, SAID), "shown twice"),
        ((SAID, BYE), "misses anything on the screen"),
        ((TOLD,), "misses anything on the screen"),
        ((Refused("gap", ""),), "nothing is ever lost"),
    ],
)
def test_whatever_else_is_shown_is_a_violation(notices: tuple[Notice, ...], promise: str) -> None:
    with pytest.raises(Violation, match=promise):
        screen().show(arrived(*notices))


def test_what_was_not_shown_is_not_where_one_left_off() -> None:
    with pytest.raises(Violation, match="was shown"):
        screen().show([Earlier([SAID])])


def test_what_was_shown_and_not_noted_may_come_again_once() -> None:
    made = screen()
    made.show(arrived(SAID))
    made.may_repeat(arrived(SAID))
    made.show(arrived(SAID, TOLD))
    with pytest.raises(Violation, match="shown twice"):
        made.show(arrived(SAID))
