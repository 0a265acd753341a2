"""Lists of operations as Hypothesis draws them, and a failing seed as such a list, for Hypothesis to shrink."""

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase, choices_to_bytes

from reactor_chat.testing.driver import Failure, played
from reactor_chat.testing.operations import OPERATIONS, Step
from reactor_chat.testing.shrinking import in_words

NAMES = list(OPERATIONS)
KEY = b"a failing seed"


@st.composite
def programs(draw: st.DrawFn) -> list[Step]:
    """Any number of operations; each costs one choice for going on, one for its name, and one for each number."""
    steps: list[Step] = []
    while draw(st.booleans()):
        name = draw(st.sampled_from(NAMES))
        steps.append((name, tuple([draw(st.integers(0, most)) for most in OPERATIONS[name].most])))
    return steps


def choices_of(steps: list[Step]) -> list[bool | int]:
    """Return the choices by which `programs` draws exactly these steps."""
    choices: list[bool | int] = []
    for name, numbers in steps:
        choices += [True, NAMES.index(name), *numbers]
    return [*choices, False]


def shrunk_by_hypothesis(failure: Failure) -> list[Step]:
    """Return the simplest program that Hypothesis finds to fail as this one did."""
    words = in_words(failure.error)
    database = InMemoryExampleDatabase()
    # Not among what was shrunk before, for that is taken to be as short as it gets.
    database.save(KEY + b".secondary", choices_to_bytes(choices_of(failure.steps)))

    def fails(steps: list[Step]) -> bool:
        found = played(failure.seed, failure.shape, steps).failure
        return found is not None and in_words(found.error) == words

    once = settings(database=database, phases=[Phase.reuse, Phase.shrink], max_examples=10_000)
    return find(programs(), fails, settings=once, database_key=KEY)
