"""Packages are used oldest first and once, the last resort always; old ones are forgotten beyond a number."""

from typing import Any

import pytest

from reactor_chat.chat.state.keyring import LAST_RESORT, PACKAGES_MAX, SUITES_MAX, Keyring, Package, reference_of
from reactor_chat.chat.state.records import KeysPublished


def published(seq: int, *packages: bytes, name: str = "Ann", suite: int = 1, **fields: Any) -> KeysPublished:
    return KeysPublished(seq, 0, name, suite, list(packages), **fields)


def used_up(keyring: Keyring, count: int = 99) -> list[bytes]:
    """The references of the packages in the order in which they are used."""
    order: list[bytes] = []
    while len(order) < count and (package := keyring.next_of("ann", 1)) is not None:
        order.append(package.reference)
        keyring.use("ANN", package.reference)
    return order


def test_the_oldest_is_used_first() -> None:
    keyring = Keyring()
    keyring.apply(published(1, b"a", b"b"))
    keyring.apply(published(2, b"c"))
    assert keyring.next_of("Ann", 1) == Package(reference_of(b"a"), 1, 0)
    assert keyring.next_of("Ann", 2) is keyring.next_of("Bob", 1) is None
    assert used_up(keyring) == [reference_of(one) for one in (b"a", b"b", b"c")]


def test_the_last_resort_comes_last_and_stays_until_another_comes() -> None:
    keyring = Keyring()
    keyring.apply(published(1, b"a", last_resort=b"l"))
    assert used_up(keyring, 3) == [reference_of(b"a"), reference_of(b"l"), reference_of(b"l")]
    assert keyring.next_of("Ann", 1) == Package(reference_of(b"l"), 1, LAST_RESORT)
    keyring.apply(published(2, b"b", last_resort=b"m"))
    assert keyring.has("Ann", 1, reference_of(b"m"))
    assert not keyring.has("Ann", 1, reference_of(b"l"))


@pytest.mark.parametrize("count", [PACKAGES_MAX - 1, PACKAGES_MAX, PACKAGES_MAX + 1])
def test_so_many_are_kept(count: int) -> None:
    keyring = Keyring()
    for seq in range(count):
        keyring.apply(published(seq + 1, b"%d" % seq))
    kept = range(max(0, count - PACKAGES_MAX), count)
    assert used_up(keyring) == [reference_of(b"%d" % seq) for seq in kept]


def test_so_many_suites_are_kept_and_fresh_ones_replace_all() -> None:
    keyring = Keyring()
    for suite in range(1, SUITES_MAX + 2):
        keyring.apply(published(suite, b"p", suite=suite))
    assert keyring.next_of("Ann", 1) is None
    assert keyring.next_of("Ann", 2) is not None
    keyring.apply(published(9, b"q", fresh=True))
    assert [keyring.next_of("Ann", suite) is not None for suite in range(1, SUITES_MAX + 2)] == [True] + [False] * 4


def test_what_is_dumped_is_a_copy_that_can_be_loaded() -> None:
    keyring, other = Keyring(), Keyring()
    keyring.apply(published(1, b"a", b"b", last_resort=b"l"))
    keyring.apply(published(2, b"c", name="Bob"))
    dumped = keyring.dump()
    other.load(dumped)
    used_up(keyring, 2)
    assert other.dump() == dumped
    other.forget("BOB")
    assert [name for name, _ in other.dump()] == ["ann"]
