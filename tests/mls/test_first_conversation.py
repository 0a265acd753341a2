"""The shortest use of the package: two clients, one group, one message, fresh keys."""

import os

from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import BasicCredential
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import Identity, OwnKeyPackage, read_key_package
from reactor_chat.mls.signatures import SigningKey
from reactor_chat.mls.suites import HYBRID, available, suite


def test_a_first_conversation() -> None:
    """Two clients of the default suite: publish, add, join, speak, refresh."""
    assert HYBRID in available()
    scheme = suite(HYBRID).signature
    keys = {
        name: OwnKeyPackage.generate(
            HYBRID, Identity(BasicCredential(name), SigningKey.generate(scheme, os.urandom)), os.urandom
        )
        for name in (b"alice", b"bob")
    }
    published = read_key_package(keys[b"bob"].message, now=1_800_000_000)
    alice = Group.create(keys[b"alice"], os.urandom(32), os.urandom)
    pending = alice.add([published], os.urandom, options=CommitOptions(force_path=False))
    assert pending.welcome is not None
    alice, bob = pending.group, Group.join(pending.welcome, keys[b"bob"])
    sent = alice.protect(b"hello", os.urandom)
    assert bob.unprotect(sent.message).data == b"hello"
    refreshed = bob.update(os.urandom)
    after = alice.receive(refreshed.message).group
    assert after is not None
    assert after.epoch_authenticator == refreshed.group.epoch_authenticator
    assert after.export(b"label", b"", 16) == refreshed.group.export(b"label", b"", 16)
