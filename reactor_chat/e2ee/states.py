"""How a conversation stands for this person: four states and one table of the steps between them.

    plain ──ARM──▶ arming ──SEALED──▶ sealed        what is typed: plain leaves, arming and frozen hold, sealed seals
      ▲             ▲   │               │
      │             │   └────FREEZE──┐  ├──LOSE──▶ arming
      └──DISARM── (any)              ▼  ▼
                    └───REARM─────  frozen

Only two steps lead to `plain` or out of `frozen`, and both are a person's order.  Whatever a server says can at most
lead away from `sealed`, never towards `plain`.
"""

from enum import Enum


class State(Enum):
    """What becomes of a line typed there."""

    PLAIN = "plain"  # it leaves as it is
    ARMING = "arming"  # it is held until keys are there
    SEALED = "sealed"  # it is sealed
    FROZEN = "frozen"  # it is held until a person decides


class Step(Enum):
    """What takes a conversation from one state to another."""

    ARM = "arm"  # a person's order, or others sealed it: from now on
    ESTABLISH = "establish"  # we are in the group
    LOSE = "lose"  # we cannot follow, or were taken out
    FREEZE = "freeze"  # something that was shown to us does not hold
    REARM = "rearm"  # a person's order: begin anew
    DISARM = "disarm"  # a person's order: plain again


STEPS: dict[State, dict[Step, State]] = {
    State.PLAIN: {
        Step.ARM: State.ARMING,
        Step.ESTABLISH: State.PLAIN,  # we are let in to read along; what we say stays as its person ordered
        Step.LOSE: State.PLAIN,
        Step.FREEZE: State.PLAIN,
        Step.REARM: State.ARMING,
        Step.DISARM: State.PLAIN,
    },
    State.ARMING: {
        Step.ARM: State.ARMING,
        Step.ESTABLISH: State.SEALED,
        Step.LOSE: State.ARMING,
        Step.FREEZE: State.FROZEN,
        Step.REARM: State.ARMING,
        Step.DISARM: State.PLAIN,
    },
    State.SEALED: {
        Step.ARM: State.SEALED,
        Step.ESTABLISH: State.SEALED,
        Step.LOSE: State.ARMING,
        Step.FREEZE: State.FROZEN,
        Step.REARM: State.ARMING,
        Step.DISARM: State.PLAIN,
    },
    State.FROZEN: {
        Step.ARM: State.FROZEN,
        Step.ESTABLISH: State.FROZEN,
        Step.LOSE: State.FROZEN,
        Step.FREEZE: State.FROZEN,
        Step.REARM: State.ARMING,
        Step.DISARM: State.PLAIN,
    },
}
"""What each event makes of each state; there is no other place where a state changes."""

ORDERS_OF_A_PERSON = frozenset({Step.REARM, Step.DISARM})
"""Steps that no notice of a server may cause; tests hold every caller to it."""


def after(state: State, step: Step) -> State:
    """Return the state a step leads to."""
    return STEPS[state][step]
