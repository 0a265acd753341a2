"""The people of the world: some with the whole client, some with a program of their own that speaks frames.

Each has a link at most, an oracle for it, and a name that is theirs.  They do what they are told and obey the protocol;
what is rude about them is when they do it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from reactor_chat.client.boundary import Action, Arrived, Note, NoteKind, Outputs, Settings
from reactor_chat.client.connecting.states import State
from reactor_chat.client.engine import Engine
from reactor_chat.testing.checker import Checker, demand
from reactor_chat.testing.client_oracle import ClientOracle
from reactor_chat.testing.clock import Clock
from reactor_chat.testing.machine import Dial
from reactor_chat.testing.network import SimulatedLink
from reactor_chat.testing.screen import Screen
from reactor_chat.testing.vault import SimulatedVault
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.framing import FrameDecoder, frame
from reactor_chat.wire.messages import Hello, Line, Login, Notice, Refused, Request
from reactor_chat.wire.transcript import login_transcript

RETRY_SECONDS_MAX = 4.0
KILLED = (
    "a client died before anything was kept",
    "a client died between keeping and showing",
    "a client died between showing and noting it",
)
GOLDEN = 0.6180339887498949


class SeededKey:
    """A key that is the same in every run.

    Args:
        number: which one; 1 or more.
    """

    def __init__(self, number: int) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
        self.key = self._private.public_key().public_bytes_raw()

    def sign(self, transcript: bytes) -> bytes:
        """Return the signature over a login transcript (PROTOCOL §7)."""
        return self._private.sign(transcript)


class SimulatedPerson:
    """Whoever is at the other end of a link.

    Args:
        name: theirs.
        number: which one of the people; 0 or more.
        key_number: of the key that claims the name; None for a guest.
        checker: knows what is true.
        clock: of the world.
        dial: opens a connection.

    Attributes:
        link: the connection; None while there is none.
        oracle: of that connection.
        frames: how many frames all links so far have carried.
        typed: how many lines were typed.
    """

    def __init__(
        self, name: str, number: int, key_number: int | None, checker: Checker, clock: Clock, dial: Dial
    ) -> None:
        self.name = name
        self.number = number
        self.link: SimulatedLink | None = None
        self.oracle = ClientOracle(checker)
        self.frames = self.typed = self.dials = 0
        self.key = SeededKey(key_number) if key_number is not None else None
        self._former: dict[SimulatedLink, ClientOracle] = {}
        self._checker = checker
        self._clock = clock
        self._dial_to = dial

    @property
    def is_live(self) -> bool:
        """Whether somebody is welcome on the link."""
        return self.link is not None and self.oracle.at is not None

    @property
    def is_current(self) -> bool:
        """Whether everything due has come and everything asked is answered."""
        return self.is_live and self.oracle.is_current

    @property
    def wants_link(self) -> bool:
        """Whether a connection is asked for for now."""
        raise NotImplementedError

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do; None where nothing is due."""
        return None

    def tick(self) -> None:
        """Do what is due."""

    def start(self) -> None:
        """Begin, or begin anew where it has stopped."""

    def forgotten(self) -> list[str]:
        """Return what was typed, was to be kept, and was neither said nor refused."""
        return []

    def state_in_words(self) -> str:
        """Return how far this person is behind."""
        return f"live={self.is_live} at={self.oracle.at} {self.oracle.waits_for()}"

    def type(self, line: str) -> None:
        """Type a line."""
        raise NotImplementedError

    def received(self, data: bytes) -> None:
        """Take bytes of the link."""
        raise NotImplementedError

    def lost(self, reason: str) -> None:
        """Learn that the link is gone."""
        raise NotImplementedError

    def overheard(self, link: SimulatedLink, data: bytes) -> None:
        """Take bytes of a link that was given up: nobody reads them, but they still have to be right."""
        oracle = self._former.get(link)
        if oracle is not None:
            oracle.heard(data)

    def _new_link(self) -> bool:
        self.dials += 1
        self.frames += self.oracle.frames
        self.oracle = ClientOracle(self._checker)
        # Every connection has a port of its own; the address is the person's.
        self.link = self._dial_to(f"10.0.0.{self.number + 1}:{10_000 + self.dials}")
        return self.link is not None


