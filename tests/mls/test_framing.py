"""Framing: what is protected comes out again, and nothing that was touched does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls.epoch.schedule import EpochSecrets
from reactor_chat.mls.framing import (
    PADDING_BYTES_MAX,
    envelope,
    open_envelope,
    open_private,
    open_public,
    protect_private,
    protect_public,
    sign,
    to_be_signed,
    verify,
)
from reactor_chat.mls.messages import (
    ApplicationData,
    AuthenticatedContent,
    FramedContent,
    MemberSender,
    MLSMessage,
    NewMemberProposal,
    PrivateMessage,
    PrivateMessageContent,
    ProposalContent,
    Remove,
    SenderData,
)
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import CLASSICAL, SUITES, Suite
from reactor_chat.mls.tree.secrettree import RatchetKind, SecretTree, sender_data_key
from tests.mls.people import SeededEntropy

SUITE = SUITES[CLASSICAL]
RANDOM = SeededEntropy("framing")
KEY = SigningKey.generate(SUITE.signature, RANDOM)
SECRETS = EpochSecrets.derive(SUITE, RANDOM(32))
TREE = SecretTree.from_encryption_secret(SUITE, 4, RANDOM(32))
CONTEXT = b"an encoded context"


def content(data: bytes = b"data", authenticated_data: bytes = b"seen") -> FramedContent:
    """Return application data of the member at leaf 2."""
    return FramedContent(b"group", 5, MemberSender(2), authenticated_data, ApplicationData(data))


@pytest.mark.parametrize("suite", list(SUITES.values()), ids=repr)
def test_private_round_trip(suite: Suite) -> None:
    """In every suite, with padding, signature included."""
    random = SeededEntropy(suite.number)
    key, secrets = SigningKey.generate(suite.signature, random), EpochSecrets.derive(suite, random(suite.hash_bytes))
    tree = SecretTree.from_encryption_secret(suite, 4, random(suite.hash_bytes))
    signed = sign(suite, key, 2, content(), CONTEXT)
    sealed = protect_private(suite, signed, secrets, tree, random, padding=100)
    opened = open_private(suite, sealed.message, secrets, tree)
    assert opened.authenticated == signed
    assert opened.generation == 0
    verify(suite, key.public_key, opened.authenticated, CONTEXT)
    with pytest.raises(MlsRefused):
        open_private(suite, sealed.message, secrets, opened.secret_tree)


@given(st.binary(max_size=80), st.binary(max_size=20), st.integers(0, 70))
def test_padding_hides_the_length_and_nothing_else(data: bytes, authenticated_data: bytes, padding: int) -> None:
    """The ciphertext grows by the padding; what comes out is the same."""
    signed = sign(SUITE, KEY, 2, content(data, authenticated_data), CONTEXT)
    plain, padded = (protect_private(SUITE, signed, SECRETS, TREE, RANDOM, n).message for n in (0, padding))
    assert len(padded.ciphertext) == len(plain.ciphertext) + padding
    assert open_private(SUITE, padded, SECRETS, TREE).authenticated == signed
    assert padded.authenticated_data == authenticated_data


@pytest.mark.parametrize("padding", [-1, PADDING_BYTES_MAX, PADDING_BYTES_MAX + 1])
def test_how_much_padding(padding: int) -> None:
    """From none to the limit."""
    signed = sign(SUITE, KEY, 2, content(), CONTEXT)
    if padding == PADDING_BYTES_MAX:
        message = protect_private(SUITE, signed, SECRETS, TREE, RANDOM, padding).message
        assert open_private(SUITE, message, SECRETS, TREE).authenticated == signed
        return
    with pytest.raises(MlsMalformed):
        protect_private(SUITE, signed, SECRETS, TREE, RANDOM, padding)


def sealed_by_hand(plaintext: bytes, sender_data: bytes, content_type: int = 1) -> PrivateMessage:
    """Return a message whose inside is anything, under the keys of leaf 2."""
    key, _ = TREE.key(2, RatchetKind.APPLICATION)
    place = b"\x05group" + (5).to_bytes(8) + bytes((content_type,))
    ciphertext = SUITE.aead.seal(key.key, key.nonce, plaintext, place + b"\x00")
    sender_key, sender_nonce = sender_data_key(SUITE, SECRETS.sender_data_secret, ciphertext)
    sealed = SUITE.aead.seal(sender_key, sender_nonce, sender_data, place)
    return PrivateMessage(b"group", 5, content_type, b"", sealed, ciphertext)


GUARD = bytes(4)
INSIDE = PrivateMessageContent(ApplicationData(b"hi"), b"signature", None).encode()[1:]


def test_what_a_member_may_put_inside() -> None:
    """The genuine article opens: the test of the tests below."""
    message = sealed_by_hand(INSIDE + bytes(7), SenderData(2, 0, GUARD).encode())
    assert open_private(SUITE, message, SECRETS, TREE).authenticated.content.content == ApplicationData(b"hi")


@pytest.mark.parametrize(
    ("plaintext", "sender_data", "error"),
    [
        (INSIDE + b"\x01", SenderData(2, 0, GUARD).encode(), MlsMalformed),
        (INSIDE + bytes(5) + b"\x80", SenderData(2, 0, GUARD).encode(), MlsMalformed),
        (INSIDE[:-1], SenderData(2, 0, GUARD).encode(), MlsMalformed),
        (b"", SenderData(2, 0, GUARD).encode(), MlsMalformed),
        (INSIDE, SenderData(2, 0, GUARD).encode() + b"\x00", MlsMalformed),
        (INSIDE, b"", MlsMalformed),
        (INSIDE, SenderData(4, 0, GUARD).encode(), MlsRefused),
        (INSIDE, SenderData(2**32 - 1, 0, GUARD).encode(), MlsRefused),
        (INSIDE, SenderData(2, 1, GUARD).encode(), MlsRefused),
        (INSIDE, SenderData(2, 2**32 - 1, GUARD).encode(), MlsRefused),
        (INSIDE, SenderData(1, 0, GUARD).encode(), MlsRefused),
        (INSIDE, SenderData(2, 0, b"\x01\0\0\0").encode(), MlsRefused),
    ],
)
def test_what_a_member_may_not_put_inside(plaintext: bytes, sender_data: bytes, error: type[Exception]) -> None:
    """Padding that is not zero, a content cut short, trailing sender data, senders and generations that are not."""
    with pytest.raises(error):
        open_private(SUITE, sealed_by_hand(plaintext, sender_data), SECRETS, TREE)


def test_everything_outside_is_bound() -> None:
    """Group, epoch, kind and authenticated data cannot be exchanged on the way."""
    signed = sign(SUITE, KEY, 2, content(), CONTEXT)
    message = protect_private(SUITE, signed, SECRETS, TREE, RANDOM).message
    for changed in (
        replace(message, group_id=b"other"),
        replace(message, epoch=6),
        replace(message, content_type=2),
        replace(message, authenticated_data=b"other"),
        replace(message, encrypted_sender_data=message.encrypted_sender_data[:-1]),
        replace(message, ciphertext=message.ciphertext[:-1]),
        replace(message, ciphertext=b""),
    ):
        with pytest.raises(MlsRefused):
            open_private(SUITE, changed, SECRETS, TREE)


def test_reuse_guards_differ() -> None:
    """The same key used again, as after a restored backup, meets another nonce."""
    signed = sign(SUITE, KEY, 2, content(), CONTEXT)
    first, second = (protect_private(SUITE, signed, SECRETS, TREE, SeededEntropy(n)).message for n in (1, 2))
    assert first.ciphertext != second.ciphertext


def test_the_open_form() -> None:
    """Membership is proved by a tag over everything; application data is refused."""
    framed = FramedContent(b"group", 5, MemberSender(2), b"seen", ProposalContent(Remove(1)))
    signed = sign(SUITE, KEY, 1, framed, CONTEXT)
    message = protect_public(SUITE, signed, SECRETS.membership_key, CONTEXT)
    assert open_public(SUITE, message, SECRETS.membership_key, CONTEXT) == signed
    for changed in (
        replace(message, membership_tag=bytes(32)),
        replace(message, signature=bytes(64)),
        replace(message, content=replace(framed, authenticated_data=b"other")),
        replace(message, content=replace(framed, sender=MemberSender(3))),
    ):
        with pytest.raises(MlsRefused):
            open_public(SUITE, changed, SECRETS.membership_key, CONTEXT)
    with pytest.raises(MlsRefused):
        open_public(SUITE, message, SECRETS.membership_key, CONTEXT + b"x")
    spoken = protect_public(SUITE, sign(SUITE, KEY, 1, content(), CONTEXT), SECRETS.membership_key, CONTEXT)
    with pytest.raises(MlsRefused):
        open_public(SUITE, spoken, SECRETS.membership_key, CONTEXT)


def test_what_signatures_cover() -> None:
    """The wire format, the content, and the context for those who know it."""
    signed = sign(SUITE, KEY, 2, content(), CONTEXT)
    verify(SUITE, KEY.public_key, signed, CONTEXT)
    for changed, context in (
        (replace(signed, wire_format=1), CONTEXT),
        (replace(signed, content=content(b"other")), CONTEXT),
        (signed, b"another context"),
    ):
        with pytest.raises(MlsRefused):
            verify(SUITE, KEY.public_key, changed, context)
    newcomer = FramedContent(b"group", 5, NewMemberProposal(), b"", ProposalContent(Remove(1)))
    assert to_be_signed(1, newcomer, CONTEXT) == to_be_signed(1, newcomer, b"")
    assert isinstance(signed, AuthenticatedContent)


@pytest.mark.parametrize("version", [0, 2, 0xFFFF])
def test_the_outer_version_is_checked(version: int) -> None:
    """No signature covers it, so it is looked at first (attack 28)."""
    signed = sign(SUITE, KEY, 2, content(), CONTEXT)
    message = protect_private(SUITE, signed, SECRETS, TREE, RANDOM).message
    assert open_envelope(envelope(message)).body == message
    with pytest.raises(MlsRefused):
        open_envelope(MLSMessage(version, message).encode())
    with pytest.raises(MlsRefused):
        open_envelope(version.to_bytes(2) + b"whatever that version looks like")


@pytest.mark.parametrize("message", [b"", b"\x00", b"\x00\x01", b"\x00\x01\x00\x09", b"\x00\x01\x00\x01"])
def test_messages_that_are_none(message: bytes) -> None:
    """Cut short, or of an unknown wire format: malformed, not of another version."""
    with pytest.raises(MlsMalformed):
        open_envelope(message)
