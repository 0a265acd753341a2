"""What a client says when the server has lost what it had shown, and what it marks."""

import pytest

from reactor_chat.client.boundary import Arrived, Earlier, NoteKind
from reactor_chat.client.inbox import Inbox
from reactor_chat.client.lost_end import LOST, SOME_IS_LOST, Loss, loss_in_words
from reactor_chat.client.store.vault import MemoryVault
from reactor_chat.client.time_of_day import utc_time_of_day
from reactor_chat.testing.vault import SimulatedVault
from reactor_chat.wire.messages import Joined, Notice, Refused, Said, Seen, Told, Welcome
from tests.client.test_engine_vault import KEY
from tests.client.toy import Watcher, live

MINUTE_MS = 60_000


def said(seq: int, text: str = "", sender: str = "Bob") -> Said:
    return Said(seq, (14 * 60 + seq) * MINUTE_MS, sender, text or f"n{seq}")


class Reader:
    """An inbox, and what it shows."""

    def __init__(self, vault: MemoryVault | SimulatedVault) -> None:
        self.inbox = Inbox(vault)
        self.inbox.me = "ann"
        self.shown: list[Notice] = []

    def welcome(self, log: str | None, seq: int, *notices: Notice) -> list[Notice]:
        """Come in, hear notices, and return what of them is shown."""
        self.inbox.welcomed(Welcome("Ann", seq, guest=False, text="", log=log))
        before = len(self.shown)
        for notice in notices:
            if self.inbox.is_new(notice):
                self.shown.append(self.inbox.let_through(Arrived(notice)).notice)
        return self.shown[before:]


@pytest.fixture(params=[MemoryVault, SimulatedVault])
def reader(request: pytest.FixtureRequest) -> Reader:
    reader = Reader(request.param())
    reader.welcome("a", 1, *(said(seq) for seq in range(2, 9)), said(9, sender="Ann"), Joined(10, 0, "Cid"))
    return reader


def test_one_line_says_what_is_gone_and_what_there_is_follows(reader: Reader) -> None:
    assert reader.inbox.progress == (10, [Seen("a", 10)])
    gap, *rest = reader.welcome("b", 7, Refused("gap", "words of the server", seq=5), said(6, "new"), said(7, "newer"))
    assert isinstance(gap, Refused)
    assert gap.text == "The server lost 4 messages after 14:05 UTC, 1 of them yours; what it has is shown"
    assert [getattr(notice, "seq", None) for notice in rest] == [6, 7]
    assert reader.inbox.progress == (7, [Seen("b", 7), Seen("a", 10)])


def test_a_cut_before_the_first_number_of_a_log_leaves_the_loss_to_be_told(reader: Reader) -> None:
    reader.welcome("b", 40)
    assert reader.inbox.progress == (10, [Seen("a", 10)])
    reader.welcome("b", 40, Refused("gap", "", seq=5))
    assert reader.inbox.progress == (5, [Seen("b", 5), Seen("a", 10)])


def test_a_second_loss_does_not_count_the_first_one_again(reader: Reader) -> None:
    reader.welcome("b", 7, Refused("gap", "", seq=5), said(6, "new"), said(7, "newer"))
    (gap,) = reader.welcome("c", 9, Refused("gap", "", seq=6))
    assert isinstance(gap, Refused)
    assert gap.text == "The server lost 1 message after 14:06 UTC; what it has is shown"
    (gap,) = reader.welcome("d", 9, Refused("gap", "", seq=3))
    assert isinstance(gap, Refused)
    assert gap.text.startswith("The server lost 3 messages after 14:03 UTC")


def test_what_is_there_all_the_same_is_not_shown_again(reader: Reader) -> None:
    """The server knows less of the common past than we do, and sends from before it."""
    shown = reader.welcome("c", 60, Refused("gap", "", seq=2), said(3), said(4), said(5, "another"), said(6))
    assert [getattr(notice, "text", "") for notice in shown[1:]] == ["another"]


def test_logs_are_remembered_newest_first_and_not_for_ever(reader: Reader) -> None:
    for number in range(40):
        reader.welcome(f"log{number}", 100 + number, said(100 + number))
    cursor, seen = reader.inbox.progress
    assert (cursor, len(seen)) == (139, 32)
    assert [one.seq for one in seen] == list(range(139, 107, -1))


def test_a_server_that_names_no_log_is_served_as_before(reader: Reader) -> None:
    reader.welcome(None, 11, said(11))
    assert reader.inbox.progress == (11, [])
    assert reader.inbox.welcomed(Welcome("Ann", 3, guest=False, text="")), "it began anew"
    assert reader.inbox.cursor == 3


def test_numbers_that_are_others_now_are_told_of_too(reader: Reader) -> None:
    """Where the server had more of an older log than we saw of the newest one, it goes on above our cursor."""
    (gap,) = reader.welcome("c", 90, Refused("gap", "", seq=80))
    assert gap == Refused("gap", SOME_IS_LOST, seq=80)
    assert reader.inbox.progress == (80, [Seen("c", 80), Seen("a", 10)])


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (Loss(0, 0, False, None), "The server went back to an earlier state; no message that you have seen is lost"),
        (Loss(1, 1, False, 0), "The server lost 1 message after 00:00 UTC, 1 of them yours; what it has is shown"),
        (Loss(9, 0, True, None), "The server lost more than 9 messages; what it has is shown"),
    ],
)
def test_the_words(loss: Loss, words: str) -> None:
    assert loss_in_words(loss, utc_time_of_day) == words


def returning(vault: SimulatedVault) -> Watcher:
    vault.lose_uncommitted()
    return Watcher("Ann", vault=vault, identity=KEY, scrollback=9)


def test_a_later_run_marks_what_is_gone_and_keeps_the_line() -> None:
    vault = SimulatedVault()
    first = live(returning(vault), seq=1, guest=False)
    first.hear(said(2, "stays"), said(3, "goes"), Told(4, 0, "Bob", "Ann", "goes too"))
    first.hear(Refused("gap", "words of the server", seq=2), said(3, "came since"))
    first.take()
    first.engine.messaging.mailbox.printed(max(item.place or 0 for item in first.shown if isinstance(item, Arrived)))
    second = live(returning(vault), seq=3, guest=False)
    (earlier,) = (item for item in second.shown if isinstance(item, Earlier))
    shown = zip(earlier.notices, earlier.annotations, strict=True)
    words = [(getattr(notice, "text", ""), annotation.word) for notice, annotation in shown]
    line = "The server lost 2 messages after 14:02 UTC; what it has is shown"
    assert words == [("stays", ""), ("goes", LOST), ("goes too", LOST), (line, ""), ("came since", "")]


def test_what_was_acknowledged_is_not_sent_again_and_what_was_not_is() -> None:
    vault = SimulatedVault()
    first = live(returning(vault), seq=1, guest=False)
    first.engine.typed("acknowledged", 0.0)
    first.engine.typed("on its way", 0.0)
    first.take()
    mine = [request.id for request in first.requests() if getattr(request, "text", None)]
    first.hear(Said(2, 0, "Ann", "acknowledged", id=mine[0]))
    first.take()
    second = returning(vault)
    live(second, seq=2, guest=False).hear(Refused("gap", "", seq=1))
    assert [text for r in second.requests() if (text := getattr(r, "text", None))] == ["on its way"]
    assert not second.notes(NoteKind.DOUBT)
