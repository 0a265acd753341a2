"""Every operation is legal in every state, whatever its numbers."""

import pytest

from reactor_chat.testing.operations import OPERATIONS, do
from reactor_chat.testing.sometimes import FAULTS
from reactor_chat.testing.world import World


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("shape", [0, 1])
def test_it_can_be_done_to_a_new_world_and_to_one_that_is_down(name: str, shape: int) -> None:
    most = OPERATIONS[name].most
    world = World(shape)
    for numbers in (most, tuple(0 for _ in most), tuple(n // 2 for n in most)):
        do(world, (name, numbers))
    world.settle()
    do(world, ("crash", (0, 0)))
    do(world, (name, most))
    world.settle()


def test_the_list_of_faults_is_the_tables() -> None:
    assert set(FAULTS) == {name for name, operation in OPERATIONS.items() if operation.is_fault}
