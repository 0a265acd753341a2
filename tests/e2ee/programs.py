"""What people do, one step after the other, while a server lies.

A step has its own dice and its own number of lies, so that a step can be left out, or made honest, without changing
what the others do: that is how a finding becomes small.
"""

from random import Random
from typing import NamedTuple

from tests.e2ee.changes import Changes
from tests.e2ee.forger import EVERYBODY
from tests.e2ee.oracle import counts
from tests.e2ee.village import (
    GHOST,
    HONEST,
    NEWCOMER,
    ROOMS,
)

PLACES = ("room", "room", "team", "club", *EVERYBODY)
PAUSES = ("all", "all", "all", "some", "none")
"""How much of what lies ready is delivered after a step."""

LIES = (0, 0, 1, 1, 2, 4, 12)
RATES = (0.1, 0.3, 0.8)


class Step(NamedTuple):
    """Somebody does something about somebody or somewhere, and the server lies so often; `pause` is one of `PAUSES`."""

    action: str
    who: str
    what: str
    seed: int = 0
    lies: int = 0
    pause: str = "all"


class Program(Changes):
    """A stage on which steps are taken."""

    # ------------------------------------------------------------------------------------------ steps

    def run(self, steps: list[Step]) -> None:
        """Take all steps, and judge what came of it."""
        for step in steps:
            self.do(step)
        self.finish()

    def do(self, step: Step) -> None:
        """Take a step."""
        if step.who not in self.homes:
            return
        chance = Random(f"{step.seed} {step.action}")  # noqa: S311  a test's dice
        for name, adversary in self.lies.items():
            adversary.begin_step(Random(f"{step.seed} {name}"), RATES[step.seed % len(RATES)], step.lies)  # noqa: S311
        self.forger.chance = chance
        counts[f"step {step.action}"] += 1
        getattr(self, f"_do_{step.action}")(self.homes[step.who][-1], step.what, chance)
        self._pause(step.pause, chance)
        self.oracle.passed(self.village.service.passed)
        self.village.service.passed.clear()

    def _pause(self, pause: str, chance: Random) -> None:
        if pause == "all":
            self.village.pass_time(1)
        elif pause == "some":
            for _ in range(chance.randint(1, 12)):
                self.village.deliver(chance.choice(list(self.village.people)))

    def finish(self) -> None:
        """Let the server's own account open what it can."""
        self.village.pass_time(5)
        self.oracle.passed(self.village.service.passed)
        for text in self.forger.opened():
            self.oracle.opened_by_ghost(text)

    @property
    def was_sealed(self) -> bool:
        """Whether any line left under seal."""
        return any(line.seals for line in self.oracle.lines)

    @property
    def was_read(self) -> bool:
        """Whether anybody but its author opened a line."""
        return any(line.was_read for line in self.oracle.lines)


WEIGHTS = {
    "say": 40, "send": 2, "drop": 1, "history": 3, "arm": 5, "passphrase": 2, "off": 2, "reset": 2, "rekey": 2,
    "close": 2, "let": 2, "add": 3, "kick": 3, "leave": 1, "delete": 1, "found": 2, "look": 2, "accept": 2,
    "compare": 2, "block": 1, "cut": 3, "away": 2, "restart": 2, "home": 2, "join": 1, "release": 1, "restore": 1,
    "mute": 2, "swap": 2, "backup": 2, "ask": 2, "forge": 6, "speak": 3, "commit": 4, "wait": 1,
}  # fmt: skip
ACTIONS = tuple(action for action, weight in WEIGHTS.items() for _ in range(weight))
PEOPLE = (*HONEST, *HONEST, NEWCOMER, GHOST)
SEED_MAX = 2**16
STEPS_MAX = 24


def steps_of(chance: Random) -> tuple[str, list[Step]]:
    """Return a program: how the room stands in the beginning, and 4 to `STEPS_MAX` steps."""
    steps = [
        Step(
            chance.choice(ACTIONS), chance.choice(PEOPLE), chance.choice(PLACES), chance.randrange(SEED_MAX),
            chance.choice(LIES), chance.choice(PAUSES),
        )
        for _ in range(chance.randint(4, STEPS_MAX))
    ]  # fmt: skip
    return chance.choice(ROOMS), steps
