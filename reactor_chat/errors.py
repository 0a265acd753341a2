"""Every exception of the project, drawn as one tree.

    ReactorChatError
    ├── ProtocolViolation       the peer broke the contract; its connection is closed after the refusal `code`
    │   └── FrameLengthInvalid  a length prefix of 0 or above the limit
    ├── MessageInvalid          one payload is no message; the connection stays
    │   └── MessageUnknown      ... of a type that this version does not know: a newer peer says more
    ├── UsageError              our caller (a person, a bot's author) asked for what cannot be
    ├── StorageError            the journal cannot do its work; the process must stop
    │   ├── StorageFull         ... but this one: writes are refused, reads go on
    │   │   └── StorageReadOnly ... and always will be: it was opened to be read only
    │   ├── StorageBusy         another process holds the journal
    │   ├── StorageLost         what was written once is not there any more, or its place is; the operator decides
    │   └── StorageCorrupt      what is stored is not what was written
    ├── ProxyHeaderInvalid      a proxy's first bytes do not say for whom it speaks; its connection is closed
    ├── TlsBroken               the peer's bytes are no TLS, or none that is spoken here; its connection is closed
    ├── TrustError              a key or a proof is not the one that was expected
    ├── LoadFailed              a load could not be run to its end: nobody there, refused, cut off, too slow
    └── MlsError                end-to-end encryption could not go on; the group is unchanged
        ├── MlsMalformed        the bytes are no object of RFC 9420, or exceed a limit
        └── MlsRefused          a signature, tag, key or rule did not hold; deliberately says no more
            └── LifetimeRefused ... but this one: a leaf is too old, or not valid yet; one of the clocks may be wrong

Refusals that people are meant to see (a name taken, a text too long) are values, not exceptions.
A bug is an `AssertionError` and stops the process.
"""


class ReactorChatError(Exception):
    """Anything this project raises on purpose."""


class ProtocolViolation(ReactorChatError):
    """The peer broke the contract; the connection closes after the refusal.

    Attributes:
        code: the refusal code to send (PROTOCOL §6).
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class FrameLengthInvalid(ProtocolViolation):
    """A length prefix announced 0 bytes or more than the limit; nothing was buffered for it."""

    def __init__(self, frame_bytes: int, frame_bytes_max: int) -> None:
        super().__init__("bad_frame", f"A frame of {frame_bytes} bytes is not within 1 to {frame_bytes_max}")
        self.frame_bytes = frame_bytes


class MessageInvalid(ReactorChatError):
    """One payload is no message of the protocol; the text names the field.

    Attributes:
        request_id: the request's `id` where one could be read, for the refusal's `re`; of a notice, its `re`.
    """

    def __init__(self, text: str, request_id: str | None = None) -> None:
        super().__init__(text)
        self.request_id = request_id


class MessageUnknown(MessageInvalid):
    """A notice of a type that this version does not know; whoever reads it goes on without it."""


class UsageError(ReactorChatError):
    """Our caller asked for something that cannot be; the text says what to do instead."""


class StorageError(ReactorChatError):
    """The journal failed; nobody knows what is on disk, so the process must stop."""


class StorageFull(StorageError):
    """No space for this transaction; it was rolled back and everything committed before is intact."""


class StorageReadOnly(StorageFull):
    """The journal takes nothing, because it was opened so; reads go on."""


class StorageBusy(StorageError):
    """Another process holds the journal."""


class StorageLost(StorageError):
    """What was written once is not there any more, or the place it was in is not; only the operator can go on."""


class StorageCorrupt(StorageError):
    """The stored records are not what was written, or not ours; nothing was changed.

    Attributes:
        first: the number of the first entry concerned; None where it is not one place of the journal only.
    """

    def __init__(self, text: str, first: int | None = None) -> None:
        super().__init__(text)
        self.first = first


class ProxyHeaderInvalid(ReactorChatError):
    """A connection from a proxy does not begin with a PROXY header of version 2; nothing more can be read from it."""


class TlsBroken(ReactorChatError):
    """The peer's bytes are no TLS, or none that is spoken here; nothing more can be read from it or said to it."""


class TrustError(ReactorChatError):
    """A key or a proof is not the one that was expected."""


class LoadFailed(ReactorChatError):
    """A load could not be run to its end; nothing it measured counts."""


class MlsError(ReactorChatError):
    """An operation of the `mls` package failed; every group keeps the state it had."""


class MlsMalformed(MlsError):
    """The bytes are no object of RFC 9420 or exceed a limit set before work is done."""


class MlsRefused(MlsError):
    """A signature, tag, key or protocol rule did not hold; the text never tells which secret was wrong."""


class LifetimeRefused(MlsRefused):
    """A leaf is outside of its lifetime: it is too old, its owner's clock is wrong, or ours is.

    Attributes:
        not_before: the first second of the lifetime, since 1970.
        not_after: its last.
        now: what the caller's clock said.
    """

    def __init__(self, lifetime: tuple[int, int], now: int) -> None:
        super().__init__("a leaf is outside its lifetime")
        self.not_before, self.not_after = lifetime
        self.now = now
