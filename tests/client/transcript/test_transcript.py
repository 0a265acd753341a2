"""The whole model, against a dull one: where everything stands, what is unread, where one's own lines go."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.boundary import Arrived, Draft, Note, NoteKind, RequestAnswer
from reactor_chat.client.transcript.entries import Comings, Event, Fate, Message, OwnLine
from reactor_chat.client.transcript.transcript import MARK_SECONDS, Transcript
from reactor_chat.text.help_topics import overview
from reactor_chat.wire.conversation import ROOM, Conversation, Heard
from reactor_chat.wire.messages import (
    GroupChanged,
    GroupSaid,
    GroupSend,
    HelpAnswer,
    HistoryAnswer,
    Joined,
    NamesAnswer,
    Notice,
    Numbered,
    Refused,
    Said,
    Say,
    Tell,
    Told,
    Welcome,
)
from tests.client.transcript.dull_archive import DullArchive

LUNCH, STELLA = Conversation.group("lunch"), Conversation.pair("Stella")


class Person:
    """John, with a transcript that hears what the archive has, as a client does."""

    def __init__(self) -> None:
        self.archive = DullArchive("John")
        self.transcript = Transcript(self.archive, ["soup"])
        self.transcript.named("John")
        self.seq = 0

    def hear(self, notice: Notice, *, is_live: bool = True) -> None:
        place = self.archive.put(notice) if isinstance(notice, Numbered) else None
        self.transcript.show(Arrived(notice, place), is_live=is_live)

    def said(self, text: str, sender: str = "Ann", **how: bool) -> None:
        self.seq += 1
        self.hear(Said(self.seq, self.seq, sender, text), **how)

    def told(self, text: str, sender: str = "Stella", to: str = "John", **how: bool) -> None:
        self.seq += 1
        self.hear(Told(self.seq, self.seq, sender, to, text), **how)

    def in_group(self, text: str, sender: str = "Ann", **how: bool) -> None:
        self.seq += 1
        self.hear(GroupSaid(self.seq, self.seq, sender, "Lunch", text), **how)

    def news(self) -> dict[str, tuple[int, int]]:
        windows = self.transcript.listed()
        return {window.title: (window.unread, window.mentions) for window in windows if window.unread}


def texts(transcript: Transcript) -> list[str]:
    return [entry.notice.text or "" for entry in transcript.open.entries if isinstance(entry, Message)]


def events(transcript: Transcript) -> list[str]:
    entries = [entry for entry in transcript.open.entries if isinstance(entry, Event)]
    return ["".join(part.text for part in line) for entry in entries for line in entry.lines]


def test_each_conversation_has_what_belongs_to_it() -> None:
    john = Person()
    john.said("to all")
    john.told("psst")
    john.told("yes?", "John", "Stella")
    john.in_group("soup is ready")
    assert [window.title for window in john.transcript.listed()] == ["# room", "# Lunch", "@ Stella"]
    assert texts(john.transcript) == ["to all"]
    john.transcript.go(STELLA)
    assert texts(john.transcript) == ["psst", "yes?"]
    john.transcript.go(LUNCH)
    assert texts(john.transcript) == ["soup is ready"]


def test_answers_and_words_of_the_client_stand_where_one_is() -> None:
    john = Person()
    john.transcript.go(STELLA)
    john.hear(NamesAnswer(["Ann", "John"]))
    john.transcript.show(Note(NoteKind.NEWS, "Connected again\x1b["))
    assert events(john.transcript) == ["[Connected users: Ann, John]", "Connected again␛["]
    assert john.transcript.news == "Connected again\x1b["


def test_words_about_a_conversation_stand_in_it() -> None:
    john = Person()
    john.transcript.go(STELLA)
    john.transcript.go(ROOM)
    john.transcript.show(Note(NoteKind.NEWS, "Your chat with Stella is now encrypted", where=STELLA))
    assert not events(john.transcript)
    john.transcript.go(STELLA)
    assert events(john.transcript) == ["Your chat with Stella is now encrypted"]


def test_one_conversation_is_one_window_however_it_is_spelled() -> None:
    john = Person()
    john.told("psst")
    john.transcript.show(Note(NoteKind.NEWS, "encrypted", where=STELLA._replace(name="Stella")))
    john.transcript.go(STELLA._replace(name="STELLA"))
    assert [window.title for window in john.transcript.listed()] == ["# room", "@ STELLA"]


def test_help_is_a_page_and_a_draft_is_given_back() -> None:
    john = Person()
    john.hear(HelpAnswer(overview(has_key=True)))
    assert john.transcript.page is not None
    assert not events(john.transcript)
    john.transcript.show(Draft("@Stella again"))
    assert john.transcript.given_back == "@Stella again"


def test_comings_are_one_entry_and_no_news() -> None:
    john = Person()
    for name in ("Bob", "Ines"):
        john.seq += 1
        john.hear(Joined(john.seq, john.seq, name))
    assert [type(entry) for entry in john.transcript.open.entries] == [Comings]
    assert not john.news()


def test_a_group_that_one_has_left_says_so() -> None:
    john = Person()
    john.seq += 1
    john.hear(GroupChanged(john.seq, 0, "Lunch", "created", "Ann", None, ["Ann", "John"]))
    assert not john.transcript.windows[LUNCH].is_left
    john.seq += 1
    john.hear(GroupChanged(john.seq, 0, "Lunch", "kicked", "Ann", "John", ["Ann"]))
    assert john.transcript.windows[LUNCH].is_left


# ------------------------------------------------------------------------------------------------ what is read

STEP = st.one_of(
    st.tuples(st.just("said"), st.sampled_from(["hi", "hi John", "soup?"]), st.sampled_from(["Ann", "John"])),
    st.tuples(st.just("told"), st.just("psst"), st.sampled_from(["Stella", "Bob"])),
    st.tuples(st.just("in_group"), st.sampled_from(["hi", "@all"]), st.sampled_from(["Ann", "John"])),
    st.tuples(st.just("go"), st.sampled_from([ROOM, LUNCH, STELLA])),
    st.tuples(st.just("focused"), st.booleans()),
    st.tuples(st.just("looked_at"), st.booleans()),
    st.tuples(st.just("next_unread")),
)


class Dull:
    """Counts by going through everything that was ever said."""

    def __init__(self) -> None:
        self.said: dict[Conversation, list[tuple[bool, bool]]] = {}  # of each: by another, speaks to me
        self.read: dict[Conversation, int] = {}
        self.open, self.is_focused, self.is_at_end = ROOM, True, True

    def hear(self, where: Conversation, *, is_own: bool, is_for_me: bool) -> None:
        self.said.setdefault(where, []).append((not is_own, is_for_me and not is_own))
        self.look()

    def look(self) -> None:
        if self.is_focused and self.is_at_end:
            self.read[self.open] = len(self.said.get(self.open, []))

    def news(self) -> dict[Conversation, tuple[int, int]]:
        new = {where: said[self.read.get(where, 0) :] for where, said in self.said.items()}
        counts = {where: (sum(other for other, _ in one), sum(me for _, me in one)) for where, one in new.items()}
        return {where: count for where, count in counts.items() if count[0]}


@given(st.lists(STEP, max_size=40))
def test_what_is_unread_is_what_a_dull_count_says(steps: list[tuple[Any, ...]]) -> None:
    john, dull = Person(), Dull()
    for what, *how in steps:
        if what in ("said", "told", "in_group"):
            getattr(john, what)(*how)
            text, sender = how
            where = {"said": ROOM, "told": Conversation.pair(sender), "in_group": LUNCH}[what]
            is_for_me = what == "told" or text in ("hi John", "soup?", "@all")
            dull.hear(where, is_own=sender == "John", is_for_me=is_for_me)
        elif what == "go":
            if dull.open != how[0]:
                dull.open, dull.is_at_end = how[0], False
            john.transcript.go(how[0])
        elif what == "focused":
            dull.is_focused = how[0]
            john.transcript.focused(is_focused=how[0])
            dull.look()
        elif what == "looked_at":
            dull.is_at_end = how[0]
            john.transcript.looked_at(is_at_end=how[0])
            dull.look()
        else:
            before = john.transcript.open
            assert john.transcript.next_unread() == bool({*dull.news()} - {dull.open})
            if john.transcript.open is not before:
                dull.open, dull.is_at_end = john.transcript.open.conversation, False
        found = {one.conversation: (one.unread, one.mentions) for one in john.transcript.listed() if one.unread}
        assert found == dull.news()
        assert {where: john.archive.unread(where) for where in found} == {where: n for where, (n, _) in found.items()}


def test_a_later_run_counts_the_same() -> None:
    john = Person()
    john.transcript.focused(is_focused=False)
    for text in ("hi", "hi John"):
        john.said(text)
    john.told("psst")
    before = john.news()
    later = Transcript(john.archive, ["soup"])
    later.named("John")
    assert {window.title: (window.unread, window.mentions) for window in later.listed()} == before


def test_markers_go_to_the_server_now_and_then_and_when_one_leaves() -> None:
    john = Person()
    john.transcript.looked_at(is_at_end=True)
    john.said("one")
    assert john.transcript.take_marks(10.0) == [(ROOM, 1)]
    john.said("two")
    assert john.transcript.take_marks(10.0 + MARK_SECONDS / 2) == []
    john.said("three")
    assert john.transcript.take_marks(10.0 + MARK_SECONDS) == [(ROOM, 3)]
    john.said("four")
    assert john.transcript.take_marks(10.1 + MARK_SECONDS, is_leaving=True) == [(ROOM, 4)]
    assert john.transcript.take_marks(99.0) == []


@given(st.lists(st.sampled_from(["hi", "hi John"]), max_size=8), st.integers(0, 9))
def test_what_was_read_on_another_device_is_read(texts_said: list[str], seq: int) -> None:
    john = Person()
    john.transcript.focused(is_focused=False)
    for text in texts_said:
        john.said(text)
    john.transcript.was_read(ROOM, seq)
    left = texts_said[seq:]
    assert (john.transcript.open.unread, john.transcript.open.mentions) == (len(left), left.count("hi John"))
    john.transcript.was_read(ROOM, 0)
    assert john.transcript.open.unread == len(left), "a marker never moves back"


# ------------------------------------------------------------------------------------------------ alerts


def test_there_is_one_alert_for_each_conversation_until_one_has_been_there() -> None:
    john = Person()
    john.transcript.focused(is_focused=False)
    for text in ("hi John", "John?", "JOHN"):
        john.said(text)
    john.told("psst")
    assert [alert.title for alert in john.transcript.take_alerts()] == ["Ann in # room", "Stella"]
    john.said("John!")
    assert not john.transcript.take_alerts()
    john.transcript.looked_at(is_at_end=True)
    john.transcript.focused(is_focused=True)
    john.transcript.focused(is_focused=False)
    john.said("John!")
    assert len(john.transcript.take_alerts()) == 1


@pytest.mark.parametrize("how", ["replayed", "muted", "own", "looked at", "no mention"])
def test_there_is_no_alert_for_what_needs_none(how: str) -> None:
    john = Person()
    john.transcript.looked_at(is_at_end=True)
    john.transcript.focused(is_focused=how == "looked at")
    if how == "muted":
        john.transcript.mute(is_muted=True)
    john.said(
        "hi all" if how == "no mention" else "hi John", "John" if how == "own" else "Ann", is_live=how != "replayed"
    )
    assert not john.transcript.take_alerts()


# ------------------------------------------------------------------------------------------------ one's own lines


def test_what_is_typed_goes_where_one_is() -> None:
    john = Person()
    john.told("psst")
    john.in_group("soup")
    assert john.transcript.request_for("x") == Say("x")
    john.transcript.go(STELLA)
    assert john.transcript.request_for("x") == Tell("Stella", "x")
    john.transcript.go(LUNCH)
    assert john.transcript.request_for("x") == GroupSend("Lunch", "x")


def test_a_refused_line_stays_where_it_was_typed_until_it_is_dropped() -> None:
    john = Person()
    refused = Refused("no_such_user", "Stella is not connected", "7")
    john.transcript.answered(RequestAnswer("7", Arrived(refused, is_own=True), True), Tell("Stella", "psst", id="7"))
    john.transcript.refresh([OwnLine("8", ROOM, "on its way")])
    (line,) = john.transcript.unsent()
    assert (line.conversation, line.text, line.fate) == (STELLA, "psst", Fate.REFUSED)
    assert "Stella is not connected" in line.reason
    assert john.transcript.open.own_lines == [OwnLine("8", ROOM, "on its way")]
    assert john.transcript.drop_refused("7") is not None
    john.transcript.refresh([])
    assert not john.transcript.unsent()


def test_a_draft_is_each_conversations_own_and_outlives_the_run() -> None:
    john = Person()
    john.told("psst")
    john.transcript.draft("half a li")
    john.transcript.go(STELLA)
    assert john.transcript.open.draft == ""
    later = Transcript(john.archive)
    later.named("John")
    assert later.windows[ROOM].draft == "half a li"


# ------------------------------------------------------------------------------------------------ pages


@given(st.integers(0, 350), st.integers(0, 120))
def test_going_up_shows_everything_the_archive_has_and_then_what_the_server_has(count: int, on_server: int) -> None:
    john = Person()
    john.seq = on_server
    for number in range(count):
        john.said(f"a{number}")
    earlier: list[Heard] = [Said(seq, seq, "Ann", f"s{seq}") for seq in range(1, on_server + 1)]
    later = Transcript(john.archive)
    later.named("John")
    asked = 0
    while asked < 9:
        request = later.pages.older(later.open)
        if request is None and later.open.server_has_older is False:
            break
        if request is not None:
            asked += 1
            later.pages.asked(later.open, request, str(asked))
            assert later.pages.older(later.open) is None, "it is asked for once"
            page = [one for one in earlier if request.before is None or one.seq < request.before][-request.limit :]
            more = bool(page) and page[0].seq > 1
            later.answered(RequestAnswer(str(asked), Arrived(HistoryAnswer(page, more, str(asked))), True), request)
    assert texts(later) == [one.text for one in earlier] + [f"a{number}" for number in range(count)]


def test_of_a_page_without_a_name_only_what_belongs_there_is_shown() -> None:
    john = Person()
    john.said("first here")
    request = john.transcript.pages.older(john.transcript.open) or john.transcript.pages.older(john.transcript.open)
    assert request is not None
    john.transcript.pages.asked(john.transcript.open, request, "1")
    page: list[Heard] = [
        Said(0, 0, "Ann", "room"),
        Told(0, 0, "Stella", "John", "private"),
        GroupSaid(0, 0, "Ann", "Lunch", "group"),
    ]
    john.transcript.answered(RequestAnswer("1", Arrived(HistoryAnswer(page, False, "1")), True), request)
    assert texts(john.transcript) == ["room", "first here"]


def test_a_jump_shows_what_stands_around_and_going_down_leads_back_to_the_end() -> None:
    john = Person()
    for number in range(400):
        john.said(f"a{number}")
    john.transcript.jump(100, ROOM)
    assert "a99" in texts(john.transcript)
    assert not john.transcript.open.is_at_end
    for _ in range(9):
        john.transcript.pages.newer(john.transcript.open)
    assert texts(john.transcript)[-1] == "a399"
    assert john.transcript.open.is_at_end


# ------------------------------------------------------------------------------------------------ the connection


def test_a_connection_that_comes_back_is_one_line_that_says_what_was_missed() -> None:
    john = Person()
    john.hear(Welcome("John", 0, False, "[Welcome John]"))
    john.transcript.show(Note(NoteKind.LINK, "Connection lost; trying to connect again"))
    john.transcript.cut(10.0)
    john.transcript.cut(20.0)
    john.hear(Welcome("John", 0, False, "[Welcome John]"))
    for text in ("one", "two"):
        john.said(text, is_live=False)
    john.transcript.back(50.4)
    john.transcript.back(60.0)
    assert events(john.transcript) == ["[Welcome John]", "Back after 40 s, 2 missed"]


AWAY = [(0.1, "1 s"), (119, "119 s"), (7_199, "119 min"), (90_000, "25 h"), (10**6, "11 d")]


@pytest.mark.parametrize(("seconds", "words"), AWAY)
def test_how_long_one_was_away_is_said_as_a_person_would(seconds: float, words: str) -> None:
    john = Person()
    john.transcript.cut(0.0)
    john.transcript.back(seconds)
    assert events(john.transcript) == [f"Back after {words}"]
