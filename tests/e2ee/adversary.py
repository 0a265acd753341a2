"""A server that chooses every field of every notice.

It takes what it has seen so far (names, keys, packages, commits, Welcomes, sealed objects, numbers, terms) and what
nobody ever said, and puts any of it into any field; it repeats, withholds, delays, reorders and invents whole notices,
for some and not for others.  There is no list of lies: notices are rebuilt field by field from their types.
"""

from collections.abc import Iterable
from random import Random
from typing import Any, get_args, get_type_hints

import msgspec

from reactor_chat.e2ee.packages import reference_of
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.messages import (
    Accepted,
    BlobAnswer,
    Exited,
    GroupChanged,
    GroupSaid,
    Joined,
    Kdf,
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
)
from tests.e2ee.forger import EVERYBODY, impostor
from tests.e2ee.oracle import counts
from tests.e2ee.village import CLUB, TEAM, Village

KINDS: tuple[type[Any], ...] = (
    Said, Told, GroupSaid, SealCreated, SealCommitted, SealAsked, SealEnded, SealsAnswer, KeysAnswer, GroupChanged,
    Released, Joined, Exited, Accepted, Refused, BlobAnswer, NamesAnswer, MembersAnswer,
)  # fmt: skip
CODES = (
    "stale_epoch",
    "not_a_member",
    "not_allowed",
    "bad_message",
    "gap",
    "no_such_user",
    "already_a_member",
    "too_fast",
)
CHANGES = ("created", "added", "kicked", "left", "deleted", "owner")
GROUPS = (TEAM.name, CLUB.name)
NAMED = ("sender", "to", "name", "user", "by")
LISTS = ("names", "members", "waiting", "missing", "removes")
NUMBERS = ("seq", "at", "epoch", "index", "count")
HASHES = ("group_id", "salt", "hash", "welcome", "commit_blob", "replaces")
KEPT_MAX = 100


