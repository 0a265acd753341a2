"""Joining from a Welcome: everything is checked, and each check can fail."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reactor_chat.errors import MlsError, MlsRefused
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import Extension
from reactor_chat.mls.epoch import schedule
from reactor_chat.mls.framing import open_envelope
from reactor_chat.mls.group import MEMBER_BYTES_MAX, Group
from reactor_chat.mls.keypackage import OwnKeyPackage
from reactor_chat.mls.messages import (
    EncryptedGroupSecrets,
    GroupInfo,
    GroupSecrets,
    MLSMessage,
    PathSecret,
    PreSharedKeyID,
    ResumptionPsk,
    Welcome,
)
from reactor_chat.mls.outcomes import PendingCommit
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from tests.mls.people import Room, SeededEntropy, key_package


def invited(
    suite_number: int = CLASSICAL, options: CommitOptions | None = None
) -> tuple[Room, PendingCommit, OwnKeyPackage]:
    """Return a group of three, a commit that adds a fourth, and the fourth's KeyPackage."""
    room = Room.of([b"alice", b"bob", b"carol"], SeededEntropy(("welcome", suite_number)), suite_number)
    own = key_package(b"dave", room.random, suite_number)
    pending = room.members[b"bob"].add([own.package], room.random, options=options or CommitOptions())
    return room, pending, own


class Rebuilt:
    """A Welcome taken apart with its receiver's key, to be put together again with something changed."""

    def __init__(self, pending: PendingCommit, own: OwnKeyPackage) -> None:
        assert pending.welcome is not None
        welcome = open_envelope(pending.welcome).body
        assert isinstance(welcome, Welcome)
        self.own, self.suite, self.random = own, own.suite, SeededEntropy("rebuilt")
        opened = self.suite.decrypt_with_label(
            own.init_private_key,
            b"Welcome",
            welcome.encrypted_group_info,
            welcome.secrets[0].encrypted_group_secrets,
        )
        self.secrets = GroupSecrets.decode(opened)
        self.info = GroupInfo.decode(self.suite.aead.open(*self.keys(self.secrets), welcome.encrypted_group_info, b""))
        self.signing_key = pending.group.state.signing_key

    def keys(self, secrets: GroupSecrets) -> tuple[bytes, bytes]:
        """Return key and nonce of the GroupInfo."""
        psk_secret = bytes(self.suite.hash_bytes)
        return schedule.welcome_key_nonce(
            self.suite, schedule.welcome_secret(self.suite, secrets.joiner_secret, psk_secret)
        )

    def message(self, secrets: GroupSecrets, info: GroupInfo, *, sign: bool = True) -> bytes:
        """Return the Welcome, encrypted and, unless told otherwise, signed as an insider could."""
        if sign:
            signature = self.suite.sign_with_label(self.signing_key, b"GroupInfoTBS", info.to_be_signed())
            info = replace(info, signature=signature)
        encrypted = self.suite.aead.seal(*self.keys(secrets), info.encode(), b"")
        sealed = self.suite.encrypt_with_label(
            self.own.package.init_key, b"Welcome", encrypted, secrets.encode(), self.random
        )
        entry = EncryptedGroupSecrets(self.own.reference, sealed)
        return MLSMessage(1, Welcome(self.suite.number, (entry,), encrypted)).encode()


@pytest.mark.parametrize("suite_number", [CLASSICAL, HYBRID])
@pytest.mark.parametrize("force_path", [True, False])
@pytest.mark.parametrize("tree_in_welcome", [True, False])
def test_joining(suite_number: int, force_path: bool, tree_in_welcome: bool) -> None:  # noqa: FBT001 - every way
    """With or without a path, with the tree inside or beside; the joiner can act at once."""
    options = CommitOptions(force_path=force_path, tree_in_welcome=tree_in_welcome)
    room, pending, own = invited(suite_number, options)
    assert pending.welcome is not None
    joined = Group.join(pending.welcome, own, tree=None if tree_in_welcome else pending.group.ratchet_tree())
    room.accept(b"bob", pending)
    room.members[b"dave"] = joined
    room.check_agreement()
    room.accept(b"dave", joined.update(room.random))
    room.check_agreement()
    if not tree_in_welcome:
        with pytest.raises(MlsRefused):
            Group.join(pending.welcome, own)


