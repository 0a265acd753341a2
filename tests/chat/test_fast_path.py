"""The fast path and the general path are equal on every input; and what is fast about it does happen."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat import boundary as b
from reactor_chat.chat.readers import NO_SPACE
from reactor_chat.chat.state.records import Record
from reactor_chat.chat.transaction import Burst
from reactor_chat.wire import messages as m
from tests.chat.sealed_toy import SealedWorld, create, sealed
from tests.chat.toy import Key, World, login

TEXT_BYTES_MAX = 16
PEOPLE = ["Ann", "Bob", "Cy", "Dee"]
names = st.sampled_from([*PEOPLE, "ann", "BOB", "Nobody"])
groups = st.sampled_from(["g", "G", "h"])
ids = st.none() | st.sampled_from([f"i{number}" for number in range(12)])
texts = st.sampled_from(["x", "y", "1234567890123456", "12345678901234567", "ää", "ääääääää", "äääääääää", "\x1b"])
encrypted = st.sampled_from([sealed(0), sealed(1), sealed(0, number=2), {"v": 9}])
said = st.one_of(
    st.builds(m.Say, texts, id=ids),
    st.builds(m.Tell, names, texts, id=ids),
    st.builds(m.GroupSend, groups, texts, id=ids),
    st.builds(m.Say, st.none(), encrypted, id=ids),
    st.builds(m.Tell, names, st.none(), encrypted, id=ids),
)
others = st.one_of(
    st.builds(m.GroupSet, groups, st.lists(names, min_size=1, max_size=2), id=ids),
    st.builds(m.GroupKick, groups, names, id=ids),
    st.builds(m.GroupLeave, groups, id=ids),
    st.builds(m.GroupDelete, groups, id=ids),
    st.builds(
        lambda id_, with_, require: create(1, id=id_, with_=with_, require=require),
        ids,
        st.none() | names,
        st.booleans(),
    ),
    st.builds(m.SealOff, with_=st.none() | names, id=ids),
    st.builds(m.MarkRead, st.sampled_from([1, 5, m.SEQ_MAX]), with_=st.none() | names, id=ids),
    st.builds(m.MarkRead, st.sampled_from([1, 5, m.SEQ_MAX]), group=groups, id=ids),
    st.builds(m.AskReadMarks, id=ids),
    st.builds(m.AskNames, id=ids),
    st.builds(m.Line, st.sampled_from(["hello", "@Bob psst", "@g team", "@nonsense"]), id=ids),
    st.just(m.Quit()),
)
same = st.builds(lambda request, count: [request] * count, said, st.integers(2, 5))
"""A burst without ids."""
batches = st.one_of(st.lists(said, min_size=1, max_size=6), st.lists(said | others, min_size=1, max_size=6), same)
conns = st.sampled_from([1, 1, 2, 2, 3, 4, 5, 6, 7])
steps = st.one_of(
    st.tuples(st.just("send"), conns, batches),
    st.tuples(st.just("send"), conns, batches),
    st.tuples(st.just("send"), conns, batches),
    st.tuples(st.just("login"), names, st.booleans()),
    st.tuples(st.just("commit"), st.integers(1, 4)),
    st.tuples(st.just("commit"), st.just(99)),
    st.tuples(st.just("reject")),
    st.tuples(st.just("supersede"), names),
    st.tuples(st.just("end"), conns),
    st.tuples(st.just("release"), names),
)


class Twins:
    """Two worlds to which the same happens; only in one of them requests come together."""

    def __init__(self) -> None:
        self.general = World(text_bytes_max=TEXT_BYTES_MAX)
        self.fast = World(text_bytes_max=TEXT_BYTES_MAX)
        for world in (self.general, self.fast):
            for number, name in enumerate(PEOPLE, 1):
                world.join(name, Key(number) if number < 3 else None)
            world.ask(1, m.GroupSet("g", ["Bob", "Cy"]))
            world.take()

    def do(self, what: str, *values: Any) -> None:
        getattr(self, f"_{what}")(*values)
        assert self._written(self.fast) == self._written(self.general)
        for told in ("told", "held", "heard", "closed", "entered"):
            assert getattr(self.fast, told) == getattr(self.general, told)
        assert self.fast.hub.state.hash() == self.general.hub.state.hash()
        waiting = [world.hub.is_waiting(conn) for world in (self.fast, self.general) for conn in sorted(world.told)]
        assert waiting[: len(waiting) // 2] == waiting[len(waiting) // 2 :]

    def _send(self, conn: int, requests: Sequence[m.Request]) -> None:
        if conn in self.fast.told:
            self.fast.send_together(conn, *requests)
            self.general.send(conn, *requests)

    def _login(self, name: str, with_key: bool) -> None:  # noqa: FBT001
        if len(self.fast.told) < 7:
            for world in (self.general, self.fast):
                conn = world.connect()
                world.send(
                    conn, login(conn, name, Key(1 + PEOPLE.index(name)) if with_key and name in PEOPLE else None)
                )

    def _commit(self, count: int) -> None:
        """The oldest orders of the one become durable, and the same records of the other."""
        self.fast.commit_some(count)
        while self.general.appended and len(self.general.records) < len(self.fast.records):
            self.general.records += self.general.appended.popleft()
        assert len(self.general.records) == len(self.fast.records)
        self.general.handle(b.Committed(len(self.general.records)))

    def _reject(self) -> None:
        self.fast.reject()
        self.general.reject()

    def _supersede(self, name: str) -> None:
        """Another hub has written a message, and that somebody left, in the place of everything that is on its way."""
        for world in (self.general, self.fast):
            seq, at = world.hub.state.seq, world.now
            records: list[Record] = [m.Said(seq + 1, at, "Dee", "elsewhere", None, "i0")]
            if world.hub.state.roster.get(name) is not None and world.hub.state.identity.claim_of(name) is None:
                records.append(m.Exited(seq + 2, at, name))
            world.appended.clear()
            world.records += [(record, ()) for record in records]
            world.handle(b.Superseded(records))

    def _end(self, conn: int) -> None:
        for world in (self.general, self.fast):
            if conn in world.told:
                world.handle(b.Disconnected(conn))

    def _release(self, name: str) -> None:
        self.general.release(name)
        self.fast.release(name)

    @staticmethod
    def _written(world: World) -> list[tuple[Record, tuple[str, ...]]]:
        return [*world.records, *(one for order in world.appended for one in order)]


# ---------------------------------------------------------------------------------------- what is fast about it


def bursts(world: World) -> list[int]:
    """How many messages each transaction holds that is a burst; 0 for any other."""
    return [len(one.messages) if isinstance(one, Burst) else 0 for one in world.hub._pending._transactions]


def numbered(request: m.Request, count: int) -> list[m.Request]:
    return [msgspec.structs.replace(request, id=f"n{number}") for number in range(count)]


@pytest.mark.parametrize("request_", [m.Say("x"), m.Tell("Bob", "x"), m.Tell("bOB", "x"), m.GroupSend("G", "x")])
def test_messages_to_one_conversation_are_one_burst(request_: m.Request) -> None:
    world = Twins().fast
    world.send_together(1, *numbered(request_, 5))
    assert bursts(world) == [5]
    assert len(world.appended) == 1
    world.commit()
    assert [notice.re for notice in world.take(1) if isinstance(notice, m.Accepted)] == [f"n{i}" for i in range(5)]


def test_a_burst_ends_where_the_conversation_changes() -> None:
    world = Twins().fast
    world.send_together(1, m.Tell("Bob", "x"), m.Tell("Bob", "y"), m.Tell("Cy", "x"), m.Say("x"), m.Ping(), m.Say("y"))
    assert bursts(world) == [2, 1, 1]
    world.commit()
    assert [type(notice) for notice in world.take(1)[-2:]] == [m.Pong, m.Said]


@pytest.mark.parametrize("request_", [
    m.Say("12345678901234567"), m.Tell("Nobody", "x"), m.GroupSend("h", "x"), m.Line("x"), m.Say(None, sealed(0)),
])  # fmt: skip
def test_what_is_refused_is_left_to_the_general_path(request_: m.Request) -> None:
    world = Twins().fast
    world.send_together(1, *numbered(request_, 2))
    assert not any(bursts(world))


def test_a_known_id_is_left_to_the_general_path() -> None:
    world = Twins().fast
    world.send_together(1, m.Say("x", id="a"), m.Say("y", id="b"), m.Say("z", id="a"), m.Say("w"))
    assert bursts(world) == [2]
    world.commit()
    assert [notice.seq for notice in world.take(1) if isinstance(notice, m.Accepted)] == [6, 7, 6]
    assert world.hub._sessions.get(1).unconfirmed == set()  # type: ignore[union-attr]


@pytest.mark.parametrize("known", ["done", "flying"])
def test_an_id_of_a_request_that_is_done_or_on_its_way_is_left_to_the_general_path(known: str) -> None:
    world = Twins().fast
    world.ask(1, m.Say("x", id="done"))
    world.send(1, m.GroupSet("h", ["Cy"], id="flying"))
    world.send_together(1, m.Say("y"), m.Say("y", id=known), m.Say("z"))
    assert bursts(world) == [0, 1]
    world.commit()
    told = world.take(1)
    assert [notice.re for notice in told if isinstance(notice, m.Accepted)] == ["flying", known]
    assert [notice.text for notice in told if isinstance(notice, m.Said)] == ["y", "z"]


def test_encrypted_messages_go_by_the_fast_path_while_their_epoch_is_current() -> None:
    world = SealedWorld("Ann", "Bob")
    world.by("Ann", create(require=True))
    conn = world.conns["Ann"]
    world.send_together(conn, m.Say(None, sealed(0)), m.Say(None, sealed(0)), m.Say("x"), m.Say(None, sealed(1)))
    assert bursts(world) == [2]
    told = world.take(conn)
    assert [notice.code for notice in told if isinstance(notice, m.Refused)] == []
    world.commit()
    refused = [notice.code for notice in world.take(conn) if isinstance(notice, m.Refused)]
    assert refused == ["not_allowed", "stale_epoch"]


def test_a_burst_of_which_nothing_was_kept_is_refused_one_by_one() -> None:
    world = Twins().fast
    world.send_together(1, *numbered(m.Say("x"), 2), m.Say("y"))
    world.reject()
    assert world.take(1) == [m.Refused("no_space", NO_SPACE.text, re) for re in ("n0", "n1", None)]


def test_a_burst_that_is_taken_back_is_judged_again_in_order() -> None:
    world = Twins().fast
    world.send_together(1, *numbered(m.Tell("Bob", "x"), 3), m.Say("y", id="y"))
    world.send_together(3, m.Say("z", id="z"))
    foreign: Record = m.Said(world.hub.state.seq + 1, world.now, "Dee", "elsewhere")
    world.appended.clear()
    world.records.append((foreign, ()))
    world.handle(b.Superseded([foreign]))
    world.commit()
    assert [getattr(record, "id", None) for record, _ in world.records[-5:]] == ["n0", "n1", "n2", "y", "z"]
    assert [notice.re for notice in world.take(1) if isinstance(notice, m.Accepted)] == ["n0", "n1", "n2", "y"]


def bob_leaves(world: World) -> None:
    world.handle(b.Disconnected(2))
    world.commit()


def bob_leaves_for_another(world: World) -> None:
    world.release("Bob")
    world.commit()
    world.join("BOB")


def the_group_is_another(world: World) -> None:
    world.ask(1, m.GroupDelete("g"))
    world.ask(3, m.GroupSet("g", ["Ann"]))


def the_sender_is_kicked(world: World) -> None:
    world.ask(1, m.GroupLeave("g"))


def it_is_encrypted(world: World) -> None:
    world.ask(1, create(require=True, with_="Bob"))
    world.ask(1, create(number=2, require=True, group="g"))
    world.ask(1, create(number=3, require=True))


@pytest.mark.parametrize("request_", [m.Say("x"), m.Tell("Bob", "x"), m.GroupSend("g", "x")])
@pytest.mark.parametrize("change", [
    bob_leaves, bob_leaves_for_another, the_group_is_another, the_sender_is_kicked, it_is_encrypted,
])  # fmt: skip
def test_a_route_ends_when_anything_is_another_way(change: Callable[[World], None], request_: m.Request) -> None:
    twins = Twins()
    twins.do("send", 1, [request_])
    twins.do("commit", 99)
    change(twins.fast)
    change(twins.general)
    for _ in range(2):
        twins.do("send", 1, [request_, request_])
        twins.do("commit", 99)


@pytest.mark.parametrize(("change", "request_"), [
    (m.GroupSet("h", ["Bob"]), m.GroupSend("h", "x")),
    (m.GroupLeave("g"), m.GroupSend("g", "x")),
    (m.GroupDelete("g"), m.GroupSend("g", "x")),
    (create(require=True), m.Say("x")),
    (create(require=True, with_="Bob"), m.Tell("Bob", "x")),
    (create(require=True, group="g"), m.GroupSend("g", "x")),
])  # fmt: skip
def test_what_is_on_its_way_is_waited_for_where_it_matters(change: m.Request, request_: m.Request) -> None:
    twins = Twins()
    twins.do("send", 1, [request_])
    twins.do("commit", 99)
    twins.do("send", 1, [change, request_, request_, m.Ping()])
    for _ in range(4):
        twins.do("commit", 99)


@given(st.lists(steps, min_size=15, max_size=40))  # short ones are drawn most often, and hold nothing that meets
def test_the_fast_path_is_equal_to_the_general_path(program: list[tuple[Any, ...]]) -> None:
    twins = Twins()
    for what, *values in program:
        twins.do(what, *values)
    while twins.fast.appended:
        twins.do("commit", 99)
