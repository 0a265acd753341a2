"""Runs hold the numbers that were put into them, in as few rows as may be, and what was changed is no run."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.label_runs import (
    DISTANCE_MAX,
    GROUPED_AT_ONCE,
    RUN_BLOCKS_MAX,
    Run,
    distances_of,
    grown,
    last_of,
    numbers_of,
    packed,
    runs_of,
)

steps = st.integers(1, 3) | st.sampled_from([64, DISTANCE_MAX - 1, DISTANCE_MAX, DISTANCE_MAX + 1, 2**40])
rising = st.builds(
    lambda first, steps: [first + sum(steps[:count]) for count in range(len(steps) + 1)],
    st.integers(1, 2**50),
    st.lists(steps, max_size=10) | st.lists(st.integers(1, 9), min_size=100, max_size=300),
)


def check(runs: list[Run], numbers: list[int]) -> None:
    assert [number for run in runs for number in numbers_of(*run)] == numbers
    for run in runs:
        held = numbers_of(*run)
        assert len(held) <= RUN_BLOCKS_MAX
        assert last_of(*run) == held[-1]
    for run, following in pairwise(runs):
        held = numbers_of(*run)
        assert len(held) == RUN_BLOCKS_MAX or following[0] - held[0] > DISTANCE_MAX, "there was room"


@given(numbers=rising)
def test_what_is_packed_comes_out_and_every_run_is_as_full_as_may_be(numbers: list[int]) -> None:
    check(packed(numbers), numbers)
    assert packed([]) == []


@given(numbers=rising, cut=st.integers(1, 300))
def test_a_run_that_grows_is_the_one_that_would_have_been_packed(numbers: list[int], cut: int) -> None:
    before, more = numbers[:cut], numbers[cut:]
    stored = dict(packed(before))
    if more:
        stored.update(grown(*packed(before)[-1], more))
    check(list(stored.items()), numbers)
    assert list(stored.items()) == packed(numbers)


def test_a_full_run_takes_nothing_more() -> None:
    (full,) = packed(range(1, RUN_BLOCKS_MAX + 1))
    assert grown(*full, [500, 501]) == packed([500, 501])


@given(places=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 500) | st.integers(1, 2**50)), max_size=400))
def test_places_become_rows(places: list[tuple[int, int]]) -> None:
    places = sorted(set(places))
    rows = list(runs_of(places))
    assert [(label, number) for label, *run in rows for number in numbers_of(*run)] == places
    for label in {label for label, _ in places}:
        check([(first, later) for of, first, later in rows if of == label], [at for of, at in places if of == label])


def test_places_without_end_are_not_held_at_once() -> None:
    taken = 0

    def places() -> Iterator[tuple[int, int]]:
        nonlocal taken
        for taken in range(1, 3 * GROUPED_AT_ONCE):
            yield 7, taken

    rows = runs_of(places())
    next(rows)
    assert taken <= GROUPED_AT_ONCE
    assert sum(len(numbers_of(*run)) for _, *run in rows) + RUN_BLOCKS_MAX == taken


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (1, b"\1"),
        (1, b"\1\0\2"),
        (1, b"\0\0"),
        (1, b"\2\0\2\0"),
        (1, b"\2\0\1\0"),
        (1, b"\0\1\1\0"),
        (1, bytes(range(256))),
        (1, "\1\0"),
        (1, None),
        (1, 5),
        ("1", b""),
        (None, b""),
        (1.0, b""),
    ],
)
def test_what_is_no_run_is_damage(first: object, later: object) -> None:
    with pytest.raises(StorageCorrupt, match=r"^The journal's index is damaged; repair it with `admin repair"):
        distances_of(first, later)


@pytest.mark.parametrize("places", [[(1, "2")], [("a", 1)], [(1, 1), (1, None)]])
def test_places_that_are_no_numbers_are_damage(places: list[tuple[int, int]]) -> None:
    with pytest.raises(StorageCorrupt):
        list(runs_of(places))


@given(first=st.integers(1, 9), later=st.binary(max_size=2 * RUN_BLOCKS_MAX))
def test_any_bytes_are_a_run_or_damage(first: int, later: bytes) -> None:
    try:
        numbers = numbers_of(first, later)
    except StorageCorrupt:
        return
    assert numbers == sorted(set(numbers))
    assert packed(numbers) == [(first, later)]
    assert last_of(first, later) == numbers[-1]
