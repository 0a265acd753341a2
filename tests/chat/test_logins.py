"""Who may come in: names, proofs, room, and patience with those who fail."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from reactor_chat.chat import boundary as b
from reactor_chat.chat import logins
from reactor_chat.wire import messages as m
from tests.chat.toy import NOW, Key, World, login, nonce, shown

KEY, OTHER = Key(1), Key(2)
BURST = 3


def answer_to(world: World, request: m.Login, address: str = "192.0.2.1") -> m.Notice:
    conn = world.connect(address)
    world.send(conn, request)
    world.commit()
    return world.told[conn][0]


def refused(world: World, name: str, key: Key | None = None, address: str = "192.0.2.1") -> str:
    conn = world.connect(address)
    world.send(conn, login(conn, name, key))
    world.commit()
    return shown(world.told[conn][0])


# ------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "bad_name"),
        ("a", None),
        ("A_9", None),
        ("a" * 32, None),
        ("a" * 33, "bad_name"),
        ("a b", "bad_name"),
        ("a-b", "bad_name"),
        ("ann\n", "bad_name"),
        ("Änne", "bad_name"),
        ("\u212aate", "bad_name"),
        ("٣", "bad_name"),
        ("server", "name_reserved"),
        ("EveryOne", "name_reserved"),
        ("servers", None),
    ],
)
def test_names(name: str, code: str | None) -> None:
    notice = answer_to(World(), m.Login(name, 1))
    assert (notice.code if isinstance(notice, m.Refused) else None) == code


@pytest.mark.parametrize("word", sorted(m.RESERVED_WORDS))
def test_no_reserved_word_is_a_name(word: str) -> None:
    assert refused(World(), word.swapcase()) == "name_reserved"


@pytest.mark.parametrize("protocol", [-1, 0, 2, 2**40])
def test_there_is_one_protocol(protocol: int) -> None:
    assert shown(answer_to(World(), m.Login("Ann", protocol))) == "bad_protocol"


def test_a_name_is_held_in_every_case_while_its_holder_is_there() -> None:
    world = World()
    ann = world.join("Ann")
    notice = answer_to(world, m.Login("ANN", 1))
    assert notice == m.Refused("name_taken", "Username is already taken")
    world.ask(ann, m.Quit())
    assert refused(world, "ANN") == "welcome ANN"


# ------------------------------------------------------------------------------------------------ proofs


def test_the_first_key_claims_a_name_for_good() -> None:
    world = World()
    ann = world.join("Ann", KEY)
    world.ask(ann, m.Quit())
    assert refused(world, "Ann") == "name_taken"
    assert refused(world, "ann", OTHER) == "name_taken"
    assert refused(world, "ANN", KEY) == "welcome ANN"


def test_a_guests_name_cannot_be_claimed_while_it_is_there() -> None:
    world = World()
    world.join("Ann")
    assert refused(world, "Ann", KEY) == "name_taken"


FORGED: dict[str, Callable[[int], dict[str, object]]] = {
    "missing": lambda _: {"signature": None},
    "zero": lambda _: {"signature": bytes(64)},
    "replayed": lambda conn: {"signature": KEY.sign(nonce(conn + 1), "Ann")},
    "by another": lambda conn: {"signature": OTHER.sign(nonce(conn), "Ann")},
    "foreign key": lambda _: {"key": OTHER.public},
    "other spelling": lambda conn: {"signature": KEY.sign(nonce(conn), "ann")},
    "other channel": lambda conn: {"signature": KEY.sign(nonce(conn), "Ann", b"x" * 32)},
    "small order": lambda _: {"key": bytes(32)},
    "identity": lambda _: {"key": b"\x01" + bytes(31), "signature": b"\x01" + bytes(63)},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_no_forged_proof_claims_or_opens_a_name(forged: Callable[[int], dict[str, object]]) -> None:
    world = World()
    for _ in range(2):
        conn = world.connect()
        world.send(conn, structs.replace(login(conn, "Ann", KEY), **forged(conn)))
        world.commit()
        assert [shown(notice) for notice in world.take(conn)] == ["bad_signature"]
        world.ask(world.join("Ann", KEY), m.Quit())  # unclaimed at first, then its owner's


def test_the_proof_of_a_used_connection_opens_no_other() -> None:
    world = World()
    first = world.connect()
    proof = login(first, "Ann", KEY)
    world.send(first, proof, m.Quit())
    world.commit()
    assert shown(answer_to(world, proof)) == "bad_signature"


# --------------------------------------------------------------------------------- a name left to the server


def test_a_key_comes_in_under_the_one_name_it_owns() -> None:
    world = World()
    world.ask(world.join("Ann", KEY), m.Quit())
    world.join("Bob", OTHER)
    assert refused(world, "", KEY) == "welcome Ann"
    assert refused(world, "", KEY) == "welcome Ann"  # it takes over


def test_a_key_that_owns_none_or_several_chooses() -> None:
    world = World()
    conn = world.connect()
    world.send(conn, login(conn, "", KEY))
    assert world.take(conn) == [m.Refused("bad_name", logins.NO_NAME_OWNED)]
    for name in ("Ann", "Amy"):
        world.ask(world.join(name, KEY), m.Quit())
    conn = world.connect()
    world.send(conn, login(conn, "", KEY))
    assert world.take(conn) == [m.Refused("bad_name", "Your key owns Ann, Amy; choose one of them")]
    world.send(conn, m.Login("Amy", 1, KEY.public))  # proved on this connection already
    world.commit()
    assert shown(world.take(conn)[0]) == "welcome Amy"


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_nobody_learns_a_keys_name_without_the_key(forged: Callable[[int], dict[str, object]]) -> None:
    world = World()
    world.ask(world.join("Ann", KEY), m.Quit())
    conn = world.connect()
    world.send(conn, structs.replace(login(conn, "", KEY), **forged(conn)))
    world.commit()
    assert shown(world.take(conn)[0]) in ("bad_name", "bad_signature")
    world.send(conn, m.Login("Ann", 1, KEY.public))
    world.commit()
    assert shown(world.take(conn)[0]) == "bad_signature"


# -------------------------------------------------------------------------------------------------- room


@pytest.mark.parametrize("people_max", [1, 2, 3])
def test_so_many_people_and_no_more(people_max: int) -> None:
    world = World(people_max=people_max)
    assert [refused(world, f"user{n}").split()[0] for n in range(people_max + 1)] == ["welcome"] * people_max + [
        "server_full"
    ]


def test_who_is_on_the_way_in_takes_a_place() -> None:
    world = World(people_max=1)
    conns = [world.login(f"user{n}") for n in range(2)]
    world.commit()
    assert [shown(world.told[conn][0]) for conn in conns] == ["welcome user0", "server_full"]


def test_a_takeover_needs_no_room() -> None:
    world = World(people_max=1)
    world.join("Ann", KEY)
    assert refused(world, "Ann", KEY) == "welcome Ann"


def test_so_many_names_are_owned_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "CLAIMS_MAX", 2)
    world = World()
    conns = [world.login(f"user{n}", Key(n + 1)) for n in range(3)]
    world.commit()
    assert [shown(world.told[conn][0]) for conn in conns] == ["welcome user0", "welcome user1", "server_full"]
    assert refused(world, "guest") == "welcome guest"
    world.ask(conns[0], m.Quit())
    assert refused(world, "user0", Key(1)) == "welcome user0"
    world.release("user0")
    world.commit()
    assert refused(world, "user2", Key(3)) == "welcome user2"


# ------------------------------------------------------------------------------------------------- taking over


def test_an_owner_takes_its_name_over_and_nobody_notices() -> None:
    world = World()
    old, bob = world.join("Ann", KEY), world.join("Bob")
    new = world.login("ANN", KEY, after=0)
    assert [shown(n) for n in world.take(new)] == ["welcome Ann", "joined Bob"]
    assert world.closed[old] == "taken_over"
    world.send(bob, m.Tell("Ann", "hi"))
    world.handle(b.Disconnected(old))
    world.commit()
    assert [shown(n) for n in world.take(new)] == ["Bob: hi"]
    assert [shown(n) for n in world.take(bob)] == ["Bob: hi"]


def test_what_was_sent_before_a_takeover_still_counts_and_is_answered() -> None:
    world = World()
    old, bob = world.join("Ann", KEY), world.join("Bob")
    world.send(old, m.GroupSet("team", ["Bob"], id="1"), m.GroupSend("team", "hi", id="2"))
    new = world.login("Ann", KEY)
    world.send(old, m.Say("too late"))
    world.send(new, m.GroupSend("team", "hi", id="2"))
    assert old not in world.closed
    world.commit()
    assert [shown(n) for n in world.take(old)] == ["team created Ann", "accepted 1", "Ann: hi", "accepted 2"]
    assert [shown(n) for n in world.take(new)] == ["welcome Ann", "accepted 2"]
    assert [shown(n) for n in world.take(bob)] == ["team created Ann", "Ann: hi"]
    assert world.closed[old] == "taken_over"


def test_a_takeover_waits_until_the_last_of_what_was_sent_and_no_longer() -> None:
    world = World()
    old = world.join("Ann", KEY)
    world.send(old, m.GroupSet("team", []), m.GroupSend("team", "hi"), m.Ping())
    new = world.login("Ann", KEY)
    world.commit()
    assert [shown(n) for n in world.take(old)] == ["team created Ann", "Ann: hi", "pong"]
    assert [shown(n) for n in world.take(new)] == ["welcome Ann"]


def test_a_takeover_that_waits_is_not_refused_for_what_others_fail_at_meanwhile() -> None:
    world = World(failed_logins_burst=1)
    old = world.join("Ann", KEY)
    world.send(old, m.Say("x", id="1"))
    new = world.login("Ann", KEY)
    assert refused_now(world, "server") == "name_reserved"
    world.commit()
    assert shown(world.told[new][0]) == "welcome Ann"
    assert world.closed[old] == "taken_over"


def refused_now(world: World, name: str) -> str:
    return shown(world.told[world.login(name)][0])


@pytest.mark.parametrize("end", [m.Quit(), None])
def test_a_takeover_of_somebody_about_to_leave_is_a_new_coming(end: m.Quit | None) -> None:
    world = World()
    old, bob = world.join("Ann", KEY), world.join("Bob")
    world.send(old, m.Say("bye"))
    world.handle(b.Received(old, end) if end else b.Disconnected(old))
    new = world.login("Ann", KEY)
    world.commit()
    assert [shown(n) for n in world.take(bob)] == ["Ann: bye", "exited Ann", "joined Ann"]
    assert shown(world.told[new][0]) == "welcome Ann"


def test_takeovers_in_a_row_end_with_the_last() -> None:
    world = World()
    conns = [world.login("Ann", KEY) for _ in range(4)]
    world.commit()
    assert [world.closed.get(conn) for conn in conns] == ["taken_over"] * 3 + [None]
    assert world.hub.state.seq == 1


# ------------------------------------------------------------------------------------------------- failing


def test_the_fifth_refused_login_closes_the_connection() -> None:
    world = World()
    conn = world.connect()
    world.send(conn, *[m.Login("server", 1)] * 6)
    assert [shown(n) for n in world.take(conn)] == ["name_reserved"] * 5
    assert world.closed[conn] == "violation"


def test_an_address_that_failed_too_often_has_to_wait_and_others_do_not() -> None:
    world = World(failed_logins_burst=BURST, failed_logins_per_second=0.1)
    assert [refused(world, "server") for _ in range(BURST)] == ["name_reserved"] * BURST
    notice = answer_to(world, m.Login("Ann", 1))
    assert notice == m.Refused("too_fast", "Too many failed logins from your address; try again in 10 s")
    assert refused(world, "Ann", address="192.0.2.2") == "welcome Ann"
    world.now += 9_999
    assert refused(world, "Bob") == "too_fast"
    world.now += 1
    assert refused(world, "Bob") == "welcome Bob"


@given(st.lists(st.integers(-(10**10), 10**10), max_size=5))
def test_a_clock_that_was_set_locks_nobody_out(jumps: list[int]) -> None:
    world = World(failed_logins_burst=BURST, failed_logins_per_second=0.1)
    for jump in jumps:
        assert [refused(world, "server") for _ in range(BURST + 1)][-1] == "too_fast"
        world.now += jump
        refused(world, "server")  # somebody looks at the clock
        world.now += 10_000 * (BURST + 1)
    assert refused(world, "Ann") == "welcome Ann"


def test_a_clock_set_forward_lifts_the_limit_once() -> None:
    world = World(failed_logins_burst=BURST, failed_logins_per_second=0.1)
    world.now += 10**11
    assert [refused(world, "server") for _ in range(BURST + 1)][-1] == "too_fast"
    world.now -= 10**11
    assert refused(world, "server") == "too_fast"


def test_addresses_that_failed_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "ADDRESSES_MAX", 20)
    world = World(failed_logins_burst=1, failed_logins_per_second=0.001)
    for number in range(100):
        assert refused(world, "server", address=f"host{number}") == "name_reserved"
        assert len(world.hub._judge._logins._failed) <= 20
    assert refused(world, "Ann", address="host99") == "too_fast"
    assert refused(world, "Ann", address="host0") == "welcome Ann"


def test_who_owes_nothing_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "ADDRESSES_MAX", 3)
    world = World(failed_logins_burst=2, failed_logins_per_second=1.0)
    for _ in range(2):
        refused(world, "server", address="owes")
    for address in ("b", "c"):
        refused(world, "server", address=address)
    world.now += 1_000
    refused(world, "server", address="d")
    assert set(world.hub._judge._logins._failed) == {"owes", "d"}


def test_a_clock_that_goes_back_a_little_is_waited_for_and_one_that_goes_back_far_is_followed() -> None:
    world = World()
    ann = world.join("Ann")
    steps = (0, 5_000, -10_000, 1, -(10**9), 7)
    for step in steps:
        world.now += step
        world.send(ann, m.Say("x"))
    world.commit()
    times = [record.at - NOW for record, _ in world.records][-len(steps) :]
    assert times[:4] == [0, 5_000, 5_000, 5_000]
    assert times[4:] == [sum(steps[:5]), sum(steps)]
