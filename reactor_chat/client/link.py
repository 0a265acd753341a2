"""One connection as the client sees it: bytes to payloads, requests to bytes, and how long it has been silent.

Everything here ends with the connection; what outlives it is the engine's.
"""

from reactor_chat.client.vault import Identity
from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import FRAME_BYTES_MAX, FrameDecoder, frame
from reactor_chat.wire.messages import PROTOCOL_VERSION, SEALED_MEMBERS_MAX, Hello, Login, Request, Seen
from reactor_chat.wire.transcript import NO_BINDING, login_transcript

FRAME_BYTES_ACCEPTED_MAX = 16 * 1024 * 1024
"""A server may announce a larger limit than the usual one; not one that would fill our memory."""

CHECK = "Check host and port"
LEAVE_OUT_PLAINTEXT = "; for a server with TLS, leave out --plaintext"


def no_server(place: str, reason: str, hint: str) -> str:
    """Return the words for a server that cannot be reached."""
    return f"No server at {place} ({reason}). {hint}"


def unknown_host(reason: str) -> str:
    """Return the words for a host that nobody knows."""
    return f"Unknown host: {reason}. Check its spelling"


def silent_name_server(reason: str) -> str:
    """Return the words for a host of which nobody could say whether it is known."""
    return f"The name server does not answer; try again ({reason})"


class Link:
    """What belongs to one connection.

    Args:
        now: when it was made, monotonic seconds.
        binding: SHA-256 of the server's TLS public key, 32 zero bytes without TLS (PROTOCOL §7).
        invite: the code of an invitation, sent with a login.

    Attributes:
        since: when it was made, or when its login held.
        heard_at: when bytes last came.
        pinged_at: since when an answer to a ping is awaited, None while none is.
        login_at: since when an answer to `login` is awaited, None while none is.
        replays: the login asked for what was missed.
        nonce: the server's, from `hello`.
        sealed_members_max: members of one sealed conversation.
        frame_bytes_max: the longest payload that the server takes.
        hidden_ids: our own questions, whose answers nobody asked to see.
        is_nonsense_told: the person heard that some of what the server sent makes no sense.
        replay_end_id: the one of them whose answer says that everything missed has come.
    """

    def __init__(self, now: float, binding: bytes = NO_BINDING, invite: str | None = None) -> None:
        self.since = self.heard_at = now
        self.pinged_at: float | None = None
        self.login_at: float | None = None
        self.replays = False
        self.binding = binding
        self._invite = invite
        self.nonce = b""
        self.frame_bytes_max = FRAME_BYTES_MAX
        self.sealed_members_max = SEALED_MEMBERS_MAX
        self.hidden_ids: set[str] = set()
        self.is_nonsense_told = False
        self.replay_end_id: str | None = None
        self._decoder = FrameDecoder()
        self._out: list[bytes] = []

    @property
    def hint(self) -> str:
        """What to do where the other side is no server."""
        return CHECK + (LEAVE_OUT_PLAINTEXT if self.binding == NO_BINDING else "")

    def feed(self, data: bytes, now: float) -> None:
        """Store what came."""
        self.heard_at, self.pinged_at = now, None
        self._decoder.feed(data)

    def next_payload(self) -> bytes | None:
        """Return the next payload, None when none is complete.

        They are taken singly because the greeting can change the limit for the one behind it.

        Raises:
            FrameLengthInvalid: what comes is no frame; nothing more can be read from this connection.
        """
        payloads = self._decoder.take(1)
        return payloads[0] if payloads else None

    def greeted(self, hello: Hello) -> None:
        """Take over what the server announces."""
        self.nonce = hello.nonce
        self.frame_bytes_max = hello.limits.frame_bytes_max
        self.sealed_members_max = hello.limits.sealed_members_believed
        self._decoder.frame_bytes_max = max(FRAME_BYTES_MAX, min(self.frame_bytes_max, FRAME_BYTES_ACCEPTED_MAX))

    def log_in(self, name: str, identity: Identity | None, cursor: int | None, seen: list[Seen], now: float) -> None:
        """Say who we are: with proof where there is a key, and where we have come to, so that the rest follows."""
        key = signature = None
        if identity is not None:
            key = identity.key
            signature = identity.sign(login_transcript(self.nonce, name, key, self.binding))
        self.login_at, self.replays = now, cursor is not None
        self.send(Login(name, PROTOCOL_VERSION, key, signature, after=cursor, seen=seen or None, invite=self._invite))

    def send(self, request: Request) -> bool:
        """Queue a request; return False, and queue nothing, where it is longer than the server takes."""
        payload = encode(request)
        if len(payload) > self.frame_bytes_max:
            return False
        self._out.append(frame(payload))
        return True

    def take(self) -> bytes:
        """Remove and return the bytes to send."""
        data = b"".join(self._out)
        self._out.clear()
        return data
