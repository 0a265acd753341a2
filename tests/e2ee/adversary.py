"""A server that chooses every field of every notice, and an account of its own that founds groups in others' names.

It takes what it has seen so far (names, keys, packages, commits, Welcomes, sealed objects, numbers, terms) and what
nobody ever said, and puts any of it into any field; it repeats, withholds, reorders and invents whole notices, for some
and not for others.  There is no list of lies: notices are rebuilt field by field from their types.  Its own account,
which may be in some conversations by right, makes groups of other people's packages under any name, list and terms.
"""

from collections.abc import Iterable
from random import Random
from typing import Any, get_args, get_type_hints

import msgspec

from reactor_chat.e2ee import member_list, payload
from reactor_chat.e2ee.blobs import hash_of, pieces
from reactor_chat.e2ee.conversation import Conversation, Scope
from reactor_chat.e2ee.identity import Person as Member
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.terms import common_name, extension_of, make_terms, terms_of
from reactor_chat.errors import MlsError
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import OwnKeyPackage, read_key_package
from reactor_chat.mls.messages import Add
from reactor_chat.mls.suites import HYBRID
from reactor_chat.wire.messages import (
    Accepted,
    BlobAnswer,
    GroupChanged,
    GroupSaid,
    Joined,
    KeysAnswer,
    MembersAnswer,
    NamesAnswer,
    Notice,
    PublishedKey,
    Refused,
    Released,
    Said,
    SealAdd,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    SealsAnswer,
    Told,
    read_sealed,
)
from tests.e2ee.world import World

HONEST = ("Ann", "Bob", "Cid")
GHOST = "Mal"
"""The server's own account: it has a client, keys and packages, and what it opens the server has read."""

TEAM = Conversation.group("team")

KINDS: tuple[type[Any], ...] = (
    Said, Told, GroupSaid, SealCreated, SealCommitted, SealAsked, SealEnded, SealsAnswer, KeysAnswer, GroupChanged,
    Released, Joined, Accepted, Refused, BlobAnswer, NamesAnswer, MembersAnswer,
)  # fmt: skip
CODES = ("stale_epoch", "not_a_member", "not_allowed", "bad_message", "gap", "no_such_user", "already_a_member")
NAMED = ("sender", "to", "name", "user", "by")
LISTS = ("names", "members", "waiting", "missing", "removes")
NUMBERS = ("seq", "at", "epoch", "index", "count")
HASHES = ("group_id", "salt", "hash", "welcome", "commit_blob", "replaces")
KEPT_MAX = 200


