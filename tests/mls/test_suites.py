"""The table of suites, and the labelled functions built from its parts."""

import pytest

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.suites import CLASSICAL, HYBRID, SUITES, Suite, available, suite


def test_the_table() -> None:
    """Seven registered suites and the hybrid one under a private number, all of them usable here."""
    assert sorted(SUITES) == [1, 2, 3, 4, 5, 6, 7, HYBRID]
    assert 0xF000 <= HYBRID <= 0xFFFF
    assert available() == tuple(SUITES)
    assert SUITES[HYBRID].kem.id == 0x647A
    hybrid, classical = SUITES[HYBRID], SUITES[CLASSICAL]
    assert (hybrid.kdf, hybrid.aead) == (classical.kdf, classical.aead)


@pytest.mark.parametrize("number", [0, 8, 0x0A0A, 0xFFFF])
def test_other_numbers_are_refused(number: int) -> None:
    """Zero, the next free one, GREASE."""
    with pytest.raises(MlsRefused):
        suite(number)


@pytest.mark.parametrize("scheme", list(SUITES.values()), ids=repr)
def test_tags(scheme: Suite) -> None:
    """The right tag and no other; none at all is not right."""
    tag = scheme.mac(b"key", b"content")
    assert len(tag) == scheme.hash_bytes
    scheme.check_mac(b"key", b"content", tag)
    for wrong in (None, b"", tag[:-1], bytes(len(tag))):
        with pytest.raises(MlsRefused):
            scheme.check_mac(b"key", b"content", wrong)


def test_labels_separate() -> None:
    """Label, context and length each change the result; a label is not confused with its context."""
    scheme = SUITES[CLASSICAL]
    results = {
        scheme.expand_with_label(bytes(32), b"a", b"b", 32),
        scheme.expand_with_label(bytes(32), b"ab", b"", 32),
        scheme.expand_with_label(bytes(32), b"", b"ab", 32),
        scheme.expand_with_label(bytes(32), b"a", b"b", 16) + bytes(16),
    }
    assert len(results) == 4
    assert scheme.key_package_ref(b"x") != scheme.proposal_ref(b"x")
