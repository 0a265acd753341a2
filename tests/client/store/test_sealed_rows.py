"""What a vault keeps opens where it was sealed, for whom it was sealed, whole, and nowhere else."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.store.sealed_rows import PayloadKey, opened_row, sealed_row

KEY = bytes(range(32))
PLACE = ("ann", "ratchet", "room:/1")
texts = st.text(max_size=5)


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts), st.binary(max_size=40))
def test_a_row_opens_at_its_own_place_only(
    place: tuple[str, str, str], other: tuple[str, str, str], row: bytes
) -> None:
    sealed = sealed_row(KEY, *place, row)
    assert opened_row(KEY, *place, sealed) == row
    assert opened_row(KEY, *other, sealed) == (row if other == place else None)
    assert opened_row(bytes(32), *place, sealed) is None


@given(st.binary(max_size=40), st.tuples(texts, st.integers()), st.tuples(texts, st.integers()))
def test_a_payload_opens_beside_what_it_was_bound_to(
    payload: bytes, bound: tuple[str, int], other: tuple[str, int]
) -> None:
    sealed = PayloadKey(KEY).seal(payload, *bound)
    assert PayloadKey(KEY).open(sealed, *bound) == payload
    assert PayloadKey(KEY).open(sealed, *other) == (payload if other == bound else None)
    assert PayloadKey(bytes(32)).open(sealed, *bound) is None
    assert PayloadKey(KEY).seal(payload, *bound) != sealed


@pytest.mark.parametrize("length", range(40))
def test_what_was_cut_off_or_altered_does_not_open(length: int) -> None:
    row, payload = sealed_row(KEY, *PLACE, b"twelve bytes"), PayloadKey(KEY).seal(b"twelve bytes", "ann", 7)
    ways: list[tuple[bytes, Callable[[bytes], bytes | None]]] = [
        (row, lambda s: opened_row(KEY, *PLACE, s)),
        (payload, lambda s: PayloadKey(KEY).open(s, "ann", 7)),
    ]
    for sealed, opened in ways:
        if length < len(sealed):
            assert opened(sealed[:length]) is None
            assert opened(sealed[:length] + bytes([sealed[length] ^ 1]) + sealed[length + 1 :]) is None
