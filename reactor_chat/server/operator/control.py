"""The operator's door: orders to a running server, over a Unix socket that only its owner can open.

An order is a frame with one JSON object, as is the answer; `admin` speaks it.  Orders are carried out after the turn in
which they came, each with a commit of its own, so an answer says what is durable.  What takes long is done a piece a
turn, and every second its connection is told how far it is; where that connection is lost, it is given up.
"""

import logging
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from reactor_chat.errors import FrameLengthInvalid
from reactor_chat.journal.contract import Slices
from reactor_chat.server.operator.orders import (
    Answer,
    ListBans,
    ListInvites,
    ListPeople,
    Order,
    ReadRecords,
    TellStatus,
)
from reactor_chat.wire.framing import FrameDecoder, frame

CONTROL_SOCKET_NAME = "control.sock"
ADDRESS_BYTES_MAX = 103
"""So long is the path of a Unix socket at most: 107 bytes on Linux, 103 on other systems."""

QUESTIONS = (ListBans, ListInvites, ListPeople, ReadRecords, TellStatus)
"""Orders that change nothing; whoever watches a server asks every few seconds, and the log says nothing of it."""

_log = logging.getLogger("reactor_chat.server")


@contextmanager
def short_way(path: Path) -> Iterator[str]:
    """Yield an address for the socket at a path; where that is too long for one, one that leads there by a descriptor.

    Raises:
        OSError: there is no such directory, or this system knows no such way.
    """
    if len(os.fsencode(path)) <= ADDRESS_BYTES_MAX:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


NEWS_SECONDS = 1.0
"""How often somebody who waits is told how far an order is."""


class Operator(Protocol):
    """Whoever carries orders out."""

    def begin(self, order: Order, /) -> Slices[Answer]:
        """Do it, durably, and say what came of it.  Raises StorageError where the process must stop."""


class ControlLine(Protocol):
    """A connection from `admin`."""

    def send(self, data: bytes, /) -> None:
        """Queue bytes."""

    def finish(self) -> None:
        """Close when everything queued has left."""

    def abort(self, reason: str, /) -> None:
        """Close now."""


class _Work:
    """An order under way, and when its connection was told of it last."""

    def __init__(self, line: ControlLine, order: Order, slices: Slices[Answer], now: float) -> None:
        self.line = line
        self.order = order
        self.slices = slices
        self.told_at = now


class Control:
    """Reads orders, has them carried out, and answers.

    Args:
        operator: carries them out.
    """

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._decoders: dict[Any, FrameDecoder] = {}
        self._orders: deque[tuple[ControlLine, bytes]] = deque()
        self._under_way: deque[_Work] = deque()

    def opened(self, line: ControlLine) -> None:
        """Take a new connection."""
        self._decoders[line] = FrameDecoder()

    def received(self, line: ControlLine, data: bytes) -> None:
        """Take bytes; what is ordered is done in `turn`."""
        decoder = self._decoders[line]
        decoder.feed(data)
        try:
            self._orders.extend((line, payload) for payload in decoder.take(16))
        except FrameLengthInvalid as error:
            line.abort(str(error))

    def ended(self, line: ControlLine) -> None:
        """Learn that no more orders come; those that came are carried out."""
        if all(other is not line for other, _ in self._orders) and all(
            work.line is not line for work in self._under_way
        ):
            line.finish()

    def overflowed(self, line: ControlLine) -> None:
        """Drop somebody who orders and never reads."""
        line.abort("reads no answers")

    def lost(self, line: ControlLine, _reason: str) -> None:
        """Forget a connection, and what is done for it."""
        del self._decoders[line]
        for work in [work for work in self._under_way if work.line is line]:
            self._under_way.remove(work)
            work.slices.close()

    def close(self) -> None:
        """Give up what is not done yet."""
        while self._under_way:
            self._under_way.popleft().slices.close()

    @property
    def has_work(self) -> bool:
        """Whether an order is under way, so that another turn should come at once."""
        return bool(self._under_way)

    def turn(self, now: float = 0.0) -> None:
        """Carry out what was ordered, and a piece of one that is under way.

        Args:
            now: seconds of a clock that never goes back.

        Raises:
            StorageError: the journal failed; the process must stop.
        """
        if self._under_way:
            self._go_on(self._under_way.popleft(), now)
        while self._orders:
            line, payload = self._orders.popleft()
            self._begin(line, payload, now)

    def _begin(self, line: ControlLine, payload: bytes, now: float) -> None:
        try:
            order = msgspec.json.decode(payload, type=Order)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._answer(line, Answer(done=False, text=f"that is no order: {error}"))
            return
        self._go_on(_Work(line, order, self._operator.begin(order), now), now)

    def _go_on(self, work: _Work, now: float) -> None:
        try:
            percent = next(work.slices)
        except StopIteration as end:
            self._answer(work.line, end.value, work.order)
            return
        if now - work.told_at >= NEWS_SECONDS:
            work.told_at = now
            work.line.send(frame(msgspec.json.encode(Answer(done=False, text="under way", percent=percent))))
        self._under_way.append(work)

    def _answer(self, line: ControlLine, answer: Answer, order: Order | None = None) -> None:
        if not isinstance(order, QUESTIONS):
            _log.info("operator: %s", answer.text)
        line.send(frame(msgspec.json.encode(answer)))
        line.finish()
