"""The sealed conversations, as the commits claim them: which epoch is current, who is a member, who asked to be let in.

What is claimed here is only what the server goes by when it passes things on; the members check every claim.  Here a
conversation is its label (`Conversation.label`): the room's, that of two people, or a group's by the number of its
creation.
"""

from msgspec import Struct

from reactor_chat.wire.messages import Kdf, SealAsked, SealCommitted, SealCreated, fold

WAITING_MAX = 1_000
"""People who wait to be let into one conversation; who asked first is forgotten beyond, and asks again."""


class Seal(Struct, array_like=True):
    """How one conversation is sealed.

    Attributes:
        conversation: which conversation it is, by its label.
        members: folded names, in the order in which they were let in.
        waiting: folded names of who asked, oldest first; and whether they are lost.
        by: folded name of who sealed it, with the record `seq`.
    """

    conversation: str
    group_id: bytes
    suite: int
    salt: bytes
    kdf: Kdf | None
    require: bool
    by: str
    seq: int
    epoch: int
    members: dict[str, None]
    waiting: dict[str, bool]


def _copy(seal: Seal) -> Seal:
    copied = (seal.epoch, dict(seal.members), dict(seal.waiting))
    return Seal(
        seal.conversation, seal.group_id, seal.suite, seal.salt, seal.kdf, seal.require, seal.by, seal.seq, *copied
    )


class Seals:
    """Every sealed conversation, by its conversation."""

    def __init__(self) -> None:
        self._seals: dict[str, Seal] = {}
        self._made_by: dict[str, int] = {}

    def get(self, conversation: str) -> Seal | None:
        """Return how a conversation is sealed; None where it is not."""
        return self._seals.get(conversation)

    def made_by(self, name: str) -> int:
        """Return how many of the conversations that are sealed now somebody sealed."""
        return self._made_by.get(fold(name), 0)

    def create(self, conversation: str, record: SealCreated) -> None:
        """Note that a conversation is sealed from now on, whatever it was before."""
        self.end(conversation)
        by = fold(record.sender)
        self._seals[conversation] = Seal(
            conversation,
            record.group_id,
            record.suite,
            record.salt,
            record.kdf,
            record.require,
            by,
            record.seq,
            0,
            {by: None},
            {},
        )
        self._made_by[by] = self.made_by(by) + 1

    def commit(self, conversation: str, record: SealCommitted) -> None:
        """Note that a conversation is in its next epoch, who left it and who entered."""
        seal = self._seals[conversation]
        seal.epoch = record.epoch + 1
        for name in record.removes:
            seal.members.pop(fold(name), None)
        for add in record.adds:
            seal.members[fold(add.name)] = None
            seal.waiting.pop(fold(add.name), None)

    def ask(self, conversation: str, record: SealAsked) -> None:
        """Note that somebody waits to be let in."""
        waiting = self._seals[conversation].waiting
        waiting.pop(fold(record.sender), None)
        waiting[fold(record.sender)] = record.lost
        if len(waiting) > WAITING_MAX:
            del waiting[next(iter(waiting))]

    def end(self, conversation: str) -> None:
        """Note that a conversation is not sealed, or not there, any more."""
        seal = self._seals.pop(conversation, None)
        if seal is None:
            return
        self._made_by[seal.by] -= 1
        if not self._made_by[seal.by]:
            del self._made_by[seal.by]

    def forget(self, name: str) -> None:
        """Forget somebody whose name was released: who takes it next was let in nowhere, and told nobody anything."""
        person = fold(name)
        for conversation, seal in list(self._seals.items()):
            if conversation.startswith("pair/") and person in conversation.split("/")[1:]:
                self.end(conversation)
            else:
                seal.members.pop(person, None)
                seal.waiting.pop(person, None)

    def dump(self) -> list[Seal]:
        """Return a copy of every sealed conversation, sorted by conversation."""
        return [_copy(self._seals[conversation]) for conversation in sorted(self._seals)]

    def load(self, seals: list[Seal]) -> None:
        """Replace the state by what `dump` returned."""
        self._seals = {seal.conversation: _copy(seal) for seal in seals}
        self._made_by = {}
        for seal in seals:
            self._made_by[seal.by] = self.made_by(seal.by) + 1
