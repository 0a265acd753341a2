"""Has a running server carry out an order of the operator's, over the socket in its data directory."""

import socket
from pathlib import Path

import msgspec

from reactor_chat.errors import UsageError
from reactor_chat.server.operator.control import CONTROL_SOCKET_NAME, short_way
from reactor_chat.server.operator.orders import ANSWER_BYTES_MAX, Answer, Order
from reactor_chat.wire.framing import FrameDecoder, frame

SILENCE_SECONDS_MAX = 5.0
"""How long a server may say nothing: of what takes longer, such as a backup, it says every second how far it is."""
RECEIVE_BYTES = 65_536
"""Read at once."""


class ServerSilent(UsageError):
    """A server is there and says nothing: it is stopped, or has no time."""


def order(data: Path, what: Order) -> Answer | None:
    """Have a running server carry an order out.

    Args:
        data: its data directory.
        what: the order.

    Returns:
        Its answer; None where no server is running on that directory.

    Raises:
        ServerSilent: it runs, but does not answer.
        UsageError: it closed without an answer.
    """
    silent = f"The server on {data} has not answered for {SILENCE_SECONDS_MAX:g} s; try again, or look at its log"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(SILENCE_SECONDS_MAX)
        try:
            with short_way(data / CONTROL_SOCKET_NAME) as address:
                sock.connect(address)
        except (TimeoutError, BlockingIOError) as error:  # it runs, and takes nobody
            raise ServerSilent(silent) from error
        except OSError:
            return None
        try:
            sock.sendall(frame(msgspec.json.encode(what)))
            return _answer(sock)
        except TimeoutError as error:
            raise ServerSilent(silent) from error
        except OSError as error:
            raise UsageError(f"the server does not answer: {error}") from error


def _answer(sock: socket.socket) -> Answer:
    decoder = FrameDecoder(ANSWER_BYTES_MAX)
    while True:
        for payload in decoder.take(1):
            answer = msgspec.json.decode(payload, type=Answer)
            if answer.percent is None:
                return answer
        received = sock.recv(RECEIVE_BYTES)
        if not received:
            raise UsageError("the server closed without an answer; its log says why")
        decoder.feed(received)
