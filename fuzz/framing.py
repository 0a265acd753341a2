"""However a stream is split, the decoder gives the frames a plain reading finds, and stops at the same bad length."""

import struct
from random import Random

from fuzz.target import Target
from reactor_chat.errors import FrameLengthInvalid
from reactor_chat.wire.framing import FrameDecoder

FRAME_BYTES_MAX = 64
"""Small, so that lengths above it are common and inputs short."""


def make(random: Random) -> bytes:
    """A byte that decides the splits, then frames, most of them whole."""
    parts = [random.randbytes(1)]
    for _ in range(random.randint(0, 6)):
        length = random.choice((0, 1, 2, 3, random.randint(1, 20), FRAME_BYTES_MAX, FRAME_BYTES_MAX + 1, 2**32 - 1))
        parts.append(struct.pack(">I", length) + random.randbytes(min(length, FRAME_BYTES_MAX)))
    stream = b"".join(parts)
    return stream[: random.randint(1, len(stream))] if random.random() < 0.3 else stream


def plain_reading(stream: bytes) -> tuple[list[bytes], bool]:
    """The frames of a stream, and whether it breaks off with a bad length."""
    frames: list[bytes] = []
    while len(stream) >= 4:
        (length,) = struct.unpack(">I", stream[:4])
        if not 1 <= length <= FRAME_BYTES_MAX:
            return frames, True
        if len(stream) < 4 + length:
            break
        frames.append(stream[4 : 4 + length])
        stream = stream[4 + length :]
    return frames, False


def check(data: bytes, decoder_type: type[FrameDecoder]) -> None:
    """Feed the stream in pieces and compare with the plain reading."""
    if not data:
        return
    splits = Random(data[0])
    stream = data[1:]
    decoder = decoder_type(FRAME_BYTES_MAX)
    frames: list[bytes] = []
    place, broken = 0, False
    while place < len(stream) and not broken:
        end = place + splits.randint(1, 12)
        decoder.feed(stream[place:end])
        place = end
        try:
            while taken := decoder.take(splits.randint(1, 3)):
                frames += taken
        except FrameLengthInvalid:
            broken = True
    assert (frames, broken) == plain_reading(stream)


class Forgetful(FrameDecoder):
    """Loses what was fed when it is exactly a length."""

    __slots__ = ()

    def feed(self, data: bytes) -> None:
        """Store what came, but for a lone length."""
        super().feed(b"" if len(data) == 4 else data)


TARGET = Target("framing", make, check, FrameDecoder, Forgetful)
