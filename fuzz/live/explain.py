"""Looks for an order of what was said in which the model explains every message that came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fuzz.live.protocol import Model, Outcome

STEPS_MAX = 4_000
"""So many are tried; a conversation that needs more is counted as not judged."""


class Said(NamedTuple):
    """Something said; `phase` counts how often all answers had been waited for before."""

    phase: int
    what: Any


Queues = dict[int, tuple[Said, ...]]
Places = dict[int, int]
Loose = tuple[tuple[int, Any], ...]
"""What may happen by itself, each with the connection it comes from."""


@dataclass
class Search:
    """One search.

    Args:
        heard: the messages of each connection, noise left out.
        cut_short: connections of which the end was not heard: what is missing there is no fault.
        is_final: whether everything that may happen by itself has to have happened.

    Attributes:
        steps: outcomes looked at.
        furthest: how many messages were explained at best.
        misses: what was expected there and what came, for people.
        final: the model at the end of that.
    """

    heard: Mapping[int, Sequence[Any]]
    cut_short: frozenset[int] = frozenset()
    is_final: bool = True
    steps: int = 0
    furthest: int = -1
    misses: list[str] = field(default_factory=list)
    final: Model | None = None
    _failed: set[str] = field(default_factory=set)

    def explain(self, model: Model, queues: Queues, places: Places, loose: Loose = ()) -> bool:
        """Return whether there is such an order; what was found out is in the attributes."""
        key = self._key(model, queues, places, loose) if self._failed else None
        if key is not None and key in self._failed:
            return False
        if self._explain(model, queues, places, loose):
            return True
        key = key or self._key(model, queues, places, loose)
        if key is not None:
            self._failed.add(key)
        return False

    @staticmethod
    def _key(model: Model, queues: Queues, places: Places, loose: Loose) -> str | None:
        """Return what everything that follows depends on: different orders often lead to the same."""
        of_model = model.key()
        if of_model is None:
            return None
        return repr(([len(queue) for queue in queues.values()], list(places.values()), loose, of_model))

    def _explain(self, model: Model, queues: Queues, places: Places, loose: Loose) -> bool:
        phase = min((queue[0].phase for queue in queues.values() if queue), default=None)
        for conn, queue in queues.items():
            if queue and queue[0].phase == phase:
                rest = {**queues, conn: queue[1:]}
                if self._try(model, conn, queue[0].what, rest, places, loose):
                    return True
        for place, (conn, what) in enumerate(loose):
            if self._try(model, conn, what, queues, places, loose[:place] + loose[place + 1 :]):
                return True
        return phase is None and self._is_all(model, places, loose)

    def _try(self, model: Model, conn: int, what: Any, queues: Queues, places: Places, loose: Loose) -> bool:
        if self.steps >= STEPS_MAX:
            return False
        for outcome in model.apply(conn, what):
            self.steps += 1
            after = self._told(outcome, places, conn, what)
            then = tuple((conn, later) for later in outcome.later)
            if after is not None and self.explain(outcome.model, queues, after, loose + then):
                return True
        return False

    def _told(self, outcome: Outcome, places: Places, conn: int, what: Any) -> Places | None:
        """Return how far each connection has heard then; None where it heard something else."""
        after = dict(places)
        for to, expected in outcome.told:
            heard, place = self.heard[to], after[to]
            if place >= len(heard):
                if to in self.cut_short:
                    continue
                self._miss(
                    places, f"after {what} on {conn}: {to} is told nothing more, but should be {_shown(expected)}"
                )
                return None
            if not outcome.model.matches(expected, heard[place]):
                self._miss(
                    places, f"after {what} on {conn}: {to} is told {heard[place]}, but should be {_shown(expected)}"
                )
                return None
            after[to] = place + 1
        return after

    def _is_all(self, model: Model, places: Places, loose: Loose) -> bool:
        for conn, place in places.items():
            if place < len(self.heard[conn]):
                self._miss(places, f"{conn} is told {self.heard[conn][place]}, and nothing explains it")
                return False
        if loose and self.is_final:
            self._miss(places, f"it never happens: {[what for _, what in loose]}")
            return False
        self.final = model
        return True

    def _miss(self, places: Places, words: str) -> None:
        explained = sum(places.values())
        if explained > self.furthest:
            self.furthest, self.misses = explained, []
        if explained == self.furthest and len(self.misses) < 4 and words not in self.misses:
            self.misses.append(words)


def _shown(expected: Any) -> Any:
    """Return a pattern for people: what is judged by a function is called by its name."""
    if isinstance(expected, dict):
        return {field: _shown(value) for field, value in expected.items()}
    return getattr(expected, "__name__", expected)
