"""The app without sockets: the rate of reading, deadlines, fairness, slow readers, the lines door, the end."""

from collections.abc import Sequence

import pytest

from reactor_chat.reactor.fanout import LAG_BYTES_MAX
from reactor_chat.server.intake import TURN_COST_MAX
from reactor_chat.server.options.values import Rate
from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import frame
from reactor_chat.wire.messages import (
    Accepted,
    AskHistory,
    AskNames,
    Bye,
    Closing,
    Exited,
    GroupAdd,
    GroupSet,
    Hello,
    HistoryAnswer,
    Joined,
    Login,
    NamesAnswer,
    Notice,
    Ping,
    Pong,
    Quit,
    Refused,
    Said,
    Say,
    Tell,
    Told,
    Welcome,
)
from tests.server.world import Person, World


@pytest.fixture
def world() -> World:
    return World().start()


def texts(notices: Sequence[Notice]) -> list[str | None]:
    return [notice.text for notice in notices if isinstance(notice, Said | Told)]


def reasons(notices: Sequence[Notice]) -> list[str]:
    return [notice.reason for notice in notices if isinstance(notice, Bye)]


# --------------------------------------------------------------------------------------------- the ordinary


def test_hello_is_said_at_once_with_a_fresh_nonce(world: World) -> None:
    first, second = world.connect(), world.connect()
    world.turn()
    (hello,), (other,) = first.heard, second.heard
    assert isinstance(hello, Hello)
    assert isinstance(other, Hello)
    assert hello.nonce != other.nonce
    assert (hello.limits.frame_bytes_max, hello.limits.text_bytes_max) == (65_536, 16_384)
    assert hello.limits.sealed_members_max == 256


def test_what_is_said_is_the_same_bytes_to_everyone_in_one_turn(world: World) -> None:
    people = [world.enter(name) for name in ("Ann", "Bob", "Cid")]
    world.turn()
    marks = [len(person.wire.read) for person in people]
    people[1].ask(Say("Hello", id="1"))
    world.turn()
    (said,) = {bytes(p.wire.read[m:]) for p, m in zip(people, marks, strict=True) if p is not people[1]}
    assert bytes(people[1].wire.read[marks[1] :]).startswith(said)
    assert people[1].heard[-1] == Accepted("1", world.head)


def test_a_connections_answers_keep_the_order_of_its_requests(world: World) -> None:
    ann = world.enter("Ann")
    ann.new()
    ann.ask(*(one for i in range(60) for one in (Say(f"{i}"), AskHistory(1), Ping(f"{i}"))))
    world.settle()
    heard = ann.new()
    assert [type(notice) for notice in heard] == [Said, HistoryAnswer, Pong] * 60
    assert texts(heard) == [str(i) for i in range(60)]
    pages = [texts(notice.messages) for notice in heard if isinstance(notice, HistoryAnswer)]
    assert pages == [[str(i)] for i in range(60)]


def test_what_was_sent_before_the_end_counts(world: World) -> None:
    ann, bob = world.enter("Ann"), world.enter("Bob")
    bob.ask(Say("last words"), Say("and one more"))
    bob.raw(b"\0\0\0\7half")
    bob.half_close()
    assert world.woken, "the end may be learnt after the middle of a turn"
    world.turn()
    assert texts(ann.heard) == ["last words", "and one more"]
    assert ann.of(Exited)
    assert bob.wire.closed
    assert not reasons(bob.heard)


def test_a_name_is_free_again_in_the_turn_in_which_its_holder_left(world: World) -> None:
    ann = world.enter("Ann")
    other = world.connect()
    ann.ask(Quit())
    other.ask(Login("Ann", 1))
    world.turn()
    assert other.of(Welcome)
    assert reasons(ann.heard) == ["quit"]


def test_nothing_that_comes_after_a_goodbye_counts(world: World) -> None:
    ann, bob = world.enter("Ann"), world.enter("Bob")
    ann.ask(Say("before"), Quit(), Say("after"))
    ann.wire.leaves_bytes_max = 0
    world.turn()
    ann.ask(Say("much later"))
    world.turn()
    ann.wire.leaves_bytes_max = 1_000
    world.settle()
    assert texts(bob.heard) == ["before"]
    assert isinstance(ann.heard[-1], Bye)


