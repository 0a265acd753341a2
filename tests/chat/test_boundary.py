"""The border: every input has its place in the hub, and what crosses is values."""

import typing

import pytest

from reactor_chat.chat import boundary as b
from reactor_chat.chat.hub import Hub
from reactor_chat.wire import messages as m
from tests.chat.toy import RULES, World


def test_the_hub_takes_every_input() -> None:
    assert set(Hub(RULES)._inputs) == set(typing.get_args(b.Input))


@pytest.mark.parametrize("kind", [*typing.get_args(b.Input), *typing.get_args(b.Effect)])
def test_what_crosses_the_border_cannot_be_changed(kind: type) -> None:
    assert kind.__struct_config__.frozen  # type: ignore[attr-defined]


def test_nothing_comes_of_a_connection_that_is_not_there() -> None:
    hub = Hub(RULES)
    for what in (
        b.Received(7, m.Say("x")), b.BadMessage(7, m.Refused("bad_message", "")), b.Terminate(7, None, "flood"),
        b.Disconnected(7), b.Retried(), b.Rejected(), b.Committed(0), b.Started(),
    ):  # fmt: skip
        assert hub.handle(what, 0) == []
    assert hub.entitlement(7) == []


def test_a_garbled_message_is_answered_in_its_place_and_the_eighth_closes() -> None:
    world = World()
    ann = world.join("Ann")
    refusal = m.Refused("bad_message", "no", "9")
    world.send(ann, m.Say("x", id="1"))
    for _ in range(8):
        world.handle(b.BadMessage(ann, refusal))
    world.send(ann, m.Say("too late"))
    assert world.told[ann] == []
    world.commit()
    told = world.take(ann)
    assert told[1] == m.Accepted("1", 2)
    assert told[2:] == [refusal] * 8
    assert world.closed[ann] == "violation"


@pytest.mark.parametrize("refusal", [None, m.Refused("bad_frame", "no")])
def test_a_broken_connection_is_told_why_after_what_it_asked_for(refusal: m.Refused | None) -> None:
    world = World()
    ann, bob = world.join("Ann"), world.join("Bob")
    world.send(ann, m.Say("x", id="1"))
    world.handle(b.Terminate(ann, refusal, "violation"))
    world.send(ann, m.Say("too late"))
    world.commit()
    assert world.take(ann)[1:] == [m.Accepted("1", 3), *([refusal] if refusal else [])]
    assert world.closed[ann] == "violation"
    assert [type(notice) for notice in world.take(bob)] == [m.Said, m.Exited]


def test_a_connection_that_never_logged_in_leaves_no_trace() -> None:
    world = World()
    for end in (b.Disconnected, lambda conn: b.Terminate(conn, None, "idle")):
        conn = world.connect()
        world.handle(end(conn))
        assert conn in world.closed
    assert world.hub.state.seq == 0
    assert not world.hub._sessions


def test_whoever_the_journal_left_present_exits_at_the_start() -> None:
    world = World()
    for name in ("Zoe", "Ann", "Bob"):
        world.join(name)
    world.ask(1, m.GroupSet("team", ["Ann", "Bob"]))
    again = World()
    again.records = world.records
    for record, _ in world.records:
        again.hub.state.apply(record)
    again.handle(b.Started())
    again.commit()
    assert again.hub.state.roster.names() == []
    assert again.hub.state.groups.dump() == []
    assert [r.name for r, _ in again.records[-6:] if isinstance(r, m.Exited)] == ["Zoe", "Ann", "Bob"]
