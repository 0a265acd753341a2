"""The engine against scripted bytes and a clock that stands still until it is moved."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.boundary import Action, ExitStatus, NoteKind
from reactor_chat.client.connecting.states import State
from reactor_chat.client.messaging import NONSENSE
from reactor_chat.testing.vault import SimulatedVault
from reactor_chat.text.server_words import BAD_ANSWER
from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import frame
from reactor_chat.wire.messages import (
    Accepted,
    AskGroups,
    AskNames,
    Bye,
    Closing,
    Joined,
    Login,
    NamesAnswer,
    Quit,
    Refused,
    Said,
    Tell,
    Welcome,
)
from reactor_chat.wire.transcript import login_transcript
from tests.client.toy import NONCE, Watcher, again, code_of, hello, ids, live, login, said, said_by, texts, welcome

# ---------------------------------------------------------------------------------------------------- logging in


def test_logs_in_with_the_name_it_was_given() -> None:
    watcher = live(Watcher("Ann"))
    assert watcher.requests() == [login("Ann")]
    assert watcher.notices == [hello(), welcome("Ann")]
    assert watcher.engine.state is State.LIVE


def test_takes_the_spelling_the_server_shows() -> None:
    watcher = Watcher("ann")
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), welcome("Ann"))
    assert watcher.engine.name == "Ann"


def test_takes_the_name_that_its_key_owns() -> None:
    watcher = Watcher("", interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello())
    assert watcher.requests() == [login("")]
    watcher.hear(welcome("Ann"))
    assert watcher.engine.name == "Ann"
    assert not watcher.notes(NoteKind.QUESTION)
    assert watcher.engine.state is State.LIVE


def test_asks_for_a_name_where_its_key_owns_none() -> None:
    watcher = Watcher("", interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), Refused("bad_name", "Your key owns no name"))
    assert watcher.notes(NoteKind.QUESTION)
    assert any("Your key owns no name" in text for text in watcher.notes(NoteKind.NEWS))
    watcher.engine.typed("Ann", 1.0)
    assert watcher.requests()[-1] == login("Ann")


def test_what_is_typed_before_the_server_said_a_name_is_a_name_and_is_said_to_nobody() -> None:
    watcher = Watcher("", interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello())
    watcher.engine.typed("Bob", 1.0)
    watcher.hear(welcome("Ann"))
    assert watcher.engine.state is State.OFFLINE
    assert all(isinstance(request, Login) for request in watcher.requests())


def test_asks_for_a_name_and_connects_meanwhile() -> None:
    watcher = Watcher(None, interactive=True)
    watcher.engine.start(0.0)
    assert watcher.took(Action.CONNECT)
    assert watcher.notes(NoteKind.QUESTION)
    watcher.engine.connected(0.0)
    watcher.hear(hello())
    assert watcher.requests() == []
    watcher.engine.typed("  Ann ", 1.0)
    assert watcher.requests() == [login("Ann")]


def test_a_name_typed_before_the_greeting_waits_for_it() -> None:
    watcher = Watcher(None, interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.typed("Ann", 0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello())
    assert watcher.requests() == [login("Ann")]


@pytest.mark.parametrize("code", ["name_taken", "bad_name", "name_reserved"])
def test_a_person_is_asked_for_another_name_on_the_same_connection(code: str) -> None:
    watcher = Watcher("Ann", interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), Refused(code, "No"))
    is_told_by_its_code = code != "bad_name"  # the form of this name is right
    assert (watcher.notices[-1] == Refused(code, "No")) == is_told_by_its_code
    assert any("No" in text for text in watcher.notes(NoteKind.NEWS)) != is_told_by_its_code
    assert watcher.engine.wants_name
    watcher.engine.typed("Anna", 1.0)
    watcher.hear(welcome("Anna"))
    assert watcher.requests() == [login("Ann"), login("Anna")]
    assert watcher.engine.state is State.LIVE


@pytest.mark.parametrize("code", ["name_taken", "bad_name", "bad_signature", "unheard_of"])
def test_a_pipe_stops_where_its_name_is_refused(code: str) -> None:
    watcher = Watcher("Ann")
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), Refused(code, "No"))
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.REFUSED


@pytest.mark.parametrize("name", ["two words", "a" * 33, "é", "\udcff"])
def test_what_cannot_be_a_name_is_refused_without_asking(name: str) -> None:
    piped = Watcher(name)
    piped.engine.start(0.0)
    assert piped.took(Action.STOP)
    assert piped.engine.exit_status is ExitStatus.REFUSED
    person = Watcher(name, interactive=True)
    person.engine.start(0.0)
    assert person.engine.wants_name
    assert person.took(Action.CONNECT)


def test_a_server_that_lost_patience_with_a_slow_thinker_is_called_again() -> None:
    watcher = Watcher(None, interactive=True)
    watcher.engine.start(0.0)
    assert watcher.took(Action.CONNECT)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), Refused("login_timeout", "Too slow"), Bye("idle", "Too slow"), now=10.0)
    assert watcher.engine.state is State.OFFLINE
    assert watcher.engine.next_deadline is None
    assert watcher.notes(NoteKind.NEWS) == []
    watcher.engine.typed("Ann", 60.0)
    assert watcher.took(Action.CONNECT)


def test_a_key_signs_what_the_server_sent() -> None:
    class Key:
        key = b"k" * 32

        def sign(self, transcript: bytes) -> bytes:
            assert transcript == login_transcript(NONCE, "Ann", self.key, b"b" * 32)
            return b"s" * 64

    watcher = Watcher("Ann", identity=Key())
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0, b"b" * 32)
    watcher.hear(hello())
    assert watcher.requests() == [login("Ann", b"k" * 32, b"s" * 64)]


def test_another_protocol_is_the_end() -> None:
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(protocol=2))
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.FAILED


# ---------------------------------------------------------------------------------------------------- no server


@pytest.mark.parametrize(
    ("missed", "status"),
    [((ExitStatus.TRY_LATER, "Later"), ExitStatus.TRY_LATER), (None, ExitStatus.NO_SERVER)],
)
def test_a_first_connection_that_fails_is_the_end(missed: tuple[ExitStatus, str] | None, status: ExitStatus) -> None:
    watcher = Watcher(interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.unreachable(0.0, "no", missed=missed)
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is status
    assert len(watcher.notes(NoteKind.FAILURE)) == 1


@pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\0\0\0\0"])
def test_something_else_that_answers_is_no_server(data: bytes) -> None:
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.engine.received(data, 0.0)
    assert watcher.took(Action.STOP)
    assert watcher.engine.exit_status is ExitStatus.NO_SERVER


def test_something_that_says_nothing_is_no_server() -> None:
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    assert watcher.engine.next_deadline == 10.0
    watcher.engine.tick(10.0)
    assert watcher.engine.exit_status is ExitStatus.NO_SERVER


def test_a_full_server_is_tried_again_and_a_pipe_gives_up_after_a_minute() -> None:
    watcher = Watcher()
    watcher.engine.start(0.0)
    now = 0.0
    while not watcher.took(Action.STOP):
        if watcher.took(Action.CONNECT):
            watcher.engine.connected(now)
            watcher.hear(hello(), Refused("server_full", "Full"), Bye("idle", "Full"), now=now)
        else:
            assert watcher.engine.next_deadline is not None
            now = watcher.engine.next_deadline
            watcher.engine.tick(now)
    assert now == 60.0
    assert watcher.engine.exit_status is ExitStatus.TRY_LATER


# ---------------------------------------------------------------------------------------------------- talking


def test_what_is_typed_is_parsed_here_and_sent_with_an_id_of_its_own() -> None:
    watcher = live(Watcher())
    for line in ("Hello", "  ", "", "@Bob psst", "@@names"):
        watcher.engine.typed(line, 0.0)
    say, tell, escaped = watcher.requests()[1:]
    assert isinstance(tell, Tell)
    assert said_by([say, tell, escaped]) == ["Hello", "psst", "@names"]
    assert tell.to == "Bob"
    assert len({say.id, tell.id, escaped.id}) == 3


def test_a_person_learns_of_a_typo_at_once() -> None:
    watcher = Watcher(interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.typed("@kick", 0.0)
    (refused,) = watcher.notices
    assert code_of(refused) == "invalid_command"


def test_a_pipe_reads_its_answers_in_the_order_of_its_lines() -> None:
    watcher = live(Watcher())
    for line in ("one", "@bogus!", "two"):
        watcher.engine.typed(line, 0.0)
    assert said_by(watcher.requests()[1:]) == ["one"]
    (one,) = ids(watcher)
    watcher.hear(said(1, "Ann", "one", one), Accepted(one, 1))
    assert [type(n) for n in watcher.notices[2:]] == [Said, Accepted, Refused]
    assert said_by(watcher.requests()[1:]) == ["one", "two"]


@pytest.mark.parametrize("line", ["\ud800", "half \udcff", "@Bob \ud800"])
def test_what_is_no_text_is_refused_here(line: str) -> None:
    watcher = live(Watcher(interactive=True))
    watcher.engine.typed(line, 0.0)
    assert code_of(watcher.notices[-1]) == "bad_text"
    assert len(watcher.requests()) == 1


def test_what_is_longer_than_the_server_takes_is_refused_here() -> None:
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(frame_bytes_max=100), welcome())
    watcher.engine.typed("x" * 100, 0.0)
    watcher.engine.typed("short", 0.0)
    assert code_of(watcher.notices[-1]) == "too_long"
    assert said_by(watcher.requests()[1:]) == ["short"]


def test_ones_own_message_is_shown_when_the_server_has_numbered_it_and_once() -> None:
    watcher = live(Watcher())
    watcher.engine.typed("Hello", 0.0)
    assert texts(watcher.notices) == []
    (mine,) = ids(watcher)
    watcher.hear(said(1, "Ann", "Hello", mine), Accepted(mine, 1))
    assert texts(watcher.notices) == ["Hello"]


def test_what_was_shown_is_not_shown_again() -> None:
    watcher = live(Watcher(), seq=4)
    watcher.hear(said(4), said(5), said(5), Joined(6, 0, "Bob"), said(3), Joined(6, 0, "Bob"), said(7))
    assert [getattr(notice, "seq", None) for notice in watcher.notices[2:]] == [5, 6, 7]


def test_a_server_that_began_its_numbers_anew_is_heard() -> None:
    watcher = live(Watcher(interactive=True), seq=100)
    watcher.engine.cut(1.0, "gone")
    watcher.engine.tick(10.0)
    again(watcher, seq=2, now=10.0)
    watcher.hear(said(3), now=11.0)
    assert texts(watcher.notices) == ["hi"]


def test_a_server_that_cannot_go_back_so_far_is_not_asked_twice() -> None:
    watcher = live(Watcher(interactive=True), seq=5)
    watcher.engine.cut(1.0, "gone")
    watcher.engine.tick(10.0)
    again(watcher, seq=90, now=10.0)
    watcher.hear(Refused("gap", "Some messages are lost"), now=10.0)
    watcher.engine.cut(20.0, "gone")
    watcher.engine.tick(30.0)
    again(watcher, seq=90, now=30.0)
    assert [r.after for r in watcher.requests() if isinstance(r, Login)] == [None, 5, 90]


def test_notices_nobody_knows_are_passed_over() -> None:
    watcher = live(Watcher())
    watcher.engine.received(frame(b'{"type":"from_the_future"}') + frame(b"not json") + frame(encode(said(1))), 0.0)
    assert texts(watcher.notices) == ["hi"]


def test_a_greeting_in_the_middle_changes_nothing() -> None:
    watcher = live(Watcher())
    watcher.hear(hello(), welcome("Eve", 99))
    watcher.hear(said(1))
    assert watcher.engine.name == "Ann"
    assert texts(watcher.notices) == ["hi"]


def test_ids_of_others_that_look_like_ours_answer_nothing() -> None:
    watcher = live(Watcher())
    watcher.engine.typed("Hello", 0.0)
    watcher.engine.end_of_input(0.0)
    watcher.hear(said(1, "Mallory", "Hello", ids(watcher)[0]))
    assert not any(isinstance(r, Quit) for r in watcher.requests())


def test_who_is_there_is_asked_unseen_for_completion() -> None:
    watcher = live(Watcher(interactive=True, curious=True))
    names, groups = watcher.requests()[1:]
    assert (type(names), type(groups)) == (AskNames, AskGroups)
    watcher.hear(NamesAnswer(["Ann", "Bob"], names.id, more=True), NamesAnswer(["Zoe"], names.id))
    assert watcher.engine.messaging.directory.users == ["Ann", "Bob", "Zoe"]
    assert watcher.notices == [hello(), welcome()]


# ---------------------------------------------------------------------------------------------------- any split


SESSION = b"".join(
    frame(payload)
    for payload in (
        encode(hello()),
        encode(Refused("login_timeout", "?")),
        encode(welcome(seq=3)),
        encode(said(3)),
        encode(said(4, text="é🎉" * 50)),
        b'{"type":"from_the_future"}',
        encode(Accepted("i-1", 4)),
        encode(said(5)),
        encode(said(5)),
        encode(NamesAnswer(["Ann"] * 500)),
        encode(Closing(1, "Bye")),
        encode(Bye("kicked", "Out")),
        encode(said(6)),
    )
)


def heard(pieces: list[bytes]) -> tuple[object, ...]:
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    for piece in pieces:
        watcher.engine.received(piece, 0.0)
    watcher.take()
    return watcher.shown, watcher.actions, watcher.sent, watcher.engine.exit_status


def test_byte_by_byte_is_the_same_as_whole() -> None:
    assert heard([SESSION[i : i + 1] for i in range(len(SESSION))]) == heard([SESSION])


@given(st.lists(st.integers(0, len(SESSION)), max_size=12).map(sorted), st.binary(max_size=20))
def test_any_split_is_the_same_as_whole(places: list[int], tail: bytes) -> None:
    stream = SESSION + tail
    edges = [0, *places, len(stream)]
    assert heard([stream[a:b] for a, b in pairwise(edges)]) == heard([stream])


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_at_all_raise_anything(pieces: list[bytes]) -> None:
    heard(pieces)
    heard([frame(encode(hello())), *pieces])
    heard([frame(encode(hello())), frame(encode(welcome())), *(frame(p) for p in pieces if p)])


def test_welcome_is_a_notice_for_the_face_too() -> None:
    assert isinstance(live(Watcher()).notices[-1], Welcome)


# ---------------------------------------------------------------------------------------------------- nonsense


def nonsense(watcher: Watcher, **fields: object) -> None:
    """Have a notice come that makes no sense."""
    watcher.engine.received(frame(msgspec.json.encode({"names": ["Bob, sealed"], "type": "names", **fields})), 0.0)


def test_nonsense_is_told_once_a_connection_and_ignored() -> None:
    watcher = live(Watcher())
    for _ in range(3):
        nonsense(watcher)
    watcher.engine.received(frame(b"no JSON"), 0.0)
    assert watcher.notes(NoteKind.ALARM) == [NONSENSE]
    watcher.engine.cut(1.0, "gone")
    watcher.engine.tick(2.0)
    again(watcher, now=2.0)
    nonsense(watcher)
    assert watcher.notes(NoteKind.ALARM) == [NONSENSE] * 2
    assert watcher.engine.state is State.LIVE


def test_what_a_newer_server_says_is_ignored_in_silence() -> None:
    watcher = live(Watcher())
    nonsense(watcher, type="of the future", re="i-1")
    assert watcher.notes(NoteKind.ALARM) == []


def test_a_pipe_does_not_wait_for_an_answer_that_made_no_sense() -> None:
    watcher = live(Watcher())
    watcher.engine.typed("@names", 0.0)
    (asked,) = [request for request in watcher.requests() if isinstance(request, AskNames)]
    watcher.engine.end_of_input(0.0)
    assert [watcher.engine.state] == [State.LIVE]
    nonsense(watcher, re=asked.id)
    assert Refused("bad_answer", BAD_ANSWER, asked.id) in watcher.notices
    assert [watcher.engine.state] == [State.LEAVING]


def test_hidden_questions_are_over_with_an_answer_that_makes_no_sense_and_nobody_sees_that() -> None:
    watcher = live(Watcher(curious=True))
    hidden = set(watcher.engine.messaging.link.hidden_ids)
    assert len(hidden) == 2
    for request_id in hidden:
        nonsense(watcher, re=request_id)
    assert not watcher.engine.messaging.link.hidden_ids
    assert not [notice for notice in watcher.notices if isinstance(notice, Refused)]


def test_the_end_of_what_was_missed_is_not_waited_for_in_vain() -> None:
    watcher = live(Watcher(vault=SimulatedVault()), seq=3)
    watcher.engine.cut(1.0, "gone")
    watcher.engine.tick(2.0)
    again(watcher, seq=3, now=2.0)
    assert watcher.engine.messaging.link.replay_end_id is not None
    nonsense(watcher, type="pong", data=7, re=watcher.engine.messaging.link.replay_end_id)
    assert watcher.engine.messaging.link.replay_end_id is None


def test_a_number_that_came_in_nonsense_is_asked_for_again() -> None:
    watcher = live(Watcher(vault=SimulatedVault()))
    watcher.hear(said(1))
    nonsense(watcher, type="said", seq=2, at=0, text="x", **{"from": "Bob, sealed"})
    assert watcher.engine.messaging.mailbox.inbox.cursor == 1
    watcher.hear(said(3))
    assert texts(watcher.notices) == ["hi", "hi"]
    assert watcher.engine.messaging.mailbox.inbox.cursor == 3


def test_a_server_does_not_choose_who_we_are() -> None:
    watcher = Watcher("Ann")
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), welcome("Bob"))
    assert watcher.engine.state is State.OFFLINE
    assert watcher.engine.name == "Ann"
    assert welcome("Bob") not in watcher.notices
