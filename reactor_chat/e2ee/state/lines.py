"""Lines of one conversation on their way: typed and not sealed yet, or sealed and not heard back; kept row by row."""

from collections.abc import Iterable

import msgspec

from reactor_chat.e2ee.blobs import hash_of
from reactor_chat.e2ee.store import Store, Table
from reactor_chat.wire.conversation import Spoken
from reactor_chat.wire.messages import Tell

HELD_MAX = 1_000  # more than a person types while keys are missing; each is a row of the store


class TypedLine(msgspec.Struct, frozen=True):
    """Something typed that is not sealed yet.

    Attributes:
        number: its place among all lines of the conversation.
        to: whom or which group it is for, as typed.
        is_secret: it was typed where the conversation was not plain.
        needs_yes: something came between that a person has to look at; it leaves only when the person says so.
    """

    number: int
    id: str
    text: str
    to: str = ""
    is_secret: bool = True
    needs_yes: bool = False


class SealedLine(msgspec.Struct, frozen=True):
    """Something sealed that was not heard back yet; `at` is our own clock's, milliseconds since 1970."""

    line: TypedLine
    epoch: int
    digest: bytes
    at: int = 0


class Lines:
    """The lines of a conversation.

    Args:
        store: keeps them.
        key: of the conversation, in the store.

    Attributes:
        held: not sealed yet, by number, in the order they were typed.
        sealed: not heard back yet, by request id, the oldest first.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        self.held = {line.number: line for line in map(_line, _rows(store, Table.HELD, key))}
        sent = sorted(map(_sent, _rows(store, Table.OUTGOING, key)), key=lambda one: one.line.number)
        self.sealed = {one.line.id: one for one in sent}

    @property
    def is_full(self) -> bool:
        """Whether no more can be held."""
        return len(self.held) >= HELD_MAX

    @property
    def ready(self) -> list[TypedLine]:
        """Lines that leave by themselves as soon as nothing is in their way, the oldest first."""
        return [line for line in self.held.values() if not line.needs_yes]

    def hold(self, line: TypedLine) -> None:
        """Keep a line; one that comes back takes its old place."""
        self.held = dict(sorted({**self.held, line.number: line}.items()))
        self._store.put(Table.HELD, f"{self._key}{line.number:012d}", msgspec.msgpack.encode(line))

    def park(self) -> int:
        """Let nothing that is held leave without the person's yes; return how many lines that is news for."""
        lines = self.ready
        for line in lines:
            self.hold(msgspec.structs.replace(line, needs_yes=True))
        return len(lines)

    def release(self, line: TypedLine) -> None:
        """Forget a line that is on its way."""
        if self.held.pop(line.number, None) is not None:
            self._store.drop(Table.HELD, f"{self._key}{line.number:012d}")

    def seal(self, line: TypedLine, epoch: int, message: bytes, at: int) -> None:
        """Note that a line was sealed, at this time of our own clock.

        Args:
            line: as it was typed.
            epoch: whose keys sealed it.
            message: the ciphertext.
            at: by our own clock, milliseconds since 1970.
        """
        sent = SealedLine(line, epoch, hash_of(message), at)
        self.sealed[line.id] = sent
        self._store.put(Table.OUTGOING, self._key + line.id, msgspec.msgpack.encode(sent))

    def settle(self, request_id: str) -> SealedLine | None:
        """Forget something sealed that was heard back, refused or taken back; return it."""
        sent = self.sealed.pop(request_id, None)
        if sent is not None:
            self._store.drop(Table.OUTGOING, self._key + request_id)
        return sent


def line_of(number: int, request: Spoken, *, is_secret: bool) -> TypedLine:
    """Return a typed line with its number; the request has an id and a text.

    Args:
        number: its place among all lines of the conversation.
        request: with an id and a text.
        is_secret: it was typed where the conversation was not plain.
    """
    assert request.text is not None
    assert request.id is not None
    to = request.to if isinstance(request, Tell) else getattr(request, "group", "")
    return TypedLine(number, request.id, request.text, to, is_secret)


def _rows(store: Store, table: Table, key: str) -> Iterable[bytes]:
    return (row for _, row in store.rows(table, key))


def _line(row: bytes) -> TypedLine:
    return msgspec.msgpack.decode(row, type=TypedLine)


def _sent(row: bytes) -> SealedLine:
    return msgspec.msgpack.decode(row, type=SealedLine)
