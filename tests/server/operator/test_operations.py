"""What the operator orders, on a server without sockets: who is told, who goes, who may not come, and what stays."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.chat.state.identity import key_text
from reactor_chat.errors import StorageFull
from reactor_chat.server.bans import BANS_MAX, Ban
from reactor_chat.server.operator.orders import (
    Announce,
    Answer,
    Kick,
    LiftBan,
    ListBans,
    PutBan,
    SetLockdown,
    SetRate,
    TellStatus,
)
from reactor_chat.server.options.values import Rate
from reactor_chat.wire.messages import (
    AskHistory,
    Bye,
    Exited,
    Hello,
    HistoryAnswer,
    Joined,
    Login,
    Refused,
    Said,
    Say,
    Welcome,
)
from reactor_chat.wire.transcript import login_transcript
from tests.server.world import Person, TroubledJournal, World

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()


def world(**options: object) -> World:
    return World(None, **options).start()


def owner(world: World, name: str, key: Ed25519PrivateKey = KEY, after: int | None = None) -> Person:
    person = world.connect()
    world.turn()
    hello = person.heard[0]
    assert isinstance(hello, Hello)
    public = key.public_key().public_bytes_raw()
    person.ask(Login(name, 1, public, key.sign(login_transcript(hello.nonce, name, public)), after))
    world.settle()
    return person


def stranger(world: World, name: str) -> Person:
    person = world.connect().ask(Login(name, 1))
    world.settle()
    return person


def end_of(person: Person) -> list[str]:
    """The text of the last refusal and the reason of the goodbye."""
    return [n.text for n in person.of(Refused)][-1:] + [n.reason for n in person.of(Bye)]


# ------------------------------------------------------------------------------------------------- bans


def test_who_is_banned_by_name_goes_and_does_not_come_back() -> None:
    here = world()
    spammer, bob = stranger(here, "Spammer"), stranger(here, "Bob")
    answer = here.order(PutBan("SPAMMER", reason="Enough"))
    assert answer.text == "the name spammer is banned for good; connections closed: 1"
    here.settle()
    assert end_of(spammer) == ["This name is banned for good: Enough", "kicked"]
    assert [n.name for n in bob.of(Exited)] == ["Spammer"]
    for name in ("Spammer", "sPAMMER"):
        again = stranger(here, name)
        assert end_of(again) == ["This name is banned for good: Enough", "kicked"]
        assert again.of(Refused) == [Refused("not_allowed", "This name is banned for good: Enough")]
    assert stranger(here, "Spammer2").of(Welcome)
    assert here.bans_kept == [Ban("name", "spammer", here.unix_ms, None, "Enough")]
    assert bob.of(Bye) == []


def test_a_key_is_banned_under_every_name() -> None:
    here = world()
    ann = owner(here, "Ann")
    other = owner(here, "Other", Ed25519PrivateKey.generate())
    answer = here.order(PutBan("Ann", by="key"))
    assert answer.text == f"the key {key_text(PUBLIC)} is banned for good; connections closed: 1"
    here.settle()
    assert end_of(ann) == ["You are banned for good", "kicked"]
    for name in ("Ann", "New"):
        assert end_of(owner(here, name)) == ["You are banned for good", "kicked"]
    assert other.of(Bye) == []
    assert here.order(LiftBan(key_text(PUBLIC))).text == f"the key {key_text(PUBLIC)} is not banned any more"
    assert owner(here, "Ann").of(Welcome)


@pytest.mark.parametrize("whom", ["127.0.0.1", "127.0.0.0/8", "::ffff:127.0.0.1"])
def test_an_address_or_network_is_shut_out_before_it_says_a_word(whom: str) -> None:
    here = world()
    ann, silent, typist = stranger(here, "Ann"), here.connect(), here.connect_lines()
    here.order(PutBan(whom, seconds=60, reason="Flood"))
    here.settle()
    for person in (ann, silent):
        assert end_of(person)[-1] == "kicked"
    assert "banned until" in typist.shown
    late, late_typist = here.connect(), here.connect_lines()
    here.settle()
    assert "banned until 2023-11-14 22:1" in end_of(late)[0]
    assert end_of(late)[0].endswith("UTC: Flood")
    assert "banned until" in late_typist.shown
    here.pass_time(61)
    assert stranger(here, "Ann").of(Welcome)


def test_somebody_is_banned_by_the_address_they_are_at() -> None:
    here = world()
    stranger(here, "Ann")
    answer = here.order(PutBan("ann", by="address"))
    assert answer.text == "the address 127.0.0.1 is banned for good; connections closed: 1"


@pytest.mark.parametrize(("order", "says"), [
    (PutBan("Nobody", by="key"), "nobody owns the name"), (PutBan("Nobody", by="address"), "Nobody is not connected"),
    (PutBan("Guest", by="key"), "nobody owns the name Guest"), (PutBan("a b"), "is no name, key, address or network"),
    (PutBan("server"), "nobody can be called server"), (PutBan("0.0.0.0/0"), "is everybody"),
    (PutBan("192.0.2.1", by="key"), "--by works with names only"),
    (PutBan("Guest", reason="a\nb"), "a reason is one"), (PutBan("Guest", reason="\x1b[2J"), "a reason is one"),
    (PutBan("Guest", reason="\u202e"), "a reason is one line"), (LiftBan("x" * 33), "is no name"),
])  # fmt: skip
def test_a_ban_that_cannot_be_changes_nothing(order: PutBan | LiftBan, says: str) -> None:
    here = world()
    guest = stranger(here, "Guest")
    answer = here.order(order)
    assert not answer.done
    assert says in answer.text
    assert answer.text.isprintable()
    here.settle()
    assert guest.of(Bye) == []
    assert here.order(ListBans()).facts == {"bans": []}


def test_a_second_ban_takes_the_place_of_the_first() -> None:
    here = world()
    here.order(PutBan("Ann", seconds=60))
    answer = here.order(PutBan("ann", seconds=7_200))
    assert ", before: until 2023-11-14 22:1" in answer.text
    assert len(here.bans_kept) == 1
    here.pass_time(61)
    assert stranger(here, "Ann").of(Refused)
    assert here.order(LiftBan("Ann")).done
    assert here.order(LiftBan("Ann")) == Answer(done=False, text="the name ann is not banned")
    assert stranger(here, "Ann").of(Welcome)


def test_who_looks_for_a_ban_is_shown_the_network_that_is() -> None:
    here = world()
    here.order(PutBan("192.0.2.0/24"))
    assert here.order(LiftBan("192.0.2.7")).text == (
        "the address 192.0.2.7 is not banned, but the network 192.0.2.0/24 is"
    )


def test_bans_have_a_limit_and_what_has_ended_makes_room() -> None:
    here = world()
    here.operations.use_bans([Ban("name", f"n{number}", 0, here.unix_ms + 1_000) for number in range(BANS_MAX - 1)])
    assert here.order(PutBan("Last")).done
    assert not here.order(PutBan("Other")).done
    assert here.order(PutBan("Last")).done, "one that is there already is replaced"
    here.pass_time(2)
    assert here.order(PutBan("Other")).done
    assert [ban.whom for ban in here.bans_kept] == ["last", "other"]


def test_what_cannot_be_kept_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: list[Ban]) -> None:
        raise OSError(28, "No space left on device")

    here = world()
    ann = stranger(here, "Ann")
    here.operations._keep_bans = full
    answer = here.order(PutBan("Ann"))
    assert not answer.done
    assert "No space left" in answer.text
    here.settle()
    assert ann.of(Bye) == []
    assert here.order(ListBans()).facts == {"bans": []}


def test_bans_hold_where_the_journal_is_full() -> None:
    def full(number: int) -> None:
        if number > 2:
            raise StorageFull("the disk is full")

    here = World(TroubledJournal(full)).start()
    ann = stranger(here, "Ann")
    assert here.order(PutBan("Ann")).done
    here.settle()
    assert end_of(ann)[-1] == "kicked"
    assert end_of(stranger(here, "Ann"))[-1] == "kicked"


def test_whoever_was_about_to_come_in_is_sent_away_too() -> None:
    here = world()
    ann = here.connect().ask(Login("Ann", 1))  # asked, and not looked at yet
    here.order(PutBan("Ann"))
    here.settle()
    assert end_of(ann) == ["This name is banned for good", "kicked"]
    assert not ann.of(Welcome)


# ----------------------------------------------------------------------------------------------- people


def test_who_is_kicked_is_told_why_and_may_come_back() -> None:
    here = world()
    ann, bob = owner(here, "Ann"), stranger(here, "Bob")
    ann.ask(Say("before"))
    here.settle()
    assert here.order(Kick("ANN", "Calm down")).text == "Ann was disconnected"
    here.settle()
    assert end_of(ann) == ["The operator closed your connection: Calm down", "kicked"]
    assert [n.name for n in bob.of(Exited)] == ["Ann"]
    assert owner(here, "Ann").of(Welcome)
    assert [n.name for n in bob.of(Joined)] == ["Ann"]


@pytest.mark.parametrize("name", ["", "Nobody", "\u212aim", "Ann\n", "x" * 10_000, "server"])
def test_nobody_is_kicked_who_is_not_here(name: str) -> None:
    here = world()
    owner(here, "Kim")
    answer = here.order(Kick(name))
    assert not answer.done
    assert answer.text.endswith(" is not connected")
    assert len(answer.text) < 200


def test_a_reason_that_is_no_line_is_refused() -> None:
    here = world()
    ann = stranger(here, "Ann")
    assert not here.order(Kick("Ann", "\x1b]0;x\x07")).done
    here.settle()
    assert ann.of(Bye) == []


def test_everybody_is_told_and_who_comes_later_finds_it_in_the_history() -> None:
    here = world()
    ann, typist = owner(here, "Ann"), here.connect_lines().type("Tim\n")
    here.settle()
    heard = here.head
    here.lose(ann)
    here.settle()
    assert here.order(Announce("Back at noon")) == Answer(done=True, text="Announcement sent to 1 person")
    here.settle()
    assert "[server:] Back at noon\n" in typist.shown
    back = owner(here, "Ann", after=heard)
    assert [(n.sender, n.text) for n in back.of(Said)] == [("server", "Back at noon")]
    late = stranger(here, "Late").ask(AskHistory())
    here.settle()
    (history,) = late.of(HistoryAnswer)
    assert [message.text for message in history.messages] == ["Back at noon"]


@pytest.mark.parametrize("text", ["", "\x1b[2J", "\u202e", "x" * 16_385])
def test_an_announcement_is_a_text_like_others(text: str) -> None:
    here = world()
    ann = stranger(here, "Ann")
    assert not here.order(Announce(text)).done
    here.settle()
    assert ann.of(Said) == []


def test_an_announcement_without_space_is_told_to_nobody() -> None:
    full: list[bool] = []

    def trouble(_: int) -> None:
        if full:
            raise StorageFull("the disk is full")

    here = World(TroubledJournal(trouble)).start()
    ann = stranger(here, "Ann")
    full.append(True)
    assert not here.order(Announce("x")).done
    full.clear()
    here.pass_time(5)
    assert ann.of(Said) == []
    assert here.order(Announce("y")).done
    here.settle()
    assert [n.text for n in ann.of(Said)] == ["y"]


# ---------------------------------------------------------------------------------------------- switches


def test_the_rate_changes_for_those_who_are_here_and_those_who_come() -> None:
    here = world(rate=Rate(1, 0.001))
    ann, bob = stranger(here, "Ann"), stranger(here, "Bob")
    ann.ask(*(Say(f"{number}") for number in range(20)))
    here.settle()
    assert len(bob.of(Said)) < 2
    assert here.order(SetRate("off")).text.startswith(
        "The rate is off until the server restarts or reloads its config (before: 1/0.001)"
    )
    here.settle()
    assert len(bob.of(Said)) == 20
    here.order(SetRate("2/0.001"))
    late = stranger(here, "Late")
    for person in (ann, late):
        bob.new()
        person.ask(*(Say(f"{number}") for number in range(20)))
        here.settle()
        assert len(bob.of(Said)) in (1, 2)


@pytest.mark.parametrize("rate", ["", "x", "0/1", "1", "1/2/3", "\x1b[2J"])
def test_a_rate_that_is_none_changes_nothing(rate: str) -> None:
    here = world(rate=Rate(3, 4))
    answer = here.order(SetRate(rate))
    assert not answer.done
    assert answer.text.isprintable()
    assert here.app.options.rate == Rate(3, 4)


def test_a_locked_house_lets_in_owners_only_and_keeps_who_is_there() -> None:
    here = world()
    ann, guest = owner(here, "Ann"), stranger(here, "Guest")
    here.lose(ann)
    here.settle()
    assert here.order(SetLockdown(on=True)).text.startswith("Lockdown is on until ")
    for outside in (stranger(here, "New"), owner(here, "Claimant", Ed25519PrivateKey.generate())):
        assert outside.of(Refused)[0].code == "not_allowed"
        assert outside.of(Bye) == [], "the next name may be an owned one"
    assert owner(here, "Ann").of(Welcome)
    assert guest.of(Bye) == []
    here.order(SetLockdown(on=False))
    assert stranger(here, "New").of(Welcome)


def test_the_status_counts_what_happened() -> None:
    here = world()
    ann, bob = stranger(here, "Ann"), stranger(here, "Bob")
    here.connect()
    stranger(here, "Ann")
    ann.ask(Say("1"), Say("2"), Say(""))
    here.settle()
    here.order(PutBan("Bob"))
    here.settle()
    stranger(here, "Bob")
    facts = here.order(TellStatus()).facts
    assert facts is not None
    status = facts["status"]
    assert {name: status[name] for name in ("connections", "logged_in", "messages", "records", "logins", "bans")} == {
        "connections": 3, "logged_in": 1, "messages": 2, "records": here.head, "logins": 2, "bans": 1,
    }  # fmt: skip
    assert status["refusals"] == {"bad_text": 1, "name_taken": 1, "not_allowed": 2}
    assert status["closed"] == {"kicked": 2}
    assert (status["connections_taken"], status["connections_turned_away"]) == (5, 0)
    assert bob.wire.closed
    here.order(PutBan("127.0.0.1"))
    here.connect()
    here.settle()
    facts = here.order(TellStatus()).facts
    assert facts is not None
    assert facts["status"]["connections_turned_away"] == 1
    assert facts["status"]["connections"] == 0
