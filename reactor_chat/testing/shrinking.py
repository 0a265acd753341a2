"""Makes a failing list of steps short: leaves out what is not needed, then makes the numbers small."""

from collections.abc import Callable

from reactor_chat.testing.driver import Failure, played
from reactor_chat.testing.operations import Step

TRIES_MAX = 600


def shrunk(failure: Failure, tries_max: int = TRIES_MAX) -> list[Step]:
    """Return a shorter list of steps that fails in the same way: another violation would be another bug.

    Args:
        failure: what was found.
        tries_max: how many worlds may be tried.
    """
    words = in_words(failure.error)
    tries = [tries_max]

    def fails(steps: list[Step]) -> bool:
        tries[0] -= 1
        found = played(failure.seed, failure.shape, steps).failure
        return found is not None and in_words(found.error) == words

    steps = _without_ballast(failure.steps, fails, tries)
    return _with_small_numbers(steps, fails, tries)


def in_words(error: BaseException) -> str:
    """Return what tells one failure from another: its kind, and what was promised, without the evidence."""
    return f"{type(error).__name__}: {str(error).partition(':')[0]}"


def _without_ballast(steps: list[Step], fails: Callable[[list[Step]], bool], tries: list[int]) -> list[Step]:
    """Leave out stretches, long ones first."""
    size = len(steps) // 2
    while size:
        place = 0
        while place < len(steps) and tries[0] > 0:
            shorter = steps[:place] + steps[place + size :]
            if fails(shorter):
                steps = shorter
            else:
                place += size
        size //= 2
    return steps


def _with_small_numbers(steps: list[Step], fails: Callable[[list[Step]], bool], tries: list[int]) -> list[Step]:
    """Try 0, then half, for every number."""
    for place, (name, numbers) in enumerate(steps):
        for which, number in enumerate(numbers):
            for smaller in dict.fromkeys((0, number // 2)):
                simpler = (name, (*steps[place][1][:which], smaller, *steps[place][1][which + 1 :]))
                tried = [*steps[:place], simpler, *steps[place + 1 :]]
                if smaller < number and tries[0] > 0 and fails(tried):
                    steps = tried
                    break
    return steps
