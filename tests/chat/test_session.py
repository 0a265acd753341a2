"""The table of states: which requests are served in which."""

import pytest

from reactor_chat.chat.session import NOT_SERVED, SERVED, Session, SessionState
from reactor_chat.wire.messages import REQUESTS
from tests.chat.toy import World, login

SAMPLE = {
    "text": "hi", "to": "Ann", "group": "team", "members": ["Ann"], "users": ["Ann"], "user": "Ann",
    "name": "Bob", "protocol": 1, "suite": 1, "packages": [b"p"], "names": ["Ann"], "group_id": bytes(32),
    "salt": bytes(32), "epoch": 0, "commit": b"c", "hash": bytes(32), "index": 0, "count": 1, "data": b"d", "seq": 0,
}  # fmt: skip


def sample(kind: type) -> object:
    return kind(**{field: SAMPLE[field] for field in kind.__struct_fields__ if field in SAMPLE})  # type: ignore[attr-defined]


def test_every_state_has_a_row_and_every_request_a_place() -> None:
    assert set(SERVED) == set(SessionState)
    assert frozenset().union(*SERVED.values()) == set(REQUESTS.values())
    assert {state for state, served in SERVED.items() if served} == set(NOT_SERVED)


@pytest.mark.parametrize("kind", REQUESTS.values(), ids=REQUESTS.keys())
@pytest.mark.parametrize("state", [SessionState.ARRIVED, SessionState.PRESENT])
def test_what_a_row_does_not_hold_is_refused(kind: type, state: SessionState) -> None:
    world = World()
    conn = world.connect()
    if state is SessionState.PRESENT:
        world.send(conn, login(conn, "Ann"))
        world.commit()
    answers = world.ask(conn, sample(kind))  # type: ignore[arg-type]
    assert (NOT_SERVED[state] in answers) == (kind not in SERVED[state])
    assert answers or conn in world.closed


def test_a_new_connection_has_nothing_waiting() -> None:
    session = Session(1, bytes(32), bytes(32), "192.0.2.1")
    assert session.state is SessionState.ARRIVED
    assert not session.backlog
    assert not session.transactions
    assert not session.superseded
