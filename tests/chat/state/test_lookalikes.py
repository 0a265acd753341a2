"""Names that look alike: which do, which do not, and that no owner is ever locked out."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.state.lookalikes import Lookalikes, skeleton
from reactor_chat.wire import messages as m
from tests.chat.toy import RULES, Key, World

names = st.text("ABIilLoO015sS_rnmvwW", min_size=1, max_size=8)


@pytest.mark.parametrize(("one", "other"), [
    ("Paul", "PauI"), ("Paul", "Pau1"), ("Paul", "paul_"), ("Paul", "_P_aul"), ("Otto", "0tt0"), ("modern", "rnodern"),
    ("will", "vvi11"), ("Stella", "5te11a"), ("Ann", "ANN"), ("_", "___"), ("corn", "com"),
])  # fmt: skip
def test_these_look_alike(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize("names_", [
    ["John", "Peter", "Stella", "Paul", "Ann", "Bob", "Cy", "Dee", "Gus", "Greta", "Rush"],
    [f"user{number}" for number in range(2_000)],
    [f"{letter}{number:04}" for letter in "abcdefghijkmnpqrtuvwxyz" for number in range(100)],
])  # fmt: skip
def test_names_of_people_and_of_programs_do_not(names_: list[str]) -> None:
    assert len({skeleton(name) for name in names_}) == len(names_)


@given(names)
def test_a_skeleton_has_no_other_skeleton_than_itself_or_shrinks_to_one(name: str) -> None:
    assert skeleton(name) == skeleton(name.upper()) == skeleton(name.lower()) == skeleton(f"_{name}_")


@given(st.lists(st.tuples(st.booleans(), names)))
def test_the_index_finds_what_a_search_finds(steps: list[tuple[bool, str]]) -> None:
    index, there = Lookalikes(), dict[str, None]()
    for adds, name in steps:
        if adds:
            index.add(name)
            there.setdefault(name.lower())
        else:
            index.remove(name)
            there.pop(name.lower(), None)
        for asked in {name, *there}:
            like = {other for other in there if skeleton(other) == skeleton(asked) and other != asked.lower()}
            assert set(index.like(asked)) == like


def login(world: World, name: str, key: Key | None = None) -> m.Refused | None:
    """Try to come in; the refusal, if there was one."""
    conn = world.login(name, key)
    world.commit()
    found = [notice for notice in world.take(conn) if isinstance(notice, m.Refused)]
    return found[0] if found else None


@pytest.mark.parametrize("key", [None, Key(1)])
def test_a_newcomer_may_not_look_like_somebody_who_is_here_or_owns_a_name(key: Key | None) -> None:
    world = World(lookalikes=False)
    world.join("Paul", key)
    for other, newcomer in (("PauI", None), ("Pau1", Key(2)), ("P_aul", Key(3))):
        refusal = login(world, other, newcomer)
        assert refusal == m.Refused("bad_name", f"{other} looks too similar to Paul. Choose a different name")
    assert login(world, "Pauline") is None


def test_where_the_operator_allows_it_they_may() -> None:
    world = World(lookalikes=True)
    world.join("Paul")
    assert login(world, "PauI") is None


def test_nobody_looks_like_the_operator() -> None:
    world = World(lookalikes=False)
    for name in ("5erver", "server_", "SERVER"):
        refusal = login(world, name)
        assert refusal is not None
        assert refusal.code in ("bad_name", "name_reserved")


def test_owners_are_never_locked_out() -> None:
    world = World(lookalikes=True)
    world.join("Paul", Key(1))
    owner = world.join("PauI", Key(2))
    world.ask(owner, m.Quit())
    world.hub.adopt(msgspec.structs.replace(RULES, lookalikes=False))
    assert login(world, "pauI", Key(2)) is None


def test_what_looks_like_a_released_or_left_name_is_free() -> None:
    world = World(lookalikes=False)
    guest = world.join("Otto")
    assert login(world, "0tto") is not None
    world.ask(guest, m.Quit())
    assert login(world, "0tto") is None
    world.join("Paul", Key(1))
    world.release("Paul")
    world.commit()
    assert login(world, "PauI", Key(2)) is None


def test_of_two_lookalikes_that_come_at_the_same_moment_one_comes_in() -> None:
    world = World(lookalikes=False)
    one, other = world.login("Paul"), world.login("PauI")
    world.commit()
    heard = [[type(notice) for notice in world.take(conn)] for conn in (one, other)]
    assert m.Welcome in heard[0]
    assert m.Welcome not in heard[1]
    assert m.Refused in heard[1]
