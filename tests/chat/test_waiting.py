"""Who waits goes on in order; who waits for what is still on its way is not judged again; and work has an end."""

import pytest

import reactor_chat.chat.waiting as module
from reactor_chat.chat.boundary import Effect, Received, Resumed, Sent
from reactor_chat.chat.conflicts import ConflictKey
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.session import Session
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.transaction import Transaction
from reactor_chat.chat.waiting import Waiting
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import Exited
from tests.chat.toy import World

ANN: ConflictKey = ("name", "ann")


class Court:
    """Judges what waits: whoever may go on is in `free`."""

    def __init__(self) -> None:
        self.pending = Pending(ChatState())
        self.waiting = Waiting(self.pending, self._judge)
        self.free: set[int] = set()
        self.judged: list[int] = []
        self.served: list[str] = []

    def _judge(self, session: Session, what: Sent, _: list[Effect]) -> bool:
        self.judged.append(session.conn)
        if session.conn not in self.free:
            return False
        assert isinstance(what, Received)
        assert isinstance(what.request, m.Say)
        self.served.append(f"{session.conn}{what.request.text}")
        return True

    def wait(self, conn: int, *texts: str, blocked_by: ConflictKey | None = None) -> Session:
        session = Session(conn, bytes(32), bytes(32), "")
        session.blocked_by = blocked_by
        for text in texts:
            self.waiting.add(session, Received(conn, m.Say(text)))
        return session

    def go_on(self, *free: int) -> list[str]:
        self.free = set(free)
        self.judged, self.served = [], []
        self.waiting.go_on([])
        return self.served


def test_in_the_order_of_their_waiting() -> None:
    court = Court()
    for conn in (3, 1, 2):
        court.wait(conn, "a", "b")
    assert court.go_on(1, 3) == ["3a", "3b", "1a", "1b"]
    assert court.go_on(2) == ["2a", "2b"]
    assert len(court.waiting) == 0


def test_who_waits_for_what_is_on_its_way_is_not_judged() -> None:
    court = Court()
    court.pending.add(Transaction([Exited(1, 0, "Ann")], (ANN,), None, None))
    court.wait(1, "a", blocked_by=ANN)
    court.wait(2, "a")
    assert court.go_on(1, 2) == ["2a"]
    assert 1 not in court.judged
    assert list(court.pending.committed(1))
    assert court.go_on(1) == ["1a"]


@pytest.mark.parametrize(("cost_max", "served"), [(3, 3), (4, 4), (5, 4)])
def test_work_has_an_end_and_goes_on_later(cost_max: int, served: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COST_MAX", cost_max)
    court = Court()
    for conn in (1, 2):
        court.wait(conn, "a", "b")
    assert len(court.go_on(1, 2)) == served
    assert court.waiting.has_work == (served < 4)
    court.go_on(1, 2)
    assert not court.waiting.has_work
    assert len(court.waiting) == 0
    assert court.waiting.cost == 4


def test_what_was_left_for_lack_of_time_is_done_when_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COST_MAX", 1)
    world = World()
    people = [world.join(name) for name in ("Ann", "Bob", "Cy", "Di")]
    for conn in people:
        world.send(conn, m.Tell("Eve", "hello"))
    eve = world.login("Eve")
    for conn in people:
        world.send(conn, m.Tell("Eve", "welcome"))
    world.commit()
    for _ in range(10):
        world.handle(Resumed())
        world.commit()
    assert [n.text for n in world.take(eve) if isinstance(n, m.Told)] == ["welcome"] * 4
    assert not world.hub.has_work
