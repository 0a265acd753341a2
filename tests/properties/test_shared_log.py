"""Several hubs that write to one log: everything is answered once and in order, and all of them come to one state.

Here the log is a list that takes a batch where it goes on from the newest number, and nothing otherwise; answers come
late, are lost and asked for again, and news arrive before them.  Whose batch was not taken is told the records that
stand in its place (`Superseded`).
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat import boundary as b
from reactor_chat.chat.hub import Hub
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.records import MarkedRead, Record
from reactor_chat.wire import messages as m
from tests.chat.toy import NOW, RULES, Key, login, nonce

NODES = 3
STEPS = 400
NAMES = [f"G{number}" for number in range(7)]
GROUPS = ["red", "blue"]


class Batch(NamedTuple):
    """What a node submits at once."""

    id: str
    after: int
    records: list[Record]


class SharedLog:
    """Takes a batch that goes on from the newest number; the same one twice is taken once."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.began: dict[str, int] = {}

    def append(self, batch: Batch) -> bool:
        if batch.id not in self.began and batch.after == len(self.records):
            self.began[batch.id] = batch.after
            self.records += batch.records
        return batch.id in self.began

    def ends(self, after: int) -> list[int]:
        """Return where the batches end that came after a number."""
        return [*sorted(first for first in self.began.values() if first > after), len(self.records)]


