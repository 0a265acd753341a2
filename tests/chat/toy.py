"""A world around the core that fits in a test: a journal that is a list, commits when the test says so, and inboxes.

It carries out effects as `reactor_chat.server.app` does: whoever is behind hears numbered notices from the journal.
"""

import base64
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.chat import boundary as b
from reactor_chat.chat.case import Rules
from reactor_chat.chat.hub import Hub
from reactor_chat.chat.state.records import Entered, Record, notice_of
from reactor_chat.chat.state.timeline import Span
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import fold
from reactor_chat.wire.transcript import NO_BINDING, login_transcript

NOW = 1_700_000_000_000
RULES = Rules(
    text_bytes_max=16_384,
    group_members_max=1_000,
    groups_max=500,
    people_max=10_000,
    failed_logins_burst=1_000,
    failed_logins_per_second=1.0,
    help_text="no help",
)

record_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class Key:
    """A key pair that is the same in every run."""

    def __init__(self, number: int) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, nonce: bytes, name: str, binding: bytes = NO_BINDING) -> bytes:
        return self._private.sign(login_transcript(nonce, name, self.public, binding))


class World:
    """A hub with its journal, its clock, and what every connection was told."""

    def __init__(self, hub: Hub | None = None, **rules: Any) -> None:
        self.hub = hub or Hub(msgspec.structs.replace(RULES, **rules))
        self.now = NOW
        self.records: list[tuple[Record, tuple[str, ...]]] = []
        self.appended: deque[Sequence[tuple[Record, tuple[str, ...]]]] = deque()
        self.told: dict[int, list[m.Notice]] = {}
        self.entered: set[int] = set()
        self.heard: dict[int, int] = {}
        self.held: dict[int, list[m.Notice]] = {}
        self.closed: dict[int, str | None] = {}

    # ------------------------------------------------------------------------------------ what happens outside

    def connect(self, address: str = "192.0.2.1") -> int:
        conn = len(self.told) + 1
        self.told[conn] = []
        self.handle(b.Connected(conn, nonce(conn), NO_BINDING, address))
        return conn

    def send(self, conn: int, *requests: m.Request) -> None:
        for request in requests:
            self.handle(b.Received(conn, request))

    def send_together(self, conn: int, *requests: m.Request) -> None:
        self.handle(b.ReceivedTogether(conn, requests))

    def login(self, name: str, key: Key | None = None, **fields: Any) -> int:
        """Connect and log in, without a commit."""
        conn = self.connect()
        self.send(conn, login(conn, name, key, **fields))
        return conn

    def join(self, name: str, key: Key | None = None, **fields: Any) -> int:
        """Connect, log in and be welcomed; nobody has heard anything yet."""
        conn = self.login(name, key, **fields)
        self.commit()
        assert conn in self.entered, self.told[conn]
        self.take()
        return conn

    def handle(self, what: b.Input) -> None:
        self._carry_out(self.hub.handle(what, self.now))
        self._catch_up()

    def release(self, name: str) -> None:
        self._carry_out(self.hub.release(name, self.now))
        self._catch_up()

    def commit_some(self, count: int) -> None:
        """The oldest orders become durable; what they cause is appended and not committed."""
        for _ in range(min(count, len(self.appended))):
            self.records += self.appended.popleft()
        self.handle(b.Committed(len(self.records)))

    def commit(self) -> None:
        """Everything becomes durable, and what that causes too."""
        while self.appended:
            self.commit_some(len(self.appended))

    def reject(self) -> None:
        self.appended.clear()
        self.handle(b.Rejected())

    # ------------------------------------------------------------------------------------------ what was told

    def take(self, conn: int | None = None) -> list[m.Notice]:
        """Return and forget what a connection was told; without one, forget what everybody was."""
        if conn is None:
            self.told = {conn: [] for conn in self.told}
            return []
        told, self.told[conn] = self.told[conn], []
        return told

    def ask(self, conn: int, request: m.Request) -> list[m.Notice]:
        """Send, commit, and return what this connection was told of it."""
        self.take(conn)
        self.send(conn, request)
        self.commit()
        return self.take(conn)

    def answer(self, conn: int, request: m.Request) -> Any:
        """Send, commit, and return the last thing that this connection was told."""
        return self.ask(conn, request)[-1]

    def readable(self, spans: Sequence[Span], after: int = 0) -> list[Record]:
        return [
            record
            for record, labels in self.records
            if record.seq > after and any(s[0] in labels and s[1] <= record.seq <= s[2] for s in spans)
        ]

    # ------------------------------------------------------------------------------------------------ effects

    def _carry_out(self, effects: list[b.Effect]) -> None:
        for effect in effects:
            match effect:
                case b.Append():
                    assert effect.records
                    self.appended.append(effect.records)
                case b.Deliver():
                    self._tell(effect.conns, effect.notice)
                case b.DeliverAll():
                    self._tell(self.entered, effect.notice)
                case b.DeliverBurst():
                    self._carry_out(list(effect.each()))
                case b.LoggedIn():
                    self._enter(effect)
                case b.ReadMessages():
                    self._recall(effect)
                case b.Close():
                    self._close(effect)

    def _enter(self, effect: b.LoggedIn) -> None:
        self.entered.add(effect.conn)
        if effect.after is not None:
            self.heard[effect.conn], self.held[effect.conn] = effect.after, []

    def _close(self, effect: b.Close) -> None:
        assert effect.conn not in self.closed
        self.closed[effect.conn] = effect.reason
        self.entered.discard(effect.conn)
        self.heard.pop(effect.conn, None)

    def _tell(self, conns: Iterable[int], notice: m.Notice) -> None:
        for conn in conns:
            assert conn not in self.closed
            if conn not in self.heard:
                self.told[conn].append(notice)
            elif not isinstance(notice, m.Numbered):
                self.held[conn].append(notice)

    def _recall(self, effect: b.ReadMessages) -> None:
        found = [r for r in self.readable(effect.spans) if effect.before is None or r.seq < effect.before]
        answer: m.Notice = m.HistoryAnswer(found[-effect.limit :], len(found) > effect.limit, effect.re)  # type: ignore[arg-type]
        if not found and effect.before is None and effect.if_empty is not None:
            answer = msgspec.structs.replace(effect.if_empty, re=effect.re)
        self._tell([effect.conn], answer)

    def _catch_up(self) -> None:
        for conn, after in list(self.heard.items()):
            name = next(n.name for n in self.told[conn] if isinstance(n, m.Welcome))
            for record in self.readable(self.hub.entitlement(conn), after):
                notice = notice_of(record)
                own = isinstance(record, Entered | m.Exited) and fold(record.name) == fold(name)
                if notice is not None and not own:
                    self.told[conn].append(notice)
            del self.heard[conn]
            self.told[conn] += self.held.pop(conn)


