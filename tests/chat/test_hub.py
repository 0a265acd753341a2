"""The core's answers: in the order of the requests, after the commit and not before, whenever the commit comes."""

from collections.abc import Callable

import pytest

from reactor_chat.chat import boundary as b
from reactor_chat.wire import messages as m
from tests.chat.toy import Key, World, login, shown

KEY, OTHER_KEY = Key(1), Key(2)


def seen(world: World, conn: int) -> list[str]:
    return [shown(notice) for notice in world.take(conn)]


def test_nothing_is_told_before_it_is_committed() -> None:
    world = World()
    ann = world.join("Ann")
    world.send(ann, m.Say("hello", id="1"))
    assert seen(world, ann) == []
    world.commit()
    assert seen(world, ann) == ["Ann: hello", "accepted 1"]


def test_the_newcomer_does_not_hear_of_itself_and_the_others_do() -> None:
    world = World()
    ann = world.join("Ann")
    bob = world.login("Bob")
    world.commit()
    assert seen(world, ann) == ["joined Bob"]
    welcome = world.told[bob][0]
    assert welcome == m.Welcome("Bob", 2, True, "[Welcome Bob]")
    assert len(world.told[bob]) == 1


# ------------------------------------------------------------------------------------------------- order


READ_AFTER_CHANGE: list[tuple[m.Request, list[str]]] = [
    (m.Ping(id="r"), ["pong"]),
    (m.AskNames(id="r"), ["names Ann Bob"]),
    (m.AskHistory(id="r"), ["history new"]),
    (m.AskGroups(id="r"), ["groups"]),
    (m.AskHelp(id="r"), ["helpanswer"]),
    (m.AskWho("none", id="r"), ["no_such_group r"]),
    (m.Tell("nobody", "x"), ["no_such_user"]),
    (m.Tell("nobody", "x", id="r"), ["no_such_user r"]),
    (m.Line("@frob", id="r"), ["invalid_command r"]),
    (m.Line("@frob"), ["invalid_command"]),
    (m.Login("Ann", 1, id="r"), ["already_logged_in r"]),
    (m.Say("new", id="c"), ["accepted c"]),
]


@pytest.mark.parametrize(("request_", "answer"), READ_AFTER_CHANGE)
def test_whatever_comes_after_a_change_is_answered_after_it(request_: m.Request, answer: list[str]) -> None:
    world = World()
    ann = world.join("Ann")
    world.join("Bob")
    world.send(ann, m.Say("new", id="c"), request_)
    assert seen(world, ann) == []
    world.commit()
    assert seen(world, ann) == ["Ann: new", "accepted c", *answer]


def test_what_was_sent_before_quitting_is_answered_before_the_end() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.send(ann, m.GroupSet("team", ["Bob"]), m.GroupSend("team", "hi", id="1"), m.Quit(), m.Say("too late"))
    assert ann not in world.closed
    world.commit()
    assert seen(world, ann) == ["team created Ann", "Ann: hi", "accepted 1"]
    assert world.closed[ann] == "quit"
    assert seen(world, bob) == ["team created Ann", "Ann: hi", "team left Ann", "team owner Bob", "exited Ann"]


def test_what_was_sent_before_the_connection_broke_still_counts() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.send(ann, m.GroupSet("team", ["Bob"]), m.GroupSend("team", "hi"))
    world.handle(b.Disconnected(ann))
    world.commit()
    assert seen(world, bob) == ["team created Ann", "Ann: hi", "team left Ann", "team owner Bob", "exited Ann"]
    assert world.hub.state.groups.of("Ann") == []


def test_a_login_and_what_follows_it_may_come_at_once() -> None:
    world = World()
    conn = world.connect()
    world.send(conn, m.AskNames(), login(conn, "Ann"), m.Say("hi", id="1"), m.AskNames(), m.Quit())
    world.commit()
    assert seen(world, conn) == ["login_first", "welcome Ann", "Ann: hi", "accepted 1", "names Ann"]
    assert world.closed[conn] == "quit"


@pytest.mark.parametrize(
    "end", [b.Disconnected, lambda conn: b.Terminate(conn, m.Refused("login_timeout", ""), "idle")]
)
def test_the_end_of_a_connection_waits_for_its_login(end: Callable[[int], b.Input]) -> None:
    world = World()
    conn = world.login("Ann")
    world.handle(end(conn))
    assert conn not in world.closed
    world.commit()
    assert conn in world.closed
    assert world.hub.state.roster.names() == []


