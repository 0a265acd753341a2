"""What each request comes to: texts, limits, people and groups that are not there, and the answers to questions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat import boundary as b
from reactor_chat.chat.decisions import LIST_NAMES_MAX, REQUEST_NAMES_MAX
from reactor_chat.wire import messages as m
from tests.chat.toy import Key, World, shown

BIDI = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
FORBIDDEN = {*range(0x20), *range(0x7F, 0xA0), *BIDI} - {0x09, 0x0A}
NEIGHBOURS = {code + step for code in FORBIDDEN for step in (-1, 1)} - FORBIDDEN - {-1}


# ------------------------------------------------------------------------------------------------- texts


def sends(text: str) -> list[m.Request]:
    return [m.Say(text), m.Tell("Ann", text), m.GroupSend("team", text)]


@pytest.fixture
def world() -> World:
    """Ann alone in her group, on connection 1."""
    world = World(text_bytes_max=8, group_members_max=3)
    world.ask(world.join("Ann"), m.GroupSet("team", []))
    return world


@pytest.mark.parametrize("kind", range(3))
def test_every_forbidden_character_is_refused_wherever_it_stands(world: World, kind: int) -> None:
    for code in FORBIDDEN:
        for text in (chr(code), f"a{chr(code)}b", f"\n{chr(code)}"):
            assert world.answer(1, sends(text)[kind]).code == "bad_text", hex(code)


@pytest.mark.parametrize("kind", range(3))
def test_their_neighbours_are_not(world: World, kind: int) -> None:
    for code in NEIGHBOURS | {0x200B, 0x200E, 0x2028, 0xFEFF, 0xE0041, 0x1F600}:
        assert world.answer(1, sends(chr(code))[kind]).text == chr(code)


@pytest.mark.parametrize("kind", range(3))
@pytest.mark.parametrize("text", ["aaaaaaaa", "éééé", "€€aa", "😀😀"])
def test_texts_up_to_so_many_bytes(world: World, kind: int, text: str) -> None:
    assert len(text.encode()) == 8
    assert world.answer(1, sends(text)[kind]).text == text
    assert world.answer(1, sends(text[1:])[kind]).text == text[1:]
    assert world.answer(1, sends(text + "a")[kind]).code == "too_long"


def test_an_empty_text_is_none_and_blanks_are_one(world: World) -> None:
    for kind in range(3):
        assert world.answer(1, sends("")[kind]).code == "bad_text"
        assert world.answer(1, sends("  ")[kind]).text == "  "
    assert world.answer(1, m.Line(" \t ")).code == "bad_text"
    assert world.answer(1, m.Line("a\x1b[2J")).code == "bad_text"


@given(st.text(max_size=12))
def test_any_text_is_said_as_it_is_or_refused(text: str) -> None:
    answer = ROOM.answer(1, m.Say(text))
    if not text or any(ord(sign) in FORBIDDEN for sign in text):
        assert answer.code in {"bad_text", "too_long"}
    elif len(text.encode("utf-8")) > 16_384:
        assert answer.code == "too_long"
    else:
        assert answer.text == text


ROOM = World()
ROOM.join("Ann")


def test_what_is_sealed_is_passed_on_unseen(world: World) -> None:
    sealed = {"box": "\u202e", "n": [1, 2.5, None]}
    for request in (m.Say(sealed=sealed), m.Tell("Ann", sealed=sealed), m.GroupSend("team", sealed=sealed)):
        answer = world.answer(1, request)
        assert answer.sealed == sealed
        assert answer.text is None


# ----------------------------------------------------------------------------------- who and what is there


REFUSALS: list[tuple[m.Request, str]] = [
    (m.Tell("Nobody", "x"), "no_such_user"),
    (m.Tell("\u212aate", "x"), "no_such_user"),
    (m.Tell("", "x"), "no_such_user"),
    (m.GroupSend("none", "x"), "no_such_group"),
    (m.GroupSend("foreign", "x"), "not_a_member"),
    (m.GroupSend("foreign", ""), "not_a_member"),
    (m.GroupSet("team", []), "group_exists"),
    (m.GroupSet("TEAM", []), "group_exists"),
    (m.GroupSet("foreign", []), "group_exists"),
    (m.GroupSet("new", ["Nobody"]), "no_such_user"),
    (m.GroupSet("", []), "bad_group_name"),
    (m.GroupSet("a b", []), "bad_group_name"),
    (m.GroupSet("g" * 33, []), "bad_group_name"),
    (m.GroupSet("Everyone", []), "bad_group_name"),
    (m.GroupSet("new", ["Kate", "Bob", "Cy"]), "too_many"),
    (m.GroupAdd("none", ["Bob"]), "no_such_group"),
    (m.GroupAdd("foreign", ["Kate"]), "not_the_owner"),
    (m.GroupAdd("team", ["Nobody", "Bob"]), "no_such_user"),
    (m.GroupAdd("team", ["Bob", "ANN"]), "already_a_member"),
    (m.GroupAdd("team", ["Bob", "Cy", "Kate"]), "too_many"),
    (m.GroupKick("none", "Bob"), "no_such_group"),
    (m.GroupKick("foreign", "Bob"), "not_the_owner"),
    (m.GroupKick("team", "Bob"), "not_a_member"),
    (m.GroupKick("team", "Nobody\n"), "not_a_member"),
    (m.GroupKick("team", "ann"), "not_allowed"),
    (m.GroupLeave("none"), "no_such_group"),
    (m.GroupLeave("foreign"), "not_a_member"),
    (m.GroupDelete("none"), "no_such_group"),
    (m.GroupDelete("foreign"), "not_the_owner"),
    (m.AskWho("none"), "no_such_group"),
    (m.AskWho("foreign"), "not_a_member"),
    (m.AskHistory(group="none"), "no_such_group"),
    (m.AskHistory(group="foreign"), "not_a_member"),
    (m.AskHistory(with_="Nobody"), "no_such_user"),
]


@pytest.mark.parametrize(
    ("request_", "code"), REFUSALS, ids=[f"{type(r).__name__}-{c}-{n}" for n, (r, c) in enumerate(REFUSALS)]
)
@pytest.mark.parametrize("request_id", [None, "1"])
def test_refusals(world: World, request_: Any, code: str, request_id: str | None) -> None:
    bob = world.join("Bob")
    for name in ("Cy", "Kate"):
        world.join(name)
    world.ask(bob, m.GroupSet("foreign", []))
    fields = {field: getattr(request_, field) for field in request_.__struct_fields__}
    told = world.ask(1, type(request_)(**fields | {"id": request_id}))
    assert [(shown(notice), notice.re) for notice in told] == [(f"{code} {request_id or ''}".strip(), request_id)]  # type: ignore[union-attr]
    assert told[0].text.count("\n") == 0  # type: ignore[union-attr]
    assert world.answer(1, m.AskWho("team")).members == ["Ann"]


def test_a_refusal_says_whom_one_may_have_meant(world: World) -> None:
    world.join("Stella")
    assert world.answer(1, m.Tell("Stela", "x")).text == "There is no user Stela. Did you mean Stella?"
    assert world.answer(1, m.Tell("histroy", "20")).text == "There is no user histroy. Did you mean @history?"
    assert world.answer(1, m.AskHistory(with_="histroy")).text == "There is no user histroy"
    assert world.answer(1, m.Tell("\x1b[31m", "x")).text == "There is no user of that name"


def test_people_are_told_by_any_spelling_and_named_by_their_own(world: World) -> None:
    world.join("Bob")
    assert world.answer(1, m.Tell("bOB", "x")).to == "Bob"
    assert world.ask(1, m.Tell("ANN", "x")) == [world.records[-1][0]]
    assert world.answer(1, m.GroupSet("new", ["bob", "BOB", "ann"])).members == ["Ann", "Bob"]


def test_the_owner_of_a_name_is_told_while_away_and_named_by_the_newest_spelling(world: World) -> None:
    kate = world.join("kate", Key(1))
    world.ask(1, m.GroupAdd("team", ["KATE"]))
    world.ask(kate, m.Quit())
    assert world.answer(1, m.Tell("Kate", "x")).to == "kate"
    world.join("KATE", Key(1))
    assert world.answer(1, m.AskWho("team")).members == ["Ann", "KATE"]


# ------------------------------------------------------------------------------------------------ limits


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_so_many_members_and_no_more(world: World, count: int) -> None:
    names = ["Bob", "Cy", "Dan", "Eve"][: count - 1]
    for name in names:
        world.join(name)
    fits = count <= 3
    assert shown(world.answer(1, m.GroupSet("new", names))) == ("new created Ann" if fits else "too_many")
    if names:
        last = world.ask(1, m.GroupAdd("team", names))
        assert [shown(n) for n in last] == ([f"team added {name}" for name in names] if fits else ["too_many"])


def test_so_many_groups_and_no_more_for_who_creates_and_who_is_added() -> None:
    world = World(groups_max=2)
    ann, bob = world.join("Ann"), world.join("Bob")
    for number in range(2):
        assert world.answer(ann, m.GroupSet(f"g{number}", ["Bob"])).change == "created"
    assert world.answer(ann, m.GroupSet("g2", [])).text == "You are in 2 groups, the maximum"
    assert world.join("Cy")
    assert world.answer(world.join("Dan"), m.GroupSet("g2", ["Cy", "bob"])).text.startswith("Bob is in 2 groups")
    world.ask(bob, m.GroupLeave("g0"))
    assert world.answer(bob, m.GroupSet("g2", [])).change == "created"
    assert world.answer(ann, m.GroupAdd("g0", ["Bob"])).code == "too_many"


@pytest.mark.parametrize("count", [LIST_NAMES_MAX - 1, LIST_NAMES_MAX, LIST_NAMES_MAX + 1])
def test_long_lists_come_in_parts_that_fit_a_frame(count: int) -> None:
    world = World(group_members_max=2_000)
    conns = [world.login(f"user{n:028}") for n in range(count)]
    world.commit()
    everybody = [f"user{n:028}" for n in range(count)]
    world.ask(conns[0], m.GroupSet("team", everybody))
    for request, field in ((m.AskNames(id="1"), "names"), (m.AskWho("team", id="1"), "members")):
        parts: list[Any] = world.ask(conns[0], request)
        assert [name for part in parts for name in getattr(part, field)] == everybody
        assert [part.more for part in parts] == [True] * (len(parts) - 1) + [False]
        assert len(parts) == (1 if count <= LIST_NAMES_MAX else 2)
        assert {part.re for part in parts} == {"1"}


def test_many_groups_come_in_parts_too() -> None:
    world = World()
    conns = [world.login(f"user{n}") for n in range(300)]
    world.commit()
    for number in range(7):
        world.ask(conns[0], m.GroupSet(f"g{number}", [f"user{n}" for n in range(300)]))
    parts: list[Any] = world.ask(conns[0], m.AskGroups(id="1"))
    assert [group.group for part in parts for group in part.groups] == [f"g{n}" for n in range(7)]
    assert [part.more for part in parts] == [True, True, False]
    assert all(sum(2 + len(group.members) for group in part.groups) <= LIST_NAMES_MAX for part in parts)


def test_history_asks_for_what_was_asked(world: World) -> None:
    for text in "abc":
        world.ask(1, m.Say(text))
    assert shown(world.answer(1, m.AskHistory(limit=2, id="1"))) == "history b c"
    page = world.answer(1, m.AskHistory(limit=2, id="1"))
    assert (page.more, page.re) == (True, "1")
    assert shown(world.answer(1, m.AskHistory(before=page.messages[0].seq))) == "history a"
    assert shown(world.answer(1, m.AskHistory(before=0))) == "history"
    assert world.answer(1, m.Ping("x", id="2")) == m.Pong("x", "2")
    assert world.answer(1, m.AskHelp("3")) == m.HelpAnswer("no help", "3")


def test_adding_many_at_once_is_refused_before_everybody_is_told_too_much() -> None:
    world = World()
    owner = world.join("Owner")
    people = [f"P{number}" for number in range(101)]
    for name in people:
        world.join(name)
    world.answer(owner, m.GroupSet("team", []))
    assert shown(world.answer(owner, m.GroupAdd("team", people))) == "too_many"
    world.ask(owner, m.GroupAdd("team", people[:99]))
    team = world.hub.state.groups.get("team")
    assert team is not None
    assert len(team.members) == 100


@pytest.mark.parametrize("kind", [m.GroupSet, m.GroupAdd])
def test_a_list_much_longer_than_a_group_is_refused_unread(kind: type) -> None:
    world = World()
    ann = world.join("Ann")
    names = [f"n{number}" for number in range(REQUEST_NAMES_MAX)]
    assert shown(world.answer(ann, kind("team", [*names, "one_more"]))) == "too_many"
    assert shown(world.answer(ann, kind("team", names))) in {"no_such_user", "no_such_group"}


def test_a_guest_in_many_large_groups_leaves_them_in_steps_and_then_exits() -> None:
    world = World()
    owner = world.join("Owner")
    guest = world.join("Guest")
    people = [f"P{number}" for number in range(200)]
    for name in people:
        world.join(name)
    for number in range(20):
        world.ask(owner, m.GroupSet(f"g{number}", ["Guest", *people]))
    before = len(world.records)
    world.handle(b.Disconnected(guest))
    world.commit()
    ended = [type(record).__name__ for record, _ in world.records[before:]]
    assert ended == ["GroupAltered"] * 20 + ["Exited"]
    assert world.hub.state.groups.of("Guest") == []
    assert world.hub.state.roster.get("Guest") is None


def changed(notice: m.Notice) -> m.GroupChanged:
    assert isinstance(notice, m.GroupChanged)
    return notice


def test_when_the_owner_leaves_the_longest_standing_member_inherits() -> None:
    world = World()
    ann, bob, _ = (world.join(name) for name in ("Ann", "Bob", "Cy"))
    world.ask(ann, m.GroupSet("team", ["Cy"]))
    world.ask(ann, m.GroupAdd("team", ["Bob"]))
    world.take(bob)
    world.ask(ann, m.GroupLeave("team"))
    told = [(changed(notice).change, changed(notice).user) for notice in world.take(bob)]
    assert told == [("left", "Ann"), ("owner", "Cy")]


# ------------------------------------------------------------------------------------------- when somebody was here


def test_when_somebody_was_last_here() -> None:
    world = World()
    stella = world.join("Stella", Key(1))
    ann = world.join("Ann")
    assert world.answer(ann, m.AskSeen("stella", "1")) == m.SeenAnswer("Stella", here=True, re="1")
    world.send(stella, m.Quit())
    world.commit()
    world.now += 61_000
    assert world.answer(ann, m.AskSeen("STELLA", "2")) == m.SeenAnswer("Stella", seconds=61, re="2")


@pytest.mark.parametrize("name", ["Nobody", "Gus", "two words", "ſtella"])
def test_of_guests_who_left_and_of_nobody_nothing_is_known(name: str) -> None:
    world = World()
    world.ask(world.join("Gus"), m.Quit())
    world.ask(world.join("Stella", Key(1)), m.Quit())
    assert world.answer(world.join("Ann"), m.AskSeen(name)).code == "no_such_user"