class Program(SimulatedPerson):
    """Somebody with a program of their own: knows the protocol, asks with ids, and comes back where it left off."""

    def __init__(
        self, name: str, number: int, key_number: int | None, checker: Checker, clock: Clock, dial: Dial
    ) -> None:
        super().__init__(name, number, key_number, checker, clock, dial)
        self._cursor: int | None = None
        self._ids = 0
        self._retry_at = 0.0
        self._latest: list[bytes] = []
        self.resumes = True

    @property
    def wants_link(self) -> bool:
        """Whether a connection is asked for for now."""
        return self.link is None and self._retry_at <= self._clock.now

    @property
    def deadline(self) -> float | None:
        """When to connect again."""
        return self._retry_at if self.link is None else None

    def connect(self) -> None:
        """Open a connection; the greeting is answered with a login."""
        if not self._new_link():
            self._retry_at = self._clock.now + 1.0

    def tick(self) -> None:
        """Give up a link that is dead, and connect, where that is due."""
        if self.link is not None and self.link.is_cut:
            self.lost("no answer")
        if self.wants_link:
            self.connect()

    def fresh_id(self) -> str:
        """Return an id that was never used."""
        self._ids += 1
        return f"{self.name}-{self._ids}"

    def ask(self, request: Any) -> None:
        """Send a request, where somebody is there to hear it."""
        if self.is_live and not isinstance(request, Refused):
            self._latest = [*self._latest[-3:], frame(encode(request))]
            self._send(self._latest[-1])

    def ask_again(self) -> None:
        """Send the newest requests once more, under their ids: they are the same requests."""
        if self.is_live and self.key is not None:
            for framed in list(self._latest):
                self._send(framed)

    def type(self, line: str) -> None:
        """Send a line, for the server to read."""
        self.typed += 1
        self.ask(Line(line, self.fresh_id()))

    def take_over(self) -> None:
        """Come in by another connection while the first one is open; only an owner can."""
        if self.is_live and self.key is not None and self.link is not None:
            first = self.link
            self._former = {first: self.oracle}
            self.connect()
            first.end()

    def received(self, data: bytes) -> None:
        """Take bytes of the link."""
        for notice in self.oracle.heard(data):
            if isinstance(notice, Hello):
                self._log_in(notice.nonce)
            elif isinstance(notice, Refused) and not self.is_live and self.link is not None:
                self.link.end()  # the name is held by a connection that is dead, or the house is full
                self.lost("refused")
                return
        if self.oracle.at is not None:
            self._cursor = self.oracle.at

    def lost(self, reason: str) -> None:  # noqa: ARG002  nobody reads it
        """Learn that the link is gone: come back a moment later."""
        self.link = None
        self._retry_at = self._clock.now + 0.5

    def _log_in(self, nonce: bytes) -> None:
        name = self.name.swapcase() if self.dials % 5 == 4 else self.name
        key = signature = None
        if self.key is not None:
            key = self.key.key
            signature = self.key.sign(login_transcript(nonce, name, key))
        after = self._cursor if self.resumes else None
        self._send(frame(encode(Login(name, 1, key, signature, after))))

    def _send(self, framed: bytes) -> None:
        assert self.link is not None
        self.oracle.sent(framed)
        self.link.send(framed)


Answers = Callable[[Notice], Iterable[Request]]
"""What a bot is: which requests it makes when it hears something; their ids are given to them."""


class Bot(Program):
    """A program that listens, and answers as somebody else's code says.

    Args:
        answers: that code; it is asked for each notice after the welcome, in their order.
    """

    def __init__(self, answers: Answers, *whose: Any) -> None:
        super().__init__(*whose)
        self._answers = answers
        self._decoder = FrameDecoder()

    def connect(self) -> None:
        """Open a connection, which begins a new stream."""
        self._decoder = FrameDecoder()
        super().connect()

    def received(self, data: bytes) -> None:
        """Take bytes of the link."""
        super().received(data)
        self._decoder.feed(data)
        for payload in self._decoder.take(1 << 30):
            if self.is_live:
                for request in self._answers(decode_notice(payload)):
                    self.ask(structs.replace(request, id=self.fresh_id()))