def test_every_wire_that_is_lost_is_forgotten(world: World) -> None:
    people = [world.enter(f"P{i}") for i in range(5)]
    people.append(world.connect())
    for person in people:
        world.lose(person, "reset")
        world.turn()
    assert world.app.is_empty
    assert not world.app.peers
    world.pass_time(60)
    assert world.app.deadline is None


# ------------------------------------------------------------------------------------------------- the rate


def test_a_connection_faster_than_its_rate_is_read_more_slowly_and_loses_nothing() -> None:
    world = World(rate=Rate(5, 2)).start()
    ann, bob = world.enter("Ann"), world.enter("Bob")
    ann.ask(*(Say(f"{i}") for i in range(25)))
    world.settle()
    first = len(texts(bob.heard))
    assert first == 4, "the login took one of five"
    assert ann.wire.paused
    for seconds in range(1, 10):
        world.pass_time(1)
        assert len(texts(bob.heard)) == first + 2 * seconds
    ann.ask(Say("sent while nobody read"))
    world.pass_time(60)
    assert not ann.wire.paused
    assert texts(bob.heard) == [*(f"{i}" for i in range(25)), "sent while nobody read"]
    assert not bob.of(Refused)
    assert not ann.of(Refused)


def test_one_that_is_slowed_slows_nobody_else() -> None:
    world = World(rate=Rate(3, 1)).start()
    ann, bob = world.enter("Ann"), world.enter("Bob")
    ann.ask(*(Say("spam") for _ in range(50)))
    bob.ask(Ping("1"))
    world.turn()
    assert bob.of(Pong)


def test_a_slowed_connection_that_ends_is_still_served_to_its_end() -> None:
    world = World(rate=Rate(5, 1)).start()
    ann, bob = world.enter("Ann"), world.enter("Bob")
    ann.ask(*(Say(f"{i}") for i in range(20)))
    world.turn()
    ann.half_close()
    world.turn()
    assert not bob.of(Exited)
    world.pass_time(30)
    assert texts(bob.heard) == [str(i) for i in range(20)]
    assert bob.of(Exited)


def test_bad_messages_cost_as_much_as_good_ones() -> None:
    world = World(rate=Rate(3, 1)).start()
    ann = world.enter("Ann")
    ann.raw(frame(b"[]") * 8)
    world.settle()
    assert len(ann.of(Refused)) == 2
    world.pass_time(20)
    assert len(ann.of(Refused)) == 8
    assert reasons(ann.heard) == ["violation"]


@pytest.mark.parametrize("door", ["frames", "lines"])
def test_a_rate_of_one_message_is_enough_to_be_thrown_out(door: str) -> None:
    world = World(rate=Rate(1, 1)).start()
    if door == "frames":
        person = world.connect().ask(Login("Ann", 1)).raw(bytes(4))
    else:
        person = world.connect_lines().type("Ann\n" + "x" * 20_000)
    world.pass_time(5)
    assert person.wire.closed


# -------------------------------------------------------------------------------------------------- fairness


def test_nobody_has_more_than_its_share_of_a_turn() -> None:
    world = World(messages_per_turn_max=10).start()
    ann, bob = world.enter("Ann"), world.enter("Bob")
    ann.ask(*(Say(f"{i}") for i in range(35)))
    for count in (10, 20, 30, 35):
        bob.ask(Ping())
        world.turn()
        assert len(texts(bob.heard)) == count
        assert len(bob.of(Pong)) == len(range(0, count, 10)), "everyone else is served in every turn"
        assert ann.wire.paused == (count < 35)
    assert texts(ann.heard) == [str(i) for i in range(35)]


def test_a_turn_has_an_end_however_many_there_are() -> None:
    world = World(messages_per_turn_max=TURN_COST_MAX).start()
    people = [world.enter(f"P{i}") for i in range(4)]
    for person in people:
        person.ask(*(Ping() for _ in range(TURN_COST_MAX)))
    for count in range(1, 5):
        world.turn()
        assert sum(len(person.of(Pong)) for person in people) == count * TURN_COST_MAX
    assert all(len(person.of(Pong)) == TURN_COST_MAX for person in people)


