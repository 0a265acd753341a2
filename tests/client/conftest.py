"""What several tests of the client need."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.client.processes import Person, ServerProcess


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """A server that several tests talk to, each with names of its own."""
    made = ServerProcess()
    yield made
    made.stop()


@pytest.fixture
def person() -> Iterator[Callable[..., Person]]:
    """Seats people at terminals; takes them away in the end."""
    with ExitStack() as stack:

        def seat(*arguments: str | int, **others: Any) -> Person:
            made = Person(*arguments, **others)
            stack.callback(made.close)
            return made

        yield seat