class Adversary:
    """What stands between the service and one client.

    Args:
        world: whose service it is.
        chance: its dice.
        rate: how often it changes, drops or invents, 0 to 1.
    """

    def __init__(self, world: World, chance: Random, rate: float) -> None:
        self.world = world
        self.chance = chance
        self.rate = rate
        self.seen: list[Notice] = []
        self.values: dict[Any, list[Any]] = {}

    def __call__(self, notice: Notice) -> Iterable[Notice]:
        """Say what is told instead of a notice."""
        self.learn(notice)
        if self.chance.random() >= self.rate:
            return [notice]
        return self.chance.choice([lambda _: [], self._repeat, self._bend, self._bend, self._bend, self._invent])(
            notice
        )

    def learn(self, notice: Notice) -> None:
        """Remember a notice and what is in its fields, by the fields' names."""
        self.seen.append(notice)
        for name in notice.__struct_fields__:
            value = getattr(notice, name)
            if value is not None and len(self.values.setdefault(name, [])) < KEPT_MAX:
                self.values[name].append(value)

    def _repeat(self, notice: Notice) -> Iterable[Notice]:
        return [notice, self.numbered(self.chance.choice(self.seen))]

    def _bend(self, notice: Notice) -> Iterable[Notice]:
        names = list(notice.__struct_fields__)
        bent = notice
        for name in self.chance.sample(names, k=min(len(names), self.chance.randint(1, 3))):
            bent = self.with_field(bent, name)
        return [bent]

    def _invent(self, notice: Notice) -> Iterable[Notice]:
        kind = self.chance.choice(KINDS)
        made = {name: self.value(kind, name) for name in kind.__struct_fields__}
        return [notice, self.numbered(kind(**made))]

    def numbered(self, notice: Notice) -> Notice:
        """Give a notice a number that counts as new, most of the time."""
        if hasattr(notice, "seq") and self.chance.random() < 0.8:
            return msgspec.structs.replace(notice, seq=self.world.service.seq + 1)
        return notice

    def with_field(self, notice: Notice, name: str) -> Notice:
        """Return a notice with another value in one field."""
        return msgspec.structs.replace(notice, **{name: self.value(type(notice), name)})

    def value(self, kind: type[Any], name: str) -> Any:
        """Return something for a field: what was there before, what another had there, or what was never said."""
        own = [getattr(one, name) for one in self.seen if isinstance(one, kind)]
        pool = [self.fresh(kind, name), self.fresh(kind, name), *self.some(own), *self.some(self.values.get(name, []))]
        return self.chance.choice(pool)

    def some(self, values: list[Any]) -> list[Any]:
        """Return a few of many."""
        return [self.chance.choice(values) for _ in range(2)] if values else []

    def fresh(self, kind: type[Any], name: str) -> Any:  # noqa: PLR0911  a table would hide that each needs its own pool
        """Make a value of the field's type."""
        chance, service = self.chance, self.world.service
        if name in NAMED:
            return chance.choice([*HONEST, GHOST])
        if name in LISTS:
            return chance.sample([*HONEST, GHOST], k=chance.randint(0, 4))
        if name in ("group", "with_"):
            return chance.choice(["team", None, *HONEST, GHOST]) if name == "with_" else chance.choice(["team", None])
        if name in NUMBERS:
            return chance.choice([0, 1, service.seq, service.seq + 1, chance.randint(0, 9)])
        if name == "keys":
            return [self.published() for _ in range(chance.randint(0, 3))]
        if name == "adds":
            return [self.added() for _ in range(chance.randint(0, 2))]
        if name in ("text", "re", "id", "change", "code"):
            return self.word(name)
        if name in HASHES:
            return chance.choice([*self.some(self.values.get(name, [])), bytes([chance.randint(0, 255)]) * 32])
        return self.by_type(kind, name)

    def by_type(self, kind: type[Any], name: str) -> Any:
        """Make a value where only its type says what it can be."""
        hint = get_type_hints(kind).get(name)
        options = get_args(hint) or (hint,)
        if bool in options:
            return self.chance.random() < 0.5
        if int in options:
            return self.chance.choice([1, 3, 0xF0C1, self.world.service.seq])
        if type(None) in options:
            return None
        if bytes in options or hint is bytes:
            return self.chance.randbytes(self.chance.randint(1, 40))
        return self.chance.choice(self.values.get(name, [[]]))

    def word(self, name: str) -> str | None:
        """Make a text, an id, a change or a code."""
        if name == "change":
            return self.chance.choice(["created", "added", "kicked", "left", "deleted", "owner"])
        if name == "code":
            return self.chance.choice(CODES)
        if name == "text":
            return self.chance.choice([None, "words of the server"])
        ids = [key[1] for key in self.world.service.outcomes]
        return self.chance.choice([None, *ids[-6:], "x"])

    def published(self) -> PublishedKey:
        """Make an entry of a `keys` answer, of packages there are and accounts there are."""
        chance, service = self.chance, self.world.service
        shelves = [shelf.packages[0] for shelf in service.shelves.values() if shelf.packages]
        package = chance.choice([*shelves, b"no package"])
        account = chance.choice([*service.accounts.values(), bytes(32)])
        name = chance.choice([*HONEST, GHOST])
        return PublishedKey(name, account, package, chance.choice([reference_of(package), bytes(32)]))

    def added(self) -> SealAdd:
        """Make an entry of a commit's `adds`."""
        shelves = [shelf.packages[0] for shelf in self.world.service.shelves.values() if shelf.packages]
        package = self.chance.choice([*shelves, b"no package"])
        return SealAdd(self.chance.choice([*HONEST, GHOST]), reference_of(package))