def test_one_connection_with_much_to_do_does_not_keep_the_others_waiting() -> None:
    world = World()
    busy, other = world.join("Busy"), world.join("Other")
    for number in range(50):
        world.send(busy, m.GroupSet("g", []), m.GroupDelete("g", id=str(number)))
    world.send(other, m.GroupSet("g", []), m.Ping())
    world.commit_some(1)
    world.commit_some(1)
    world.commit_some(1)
    assert "pong" in seen(world, other)


def test_reads_do_not_wait_for_what_others_have_on_the_way() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.send(bob, m.GroupSet("team", ["Ann"]))
    world.login("Cy")
    for request in (m.AskNames(), m.AskGroups(), m.AskHistory(), m.AskWho("team")):
        world.send(ann, request)
    assert seen(world, ann) == ["names Ann Bob", "groups", "history", "no_such_group"]


# --------------------------------------------------------------------------- what is about to change


def test_logins_under_one_name_are_judged_one_after_the_other() -> None:
    world = World()
    first, second, third = world.login("Ann"), world.login("ANN"), world.login("ann", KEY)
    world.commit()
    assert seen(world, first) == ["welcome Ann"]
    assert seen(world, second) == seen(world, third) == ["name_taken"]


def test_a_name_whose_holder_is_leaving_can_be_had_once_it_has_left() -> None:
    world = World()
    ann, bob, cy = world.join("Ann"), world.join("Bob"), world.join("Cy")
    world.send(cy, m.GroupSet("team", ["Ann"]))  # keeps the departure waiting
    world.handle(b.Disconnected(ann))
    world.send(bob, m.Quit())
    new_ann, new_bob = world.login("ann"), world.login("bob", KEY)
    world.commit()
    assert seen(world, new_ann)[0] == "welcome ann"
    assert seen(world, new_bob)[0] == "welcome bob"
    assert [shown(n) for n in world.ask(new_ann, m.AskGroups())] == ["groups"]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (m.Tell("Ann", "x"), "no_such_user"),
        (m.GroupSet("new", ["Ann"]), "no_such_user"),
        (m.GroupAdd("team", ["Dan", "Ann"]), "no_such_user"),
        (m.GroupKick("with_ann", "Ann"), "not_a_member"),
    ],
)
def test_who_names_somebody_leaving_waits_until_that_one_has_left(request_: m.Request, answer: str) -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.join("Dan")
    world.ask(bob, m.GroupSet("team", []))
    world.ask(bob, m.GroupSet("with_ann", ["Ann"]))
    world.send(ann, m.Quit())
    world.send(bob, request_)
    world.commit()
    assert seen(world, bob)[-1] == answer


def test_kicked_then_sending_in_one_batch() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.ask(ann, m.GroupSet("team", ["Bob"]))
    world.take()
    world.send(ann, m.GroupKick("team", "Bob"))
    world.send(bob, m.GroupSend("team", "am I in?", id="1"))
    world.commit()
    assert seen(world, ann) == ["team kicked Bob"]
    assert seen(world, bob) == ["team kicked Bob", "not_a_member 1"]


def test_everything_about_one_group_in_one_batch_of_one_connection() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.send(
        ann, m.GroupSet("team", []), m.GroupAdd("team", ["Bob"], id="2"), m.GroupSend("team", "hi"), m.AskWho("team"),
        m.GroupKick("team", "Bob"), m.GroupKick("team", "Bob"), m.GroupLeave("team"), m.GroupSend("team", "and now?"),
        m.GroupSet("TEAM", ["Bob"]), m.GroupDelete("team"), m.AskGroups(),
    )  # fmt: skip
    world.commit()
    assert seen(world, ann) == [
        "team created Ann", "team added Bob", "accepted 2", "Ann: hi", "members Ann Bob", "team kicked Bob",
        "not_a_member", "team left Ann", "no_such_group", "TEAM created Ann", "TEAM deleted Ann", "groups",
    ]  # fmt: skip
    assert seen(world, bob) == [
        "team added Bob", "Ann: hi", "team kicked Bob", "TEAM created Ann", "TEAM deleted Ann",
    ]  # fmt: skip


def test_somebody_added_to_two_groups_at_once_has_room_for_one() -> None:
    world = World(groups_max=1)
    ann, bob = world.join("Ann"), world.join("Bob")
    world.join("Cy")
    world.send(ann, m.GroupSet("one", ["Cy"], id="1"))
    world.send(bob, m.GroupSet("two", ["Cy"], id="2"))
    world.commit()
    assert "accepted 1" in seen(world, ann)
    assert seen(world, bob)[-1] == "too_many 2"


