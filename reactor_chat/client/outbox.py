"""What was typed and is not answered yet, in the order it was typed.

A request waits unsent, is then in flight, and leaves when it is answered.  At most `in_flight_max` are in flight, so a
long pipe never stands unread between client and server, and a cut leaves few fates open.

After a cut, what was in flight has one of three fates:

- A request that changes nothing (`names`, `history` …) is always sent again, and so is a read marker.
- A request of a *claimed* name is sent again: the server remembers its id and does it once (PROTOCOL §5.4).
- A request of a *guest* is not: the server forgot the guest and its ids when the connection ended, so the same words
  could be said twice.  It becomes *doubtful* until its echo turns up in what the server replays, or else is told to
  the person as "perhaps not delivered", who can judge better than a program whether saying it twice hurts more than
  not at all.

What a person says to others comes in as `Sealed` or as `Plain` and in no other way: whoever has neither of the two in
hand, which only a session can make for what is to be sealed, cannot send anything.  What was sealed is kept and sent as
it was made, the same bytes each time.

What certainly was not sent is sent in every case.  Refusals that the client itself makes can wait in the same line, so
that a pipe reads its answers in the order of its lines.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain

from reactor_chat.client.store.vault import Vault
from reactor_chat.e2ee.outgoing import Plain, Sealed
from reactor_chat.text.parser import format_request
from reactor_chat.wire.conversation import Spoken, where_said
from reactor_chat.wire.messages import MarkRead, Question, Refused, Request

IN_FLIGHT_MAX = 64
"""The server stops reading from who is too fast; what is in flight beyond that only waits in buffers."""

WAITING_MAX = 256
"""Whoever reads a pipe for us should stop at this many; a person is refused far later, see `REFUSED_FROM`."""

REFUSED_FROM = 4_096
"""Nobody types so many lines without a connection; a paste gone wrong might."""

REPORTED_MAX = 5  # lines that are told one by one at the end; a screen must show them all
REPORTED_CHARS_MAX = 200  # of each, enough to know which one it was


def is_repeatable(request: Request) -> bool:
    """Return whether asking twice harms nobody: the request changes nothing, or says only how far was read.

    Nobody misses the latter: it is in the archive, and the client says it again when there is more.
    """
    return isinstance(request, Question | MarkRead)


def in_words(requests: Iterable[Request]) -> tuple[int, list[str]]:
    """Return how many of the requests would change something, and these as they may be typed, shortened, few."""
    changes = [request for request in requests if not is_repeatable(request)]
    lines = [_in_words(request)[:REPORTED_CHARS_MAX] for request in changes[:REPORTED_MAX]]
    if len(changes) > REPORTED_MAX:
        lines.append(f"and {len(changes) - REPORTED_MAX} more")
    return len(changes), lines


def _in_words(request: Request) -> str:
    if isinstance(request, Spoken) and request.sealed is not None:
        return f"an encrypted message for {where_said(request).in_words}"
    return format_request(request)


class Outbox:
    """The line of requests between a person and the server.

    Args:
        vault: keeps every change that is waiting.
        in_flight_max: most requests sent and not answered, at least 1.
    """

    def __init__(self, vault: Vault, in_flight_max: int = IN_FLIGHT_MAX) -> None:
        self._vault = vault
        self._in_flight_max = in_flight_max
        self._unsent: deque[Request | Refused] = deque()
        self._old_ids: set[str | None] = set()  # of what an earlier run kept; only those under the present name
        self._in_flight: dict[str, Request] = {}
        self._promised: set[str] = set()  # of those in flight
        self._doubtful: dict[str, Request] = {}

    def __len__(self) -> int:
        """How many are waiting for anything: to be sent, answered, or cleared up."""
        return len(self._unsent) + len(self._in_flight) + len(self._doubtful)

    @property
    def is_full(self) -> bool:
        """Whether no more should be read from a pipe for now."""
        return len(self._unsent) >= WAITING_MAX

    @property
    def is_overfull(self) -> bool:
        """Whether nothing more may be added at all."""
        return len(self._unsent) >= REFUSED_FROM

    def ids(self) -> set[str | None]:
        """Return the ids of everything that is waiting."""
        return {*self._in_flight, *self._doubtful, *(item.id for item in self.unsent())}

    @property
    def changes_waiting(self) -> int:
        """How many requests that change something are not known to be carried out."""
        unanswered = chain(self._in_flight.values(), self._unsent)
        waiting = sum(1 for item in unanswered if not isinstance(item, Refused) and not is_repeatable(item))
        return waiting - len(self._promised) + len(self._doubtful)

    def named(self, name: str) -> int:
        """Turn to another name, the first or, where that was refused, another one.

        What was typed in this run goes on under the new name, behind what an earlier run kept for it; what an earlier
        run kept for the old name stays there and waits for it.

        Returns:
            How many requests an earlier run kept.

        Raises:
            StorageError: they cannot be read.
        """
        self.after_cut(ids_remembered=False)
        typed = [item for item in self._unsent if isinstance(item, Refused) or item.id not in self._old_ids]
        changes = {item.id: item for item in typed if not isinstance(item, Refused) and not is_repeatable(item)}
        self._vault.choose(name)
        kept = [request for request in self._vault.kept() if request.id not in changes]
        self._old_ids = {request.id for request in kept}
        for request_id, request in changes.items():  # in one transaction, so that no crash finds them nowhere
            self._vault.drop(request_id or "")
            self._vault.keep(request)
        self._unsent = deque([*kept, *typed])
        return len(kept)

    def say(self, message: Sealed | Plain) -> None:
        """Put what a person says to others at the end of the line."""
        self._keep(message.request)

    def add(self, item: Request | Refused) -> None:
        """Put another request with an `id`, or a refusal to be shown in its turn, at the end of the line."""
        assert not isinstance(item, Spoken), "what is said to others comes through `say`"
        self._keep(item)

    def _keep(self, item: Request | Refused) -> None:
        if not isinstance(item, Refused):
            assert item.id is not None
            if not is_repeatable(item):
                self._vault.keep(item)
        self._unsent.append(item)

    def next(self) -> Request | Refused | None:
        """Take what is to be sent, or shown, now.

        Returns:
            A request, which is in flight from here on; a refusal, once nothing before it is in flight; None when the
            line is empty or must wait for answers.
        """
        if not self._unsent or len(self._in_flight) >= self._in_flight_max:
            return None
        item = self._unsent[0]
        if isinstance(item, Refused):
            return None if self._in_flight else self._unsent.popleft()
        assert item.id is not None
        self._unsent.popleft()
        self._in_flight[item.id] = item
        return item

    def answered(self, request_id: str | None) -> None:
        """Forget the request with this id, where one was waiting for an answer."""
        if request_id is not None:
            self._in_flight.pop(request_id, None)
            self._doubtful.pop(request_id, None)
            self._promised.discard(request_id)
            self._vault.drop(request_id)

    def promised(self, request_id: str | None) -> None:
        """Note that the request with this id was carried out; its answer is on its way, or was lost in a cut."""
        if request_id in self._doubtful:
            self.answered(request_id)
        elif request_id is not None and request_id in self._in_flight:
            self._promised.add(request_id)
            self._vault.drop(request_id)

    def after_cut(self, *, ids_remembered: bool) -> None:
        """Decide what becomes of what was in flight when a connection ended; to be called once there is a new one.

        Args:
            ids_remembered: the server still knows our ids (a claimed name), so everything can be sent again.
        """
        again: list[Request | Refused] = []
        for request_id, request in self._in_flight.items():
            if request_id in self._promised:
                continue
            if ids_remembered or is_repeatable(request):
                again.append(request)
            else:
                self._doubtful[request_id] = request
        self._in_flight.clear()
        self._promised.clear()
        self._unsent.extendleft(reversed(again))

    def give_up_doubtful(self) -> list[Request]:
        """Remove and return what nobody will ever tell us about, in the order it was typed."""
        given_up = list(self._doubtful.values())
        for request_id in self._doubtful:
            self._vault.drop(request_id)
        self._doubtful.clear()
        return given_up

    def take_back(self) -> list[Request]:
        """Remove and return what was typed in this run and never sent: nobody is there to send it as."""
        typed = [item for item in self.unsent() if item.id not in self._old_ids]
        for request in typed:
            self._vault.drop(request.id or "")
        self._unsent.clear()
        return typed

    def sent_unanswered(self) -> Iterator[Request]:
        """Return what was sent and neither answered nor promised, oldest first; for a last report."""
        waiting = chain(self._doubtful.items(), self._in_flight.items())
        return (request for request_id, request in waiting if request_id not in self._promised)

    def doubtful(self) -> Iterator[Request]:
        """Return what was sent before a cut and is not cleared up yet, oldest first."""
        return iter(self._doubtful.values())

    def unsent(self) -> Iterator[Request]:
        """Return what was never sent, oldest first; for a last report."""
        return (item for item in self._unsent if not isinstance(item, Refused))
