"""The short list the package offers, used the way its docstrings say."""

import os

from reactor_chat import mls
from reactor_chat.mls.encoding.structs import BasicCredential


def test_the_example_of_a_first_conversation() -> None:
    """Two clients of the default suite: publish, add, join, speak, refresh."""
    assert mls.HYBRID in mls.available()
    scheme = mls.suite(mls.HYBRID).signature
    keys = {
        name: mls.KeyPackage.generate(
            mls.HYBRID,
            mls.Identity(BasicCredential(name), mls.SigningKey.generate(scheme, os.urandom)),
            os.urandom,
        )
        for name in (b"alice", b"bob")
    }
    published = mls.read_key_package(keys[b"bob"].message, now=1_800_000_000)
    alice = mls.Group.create(keys[b"alice"], os.urandom(32), os.urandom)
    pending = alice.add([published], os.urandom, options=mls.CommitOptions(force_path=False))
    assert pending.welcome is not None
    alice, bob = pending.group, mls.Group.join(pending.welcome, keys[b"bob"])
    sent = alice.protect(b"hello", os.urandom)
    assert bob.unprotect(sent.message).data == b"hello"
    refreshed = bob.update(os.urandom)
    after = alice.receive(refreshed.message).group
    assert after is not None
    assert after.epoch_authenticator == refreshed.group.epoch_authenticator
    assert after.export(b"label", b"", 16) == refreshed.group.export(b"label", b"", 16)


def test_the_list_is_complete() -> None:
    """Every name of the list exists."""
    assert all(hasattr(mls, name) for name in mls.__all__)
