"""What a client must not forget: the place in the chat it has shown, and what was typed and not yet accepted.

The engine and its outbox use a vault through this contract only.  `MemoryVault` forgets with the process, which is
right for guests: their name, and everything private to it, ends with the connection anyway.
"""

from typing import Protocol

from reactor_chat.wire.messages import Request


class Identity(Protocol):
    """The key that a name belongs to."""

    @property
    def key(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""

    def sign(self, transcript: bytes) -> bytes:
        """Return the signature, 64 bytes, over a login transcript (PROTOCOL §7)."""


class Vault(Protocol):
    """Keeps what must survive a cut, and with a file behind it, the process."""

    def cursor(self) -> int | None:
        """Return the number of the newest notice that was shown, None before the first login."""

    def move_cursor(self, seq: int) -> None:
        """Remember that everything up to `seq` was shown; called before it is handed to whoever shows it."""

    def kept(self) -> list[Request]:
        """Return the requests that were kept and not dropped, oldest first."""

    def keep(self, request: Request) -> None:
        """Remember a request with an `id`, before a byte of it is sent."""

    def drop(self, request_id: str) -> None:
        """Forget a request that was answered, or whose fate was told to the person; unknown ids are none."""


class MemoryVault:
    """A vault that lasts as long as the process."""

    def __init__(self) -> None:
        self._cursor: int | None = None
        self._kept: dict[str, Request] = {}

    def cursor(self) -> int | None:
        """As in the contract."""
        return self._cursor

    def move_cursor(self, seq: int) -> None:
        """As in the contract."""
        self._cursor = seq

    def kept(self) -> list[Request]:
        """As in the contract."""
        return list(self._kept.values())

    def keep(self, request: Request) -> None:
        """As in the contract."""
        assert request.id is not None
        self._kept[request.id] = request

    def drop(self, request_id: str) -> None:
        """As in the contract."""
        self._kept.pop(request_id, None)