class Forger:
    """What the server and its own account can do with the packages that everybody published.

    Args:
        world: whose service and accounts.
        chance: its dice.

    Attributes:
        groups: every group of its own making; it can read what is sealed there.
    """

    def __init__(self, world: World, chance: Random) -> None:
        self.world = world
        self.chance = chance
        self.groups: list[Group] = []

    def forge(self, victim: str, where: Conversation) -> None:
        """Make a group that looks like the conversation to somebody, as far as one can, and let them in."""
        service, chance, ghost = self.world.service, self.chance, self.world[GHOST]
        real = self.world[chance.choice(HONEST)].talk(where).group
        group_id = real.group_id if real is not None and chance.random() < 0.7 else chance.randbytes(32)
        others = [name for name in HONEST if name != victim and chance.random() < 0.6]
        own = OwnKeyPackage.generate(HYBRID, ghost.session.desk.identity, ghost.random)
        extensions = self._extensions(where, real, victim, others)
        group = Group.create(own, group_id, ghost.random, extensions)
        options = CommitOptions(include_received=False)
        for _ in range(chance.randint(0, 2)):
            group = group.update(ghost.random, options=options).group
        packages = {name: self._package(name) for name in (victim, *others)}
        if any(package is None for package in packages.values()):
            return
        adds = [Add(read_key_package(package, now=1_700_000_000)) for package in packages.values() if package]
        made = group.commit(ghost.random, adds, psks={}, options=options)
        assert made.welcome is not None
        for piece in pieces(made.welcome, lambda: "m"):
            service.blobs.setdefault((GHOST.lower(), piece.hash), []).append(piece.data)
        self.groups.append(made.group)
        self._tell(victim, where, group, made.message, hash_of(made.welcome), packages)

    def _extensions(self, where: Conversation, real: Group | None, victim: str, others: list[str]) -> tuple[Any, ...]:
        """Terms and list: those of the real group, or made up in whose name one likes."""
        chance, ghost = self.chance, self.world[GHOST]
        if real is not None and chance.random() < 0.5:
            return real.context.extensions
        by = chance.choice([*HONEST, GHOST])
        seen_from = Conversation.pair(victim if by != victim else GHOST) if where.scope is Scope.PAIR else where
        terms = make_terms(seen_from, by, self._salt(where), None)
        if where.scope is Scope.PAIR:
            terms = msgspec.structs.replace(terms, conversation=common_name(where, victim))
        if not terms.closed:
            return (extension_of(terms),)
        people = [self._member(name) for name in (GHOST, victim, *others)]
        owner = Member(chance.choice([by, GHOST]), ghost.session.desk.own_key)
        people = [owner, *(one for one in people if one.folded != owner.folded)]
        key = ghost.session.desk.identity.signing_key
        members = member_list.make(terms.conversation, chance.choice([1, 2**52]), owner, people, key)
        return (extension_of(terms), member_list.extension_of(members))

    def _salt(self, where: Conversation) -> bytes:
        for place, sealing in self.world.service.seals.items():
            if place[0] == where.scope.value:
                return sealing.salt
        return bytes(32)

    def _member(self, name: str) -> Member:
        return Member(name, self.world[name].session.desk.own_key)

    def _package(self, name: str) -> bytes | None:
        shelf = self.world.service.shelves.get((name.lower(), HYBRID))
        return shelf.packages[0] if shelf is not None and shelf.packages else None

    def _tell(
        self, victim: str, where: Conversation, group: Group, commit: bytes, welcome: bytes, packages: dict[str, Any]
    ) -> None:
        """Tell the victim of the group, as of one that was sealed just now or went on."""
        service, chance = self.world.service, self.chance
        terms = terms_of(group)
        sender = chance.choice([GHOST, GHOST, *HONEST])
        to, name = (victim, None) if where.scope is Scope.PAIR else (None, where.group_name)
        if where.scope is Scope.PAIR:
            sender = next(one for one in (*HONEST, GHOST) if one.lower() == where.name)
        if chance.random() < 0.6:
            head = (service.seq + 1, 0, chance.choice([terms.creator, sender]), group.group_id, group.suite.number)
            service.tell(victim, SealCreated(*head, terms.salt, to, name, None, terms.require, None, "f"))
        adds = [SealAdd(one, reference_of(package)) for one, package in packages.items()]
        head = (service.seq + 2, 0, sender, group.group_id, group.epoch)
        removes = [victim] if chance.random() < 0.5 else []
        service.tell(victim, SealCommitted(*head, to, name, commit, None, adds, removes, welcome, "g"))
        for place, sealing in service.seals.items():
            if place[0] == where.scope.value and chance.random() < 0.5:
                sealing.group_id, sealing.epoch = group.group_id, group.epoch + 1

    def opened(self) -> list[str]:
        """Return every text that the server's account opens of what passed: with its client, or a group of its own."""
        found = list(self.world[GHOST].read) if GHOST in self.world.people else []
        for raw in self.world.service.sealed:
            sealed = read_sealed(raw)
            if sealed is None:
                continue
            for at, group in enumerate(self.groups):
                try:
                    opened = group.unprotect(sealed.mls)
                    found.append(payload.decode(opened.data).body)
                except MlsError:
                    continue
                self.groups[at] = opened.group
        return found
