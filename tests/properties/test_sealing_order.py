"""Whatever is on its way at once, each record is what its request would have come to alone, at its place in the order.

People with keys ask for everything about sealed conversations at random, and commits come whenever they do.  Then the
records are gone through one by one with nothing in transaction: the decision, asked before each, must decide the same.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.chat import rules
from reactor_chat.chat.case import Case, Change, Sequencer
from reactor_chat.chat.session import Session
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.records import Declined
from reactor_chat.wire import messages as m
from tests.chat.sealed_toy import WELCOME, SealedWorld, add, commit, create, group_id, put, sealed
from tests.chat.toy import RULES

NAMES = ["Ann", "Bob", "Cy"]
WHERE: list[dict[str, str]] = [{}, {"with_": "Ann"}, {"with_": "Bob"}, {"group": "team"}]

names, where, epochs = st.sampled_from(NAMES), st.sampled_from(WHERE), st.integers(0, 2)
adds = st.lists(st.builds(add, names, st.integers(0, 1)), max_size=2, unique_by=lambda one: one.name)
requests = st.one_of(
    st.builds(lambda at, require: create(1, require=require, **at), where, st.booleans()),
    st.builds(lambda at: create(2, replaces=group_id(1), **at), where),
    st.builds(lambda at, epoch, some: commit(epoch, *some, **at), where, epochs, adds),
    st.builds(lambda at, epoch, gone: commit(epoch, removes=[gone], **at), where, epochs, names),
    st.builds(lambda at, lost: m.SealAsk(lost=lost, **at), where, st.booleans()),
    st.builds(lambda at: m.SealOff(**at), where),
    st.builds(put, names, st.integers(0, 1)),
    st.builds(lambda index: m.BlobPut(bytes([1]) * 32, index, 2, b"d"), st.integers(0, 1)),
    st.builds(lambda at, epoch: m.SealCommit(group_id(1), epoch, commit_blob=bytes([1]) * 32, **at), where, epochs),
    st.builds(lambda epoch: m.Say(sealed=sealed(epoch)), epochs),
    st.builds(lambda to, epoch: m.Tell(to, sealed=sealed(epoch)), names, epochs),
    st.builds(lambda epoch: m.GroupSend("team", sealed=sealed(epoch)), epochs),
    st.sampled_from([m.Say("x"), m.GroupKick("team", "Bob"), m.GroupSet("team", NAMES), m.GroupDelete("team")]),
)
steps = st.tuples(names, requests, st.integers(0, 3))


def identified(request: Any, number: int) -> m.Request:
    fields = {field: getattr(request, field) for field in request.__struct_fields__}
    made: m.Request = type(request)(**fields | {"id": str(number)})
    return made


@given(st.lists(steps, min_size=5, max_size=40))
@settings(max_examples=150)
def test_every_record_is_what_its_request_comes_to_at_its_place(program: list[tuple[str, Any, int]]) -> None:
    world = SealedWorld(*NAMES)
    began = len(world.records)
    asked: dict[str, m.Request] = {}
    for number, (name, request, commits) in enumerate(program):
        asked[str(number)] = identified(request, number)
        world.send(world.conns[name], asked[str(number)])
        world.commit_some(commits)
    world.commit()
    assert WELCOME
    check(world, began, asked)


def check(world: SealedWorld, began: int, asked: dict[str, m.Request]) -> None:
    """Go through the records, and decide again before each that carries a request's id."""
    state, answered = ChatState(), set[str]()
    for record, labels in world.records:
        request = asked.get(getattr(record, "id", None) or "")
        if record.seq > began and request is not None:
            answered.add(str(record.id))  # type: ignore[union-attr]
            name = getattr(record, "sender", None) or getattr(record, "by", None) or record.name  # type: ignore[union-attr]
            session = Session(1, bytes(32), bytes(32), "192.0.2.1")
            session.name = name
            case = Case(state, RULES, session, Sequencer(record.seq - 1, record.at), lambda _: None)
            verdict = rules.RULES[type(request)].decide(case, request)
            if isinstance(record, Declined):
                assert isinstance(verdict, m.Refused)
                assert verdict.code == record.code
            else:
                assert isinstance(verdict, Change), verdict
                assert verdict.records[0] == (record, labels)
        state.apply(record)
    stale = {n.re for told in world.told.values() for n in told if isinstance(n, m.Refused) and n.code == "stale_epoch"}
    assert answered | stale == asked.keys(), "everything was answered"
