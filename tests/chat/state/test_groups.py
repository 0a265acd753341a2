"""The groups: members in the order of their coming, owners, heirs, and the lists of each person's groups."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.state.groups import Groups
from reactor_chat.chat.state.records import GroupAltered


def altered(change: str, members: list[str] | None, user: str | None = None, group: str = "team") -> GroupAltered:
    return GroupAltered(1, 0, group, change, "Ann", 1, user, members)


def groups_of(*names: str) -> Groups:
    groups = Groups()
    groups.apply(altered("created", list(names)))
    return groups


def test_a_group_is_one_in_any_case() -> None:
    groups = groups_of("Ann", "Bob")
    group = groups.get("TEAM")
    assert group is not None
    assert group.name == "team"
    assert group.has("ANN")
    assert group.is_owned_by("aNn")
    assert not group.is_owned_by("Bob")
    assert group.without("bob") == ["Ann"]
    assert groups.get("other") is None


def test_letters_whose_lower_case_is_ascii_are_in_no_name() -> None:
    groups = groups_of("Kate")
    assert groups.get("team") is not None
    group = groups.get("team")
    assert group is not None
    assert not group.has("\u212aate")
    groups.apply(altered("created", ["Kate"], group="kin"))
    assert groups.get("\u212ain") is None


def test_who_comes_last_is_last_even_if_it_was_there_before() -> None:
    groups = groups_of("Ann", "Bob", "Cy")
    assert groups.apply(altered("kicked", ["Ann", "Cy"], "Bob")) == ["Ann", "Bob", "Cy"]
    assert groups.apply(altered("added", ["Ann", "Cy", "Bob"], "Bob")) == ["Ann", "Cy", "Bob"]
    group = groups.get("team")
    assert group is not None
    assert group.names() == ["Ann", "Cy", "Bob"]


def test_an_heir_owns_and_a_group_without_members_is_gone() -> None:
    groups = groups_of("Ann", "Bob")
    assert groups.apply(altered("left", ["Bob"], "Ann")) == ["Ann", "Bob"]
    assert groups.apply(altered("owner", ["Bob"], "Bob")) == ["Bob"]
    group = groups.get("team")
    assert group is not None
    assert group.owner == "Bob"
    assert groups.of("Ann") == []
    assert groups.apply(altered("left", [], "Bob")) == ["Bob"]
    assert groups.get("team") is None
    assert groups.dump() == []


def test_deleting_concerns_everybody_who_was_in() -> None:
    groups = groups_of("Ann", "Bob")
    assert groups.apply(altered("deleted", None)) == ["Ann", "Bob"]
    assert groups.of("Bob") == []


def test_whoever_spells_themselves_anew_is_spelled_so() -> None:
    groups = groups_of("Ann", "Bob")
    groups.respell("ANN")
    groups.respell("nobody")
    group = groups.get("team")
    assert group is not None
    assert (group.owner, group.names()) == ("ANN", ["ANN", "Bob"])


def test_a_dump_does_not_change_with_what_it_was_made_of_nor_what_is_loaded_with_it() -> None:
    groups, again = groups_of("Ann", "Bob"), Groups()
    dump = groups.dump()
    again.load(dump)
    groups.respell("ANN")
    again.apply(altered("kicked", ["Ann"], "Bob"))
    assert dump[0].members == {"ann": "Ann", "bob": "Bob"}
    assert groups.dump()[0].names() == ["ANN", "Bob"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from("wxyz"), unique=True)), max_size=30))
def test_against_a_dictionary(steps: list[tuple[str, list[str]]]) -> None:
    groups, simple = Groups(), dict[str, list[str]]()
    for name, members in steps:
        if name not in simple and not members:
            continue
        before = simple.get(name, [])
        concerned = groups.apply(altered("added" if before else "created", members, group=name))
        assert set(concerned) == {*before, *members}
        simple[name] = members
        if not members:
            del simple[name]
    for person in "wxyz":
        assert [group.name for group in groups.of(person)] == sorted(n for n in simple if person in simple[n])
    assert {group.name: set(group.names()) for group in groups.dump()} == {n: set(simple[n]) for n in simple}
    again: Any = Groups()
    again.load(groups.dump())
    assert again.dump() == groups.dump()
    assert [g.name for g in again.of("w")] == [g.name for g in groups.of("w")]