class Adversary:
    """What stands between the service and one client.

    Args:
        village: whose service it is.

    Attributes:
        chance: its dice; each step brings its own.
        rate: how often it changes, drops or invents, 0 to 1.
        lies_left: how many lies it may still tell in this step.
        muted: kinds of notices that are withheld, and for how many more steps.
        swapped: folded names whose keys are always the server's own.
        told: every lie, in words.
    """

    def __init__(self, village: Village) -> None:
        self.village = village
        self.chance = Random(0)  # noqa: S311  a test's dice
        self.rate = 0.0
        self.lies_left = 0
        self.seen: list[Notice] = []
        self.values: dict[Any, list[Any]] = {}
        self.late: list[Notice] = []
        self.muted: dict[type[Any], int] = {}
        self.swapped: set[str] = set()
        self.told: list[str] = []

    def begin_step(self, chance: Random, rate: float, lies: int) -> None:
        """Take other dice."""
        self.chance, self.rate, self.lies_left = chance, rate, lies
        self.muted = {kind: left - 1 for kind, left in self.muted.items() if left > 0}

    def mute(self, kind: type[Any], steps: int) -> None:
        """Withhold all of a kind for a while."""
        self.muted[kind] = steps
        counts[f"lie withhold {kind.__name__}"] += 1

    def __call__(self, notice: Notice) -> Iterable[Notice]:
        """Say what is told instead of a notice."""
        self.learn(notice)
        if type(notice) in self.muted:
            return []
        if isinstance(notice, KeysAnswer) and any(key.name.lower() in self.swapped for key in notice.keys):
            return [_swap_keys(self, notice, self.swapped)]
        if self.lies_left <= 0 or self.chance.random() >= self.rate:
            return [notice]
        self.lies_left -= 1
        lie = self.chance.choice((_drop, _delay, _repeat, _bend, _bend, _bend, _bend, _invent))
        told = list(lie(self, notice))
        counts[f"lie {lie.__name__[1:]} {type(notice).__name__}"] += 1
        self.told.append(f"{lie.__name__[1:]}: {notice!r:.300} -> {told!r:.600}")
        return told

    def learn(self, notice: Notice) -> None:
        """Remember a notice and what is in its fields, by the fields' names."""
        self.seen.append(notice)
        for name in notice.__struct_fields__:
            value = getattr(notice, name)
            if value is not None and len(self.values.setdefault(name, [])) < KEPT_MAX:
                self.values[name].append(value)

    def numbered(self, notice: Notice) -> Notice:
        """Give a notice a number that counts as new, most of the time."""
        if hasattr(notice, "seq") and self.chance.random() < 0.8:
            return msgspec.structs.replace(notice, seq=self.village.service.seq + 1)
        return notice

    def with_field(self, notice: Notice, name: str) -> Notice:
        """Return a notice with another value in one field."""
        counts[f"field {type(notice).__name__}.{name}"] += 1
        return msgspec.structs.replace(notice, **{name: self.value(type(notice), name)})

    def value(self, kind: type[Any], name: str) -> Any:
        """Return something for a field: what was there before, what another had there, or what was never said."""
        own = [getattr(one, name) for one in self.seen[-KEPT_MAX:] if isinstance(one, kind)]
        pool = [self.fresh(kind, name), self.fresh(kind, name), *self.some(own), *self.some(self.values.get(name, []))]
        return self.chance.choice(pool)

    def some(self, values: list[Any]) -> list[Any]:
        """Return a few of many."""
        return [self.chance.choice(values) for _ in range(2)] if values else []

    def fresh(self, kind: type[Any], name: str) -> Any:  # noqa: PLR0911  a table would hide that each needs its own pool
        """Make a value of the field's type."""
        chance, service = self.chance, self.village.service
        if name in NAMED:
            return chance.choice(EVERYBODY)
        if name in LISTS:
            return chance.sample(EVERYBODY, k=chance.randint(0, 4))
        if name in ("group", "with_"):
            return chance.choice([*GROUPS, None, *EVERYBODY] if name == "with_" else [*GROUPS, None])
        if name in NUMBERS:
            return chance.choice([0, 1, service.seq, service.seq + 1, chance.randint(0, 9)])
        if name == "keys":
            return [self.published() for _ in range(chance.randint(0, 3))]
        if name == "adds":
            return [
                SealAdd(chance.choice(EVERYBODY), reference_of(self.package())) for _ in range(chance.randint(0, 2))
            ]
        if name in ("text", "re", "id", "change", "code"):
            return self.word(name)
        if name in HASHES:
            return chance.choice([*self.some(self.values.get(name, [])), bytes([chance.randint(0, 255)]) * 32])
        return self.by_type(kind, name)

    def by_type(self, kind: type[Any], name: str) -> Any:
        """Make a value where only its type says what it can be."""
        if name == "kdf":
            return self.chance.choice([None, Kdf("argon2id", 65536, 3, 1), Kdf("argon2id", 8, 1, 1)])
        hint = get_type_hints(kind).get(name)
        options = get_args(hint) or (hint,)
        if bool in options:
            return self.chance.random() < 0.5
        if int in options:
            return self.chance.choice([CLASSICAL, HYBRID, 1, self.village.service.seq])
        if type(None) in options:
            return None
        if bytes in options or hint is bytes:
            return self.chance.randbytes(self.chance.randint(1, 40))
        return self.chance.choice(self.values.get(name, [[]]))

    def word(self, name: str) -> str | None:
        """Make a text, an id, a change or a code."""
        if name in ("change", "code"):
            return self.chance.choice(CHANGES if name == "change" else CODES)
        if name == "text":
            return self.chance.choice([None, "words of the server"])
        ids = [key[1] for key in self.village.service.outcomes]
        return self.chance.choice([None, *ids[-6:], "x"])

    def package(self) -> bytes:
        """Return a package: somebody's, the server's own under somebody's name, or none."""
        shelves = [shelf.packages[0] for shelf in self.village.service.shelves.values() if shelf.packages]
        own = [one.message for one in self.chance.choice([impostor(name) for name in EVERYBODY]).packages]
        return self.chance.choice([*shelves, *own, *own, b"no package"])

    def published(self) -> PublishedKey:
        """Make an entry of a `keys` answer, of packages there are and accounts there are, or of its own of both."""
        chance, service = self.chance, self.village.service
        name = chance.choice(EVERYBODY)
        if chance.random() < 0.5:
            package = chance.choice(impostor(name).packages).message
            return PublishedKey(name, impostor(name).key, package, reference_of(package))
        package = self.package()
        account = chance.choice([*service.accounts.values(), bytes(32)])
        return PublishedKey(name, account, package, chance.choice([reference_of(package), bytes(32)]))


def _drop(_: Adversary, __: Notice) -> Iterable[Notice]:
    return []


def _delay(it: Adversary, notice: Notice) -> Iterable[Notice]:
    """Say something kept back, and keep this back."""
    it.late.append(notice)
    return [it.late.pop(0)] if len(it.late) > 1 else []


def _repeat(it: Adversary, notice: Notice) -> Iterable[Notice]:
    return [notice, it.numbered(it.chance.choice(it.seen))]


def _bend(it: Adversary, notice: Notice) -> Iterable[Notice]:
    names = list(notice.__struct_fields__)
    bent = notice
    if isinstance(notice, KeysAnswer) and it.chance.random() < 0.5:
        bent = _swap_keys(it, notice, {name.lower() for name in EVERYBODY})
    for name in it.chance.sample(names, k=min(len(names), it.chance.choice((0, 1, 1, 2, 3)))):
        bent = it.with_field(bent, name)
    return [bent]


def _swap_keys(it: Adversary, answer: KeysAnswer, names: set[str]) -> KeysAnswer:
    """Give the server's own key as that of these, where they were asked for."""
    counts["field KeysAnswer.keys[]"] += 1
    keys = []
    for key in answer.keys:
        if key.name.lower() not in names:
            keys.append(key)
            continue
        own = impostor(next((name for name in EVERYBODY if name.lower() == key.name.lower()), EVERYBODY[0]))
        package = it.chance.choice(own.packages).message
        keys.append(PublishedKey(key.name, own.key, package, reference_of(package)))
    return msgspec.structs.replace(answer, keys=keys)


def _invent(it: Adversary, notice: Notice) -> Iterable[Notice]:
    kind = it.chance.choice(KINDS)
    made = {name: it.value(kind, name) for name in kind.__struct_fields__}
    counts[f"invented {kind.__name__}"] += 1
    return [notice, it.numbered(kind(**made))]
