"""Who may read a closed conversation: a list that its owner keeps, numbers and signs, carried in the group itself.

The list is an extension of the GroupContext, so every member's keys depend on it and a Welcome brings it along.  What
it binds is the key, never the name.  Nobody but the owner's own client can make one, and it makes one only when its
person orders it; a server has nothing to say here.  Everybody holds two things to it: each list has a higher number
than the one before, and the leaves of the tree are the people of the list, no more and no fewer.
"""

import msgspec

from reactor_chat.e2ee.identity import MEMBERS_EXTENSION, Person, person_of
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.encoding.structs import Extension, extension_data
from reactor_chat.mls.group import Group
from reactor_chat.mls.signatures import Ed25519, SigningKey

MEMBERS_MAX = 1_000  # as many members of an encrypted conversation as a client believes a server to allow
NUMBER_MAX = 2**53  # what every program that reads JSON can count to; milliseconds since 1970 are far below it
_VERSION = 1  # of the extension's content
_LABEL = b"reactor-chat member list v1\x00"


class Member(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Somebody on a list: the name as its holder spells it, and the account key, 32 bytes."""

    name: str
    key: bytes

    @property
    def person(self) -> Person:
        """The same as a person in a group."""
        return Person(self.name, self.key)


class MemberList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the extension.

    Attributes:
        conversation: `common_name` of the conversation.
        number: higher than that of every list before, 1 to `NUMBER_MAX`.
        owner: who keeps the list from now on; another one than who signed it where the owner handed it over.
        members: everybody, the owner included, in the order in which they were added.
        signature: by the key of who kept the list before this one.
    """

    v: int
    conversation: str
    number: int
    owner: Member
    members: list[Member]
    signature: bytes = b""

    @property
    def people(self) -> set[tuple[str, bytes]]:
        """Folded name and key of everybody on it."""
        return {_folded(entry.person) for entry in self.members}

    def key_of(self, name: str) -> bytes | None:
        """Return the key by which somebody is on it; None where they are not."""
        return next((entry.key for entry in self.members if entry.person.folded == Person(name, b"").folded), None)


def make(conversation: str, number: int, owner: Person, people: list[Person], signing_key: SigningKey) -> MemberList:
    """Return a signed list.

    Args:
        conversation: `common_name`.
        number: above that of the list before.
        owner: who keeps it from now on.
        people: everybody on it, the owner included.
        signing_key: of who kept it until now.
    """
    entries = [Member(person.name, person.key) for person in people]
    unsigned = MemberList(_VERSION, conversation, number, Member(owner.name, owner.key), entries)
    return msgspec.structs.replace(unsigned, signature=signing_key.sign(_signed_bytes(unsigned)))


def extension_of(members: MemberList) -> Extension:
    """Return the extension of the GroupContext."""
    return Extension(MEMBERS_EXTENSION, msgspec.msgpack.encode(members))


def members_of(group: Group) -> MemberList:
    """Return the list that a group carries; whose signature it bears is for `check_signed` to say.

    Raises:
        MlsRefused: it carries none, or one that is not in its one form.
    """
    return read(group.context.extensions)


def read(extensions: tuple[Extension, ...]) -> MemberList:
    """Return the list among the extensions of a GroupContext; as `members_of`."""
    encoded = extension_data(extensions, MEMBERS_EXTENSION)
    try:
        members = msgspec.msgpack.decode(encoded or b"", type=MemberList)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MlsRefused("a closed group without a member list") from None
    names = {entry.person.folded for entry in members.members}
    is_whole = members.v == _VERSION and 1 <= members.number <= NUMBER_MAX and len(names) == len(members.members)
    if not is_whole or not len(names) <= MEMBERS_MAX or msgspec.msgpack.encode(members) != encoded:
        raise MlsRefused("a closed group without a member list")
    if _folded(members.owner.person) not in members.people:
        raise MlsRefused("a member list without its owner")
    return members


def check_signed(members: MemberList, conversation: str, keeper: bytes) -> None:
    """Return if this key signed this list for this conversation, else raise MlsRefused.

    Args:
        conversation: `common_name`.
        keeper: account key of who kept the list until this one.
    """
    if members.conversation != conversation:
        raise MlsRefused("a member list of another conversation")
    unsigned = msgspec.structs.replace(members, signature=b"")
    Ed25519().verify(keeper, members.signature, _signed_bytes(unsigned))


def check_tree(group: Group, members: MemberList) -> None:
    """Return if the members of a group are those of the list, no more and no fewer; else raise MlsRefused."""
    if {_folded(person_of(leaf)) for leaf in group.members.values()} != members.people:
        raise MlsRefused("the members of a closed group are not those of its list")


def _signed_bytes(unsigned: MemberList) -> bytes:
    return _LABEL + msgspec.msgpack.encode(unsigned)


def _folded(person: Person) -> tuple[str, bytes]:
    return person.folded, person.key
