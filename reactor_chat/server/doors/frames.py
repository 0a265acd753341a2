"""The way in for programs: length-prefixed JSON (PROTOCOL §1)."""

from reactor_chat.chat.boundary import BadMessage, ReceivedTogether, Terminate
from reactor_chat.errors import FrameLengthInvalid, MessageInvalid
from reactor_chat.server.doors.door import Sent
from reactor_chat.wire import codec
from reactor_chat.wire.framing import FRAME_BYTES_MAX_BEFORE_LOGIN, FrameDecoder, frame
from reactor_chat.wire.messages import Hello, Notice, Refused, Request


class FramesDoor:
    """Length-prefixed JSON (PROTOCOL §1)."""

    __slots__ = ("_decoder", "_frame_bytes_max")
    name = "frames"
    shares_frames = True

    def __init__(self, frame_bytes_max: int) -> None:
        self._decoder = FrameDecoder(FRAME_BYTES_MAX_BEFORE_LOGIN)
        self._frame_bytes_max = frame_bytes_max

    def feed(self, data: bytes) -> bytes:
        """Store what came."""
        self._decoder.feed(data)
        return b""

    def end(self) -> None:
        """Learn that nothing more will come; an unfinished frame is dropped."""

    def take(self, conn: int, sent_max: int) -> tuple[list[Sent], int]:
        """Remove and return what was sent; see `Door`."""
        try:
            payloads = self._decoder.take(sent_max)
        except FrameLengthInvalid as error:
            return [Terminate(conn, Refused(error.code, str(error)), "violation")], 1
        return _read(conn, payloads), len(payloads)

    @property
    def waiting_bytes(self) -> int:
        """Part of a frame, or frames that nobody has taken yet."""
        return self._decoder.waiting_bytes

    @property
    def has_more(self) -> bool:
        """Whether a frame is complete, or broken."""
        return self._decoder.has_frame

    def greet(self, hello: Hello) -> bytes:
        """Return the `hello`."""
        return self.written(hello)

    def turn_away(self, hello: Hello, refusal: Refused) -> bytes:
        """Return a `hello` and the reason why nothing follows."""
        return self.written(hello) + self.written(refusal)

    def entered(self, name: str) -> None:  # noqa: ARG002
        """Allow longer frames from here on."""
        self._decoder.frame_bytes_max = self._frame_bytes_max

    def written(self, notice: Notice) -> bytes:
        """Return the notice as a frame."""
        return frame(codec.encode(notice))


def _read(conn: int, payloads: list[bytes]) -> list[Sent]:
    """Return what payloads say: requests together, as far as nothing else comes between them."""
    sent: list[Sent] = []
    requests: list[Request] = []
    for payload in payloads:
        try:
            requests.append(codec.decode_request(payload))
        except MessageInvalid as error:
            if requests:
                sent.append(ReceivedTogether(conn, requests))
                requests = []
            sent.append(BadMessage(conn, Refused("bad_message", str(error), error.request_id)))
    if requests:
        sent.append(ReceivedTogether(conn, requests))
    return sent
