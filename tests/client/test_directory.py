"""What a client picks up for completion."""

from reactor_chat.client.directory import Directory
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


def learnt(*notices: Notice) -> Directory:
    directory = Directory()
    for notice in notices:
        directory.learn(notice, "Ann")
    return directory


def test_people_come_and_go_in_any_case() -> None:
    directory = learnt(
        NamesAnswer(["Bob", "adam"]), Joined(1, 0, "Zoe"), Exited(2, 0, "BOB"), Said(3, 0, "zoe", "x"), Pong()
    )
    assert directory.users == ["adam", "zoe"]


def test_groups_are_ones_own() -> None:
    directory = learnt(
        GroupsAnswer([GroupOverview("lunch", "Bob", ["Ann", "Bob"])]),
        GroupChanged(1, 0, "team", "created", "Ann", members=["ANN", "Bob"]),
        GroupChanged(2, 0, "other", "added", "Bob", "Zoe", ["Bob", "Zoe"]),
        GroupChanged(3, 0, "Lunch", "deleted", "Bob"),
    )
    assert directory.groups == ["team"]
    directory.learn(GroupChanged(4, 0, "team", "kicked", "Bob", "Ann", ["Bob"]), "Ann")
    assert directory.groups == []


def test_it_forgets() -> None:
    directory = learnt(Joined(1, 0, "Zoe"), GroupChanged(1, 0, "g", "created", "Ann", members=["Ann"]))
    directory.forget()
    assert (directory.users, directory.groups) == ([], [])
