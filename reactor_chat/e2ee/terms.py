"""What a sealed conversation is for, written into the group itself: every member's keys depend on it.

A server that tells one member another salt, weaker parameters, another creator or another place is found out by
comparing.  The terms of a group never change; other terms are another group.
"""

import msgspec

from reactor_chat.e2ee.identity import SUITES_WANTED, TERMS_EXTENSION
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import Extension, extension_data
from reactor_chat.mls.group import Group
from reactor_chat.wire.conversation import Conversation, Scope
from reactor_chat.wire.messages import Kdf, SealCreated, SealsAnswer, fold

_VERSION = 1  # of the extension's content


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the extension.

    Attributes:
        conversation: `common_name` of the conversation.
        creator: folded name.
        salt: 32 bytes.
        kdf: where a passphrase is required.
        require: plain text is refused.
        closed: a list of members says who may read, see `member_list`.
    """

    v: int
    conversation: str
    creator: str
    salt: bytes
    kdf: Kdf | None
    require: bool
    closed: bool


class Strength(msgspec.Struct, frozen=True):
    """What of the terms protects people: as a person agreed to it, or ordered it.

    Attributes:
        suite: its number.
        kdf: where a passphrase is required.
        closed: the owner's list says who may read.
        require: plain text is refused.
    """

    suite: int
    kdf: Kdf | None = None
    closed: bool = False
    require: bool = False

    def lost_in(self, other: "Strength") -> list[str]:
        """Return in words what other terms give up of these; empty where they are equal or stronger."""
        lost = []
        if _rank(other.suite) > _rank(self.suite):
            lost.append("a weaker cipher suite")
        if self.kdf is not None and (other.kdf is None or _is_cheaper(other.kdf, self.kdf)):
            lost.append("no passphrase" if other.kdf is None else "a passphrase that is easier to guess")
        if self.closed and not other.closed:
            lost.append("no list of members")
        if self.require and not other.require:
            lost.append("unencrypted messages allowed")
        return lost


class Claim(msgspec.Struct, frozen=True):
    """What the server says about a sealed conversation."""

    group_id: bytes
    suite: int
    salt: bytes
    kdf: Kdf | None
    require: bool
    by: str
    seq: int

    def strength(self, *, closed: bool) -> Strength:
        """Return what protects people there; whether it is closed, only the group itself can say."""
        return Strength(self.suite, self.kdf, closed, self.require)


def common_name(conversation: Conversation, me: str) -> str:
    """Return the name of a conversation that is the same for everybody in it.

    Args:
        conversation: as `me` calls it.
        me: name of our person, in any spelling.
    """
    if conversation.scope is Scope.PAIR:
        return "pair:" + ",".join(sorted((conversation.name, fold(me))))
    return conversation.key.removesuffix("/")


def make_terms(conversation: Conversation, me: str, salt: bytes, kdf: Kdf | None, *, closed: bool = False) -> Terms:
    """Return the terms of a group of our own: the room takes plain text too, unless it is closed; groups are closed.

    Args:
        conversation: as `me` calls it.
        me: name of our person, in any spelling.
        salt: 32 bytes.
        kdf: parameters of the passphrase; None where none is required.
        closed: the room is closed; a group is in any case.
    """
    closed = closed or conversation.scope is Scope.GROUP
    require = closed or conversation.scope is not Scope.ROOM
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


def strength_of(group: Group) -> Strength:
    """Return what protects people in a group; MlsRefused where it has no terms that we understand."""
    terms = terms_of(group)
    return Strength(group.suite.number, terms.kdf, terms.closed, terms.require)


def claim_of(said: SealCreated | SealsAnswer) -> Claim | None:
    """Return what the server says about a conversation, None where it says that it is not sealed."""
    if isinstance(said, SealCreated):
        return Claim(said.group_id, said.suite, said.salt, said.kdf, said.require, fold(said.sender), said.seq)
    if said.group_id is None or said.suite is None or said.salt is None:
        return None
    by, seq = fold(said.by or ""), said.seq or 0
    return Claim(said.group_id, said.suite, said.salt, said.kdf, said.require, by, seq)


def agree(group: Group, claim: Claim, conversation: Conversation, me: str) -> bool:
    """Return whether a group is what the server says it is, and where it says.

    Args:
        group: that MLS has opened.
        claim: what the server says.
        conversation: as `me` calls it.
        me: name of our person, in any spelling.
    """
    terms = terms_of(group)
    same_place = terms.conversation == common_name(conversation, me)
    same_group = (group.group_id, group.suite.number) == (claim.group_id, claim.suite)
    same_terms = (terms.salt, terms.kdf, terms.require) == (claim.salt, claim.kdf, claim.require)
    return same_place and same_group and same_terms and terms.creator == claim.by


def _rank(suite: int) -> int:
    """The place of a suite, the best first; those that no session uses come last."""
    return SUITES_WANTED.index(suite) if suite in SUITES_WANTED else len(SUITES_WANTED)


def _is_cheaper(one: Kdf, other: Kdf) -> bool:
    return one.memory_kib < other.memory_kib or one.passes < other.passes
