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


class Transition(Enum):
    """What takes a conversation from one state to another."""

    ARM = "arm"  # a person's order, or others sealed it: from now on
    ESTABLISH = "establish"  # we are in the group
    LOSE = "lose"  # we cannot follow, or were taken out
    FREEZE = "freeze"  # something that was shown to us does not hold
    REARM = "rearm"  # a person's order: begin anew
    DISARM = "disarm"  # a person's order: plain again


TRANSITIONS: dict[State, dict[Transition, State]] = {
    State.PLAIN: {
        Transition.ARM: State.ARMING,
        Transition.ESTABLISH: State.PLAIN,  # we are let in to read along; what we say stays as its person ordered
        Transition.LOSE: State.PLAIN,
        Transition.FREEZE: State.PLAIN,
        Transition.REARM: State.ARMING,
        Transition.DISARM: State.PLAIN,
    },
    State.ARMING: {
        Transition.ARM: State.ARMING,
        Transition.ESTABLISH: State.SEALED,
        Transition.LOSE: State.ARMING,
        Transition.FREEZE: State.FROZEN,
        Transition.REARM: State.ARMING,
        Transition.DISARM: State.PLAIN,
    },
    State.SEALED: {
        Transition.ARM: State.SEALED,
        Transition.ESTABLISH: State.SEALED,
        Transition.LOSE: State.ARMING,
        Transition.FREEZE: State.FROZEN,
        Transition.REARM: State.ARMING,
        Transition.DISARM: State.PLAIN,
    },
    State.FROZEN: {
        Transition.ARM: State.FROZEN,
        Transition.ESTABLISH: State.FROZEN,
        Transition.LOSE: State.FROZEN,
        Transition.FREEZE: State.FROZEN,
        Transition.REARM: State.ARMING,
        Transition.DISARM: State.PLAIN,
    },
}
"""What each event makes of each state; there is no other place where a state changes."""

ORDERS_OF_A_PERSON = frozenset({Transition.REARM, Transition.DISARM})
"""Steps that no notice of a server may cause; tests hold every caller to it."""


def after(state: State, step: Transition) -> State:
    """Return the state a step leads to."""
    return TRANSITIONS[state][step]