def nonce(conn: int) -> bytes:
    return conn.to_bytes(32, "big")


def login(conn: int, name: str, key: Key | None = None, **fields: Any) -> m.Login:
    """A login as an honest client sends it on this connection."""
    if key is not None:
        fields = {"key": key.public, "signature": key.sign(nonce(conn), name)} | fields
    return m.Login(name, m.PROTOCOL_VERSION, **fields)


def _named(notice: Any) -> str:
    return f"{type(notice).__name__.lower()} {notice.name}"


def _message(notice: Any) -> str:
    return f"{notice.sender}: {notice.text}"


SHOWN: dict[type, Callable[[Any], str]] = {
    m.Welcome: _named,
    m.Joined: _named,
    m.Exited: _named,
    m.Released: _named,
    m.Said: _message,
    m.Told: _message,
    m.GroupSaid: _message,
    m.GroupChanged: lambda n: f"{n.group} {n.change} {n.user or n.by}",
    m.Accepted: lambda n: f"accepted {n.re}",
    m.Refused: lambda n: f"{n.code} {n.re or ''}".strip(),
    m.NamesAnswer: lambda n: " ".join(["names", *n.names]),
    m.MembersAnswer: lambda n: " ".join(["members", *n.members]),
    m.GroupsAnswer: lambda n: " ".join(["groups", *(group.group for group in n.groups)]),
    m.HistoryAnswer: lambda n: " ".join(["history", *(str(message.text) for message in n.messages)]),
}


def shown(notice: m.Notice) -> str:
    """What a notice says, short enough for a list of expectations."""
    return SHOWN.get(type(notice), lambda n: type(n).__name__.lower())(notice)


def encoded(records: Sequence[Record]) -> list[str]:
    """Records as text that another process can read."""
    return [base64.b64encode(msgspec.json.encode(record)).decode() for record in records]
