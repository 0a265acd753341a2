"""Cuts a stream of bytes into length-prefixed payloads and back.

A frame is 4 bytes of length, unsigned and big-endian, then that many bytes of payload.  The decoder is fed whatever
the network brought and gives back whole payloads.  It decides from the four length bytes alone, before it waits for
a single byte of the payload, so a peer cannot make it hold more than one frame beyond what was fed.

What came is kept as it is while it holds whole frames.  Only what was left of it when more comes is copied, into a
`bytearray`, whose front can be dropped without moving the rest; so the cost is linear in the bytes however they were
split.
"""

import struct
from collections.abc import Iterable

from reactor_chat.errors import FrameLengthInvalid

FRAME_BYTES_MAX = 65_536
FRAME_BYTES_MAX_BEFORE_LOGIN = 4_096
LENGTH_BYTES = 4

_length = struct.Struct(">I")


def frame(payload: bytes) -> bytes:
    """Return one payload with its length before it.

    Args:
        payload: 1 byte or more; the caller keeps the limit it agreed on with the peer.

    Source: PROTOCOL §1.
    """
    return _length.pack(len(payload)) + payload


def frames(payloads: Iterable[bytes]) -> list[bytes]:
    """Return each of several payloads as `frame` does."""
    pack = _length.pack
    return [pack(len(payload)) + payload for payload in payloads]


class FrameDecoder:
    """Collects bytes and gives back complete payloads, oldest first.

    Args:
        frame_bytes_max: longest payload accepted, 1 or more; may be changed between frames (a login raises it), and
            counts for every frame whose payload has not been given back yet.
    """

    __slots__ = ("_broken", "_buffer", "_place", "frame_bytes_max")

    def __init__(self, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        self.frame_bytes_max = frame_bytes_max
        self._buffer: bytes | bytearray = b""
        self._place = 0  # what lies before it was given back
        self._broken: FrameLengthInvalid | None = None

    def feed(self, data: bytes) -> None:
        """Store what came; nothing is looked at until `take`."""
        if not self._buffer:  # nearly always: what came before is done with, and this needs no copy
            self._buffer = data
            return
        if isinstance(self._buffer, bytes):
            self._buffer = bytearray(self._buffer)
        del self._buffer[: self._place]
        self._place = 0
        self._buffer += data

    def take(self, frames_max: int) -> list[bytes]:
        """Remove and return complete payloads, oldest first.

        Args:
            frames_max: most payloads to return, at least 1.

        Returns:
            Payloads without their prefix, each 1 to `frame_bytes_max` bytes; empty when none is complete.

        Raises:
            FrameLengthInvalid: the next length is 0 or above the limit.  The payloads before it have been returned
                by then; every later call raises it again.

        Source: PROTOCOL §1.
        """
        if self._broken is not None:
            raise self._broken
        payloads: list[bytes] = []
        buffer, place, end = self._buffer, self._place, len(self._buffer)
        while len(payloads) < frames_max and end - place >= LENGTH_BYTES:
            (frame_bytes,) = _length.unpack_from(buffer, place)
            if not 1 <= frame_bytes <= self.frame_bytes_max:
                self._broken = FrameLengthInvalid(frame_bytes, self.frame_bytes_max)
                break
            begin = place + LENGTH_BYTES
            if end - begin < frame_bytes:
                break
            place = begin + frame_bytes
            payloads.append(bytes(buffer[begin:place]))
        self._place = place
        if place == end or self._broken is not None:
            self._buffer, self._place = b"", 0
        if self._broken is not None and not payloads:
            raise self._broken
        return payloads

    @property
    def waiting_bytes(self) -> int:
        """Bytes that were fed and not given back: part of a frame, or frames not taken yet."""
        return len(self._buffer) - self._place

    @property
    def has_frame(self) -> bool:
        """Whether `take` would return a payload or raise."""
        if self._broken is not None:
            return True
        waiting_bytes = len(self._buffer) - self._place
        if waiting_bytes < LENGTH_BYTES:
            return False
        (frame_bytes,) = _length.unpack_from(self._buffer, self._place)
        return not 1 <= frame_bytes <= self.frame_bytes_max or waiting_bytes >= LENGTH_BYTES + frame_bytes
