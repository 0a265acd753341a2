"""A server process for a test; after the test it still serves, has no traceback to show, and is ended by its pid."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.client import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server
        server.check()
