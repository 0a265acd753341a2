"""A server process for a test, or for all of a module; afterwards it still serves, has no traceback to show, and is
ended by its pid.
"""

from collections.abc import Iterator

import pytest

from tests.end_to_end.client import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server
        server.check()


@pytest.fixture(scope="module")
def lasting() -> Iterator[Server]:
    """One server for all tests of a module, which does not count the logins that it refuses."""
    with Server("--failed-logins", "1000000/1000000") as server:
        yield server
        server.check()


@pytest.fixture
def emptied(lasting: Server) -> Iterator[Server]:
    """The same, and nobody in it: for tests that leave nothing behind but what guests have."""
    yield lasting
    lasting.empty()
