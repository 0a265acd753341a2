"""The engine against scripted bytes and a clock that stands still until it is moved."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.boundary import ExitStatus, NoteKind, Wish
from reactor_chat.client.states import State
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
    Ping,
    Pong,
    Quit,
    Refused,
    Said,
    Say,
    Tell,
    Welcome,
)
from reactor_chat.wire.transcript import login_transcript
from tests.client.toy import NONCE, Watcher, again, hello, live, said, texts, welcome


def ids(watcher: Watcher) -> list[str]:
    return [r.id for r in watcher.requests() if isinstance(r, Say | Tell) and r.id]


# ---------------------------------------------------------------------------------------------------- logging in


def test_logs_in_with_the_name_it_was_given():
    watcher = live(Watcher("Ann"))
    assert watcher.requests() == [Login("Ann", 1)]
    assert watcher.notices == [hello(), welcome("Ann")]
    assert watcher.engine.state is State.LIVE


def test_takes_the_spelling_the_server_shows():
    watcher = Watcher("ann")
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), welcome("Ann"))
    assert watcher.engine.name == "Ann"


def test_asks_for_a_name_and_connects_meanwhile():
    watcher = Watcher(None, interactive=True)
    watcher.engine.start(0.0)
    assert watcher.took(Wish.CONNECT)
    assert watcher.notes(NoteKind.QUESTION)
    watcher.engine.connected(0.0)
    watcher.hear(hello())
    assert watcher.requests() == []
    watcher.engine.typed("  Ann ", 1.0)
    assert watcher.requests() == [Login("Ann", 1)]


def test_a_name_typed_before_the_greeting_waits_for_it():
    watcher = Watcher(None, interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.typed("Ann", 0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello())
    assert watcher.requests() == [Login("Ann", 1)]


@pytest.mark.parametrize("code", ["name_taken", "bad_name", "name_reserved"])
def test_a_person_is_asked_for_another_name_on_the_same_connection(code):
    watcher = Watcher("Ann", interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), Refused(code, "No"))
    assert watcher.notices[-1] == Refused(code, "No")
    assert watcher.engine.wants_name
    watcher.engine.typed("Anna", 1.0)
    watcher.hear(welcome("Anna"))
    assert watcher.requests() == [Login("Ann", 1), Login("Anna", 1)]
    assert watcher.engine.state is State.LIVE


@pytest.mark.parametrize("code", ["name_taken", "bad_name", "bad_signature", "unheard_of"])
def test_a_pipe_stops_where_its_name_is_refused(code):
    watcher = Watcher("Ann")
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), Refused(code, "No"))
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is ExitStatus.REFUSED


@pytest.mark.parametrize("name", ["two words", "", "a" * 33, "é", "\udcff"])
def test_what_cannot_be_a_name_is_refused_without_asking(name):
    piped = Watcher(name)
    piped.engine.start(0.0)
    assert piped.took(Wish.STOP)
    assert piped.engine.exit_status is ExitStatus.REFUSED
    person = Watcher(name, interactive=True)
    person.engine.start(0.0)
    assert person.engine.wants_name
    assert person.took(Wish.CONNECT)


def test_a_server_that_lost_patience_with_a_slow_thinker_is_called_again():
    watcher = Watcher(None, interactive=True)
    watcher.engine.start(0.0)
    assert watcher.took(Wish.CONNECT)
    watcher.engine.connected(0.0)
    watcher.hear(hello(), Refused("login_timeout", "Too slow"), Bye("idle", "Too slow"), now=10.0)
    assert watcher.engine.state is State.OFFLINE
    assert watcher.engine.next_deadline is None
    assert watcher.notes(NoteKind.NEWS) == []
    watcher.engine.typed("Ann", 60.0)
    assert watcher.took(Wish.CONNECT)


def test_a_key_signs_what_the_server_sent():
    class Key:
        key = b"k" * 32

        def sign(self, transcript: bytes) -> bytes:
            assert transcript == login_transcript(NONCE, "Ann", self.key, b"b" * 32)
            return b"s" * 64

    watcher = Watcher("Ann", identity=Key())
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0, b"b" * 32)
    watcher.hear(hello())
    assert watcher.requests() == [Login("Ann", 1, b"k" * 32, b"s" * 64)]


def test_another_protocol_is_the_end():
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(protocol=2))
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is ExitStatus.FAILED


# ---------------------------------------------------------------------------------------------------- no server


@pytest.mark.parametrize(("unknown", "status"), [(True, ExitStatus.HOST_UNKNOWN), (False, ExitStatus.NO_SERVER)])
def test_a_first_connection_that_fails_is_the_end(unknown, status):
    watcher = Watcher(interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.unreachable(0.0, "no", is_host_unknown=unknown)
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is status
    assert len(watcher.notes(NoteKind.FAILURE)) == 1


@pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\0\0\0\0"])
def test_something_else_that_answers_is_no_server(data):
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.engine.received(data, 0.0)
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is ExitStatus.NO_SERVER


def test_something_that_says_nothing_is_no_server():
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    assert watcher.engine.next_deadline == 10.0
    watcher.engine.tick(10.0)
    assert watcher.engine.exit_status is ExitStatus.NO_SERVER


def test_a_full_server_is_tried_again_and_a_pipe_gives_up_after_a_minute():
    watcher = Watcher()
    watcher.engine.start(0.0)
    now = 0.0
    while not watcher.took(Wish.STOP):
        if watcher.took(Wish.CONNECT):
            watcher.engine.connected(now)
            watcher.hear(hello(), Refused("server_full", "Full"), Bye("idle", "Full"), now=now)
        else:
            assert watcher.engine.next_deadline is not None
            now = watcher.engine.next_deadline
            watcher.engine.tick(now)
    assert now == 60.0
    assert watcher.engine.exit_status is ExitStatus.TRY_LATER


# ---------------------------------------------------------------------------------------------------- talking


def test_what_is_typed_is_parsed_here_and_sent_with_an_id_of_its_own():
    watcher = live(Watcher())
    for line in ("Hello", "  ", "", "@Bob psst", "@@names"):
        watcher.engine.typed(line, 0.0)
    say, tell, escaped = watcher.requests()[1:]
    assert (say.text, tell.to, tell.text, escaped.text) == ("Hello", "Bob", "psst", "@names")
    assert len({say.id, tell.id, escaped.id}) == 3


def test_a_person_learns_of_a_typo_at_once():
    watcher = Watcher(interactive=True)
    watcher.engine.start(0.0)
    watcher.engine.typed("@kick", 0.0)
    (refused,) = watcher.notices
    assert refused.code == "invalid_command"


def test_a_pipe_reads_its_answers_in_the_order_of_its_lines():
    watcher = live(Watcher())
    for line in ("one", "@bogus!", "two"):
        watcher.engine.typed(line, 0.0)
    assert [r.text for r in watcher.requests()[1:]] == ["one"]
    (one,) = ids(watcher)
    watcher.hear(said(1, "Ann", "one", one), Accepted(one, 1))
    assert [type(n) for n in watcher.notices[2:]] == [Said, Accepted, Refused]
    assert [r.text for r in watcher.requests()[1:]] == ["one", "two"]


@pytest.mark.parametrize("line", ["\ud800", "half \udcff", "@Bob \ud800"])
def test_what_is_no_text_is_refused_here(line):
    watcher = live(Watcher(interactive=True))
    watcher.engine.typed(line, 0.0)
    assert watcher.notices[-1].code == "bad_text"
    assert len(watcher.requests()) == 1


def test_what_is_longer_than_the_server_takes_is_refused_here():
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    watcher.hear(hello(frame_bytes_max=100), welcome())
    watcher.engine.typed("x" * 100, 0.0)
    watcher.engine.typed("short", 0.0)
    assert watcher.notices[-1].code == "too_long"
    assert [r.text for r in watcher.requests()[1:]] == ["short"]


def test_ones_own_message_is_shown_when_the_server_has_numbered_it_and_once():
    watcher = live(Watcher())
    watcher.engine.typed("Hello", 0.0)
    assert texts(watcher.notices) == []
    (mine,) = ids(watcher)
    watcher.hear(said(1, "Ann", "Hello", mine), Accepted(mine, 1))
    assert texts(watcher.notices) == ["Hello"]


def test_what_was_shown_is_not_shown_again():
    watcher = live(Watcher(), seq=4)
    watcher.hear(said(4), said(5), said(5), Joined(6, 0, "Bob"), said(3), Joined(6, 0, "Bob"), said(7))
    assert [n.seq for n in watcher.notices[2:]] == [5, 6, 7]


def test_a_server_that_began_its_numbers_anew_is_heard():
    watcher = live(Watcher(interactive=True), seq=100)
    watcher.engine.cut(1.0, "gone")
    watcher.engine.tick(10.0)
    again(watcher, seq=2, now=10.0)
    watcher.hear(said(3), now=11.0)
    assert texts(watcher.notices) == ["hi"]


def test_a_server_that_cannot_go_back_so_far_is_not_asked_twice():
    watcher = live(Watcher(interactive=True), seq=5)
    watcher.engine.cut(1.0, "gone")
    watcher.engine.tick(10.0)
    again(watcher, seq=90, now=10.0)
    watcher.hear(Refused("gap", "Some messages are lost"), now=10.0)
    watcher.engine.cut(20.0, "gone")
    watcher.engine.tick(30.0)
    again(watcher, seq=90, now=30.0)
    assert [r.after for r in watcher.requests() if isinstance(r, Login)] == [None, 5, 90]


def test_notices_nobody_knows_are_passed_over():
    watcher = live(Watcher())
    watcher.engine.received(frame(b'{"type":"from_the_future"}') + frame(b"not json") + frame(encode(said(1))), 0.0)
    assert texts(watcher.notices) == ["hi"]


def test_a_greeting_in_the_middle_changes_nothing():
    watcher = live(Watcher())
    watcher.hear(hello(), welcome("Eve", 99))
    watcher.hear(said(1))
    assert watcher.engine.name == "Ann"
    assert texts(watcher.notices) == ["hi"]


def test_ids_of_others_that_look_like_ours_answer_nothing():
    watcher = live(Watcher())
    watcher.engine.typed("Hello", 0.0)
    watcher.engine.end_of_input(0.0)
    watcher.hear(said(1, "Mallory", "Hello", ids(watcher)[0]))
    assert not any(isinstance(r, Quit) for r in watcher.requests())


def test_who_is_there_is_asked_unseen_for_completion():
    watcher = live(Watcher(interactive=True, curious=True))
    names, groups = watcher.requests()[1:]
    assert (type(names), type(groups)) == (AskNames, AskGroups)
    watcher.hear(NamesAnswer(["Ann", "Bob"], names.id, more=True), NamesAnswer(["Zoe"], names.id))
    assert watcher.engine.known.users == ["Ann", "Bob", "Zoe"]
    assert watcher.notices == [hello(), welcome()]


# ---------------------------------------------------------------------------------------------------- leaving


def test_a_pipe_quits_when_everything_is_answered():
    watcher = live(Watcher())
    watcher.engine.typed("Hello", 0.0)
    watcher.engine.typed("@names", 0.0)
    watcher.engine.end_of_input(0.0)
    (mine,) = ids(watcher)
    watcher.hear(Accepted(mine, 1))
    names = watcher.requests()[-1]
    watcher.hear(NamesAnswer(["Ann"], names.id, more=True))
    assert not any(isinstance(r, Quit) for r in watcher.requests())
    watcher.hear(NamesAnswer(["Bob"], names.id))
    assert watcher.requests()[-1] == Quit()
    watcher.hear(Bye("quit", "Goodbye"))
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is ExitStatus.DONE


def test_an_empty_pipe_logs_in_all_the_same():
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.end_of_input(0.0)
    again(watcher)
    assert watcher.requests() == [Login("Ann", 1), Quit()]


def test_what_follows_quit_is_not_asked():
    watcher = live(Watcher())
    for line in ("one", "@quit", "two"):
        watcher.engine.typed(line, 0.0)
    assert not watcher.engine.wants_input
    watcher.hear(Accepted(ids(watcher)[0], 1))
    assert [type(r) for r in watcher.requests()] == [Login, Say, Quit]


def test_a_goodbye_that_is_not_heard_does_not_keep_anybody():
    watcher = live(Watcher(interactive=True))
    watcher.engine.leave(1.0)
    assert watcher.requests()[-1] == Quit()
    assert watcher.engine.next_deadline == 6.0
    watcher.engine.tick(6.0)
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is ExitStatus.DONE


def test_leaving_twice_is_leaving_at_once():
    watcher = live(Watcher(interactive=True))
    watcher.engine.typed("unanswered", 1.0)
    watcher.engine.leave(1.0)
    assert not watcher.took(Wish.STOP)
    watcher.engine.leave(1.0)
    assert watcher.took(Wish.STOP)
    assert watcher.notes(NoteKind.DOUBT) == ["Perhaps not delivered: unanswered"]


def test_a_connection_that_ends_instead_of_a_goodbye_is_as_good():
    watcher = live(Watcher())
    watcher.engine.end_of_input(0.0)
    watcher.engine.cut(0.0, "closed")
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is ExitStatus.DONE


@pytest.mark.parametrize(
    ("reason", "status"),
    [("kicked", ExitStatus.REFUSED), ("taken_over", ExitStatus.REFUSED), ("violation", ExitStatus.FAILED)],
)
def test_who_is_sent_away_does_not_come_back(reason, status):
    watcher = live(Watcher(interactive=True))
    watcher.hear(Bye(reason, "Away with you"))
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is status


@pytest.mark.parametrize("reason", ["shutdown", "idle", "too_slow", "flood", "for_reasons_of_the_future"])
def test_after_any_other_farewell_we_come_back(reason):
    watcher = live(Watcher(interactive=True))
    watcher.hear(Closing(1, "Shutting down"), Bye(reason, "See you"))
    assert watcher.took(Wish.CLOSE)
    assert watcher.engine.state is State.OFFLINE
    watcher.engine.tick(60.0)
    assert watcher.took(Wish.CONNECT)


# ---------------------------------------------------------------------------------------------------- cuts


def test_silence_is_broken_by_a_ping_and_a_ping_unanswered_is_a_cut():
    watcher = live(Watcher(interactive=True))
    assert watcher.engine.next_deadline == 60.0
    watcher.engine.tick(59.9)
    assert len(watcher.requests()) == 1
    watcher.engine.tick(60.0)
    ping = watcher.requests()[-1]
    assert isinstance(ping, Ping)
    watcher.hear(Pong(None, ping.id), now=61.0)
    assert watcher.engine.next_deadline == 121.0
    watcher.engine.tick(121.0)
    assert watcher.engine.next_deadline == 151.0
    watcher.engine.tick(151.0)
    assert watcher.took(Wish.CLOSE)
    assert watcher.engine.state is State.OFFLINE
    assert not any(isinstance(n, Pong) for n in watcher.notices)


def test_pauses_grow_and_begin_anew_after_a_connection_that_lasted():
    watcher = live(Watcher(interactive=True))
    pauses, now = [], 0.0
    watcher.engine.cut(now, "gone")
    for _ in range(9):
        pauses.append(watcher.engine.next_deadline - now)
        now = watcher.engine.next_deadline
        watcher.engine.tick(now)
        watcher.engine.unreachable(now, "refused")
    assert pauses == [0.375, 0.75, 1.5, 3.0, 6.0, 12.0, 22.5, 22.5, 22.5]
    assert len(watcher.notes(NoteKind.NEWS)) == 2
    now = watcher.engine.next_deadline
    watcher.engine.tick(now)
    again(watcher, now=now)
    watcher.engine.cut(now + 11, "gone")
    assert watcher.engine.next_deadline == now + 11.375


def test_a_name_that_our_own_dead_connection_holds_is_waited_for():
    watcher = live(Watcher(interactive=True))
    watcher.engine.cut(0.0, "gone")
    now = 0.0
    while now < 60.0:
        now = watcher.engine.next_deadline
        watcher.engine.tick(now)
        watcher.engine.connected(now)
        assert not watcher.engine.wants_name
        watcher.hear(hello(), Refused("name_taken", "Username is already taken"), now=now)
    assert watcher.engine.wants_name
    assert [n.code for n in watcher.notices if isinstance(n, Refused)] == ["name_taken"]


def test_a_claimed_name_sends_again_what_was_not_answered():
    watcher = live(Watcher(interactive=True), guest=False)
    for line in ("one", "two", "three"):
        watcher.engine.typed(line, 0.0)
    first = ids(watcher)
    watcher.hear(Accepted(first[0], 1))
    watcher.engine.cut(1.0, "gone")
    watcher.engine.typed("four", 1.0)
    watcher.engine.tick(2.0)
    again(watcher, guest=False, now=2.0)
    assert ids(watcher)[3:] == [*first[1:], ids(watcher)[-1]]


def test_a_guest_is_told_what_perhaps_was_not_delivered():
    watcher = live(Watcher(interactive=True))
    for line in ("@Bob one", "two", "three", "@names"):
        watcher.engine.typed(line, 0.0)
    sent = ids(watcher)
    watcher.engine.cut(1.0, "gone")
    watcher.engine.typed("four", 1.0)
    watcher.engine.tick(2.0)
    watcher.sent = b""
    again(watcher, seq=7, now=2.0)
    login, end, names, four = watcher.requests()
    assert (type(login), type(end), type(names), four.text) == (Login, Ping, AskNames, "four")
    watcher.hear(said(5, "Ann", "two", sent[1]), now=2.0)  # what everyone may see is replayed
    assert watcher.notes(NoteKind.DOUBT) == []
    watcher.hear(Pong(None, end.id), now=2.0)
    assert watcher.notes(NoteKind.DOUBT) == ["Perhaps not delivered: @Bob one", "Perhaps not delivered: three"]


def test_a_pipe_that_cannot_tell_what_was_delivered_says_so_with_its_status():
    watcher = live(Watcher())
    watcher.engine.typed("lost?", 0.0)
    watcher.engine.end_of_input(0.0)
    watcher.engine.cut(1.0, "gone")
    watcher.engine.tick(2.0)
    again(watcher, now=2.0)
    watcher.hear(Pong(None, watcher.requests()[-1].id), now=2.0)
    watcher.hear(Bye("quit", "Goodbye"), now=2.0)
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is ExitStatus.TRY_LATER


def test_a_pipe_gives_up_after_a_minute_and_says_what_was_not_sent():
    watcher = live(Watcher())
    watcher.engine.cut(5.0, "gone")
    for i in range(8):
        watcher.engine.typed(f"line {i}", 6.0)
    while not watcher.took(Wish.STOP):
        now = watcher.engine.next_deadline
        watcher.engine.tick(now)
        if watcher.took(Wish.CONNECT):
            watcher.engine.unreachable(now, "refused")
    assert now == 65.0
    assert watcher.engine.exit_status is ExitStatus.TRY_LATER
    assert watcher.notes(NoteKind.DOUBT) == [*(f"Not sent: line {i}" for i in range(5)), "Not sent: and 3 more"]


def test_a_pipe_that_has_nothing_left_to_say_does_not_wait_for_a_lost_server():
    watcher = live(Watcher())
    watcher.engine.cut(5.0, "gone")
    watcher.engine.end_of_input(6.0)
    assert watcher.took(Wish.STOP)
    assert watcher.engine.exit_status is ExitStatus.DONE


def test_a_person_who_types_without_a_connection_is_told_that_it_waits():
    watcher = live(Watcher(interactive=True))
    watcher.engine.cut(1.0, "gone")
    watcher.engine.typed("later", 1.0)
    assert "will be sent" in watcher.notes(NoteKind.NEWS)[-1]


def test_a_second_word_about_a_cut_is_ignored():
    watcher = live(Watcher(interactive=True))
    watcher.engine.cut(1.0, "gone")
    watcher.engine.cut(1.0, "gone again")
    watcher.engine.received(b"late", 1.0)
    assert len(watcher.notes(NoteKind.NEWS)) == 1


def test_a_stopped_engine_stays_stopped():
    watcher = live(Watcher())
    watcher.engine.leave(0.0)
    watcher.engine.leave(0.0)
    for _ in range(2):
        watcher.engine.typed("x", 1.0)
        watcher.engine.end_of_input(1.0)
        watcher.engine.leave(1.0)
        watcher.engine.tick(1e9)
        watcher.hear(said(1))
        watcher.engine.cut(1.0, "gone")
    assert watcher.engine.next_deadline is None
    assert watcher.engine.state is State.STOPPED
    assert texts(watcher.notices) == []


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


def heard(pieces: list[bytes]) -> tuple:
    watcher = Watcher()
    watcher.engine.start(0.0)
    watcher.engine.connected(0.0)
    for piece in pieces:
        watcher.engine.received(piece, 0.0)
    watcher.take()
    return watcher.shown, watcher.wishes, watcher.sent, watcher.engine.exit_status


def test_byte_by_byte_is_the_same_as_whole():
    assert heard([SESSION[i : i + 1] for i in range(len(SESSION))]) == heard([SESSION])


@given(st.lists(st.integers(0, len(SESSION)), max_size=12).map(sorted), st.binary(max_size=20))
def test_any_split_is_the_same_as_whole(places, tail):
    stream = SESSION + tail
    edges = [0, *places, len(stream)]
    assert heard([stream[a:b] for a, b in pairwise(edges)]) == heard([stream])


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_at_all_raise_anything(pieces):
    heard(pieces)
    heard([frame(encode(hello())), *pieces])
    heard([frame(encode(hello())), frame(encode(welcome())), *(frame(p) for p in pieces if p)])


def test_welcome_is_a_notice_for_the_face_too():
    assert isinstance(live(Watcher()).notices[-1], Welcome)
