"""Entries of a conversation as rows, at every width and in every state."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.screen.entry_rows import WIDE, EntryRows, columns_for
from reactor_chat.client.screen.rows import Row, width
from reactor_chat.client.transcript.entries import Comings, Entry, Fate, Message, OwnLine, event
from reactor_chat.text.render import NEW_KEY, NO_ANNOTATION, Annotation, Part
from reactor_chat.text.safe import safe
from reactor_chat.wire.conversation import ROOM
from reactor_chat.wire.messages import Said

TODAY = datetime(2026, 11, 27, 13, 5, tzinfo=UTC)
AT = int(TODAY.timestamp() * 1000)
LONG = "A_name_of_thirty_two_characters_"
LINK = f"https://example.org/{'x' * 40}"


def local_time(milliseconds: int | None) -> datetime:
    return TODAY if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def said(
    text: str | None, sender: str = "Ann", annotation: Annotation = NO_ANNOTATION, *, removed: bool = False
) -> Message:
    notice = Said(1, AT, sender, text, removed=removed)
    return Message(notice, annotation, is_own=sender == "John", is_mention="@John" in (text or ""))


def shown(rows: list[Row]) -> list[str]:
    return ["".join(span.text for span in row).rstrip() for row in rows]


def drawn(entry: Entry | OwnLine, columns: int) -> list[str]:
    drawing, layout = EntryRows(local_time), columns_for(columns)
    rows = drawing.own(entry, "John", layout) if isinstance(entry, OwnLine) else drawing.rows(entry, layout)
    assert all(width(row) <= columns for row in rows), shown(rows)
    return shown(rows)


def own(fate: Fate, reason: str = "", text: str | None = "noodles too") -> OwnLine:
    return OwnLine("1", ROOM, text, fate, reason)


ENTRIES: list[Entry | OwnLine] = [
    said("who brings soup on Tuesday? I cannot"),
    said("@John you said you would", annotation=Annotation("sealed", is_verified=True)),
    said("hi", LONG),
    said(f"see {LINK}"),
    said("日本語日本語日本語日本語日本語"),
    said("שלום עולם"),
    said("one\n· Bob joined\n13:05 Ann     two"),
    said("hi", annotation=Annotation("not sealed")),
    said("hi", annotation=Annotation(NEW_KEY)),
    said(None, annotation=Annotation("sealed", "its keys are not here")),
    said(None, removed=True),
    said("restart at 18:00", "server"),
    Comings((("Bob", True, AT), ("Ines", True, AT)), AT),
    event([[Part("system", "[Group lunch created by Ann: Ann, Bob, Chen and John]")]], AT),
    said("thanks!", "John"),
    own(Fate.SENDING),
    own(Fate.STORED),
    own(Fate.REFUSED),
    own(Fate.IN_DOUBT),
    own(Fate.NOT_SENT, "Bob's key changed"),
    own(Fate.NOT_SENT, text=None),
]

GOLDEN = {
    30: """
13:05 Ann: who brings soup on
  Tuesday? I cannot
13:05 @Ann✔: @John you said
  you would
13:05 A_name_of_thirty_two_cha
  racters_:
  hi
13:05 Ann: see
  https://example.org/xxxxxxxx
  xxxxxxxxxxxxxxxxxxxxxxxxxxxx
  xxxx
13:05 Ann: 日本語日本語日本語
  日本語日本語
13:05 Ann: שלום עולם
13:05 Ann: one
  · Bob joined
  13:05 Ann     two
13:05 Ann: hi  [not encrypted]
13:05 Ann: hi  [NEW KEY]
13:05 Ann: [encrypted message:
  its keys are not here]
13:05 Ann: [message removed]
13:05 server: restart at 18:00
· Bob and Ines joined
· [Group lunch created by Ann:
  Ann, Bob, Chen and John]
13:05 John: thanks!          ✓
      John: noodles too
  ◷ sending
      John: noodles too      ✓
      John: noodles too
  ✗ refused
      John: noodles too
  ? perhaps not delivered
      John: noodles too
  ⏸ not sent: Bob's key
  changed
      John: (an encrypted
  message)          ⏸ not sent
""",
    44: """
13:05 Ann     who brings soup on Tuesday? I
              cannot
13:05 @Ann✔   @John you said you would
13:05 A_name_of_thirty_two_characters_
              hi
13:05 Ann     see
              https://example.org/xxxxxxxxxx
              xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
13:05 Ann     日本語日本語日本語日本語日本語
13:05 Ann     שלום עולם
13:05 Ann     one
              · Bob joined
              13:05 Ann     two
13:05 Ann     hi  [not encrypted]
13:05 Ann     hi  [NEW KEY]
13:05 Ann     [encrypted message: its keys
              are not here]
13:05 Ann     [message removed]
13:05 server  restart at 18:00
      · Bob and Ines joined
      · [Group lunch created by Ann: Ann,
        Bob, Chen and John]
13:05 John    thanks!                      ✓
      John    noodles too          ◷ sending
      John    noodles too                  ✓
      John    noodles too          ✗ refused
      John    noodles too
              ? perhaps not delivered
      John    noodles too
              ⏸ not sent: Bob's key changed
      John    (an encrypted message)
              ⏸ not sent
""",
    60: """
13:05 Ann      who brings soup on Tuesday? I cannot
13:05 @Ann✔    @John you said you would
13:05 A_name_of_thirty_two_characters_
               hi
13:05 Ann      see
               https://example.org/xxxxxxxxxxxxxxxxxxxxxxxxx
               xxxxxxxxxxxxxxx
