"""The limit of connections follows the limit of descriptors, at its edges."""

import resource

import pytest

from reactor_chat.server.process.descriptors import DESCRIPTORS_RESERVED, connections_possible, raise_descriptors_max


@pytest.mark.parametrize(("wanted", "spare", "had"), [
    (100, 99, 99), (100, 100, 100), (100, 101, 100), (100, 1, 1), (100, 0, 1), (100, -60, 1), (1, 5, 1),
])  # fmt: skip
def test_no_more_connections_than_descriptors(wanted: int, spare: int, had: int) -> None:
    assert connections_possible(wanted, DESCRIPTORS_RESERVED + spare) == had


def test_without_a_limit_one_gets_what_one_wants() -> None:
    assert connections_possible(1_000_000, None) == 1_000_000


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        had = raise_descriptors_max()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
        assert had == (None if hard == resource.RLIM_INFINITY else hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
