"""Whatever a peer of TLS sends, it is refused by the one declared error, and nothing is heard that nobody said.

An input is damage: where it happens, how long the pieces are in which it arrives, and what is done to the genuine bytes
(or, in the last of the places, all the bytes there are).  The genuine ones are new in every run, because OpenSSL draws
its keys itself; so what is found may need to be played again a few times.
"""

from collections.abc import Callable
from random import Random

from fuzz.target import Target
from reactor_chat.errors import TlsBroken
from reactor_chat.reactor.tls import TlsContext, TlsFilter
from tests.reactor.certificates import contexts, moved

MakeFilter = Callable[[TlsContext], TlsFilter]

PLACES = 7
"""The three flights of the handshake, something said to either side, and garbage to either side from the first byte."""
SAID = b"said " * 20
ANSWER_BYTES_MAX = 4_096
"""A handshake is answered by about 800 bytes, everything else by an alert."""
DAMAGE_BYTES = 4
WORDS = [
    b"\x16\x03\x01",
    b"\x17\x03\x03\x40\x11",
    b"\x15\x03\x03\x00\x02\x02\x28",
    b"\x14\x03\x03\x00\x01\x01",
    b"\x01\x00\x01\xfc",
    b"\x18\x00\x00\x01\x01",
    b"GET / HTTP/1.1\r\n\r\n",
]


def make(random: Random) -> bytes:
    """A place, a length of pieces, and some damage."""
    place = random.randrange(PLACES)
    if place >= PLACES - 2:
        rest = b"".join(random.choice([*WORDS, random.randbytes(8)]) for _ in range(random.randint(1, 20)))
    else:
        rest = random.randbytes(DAMAGE_BYTES * random.randint(0, 4))
    return bytes([place, random.choice([0, 0, 0, 1, 5, 100])]) + rest


def check(data: bytes, make_filter: MakeFilter) -> None:
    """Bring two sides to the place, let one of them have the damaged bytes, and look at what it heard and answers."""
    if len(data) < 2:
        return
    victim, genuine, said = brought_to(data[0] % PLACES, make_filter)
    arriving = damaged(genuine, data[2:]) if genuine else data[2:]
    piece_bytes = data[1] or len(arriving) or 1
    heard = b""
    try:
        for at in range(0, len(arriving), piece_bytes):
            heard += victim.receive(arriving[at : at + piece_bytes])
    except TlsBroken:
        pass
    assert said.startswith(heard), "something was heard that nobody said"
    assert genuine or not victim.is_ready, "garbage shook hands"
    assert len(victim.unsent) <= ANSWER_BYTES_MAX, f"{len(victim.unsent)} bytes in answer"
    for context in contexts():
        assert not context.incoming.pending
        assert not context.outgoing.pending


def brought_to(place: int, make_filter: MakeFilter) -> tuple[TlsFilter, bytes, bytes]:
    """Return who has to read next, the genuine bytes it should get, and what they say."""
    server, client = (make_filter(context) for context in contexts())
    if place >= PLACES - 2:
        return (server, client)[place - (PLACES - 2)], b"", b""
    source, target = client, server
    for _ in range(min(place, 3)):
        moved(source, target)
        source, target = target, source
    said = b""
    if place >= 3:
        source, target = ((client, server), (server, client))[place - 3]
        source.seal(SAID)
        said = SAID
    return target, source.unsent, said


def damaged(genuine: bytes, damage: bytes) -> bytes:
    """Do what the damage says: each four bytes flip, drop, double or replace something somewhere."""
    bytes_ = bytearray(genuine)
    for at in range(0, len(damage) - DAMAGE_BYTES + 1, DAMAGE_BYTES):
        kind, value = damage[at] % 5, damage[at + 1]
        place = int.from_bytes(damage[at + 2 : at + 4], "big") % (len(bytes_) + 1)
        if kind == 0 and place < len(bytes_):
            bytes_[place] ^= value or 1
        elif kind == 1:
            del bytes_[place : place + value]
        elif kind == 2:
            bytes_[place:place] = bytes_[place : place + value]
        elif kind == 3:
            bytes_[place:place] = WORDS[value % len(WORDS)]
        else:
            del bytes_[place:]
    return bytes(bytes_)


class LetsErrorsThrough(TlsFilter):
    """Raises whatever the ssl module does."""

    def receive(self, data: bytes) -> bytes:
        """Take what came."""
        try:
            return super().receive(data)
        except TlsBroken as error:
            raise (error.__cause__ or error) from None


TARGET = Target("tls", make, check, TlsFilter, LetsErrorsThrough)
