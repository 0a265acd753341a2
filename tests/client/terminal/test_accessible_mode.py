"""What a person hears, or reads on a braille line: all that was written, for nothing of it is ever taken back."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.boundary import Action, Arrived, Earlier, Note, NoteKind
from reactor_chat.client.connecting.states import State
from reactor_chat.client.spoken.typed_row import written_as
from reactor_chat.client.spoken.unstored import MOMENT_SECONDS
from reactor_chat.text.render import NEW_KEY, Annotation
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import (
    Exited,
    GroupSaid,
    HistoryAnswer,
    Joined,
    NamesAnswer,
    Notice,
    Pong,
    Refused,
    Said,
    Say,
    Tell,
    Told,
)
from tests.client.party import Party
from tests.client.processes import Person, ServerProcess
from tests.client.terminal.listener import AT, MINUTE_MS, Listener
from tests.client.terminal.test_line_mode import Seat
from tests.client.toy import again

BEGINNING = "It is 13:05.\nWelcome John\nWhat you type to everyone is NOT encrypted.\n"


def requests(john: Listener) -> list[Say | Tell]:
    return [request for request in john.watcher.requests() if isinstance(request, Say | Tell)]


def at_home(**how: Any) -> tuple[Listener, Callable[[], str]]:
    """John, logged in; and what was written since."""
    john = Listener(**how).live()
    mark = len(john.paper.written)
    return john, lambda: john.since(mark)


# ------------------------------------------------------------------------------------------------ a conversation


def test_a_conversation_as_it_is_heard() -> None:
    john = Listener().live()
    john.hear(Said(1, john.at, "Ann", "who brings soup?"), Joined(2, john.at, "Bob"))
    john.press("than", "\x7f", "nks!")
    john.hear(Said(3, john.at, "Bob", "I do"), Told(4, john.at, "Stella", "John", "psst"))
    john.press("\r")
    john.hear(Said(5, john.at, "John", "thanks!", id=requests(john)[0].id))
    john.press("@Stella no", "\r")
    john.hear(Told(6, john.at, "John", "Stella", "no", id=requests(john)[1].id), Exited(7, john.at, "Bob"))
    john.wait(360)
    john.show(Said(8, john.at, "Ann", "one\ntwo"))
    john.view.end()
    assert john.paper.text.replace("\a", "(bell)") == (
        BEGINNING + "Ann: who brings soup?\n"
        "Bob joined\n"
        "> than\n"
        "> thanks!(bell)\n"
        "Bob: I do\n"
        "Stella, private: psst\n"
        "You: thanks! Stored.\n"
        "What you type to Stella is NOT encrypted.\n"
        "> @Stella no\n"
        "You to Stella: no Stored.\n"
        "Bob exited\n"
        "It is 13:11.\n"
        "Ann: one\n"
        "  two\n"
    )


def test_every_state_of_a_message_is_a_word_in_front_of_it() -> None:
    john, written = at_home()
    said: list[tuple[Heard, Annotation]] = [
        (Told(1, AT, "Ann", "John", "psst"), Annotation("sealed", is_verified=True)),
        (Told(2, AT, "John", "Ann", "yes"), Annotation("sealed", is_verified=True)),
        (GroupSaid(3, AT, "Ann", "lunch", "hi"), Annotation("not sealed")),
        (Said(4, AT, "Bob", "hi"), Annotation(NEW_KEY)),
        (Said(5, AT, "Bob", "hi"), Annotation("sealed, lost by the server")),
        (Said(6, AT, "Bob", None), Annotation("sealed", "its keys are not here")),
        (Said(7, AT, "Bob", None, removed=True), Annotation()),
        (Said(8, AT, "server", "closed at 18:00"), Annotation()),
    ]
    for notice, annotation in said:
        john.show(Arrived(notice, None, (annotation,)))
    assert written().replace("\a", "").splitlines() == [
        "Ann, verified, private, encrypted: psst",
        "You to Ann, verified, encrypted: yes",
        "Ann in lunch, not encrypted: hi",
        "Bob, encrypted, NEW KEY: hi",
        "Bob, encrypted, lost by the server: hi",
        "Bob, encrypted, message that cannot be read (its keys are not here)",
        "Bob, message removed",
        "server, announcement: closed at 18:00",
    ]


def test_what_was_said_before_has_its_times_and_stands_between_marks() -> None:
    john, written = at_home()
    earlier: list[Heard] = [Said(1, AT - 1_440 * MINUTE_MS, "Ann", "old"), Told(2, AT, "John", "Ann", "newer")]
    john.show(HistoryAnswer(earlier, more=True), Earlier([earlier[1]]))
    assert written().splitlines() == [
        "From the history, and there are older ones:",
        "Ann at 2026-11-26 13:05: old",
        "You to Ann at 13:05: newer",
        "End of the history.",
        "Where you left off:",
        "You to Ann at 13:05: newer",
        "End of what you have seen.",
    ]


def test_answers_and_refusals_are_sentences() -> None:
    john, written = at_home()
    john.show(
        NamesAnswer(["Ann", "John"]),
        Refused("name_reserved", "no"),
        Refused("else", "There is no lunch\nAnn: yes"),
        Arrived(Refused("invalid_command", "Invalid command. Use @help\nUsage: @names"), is_own=True),
        Note(NoteKind.NEWS, "Connected again"),
        Note(NoteKind.ANSWER, "bob: verified, since today"),
    )
    assert written().splitlines() == [
        "Connected users: Ann, John",
        "That name is a reserved word; choose another name",
        "server: There is no lunch ⏎ Ann: yes",
        "Invalid command. Use @help",
        "  Usage: @names",
        "Connected again",
        "Note. bob: verified, since today",
    ]


@pytest.mark.parametrize("text", ["Ann: no", "It is 13:05.", "Bob joined", "Ann, private: x", "Stored."])
def test_no_text_passes_for_a_line_of_its_own(text: str) -> None:
    john, written = at_home(columns=40)
    john.show(Said(1, AT, "Eve", f"x\n{text}"), Said(2, AT, "Eve", f"{'x' * 20}{' ' * 15}{text}"))
    john.show(Said(3, AT, "You", text))
    *others, own = written().splitlines()
    assert all(line.startswith(("Eve: ", "  ")) for line in others)
    assert own == f"User You: {text}"


def test_the_time_is_said_where_it_has_moved_on() -> None:
    john, written = at_home()
    john.show(Said(1, AT + 4 * MINUTE_MS, "Ann", "a"), Said(2, AT + 5 * MINUTE_MS, "Ann", "b"))
    john.show(Said(3, AT - 1_440 * MINUTE_MS, "Ann", "c"), Said(4, 1 << 62, "Ann", "d"))
    assert written().splitlines() == [
        *("Ann: a", "It was 13:10.", "Ann: b"),
        *("It was 2026-11-26 13:05.", "Ann: c", "Ann: d"),
    ]


# ------------------------------------------------------------------------------------------------ bells


def test_a_bell_rings_once_for_each_conversation_until_the_person_has_answered() -> None:
    john, written = at_home()
    john.hear(Told(1, AT, "Ann", "John", "x"), Told(2, AT, "Ann", "John", "y"), Said(3, AT, "Ann", "hi"))
    assert written().count("\a") == 1
    john.hear(Told(4, AT, "Bob", "John", "x"), Said(5, AT, "Bob", "john?"), GroupSaid(6, AT, "Bob", "lunch", "@all"))
    assert written().count("\a") == 2, "one for a turn"
    john.press("@Ann hi", "\r")
    john.hear(Told(7, AT, "Bob", "John", "x"))
    assert written().count("\a") == 2
    john.hear(Told(8, AT, "Ann", "John", "x"))
    assert written().count("\a") == 3
    john.press("\r")
    john.hear(Told(9, AT, "Ann", "John", "x"))
    john.hear(Said(10, AT, "Bob", "John!"))
    assert written().count("\a") == 5


def test_a_bell_rings_while_something_is_typed_and_writes_nothing_else() -> None:
    john, written = at_home()
    john.press("half")
    john.hear(Told(1, AT, "Ann", "John", "x"))
    assert written() == "> half\a"


def test_no_bell_rings_for_what_was_missed_or_what_one_said_oneself() -> None:
    john, written = at_home()
    john.hear(Told(1, AT, "John", "Ann", "John"))
    john.engine.cut(1.0, "gone")
    john.engine.tick(2.0)
    again(john.watcher, now=2.0)
    link = john.engine.messaging.link
    john.hear(Told(2, AT, "Ann", "John", "x"), Pong(None, link.replay_end_id))
    assert "\a" not in written()


# ------------------------------------------------------------------------------------------------ what becomes of it


def test_what_is_not_stored_before_long_is_counted_in_words_and_what_is_refused_says_why() -> None:
    john, written = at_home()
    john.press("one", "\r", "two", "\r")
    john.wait(MOMENT_SECONDS)
    assert written().splitlines()[2:] == ["2 lines are on the way."]
    one, two = requests(john)
    john.hear(Said(1, AT, "John", "one", id=one.id), Refused("too_long", "That is too long", two.id))
    assert written().splitlines()[3:] == ["You: one Stored.", "You, not sent, server: That is too long: two"]
    john.wait(5 * MOMENT_SECONDS)
    assert len(written().splitlines()) == 5


def without_times(text: str) -> list[str]:
    return [line for line in text.splitlines() if not re.match(r"It (is|was) ", line)]


class Home:
    """John, with a key, at a party, hearing everything."""

    def __init__(self) -> None:
        self.party = Party()
        self.guest = self.party.enter("John")
        self.john = Listener(self.guest.engine)
        self.guest.views.append(self.john.view.show)
        self.settle()

    def settle(self, seconds: float = 0.0) -> None:
        self.party.wait(seconds)
        self.john.now = self.party.now
        self.john.view.refresh(self.john.now)
        self.john.view.draw()

    def type(self, *pieces: str) -> list[str]:
        """Type; return what was written since."""
        mark = len(self.john.paper.written)
        for piece in pieces:
            self.john.view.input_came(piece.encode(), self.john.now)
            self.settle(0.1)
        self.settle(2 * MOMENT_SECONDS)
        return without_times(self.john.since(mark))


def test_the_first_line_to_somebody_says_whether_it_is_encrypted() -> None:
    home = Home()
    home.party.enter("Stella")
    home.settle()
    first = home.type("@Stella p", "sst", "\r")
    assert first[:2] == ["What you type to Stella waits for keys.", "> @Stella psst"]
    assert first[-1] == "You to Stella, encrypted: psst Stored."
    again = home.type("@Stella again", "\r")
    assert again == [
        "What you type to Stella is encrypted.",
        "> @Stella again",
        "You to Stella, encrypted: again Stored.",
    ]
    assert home.type("@Stella more", "\r") == ["> @Stella more", "You to Stella, encrypted: more Stored."]


def test_what_is_less_private_than_was_said_is_told_before_the_line_is_typed_to_its_end() -> None:
    home = Home()
    home.party.enter("Stella")
    home.settle()
    home.type("@Stella psst", "\r")
    home.type("@trust block Stella", "\r")
    assert home.type("@Stella", " x", "y") == [
        "> @Stella",
        "What you type to Stella is not sent.",
        "> @Stella xy",
    ]


def test_a_line_that_is_held_is_told_with_its_reason() -> None:
    home = Home()
    home.party.enter("Gus", key=False)
    home.settle()
    heard = home.type("@Gus secret", "\r")
    assert re.search(r"You to Gus, not sent, .+: secret", " ".join(heard)), heard


# ------------------------------------------------------------------------------------------------ whatever happens

NASTY = ["\x1b[31337m", "\x1b]52;c;AAAA\x07", "\u202eevil", "a" * 300, "日本語 " * 40, "👨‍👩‍👧‍👦" * 9, "שלום עולם"]
NASTY += ["x\ny\nz", "é\u0301\u0301" * 20, "\r\n> forged", "\u2028"]
KEYS = ["\r", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x7f", "\t", "\x0b", "\x15", "\x17", "\x19", "\x0c"]
KEYS += [
    "\x1b",
    "\x1b\r",
    "\x03",
    "hello",
    "@",
    "@Bob hi\r",
    "@St\t",
    "/msg x",
    "日本",
    "👩‍👧",
    "\x1b[200~1\n2\n3\n4\x1b[201~",
]
KEYS += ["a\rb\rc\rd\r", "\xe9", "\t\t", "e\u0301", "\x1b[3~", "\x1a"]
STEP = st.one_of(
    st.tuples(
        st.just("hear"),
        st.sampled_from(["said", "told", "group", "joined", "refused"]),
        st.sampled_from(["Ann", "You", "John", "A_name_of_thirty_two_characters_"]),
        st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=60).filter(lambda text: "#" not in text)),
    ),
    st.tuples(st.just("press"), st.sampled_from(KEYS)),
    st.tuples(st.just("resize"), st.sampled_from([(80, 24), (40, 12), (20, 5), (12, 3)])),
    st.tuples(st.just("wait"), st.floats(0.01, 14.0)),
)


def notice_of(kind: str, seq: int, name: str, text: str) -> Notice:
    text = f"#{seq} {text}"
    match kind:
        case "said":
            return Said(seq, AT, name, text)
        case "told":
            return Told(seq, AT, name, "John", text)
        case "group":
            return GroupSaid(seq, AT, name, "lunch", text)
        case "joined":
            return Joined(seq, AT, name)
        case _:
            return Refused("too_fast", text)


class Twins:
    """John twice, hearing and doing the same: with sentences, and in the line mode, which is believed."""

    def __init__(self) -> None:
        self.john, self.other = Listener(), Seat("John")
        self.john.live()
        self.other.live()
        self.heard: list[str] = []

    def hear(self, kind: str, name: str, text: str) -> None:
        seq = len(self.heard) + 1
        notice = notice_of(kind, seq, name, text)
        self.heard.append("" if kind == "joined" else str(seq))
        mark, is_typing = len(self.john.paper.written), bool(self.john.view._editor.text)
        self.john.hear(notice)
        self.other.hear(notice)
        assert not is_typing or f"#{seq} " not in self.john.since(mark), "it falls into nobody's line"

    def press(self, key: str) -> None:
        data = key.encode("latin-1" if key == "\xe9" else "utf-8")
        self.john.press(data)
        self.other.press(data)

    def resize(self, size: tuple[int, int]) -> None:
        self.john.resize(*size)

    def wait(self, seconds: float) -> None:
        self.john.wait(seconds)
        self.other.now += seconds
        self.other.engine.tick(self.other.now)
        self.other.wait(0)

    def check(self) -> None:
        text = self.john.view._editor.text
        assert text == self.other.view._editor.text
        assert [one.text for one in requests(self.john)] == [
            one.text for one in self.other.watcher.requests() if isinstance(one, Say | Tell)
        ]
        if text:
            ends = f"> {written_as(text)}".replace("\r\n", "\n")
            assert self.john.paper.text.replace("\a", "").endswith(ends), "the line stands in the last row"


@settings(max_examples=40, deadline=None)
@given(st.lists(STEP, max_size=30))
def test_whatever_comes_and_is_pressed_nothing_moves_back_and_nothing_is_lost(steps: list[tuple[Any, ...]]) -> None:
    twins = Twins()
    for what, *how in steps:
        getattr(twins, what)(*how)
        if Action.STOP in twins.john.actions or twins.john.engine.state is not State.LIVE:
            break
        twins.check()
    twins.john.view.end()
    numbers = re.findall(r"#(\d+)", twins.john.paper.text)
    assert numbers == [seq for seq in twins.heard if seq], "each once, in the order in which they came"


# ------------------------------------------------------------------------------------------------ a real terminal


def test_a_real_terminal_is_written_on_and_given_back(server: ServerProcess, person: Callable[..., Person]) -> None:
    ann = person("127.0.0.1", server.port, "--name", "Ann", "--accessible", plain=False)
    ann.until("Welcome Ann")
    bob = person("127.0.0.1", server.port, "--name", "Bob")
    bob.until("[Welcome Bob]")
    ann.until("Bob joined")
    ann.press("half a li")
    ann.until_last("> half a li")
    bob.press("@Ann psst\r")
    bob.until("[to Ann:] psst")
    ann.press("ne\r")
    ann.until("Bob, private: psst")
    ann.until("You: half a line Stored.")
    bob.until("[Ann:] half a line")
    ann.press("\x03")
    assert ann.left() == 0
    assert ann.modes == ann.modes_before
    assert not re.search(rb"[^\r\n\a\x20-\x7e\x80-\xff]", ann.seen)
    assert ann.seen.count(b"\a") == 1