class Node:
    """One hub, with what its connections asked and were told."""

    def __init__(self, number: int, log: SharedLog, chance: random.Random) -> None:
        self.number, self.log, self.chance = number, log, chance
        self.hub = Hub(RULES)
        self.collected: list[Record] = []
        self.submitted: Batch | None = None
        self.is_taken: bool | None = None
        self.asked: dict[int, list[str]] = {}
        self.told: dict[int, list[m.Notice]] = defaultdict(list)
        self.open: dict[int, bool] = {}
        self.judged_again = 0
        self.marked: set[str] = set()  # ids of requests that move a marker

    def feed(self, what: b.Input) -> None:
        for effect in self.hub.handle(what, NOW + len(self.log.records)):
            match effect:
                case b.Append():
                    self.collected += [record for record, _ in effect.records]
                case b.Deliver():
                    self._tell(effect.conns, effect.notice)
                case b.DeliverAll():
                    self._tell([conn for conn, is_in in self.open.items() if is_in], effect.notice)
                case b.DeliverBurst():
                    self._tell_burst(effect)
                case b.LoggedIn():
                    self.open[effect.conn] = True
                case b.Close():
                    del self.open[effect.conn]

    def _tell(self, conns: Sequence[int], notice: m.Notice) -> None:
        for conn in conns:
            self.told[conn].append(notice)

    def _tell_burst(self, effect: b.DeliverBurst) -> None:
        everybody = [conn for conn, is_in in self.open.items() if is_in]
        for one in effect.each():
            self._tell(one.conns if isinstance(one, b.Deliver) else everybody, one.notice)

    # ------------------------------------------------------------------------------------- what people do

    def arrive(self, serial: str) -> None:
        conn = len(self.asked) + 1
        self.asked[conn], self.open[conn] = [serial], False
        self.feed(b.Connected(conn, nonce(conn), bytes(32), f"{self.number}.{conn}"))
        key = Key(1 + self.number) if self.chance.random() < 0.2 else None
        name = f"K{self.number}" if key is not None else self.chance.choice(NAMES)
        self.feed(b.Received(conn, login(conn, name, key, id=serial)))

    def act(self, serial: str) -> None:
        conn = self.chance.choice(list(self.open))
        chosen = self.chance.random()
        if chosen < 0.1:
            self.feed(b.Disconnected(conn) if chosen < 0.05 else b.Received(conn, m.Quit()))
            return
        requests = [self._request(f"{serial}.{number}") for number in range(self.chance.choice((1, 1, 2, 5)))]
        self.marked |= {str(request.id) for request in requests if isinstance(request, m.MarkRead)}
        self.asked[conn] += [str(request.id) for request in requests]
        self.feed(b.Received(conn, requests[0]) if len(requests) == 1 else b.ReceivedTogether(conn, requests))

    def _request(self, serial: str) -> m.Request:
        group, name = self.chance.choice(GROUPS), self.chance.choice(NAMES)
        requests: list[m.Request] = [
            m.Say("hello", id=serial), m.Say("again", id=serial), m.Tell(name, "psst", id=serial),
            m.GroupSet(group, [name], id=serial), m.GroupAdd(group, [name], id=serial),
            m.GroupSend(group, "yo", id=serial), m.GroupLeave(group, id=serial), m.GroupDelete(group, id=serial),
            m.AskNames(id=serial), m.Ping(id=serial), m.AskReadMarks(id=serial), *self._marks(serial, group, name),
        ]  # fmt: skip
        return self.chance.choice(requests)

    def _marks(self, serial: str, group: str, name: str) -> list[m.Request]:
        """Two of them among the others, because most people here are guests, who have none."""
        read = self.chance.choice((0, self.hub.state.seq, self.hub.state.seq // 2, m.SEQ_MAX))
        marks = (m.MarkRead(read, id=serial), m.MarkRead(read, name, id=serial), m.MarkRead(read, None, group, serial))
        return [self.chance.choice(marks) for _ in range(2)]

    # ------------------------------------------------------------------------------------ what the log says

    def submit(self) -> None:
        if self.submitted is None and self.collected:
            name = f"{self.number}-{len(self.log.records)}-{self.judged_again}-{self.hub.state.seq}"
            self.submitted, self.is_taken, self.collected = Batch(name, self.hub.state.seq, self.collected), None, []

    def hear(self) -> None:
        """Let one thing happen that may happen between a node and its log."""
        if self.submitted is not None and self.is_taken is None and self.chance.random() < 0.6:
            answer = self.log.append(self.submitted)
            self.is_taken = answer if self.chance.random() < 0.8 else None  # the answer is lost, and asked for again
        elif self.submitted is not None and self.is_taken and self.log.began[self.submitted.id] == self.hub.state.seq:
            self._win()
        elif self.chance.random() < 0.5:
            self._learn()

    def _win(self) -> None:
        assert self.submitted is not None
        won, self.submitted = self.submitted, None
        self.feed(b.Committed(won.after + len(won.records)))

    def _learn(self) -> None:
        """Read on in the log, by whole batches."""
        at = self.hub.state.seq
        if at == len(self.log.records):
            return
        if self.submitted is not None and self.log.began.get(self.submitted.id) == at:
            self._win()  # the news were faster than the answer
            return
        self.judged_again += len(self.collected) + (len(self.submitted.records) if self.submitted is not None else 0)
        self.collected, self.submitted = [], None
        end = self.chance.choice(self.log.ends(at))
        self.feed(b.Superseded(self.log.records[at:end]))

    @property
    def is_quiet(self) -> bool:
        nothing_waits = self.submitted is None and not self.collected and not self.hub.has_work
        return nothing_waits and self.hub.state.seq == len(self.log.records)


def run(seed: int) -> tuple[SharedLog, list[Node]]:
    chance, log = random.Random(seed), SharedLog()  # noqa: S311 - the same run for the same seed
    nodes = [Node(number, log, chance) for number in range(NODES)]
    for step in range(STEPS):
        node, chosen = chance.choice(nodes), chance.random()
        if chosen < 0.08 and len(node.open) < 5:
            node.arrive(f"q{step}")
        elif chosen < 0.5 and node.open:
            node.act(f"q{step}")
        elif chosen < 0.65:
            node.submit()
        else:
            node.hear()
    for _ in range(5_000):
        for node in nodes:
            node.submit()
            node.hear()
            node.feed(b.Resumed())
        if all(node.is_quiet for node in nodes):
            return log, nodes
    raise AssertionError("they never agree")


def check_answers(node: Node, conn: int, log: SharedLog) -> None:
    """Every request is answered once and in order (until its connection is closed), and `accepted` tells the truth."""
    answers = [notice for notice in node.told[conn] if getattr(notice, "re", None) is not None]
    found = [notice.re for notice in answers]  # type: ignore[union-attr]
    welcomed = [node.asked[conn][0]] if any(isinstance(one, m.Welcome) for one in node.told[conn]) else []
    wanted = node.asked[conn]
    assert found == wanted[: len(found)] or welcomed + found == wanted[: len(found) + 1]
    if conn in node.open:
        assert set(wanted) <= {*found, *welcomed}
    for answer in answers:
        if isinstance(answer, m.Accepted):
            record = log.records[answer.seq - 1]
            assert record.seq == answer.seq
            # Only a marker that is there already is accepted without a record: with the newest number of all.
            assert getattr(record, "id", answer.re) == answer.re or answer.re in node.marked
    numbers = [notice.seq for notice in node.told[conn] if isinstance(notice, m.Numbered)]
    assert numbers == sorted(set(numbers))


@given(st.integers(0, 2**32))
def test_one_order_one_answer_one_state(seed: int) -> None:
    log, nodes = run(seed)
    truth = ChatState()
    for record in log.records:
        truth.apply(record)
    assert {node.hub.state.hash() for node in nodes} == {truth.hash()}
    for node in nodes:
        for conn in node.asked:
            check_answers(node, conn, log)


def test_a_run_holds_what_it_is_about() -> None:
    log, nodes = run(5)
    assert len(log.records) > 40
    assert any(isinstance(record, MarkedRead) for record in log.records)
    assert sum(node.judged_again for node in nodes) > 50
