"""Whose key a name is: no weak key, no foreign proof."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.state.identity import Claim, ClaimedNames, is_small_order, proves
from tests.chat.toy import Key

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
NONCE, BINDING = bytes(range(32)), bytes(range(100, 132))
KEY, OTHER = Key(1), Key(2)


def points(y: int) -> list[tuple[int, int]]:
    """The points of the curve with this y, by the definition -x² + y² = 1 + dx²y²."""
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if x * x % P != x2:
        x = x * pow(2, (P - 1) // 4, P) % P
    return [(x, y), (-x % P, y)] if x * x % P == x2 else []


def plus(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P


def has_small_order(point: tuple[int, int]) -> bool:
    for _ in range(3):
        point = plus(point, point)
    return point == (0, 1)


@cache
def torsion() -> set[tuple[int, int]]:
    """All eight points of small order, from the prime factor of the group's order times some points."""
    order = 2**252 + 27742317777372353535851937790883648493
    found: set[tuple[int, int]] = set()
    for y in range(2, 30):
        for point in points(y):
            sum_, doubled, left = (0, 1), point, order
            while left:
                sum_ = plus(sum_, doubled) if left & 1 else sum_
                doubled, left = plus(doubled, doubled), left >> 1
            found.add(sum_)
    return found


def test_every_encoding_of_every_point_of_small_order_is_refused() -> None:
    small = torsion()
    assert len(small) == 8
    ys = {y for point in small for y in (point[1], point[1] + P) if y < 2**255}
    assert len(ys) == 7  # of 0 and 1 there is an encoding above the prime too
    for y in ys:
        for sign in (0, 1 << 255):
            key = (y | sign).to_bytes(32, "little")
            assert is_small_order(key)
            assert not proves(key, bytes(64), NONCE, "Ann", BINDING)
            assert not proves(key, key + bytes(32), NONCE, "Ann", BINDING)


def test_the_neighbours_of_small_order_are_not() -> None:
    ys = {y for _, y in torsion()}
    for y in {(y + step) % P for y in ys for step in (-1, 1)} - ys:
        assert not is_small_order(y.to_bytes(32, "little"))


@given(st.binary(min_size=32, max_size=32))
def test_the_definition_agrees(key: bytes) -> None:
    y = int.from_bytes(key, "little") % 2**255 % P
    assert is_small_order(key) == any(has_small_order(point) for point in points(y))


def test_a_proof_holds_for_its_connection_name_key_and_channel_only() -> None:
    signature = KEY.sign(NONCE, "Ann", BINDING)
    assert proves(KEY.public, signature, NONCE, "Ann", BINDING)
    assert not proves(OTHER.public, signature, NONCE, "Ann", BINDING)
    assert not proves(KEY.public, signature, bytes(32), "Ann", BINDING)
    assert not proves(KEY.public, signature, NONCE, "ann", BINDING)
    assert not proves(KEY.public, signature, NONCE, "Ann", bytes(32))


@given(st.integers(0, 511))
def test_a_flipped_bit_spoils_a_proof(bit: int) -> None:
    signature = bytearray(KEY.sign(NONCE, "Ann", BINDING))
    signature[bit // 8] ^= 1 << bit % 8
    assert not proves(KEY.public, bytes(signature), NONCE, "Ann", BINDING)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_any_bytes_are_a_proof_or_none_and_nothing_is_raised(key: bytes, signature: bytes) -> None:
    assert not proves(key, signature, NONCE, "Ann", BINDING)


def test_the_multiple_of_a_signature_is_none() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    signature = KEY.sign(NONCE, "Ann", BINDING)
    s = int.from_bytes(signature[32:], "little") + order
    assert not proves(KEY.public, signature[:32] + s.to_bytes(32, "little"), NONCE, "Ann", BINDING)


def test_the_first_claim_counts_and_the_newest_spelling() -> None:
    identity = ClaimedNames()
    identity.claim("Ann", KEY.public, 5)
    identity.claim("ANN", KEY.public, 9)
    assert identity.claim_of("aNN") == Claim("ANN", KEY.public, 5)
    assert len(identity) == 1
    identity.release("ann")
    assert identity.claim_of("Ann") is None
    identity.release("ann")
    assert len(identity) == 0


@pytest.mark.parametrize("names", [[], ["b", "A", "c"]])
def test_dump_is_sorted_and_loads_again(names: list[str]) -> None:
    identity, again = ClaimedNames(), ClaimedNames()
    for seq, name in enumerate(names, 1):
        identity.claim(name, KEY.public, seq)
    again.load(identity.dump())
    assert [claim.name for claim in again.dump()] == sorted(names, key=str.lower)
