"""An honest delivery service in memory, written from PROTOCOL §11 to §15, and the strings by which a test makes it lie.

It speaks encoded messages, remembers every byte that passed it, and delivers nothing by itself: who plays the world
takes what lies ready.  `twist` may change, drop or multiply what one person is told; `swallow` may lose a request.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reactor_chat.wire.codec import decode_request, encode
from reactor_chat.wire.conversation import Conversation
from reactor_chat.wire.messages import (
    Accepted,
    AskBlob,
    AskKeys,
    AskNames,
    AskSeals,
    AskWho,
    BlobAnswer,
    BlobPut,
    GroupAdd,
    GroupChanged,
    GroupDelete,
    GroupKick,
    GroupLeave,
    GroupSaid,
    GroupSend,
    GroupSet,
    Kdf,
    KeysAnswer,
    KeysPut,
    MembersAnswer,
    NamesAnswer,
    Notice,
    Numbered,
    PublishedKey,
    Refused,
    Released,
    Request,
    Said,
    Say,
    SealAsk,
    SealAsked,
    SealCommit,
    SealCommitted,
    SealCreate,
    SealCreated,
    SealEnded,
    SealOff,
    SealsAnswer,
    Tell,
    Told,
    fold,
    read_sealed,
)

Place = tuple[str, ...]
T = TypeVar("T")

Twist = Callable[[Notice], Iterable[Notice]]


@dataclass
class Sealing:
    """What the service knows of a sealed conversation."""

    group_id: bytes
    suite: int
    salt: bytes
    kdf: Kdf | None
    require: bool
    by: str
    seq: int
    epoch: int = 0
    members: set[str] = field(default_factory=set)
    waiting: dict[str, bool] = field(default_factory=dict)


@dataclass
class Shelf:
    """Packages of one person and suite."""

    packages: deque[bytes] = field(default_factory=deque)
    last_resort: bytes | None = None


class No(Exception):
    """A refusal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Service:
    """The server.

    Attributes:
        journal: every numbered notice with who is entitled to it (None: everybody).
        passed: every payload that passed, both ways.
        ready: encoded notices not yet taken, by folded name; a key is a connection.
    """

    def __init__(self) -> None:
        self.accounts: dict[str, bytes] = {}
        self.journal: list[tuple[Notice, set[str] | None]] = []
        self.passed: list[bytes] = []
        self.requests: list[Request] = []
        self.ready: dict[str, deque[bytes]] = {}
        self.shelves: dict[tuple[str, int], Shelf] = {}
        self.seals: dict[Place, Sealing] = {}
        self.blobs: dict[tuple[str, bytes], list[bytes]] = {}
        self.groups: dict[str, list[str]] = {}
        self.outcomes: dict[tuple[str, str], Notice] = {}
        self.twist: dict[str, Twist] = {}
        self.ordered: Callable[[str, Request], None] = lambda *_: None
        self.swallow: Callable[[str, Request], bool] = lambda *_: False
        self.takes_any_package = False
        self.at = 1_700_000_000_000

    # ------------------------------------------------------------------------------------------ people

    def log_in(self, name: str, key: bytes, after: int) -> None:
        """Let somebody in and replay what they missed; another connection of theirs ends."""
        self.accounts.setdefault(fold(name), key)
        assert self.accounts[fold(name)] == key, "the name is taken"
        self.ready[fold(name)] = deque()
        for notice, entitled in list(self.journal):
            assert isinstance(notice, Numbered)
            if notice.seq > after and (entitled is None or fold(name) in entitled):
                self.tell(name, notice)

    def log_out(self, name: str) -> None:
        """End a connection; what lay ready is lost."""
        self.ready.pop(fold(name), None)

    def tell(self, name: str, notice: Notice) -> None:
        """Tell one person something, as twisted as the test wants it."""
        if fold(name) in self.ready:
            twist = self.twist.get(fold(name))
            for told in [notice] if twist is None else twist(notice):
                self.passed.append(encode(told))
                self.ready[fold(name)].append(encode(told))

    def make_group(self, group: str, *names: str) -> None:
        """Create a chat group; the first owns it, and ordered it."""
        order = self._order(names[0], GroupSet(group, list(names[1:]), id=f"set-{group}-{self.seq}"))
        self.groups[fold(group)] = [fold(name) for name in names]
        self._record(GroupChanged(self.seq, self.at, group, "created", names[0], members=list(names)), self._in(group))
        self.tell(names[0], Accepted(order, self.seq))

    def change_group(self, group: str, change: str, user: str) -> None:
        """Let the owner add or kick somebody, as ordered, or somebody leave."""
        before, members = self._in(group), self.groups[fold(group)]
        order = None
        if change == "added":
            order = self._order(members[0], GroupAdd(group, [user], id=f"add-{group}-{self.seq}"))
        elif change == "kicked":
            order = self._order(members[0], GroupKick(group, user, id=f"kick-{group}-{self.seq}"))
        if change == "left" and fold(user) == members[0]:
            self._order(members[0], GroupLeave(group, id=f"leave-{group}-{self.seq}"))
        members.append(fold(user)) if change == "added" else members.remove(fold(user))
        notice = GroupChanged(self.seq, self.at, group, change, members[0], user, list(members))
        self._record(notice, before | self._in(group))
        if order is not None:
            self.tell(members[0], Accepted(order, self.seq))

    def _order(self, name: str, request: Request) -> str:
        """Let the person of this name order something of their own client, as if they had typed it."""
        self.ordered(name, request)
        return request.id or ""

    def pass_on(self, group: str, user: str) -> None:
        """Say that somebody who is left owns a group now, and let them be it as far as the service is concerned."""
        members = self.groups[fold(group)]
        owner = members.pop(0)
        members.sort(key=lambda name: name != fold(user))
        self._record(GroupChanged(self.seq, self.at, group, "owner", owner, user, list(members)), self._in(group))

    @property
    def sealed(self) -> list[Any]:
        """Every `sealed` object that anybody sent, in order."""
        requests = (one for one in self.requests if isinstance(one, Say | Tell | GroupSend))
        return [one.sealed for one in requests if one.sealed is not None]

    def ask_in_the_name_of(self, name: str, where: Conversation) -> None:
        """Say, as of our own accord, that somebody asks to be let in, whether they may or not."""
        head = (self.seq, self.at, name, where.name or None if where.with_ else None, where.group_name)
        self._record(SealAsked(*head, False, "asked"), None)
        for place, sealing in self.seals.items():
            if place[0] == where.scope.value:
                sealing.waiting[fold(name)] = False

    def release(self, name: str) -> None:
        """Give a name free: whoever takes it next is somebody else."""
        self.log_out(name)
        del self.accounts[fold(name)]
        self.shelves = {key: shelf for key, shelf in self.shelves.items() if key[0] != fold(name)}
        self.seals = {
            place: seal for place, seal in self.seals.items() if place[0] != "pair" or fold(name) not in place
        }
        for seal in self.seals.values():
            seal.members.discard(fold(name))
            seal.waiting.pop(fold(name), None)
        self._record(Released(self.seq, self.at, name), None)

    # ------------------------------------------------------------------------------------------ requests

    @property
    def seq(self) -> int:
        """The number the next notice gets."""
        return len(self.journal) + 1

    def take(self, name: str, payload: bytes) -> None:
        """Take a request."""
        self.passed.append(payload)
        request = decode_request(payload)
        self.requests.append(request)
        if self.swallow(fold(name), request):
            return
        remembered = self.outcomes.get((fold(name), request.id or ""))
        if remembered is not None:
            self.tell(name, remembered)
            return
        try:
            answer = self._do(fold(name), name, request)
        except No as no:
            answer = Refused(no.code, no.code, request.id)
        if isinstance(answer, Accepted) or (isinstance(answer, Refused) and answer.code != "stale_epoch"):
            self.outcomes[fold(name), request.id or ""] = answer
        self.tell(name, answer)

    def _do(self, name: str, spelled: str, request: Request) -> Notice:
        seq = self.seq
        reads = {
            AskKeys: self._keys,
            AskSeals: self._how,
            AskBlob: self._blob,
            AskNames: self._names,
            AskWho: self._who,
        }
        changes = {
            Say: self._say, Tell: self._say, GroupSend: self._say, KeysPut: self._keys_put, BlobPut: self._blob_put,
            SealCreate: self._create, SealCommit: self._commit, SealAsk: self._ask, SealOff: self._off,
            GroupSet: self._set, GroupAdd: self._add, GroupKick: self._kick, GroupLeave: self._leave,
            GroupDelete: self._delete,
        }  # fmt: skip
        if type(request) in reads:
            answer: Notice = reads[type(request)](name, request)  # type: ignore[operator]
            return answer
        if type(request) not in changes:
            raise No("bad_message")
        changes[type(request)](name, spelled, request)  # type: ignore[operator]
        return Accepted(request.id or "", seq)

    def _names(self, _: str, request: AskNames) -> Notice:
        return NamesAnswer(sorted(self.ready), request.id)

    def _who(self, name: str, request: AskWho) -> Notice:
        members = self.groups.get(fold(request.group))
        if members is None or name not in members:
            raise No("not_a_member")
        return MembersAnswer(request.group, members[0], members, request.id)

    def _blob_put(self, name: str, _: str, request: BlobPut) -> None:
        pieces = self.blobs.setdefault((name, request.hash), [])
        if request.index == 0:
            pieces.clear()
        pieces.append(request.data)

    def _say(self, name: str, spelled: str, request: Say | Tell | GroupSend) -> None:
        place = self._place(name, getattr(request, "to", None), getattr(request, "group", None))
        sealing = self.seals.get(place)
        sealed = None if request.sealed is None else read_sealed(request.sealed)
        if sealed is not None:
            if sealing is None or (sealed.group_id, sealed.epoch) != (sealing.group_id, sealing.epoch):
                raise No("stale_epoch")
            if name not in sealing.members:
                raise No("not_a_member")
        elif sealing is not None and (sealing.require or request.sealed is not None):
            raise No("not_allowed")
        head, content = (self.seq, self.at, spelled), (request.text, request.sealed, request.id)
        if isinstance(request, Say):
            self._record(Said(*head, *content), None)
        elif isinstance(request, Tell):
            self._record(Told(*head, request.to, *content), {name, fold(request.to)})
        else:
            self._record(GroupSaid(*head, request.group, *content), self._in(request.group))

    def _keys_put(self, name: str, _: str, request: KeysPut) -> None:
        if request.fresh:
            for owner, suite in list(self.shelves):
                if owner == name:
                    del self.shelves[owner, suite]
        shelf = self.shelves.setdefault((name, request.suite), Shelf())
        shelf.packages.extend(request.packages)
        shelf.last_resort = request.last_resort or shelf.last_resort

    def _keys(self, _: str, request: AskKeys) -> Notice:
        keys, missing = [], []
        for other in request.names:
            shelf = self.shelves.get((fold(other), request.suite), Shelf())
            package = shelf.packages[0] if shelf.packages else shelf.last_resort
            if package is None:
                missing.append(other)
            else:
                reference = hashlib.sha256(package).digest()
                keys.append(PublishedKey(other, self.accounts[fold(other)], package, reference))
        return KeysAnswer(keys, missing, request.id)

    def _create(self, name: str, spelled: str, request: SealCreate) -> None:
        place = self._place(name, request.with_, request.group)
        there = self.seals.get(place)
        if place[0] == "group" and self.groups[place[1]][0] != name:
            raise No("not_the_owner")
        if (there.group_id if there is not None else None) != request.replaces:
            raise No("stale_epoch")
        sealing = Sealing(
            request.group_id, request.suite, request.salt, request.kdf, request.require, spelled, self.seq, 0, {name}
        )
        self.seals[place] = sealing
        to = self._to(place, name)
        notice = SealCreated(
            self.seq, self.at, spelled, request.group_id, request.suite, request.salt, to, request.group, request.kdf,
            request.require, request.replaces, request.id,
        )  # fmt: skip
        self._record(notice, self._entitled(place))

    def _commit(self, name: str, spelled: str, request: SealCommit) -> None:
        place = self._place(name, request.with_, request.group)
        sealing = self.seals.get(place)
        if sealing is None or (request.group_id, request.epoch) != (sealing.group_id, sealing.epoch):
            raise No("stale_epoch")
        if name not in sealing.members:
            raise No("not_a_member")
        members = sealing.members - set(map(fold, request.removes))
        for add in request.adds:
            if fold(add.name) in members:
                raise No("already_a_member")
            self._use_up(fold(add.name), sealing.suite, add.reference)
        sealing.members = members | {fold(add.name) for add in request.adds}
        sealing.epoch += 1
        for answered in [*request.removes, *(add.name for add in request.adds)]:
            sealing.waiting.pop(fold(answered), None)
        notice = SealCommitted(
            self.seq, self.at, spelled, request.group_id, request.epoch, self._to(place, name), request.group,
            request.commit, request.commit_blob, request.adds, request.removes, request.welcome, request.id,
        )  # fmt: skip
        self._record(notice, self._entitled(place))

    def _use_up(self, name: str, suite: int, reference: bytes) -> None:
        shelf = self.shelves.get((name, suite), Shelf())
        for package in shelf.packages:
            if hashlib.sha256(package).digest() == reference:
                shelf.packages.remove(package)
                return
        is_last = shelf.last_resort is not None and hashlib.sha256(shelf.last_resort).digest() == reference
        if not is_last and not self.takes_any_package:
            raise No("not_allowed")

    def _ask(self, name: str, spelled: str, request: SealAsk) -> None:
        place = self._place(name, request.with_, request.group)
        sealing = self.seals.get(place)
        if sealing is None:
            raise No("stale_epoch")
        if (name in sealing.members) != request.lost:
            raise No("already_a_member")
        sealing.waiting[name] = request.lost
        head = (self.seq, self.at, spelled, self._to(place, name), request.group)
        self._record(SealAsked(*head, request.lost, request.id), self._entitled(place))

    def _off(self, name: str, spelled: str, request: SealOff) -> None:
        place = self._place(name, request.with_, request.group)
        sealing = self.seals.get(place)
        if sealing is None or sealing.require or fold(sealing.by) != name:
            raise No("not_allowed")
        del self.seals[place]
        head = (self.seq, self.at, spelled, sealing.group_id, self._to(place, name), request.group)
        self._record(SealEnded(*head, request.id), self._entitled(place))

    def _how(self, name: str, request: AskSeals) -> Notice:
        place = self._place(name, request.with_, request.group)
        sealing = self.seals.get(place)
        if sealing is None:
            return SealsAnswer(request.with_, request.group, re=request.id)
        return SealsAnswer(
            request.with_, request.group, sealing.group_id, sealing.suite, sealing.salt, sealing.kdf, sealing.require,
            sealing.epoch, sorted(sealing.members), list(sealing.waiting), sealing.by, sealing.seq, request.id,
        )  # fmt: skip

    def _blob(self, _: str, request: AskBlob) -> Notice:
        for (_owner, stored), pieces in self.blobs.items():
            if stored == request.hash and request.index < len(pieces):
                return BlobAnswer(stored, request.index, len(pieces), pieces[request.index], request.id)
        raise No("not_allowed")

    # ------------------------------------------------------------------------------------------ groups

    def _set(self, name: str, spelled: str, request: GroupSet) -> None:
        group = fold(request.group)
        if group in self.groups:
            raise No("group_exists")
        self._all_known(request.members)
        self.groups[group] = list(dict.fromkeys([name, *map(fold, request.members)]))
        self._tell_group(request.group, "created", spelled, None, self._in(group))

    def _add(self, _: str, spelled: str, request: GroupAdd) -> None:
        members = self._owned(fold(spelled), request.group)
        self._all_known(request.users)
        for user in request.users:
            if fold(user) in members:
                raise No("already_a_member")
        for user in request.users:
            members.append(fold(user))
            self._tell_group(request.group, "added", spelled, user, set(members))

    def _kick(self, _: str, spelled: str, request: GroupKick) -> None:
        members = self._owned(fold(spelled), request.group)
        if fold(request.user) not in members[1:]:
            raise No("not_a_member")
        before = set(members)
        members.remove(fold(request.user))
        self._tell_group(request.group, "kicked", spelled, request.user, before)

    def _leave(self, name: str, spelled: str, request: GroupLeave) -> None:
        self._place(name, None, request.group)
        members = self.groups[fold(request.group)]
        before, was_owner = set(members), members[0] == name
        members.remove(name)
        self._tell_group(request.group, "left", spelled, spelled, before)
        if not members:
            self._forget(request.group)
        elif was_owner:
            self._tell_group(request.group, "owner", spelled, members[0], set(members))

    def _delete(self, _: str, spelled: str, request: GroupDelete) -> None:
        before = set(self._owned(fold(spelled), request.group))
        self._tell_group(request.group, "deleted", spelled, None, before)
        self._forget(request.group)

    def _owned(self, name: str, group: str) -> list[str]:
        self._place(name, None, group)
        if self.groups[fold(group)][0] != name:
            raise No("not_the_owner")
        return self.groups[fold(group)]

    def _all_known(self, names: list[str]) -> None:
        if any(fold(name) not in self.accounts for name in names):
            raise No("no_such_user")

    def _forget(self, group: str) -> None:
        self.groups.pop(fold(group), None)
        self.seals.pop(("group", fold(group)), None)

    def _tell_group(self, group: str, change: str, by: str, user: str | None, entitled: set[str]) -> None:
        members = list(self.groups[fold(group)])
        self._record(GroupChanged(self.seq, self.at, group, change, by, user, members), entitled)

    # ------------------------------------------------------------------------------------------ places

    def _place(self, name: str, other: str | None, group: str | None) -> Place:
        if group is not None:
            if name not in self.groups.get(fold(group), []):
                raise No("not_a_member")
            return ("group", fold(group))
        if other is None:
            return ("room",)
        if fold(other) not in self.accounts:
            raise No("no_such_user")
        return ("pair", *sorted((name, fold(other))))

    def _to(self, place: Place, name: str) -> str | None:
        return next((one for one in place[1:] if one != name), None) if place[0] == "pair" else None

    def _entitled(self, place: Place) -> set[str] | None:
        if place[0] == "room":
            return None
        return set(place[1:]) if place[0] == "pair" else self._in(place[1])

    def _in(self, group: str) -> set[str]:
        return set(self.groups[fold(group)])

    def _record(self, notice: Notice, entitled: set[str] | None) -> None:
        self.journal.append((notice, entitled))
        for name in list(self.ready):
            if entitled is None or name in entitled:
                self.tell(name, notice)


def noted(seen: list[T], one: T) -> bool:
    """Note what came, for a `swallow` that loses nothing of it."""
    seen.append(one)
    return False