def test_a_turn_tells_everyone_no_more_than_a_quick_reader_may_be_owed(world: World) -> None:
    people = [world.enter(f"P{i}") for i in range(40)]
    watcher = world.enter("Watcher")
    for person in people:
        person.ask(*(Say("x" * 8_000) for _ in range(8)))
    worst = 0
    while len(texts(watcher.heard)) < 320:
        before = len(watcher.wire.read)
        world.turn()
        worst = max(worst, len(watcher.wire.read) - before)
    assert worst < LAG_BYTES_MAX, "everybody would be sent away as too slow, however quick"


LONG_NAMES = [f"{number:03}".ljust(32, "x") for number in range(250)]


def crowded(world: World) -> list[Person]:
    """Let as many people in as make a long list of members."""
    people = [world.connect().ask(Login(name, 1)) for name in LONG_NAMES]
    world.settle()
    return people


def test_one_request_tells_nobody_more_than_a_quick_reader_may_be_owed(world: World) -> None:
    people = crowded(world)
    people[0].ask(GroupSet("g", []))
    world.settle()
    before = len(people[1].wire.read)
    people[0].ask(GroupAdd("g", LONG_NAMES[1:]))
    world.turn()
    assert len(people[1].wire.read) - before < LAG_BYTES_MAX


def test_one_that_goes_is_no_burden_to_those_who_stay(world: World) -> None:
    people = crowded(world)
    for number in range(100):
        people[0].ask(GroupSet(f"g{number}", LONG_NAMES))
        world.turn()
    world.settle()
    before = len(people[1].wire.read)
    world.lose(people[0], "reset")
    world.turn()
    assert len(people[1].wire.read) - before < LAG_BYTES_MAX


# ------------------------------------------------------------------------------------------------- deadlines


def test_who_does_not_log_in_is_told_and_sent_away() -> None:
    world = World(login_seconds_max=10).start()
    late, early = world.connect(), world.enter("Early")
    world.pass_time(9.9)
    assert not late.of(Refused)
    world.pass_time(0.2)
    *_, refused, bye = late.heard
    assert isinstance(refused, Refused)
    assert refused.code == "login_timeout"
    assert isinstance(bye, Bye)
    assert bye.reason == "idle"
    assert late.wire.closed
    world.pass_time(60)
    assert not early.wire.closed
    assert not early.of(Refused)


def test_the_time_to_log_in_is_not_prolonged_by_talking() -> None:
    world = World(login_seconds_max=10).start()
    drip = world.connect()
    for byte in frame(encode(Login("Ann", 1)))[:20]:
        drip.raw(bytes([byte]))
        world.pass_time(0.6)
    assert drip.wire.closed


def test_an_idle_server_wants_no_turn(world: World) -> None:
    world.enter("Ann")
    world.pass_time(60)
    assert world.app.deadline is None
    world.connect()
    world.turn()
    assert world.app.deadline == world.now + world.options.login_seconds_max


# ---------------------------------------------------------------------------------------------- slow readers


def test_a_reader_that_is_too_slow_is_told_and_the_others_hear_of_it(world: World) -> None:
    slow, ann = world.enter("Slow"), world.enter("Ann")
    world.app.overflowed(slow.wire)
    world.turn()
    assert reasons(slow.heard) == ["too_slow"]
    assert slow.wire.closed
    assert ann.of(Exited)
    world.app.overflowed(ann.wire)
    world.lose(ann)
    world.turn()
    assert world.app.is_empty


def test_it_is_told_after_what_it_had_sent_was_answered(world: World) -> None:
    slow, ann = world.enter("Slow"), world.enter("Ann")
    slow.ask(Say("mine", id="1"))
    world.app.overflowed(slow.wire)
    world.turn()
    said = texts(ann.heard) == ["mine"]
    assert said == bool(slow.of(Accepted)), "accepted and said go together"
    assert isinstance(slow.heard[-1], Bye)


