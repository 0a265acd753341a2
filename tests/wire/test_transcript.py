"""The bytes that a login signs are those of PROTOCOL §7, and every field of a login is in them."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.wire.transcript import BINDING_BYTES, NO_BINDING, binding_of, login_transcript, pin_of

NONCE, KEY, BINDING = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))


def test_the_transcript_is_what_the_protocol_writes() -> None:
    wanted = b"reactor-chat login v1" + b"\0" + NONCE + hashlib.sha256(b"John").digest() + KEY + BINDING
    assert login_transcript(NONCE, "John", KEY, BINDING) == wanted
    assert len(wanted) == 150


def test_without_tls_the_binding_is_zero() -> None:
    assert login_transcript(NONCE, "John", KEY) == login_transcript(NONCE, "John", KEY, bytes(32))
    assert bytes(32) == NO_BINDING


def test_every_field_counts_and_the_name_as_it_is_sent() -> None:
    transcripts = {
        login_transcript(NONCE, "John", KEY, BINDING),
        login_transcript(KEY, "John", KEY, BINDING),
        login_transcript(NONCE, "john", KEY, BINDING),
        login_transcript(NONCE, "John", NONCE, BINDING),
        login_transcript(NONCE, "John", KEY, KEY),
    }
    assert len(transcripts) == 5


def test_a_name_that_no_server_accepts_has_a_transcript_too() -> None:
    assert len(login_transcript(NONCE, "ü" * 1_000, KEY)) == 150


@pytest.mark.parametrize("field_bytes", [0, 31, 33])
def test_fields_of_another_length_are_a_bug(field_bytes: int) -> None:
    wrong = bytes(field_bytes)
    with pytest.raises(AssertionError):
        login_transcript(wrong, "John", KEY)
    with pytest.raises(AssertionError):
        login_transcript(NONCE, "John", wrong)
    with pytest.raises(AssertionError):
        login_transcript(NONCE, "John", KEY, wrong)


@given(st.binary(min_size=BINDING_BYTES, max_size=BINDING_BYTES))
def test_a_pin_is_read_as_it_was_written_with_or_without_padding(binding: bytes) -> None:
    assert binding_of(pin_of(binding)) == binding_of(pin_of(binding).rstrip("=")) == binding
    assert binding_of(pin_of(binding).replace("+", "-").replace("/", "_")) == binding, "as a link has it"


@pytest.mark.parametrize("pin", [
    "", "SHA256:", "SHA256:AAAA", pin_of(NO_BINDING)[7:], "sha256:" + pin_of(NO_BINDING)[7:], pin_of(NO_BINDING) + "A",
    "SHA256:" + "é" * 43, "SHA256:" + "!" * 43,
])  # fmt: skip
def test_what_is_no_pin(pin: str) -> None:
    assert binding_of(pin) is None
