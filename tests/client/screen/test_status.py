"""The rows around the conversation: what becomes of a line is said however little room there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.screen.rows import Row, width
from reactor_chat.client.screen.status import HINTS, POSTURES, Connection, hints, target, title
from reactor_chat.client.transcript.window import Window
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.wire.conversation import ROOM, Conversation

CONNECTIONS = st.builds(
    Connection, st.sampled_from(["connected", "connecting", "offline", "no answer"]), st.integers(0, 12)
)
TITLES = st.sampled_from(["# room", "@ Stella", "# A_group_of_thirty_two_characters", "choose a name"])
WELL = Connection("connected")


def shown(row: Row) -> str:
    return "".join(span.text for span in row)


@given(TITLES, st.sampled_from(Posture), CONNECTIONS, st.integers(20, 200), st.sampled_from(["", "3 lines"]))
def test_what_becomes_of_a_line_is_seen_at_every_width(
    to: str, posture: Posture, connection: Connection, columns: int, beside: str
) -> None:
    row = target(to, posture, connection, columns, beside=beside)
    assert width(row) == columns
    assert POSTURES[posture] in row
    if connection.word != "connected" and columns >= 30:
        assert connection.word in shown(row)
    if columns >= 60:
        assert to in shown(row)


def test_where_there_is_room_everything_stands_there() -> None:
    row = target("# room", Posture.SEALED, Connection("offline", 2), 80, beside="3 lines")
    left, right = " to # room · encrypted", "3 lines   2 on the way   offline "
    assert shown(row) == left + " " * (80 - len(left) - len(right)) + right
    assert shown(target("# room", Posture.PLAIN, WELL, 40)) == " to # room · NOT encrypted    connected "


@pytest.mark.parametrize(("columns", "row"), [
    (39, " to # room · NOT encrypted     offline"),
    (35, " to # room · NOT encrypted offline"),
    (33, " to # r… · NOT encrypted offline"),
    (30, " # r… · NOT encrypted offline"),
    (29, " NOT encrypted       offline"),
    (23, " NOT encrypted offline"),
    (22, " NOT encrypted"),
])  # fmt: skip
def test_with_less_room_the_name_is_cut_and_then_left_out(columns: int, row: str) -> None:
    assert shown(target("# room", Posture.PLAIN, Connection("offline"), columns)).rstrip() == row


def test_the_title_says_where_one_is() -> None:
    window = Window(Conversation.group("lunch"), "Lunch")
    window.posture, window.is_left = Posture.SEALED, True
    row = title(window, 3, Connection("offline"), 120)
    assert shown(row) == " # Lunch · encrypted · you are no member any more · 3 here · offline"
    assert shown(title(Window(ROOM), 0, WELL, 120)) == " # room · NOT encrypted · connected"
    assert width(title(window, 3, WELL, 20)) <= 20


@given(st.integers(1, 120))
def test_the_most_needed_keys_stand_at_the_bottom_and_none_is_cut(columns: int) -> None:
    row = hints(columns)
    assert width(row) <= columns
    keys = [span.text for span in row if span.style == "key"]
    if columns >= 30:
        assert keys[0] == "Enter"
        assert keys[-1] == "F1"
        assert all(f" {what}" in shown(row) for key, what in HINTS if key in keys)
    if columns >= 100:
        assert keys == [key for key, _ in HINTS]
