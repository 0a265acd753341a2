"""What a sealed conversation is for, written into the group itself: every member's keys depend on it.

A server that tells one member another salt, weaker parameters, another creator or another place is found out by
comparing.  The terms of a group never change; other terms are another group.
"""

import msgspec

from reactor_chat.e2ee.conversation import Conversation, Scope
from reactor_chat.e2ee.identity import TERMS_EXTENSION
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.group import Group
from reactor_chat.mls.structs import Extension, extension_data
from reactor_chat.wire.messages import Kdf, SealCreated, SealsAnswer, fold

_VERSION = 1


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the extension.

    Attributes:
        conversation: `common_name` of the conversation.
        creator: folded name.
        salt: 32 bytes.
        kdf: where a passphrase is required.
        require: plain text is refused.
        closed: only the creator lets people in.
    """

    v: int
    conversation: str
    creator: str
    salt: bytes
    kdf: Kdf | None
    require: bool
    closed: bool


class Claim(msgspec.Struct, frozen=True):
    """What the server says about a sealed conversation."""

    group_id: bytes
    suite: int
    salt: bytes
    kdf: Kdf | None
    require: bool
    by: str
    seq: int


def common_name(conversation: Conversation, me: str) -> str:
    """Return the name of a conversation that is the same for everybody in it."""
    if conversation.scope is Scope.PAIR:
        return "pair:" + ",".join(sorted((conversation.name, fold(me))))
    return conversation.key.removesuffix("/")


def make_terms(conversation: Conversation, me: str, salt: bytes, kdf: Kdf | None) -> Terms:
    """Return the terms of a group of our own: the room takes plain text too, a group's creator alone lets people in."""
    closed = conversation.scope is Scope.GROUP
    require = conversation.scope is not Scope.ROOM
    return Terms(_VERSION, common_name(conversation, me), fold(me), salt, kdf, require, closed)


def extension_of(terms: Terms) -> Extension:
    """Return the extension of the GroupContext."""
    return Extension(TERMS_EXTENSION, msgspec.msgpack.encode(terms))


def terms_of(group: Group) -> Terms:
    """Return the terms of a group.

    Raises:
        MlsRefused: it has none that we understand.
    """
    encoded = extension_data(group.context.extensions, TERMS_EXTENSION)
    try:
        terms = msgspec.msgpack.decode(encoded or b"", type=Terms)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MlsRefused("a group without terms") from None
    if terms.v != _VERSION or msgspec.msgpack.encode(terms) != encoded:
        raise MlsRefused("a group without terms")
    return terms


def claim_of(said: SealCreated | SealsAnswer) -> Claim | None:
    """Return what the server says about a conversation, None where it says that it is not sealed."""
    if isinstance(said, SealCreated):
        return Claim(said.group_id, said.suite, said.salt, said.kdf, said.require, fold(said.sender), said.seq)
    if said.group_id is None or said.suite is None or said.salt is None:
        return None
    by, seq = fold(said.by or ""), said.seq or 0
    return Claim(said.group_id, said.suite, said.salt, said.kdf, said.require, by, seq)


def agree(group: Group, claim: Claim, conversation: Conversation, me: str) -> bool:
    """Return whether a group is what the server says it is, and where it says."""
    terms = terms_of(group)
    same_place = terms.conversation == common_name(conversation, me)
    same_group = (group.group_id, group.suite.number) == (claim.group_id, claim.suite)
    same_terms = (terms.salt, terms.kdf, terms.require) == (claim.salt, claim.kdf, claim.require)
    return same_place and same_group and same_terms and terms.creator == claim.by
