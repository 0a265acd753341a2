"""What a person is told first, and that a pipe is not."""

from typing import Any

import pytest

from reactor_chat.client.boundary import NoteKind
from reactor_chat.wire.messages import AskHistory, AskNames, GroupSaid, HistoryAnswer, NamesAnswer, Said, Told
from tests.client.toy import Watcher, again, live


def greeted(names: list[str], messages: list[Said | Told | GroupSaid], **settings: Any) -> Watcher:
    watcher = live(Watcher(interactive=True, greets=True, **settings))
    for request in watcher.requests():
        if isinstance(request, AskHistory):
            watcher.hear(HistoryAnswer(messages, False, request.id))
        elif isinstance(request, AskNames):
            watcher.hear(NamesAnswer(names[:2], request.id, True), NamesAnswer(names[2:], request.id))
    return watcher


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["Ann"], "Nobody else is here. @help shows the commands"),
        (["Ann", "Bob"], "1 person is here: Bob. @help shows the commands"),
        (["Ann", "Bob", "Cid"], "2 people are here: Bob, Cid. @help shows the commands"),
        (
            ["ann", *(f"P{number}" for number in range(12))],
            "12 people are here: P0, P1, P2, P3, P4, P5, P6, P7, P8, P9 and 2 more (@names). @help shows the commands",
        ),
    ],
)
def test_who_is_here_and_where_the_help_is(names: list[str], told: str) -> None:
    watcher = greeted(names, [])
    assert watcher.notes(NoteKind.NEWS) == [told]
    assert not any(isinstance(notice, NamesAnswer | HistoryAnswer) for notice in watcher.notices)


def test_the_last_lines_that_were_said() -> None:
    messages: list[Said | Told | GroupSaid] = [Said(1, 0, "Bob", "one"), Said(2, 0, "Bob", "two")]
    watcher = greeted(["Ann"], messages)
    assert [n.messages for n in watcher.notices if isinstance(n, HistoryAnswer)] == [messages]


def test_what_nobody_can_read_is_no_greeting() -> None:
    watcher = greeted(["Ann"], [Said(1, 0, "Bob", sealed={"x": 1})])
    assert not any(isinstance(n, HistoryAnswer) for n in watcher.notices)


def test_what_can_be_read_is_shown_without_the_rest() -> None:
    plain = [Said(1, 0, "Bob", "one"), Said(3, 0, "Bob", "three")]
    watcher = greeted(["Ann"], [plain[0], Said(2, 0, "Bob", sealed={"x": 1}), plain[1]])
    assert [n.messages for n in watcher.notices if isinstance(n, HistoryAnswer)] == [plain]


def test_it_is_said_once_in_a_run_and_never_in_a_pipe() -> None:
    watcher = greeted(["Ann"], [])
    watcher.engine.cut(1.0, "gone")
    watcher.engine.tick(2.0)
    asked = len(watcher.requests())
    again(watcher, now=2.0)
    assert not any(isinstance(request, AskNames | AskHistory) for request in watcher.requests()[asked:])
    assert not any(isinstance(request, AskNames | AskHistory) for request in live(Watcher()).requests())
