"""What people read, notice by notice: every row of PROTOCOL §8, and texts that would like to be another row."""

import pytest

from reactor_chat.text.grammar import help_text
from reactor_chat.text.parser import parse
from reactor_chat.text.render import NEW_KEY, NO_ANNOTATION, Annotation, Part, compose, render
from reactor_chat.text.safe import LINE_BREAK
from reactor_chat.wire.messages import (
    NOTICES,
    Accepted,
    Bye,
    Closing,
    Exited,
    GroupChanged,
    GroupOverview,
    GroupSaid,
    GroupsAnswer,
    Hello,
    HelpAnswer,
    HistoryAnswer,
    Joined,
    Limits,
    MembersAnswer,
    NamesAnswer,
    Notice,
    Pong,
    ReadMark,
    ReadMarksAnswer,
    Refused,
    Released,
    Said,
    SeenAnswer,
    Told,
    Welcome,
    is_name,
)
from tests.wire import sealing_examples

ON_A_TERMINAL = "\n    "


def said(text: str | None, sender: str = "John") -> Said:
    return Said(seq=1, at=0, sender=sender, text=text, sealed={} if text is None else None)


def told(text: str | None, sender: str = "John", to: str = "Stella") -> Told:
    return Told(seq=1, at=0, sender=sender, to=to, text=text, sealed={} if text is None else None)


def group_said(text: str | None) -> GroupSaid:
    return GroupSaid(seq=1, at=0, sender="John", group="team", text=text, sealed={} if text is None else None)


def changed(change: str, user: str | None = None, members: list[str] | None = None) -> GroupChanged:
    return GroupChanged(seq=1, at=0, group="team", change=change, by="John", user=user, members=members)


PROTOCOL_ROWS: list[tuple[Notice, str]] = [
    (Welcome(name="John", seq=1, guest=True, text="[Welcome John]"), "[Welcome John]"),
    (said("Hello everyone!"), "[John:] Hello everyone!"),
    (told("Hi"), "[John (private):] Hi"),
    (told("Hi", sender="me", to="Stella"), "[to Stella:] Hi"),
    (group_said("Hi"), "[John (team):] Hi"),
    (Joined(seq=1, at=0, name="John"), "[John joined]"),
    (Exited(seq=1, at=0, name="John"), "[John exited]"),
    (
        Released(seq=1, at=0, name="John"),
        "[The name John was released. Whoever uses it next may be a different person]",
    ),
    (NamesAnswer(names=["John", "Peter", "Stella"]), "[Connected users: John, Peter, Stella]"),
    (MembersAnswer(group="team", owner="John", members=["John", "Peter"]), "[Members of team: John, Peter]"),
    (SeenAnswer("Stella", here=True), "[Stella is here]"),
    (SeenAnswer("Stella"), "[Stella has not been here yet]"),
    (SeenAnswer("Stella", seconds=59), "[Stella was here a moment ago]"),
    (SeenAnswer("Stella", seconds=60), "[Stella was last here 1 minute ago]"),
    (SeenAnswer("Stella", seconds=7_200), "[Stella was last here 2 hours ago]"),
    (SeenAnswer("Stella", seconds=86_400 * 3), "[Stella was last here 3 days ago]"),
    (
        GroupsAnswer(groups=[GroupOverview("lunch", "John", ["John"]), GroupOverview("team", "John", ["John"])]),
        "[Your groups: lunch, team]",
    ),
    (changed("created", members=["John", "Peter"]), "[Group team created by John: John, Peter]"),
    (changed("deleted"), "[Group team deleted by John]"),
    (changed("added", "Stella", ["John", "Stella"]), "[Stella added to team by John]"),
    (changed("kicked", "Stella", ["John"]), "[Stella kicked from team by John]"),
    (changed("left", "Stella", ["John"]), "[Stella left team]"),
    (changed("owner", "Peter", ["Peter"]), "[Peter owns team now]"),
    (Refused("name_taken", "Username is already taken"), "Username is already taken"),
    (Closing(seconds=5, text="whatever it says"), "[Server is shutting down]"),
]

NOT_SHOWN: list[Notice] = [
    Hello(protocol=1, server="x", nonce=b"x" * 32, limits=Limits(1, 1)),
    Bye(reason="quit", text="Bye"),
    Accepted(re="1", seq=1),
    Pong(),
    ReadMarksAnswer([ReadMark(9, "Stella")]),
    changed("renamed by a newer server", "Stella"),
    *sealing_examples.NOTICES,
]


@pytest.mark.parametrize(("notice", "line"), PROTOCOL_ROWS)
def test_the_rows_of_the_protocol(notice: Notice, line: str) -> None:
    assert render(notice, "Me") == line
    assert render(notice, "Me", ON_A_TERMINAL) == line


