"""Paging back by pages and by time, against a history in memory."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from reactor_chat.client.commands.history_pages import NO_PAGE, NOTHING_OLDER, HistoryPages
from reactor_chat.wire.messages import AskHistory, GroupSaid, HistoryAnswer, Said, Told
from tests.client.party import Party


class Library:
    """A server's history, and somebody who looks at it."""

    def __init__(self, times: list[int], seqs: list[int]) -> None:
        self.messages: list[Said | Told | GroupSaid] = [
            Said(seq, at, "Bob", str(seq)) for seq, at in zip(seqs, times, strict=True)
        ]
        self.questions: list[AskHistory] = []
        self.seen: list[AskHistory] = []
        self.pages = HistoryPages(self._ask, self._show)

    def _ask(self, request: AskHistory) -> str:
        self.questions.append(request)
        return f"q{len(self.questions)}"

    def _show(self, request: AskHistory) -> None:
        self.seen.append(structs.replace(request, id=f"s{len(self.seen)}"))
        self.pages.asked(self.seen[-1])

    def answer(self, request: AskHistory, name: str) -> HistoryAnswer:
        end = len(self.messages)
        if request.before is not None:
            end = bisect_left([message.seq for message in self.messages], request.before)
        begin = max(0, end - request.limit)
        page = HistoryAnswer(self.messages[begin:end], begin > 0, name)
        self.pages.heard(page)
        return page

    def run(self) -> None:
        while self.pages.is_searching:
            self.answer(self.questions[-1], f"q{len(self.questions)}")

    def shown(self) -> list[int]:
        return [message.seq for message in self.answer(self.seen[-1], self.seen[-1].id or "").messages]


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 4)), max_size=40), st.integers(0, 300))
def test_the_page_before_a_moment_is_what_is_older(steps: list[tuple[int, int]], moment: int) -> None:
    times, seqs, at, seq = [], [], 0, 0
    for time_step, seq_step in steps:
        at, seq = at + time_step // 10, seq + seq_step
        times.append(at)
        seqs.append(seq)
    library = Library(times, seqs)
    library.pages.before(moment, None, None)
    library.run()
    assert library.shown() == [seq for seq, at in zip(seqs, times, strict=True) if at < moment][-50:]
    assert len(library.questions) <= 12


def test_more_goes_on_where_the_last_page_began() -> None:
    library = Library([*range(1, 121)], [*range(1, 121)])
    assert library.pages.more() == NO_PAGE
    library._show(AskHistory(50, group="team"))
    seen = [library.shown()]
    while (why := library.pages.more()) is None:
        assert library.seen[-1].group == "team"
        seen.append(library.shown())
    assert why == NOTHING_OLDER
    assert [(page[0], page[-1]) for page in seen] == [(71, 120), (21, 70), (1, 20)]


def test_after_a_cut_the_question_is_asked_again() -> None:
    library = Library([1, 2, 3], [1, 2, 3])
    library.pages.before(2, None, None)
    library.pages.go_on()
    assert library.questions[0] == library.questions[1]
    library.run()
    assert library.shown() == [1]


@pytest.fixture
def party() -> Party:
    return Party()


def test_people_page_back_with_a_real_server(party: Party) -> None:
    ann = party.enter("Ann", key=False)
    bob = party.enter("Bob", key=False)
    for number in range(120):
        bob.type(f"line {number}.")
    ann.lines.clear()
    ann.type("@history more")
    assert ann.sees(NO_PAGE)
    for command, first, last in (("@history 40", 80, 119), ("@history more", 40, 79), ("@HISTORY MORE", 0, 39)):
        ann.lines.clear()
        ann.type(command)
        lines = [line for line in ann.lines if "line" in line]
        assert (len(lines), lines[0], lines[-1]) == (40, f"[Bob:] line {first}.", f"[Bob:] line {last}.")
    ann.type("@history more")
    assert ann.sees(NOTHING_OLDER)
    ann.type("@history before 25:00")
    assert ann.sees("That is not a time")
