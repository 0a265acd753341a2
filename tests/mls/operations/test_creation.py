"""Creating groups."""

import pytest
from msgspec.structs import replace

from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls.encoding.structs import NAME_BYTES_MAX, Extension, ExtensionType, RequiredCapabilities
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import DEFAULT_CAPABILITIES, OwnKeyPackage
from reactor_chat.mls.suites import CLASSICAL, SUITES
from tests.mls.people import SeededEntropy, identity, key_package


@pytest.mark.parametrize("suite_number", SUITES)
def test_a_group_of_one(suite_number: int) -> None:
    """Epoch 0, one member, a life of its own; it repeats from the same entropy and differs with another."""
    own = key_package(b"alice", SeededEntropy(1), suite_number)
    group = Group.create(own, b"group", SeededEntropy(2))
    assert (group.epoch, group.own_leaf, list(group.members)) == (0, 0, [0])
    assert Group.create(own, b"group", SeededEntropy(2)) == group
    assert Group.create(own, b"group", SeededEntropy(3)) != group
    alone = group.update(SeededEntropy(4)).group
    assert alone.epoch == 1
    assert alone.epoch_authenticator != group.epoch_authenticator


def test_what_the_creator_must_support() -> None:
    """Its own requirements and every extension of the context."""
    random = SeededEntropy("support")
    own = key_package(b"alice", random)
    with pytest.raises(MlsRefused):
        Group.create(own, b"group", random, (Extension(0x7777, b"salt"),))
    required = Extension(ExtensionType.REQUIRED_CAPABILITIES, RequiredCapabilities((0x7777,), (), ()).encode())
    with pytest.raises(MlsRefused):
        Group.create(own, b"group", random, (required,))
    with pytest.raises(MlsRefused):
        Group.create(own, b"group", random, (Extension(1, b""), Extension(1, b"")))
    capable = identity(b"bob", random, CLASSICAL, replace(DEFAULT_CAPABILITIES, extensions=(0x7777,)))
    able = OwnKeyPackage.generate(CLASSICAL, capable, random)
    group = Group.create(able, b"group", random, (Extension(0x7777, b"salt"), required))
    assert len(group.context.extensions) == 2
    with pytest.raises(MlsRefused):
        group.add([own.package], random)


def test_the_name_has_a_limit() -> None:
    """Of 64 KiB."""
    own = key_package(b"alice", SeededEntropy("name"))
    Group.create(own, bytes(NAME_BYTES_MAX), SeededEntropy(1))
    with pytest.raises(MlsMalformed):
        Group.create(own, bytes(NAME_BYTES_MAX + 1), SeededEntropy(1))
