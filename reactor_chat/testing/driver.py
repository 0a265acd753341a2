"""Many operations from one seed: what the seed draws is a list, and the list is the run.

What counts as one operation, and nothing else does:

- a transfer on a link: some bytes that one call moved from one end to the other, in one direction;
- a frame that a client sent, or received whole (each of them is judged);
- a line that was typed;
- a commit of the journal;
- a step of time, in which whatever is due is done;
- a fault.

A run is made of episodes, each a world of its own whose seed is the run's seed and the episode's number; each ends with
the liveness phase.  So memory does not grow with the run, and a failure is one episode long at most.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import NamedTuple

from reactor_chat.testing.operations import OPERATIONS, Step, do
from reactor_chat.testing.world import World

EPISODE_STEPS = 1_500


class Failure(NamedTuple):
    """A world in which something that was promised was not the case."""

    seed: int
    shape: int
    steps: list[Step]
    error: BaseException


class EpisodeReport(NamedTuple):
    """What one episode came to."""

    operations: int
    faults: int
    seen: Counter[str]
    digest: str
    failure: Failure | None


_NAMES = list(OPERATIONS)
_WEIGHTS = list(accumulate(operation.weight for operation in OPERATIONS.values()))


def drawn(seed: int, count: int) -> Iterator[Step]:
    """Yield the operations that a seed draws.

    Args:
        seed: any whole number.
        count: how many.
    """
    random = Random(seed)  # noqa: S311  a seed that anybody can play again is what is wanted
    for _ in range(count):
        name = _NAMES[bisect(_WEIGHTS, random.randrange(_WEIGHTS[-1]))]
        yield name, tuple([random.randrange(most + 1) for most in OPERATIONS[name].most])


def episode(seed: int, steps_count: int = EPISODE_STEPS) -> EpisodeReport:
    """Let one world live, from its seed to the liveness phase.

    Args:
        seed: which one; its shape follows from it.
        steps_count: how many steps of the table, 0 or more; each of them is several operations.
    """
    return played(seed, seed % 4, list(drawn(seed, steps_count)))


def played(seed: int, shape: int, steps: list[Step]) -> EpisodeReport:
    """Let a world live by a list of steps, then settle; whatever is raised is a failure."""
    world: World | None = None
    done = 0
    try:
        world = World(shape)
        for done, step in enumerate(steps, 1):  # noqa: B007  how far it came is needed where it fails
            do(world, step)
        world.settle()
    except Exception as error:  # noqa: BLE001  a bug of whatever kind is what we are here for
        failure = Failure(seed, shape, steps[:done], error)
        if world is None:
            return EpisodeReport(0, 0, Counter(), "", failure)
        return EpisodeReport(world.operations, world.faults, world.seen, world.digest(), failure)
    return EpisodeReport(world.operations, world.faults, world.seen, world.digest(), None)


def episodes(seed: int) -> Iterator[int]:
    """Yield the seeds of a run's episodes, without end."""
    number = 0
    while True:
        yield seed * 1_000_003 + number
        number += 1
