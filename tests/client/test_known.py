"""What a client picks up for completion."""

from reactor_chat.client.known import Known
from reactor_chat.wire.messages import (
    Exited,
    GroupChanged,
    GroupOverview,
    GroupsAnswer,
    Joined,
    NamesAnswer,
    Notice,
    Pong,
    Said,
)


def learnt(*notices: Notice) -> Known:
    known = Known()
    for notice in notices:
        known.learn(notice, "Ann")
    return known


def test_people_come_and_go_in_any_case() -> None:
    known = learnt(
        NamesAnswer(["Bob", "adam"]), Joined(1, 0, "Zoe"), Exited(2, 0, "BOB"), Said(3, 0, "zoe", "x"), Pong()
    )
    assert known.users == ["adam", "zoe"]


def test_groups_are_ones_own() -> None:
    known = learnt(
        GroupsAnswer([GroupOverview("lunch", "Bob", ["Ann", "Bob"])]),
        GroupChanged(1, 0, "team", "created", "Ann", members=["ANN", "Bob"]),
        GroupChanged(2, 0, "other", "added", "Bob", "Zoe", ["Bob", "Zoe"]),
        GroupChanged(3, 0, "Lunch", "deleted", "Bob"),
    )
    assert known.groups == ["team"]
    known.learn(GroupChanged(4, 0, "team", "kicked", "Bob", "Ann", ["Bob"]), "Ann")
    assert known.groups == []


def test_it_forgets() -> None:
    known = learnt(Joined(1, 0, "Zoe"), GroupChanged(1, 0, "g", "created", "Ann", members=["Ann"]))
    known.forget()
    assert (known.users, known.groups) == ([], [])