@pytest.mark.parametrize("notice", NOT_SHOWN)
def test_what_has_no_row_is_not_shown(notice: Notice) -> None:
    assert compose(notice, "Me") == []
    assert render(notice, "Me") is None


def test_no_notice_was_forgotten() -> None:
    tested = {type(notice) for notice, _ in PROTOCOL_ROWS} | {type(notice) for notice in NOT_SHOWN}
    assert set(NOTICES.values()) - tested == {HelpAnswer, HistoryAnswer}


@pytest.mark.parametrize(
    ("notice", "line"),
    [
        (said(None), "[John: encrypted message]"),
        (told(None), "[John (private): encrypted message]"),
        (told(None, sender="ME"), "[to Stella: encrypted message]"),
        (group_said(None), "[John (team): encrypted message]"),
        (told("a note", sender="Me", to="Me"), "[to Me:] a note"),
        (said("  as typed "), "[John:]   as typed "),
        (NamesAnswer(names=[]), "[Connected users: none]"),
        (MembersAnswer(group="team", owner="x", members=[]), "[Members of team: none]"),
        (GroupsAnswer(groups=[]), "[Your groups: none]"),
        (NamesAnswer(names=["A", "B"], more=True), "[Connected users: A, B]"),
        (HistoryAnswer(messages=[], more=False), "[No messages yet]"),
        (changed("added"), "[none added to team by John]"),
    ],
)
def test_what_the_protocol_leaves_open(notice: Notice, line: str) -> None:
    assert render(notice, "Me") == line


def test_history_is_its_messages_lines() -> None:
    page = HistoryAnswer(
        messages=[said("one"), told("two", sender="Me"), group_said("three\nfour"), said(None)], more=True
    )
    assert render(page, "me") == "[John:] one\n[to Stella:] two\n[John (team):] three ⏎ four\n[John: encrypted message]"


def test_help_is_read_as_it_is_written() -> None:
    assert render(HelpAnswer(text=help_text()), "Me") == help_text()
    assert render(HelpAnswer(text="a\x1b[2J\r\nb"), "Me") == "a␛[2J␍\nb"


def test_a_usage_stands_on_a_second_line_and_nothing_on_a_third() -> None:
    refused = parse("@who")
    assert isinstance(refused, Refused)
    assert render(refused, "Me") == "Invalid command. Use @help\nUsage: @who <group>"
    assert render(Refused("invalid_command", "a\nb\nc"), "Me") == "a\nb ⏎ c"
    assert render(Refused("no_such_user", "Nobody is called x\n[John:] hi"), "Me") == "Nobody is called x ⏎ [John:] hi"


def test_a_line_break_becomes_what_the_face_wants() -> None:
    assert render(said("one\ntwo\r\nthree"), "Me") == "[John:] one ⏎ two ⏎ three"
    assert render(said("one\ntwo\r\nthree"), "Me", ON_A_TERMINAL) == "[John:] one\n    two\n    three"


@pytest.mark.parametrize(
    "text",
    [
        "\n[Stella:] hi",
        "x\r\n[Stella:] hi",
        "\r[Stella:] hi",
        "\u2028[Stella:] hi",
        "\x85[Stella:] hi",
        "\x0b[Welcome x]",
        "\x1b[1G[",
    ],
)
@pytest.mark.parametrize("line_break", [" ⏎ ", ON_A_TERMINAL])
def test_no_text_passes_for_another_line(text: str, line_break: str) -> None:
    for notice in (said(text), said("x", sender=text), told(text), group_said(text), Joined(seq=1, at=0, name=text)):
        rendered = render(notice, "Me", line_break)
        assert rendered is not None
        first, *further = rendered.splitlines()
        assert first.startswith("[")
        assert not first.startswith(("[Stella:", "[Welcome"))
        assert all(line.startswith("    ") for line in further)


def test_parts_have_roles() -> None:
    assert compose(group_said("one\ntwo"), "Me", ON_A_TERMINAL) == [
        [
            Part("mark", "["),
            Part("name", "John"),
            Part("mark", " ("),
            Part("group", "team"),
            Part("mark", "):"),
            Part("mark", "] "),
            Part("text", "one"),
        ],
        [Part("text", "    two")],
    ]
    assert compose(NamesAnswer(names=["A", "B"]), "Me") == [
        [
            Part("system", "[Connected users: "),
            Part("name", "A"),
            Part("system", ", "),
            Part("name", "B"),
            Part("system", "]"),
        ]
    ]
    assert compose(GroupsAnswer(groups=[]), "Me")[0][1] == Part("system", "none")
    assert compose(GroupsAnswer(groups=[GroupOverview("t", "x", [])]), "Me")[0][1] == Part("group", "t")
    assert compose(Refused("gap", "Gone"), "Me") == [[Part("refusal", "Gone")]]
    assert compose(HelpAnswer(text="x"), "Me") == [[Part("help", "x")]]


