"""The records of one request, or of one burst of messages, that were appended and are not committed."""

from collections.abc import Callable, Sequence
from typing import cast

from msgspec import Struct

from reactor_chat.chat.boundary import Received, ReceivedTogether, Sent
from reactor_chat.chat.conflicts import ConflictKey
from reactor_chat.chat.session import Route, Session
from reactor_chat.chat.state.records import Record
from reactor_chat.wire.conversation import Heard


class Transaction(Struct, gc=False):
    """The records of one request, appended and not committed.

    Attributes:
        write_set: what they will change.
        session: whose request it was; None for what nobody on a connection asked for.
        sent: the input that was judged, to be judged again should the journal hold other records in their place.
        put_back: the same for what nobody sent: puts it back where it waits to be tried.
    """

    records: Sequence[Record]
    write_set: tuple[ConflictKey, ...]
    session: Session | None
    request_id: str | None
    sent: Sent | None = None
    put_back: Callable[[], None] | None = None

    def each_sent(self) -> Sequence[Sent]:
        """Return what was judged, oldest first; empty for what nobody sent."""
        return [self.sent] if self.sent is not None else []

    def request_ids(self) -> Sequence[str | None]:
        """Return the id of each request that was judged; None for one without."""
        return [self.request_id]


class Burst(Transaction, gc=False, kw_only=True):
    """Messages of one person to one conversation, each of a request of its own (see `fast_path`).

    Attributes:
        together: the requests, one for each message.
        route: where they go.
    """

    together: ReceivedTogether
    route: Route

    @property
    def messages(self) -> Sequence[Heard]:
        """The records, which are nothing else."""
        return cast("Sequence[Heard]", self.records)

    def each_sent(self) -> Sequence[Sent]:
        """Return the requests, oldest first."""
        return [Received(self.together.conn, request) for request in self.together.requests]

    def request_ids(self) -> Sequence[str | None]:
        """Return the id of each request; None for one without."""
        return [request.id for request in self.together.requests]
