"""Who is there, by which connection, and whom somebody may have meant."""

import timeit

from reactor_chat.chat.state.roster import Presence, Roster


def roster_of(*names: str) -> Roster:
    roster = Roster()
    for seq, name in enumerate(names, 1):
        roster.add(Presence(name, True, seq))
    return roster


def test_names_are_one_in_any_case_and_shown_as_their_holder_spells_them() -> None:
    roster = roster_of("bob", "Ann", "ANNA")
    assert roster.get("BOB") == Presence("bob", True, 1)
    assert roster.names() == ["Ann", "ANNA", "bob"]
    assert [presence.name for presence in roster.people()] == ["bob", "Ann", "ANNA"]
    assert len(roster) == 3
    assert roster.remove("aNN") == Presence("Ann", True, 2)
    assert roster.remove("Ann") is None
    assert roster.names() == ["ANNA", "bob"]


def test_people_are_reached_by_their_newest_connection_and_each_once() -> None:
    roster = roster_of("Ann", "Bob", "Cy")
    roster.reach("Ann", 0)
    roster.reach("bob", 7)
    roster.reach("Bob", 8)
    assert roster.conn_of("ann") == 0
    assert roster.conns_of(["Bob", "Cy", "Ann", "bob", "Nobody"]) == [8, 0]
    roster.unreach("BOB")
    roster.unreach("Cy")
    roster.remove("Ann")
    assert roster.conns_of(["Bob", "Cy", "Ann"]) == []
    assert roster.conn_of("Ann") is None


def test_presence_survives_a_dump_and_connections_do_not() -> None:
    roster, again = roster_of("Zoe", "Ann"), Roster()
    roster.reach("Zoe", 1)
    again.load(roster.dump())
    assert again.dump() == roster.dump()
    assert again.conn_of("Zoe") is None


def test_the_nearest_present_name_is_suggested() -> None:
    roster = roster_of("Stella", "John")
    assert roster.suggestion("stela") == "Stella"
    assert roster.suggestion("Jon") == "John"
    assert roster.suggestion("Zacharias") is None
    assert roster.suggestion("") is None
    assert Roster().suggestion("Ann") is None


def test_a_suggestion_in_a_full_house_is_cheap() -> None:
    roster = roster_of(*(f"a{number}z" for number in range(10_000)))
    assert min(timeit.repeat(lambda: roster.suggestion("a123456789z"), number=1, repeat=3)) < 0.05


def test_who_has_gone_is_not_suggested_any_more() -> None:
    roster = roster_of("Stella", "Steffi")
    roster.remove("STELLA")
    assert roster.suggestion("Stela") is None
    roster.add(Presence("Stella", True, 9))
    assert roster.suggestion("Stela") == "Stella"
    for name in ("Stella", "Steffi"):
        roster.remove(name)
    assert not roster._alike