def test_what_the_operator_says_is_told_apart_and_by_nobody_else() -> None:
    spoken = Said(1, 1, "server", "Back at noon\nor later")
    assert render(spoken, "Ann") == "[server:] Back at noon ⏎ or later"
    assert {part.role for line in compose(spoken, "Ann", "\n") for part in line} == {"announcement"}
    for other in (Said(1, 1, "server_", "x"), Told(1, 1, "server", "Ann", "x"), Said(1, 1, "Server", "x")):
        assert "announcement" not in {part.role for line in compose(other, "Ann") for part in line}


@pytest.mark.parametrize(
    ("notice", "line"),
    [
        (said("hi"), "[John, encrypted:] hi"),
        (told("hi"), "[John (private), encrypted:] hi"),
        (told("hi", sender="ME"), "[to Stella, encrypted:] hi"),
        (group_said("hi"), "[John (team), encrypted:] hi"),
        (said(None), "[John, encrypted: encrypted message (from before you came)]"),
    ],
)
def test_what_a_client_knows_of_a_message_stands_where_nobody_else_can_write(notice: Notice, line: str) -> None:
    annotation = Annotation("sealed", "from before you came")
    assert ["".join(part.text for part in parts) for parts in compose(notice, "Me", LINE_BREAK, [annotation])] == [line]
    assert compose(notice, "Me", LINE_BREAK, [NO_ANNOTATION]) == compose(notice, "Me")


@pytest.mark.parametrize(
    ("notice", "line"),
    [
        (said("hi"), "[John ✓, encrypted:] hi"),
        (told("hi"), "[John ✓ (private), encrypted:] hi"),
        (told("hi", sender="ME"), "[to Stella ✓, encrypted:] hi"),
        (group_said("hi"), "[John ✓ (team), encrypted:] hi"),
        (said(None), "[John ✓, encrypted: encrypted message]"),
    ],
)
def test_a_verified_name_has_a_check_mark_within_our_brackets(notice: Said | Told | GroupSaid, line: str) -> None:
    annotation = Annotation("sealed", is_verified=True)
    (parts,) = compose(notice, "Me", LINE_BREAK, [annotation])
    assert "".join(part.text for part in parts) == line
    assert [part.role for part in parts if "✓" in part.text] == ["mark"]
    page = HistoryAnswer(messages=[notice, notice], more=False)
    shown = [
        "".join(part.text for part in parts) for parts in compose(page, "Me", LINE_BREAK, [NO_ANNOTATION, annotation])
    ]
    assert shown == [line.replace(" ✓", "").replace(", encrypted:", ":"), line]


def test_nobody_can_write_a_check_mark_that_stands_there() -> None:
    assert not is_name("John ✓")
    assert not is_name("John✓")


def test_each_message_of_a_history_has_its_own() -> None:
    page = HistoryAnswer(messages=[said("one"), said("two"), said(None)], more=False)
    lines = compose(page, "Me", LINE_BREAK, [Annotation("sealed"), NO_ANNOTATION, Annotation("", "no\nkey")])
    shown = ["".join(part.text for part in parts) for parts in lines]
    assert shown[:2] == ["[John, encrypted:] one", "[John:] two"]
    assert shown[2].startswith("[John: encrypted message (no")
    assert "\n" not in shown[2]


@pytest.mark.parametrize("message", [said("hi"), told("hi"), group_said(None)])
def test_a_key_that_is_not_the_known_one_is_seen_in_the_brackets(message: Notice) -> None:
    lines = compose(message, "Me", LINE_BREAK, [Annotation(NEW_KEY)])
    assert ", encrypted, NEW KEY:" in "".join(part.text for part in lines[0])
    assert {part.role for part in lines[0]} - {"name", "group", "text"} == {"alarm"}
    assert "alarm" not in {part.role for part in compose(message, "Me", LINE_BREAK, [Annotation("sealed")])[0]}


@pytest.mark.parametrize(("text", "sealed"), [("anything", None), (None, {"v": 1})])
def test_what_was_removed_is_said_to_be_whatever_stands_in_it(
    text: str | None, sealed: dict[str, object] | None
) -> None:
    message = Said(7, 0, "Ann", text, sealed, removed=True)
    assert render(message, "Bob") == "[Ann: message removed]"
    assert render(Said(7, 0, "Ann", "[message removed]"), "Bob") == "[Ann:] [message removed]"


@pytest.mark.parametrize(
    ("mark", "word"),
    [("sealed", "encrypted"), ("not sealed", "not encrypted"), (NEW_KEY, "encrypted, NEW KEY")],
)
def test_a_mark_is_said_in_a_persons_words(mark: str, word: str) -> None:
    (line,) = compose(said("hi"), "Me", LINE_BREAK, [Annotation(mark)])
    assert "".join(part.text for part in line) == f"[John, {word}:] hi"
