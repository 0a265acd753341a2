"""What is inside: it comes out as it went in, newer forms are read as far as they are known, garbage is one error."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.e2ee.payload import Payload, decode, encode, padding_for
from reactor_chat.errors import MlsMalformed

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(texts, texts, st.integers(0, 2**53))
def test_it_comes_out_as_it_went_in(body: str, request_id: str, sent_at: int) -> None:
    payload = Payload(1, "text", request_id, sent_at, body)
    assert decode(encode(payload)) == payload


@given(st.binary(max_size=100))
def test_anything_is_a_payload_or_one_error(data: bytes) -> None:
    with contextlib.suppress(MlsMalformed):
        assert decode(data).v >= 1


@pytest.mark.parametrize("kind", ["", "x" * 33, "a\nb", "\x1b[2J"])
def test_kinds_that_cannot_be_shown(kind: str) -> None:
    with pytest.raises(MlsMalformed):
        decode(encode(Payload(1, kind, "id", 0, "x")))


def test_a_newer_version_may_know_more() -> None:
    newer = {"v": 9, "kind": "poll", "id": "x", "sent_at": 1, "body": "?", "choices": [1, 2]}
    assert decode(msgspec.msgpack.encode(newer)).kind == "poll"


@given(st.integers(0, 200_000))
def test_a_padded_length_is_its_own_class(length: int) -> None:
    """The length as MLS writes it, its own bytes included, ends where a class does; shorter ones fall into it too."""
    written = length + padding_for(length) + (1 if length < 64 else 2 if length < 16_384 else 4)
    assert written % 64 == 0
    assert written <= max(64, (length + 4) * 1.12 + 64)
