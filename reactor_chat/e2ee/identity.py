"""Who a leaf says it is: a name and a device, spoken for by the account key.

A leaf's credential is the compact JSON {"v":1,"name":…,"device":0}; its signature key is the key that the name is
claimed with.  There is one device for each account so far, number 0; others are refused until there are rules for
them.
"""

from typing import NamedTuple

import msgspec

from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import MLS10, BasicCredential, Capabilities, CredentialType, LeafNode
from reactor_chat.mls.keypackage import Identity
from reactor_chat.mls.signatures import Ed25519, SigningKey
from reactor_chat.mls.suites import CLASSICAL, HYBRID, available
from reactor_chat.wire.messages import fold, is_name

TERMS_EXTENSION = 0xF0C4
"""The number, for private use (RFC 9420 §17.3), of the extension that `terms` describes."""

MEMBERS_EXTENSION = 0xF0C5
"""Likewise of the one that `member_list` describes."""

SUITES_WANTED = (HYBRID, CLASSICAL)
"""The suites a session uses, the better first."""

DEVICE = 0  # everybody has one device so far
_VERSION = 1  # of the credential's content


class _Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: int
    name: str
    device: int


class Person(NamedTuple):
    """Somebody in a group: the name as its holder spells it, and the account key."""

    name: str
    key: bytes

    @property
    def folded(self) -> str:
        """The name, equal for every spelling."""
        return fold(self.name)


def suites() -> tuple[int, ...]:
    """Return the numbers of the suites that work here, the better first; at least one."""
    return tuple(number for number in SUITES_WANTED if number in available())


def own_identity(name: str, seed: bytes) -> Identity:
    """Return what one's own leaves say.

    Args:
        name: as its holder spells it.
        seed: of the account key, 32 bytes.
    """
    capabilities = Capabilities((MLS10,), suites(), (TERMS_EXTENSION, MEMBERS_EXTENSION), (), (CredentialType.BASIC,))
    credential = msgspec.json.encode(_Credential(_VERSION, name, DEVICE))
    return Identity(BasicCredential(credential), SigningKey(Ed25519(), seed), capabilities)


def person_of(leaf: LeafNode) -> Person:
    """Return whom a leaf claims to be.  That the key is really theirs is for `trust` to say.

    Raises:
        MlsRefused: the credential is not one of ours, canonical, with a name that people can have.
    """
    credential = leaf.credential
    if not isinstance(credential, BasicCredential):
        raise MlsRefused("a credential of another kind")
    try:
        read = msgspec.json.decode(credential.identity, type=_Credential)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MlsRefused("a credential that names nobody") from None
    if read.v != _VERSION or read.device != DEVICE or not is_name(read.name):
        raise MlsRefused("a credential that names nobody")
    if msgspec.json.encode(read) != credential.identity:
        raise MlsRefused("a credential is not in its one form")
    return Person(read.name, leaf.signature_key)


def knows_better_suite(leaf: LeafNode, suite: int) -> bool:
    """Return whether the owner of a leaf, by what it signed, could use a better suite than this one.

    A server that hands out only the worse packages of somebody is found out by it.

    Args:
        leaf: of a package, its signature checked.
        suite: number of the one that the server offered.
    """
    better = SUITES_WANTED[: SUITES_WANTED.index(suite)] if suite in SUITES_WANTED else ()
    return any(number in leaf.capabilities.cipher_suites for number in better)
