"""The words of the servers that ours is compared with, as far as a load needs them, and our own with more in them."""

from collections.abc import Sequence

from reactor_chat.load.dialect import Chat, DialectStep, Role
from reactor_chat.load.marks import MARK_CHARS
from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import frame
from reactor_chat.wire.messages import Say, Tell

ROOM = b"load"


class ChatWithIds(Chat):
    """Our own protocol with an `id` on everything that is said, as a client has it that never says anything twice.

    The id is the text's mark, which everybody who is told reads there.
    """

    def say(self, text: bytes) -> bytes:
        """Return a `say`."""
        return frame(encode(Say(_unmarked(text), id=_mark(text))))

    def tell(self, name: str, text: bytes) -> bytes:
        """Return a `tell`."""
        return frame(encode(Tell(name, _unmarked(text), id=_mark(text))))


def _mark(text: bytes) -> str:
    return text[:MARK_CHARS].decode("ascii")


def _unmarked(text: bytes) -> str:
    """Return a text as long as one with its mark."""
    return text[MARK_CHARS:].decode("ascii") + "x" * MARK_CHARS


class Redis:
    """Publish and subscribe of Redis; RESP3 where one connection does both."""

    refusals: tuple[bytes, ...] = (b"-ERR", b"-NOAUTH", b"-DENIED")

    def steps(self, name: str, part: Role) -> Sequence[DialectStep]:
        """Subscribe to the room, or to one's own name."""
        if part is Role.SAY:
            return [DialectStep(_command(b"PING"), b"+PONG")]
        if part is Role.LISTEN:
            return [DialectStep(_command(b"SUBSCRIBE", ROOM), b"subscribe\r\n")]
        return [
            DialectStep(_command(b"HELLO", b"3"), b"modules\r\n*"),
            DialectStep(_command(b"SUBSCRIBE", name.encode()), b"subscribe\r\n"),
        ]

    def say(self, text: bytes) -> bytes:
        """Publish to the room."""
        return _command(b"PUBLISH", ROOM, text)

    def tell(self, name: str, text: bytes) -> bytes:
        """Publish to somebody's channel."""
        return _command(b"PUBLISH", name.encode(), text)


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


class Nats:
    """Publish and subscribe of NATS."""

    refusals: tuple[bytes, ...] = (b"-ERR",)

    def steps(self, name: str, part: Role) -> Sequence[DialectStep]:
        """Subscribe to the room, or to one's own name."""
        subject = {Role.SAY: b"", Role.LISTEN: ROOM, Role.TELL: name.encode()}[part]
        subscribe = b"SUB %b 1\r\n" % subject if subject else b""
        return [DialectStep(b'CONNECT {"verbose":false,"pedantic":false}\r\n' + subscribe + b"PING\r\n", b"PONG\r\n")]

    def say(self, text: bytes) -> bytes:
        """Publish to the room."""
        return b"PUB %b %d\r\n%b\r\n" % (ROOM, len(text), text)

    def tell(self, name: str, text: bytes) -> bytes:
        """Publish to somebody's subject."""
        return b"PUB %b %d\r\n%b\r\n" % (name.encode(), len(text), text)


class Irc:
    """A channel and private messages of IRC.

    Args:
        password: sent first, for servers that want one.
    """

    refusals: tuple[bytes, ...] = (b"ERROR ",)

    def __init__(self, password: bytes = b"") -> None:
        self._first = b"PASS %b\r\n" % password if password else b""

    def steps(self, name: str, part: Role) -> Sequence[DialectStep]:
        """Register, and join the channel."""
        nick = name.encode()
        register = DialectStep(b"%bNICK %b\r\nUSER %b 0 * :%b\r\n" % (self._first, nick, nick, nick), b" 001 ")
        return [register] if part is Role.TELL else [register, DialectStep(b"JOIN #load\r\n", b" 366 ")]

    def say(self, text: bytes) -> bytes:
        """Speak in the channel."""
        return b"PRIVMSG #load :%b\r\n" % text

    def tell(self, name: str, text: bytes) -> bytes:
        """Speak to one person."""
        return b"PRIVMSG %b :%b\r\n" % (name.encode(), text)


class Lines:
    """What the C loop speaks: a line with one's name, then lines that go to all the others."""

    refusals: tuple[bytes, ...] = ()

    def steps(self, name: str, part: Role) -> Sequence[DialectStep]:  # noqa: ARG002
        """Say one's name."""
        return [DialectStep(b"%b\n" % name.encode(), b"ok\n")]

    def say(self, text: bytes) -> bytes:
        """Say a line."""
        return text + b"\n"

    def tell(self, name: str, text: bytes) -> bytes:
        """Refuse: there is no such thing."""
        raise NotImplementedError
