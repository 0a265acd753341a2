"""The key schedule: every input matters, nothing is shown, and what is dropped is gone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.mls.epoch import schedule
from reactor_chat.mls.epoch.schedule import EpochSecrets
from reactor_chat.mls.messages import ExternalPsk, PreSharedKeyID, ResumptionPsk
from reactor_chat.mls.suites import SUITES, Suite

SUITE = SUITES[1]
EVERY = list(SUITES.values())


@pytest.mark.parametrize("suite", EVERY, ids=repr)
def test_nine_different_secrets(suite: Suite) -> None:
    """All of the hash's size, all different, none shown."""
    secrets = EpochSecrets.derive(suite, bytes(suite.hash_bytes))
    values = [getattr(secrets, name) for name in EpochSecrets.__struct_fields__]
    assert len(set(values)) == 9
    assert {len(value) for value in values} == {suite.hash_bytes}
    assert repr(secrets) == "EpochSecrets()"
    assert secrets.without_encryption_secret().encryption_secret == b""


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=4, max_size=4), st.integers(0, 3))
def test_every_input_of_an_epoch_matters(inputs: list[bytes], changed: int) -> None:
    """Init secret, commit secret, pre-shared keys and context each change the epoch."""

    def epoch(parts: list[bytes]) -> bytes:
        joiner = schedule.joiner_secret(SUITE, parts[0], parts[1], parts[3])
        return schedule.epoch_secrets(SUITE, joiner, parts[2], parts[3]).epoch_authenticator

    other = [part + b"\x01" if place == changed else part for place, part in enumerate(inputs)]
    assert epoch(inputs) == epoch(list(inputs))
    assert epoch(inputs) != epoch(other)


def test_pre_shared_keys() -> None:
    """None gives zeros; order, name, nonce, kind and secret each matter."""
    first = PreSharedKeyID(ExternalPsk(b"a"), bytes(32)), b"one"
    second = PreSharedKeyID(ResumptionPsk(1, b"a", 7), bytes(32)), b"two"
    assert schedule.psk_secret(SUITE, []) == bytes(32)
    results = {
        schedule.psk_secret(SUITE, [first, second]),
        schedule.psk_secret(SUITE, [second, first]),
        schedule.psk_secret(SUITE, [first]),
        schedule.psk_secret(SUITE, [(first[0], b"two")]),
        schedule.psk_secret(SUITE, [(PreSharedKeyID(ExternalPsk(b"b"), bytes(32)), b"one")]),
        schedule.psk_secret(SUITE, [(PreSharedKeyID(ExternalPsk(b"a"), b"\x01" * 32), b"one")]),
        schedule.psk_secret(SUITE, [(PreSharedKeyID(ResumptionPsk(2, b"a", 7), bytes(32)), b"two")]),
    }
    assert len(results) == 7


def test_exports_depend_on_label_context_and_length() -> None:
    """No two purposes share a secret."""
    secrets = EpochSecrets.derive(SUITE, bytes(32))
    exported = {secrets.export(SUITE, *purpose) for purpose in ((b"a", b"", 32), (b"b", b"", 32), (b"a", b"x", 32))}
    exported.add(secrets.export(SUITE, b"a", b"", 33)[:32])
    assert len(exported) == 4
    assert len(secrets.export(SUITE, b"a", b"", 8160)) == 8160
    assert secrets.export(SUITE, b"a", b"", 0) == b""


def test_history_is_a_chain() -> None:
    """A different tag gives a different interim hash."""
    assert schedule.interim_transcript_hash(SUITE, b"c", b"t") != schedule.interim_transcript_hash(SUITE, b"c", b"u")
    assert schedule.interim_transcript_hash(SUITE, b"c", b"t") != schedule.interim_transcript_hash(SUITE, b"ct", b"")