def test_leaving_makes_room_for_the_next_group_in_the_same_batch() -> None:
    world = World(groups_max=1)
    ann = world.join("Ann")
    world.send(ann, m.GroupSet("one", []), m.GroupLeave("one"), m.GroupSet("two", [], id="2"))
    world.commit()
    assert seen(world, ann)[-1] == "accepted 2"


def test_people_entering_at_once_are_not_more_than_there_is_room_for() -> None:
    world = World(people_max=3)
    world.join("Ann")
    conns = [world.login(name) for name in ("Bob", "Cy", "Dan", "Eve")]
    world.commit()
    answers = [shown(world.told[conn][0]) for conn in conns]
    assert answers == ["welcome Bob", "welcome Cy", "server_full", "server_full"]
    world.ask(conns[0], m.Quit())
    assert world.join("Eve")


# ----------------------------------------------------------------------------------------------- no space


def test_without_space_everything_on_its_way_is_refused_in_order_and_may_be_sent_again() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.send(ann, m.Say("one", id="1"), m.Say("two"), m.AskNames(), m.Say("three", id="3"), m.Tell("no", "x", id="4"))
    world.reject()
    assert seen(world, ann) == ["no_space 1", "no_space", "names Ann Bob"]
    world.reject()
    assert seen(world, ann) == ["no_space 3", "no_space 4"]
    assert seen(world, bob) == []
    world.send(ann, m.Say("one", id="1"), m.Tell("no", "x", id="4"))
    world.commit()
    assert seen(world, ann) == ["Ann: one", "accepted 1", "no_such_user 4"]


def test_a_login_without_space_reads_and_enters_with_the_next_commit() -> None:
    world = World()
    conn = world.login("Ann", id="l")
    world.send(conn, m.Say("hi", id="1"))
    world.reject()
    assert seen(world, conn) == ["welcome Ann", "no_space l", "no_space 1"]
    assert world.hub.state.roster.names() == []
    world.handle(b.Retried())
    world.commit()
    assert seen(world, conn) == []
    assert world.hub.state.roster.names() == ["Ann"]


def test_whoever_cannot_leave_for_lack_of_space_leaves_later() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    owner = world.join("Own", KEY)
    for conn in (ann, owner):
        world.handle(b.Disconnected(conn))
    world.reject()
    assert shown(world.told[world.login("Ann")][0]) == "no_space"
    world.handle(b.Retried())
    world.reject()
    world.login("Own", KEY)  # comes back before anybody was told that it was away
    world.handle(b.Retried())
    world.take()
    waits = world.login("Ann")
    world.commit()
    assert seen(world, bob) == ["exited Ann", "joined Ann"]
    assert seen(world, waits) == ["welcome Ann"]
    assert world.hub.state.roster.names() == ["Ann", "Bob", "Own"]


def test_the_next_holder_of_a_closed_connections_number_hears_nothing_of_the_last() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.handle(b.Disconnected(ann))
    world.reject()
    effects = world.hub.handle(b.Received(bob, m.Tell("Ann", "for Ann only")), world.now)
    assert isinstance(effects[0], b.Append)
    told = world.hub.handle(b.Committed(world.hub.state.seq + 1), world.now)
    assert [effect.conns for effect in told if isinstance(effect, b.Deliver)] == [[bob]]


def test_those_who_leave_together_all_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reactor_chat.chat.endings.DEPARTURES_WORK_MAX", 3)
    world = World()
    people = [world.join(f"P{number}") for number in range(6)]
    for number in range(3):
        world.send(people[number], m.GroupSet(f"g{number}", [f"P{i}" for i in range(5)]))
    world.commit()
    for conn in people[:5]:
        world.handle(b.Disconnected(conn))
    world.commit()
    assert world.hub.state.roster.names() == ["P5"]
    assert world.hub.state.groups.dump() == []
    assert not world.hub._endings.departing


def test_a_change_of_a_group_that_an_owner_comes_back_to_under_another_spelling_names_it_so() -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob", KEY)
    world.send(ann, m.GroupSet("team", ["Bob"]))
    world.commit()
    world.send(bob, m.Quit())
    world.commit()
    world.take(ann)
    world.login("BOB", KEY)
    world.send(ann, m.GroupLeave("team", id="l"))
    world.commit()
    world.commit()
    left = next(notice for notice in world.take(ann) if isinstance(notice, m.GroupChanged))
    assert left.members == ["BOB"]
