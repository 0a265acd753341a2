"""One connection as the client sees it: bytes to payloads, requests to bytes, and how long it has been silent.

Everything here ends with the connection; what outlives it is the engine's.
"""

from msgspec import structs

from reactor_chat.client.boundary import HEARTBEAT_SECONDS
from reactor_chat.client.store.vault import OwnIdentity
from reactor_chat.wire.codec import encode
from reactor_chat.wire.framing import FRAME_BYTES_MAX, FrameDecoder, frame
from reactor_chat.wire.messages import PROTOCOL_VERSION, SEALED_MEMBERS_MAX, Hello, Login, Request, Seen
from reactor_chat.wire.transcript import NO_BINDING, login_transcript

FRAME_BYTES_ACCEPTED_MAX = 16 * 1024 * 1024
"""A server may announce a larger limit than the usual one; not one that would fill our memory."""

CHECK = "Check host and port"
LEAVE_OUT_PLAINTEXT = "; for a server with TLS, leave out --plaintext"


def no_server(server: str, reason: str, hint: str) -> str:
    """Return the words for a server that cannot be reached."""
    return f"No server at {server} ({reason}). {hint}"


def another_server(server: str, reason: str, hint: str) -> str:
    """Return the words for something that answers and is no server of ours."""
    return f"{server} is not a reactor-chat server ({reason}). {hint}"


def other_protocol(theirs: int) -> str:
    """Return the words for a server that speaks another protocol than we do."""
    return f"The server speaks protocol {theirs}, not {PROTOCOL_VERSION}. Update the older one of the two"


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
        sent_at: when a request last left.
        asked_at: since when no answer has come though one is awaited; None while none is.
        is_doubted: the person was told that no answer comes.
        is_read: whether we read what comes; while we do not, silence is no sign of anything.
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
        self.since = self.sent_at = now
        self.asked_at: float | None = None
        self.is_doubted = False
        self.is_read = True
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
        self._asked: set[str] = set()
        self._has_sent = False

    @property
    def is_replaying(self) -> bool:
        """Whether what comes is still what was missed."""
        return self.replay_end_id is not None

    @property
    def hint(self) -> str:
        """What to do where the other side is no server."""
        return CHECK + (LEAVE_OUT_PLAINTEXT if self.binding == NO_BINDING else "")

    def feed(self, data: bytes, now: float) -> None:
        """Store what came.  What was missed comes before any answer, and may take its time: all of it counts as one."""
        if self.replay_end_id is not None:
            self._got_answer(now)
        self._decoder.feed(data)

    def answered(self, request_id: str | None, now: float, *, is_last: bool = True) -> None:
        """Note an answer to a request, or (not `is_last`) a part of one; to anything else, nothing happens."""
        if request_id in self._asked:
            if is_last:
                self._asked.remove(request_id)
            self._got_answer(now)

    def note_sent(self, now: float) -> None:
        """Note the time of what was sent since the last call."""
        if self._has_sent:
            self._has_sent, self.sent_at = False, now
            if self.asked_at is None and self._asked:
                self.asked_at = now

    def read_on(self, now: float, *, is_read: bool) -> None:
        """Note that what comes is read from now on, or is not."""
        self.is_read = is_read
        self._got_answer(now)

    def _got_answer(self, now: float) -> None:
        self.asked_at = now if self._asked else None

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

    def log_in(self, name: str, identity: OwnIdentity | None, cursor: int | None, seen: list[Seen], now: float) -> None:
        """Say who we are: with proof where there is a key, and where we have come to, so that the rest follows."""
        key = signature = None
        if identity is not None:
            key = identity.key
            signature = identity.sign(login_transcript(self.nonce, name, key, self.binding))
        self.login_at, self.replays = now, cursor is not None
        login = Login(name, PROTOCOL_VERSION, key, signature, after=cursor, seen=seen or None, invite=self._invite)
        self.send(structs.replace(login, heartbeat_seconds=HEARTBEAT_SECONDS))

    def send(self, request: Request) -> bool:
        """Queue a request; return False, and queue nothing, where it is longer than the server takes."""
        payload = encode(request)
        if len(payload) > self.frame_bytes_max:
            return False
        self._out.append(frame(payload))
        self._has_sent = True
        if request.id is not None:
            self._asked.add(request.id)
        return True

    def take(self) -> bytes:
        """Remove and return the bytes to send."""
        data = b"".join(self._out)
        self._out.clear()
        return data
