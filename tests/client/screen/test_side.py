"""The panes at the sides: the chats with what is new in them, and who is here."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.screen.rows import Row, width
from reactor_chat.client.screen.side import UNREAD_SHOWN_MAX, chats, people
from reactor_chat.client.transcript.window import Window
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.wire.conversation import ROOM, Conversation


def shown(rows: list[Row]) -> list[str]:
    return ["".join(span.text for span in row).rstrip() for row in rows]


def chat(name: str = "", *, unread: int = 0, mentions: int = 0, posture: Posture = Posture.PLAIN) -> Window:
    window = Window(Conversation.pair(name) if name else ROOM, name)
    window.unread, window.mentions, window.posture = unread, mentions, posture
    return window


def test_the_chats_and_what_is_new_in_them() -> None:
    room, muted = chat(), chat("Gus")
    muted.is_muted = True
    windows = [room, chat("Ann", unread=3, posture=Posture.SEALED), chat("Bob", unread=200, mentions=120), muted]
    assert shown(chats(windows, room, 2, 26, 9)) == [
        " Chats       ^K to switch",
        "▸# room",
        " @ Ann    encrypted   3",
        " @ Bob              99+@99",
        " @ Gus               muted",
        "",
        " ! 2 lines not sent    F3",
        " 2 chats unread, 120 for …",
        " Alt-A goes there",
    ]


def test_where_there_is_little_room_what_is_new_counts_most() -> None:
    window = chat("A_name_of_thirty_two_characters_", unread=3, mentions=1, posture=Posture.SEALED)
    rows = shown(chats([window], window, 0, 26, 5))
    assert rows[1] == "▸@ A_name_of_thirt…   3 @1"


WINDOWS = st.lists(st.integers(0, UNREAD_SHOWN_MAX + 2), min_size=1, max_size=40)


@given(WINDOWS, st.integers(0, 39), st.integers(0, 2), st.integers(6, 30), st.integers(0, 50))
def test_the_open_chat_is_always_listed_and_every_row_is_as_wide(
    unread: list[int], at: int, unsent: int, height: int, first: int
) -> None:
    windows = [chat(f"n{number}", unread=count) for number, count in enumerate(unread)]
    opened = windows[at % len(windows)]
    rows = chats(windows, opened, unsent, 26, height, first=first)
    assert len(rows) == height
    assert all(width(row) == 26 for row in rows)
    (listed,) = [row for row in shown(rows) if row.startswith("▸")]
    assert listed.split()[1] == opened.name
    assert any("not sent" in row for row in shown(rows)) == bool(unsent)
    assert any("unread" in row for row in shown(rows)) == any(unread)


@given(st.integers(0, 40), st.integers(1, 20))
def test_whoever_does_not_fit_is_counted(count: int, height: int) -> None:
    names = [f"n{number}" for number in range(count)]
    head, *rows = shown(people(names, "N0", 17, height))
    assert head.split() == ["People", str(count)]
    assert len(rows) <= height - 1
    seen = [row.split()[1] for row in rows if row.startswith(" ●")]
    assert seen == names[: len(seen)]
    if len(seen) < count and height > 1:
        assert rows[-1] == f" and {count - len(seen)} more"
    assert ("you" in rows[0]) if seen else True


def test_each_is_named_in_their_own_style_and_the_person_is_you() -> None:
    rows = people(["Ann", "John"], "john", 17, 5)
    assert shown(rows) == [" People        2", " ● Ann", " ● John      you"]
    assert rows[1][3].style == "name ann"
