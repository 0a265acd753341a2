"""The operator's door without sockets: orders however they are cut, answers, and whoever has none."""

import os
import socket
from pathlib import Path

import msgspec
import pytest

from reactor_chat.errors import StorageError
from reactor_chat.journal.contract import Slices
from reactor_chat.server.operator.control import ADDRESS_BYTES_MAX, Control, short_way
from reactor_chat.server.operator.orders import Answer, Backup, Order, Release, TellStatus
from reactor_chat.wire.framing import FrameDecoder, frame

ORDERS = frame(msgspec.json.encode(Release("Ann"))) + frame(msgspec.json.encode(Backup("/tmp/copy")))  # noqa: S108


class Operated:
    """Notes what it is ordered, and says how many orders that were."""

    def __init__(self, error: Exception | None = None) -> None:
        self.orders: list[Order] = []
        self.error = error
        self.pieces = 0

    def begin(self, order: Order) -> Slices[Answer]:
        if self.error is not None:
            raise self.error
        self.orders.append(order)
        number = len(self.orders)
        yield from range(self.pieces)
        return Answer(done=True, text=f"order {number}")


class Line:
    """One connection of `admin`."""

    def __init__(self) -> None:
        self.sent = b""
        self.end: str | None = None

    def send(self, data: bytes) -> None:
        self.sent += data

    def finish(self) -> None:
        self.end = self.end or "finished"

    def abort(self, reason: str) -> None:
        self.end = reason

    @property
    def answers(self) -> list[Answer]:
        decoder = FrameDecoder()
        decoder.feed(self.sent)
        return [msgspec.json.decode(payload, type=Answer) for payload in decoder.take(100)]


def served(pieces: list[bytes], error: Exception | None = None) -> tuple[Operated, Line]:
    server, line = Operated(error), Line()
    control = Control(server)
    control.opened(line)
    for piece in pieces:
        control.received(line, piece)
        control.turn()
    control.ended(line)
    control.lost(line, "gone")
    return server, line


@pytest.mark.parametrize("size", [1, 2, 7, len(ORDERS)])
@pytest.mark.parametrize("tail", [b"", b"\0\0\0\x09{"])
def test_orders_come_in_any_pieces(size: int, tail: bytes) -> None:
    stream = ORDERS + tail
    server, line = served([stream[at : at + size] for at in range(0, len(stream), size)])
    assert server.orders == [Release("Ann"), Backup("/tmp/copy")]  # noqa: S108
    assert line.answers == [Answer(done=True, text="order 1"), Answer(done=True, text="order 2")]
    assert line.end == "finished"


def test_a_failed_disk_stops_the_server() -> None:
    with pytest.raises(StorageError, match="gone"):
        served([frame(msgspec.json.encode(Release("Ann")))], StorageError("The disk is gone"))


NO_ORDERS = [b"[]", b"{}", b'{"do":"nonsense"}', b'{"do":"kick"}', b'{"do":"kick","name":7}', b"\xff", b"[" * 60_000,
             b'{"do":"ban","whom":"a","seconds":0}', b'{"do":"ban","whom":"a","by":"x"}', b'{"do":"lockdown","on":1}',
             b'{"do":"ban","whom":"a","reason":"' + b"x" * 201 + b'"}']  # fmt: skip


@pytest.mark.parametrize("payload", NO_ORDERS)
def test_what_is_no_order_is_answered_and_not_carried_out(payload: bytes) -> None:
    server, line = served([frame(payload)])
    assert server.orders == []
    (answer,) = line.answers
    assert not answer.done
    assert answer.text.startswith("that is no order: ")


def test_the_log_tells_of_orders_and_of_no_questions(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    served([frame(msgspec.json.encode(TellStatus()))])
    assert caplog.messages == []
    served([frame(msgspec.json.encode(Release("Ann"))), frame(b'{"do":"nonsense"}')])
    assert caplog.messages == ["operator: order 1", "operator: that is no order: Invalid value 'nonsense' - at `$.do`"]


def test_who_ends_without_an_order_is_let_go_and_who_ordered_is_answered_first() -> None:
    control, silent, eager = Control(Operated()), Line(), Line()
    for line, data in ((silent, b"\0\0"), (eager, ORDERS)):
        control.opened(line)
        control.received(line, data)
        control.ended(line)
    assert silent.end == "finished"
    assert eager.end is None
    control.turn()
    assert len(eager.answers) == 2
    assert eager.end == "finished"


def test_what_takes_long_is_done_in_pieces_and_told_of_every_second() -> None:
    operated = Operated()
    operated.pieces = 40
    control, line = Control(operated), Line()
    control.opened(line)
    control.received(line, ORDERS[: len(ORDERS) // 2])
    control.received(line, ORDERS[len(ORDERS) // 2 :])
    turns = 0
    while turns == 0 or control.has_work:
        control.turn(turns / 10)
        turns += 1
    news = [answer.percent for answer in line.answers if answer.percent is not None]
    assert turns == 2 * 40 + 1, "a piece a turn"
    assert 6 <= len(news) <= 16
    assert [answer.text for answer in line.answers if answer.percent is None] == ["order 1", "order 2"]


def test_what_is_ordered_by_who_is_gone_is_given_up() -> None:
    operated = Operated()
    operated.pieces = 40
    control, line = Control(operated), Line()
    control.opened(line)
    control.received(line, ORDERS)
    control.turn()
    assert control.has_work
    control.lost(line, "gone")
    assert not control.has_work
    control.turn()
    assert line.answers == []


def test_who_never_reads_is_dropped() -> None:
    control, line = Control(Operated()), Line()
    control.opened(line)
    control.overflowed(line)
    assert line.end == "reads no answers"


@pytest.mark.parametrize("extra", [-1, 0, 1, 200])
def test_a_socket_is_reached_however_long_its_path(tmp_path: Path, extra: int) -> None:
    name = "control.sock"
    parent = tmp_path / ("d" * max(1, ADDRESS_BYTES_MAX - len(os.fsencode(tmp_path)) - len(name) - 2 + min(extra, 1)))
    if extra > 1:
        parent /= "e" * extra
    parent.mkdir(parents=True)
    path = parent / name
    if extra <= 1:
        assert len(os.fsencode(path)) == ADDRESS_BYTES_MAX + extra
    before = len(list(Path("/proc/self/fd").iterdir()))
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as sock:
        with short_way(path) as address:
            listener.bind(address)
        listener.listen()
        with short_way(path) as address:
            sock.connect(address)
        assert path.exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_there_is_no_way_where_there_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), short_way(tmp_path / ("x" * 200) / "control.sock"):
        pass
