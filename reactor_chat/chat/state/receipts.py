"""One request id, one outcome: what each person's newest requests came to, for when one is sent again."""

from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator

from msgspec import Struct

from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import Accepted, Refused

NOT_REMEMBERED = frozenset({"bad_message", "no_space", "too_fast", "stale_epoch", "damaged"})
"""Refusals that may pass: sent again, the request is judged again (PROTOCOL §5.4)."""

RECEIPTS_MAX = 1_024
"""How many ids are remembered for each person (PROTOCOL §5.4)."""


class Outcome(Struct, frozen=True, array_like=True, gc=False):
    """What a request came to: accepted with the number of its first notice, or refused by a code and a text."""

    seq: int
    code: str | None = None
    text: str | None = None

    def answer(self, request_id: str) -> Accepted | Refused:
        """Return what the request is answered when it comes again."""
        if self.code is None:
            return Accepted(request_id, self.seq)
        return Refused(self.code, self.text or "", request_id)


class Receipts:
    """Outcomes by folded name and request id, oldest first; the oldest are forgotten first."""

    def __init__(self) -> None:
        # An ordinary dictionary that loses its first entry again and again has to look for the next one: forgetting
        # took a sixth of the time of a recovery.
        self._outcomes: dict[str, OrderedDict[str, Outcome]] = {}
        self._to_copy: dict[str, None] = {}  # whose outcomes are still to be copied for a dump in pieces
        self._copied: dict[str, list[tuple[str, Outcome]]] = {}  # those that changed since it began, as they were

    def get(self, person: str, request_id: str) -> Outcome | None:
        """Return what the request came to; None where the id is new (or forgotten)."""
        outcomes = self._outcomes.get(person)
        return outcomes.get(request_id) if outcomes is not None else None

    def ids_of(self, person: str) -> Container[str]:
        """Return the ids of somebody's requests that are remembered, as they are now."""
        return self._outcomes.get(person, ())

    def add(self, person: str, request_id: str, outcome: Outcome) -> None:
        """Remember an outcome."""
        self._add(person, [(request_id, outcome)])

    def add_accepted(self, person: str, messages: Iterable[Heard]) -> None:
        """Remember that each of several messages was accepted that has an id."""
        accepted = [(message.id, Outcome(message.seq)) for message in messages if message.id is not None]
        if accepted:
            self._add(person, accepted)

    def _add(self, person: str, newest: Iterable[tuple[str, Outcome]]) -> None:
        if self._to_copy and person in self._to_copy:
            self._copy(person)
        outcomes = self._outcomes.get(person)
        if outcomes is None:
            outcomes = self._outcomes[person] = OrderedDict()
        for request_id, outcome in newest:
            outcomes[request_id] = outcome
            if len(outcomes) > RECEIPTS_MAX:
                outcomes.popitem(last=False)

    def forget(self, person: str) -> None:
        """Forget everything of somebody: a guest that left."""
        if person in self._to_copy:
            self._copy(person)
        self._outcomes.pop(person, None)

    def dump(self) -> list[tuple[str, list[tuple[str, Outcome]]]]:
        """Return every outcome: people sorted, each one's ids oldest first."""
        return [(person, list(self._outcomes[person].items())) for person in sorted(self._outcomes)]

    def dump_in_pieces(self, outcomes_max: int) -> Iterator[list[tuple[str, list[tuple[str, Outcome]]]]]:
        """Return what `dump` returns now, people by people, whatever changes while it is read; another one ends it.

        Args:
            outcomes_max: a piece ends with the person with whom it has so many.
        """
        self._to_copy, self._copied = dict.fromkeys(sorted(self._outcomes)), {}
        return self._pieces(list(self._to_copy), outcomes_max)

    def _pieces(self, people: list[str], outcomes_max: int) -> Iterator[list[tuple[str, list[tuple[str, Outcome]]]]]:
        piece: list[tuple[str, list[tuple[str, Outcome]]]] = []
        outcomes_count = 0
        for person in people:
            if person in self._to_copy:
                self._copy(person)
            piece.append((person, self._copied.pop(person)))
            outcomes_count += len(piece[-1][1])
            if outcomes_count >= outcomes_max:
                yield piece
                piece, outcomes_count = [], 0
        yield piece

    def _copy(self, person: str) -> None:
        del self._to_copy[person]
        self._copied[person] = list(self._outcomes[person].items())

    def load(self, outcomes: list[tuple[str, list[tuple[str, Outcome]]]]) -> None:
        """Replace the state by what `dump` returned."""
        self._to_copy, self._copied = {}, {}
        self._outcomes = {person: OrderedDict(pairs) for person, pairs in outcomes}
