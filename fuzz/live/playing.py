"""Plays one conversation against the server, and judges what came back."""

import ssl
import time
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise, zip_longest
from typing import Any, NamedTuple

from fuzz.live.explain import STEPS_MAX, Places, Queues, Said, Search
from fuzz.live.protocol import CLOSED, Act, Model, Protocol
from fuzz.live.wires import Wire, wait_for_any

WAIT_SECONDS = 10.0
"""A server that is silent for so long does not answer."""
LAST_ROUNDS_MAX = 50
"""So often everybody is asked again, before what was still to happen by itself counts as not happening."""


class Finding(AssertionError):
    """The server did what the model does not allow."""


class Server(NamedTuple):
    """Where it is, and how it is spoken to."""

    host: str
    port: int
    context: ssl.SSLContext | None
    wait_seconds: float = WAIT_SECONDS


class Sent(NamedTuple):
    """Bytes that went out on a connection, at once or in pieces."""

    conn: int
    pieces: tuple[bytes, ...]


class Conversation:
    """One conversation, from the opening of its connections to the verdict.

    Attributes:
        heard: the messages of each connection, `CLOSED` at the end where it was closed; marks and noise included.
        sent: every byte that went out.
        whats: everything said, as the model was told.
        final: after the verdict, the state that everything came to.
        is_judged: False where the search was given up.
        answers: the messages that answered marks.
    """

    def __init__(self, protocol: Protocol, server: Server, prefix: str) -> None:
        self._protocol, self._server, self._prefix = protocol, server, prefix
        self._wires: dict[int, Wire] = {}
        self._queues: Queues = {}
        self._phase = self._marks = 0
        self._awaited: dict[int, int] = {}
        self.heard: dict[int, list[Any]] = {}
        self.sent: list[Sent] = []
        self.whats: list[Any] = []
        self.final: Model | None = None
        self.is_judged = True
        self.answers: list[Any] = []

    def play(self, acts: Sequence[Act]) -> None:
        """Say everything, wait for every answer, and judge.

        Raises:
            Finding: there is no order of what was said that explains what came.
            Gone: no server answers.
        """
        try:
            for conn in sorted({act.conn for act in acts}):
                self._open(conn)
            for burst in _bursts(acts):
                self._say(burst)
                self._settle({act.conn for act in burst})
            self._settle(set(self._wires))
            self._judge()
        finally:
            for wire in self._wires.values():
                wire.close()

    # ------------------------------------------------------------------------------------------------ saying

    def _open(self, conn: int) -> None:
        self._wires[conn] = Wire(
            (self._server.host, self._server.port), self._server.context, self._server.wait_seconds
        )
        self.heard[conn], self._queues[conn] = [], ()
        if self._protocol.greets:
            self._hear_until(lambda: bool(self.heard[conn]), f"it does not greet connection {conn}")

    def _say(self, burst: list[Act]) -> None:
        """Send what is sent together: every connection's bytes in pieces, the pieces of all in turns."""
        streams: dict[int, tuple[bytes, tuple[int, ...], bool]] = {}
        for act in burst:
            data, cuts, ends = streams.get(act.conn, (b"", (), False))
            if self._wires[act.conn].ended or ends:
                continue
            if act.what == "close":
                what: Any = act.what
                ends = True
            else:
                more, what = self._protocol.speak(
                    act.what, act.conn, self.heard, self._prefix, self._wires[act.conn].binding
                )
                data += more
            streams[act.conn] = data, (*cuts, *act.cuts), ends
            self._note(act.conn, what)
        in_pieces = [[(conn, piece) for piece in _pieces(data, cuts)] for conn, (data, cuts, _) in streams.items()]
        for number, row in enumerate(zip_longest(*in_pieces)):
            if number:
                self._let_it_read(set(streams))
            for conn, piece in filter(None, row):
                self._wires[conn].send(piece)
        self.sent += [Sent(conn, _pieces(data, cuts)) for conn, (data, cuts, _) in streams.items()]
        for conn, (_, _, ends) in streams.items():
            if ends:
                self._wires[conn].finish()

    def _let_it_read(self, busy: set[int]) -> None:
        """See to it that the server has read what was sent: somebody else asks, and has an answer."""
        others = [conn for conn, wire in self._wires.items() if conn not in busy and not wire.ended]
        if others:
            self._mark(others[0])
            self._hear_marks()

    def _note(self, conn: int, what: Any) -> None:
        self._queues[conn] += (Said(self._phase, what),)
        self.whats.append(what)

    # ----------------------------------------------------------------------------------------------- hearing

    def _settle(self, conns: set[int]) -> None:
        """Wait for all answers on these connections."""
        for conn in sorted(conns):
            if not self._wires[conn].ended:
                self._mark(conn)
        self._hear_marks()
        self._phase += 1

    def _mark(self, conn: int) -> None:
        self._marks += 1
        data, what = self._protocol.speak(
            self._protocol.mark(self._marks), conn, self.heard, self._prefix, self._wires[conn].binding
        )
        self._wires[conn].send(data)
        self._queues[conn] += (Said(self._phase, what),)
        self._awaited[conn] = self._marks

    def _hear_marks(self) -> None:
        self._hear_until(lambda: not self._awaited, "it does not answer")

    def _hear_until(self, done: Any, otherwise: str) -> None:
        until = time.monotonic() + self._server.wait_seconds
        while not done():
            wires = {conn: wire for conn, wire in self._wires.items() if not wire.ended}
            ready = wait_for_any(list(wires.values()), until)
            if not ready:
                raise Finding(f"{otherwise}: nothing came for {self._server.wait_seconds:g} s")
            for conn, wire in wires.items():
                if wire in ready:
                    self._hear(conn, wire)

    def _hear(self, conn: int, wire: Wire) -> None:
        wire.receive()
        for payload in wire.payloads(self._protocol.length):
            try:
                message = self._protocol.read(payload)
            except ValueError as error:
                raise Finding(f"{conn} is told what is no message: {error}: {payload[:200]!r}") from None
            self.heard[conn].append(message)
            if conn in self._awaited and self._protocol.is_mark(message, self._awaited[conn]):
                del self._awaited[conn]
                self.answers.append(message)
        if wire.ended:
            self._awaited.pop(conn, None)
            if wire.ended == "closed":
                if wire.rest:
                    raise Finding(f"{conn} is told half a message: {wire.rest[:200]!r}")
                self.heard[conn].append(CLOSED)

    # ----------------------------------------------------------------------------------------------- judging

    def _judge(self) -> None:
        for conn, messages in self.heard.items():
            wrong = self._protocol.contradiction(messages, self._prefix)
            if wrong is not None:
                raise Finding(f"{conn}: {wrong}")
        for _ in range(LAST_ROUNDS_MAX):
            search = self._searched(is_final=True)
            waiting = [conn for conn, wire in self._wires.items() if not wire.ended]
            if search.final is not None or not self.is_judged:
                self.final = search.final
                return
            if not waiting or self._searched(is_final=False).final is None:
                break  # nothing that may yet happen would explain it
            self._settle(set(waiting))
        raise Finding("\n".join(search.misses) or "it cannot be explained")

    def _searched(self, *, is_final: bool) -> Search:
        heard = {conn: self._protocol.tidied(messages, self._prefix) for conn, messages in self.heard.items()}
        cut_short = frozenset(conn for conn, wire in self._wires.items() if wire.ended == "reset")
        search = Search(heard, cut_short, is_final)
        model, places = self._protocol.model(self._prefix), Places()
        for conn in self._wires:
            greeting = list(model.opened(conn))
            places[conn] = len(greeting)
            if not all(map(model.matches, greeting, heard[conn])) or len(heard[conn]) < len(greeting):
                raise Finding(f"{conn} is greeted with {heard[conn][:1]}, but should be with {greeting}")
        search.explain(model, self._queues, places)
        self.is_judged = search.final is not None or search.steps < STEPS_MAX
        return search


def _bursts(acts: Sequence[Act]) -> Iterator[list[Act]]:
    """Yield what is sent together."""
    number = 0
    numbers = [number := number + (not act.together) for act in acts]
    for _, burst in groupby(zip(numbers, acts, strict=True), key=lambda one: one[0]):
        yield [act for _, act in burst]


def _pieces(data: bytes, cuts: tuple[int, ...]) -> tuple[bytes, ...]:
    places = sorted({0, len(data), *(cut % max(1, len(data)) for cut in cuts)})
    return tuple(data[begin:end] for begin, end in pairwise(places))