# ------------------------------------------------------------------------------------------------- the lines


def test_a_name_and_lines_in_one_packet(world: World) -> None:
    ann = world.enter("Ann")
    typist = world.connect_lines().type("Tim\r\nHello\r\n\r\n@names\r\n@Ann psst\r\n@quit\r\nnot any more\r\n")
    world.settle()
    assert typist.shown == (
        "Enter a unique username: [Welcome Tim]\n[Tim:] Hello\n[Connected users: Ann, Tim]\n[to Ann:] psst\n"
    )
    assert typist.wire.closed
    assert texts(ann.heard) == ["Hello", "psst"]
    assert [type(n) for n in ann.heard[-1:]] == [Exited]


def test_names_are_asked_for_until_one_is_free(world: World) -> None:
    world.enter("Ann")
    typist = world.connect_lines().type("ann\nquit\ntwo words\nTim\nHello\n")
    world.settle()
    prompt = "Enter a unique username: "
    assert typist.shown.startswith(f"{prompt}Username is already taken\n{prompt}quit is a reserved word")
    assert typist.shown.count(prompt) == 4
    assert typist.shown.endswith("[Welcome Tim]\n[Tim:] Hello\n")


def test_a_last_line_without_its_end_counts(world: World) -> None:
    ann = world.enter("Ann")
    typist = world.connect_lines().type("Tim\nHello")
    world.turn(2)
    typist.half_close()
    world.settle()
    assert texts(ann.heard) == ["Hello"]
    assert ann.of(Exited)


def test_everyone_on_either_door_hears_the_same_in_the_same_order(world: World) -> None:
    ann, typist = world.enter("Ann"), world.connect_lines().type("Tim\n")
    world.turn()
    for number in range(20):
        ann.ask(Say(f"a{number}"))
        typist.type(f"t{number}\n")
        world.turn()
    heard = [f"[{n.sender}:] {n.text}" for n in ann.of(Said)]
    assert len(heard) == 40
    assert [line for line in typist.shown.splitlines() if ":]" in line] == heard


# --------------------------------------------------------------------------------------------------- the end


def test_everyone_is_told_of_the_end_after_what_they_sent_was_served(world: World) -> None:
    ann, bob, nobody = world.enter("Ann"), world.enter("Bob"), world.connect()
    typist = world.connect_lines().type("Tim\n")
    world.turn()
    ann.ask(Say("last", id="1"))
    world.app.shut_down(world.now)
    world.turn()
    for person in (ann, bob):
        assert texts(person.heard) == ["last"]
        closing, bye = person.heard[-2:]
        assert isinstance(closing, Closing)
        assert isinstance(bye, Bye)
        assert bye.reason == "shutdown"
    assert ann.of(Accepted)
    assert [type(n) for n in nobody.heard] == [Hello, Closing, Bye]
    assert typist.shown.endswith("[Ann:] last\n[Server is shutting down]\n")
    assert world.app.is_empty


def test_a_stopped_server_begins_again_with_everyone_gone(world: World) -> None:
    world.enter("Ann")
    world.app.shut_down(world.now)
    world.turn()
    again = World(world.journal).start()
    bob = again.enter("Bob")
    bob.ask(AskNames())
    again.turn()
    assert bob.of(NamesAnswer) == [NamesAnswer(["Bob"])]
    again.enter("Ann")


def test_a_guest_hears_nothing_private_of_who_had_the_name_before(world: World) -> None:
    ann, bob = world.enter("Ann"), world.enter("Bob")
    ann.ask(Tell("Bob", "secret"), Say("public"))
    world.turn()
    bob.ask(Quit())
    world.turn()
    again = world.enter("Bob", after=0)
    again.ask(AskHistory(), AskHistory(with_="Ann"))
    world.settle()
    assert texts(again.heard) == ["public"]
    assert [texts(answer.messages) for answer in again.of(HistoryAnswer)] == [["public"], []]
    assert [n.name for n in again.of(Joined)] == ["Ann", "Bob"]  # that one was somebody else