def test_several_newcomers_share_a_welcome() -> None:
    """Each finds its own entry; somebody else finds none."""
    room = Room.of([b"alice"], SeededEntropy("several"))
    pending = room.add(b"alice", [b"bob", b"carol", b"dave"])
    room.check_agreement()
    assert pending.welcome is not None
    with pytest.raises(MlsRefused):
        Group.join(pending.welcome, key_package(b"erin", room.random))


def test_what_the_adder_says() -> None:
    """Who added us, and the extensions of its GroupInfo, which it signed."""
    told = Extension(0x7777, b"where the history stands")
    room, pending, own = invited(options=CommitOptions(group_info_extensions=(told,)))
    assert pending.welcome is not None
    joined = Group.open_welcome(pending.welcome, own)
    assert joined.added_by == room.members[b"bob"].own_leaf
    assert told in joined.extensions
    assert told not in joined.group.context.extensions


def test_a_welcome_to_another_suite_is_refused_first() -> None:
    """The suite in the Welcome must be the KeyPackage's."""
    _, pending, own = invited()
    assert pending.welcome is not None
    welcome = open_envelope(pending.welcome).body
    assert isinstance(welcome, Welcome)
    with pytest.raises(MlsRefused):
        Group.join(MLSMessage(1, replace(welcome, cipher_suite=3)).encode(), own)


def test_the_genuine_article_rebuilt() -> None:
    """The test of the tests below: unchanged parts put together again are accepted."""
    _, pending, own = invited()
    rebuilt = Rebuilt(pending, own)
    joined = Group.join(rebuilt.message(rebuilt.secrets, rebuilt.info), own)
    assert joined.epoch_authenticator == pending.group.epoch_authenticator
    greased = replace(rebuilt.info, extensions=(Extension(0x0A0A, b"grease"), *rebuilt.info.extensions))
    Group.join(rebuilt.message(rebuilt.secrets, greased), own)


INFO_CHANGES: dict[str, Callable[[GroupInfo], GroupInfo]] = {
    "version": lambda info: replace(info, group_context=replace(info.group_context, version=2)),
    "suite": lambda info: replace(info, group_context=replace(info.group_context, cipher_suite=3)),
    "group id": lambda info: replace(info, group_context=replace(info.group_context, group_id=b"other")),
    "epoch": lambda info: replace(info, group_context=replace(info.group_context, epoch=9)),
    "tree hash": lambda info: replace(info, group_context=replace(info.group_context, tree_hash=bytes(32))),
    "transcript": lambda info: replace(
        info, group_context=replace(info.group_context, confirmed_transcript_hash=bytes(32))
    ),
    "context extension": lambda info: replace(
        info, group_context=replace(info.group_context, extensions=(Extension(0x7777, b""),))
    ),
    "tag": lambda info: replace(info, confirmation_tag=bytes(32)),
    "signer": lambda info: replace(info, signer=0),
    "blank signer": lambda info: replace(info, signer=5),
    "signer outside": lambda info: replace(info, signer=2**32 - 1),
    "no tree": lambda info: replace(info, extensions=()),
    "garbage tree": lambda info: replace(info, extensions=(Extension(2, b"\x00"),)),
}


@pytest.mark.parametrize("name", INFO_CHANGES)
def test_a_bent_group_info(name: str) -> None:
    """Refused although the adder signed it."""
    _, pending, own = invited()
    rebuilt = Rebuilt(pending, own)
    with pytest.raises(MlsError):
        Group.join(rebuilt.message(rebuilt.secrets, INFO_CHANGES[name](rebuilt.info)), own)