13:05 Ann      日本語日本語日本語日本語日本語
13:05 Ann      שלום עולם
13:05 Ann      one
               · Bob joined
               13:05 Ann     two
13:05 Ann      hi  [not encrypted]
13:05 Ann      hi  [NEW KEY]
13:05 Ann      [encrypted message: its keys are not here]
13:05 Ann      [message removed]
13:05 server   restart at 18:00
      · Bob and Ines joined
      · [Group lunch created by Ann: Ann, Bob, Chen and
        John]
13:05 John     thanks!                                     ✓
      John     noodles too                         ◷ sending
      John     noodles too                                 ✓
      John     noodles too                         ✗ refused
      John     noodles too           ? perhaps not delivered
      John     noodles too     ⏸ not sent: Bob's key changed
      John     (an encrypted message)             ⏸ not sent
""",
    100: """
13:05 Ann            who brings soup on Tuesday? I cannot
13:05 @Ann✔          @John you said you would
13:05 A_name_of_thirty_two_characters_
                     hi
13:05 Ann            see https://example.org/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
13:05 Ann            日本語日本語日本語日本語日本語
13:05 Ann            שלום עולם
13:05 Ann            one
                     · Bob joined
                     13:05 Ann     two
13:05 Ann            hi  [not encrypted]
13:05 Ann            hi  [NEW KEY]
13:05 Ann            [encrypted message: its keys are not here]
13:05 Ann            [message removed]
13:05 server         restart at 18:00
      · Bob and Ines joined
      · [Group lunch created by Ann: Ann, Bob, Chen and John]
13:05 John           thanks!                                                                       ✓
      John           noodles too                                                           ◷ sending
      John           noodles too                                                                   ✓
      John           noodles too                                                           ✗ refused
      John           noodles too                                             ? perhaps not delivered
      John           noodles too                                       ⏸ not sent: Bob's key changed
      John           (an encrypted message)                                               ⏸ not sent
""",
}
"""Every entry at each width."""


@pytest.mark.parametrize("columns", GOLDEN)
def test_every_kind_of_entry_at_each_width(columns: int) -> None:
    assert [row for entry in ENTRIES for row in drawn(entry, columns)] == GOLDEN[columns].strip("\n").split("\n")


TEXTS = st.one_of(
    st.text(st.sampled_from("ab 日👩\u200d👧é\u0301ש\n-"), max_size=80),
    st.sampled_from([LINK, f"{LINK} {LINK}", "x" * 200, "· Bob joined", "x\n· Bob joined", "\x1b[2J\u202e"]),
)


def same(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.sampled_from(["Ann", LONG]), st.integers(8, 120))
def test_nothing_of_a_text_is_lost_and_no_row_is_too_wide(text: str, sender: str, columns: int) -> None:
    rows = drawn(said(text, sender), columns)
    assert same(safe(text, "\n")) in same("".join(rows))
    assert sender in same("".join(rows)), "the end of a name tells two people apart"


@given(TEXTS, st.integers(8, 120))
def test_no_row_of_a_text_looks_like_the_beginning_of_an_entry(text: str, columns: int) -> None:
    _, *further = drawn(said(text), columns)
    begin = columns_for(columns).text_begin
    assert all(row.startswith(" " * begin) or not row for row in further)
    aside = drawn(Comings((("Bob", True, AT),), AT), columns)[0]
    assert len(aside) - len(aside.lstrip()) < begin


@given(
    st.sampled_from(Fate), st.text(st.sampled_from("ab 日\n"), max_size=60).map(str.strip), TEXTS, st.integers(12, 120)
)
def test_what_became_of_a_line_is_seen_at_every_width(fate: Fate, reason: str, text: str, columns: int) -> None:
    rows = drawn(own(fate, reason, text), columns)
    words = {Fate.STORED: "✓", Fate.SENDING: "◷sending", Fate.NOT_SENT: "⏸notsent", Fate.REFUSED: "✗refused"}
    seen = same("".join(rows))
    is_waiting = fate is Fate.SENDING and reason  # what it waits for says as much
    assert (f"◷{same(safe(reason))}" if is_waiting else words.get(fate, "?perhapsnotdelivered")) in seen
    assert same(safe(reason)) in seen


def test_whoever_came_and_went_at_once_is_no_row() -> None:
    assert drawn(Comings((("Bob", False, AT), ("Bob", True, AT + 1)), AT + 1), 80) == []


def test_a_day_and_what_is_new_are_lines_as_wide_as_the_conversation() -> None:
    drawing = EntryRows(local_time)
    for columns in (12, 30, WIDE, 100):
        day, new = drawing.day(AT, columns), drawing.new(4, AT, columns)
        assert width(day) <= columns
        assert width(new) <= columns
    assert " Fri 27 Nov 2026 " in shown([drawing.day(AT, 40)])[0]
    assert " 4 new since 13:05 " in shown([drawing.new(4, AT, 40)])[0]
    assert " 4 new " in shown([drawing.new(4, None, 40)])[0]
    assert drawing.day_of(said("x")) == "2026-11-27"
    assert drawing.day_of(event([[Part("system", "x")]])) == ""


def test_a_time_that_is_none_is_no_reason_to_stop() -> None:
    notice = Said(1, 1 << 62, "Ann", "hi")
    assert drawn(Message(notice), 80)[0].startswith("--:-- Ann")
    assert EntryRows(local_time).day_of(Message(notice)) == ""
    assert re.fullmatch("─+", shown([EntryRows(local_time).day(1 << 62, 40)])[0])
