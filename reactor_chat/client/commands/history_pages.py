"""Paging back: what `@history more` and `@history before 14:00` ask the server for.

A server gives a page before a number, and people think of a time.  So for a time the number is looked for first, by
halving: each question asks for the newest message before a number, and its time says on which side to go on.  Twenty
questions reach over a million messages.  Nobody sees their answers.
"""

from collections.abc import Callable

from msgspec import structs

from reactor_chat.wire.messages import AskHistory, HistoryAnswer

NO_PAGE = "There is no page before. Begin with @history"
NOTHING_OLDER = "There is nothing older"


class HistoryPages:
    """The pages that one person looks at.

    Args:
        ask: sends a question of ours, whose answer nobody sees, and returns its id.
        show: asks for a page that the person is to see.
    """

    def __init__(self, ask: Callable[[AskHistory], str], show: Callable[[AskHistory], None]) -> None:
        self._ask = ask
        self._show = show
        self._asked: dict[str, AskHistory] = {}
        self._shown: AskHistory | None = None  # the page that was shown last,
        self._oldest: int | None = None  # and its oldest number; None where there is nothing before it
        self._search: _Search | None = None

    @property
    def is_searching(self) -> bool:
        """Whether a page that somebody asked for is still looked for."""
        return self._search is not None

    def asked(self, request: AskHistory) -> None:
        """Note a page that the person is going to see."""
        if request.id is not None:
            self._asked[request.id] = request

    def more(self) -> str | None:
        """Ask for the page before the one shown last; return, in words, why there is none."""
        if self._shown is None:
            return NO_PAGE
        if self._oldest is None:
            return NOTHING_OLDER
        self._show(structs.replace(self._shown, before=self._oldest, id=None))
        return None

    def before(self, moment_ms: int, with_: str | None, group: str | None) -> None:
        """Look for the page before a moment, and ask for it."""
        self._search = _Search(moment_ms, with_, group)
        self.go_on()

    def go_on(self) -> None:
        """Ask the present question, where there is one, once more: the connection is another."""
        if self._search is not None:
            self._search.id = self._ask(self._search.question())

    def heard(self, answer: HistoryAnswer) -> None:
        """Take an answer: to a question of ours, or a page that is shown."""
        if answer.re is None:
            return
        if self._search is not None and answer.re == self._search.id:
            if self._search.is_over(answer):
                page, self._search = self._search.page(), None
                self._show(page)
            else:
                self.go_on()
        elif (request := self._asked.pop(answer.re, None)) is not None:
            self._shown = request
            self._oldest = answer.messages[0].seq if answer.messages and answer.more else None


class _Search:
    """Looks for the first number of a conversation that is not older than a moment."""

    def __init__(self, moment_ms: int, with_: str | None, group: str | None) -> None:
        self.id: str | None = None
        self._moment_ms = moment_ms
        self._with = with_
        self._group = group
        self._low = 1  # everything below is older
        self._high: int | None = None  # this one is not; None: the newest was not looked at

    def question(self) -> AskHistory:
        before = None if self._high is None else (self._low + self._high) // 2 + 1
        return AskHistory(1, before, self._with, self._group)

    def page(self) -> AskHistory:
        return AskHistory(before=self._high, with_=self._with, group=self._group)

    def is_over(self, answer: HistoryAnswer) -> bool:
        """Take the newest message before the number that was asked about."""
        found = answer.messages[-1] if answer.messages else None
        if found is not None and found.at >= self._moment_ms:
            self._high = found.seq
        elif self._high is None:
            return True  # the newest is older: the newest page is the one
        else:
            self._low = (self._low + self._high) // 2 + 1
        return self._low >= self._high
