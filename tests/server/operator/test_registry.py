"""What the operator orders about people: lists, granted names, invitations, and what becomes of them."""

import pytest

from reactor_chat.admin.people import lines_of
from reactor_chat.chat.operator.registration import DAY_MS
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.identity import key_text as written
from reactor_chat.errors import StorageFull
from reactor_chat.server.operator.orders import (
    Answer,
    Grant,
    IssueInvite,
    ListInvites,
    ListPeople,
    Release,
    SetLockdown,
    Uninvite,
)
from reactor_chat.server.record_log import record_of
from reactor_chat.wire.messages import Hello, Login, Refused, Say, Welcome
from reactor_chat.wire.transcript import login_transcript
from tests.chat.toy import Key
from tests.server.world import Person, TroubledJournal, World

ANN, BOB = Key(1), Key(2)


def locked() -> World:
    return World(lockdown=True).start()


def come(world: World, name: str, key: Key | None = None, invite: str | None = None) -> Person:
    person = world.connect()
    world.turn()
    hello = person.heard[0]
    assert isinstance(hello, Hello)
    public, signature = (None, None) if key is None else (key.public, key.sign(hello.nonce, name))
    person.ask(Login(name, 1, public, signature, invite=invite))
    world.settle()
    return person


def is_in(person: Person) -> bool:
    return bool(person.of(Welcome))


def why_not(person: Person) -> str:
    return str(person.of(Refused)[-1].text)


def key_text(key: Key) -> str:
    return written(key.public)


def code_of(answer: Answer) -> str:
    assert answer.done, answer.text
    assert answer.facts is not None
    return str(answer.facts["invite"]["code"])


def people(world: World) -> dict[str, list[dict[str, object]]]:
    answer = world.order(ListPeople())
    assert answer.facts is not None
    found: dict[str, list[dict[str, object]]] = answer.facts["people"]
    return found


# ------------------------------------------------------------------------------------------------ people


def test_who_is_here_and_who_owns_what() -> None:
    world = World().start()
    came_at = world.unix_ms
    ann = come(world, "Ann", ANN)
    come(world, "Guest")
    world.pass_time(100)
    ann.ask(Say("x"))
    world.settle()
    world.pass_time(7)
    facts = people(world)
    assert [(one["name"], one["key"] is None, one["address"], one["idle_seconds"]) for one in facts["here"]] == [
        ("Ann", False, "127.0.0.1", 7),
        ("Guest", True, "127.0.0.1", 107),
    ]
    assert abs(int(str(facts["here"][0]["since_ms"])) - came_at) < 1_000
    (owner,) = facts["owners"]
    assert (owner["name"], owner["public_key"], owner["claimed_ms"]) == ("Ann", key_text(ANN), came_at)
    assert owner["seen_ms"] == world.unix_ms, "who is here is seen now"
    gone_at = world.unix_ms
    world.lose(ann)
    world.settle()
    world.pass_time(1_000)
    assert [one["seen_ms"] for one in people(world)["owners"]] == [gone_at]


def test_the_lists_are_shown_as_tables_with_heads() -> None:
    world = World().start()
    come(world, "Ann", ANN)
    world.order(Grant("Bob", key_text(BOB)))
    answer = world.order(ListPeople())
    assert answer.facts is not None
    lines = lines_of(answer.facts, answer.text)
    assert lines is not None
    assert lines[0] == "Connected: 1"
    assert lines[1].split() == ["NAME", "KEY", "ADDRESS", "SINCE", "IDLE", "QUEUE"]
    assert lines[4] == "Owned names: 2"
    assert lines[7].startswith("Bob ")
    assert lines[7].endswith("never")


# ------------------------------------------------------------------------------------------- granted names


def test_a_granted_name_comes_in_during_a_lockdown_and_survives_a_restart() -> None:
    world = locked()
    assert why_not(come(world, "Ann", ANN)) == (
        f"The server only lets in registered names right now. Ask the operator to add you. Your key is {key_text(ANN)}"
    )
    assert why_not(come(world, "Guest")).endswith("Ask the operator to add you.")
    assert world.order(Grant("Ann", key_text(ANN))).done
    assert not is_in(come(world, "Ann", BOB))
    again = World(world.journal, lockdown=True).start()
    assert is_in(come(again, "aNN", ANN))
    assert again.app.hub.state.identity.claim_of("ann").name == "aNN"  # type: ignore[union-attr]


@pytest.mark.parametrize(("name", "key", "why"), [
    ("two words", ANN, "A name is"), ("x" * 33, ANN, "A name is"), ("", ANN, "A name is"),
    ("\u212aim", ANN, "A name is"),
    ("Server", ANN, "reserved word"), ("Owned", ANN, "belongs to another key"), ("OWNED", BOB, "belongs to that key"),
    ("Guest", ANN, "A guest is connected as Guest"),
])  # fmt: skip
def test_a_name_that_cannot_be_granted_is_not(name: str, key: Key, why: str) -> None:
    world = World().start()
    come(world, "Owned", BOB)
    come(world, "Guest")
    head = world.head
    answer = world.order(Grant(name, key_text(key)))
    assert not answer.done
    assert why in answer.text
    assert world.head == head


