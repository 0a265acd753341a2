"""The whole world as a state machine: whatever is done in whatever order, every promise holds, and then all is well."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from reactor_chat.testing.operations import OPERATIONS, do
from reactor_chat.testing.world import World

NIGHTLY = os.environ.get("REACTOR_CHAT_NIGHTLY") == "1"


class WorldMachine(RuleBasedStateMachine):
    """One rule for each operation; the liveness phase comes at the end."""

    world: World | None = None

    @initialize(shape=st.integers(0, 3), days=st.integers(0, 3))
    def begin(self, shape: int, days: int) -> None:
        """Begin, sooner or later after the first day: everybody has come, and has something to lose."""
        self.world = World(shape)
        for day in range(days):
            do(self.world, ("chat", (day, 9)))
            do(self.world, ("flow", (0,)))

    @invariant()
    def everything_holds(self) -> None:
        """What is not seen by whoever receives something."""
        if self.world is not None:
            self.world.check()

    def teardown(self) -> None:
        """Faults stop, and soon everybody is current."""
        if self.world is not None:
            self.world.settle()


def _rule(name: str) -> Callable[..., object]:
    numbers: dict[str, Any] = {
        f"number_{place}": st.integers(0, most) for place, most in enumerate(OPERATIONS[name].most)
    }

    def run(self: WorldMachine, **drawn: int) -> None:
        assert self.world is not None
        do(self.world, (name, tuple(drawn[key] for key in numbers)))

    run.__name__ = name
    as_rule: Callable[[Callable[..., None]], Callable[..., object]] = rule(**numbers)
    return as_rule(run)


Machine = type("Machine", (WorldMachine,), {name: _rule(name) for name in OPERATIONS})
TestTheWorld = Machine.TestCase  # type: ignore[attr-defined]
TestTheWorld.settings = settings(
    max_examples=5_000 if NIGHTLY else 40, stateful_step_count=100 if NIGHTLY else 50, deadline=None
)