class Human(SimulatedPerson):
    """Somebody with the client of this project: an engine, a vault where the name is owned, and a screen."""

    def __init__(
        self, name: str, number: int, key_number: int | None, checker: Checker, clock: Clock, dial: Dial
    ) -> None:
        super().__init__(name, number, key_number, checker, clock, dial)
        self._interactive = number == 0
        self._vault = SimulatedVault() if self.key is not None else None
        self.screen = Screen(self._checker)
        self.owed: dict[str, None] = {}
        self.starts = 0
        self._jitters = number
        self.engine = self._new_engine()

    def _new_engine(self) -> Engine:
        self.starts += 1
        if self._vault is None:
            self.screen = Screen(self._checker)
            self.owed.clear()
        settings = Settings(
            self.name,
            "the world",
            self._interactive,
            f"{self.name}{self.starts}",
            tells_all=True,
            curious=self._interactive,
            scrollback=3 if self._interactive else 0,
            retry_seconds_max=RETRY_SECONDS_MAX,
        )
        return Engine(settings, self._jitter, self._vault, self.key)

    def _jitter(self) -> float:
        self._jitters += 1
        return self._jitters * GOLDEN % 1.0

    @property
    def is_current(self) -> bool:
        """Whether everything due is on the screen, everything typed is answered, and nothing was forgotten."""
        return (
            super().is_current
            and self.engine.state is State.LIVE
            and self.screen.is_current
            and not self.engine.messaging.changes_waiting
        )

    @property
    def wants_link(self) -> bool:
        """Connecting is the engine's own action."""
        return False

    @property
    def has_stopped(self) -> bool:
        """Whether the client has come to its end."""
        return self.engine.state is State.STOPPED

    @property
    def deadline(self) -> float | None:
        """When the engine wants to be called."""
        return self.engine.next_deadline

    def start(self) -> None:
        """Start the client anew, where it has stopped."""
        if self.dials == 0 or self.has_stopped:
            if self.dials:
                self.engine = self._new_engine()
            self.engine.start(self._clock.now)
            self._obey(self.engine.take())

    def tick(self) -> None:
        """Do what is due; who has left comes back as time passes."""
        if self.has_stopped:
            self.start()
        deadline = self.engine.next_deadline
        if deadline is not None and deadline <= self._clock.now:
            self.engine.tick(self._clock.now)
            self._obey(self.engine.take())

    def type(self, line: str) -> None:
        """Type a line, which is on disk when this returns."""
        self.typed += 1
        if self.engine.wants_input and not self.engine.wants_name:
            self.engine.typed(line, self._clock.now)
            self._obey(self.engine.take())
        elif self.engine.wants_name:
            self.engine.typed(self.name, self._clock.now)
            self._obey(self.engine.take())

    def ask(self, request: Request) -> None:
        """Ask as a program does that has this client."""
        if self.engine.wants_requests:
            self.engine.ask(request, self._clock.now)
            self._obey(self.engine.take())

    def owe(self, text: str) -> None:
        """Note that this text was typed: it must be said, once, or refused, or be told to be in doubt."""
        if self._vault is not None and self.engine.wants_input and not self.engine.wants_name:
            self.owed[text] = None

    def received(self, data: bytes) -> None:
        """Take bytes of the link."""
        self.oracle.heard(data)
        self.engine.received(data, self._clock.now)
        self._obey(self.engine.take())

    def lost(self, reason: str) -> None:
        """Learn that the link is gone."""
        self.link = None
        self.engine.cut(self._clock.now, reason)
        self._obey(self.engine.take())

    def kill(self, data: bytes, how: int) -> None:
        """Let the client die while it takes these bytes, and start it anew.

        Args:
            data: what had just arrived.
            how: 0: before anything of it is kept; 1: kept, and neither sent nor shown; 2: shown, and not noted so.
        """
        self._checker.seen[KILLED[how]] += 1
        self.oracle.heard(data)
        if data:
            self.engine.received(data, self._clock.now)
        if how:
            outputs = self.engine.take()
            if how == 2:
                self.screen.show(outputs.shown)
                self.screen.may_repeat(outputs.shown)
        if self._vault is not None:
            self._vault.lose_uncommitted()
        if self.link is not None:
            self.link.reset()
            self.link = None
        self.engine = self._new_engine()
        self.engine.start(self._clock.now)
        self._obey(self.engine.take())

    def forgotten(self) -> list[str]:
        """Return what was typed and neither said nor refused."""
        checker = self._checker
        return [text for text in self.owed if text not in checker.said and text not in checker.declined]

    def _obey(self, outputs: Outputs) -> None:
        """Send, show, note what was shown, and do what is asked for."""
        if outputs.data and self.link is not None:
            self.oracle.sent(outputs.data)
            self.link.send(outputs.data)
        self.screen.show(outputs.shown)
        for item in outputs.shown:
            if isinstance(item, Arrived) and item.place is not None:
                self.engine.messaging.mailbox.printed(item.place)
            elif isinstance(item, Note):
                self._noted(item)
        for action in outputs.actions:
            if action is not Action.CONNECT and self.link is not None:
                link, self.link = self.link, None
                link.end() if action is Action.STOP else link.reset()
        if Action.CONNECT in outputs.actions and self.engine.state is State.DIALING:
            self._connect()

    def _noted(self, note: Note) -> None:
        if note.kind is NoteKind.DOUBT and self.key is None:
            self._checker.seen["a guest was told that something is in doubt"] += 1
        if "kept from last time" in note.text:
            self._checker.seen["a client sent what an earlier run had kept"] += 1
        demand("started over" not in note.text, "a server never forgets", note)

    def _connect(self) -> None:
        """Dial; that it takes time is left to the link."""
        if self._new_link():
            self.engine.connected(self._clock.now)
        else:
            self.engine.unreachable(self._clock.now, "Connection refused")
        self._obey(self.engine.take())