@pytest.mark.parametrize("key", ["", "Ann", "127.0.0.1", "A" * 43 + "=" * 2, key_text(ANN)[:-2] + "=", "é"])
def test_what_is_no_key_owns_nothing(key: str) -> None:
    world = World().start()
    assert not world.order(Grant("Ann", key)).done
    small = world.order(Grant("Ann", "A" * 43 + "="))
    assert "small order" in small.text
    assert world.head == 0


# -------------------------------------------------------------------------------------------- invitations


def test_an_invitation_lets_one_newcomer_in_and_is_used_up() -> None:
    world = locked()
    code = code_of(world.order(IssueInvite()))
    ann = come(world, "Ann", ANN, code.upper() + " ")
    assert is_in(ann)
    assert why_not(come(world, "Bob", BOB, code)).startswith("This invitation was used")
    world.lose(ann)
    world.settle()
    assert is_in(come(world, "Ann", ANN, code)), "the owner of a name is not asked for an invitation"
    assert world.order(ListInvites()).facts == {"invites": []}


def test_two_who_come_at_the_same_moment_do_not_both_come_in() -> None:
    world = locked()
    code = code_of(world.order(IssueInvite()))
    people = [world.connect(), world.connect()]
    world.turn()
    for person, name, key in zip(people, ("Ann", "Bob"), (ANN, BOB), strict=True):
        nonce = person.heard[0].nonce  # type: ignore[union-attr]
        person.ask(Login(name, 1, key.public, key.sign(nonce, name), invite=code))
    world.settle()
    assert [is_in(person) for person in people] == [True, False]
    assert why_not(people[1]).startswith("This invitation was used")


def test_a_taken_name_uses_no_invitation_up() -> None:
    world = World().start()
    come(world, "Ann", ANN)
    world.order(SetLockdown(on=True))
    code = code_of(world.order(IssueInvite()))
    assert why_not(come(world, "ANN", BOB, code)) == "Username is already taken"
    assert is_in(come(world, "Bob", BOB, code))


def test_a_guest_cannot_use_an_invitation() -> None:
    world = locked()
    code = code_of(world.order(IssueInvite()))
    assert "log in with a key" in why_not(come(world, "Ann", None, code))
    assert is_in(come(world, "Ann", ANN, code))


def test_an_invitation_ends_with_its_time_and_when_it_is_revoked() -> None:
    world = locked()
    short, other = world.order(IssueInvite(1)), world.order(IssueInvite(30))
    assert other.facts is not None
    number = other.facts["invite"]["number"]
    world.now += DAY_MS / 1_000 - 1
    world.turn()
    assert world.order(Uninvite(number)).done
    assert not world.order(Uninvite(number)).done
    assert not is_in(come(world, "Bob", BOB, code_of(other)))
    world.now += 1.001
    assert not is_in(come(world, "Ann", ANN, code_of(short)))
    assert world.order(ListInvites()).facts == {"invites": []}


def test_an_invitation_survives_a_restart_and_its_code_is_kept_nowhere() -> None:
    world = locked()
    code = code_of(world.order(IssueInvite()))
    assert all(code.encode() not in row.payload for row in world.journal.replay())
    again = World(world.journal, lockdown=True).start()
    assert len(again.order(ListInvites()).facts["invites"]) == 1  # type: ignore[index]
    assert is_in(come(again, "Ann", ANN, code))
    once_more = World(world.journal, lockdown=True).start()
    assert not is_in(come(once_more, "Bob", BOB, code)), "used up, after a restart too"
    assert once_more.app.hub.state.hash() == _replayed_hash(once_more)


def _replayed_hash(world: World) -> str:
    state = ChatState()
    for row in world.journal.replay():
        state.apply(record_of(row.seq, row.payload))
    return state.hash()


@pytest.mark.parametrize("code", ["", "x", "é" * 10, "\x00", "a" * 10_000, "\ud800"])
def test_no_code_harms_anybody(code: str) -> None:
    world = locked()
    world.order(IssueInvite())
    if code == "\ud800":
        assert world.app.hub.state.invites.good(code, world.unix_ms) is None
    else:
        assert not is_in(come(world, "Ann", ANN, code))


def full(_: int) -> None:
    raise StorageFull("full")


def test_without_space_nothing_is_granted_and_nobody_invited() -> None:
    world = World(TroubledJournal(full)).start()
    for order in (Grant("Ann", key_text(ANN)), IssueInvite()):
        answer = world.order(order)
        assert not answer.done
        assert "no space" in answer.text
    assert world.order(ListInvites()).facts == {"invites": []}
    assert people(world)["owners"] == []


def test_a_released_name_is_unknown_again() -> None:
    world = World().start()
    world.order(Grant("Ann", key_text(ANN)))
    assert world.order(Release("Ann")).done
    world.settle()
    assert people(world)["owners"] == []
    assert world.app.hub.state.attendance.dump() == []
    assert is_in(come(world, "Ann", BOB))


def test_the_login_signature_is_what_counts_and_not_the_invitation() -> None:
    world = locked()
    code = code_of(world.order(IssueInvite()))
    person = world.connect()
    world.turn()
    nonce = person.heard[0].nonce  # type: ignore[union-attr]
    assert login_transcript(nonce, "Ann", ANN.public)
    person.ask(Login("Ann", 1, ANN.public, BOB.sign(nonce, "Ann"), invite=code))
    world.settle()
    assert person.of(Refused)[-1].code == "bad_signature"
    assert is_in(come(world, "Ann", ANN, code))