def test_an_unsigned_group_info() -> None:
    """A changed extension under the old signature."""
    _, pending, own = invited()
    rebuilt = Rebuilt(pending, own)
    bent = replace(rebuilt.info, extensions=(*rebuilt.info.extensions, Extension(0x0A0A, b"")))
    with pytest.raises(MlsRefused):
        Group.join(rebuilt.message(rebuilt.secrets, bent, sign=False), own)


SECRET_CHANGES: dict[str, Callable[[GroupSecrets], GroupSecrets]] = {
    "joiner secret": lambda secrets: replace(secrets, joiner_secret=bytes(32)),
    "short joiner secret": lambda secrets: replace(secrets, joiner_secret=bytes(31)),
    "path secret": lambda secrets: replace(secrets, path_secret=PathSecret(bytes(32))),
    "short path secret": lambda secrets: replace(secrets, path_secret=PathSecret(b"")),
    "unknown key": lambda secrets: replace(secrets, psks=(PreSharedKeyID(ResumptionPsk(1, b"x", 1), bytes(32)),)),
    "lineage": lambda secrets: replace(secrets, psks=(PreSharedKeyID(ResumptionPsk(3, b"x", 1), bytes(32)),)),
}


@pytest.mark.parametrize("name", SECRET_CHANGES)
def test_bent_group_secrets(name: str) -> None:
    """Another secret than the group's, or one of the wrong size."""
    _, pending, own = invited()
    rebuilt = Rebuilt(pending, own)
    with pytest.raises(MlsRefused):
        Group.join(rebuilt.message(SECRET_CHANGES[name](rebuilt.secrets), rebuilt.info), own)


def test_a_path_secret_where_there_is_no_path() -> None:
    """A joiner that would share no node with the signer."""
    _, pending, own = invited(options=CommitOptions(force_path=False))
    rebuilt = Rebuilt(pending, own)
    assert rebuilt.secrets.path_secret is None
    Group.join(rebuilt.message(rebuilt.secrets, rebuilt.info), own)
    bent = replace(rebuilt.secrets, path_secret=PathSecret(bytes(32)))
    with pytest.raises(MlsRefused):
        Group.join(rebuilt.message(bent, rebuilt.info), own)


def test_a_group_without_us() -> None:
    """A Welcome whose tree does not hold our leaf."""
    room, pending, own = invited()
    other = key_package(b"erin", room.random)
    elsewhere = Rebuilt(room.members[b"bob"].add([other.package], room.random), other)
    rebuilt = Rebuilt(pending, own)
    with pytest.raises(MlsRefused):
        Group.join(rebuilt.message(elsewhere.secrets, elsewhere.info), own)


def test_a_group_of_more_members_than_are_allowed() -> None:
    """Refused for its size before its signature is looked at; a Welcome to too many, or too long, likewise."""
    _, pending, own = invited()
    rebuilt = Rebuilt(pending, own)
    welcome = rebuilt.message(rebuilt.secrets, rebuilt.info)
    assert len(Group.open_welcome(welcome, own, members_max=4).group.members) == 4
    unsigned = rebuilt.message(rebuilt.secrets, replace(rebuilt.info, signature=b""), sign=False)
    body = open_envelope(welcome).body
    assert isinstance(body, Welcome)
    crowded = MLSMessage(1, replace(body, secrets=body.secrets * 5)).encode()
    for message, members_max in ((unsigned, 3), (crowded, 4), (bytes(5 * MEMBER_BYTES_MAX + 1), 4)):
        with pytest.raises(MlsRefused, match="than are allowed"):
            Group.open_welcome(message, own, members_max=members_max)
    with pytest.raises(MlsError, match=r"^(?!.*than are allowed)"):
        Group.open_welcome(bytes(5 * MEMBER_BYTES_MAX), own, members_max=4)
    with pytest.raises(MlsRefused, match="than are allowed"):
        Group.open_welcome(welcome, own, members_max=3)
