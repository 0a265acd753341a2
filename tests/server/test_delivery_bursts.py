"""Everybody reads the same bytes whether messages were delivered in bursts or one by one."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.boundary import Received, ReceivedTogether
from reactor_chat.server.doors.door import Sent
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.intake import HIGH_WATERMARK_BYTES
from reactor_chat.wire.messages import (
    Accepted,
    AskHistory,
    GroupSend,
    GroupSet,
    Login,
    Ping,
    Request,
    Said,
    Say,
    Tell,
    Told,
)
from tests.server.world import Person, World

NAMES = ["Ann", "Bob", "Cid"]
LONG = "x" * 16_000
EVERYTHING = 1 << 40
names = st.sampled_from(NAMES)
ids = st.none() | st.integers(0, 10**6).map(str)
texts = st.sampled_from(["a", "b", LONG])
one = st.one_of(
    st.builds(Say, texts, id=ids),
    st.builds(Tell, names, texts, id=ids),
    st.builds(Tell, names, texts, id=ids),
    st.builds(GroupSend, st.just("g"), texts, id=ids),
    st.builds(AskHistory, st.integers(1, 3)),
    st.just(Ping()),
)
same = st.builds(lambda request, count: [request] * count, one, st.integers(2, 20))
steps = st.one_of(
    st.tuples(st.just("ask"), names, st.lists(one, min_size=1, max_size=6)),
    st.tuples(st.just("ask"), names, same),
    st.tuples(st.just("turn"), st.integers(1, 3)),
    st.tuples(st.just("clog"), names, st.sampled_from([0, 1_000, 20_000])),
    st.tuples(st.just("unclog"), names),
    st.tuples(st.just("come_back"), names),
    st.tuples(st.just("type"), st.sampled_from(["hello\n", "@Ann psst\n"])),
)


class OneByOne:
    """A way in by which no two requests come together."""

    def __init__(self, door: FramesDoor) -> None:
        self._door = door

    def take(self, conn: int, sent_max: int) -> tuple[list[Sent], int]:
        sent, looked_at = self._door.take(conn, sent_max)
        singly: list[Sent] = []
        for some in sent:
            if isinstance(some, ReceivedTogether):
                singly += [Received(some.conn, request) for request in some.requests]
            else:
                singly.append(some)
        return singly, looked_at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)


class OneByOneWorld(World):
    """A server on which nothing is delivered in bursts."""

    def connect(self) -> Person:
        door: Any = OneByOne(FramesDoor(self.options.frame_bytes_max))
        return self._opened(Person(self, self._wire()), door)


class Town:
    """A server, three people in a group, and one who types."""

    def __init__(self, world: World) -> None:
        self.world = world.start()
        self.typist = world.connect_lines().type("Tim\n")
        self.people = {name: world.enter(name) for name in NAMES}
        self.people["Ann"].ask(GroupSet("g", ["Bob", "Cid"]))
        world.settle()

    def ask(self, name: str, requests: list[Request]) -> None:
        self.people[name].ask(*requests)

    def turn(self, count: int) -> None:
        self.world.turn(count)

    def clog(self, name: str, leaves_bytes_max: int) -> None:
        self.people[name].wire.leaves_bytes_max = leaves_bytes_max

    def unclog(self, name: str) -> None:
        self.people[name].wire.leaves_bytes_max = EVERYTHING

    def type(self, text: str) -> None:
        self.typist.type(text)

    def come_back(self, name: str) -> None:
        """Somebody goes, and comes back on another connection, behind by everything."""
        self.world.lose(self.people[name])
        self.world.turn()
        self.people[name] = self.world.connect().ask(Login(name, 1, after=0))

    def read(self) -> list[bytes]:
        return [bytes(person.wire.read) for person in self.world.people]


def test_what_the_senders_wire_does_not_take_is_answered_later() -> None:
    town = Town(World())
    town.clog("Ann", 0)
    town.ask("Ann", [Tell("Bob", LONG, id=str(number)) for number in range(16)])
    town.turn(3)
    bob, ann = town.people["Bob"], town.people["Ann"]
    assert len(bob.of(Told)) == 16
    assert ann.wire.queued_bytes > HIGH_WATERMARK_BYTES
    assert [len(peer.held) for peer in town.world.app.peers if peer.name == "Ann"] == [16 - 8]
    town.unclog("Ann")
    town.world.pass_time(1)
    assert [answer.re for answer in ann.of(Accepted)][-16:] == [str(number) for number in range(16)]


def test_who_catches_up_reads_a_burst_once() -> None:
    town = Town(World())
    for _ in range(12):
        town.ask("Ann", [Say(LONG)])
    town.world.settle()
    town.come_back("Bob")
    town.clog("Bob", 1_000)
    town.turn(2)
    town.ask("Ann", [Tell("Bob", text, id=text) for text in ("new", "newer")])
    town.turn(2)
    assert [peer.is_current for peer in town.world.app.peers if peer.name == "Bob"] == [False]
    town.unclog("Bob")
    town.world.pass_time(1)
    bob = town.people["Bob"]
    assert [notice.text for notice in bob.of(Said, Told)] == [LONG] * 12 + ["new", "newer"]
    assert [answer.re for answer in town.people["Ann"].of(Accepted)] == ["new", "newer"]


@given(st.lists(steps, min_size=10, max_size=30))
def test_bursts_are_the_same_bytes(program: list[tuple[Any, ...]]) -> None:
    towns = Town(World()), Town(OneByOneWorld())
    for what, *values in program:
        for town in towns:
            getattr(town, what)(*values)
        assert towns[0].read() == towns[1].read()
    for town in towns:
        for name in NAMES:
            town.unclog(name)
        town.world.pass_time(1)
    assert towns[0].read() == towns[1].read()
