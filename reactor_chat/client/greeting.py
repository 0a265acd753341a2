"""What a person is told first: the last lines that were said, who is there, and where the help is."""

from msgspec import structs

from reactor_chat.client.boundary import Arrived, NoteKind, OutputCollector
from reactor_chat.wire.messages import HistoryAnswer, NamesAnswer, Notice, fold

LINES_MAX = 10  # said last: enough to see what is talked about, and half a small screen
NAMES_MAX = 10  # in one line; `@names` shows all
HELP = "@help shows the commands"


class Greeting:
    """The first words of one run.

    Args:
        outputs: where what is to be shown gathers.

    Attributes:
        names_id, history_id: of the questions, unseen, whose answers it is made of; None while they are not asked.
    """

    def __init__(self, outputs: OutputCollector) -> None:
        self.names_id: str | None = None
        self.history_id: str | None = None
        self._names: list[str] = []
        self._outputs = outputs

    def heard(self, arrived: Arrived, me: str) -> None:
        """Take an answer; to another question than ours, nothing happens."""
        notice = arrived.notice
        if isinstance(notice, HistoryAnswer) and notice.re is not None and notice.re == self.history_id:
            self._show_last_lines(arrived, notice)
        elif isinstance(notice, NamesAnswer) and notice.re is not None and notice.re == self.names_id:
            self._names += notice.names
            if not notice.more:
                self._outputs.note(NoteKind.NEWS, f"{_who([n for n in self._names if fold(n) != fold(me)])}. {HELP}")
                self.names_id, self._names = None, []

    def _show_last_lines(self, arrived: Arrived, page: HistoryAnswer) -> None:
        """Show what can be read: a newcomer has no keys for what was encrypted before."""
        self.history_id = None
        indexes = [index for index, notice in enumerate(page.messages) if _is_readable(notice)]
        if indexes:
            readable = structs.replace(page, messages=[page.messages[index] for index in indexes])
            annotations = tuple(arrived.annotations[index] for index in indexes) if arrived.annotations else ()
            self._outputs.show(arrived._replace(notice=readable, annotations=annotations))


def _is_readable(notice: Notice) -> bool:
    return getattr(notice, "text", None) is not None


def _who(others: list[str]) -> str:
    if not others:
        return "Nobody else is here"
    shown, more = others[:NAMES_MAX], len(others) - NAMES_MAX
    names = ", ".join(shown) + (f" and {more} more (@names)" if more > 0 else "")
    return f"{'1 person is' if len(others) == 1 else f'{len(others)} people are'} here: {names}"
