"""The sealed conversations, as the commits claim them: which epoch is current, who is a member, who asked to be let in.

What is claimed here is only what the server goes by when it passes things on; the members check every claim.  A place
is the room, a pair of people (folded names, sorted), or a group (by the number of its creation, so that a later group
of the same name is another one).
"""

from msgspec import Struct

from reactor_chat.wire.messages import Kdf, SealAsked, SealCommitted, SealCreated, fold

WAITING_MAX = 1_000
"""People who wait to be let into one conversation; who asked first is forgotten beyond, and asks again."""

ROOM = "room"


def place_of_pair(one: str, other: str) -> str:
    """Return the place of a conversation of two people."""
    first, second = fold(one), fold(other)
    return f"pair/{first}/{second}" if first < second else f"pair/{second}/{first}"


def place_of_group(born: int) -> str:
    """Return the place of a group's conversation; `born` is the number of the group's creation."""
    return f"group/{born}"


class Seal(Struct, array_like=True):
    """How one conversation is sealed.

    Attributes:
        place: which conversation it is.
        members: folded names, in the order in which they were let in.
        waiting: folded names of who asked, oldest first; and whether they are lost.
        by: folded name of who sealed it, with the record `seq`.
    """

    place: str
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
    return Seal(seal.place, seal.group_id, seal.suite, seal.salt, seal.kdf, seal.require, seal.by, seal.seq, *copied)


class Seals:
    """Every sealed conversation, by its place."""

    def __init__(self) -> None:
        self._seals: dict[str, Seal] = {}
        self._made_by: dict[str, int] = {}

    def get(self, place: str) -> Seal | None:
        """Return how a conversation is sealed; None where it is not."""
        return self._seals.get(place)

    def made_by(self, name: str) -> int:
        """Return how many of the conversations that are sealed now somebody sealed."""
        return self._made_by.get(fold(name), 0)

    def create(self, place: str, record: SealCreated) -> None:
        """Note that a conversation is sealed from now on, whatever it was before."""
        self.end(place)
        by = fold(record.sender)
        self._seals[place] = Seal(
            place,
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

    def commit(self, place: str, record: SealCommitted) -> None:
        """Note that a conversation is in its next epoch, who left it and who entered."""
        seal = self._seals[place]
        seal.epoch = record.epoch + 1
        for name in record.removes:
            seal.members.pop(fold(name), None)
        for add in record.adds:
            seal.members[fold(add.name)] = None
            seal.waiting.pop(fold(add.name), None)

    def ask(self, place: str, record: SealAsked) -> None:
        """Note that somebody waits to be let in."""
        waiting = self._seals[place].waiting
        waiting.pop(fold(record.sender), None)
        waiting[fold(record.sender)] = record.lost
        if len(waiting) > WAITING_MAX:
            del waiting[next(iter(waiting))]

    def end(self, place: str) -> None:
        """Note that a conversation is not sealed, or not there, any more."""
        seal = self._seals.pop(place, None)
        if seal is None:
            return
        self._made_by[seal.by] -= 1
        if not self._made_by[seal.by]:
            del self._made_by[seal.by]

    def forget(self, name: str) -> None:
        """Forget somebody whose name was released: who takes it next was let in nowhere, and told nobody anything."""
        person = fold(name)
        for place, seal in list(self._seals.items()):
            if place.startswith("pair/") and person in place.split("/")[1:]:
                self.end(place)
            else:
                seal.members.pop(person, None)
                seal.waiting.pop(person, None)

    def dump(self) -> list[Seal]:
        """Return a copy of every sealed conversation, sorted by place."""
        return [_copy(self._seals[place]) for place in sorted(self._seals)]

    def load(self, seals: list[Seal]) -> None:
        """Replace the state by what `dump` returned."""
        self._seals = {seal.place: _copy(seal) for seal in seals}
        self._made_by = {}
        for seal in seals:
            self._made_by[seal.by] = self.made_by(seal.by) + 1
