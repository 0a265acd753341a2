"""What a server can do with accounts of its own: groups and packages in others' names, words of its own, commits.

Its account is in some conversations by right.  It has besides, for everybody, keys that are not theirs with packages
under their names; it makes groups of other people's packages under any name, list and terms; it says things in all of
them; it commits what it likes where it is a member.  Whatever it can open with any of that, it has read.
"""

from functools import cache
from random import Random
from typing import Any

import msgspec

from reactor_chat.e2ee import member_list, payload
from reactor_chat.e2ee.blobs import hash_of, pieces
from reactor_chat.e2ee.boundary import Mark as Shows
from reactor_chat.e2ee.identity import Person as Member
from reactor_chat.e2ee.identity import own_identity, person_of
from reactor_chat.e2ee.packages import reference_of
from reactor_chat.e2ee.state.transcript_hash import NOTHING, TranscriptMark
from reactor_chat.e2ee.terms import common_name, extension_of, make_terms, terms_of
from reactor_chat.errors import MlsError
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.encoding.structs import Extension
from reactor_chat.mls.epoch.state import AnyProposal
from reactor_chat.mls.group import Group
from reactor_chat.mls.keypackage import Identity, OwnKeyPackage, read_key_package
from reactor_chat.mls.messages import Add, GroupContextExtensions, Remove
from reactor_chat.mls.outcomes import ReceivedCommit
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from reactor_chat.wire.codec import encode
from reactor_chat.wire.conversation import Conversation, Scope
from reactor_chat.wire.messages import (
    GroupSaid,
    Said,
    SealAdd,
    SealCommit,
    SealCommitted,
    SealCreated,
    Told,
    read_sealed,
)
from tests.e2ee.mallory import sealed as sealed_object
from tests.e2ee.village import GHOST, HONEST, NEWCOMER, Village
from tests.mls.people import SeededEntropy

EVERYBODY = (*HONEST, NEWCOMER, GHOST)
_NOW_S = 1_700_000_000


class Impostor:
    """A key of the server's with packages under somebody's name."""

    def __init__(self, name: str) -> None:
        entropy = SeededEntropy(("impostor", name))
        self.identity = own_identity(name, entropy(32))
        self.packages = [OwnKeyPackage.generate(suite, self.identity, entropy) for suite in (HYBRID, HYBRID, CLASSICAL)]

    @property
    def key(self) -> bytes:
        """The account key."""
        return self.identity.signing_key.public_key


@cache
def impostor(name: str) -> Impostor:
    """Return the server's key for somebody's name; making one is work, so there is one for all programs."""
    return Impostor(name)


class Forger:
    """The server's own account and its keys.

    Args:
        village: whose service and accounts.

    Attributes:
        states: every group it can read in, by group and epoch, as it was when it got there.
        said: its own words, by text, and under which name.
        chance: its dice; each step brings its own.
    """

    def __init__(self, village: Village) -> None:
        self.village = village
        self.states: dict[tuple[bytes, int], Group] = {}
        self.said: dict[str, str] = {}
        self.chance = Random(0)  # noqa: S311  a test's dice
        self.random = SeededEntropy("forger")
        self.requests_seen = 0
        self.own = {reference_of(one.message): one for name in EVERYBODY for one in impostor(name).packages}

    def keep(self, group: Group | None) -> None:
        """Remember a group as it is, unless an earlier state of this epoch is known."""
        if group is not None:
            self.states.setdefault((group.group_id, group.epoch), group)

    def watch(self) -> None:
        """Remember what its client is in."""
        for talk in self.village[GHOST].session.desk.talks.values():
            self.keep(talk.group)

    # ------------------------------------------------------------------------------------------ groups of its own

    def forge(self, victim: str, where: Conversation) -> None:
        """Make a group that looks like the conversation to somebody, as far as one can, and let them in."""
        chance = self.chance
        real = self.village[chance.choice(HONEST)].talk(where).group
        group_id = real.group_id if real is not None and chance.random() < 0.7 else chance.randbytes(32)
        identity = self._identity(where)
        own = OwnKeyPackage.generate(chance.choice((HYBRID, HYBRID, CLASSICAL)), identity, self.random)
        others = [name for name in HONEST if name != victim and chance.random() < 0.4]
        names = [] if where.scope is Scope.PAIR else others
        packages = {name: self._package(name, own.package.cipher_suite) for name in (victim, *names)}
        if any(package is None for package in packages.values()):
            return
        extensions = self._extensions(where, real, victim, identity, list(packages))
        group = Group.create(own, group_id, self.random, extensions)
        for _ in range(chance.choice((0, 0, 1, 2))):
            group = group.update(self.random, options=CommitOptions(include_received=False)).group
        adds = [Add(read_key_package(package, now=_NOW_S)) for package in packages.values() if package]
        options = CommitOptions(authenticated_data=TranscriptMark(NOTHING, NOTHING).encode(), include_received=False)
        made = group.commit(self.random, adds, psks={}, options=options)
        assert made.welcome is not None
        self._store(made.welcome)
        self.keep(made.group)
        self._tell(victim, where, group, made.message, hash_of(made.welcome), packages)

    def _identity(self, where: Conversation) -> Identity:
        """Its own name, or with a key of its own that of the other one in a pair, or of anybody."""
        if self.chance.random() < 0.4:
            return self.village[GHOST].session.desk.identity
        named = [name for name in EVERYBODY if name.lower() == where.name]
        return impostor(named[0] if named else self.chance.choice(EVERYBODY)).identity

    def _extensions(
        self, where: Conversation, real: Group | None, victim: str, identity: Identity, names: list[str]
    ) -> tuple[Extension, ...]:
        """Terms and list: those of the real group, or made up in whose name one likes."""
        chance, key = self.chance, identity.signing_key
        if real is not None and chance.random() < 0.3:
            return real.context.extensions
        terms = terms_of(real) if real is not None else None
        by = chance.choice(EVERYBODY)
        closed = chance.random() < 0.3 and where.scope is Scope.ROOM
        made = make_terms(where, by, terms.salt if terms else bytes(32), None, closed=closed)
        made = msgspec.structs.replace(made, conversation=common_name(where, victim))
        if terms is not None and chance.random() < 0.7:
            made = msgspec.structs.replace(terms, kdf=chance.choice((None, terms.kdf)))
        if not made.closed:
            return (extension_of(made),)
        own = Member(_name(identity), key.public_key)
        people = {own.folded: own} | {name.lower(): self._member(name) for name in names}
        owner = chance.choice([own, people.get(made.creator, own)])
        people[owner.folded] = owner
        members = member_list.make(made.conversation, chance.choice((1, 5, 2**52)), owner, list(people.values()), key)
        return (extension_of(made), member_list.extension_of(members))

    def _member(self, name: str) -> Member:
        person = self.village.people.get(name)
        key = impostor(name).key if person is None or self.chance.random() < 0.2 else person.session.desk.own_key
        return Member(name, key)

    def _package(self, name: str, suite: int) -> bytes | None:
        shelf = self.village.service.shelves.get((name.lower(), suite))
        return shelf.packages[0] if shelf is not None and shelf.packages else None

    def _store(self, blob: bytes) -> None:
        parts = [piece.data for piece in pieces(blob, lambda: "m")]
        self.village.service.blobs[GHOST.lower(), hash_of(blob)] = parts

    def _tell(
        self, victim: str, where: Conversation, group: Group, commit: bytes, welcome: bytes, packages: dict[str, Any]
    ) -> None:
        """Tell the victim of the group, as of one that was sealed just now or went on."""
        service, chance = self.village.service, self.chance
        terms = terms_of(group)
        by = [person_of(leaf).name for leaf in group.members.values()]
        sender = chance.choice([*by, *by, *EVERYBODY])
        to, name = (victim, None) if where.scope is Scope.PAIR else (None, where.group_name)
        if where.scope is Scope.PAIR:
            sender = next((one for one in EVERYBODY if one.lower() == where.name), GHOST)
        if chance.random() < 0.7:
            head = (service.seq + 1, 0, chance.choice([terms.creator, sender]), group.group_id, group.suite.number)
            service.tell(victim, SealCreated(*head, terms.salt, to, name, terms.kdf, terms.require, None, "f"))
        adds = [SealAdd(one, reference_of(package)) for one, package in packages.items()]
        removes = [victim] if chance.random() < 0.4 else []
        head = (service.seq + 2, 0, sender, group.group_id, group.epoch)
        service.tell(victim, SealCommitted(*head, to, name, commit, None, adds, removes, welcome, "g"))
        for place, sealing in service.seals.items():
            if place[0] == where.scope.value and chance.random() < 0.5:
                sealing.group_id, sealing.epoch = group.group_id, group.epoch + 1

    # ------------------------------------------------------------------------------------------ words of its own

    def speak(self, victim: str, where: Conversation, number: int) -> None:
        """Say something to somebody in a group that it is in, as whoever it likes."""
        if not self.states:
            return
        group = self.chance.choice(list(self.states.values()))
        own = person_of(group.members[group.own_leaf]).name
        text = f"ghostbird {number}."
        self.said[text] = own.lower()
        about = terms_of(group).conversation if self.chance.random() < 0.7 else common_name(where, victim)
        data = payload.encode(payload.Payload(payload.VERSION, payload.TEXT, f"w{number}", 0, text, about))
        ours = self.village[GHOST].talk(where)
        is_true = ours.group == group and self.chance.random() < 0.7
        mark = ours.transcript.mark if is_true else TranscriptMark(NOTHING, NOTHING)
        made = group.protect(data, self.random, authenticated_data=mark.encode())
        self.states[group.group_id, group.epoch] = made.group
        sender = own if self.chance.random() < 0.6 else self.chance.choice(EVERYBODY)
        secret, id_ = sealed_object(group, made.message), f"w{number}"
        head = (self.village.service.seq, self.village.service.at, sender)
        if about.startswith("pair:"):
            self.village.service.tell(victim, Told(*head, victim, sealed=secret, id=id_))
        elif about.startswith("group:"):
            self.village.service.tell(victim, GroupSaid(*head, about.removeprefix("group:"), sealed=secret, id=id_))
        else:
            self.village.service.tell(victim, Said(*head, sealed=secret, id=id_))

    # ------------------------------------------------------------------------------------------ commits of its own

    def commit(self, where: Conversation) -> None:
        """Commit what it likes in a conversation that it is in, behind its client's back."""
        chance, talk = self.chance, self.village[GHOST].talk(where)
        group = talk.group
        if group is None:
            return
        proposals: list[AnyProposal] = []
        adds: list[SealAdd] = []
        removes: list[str] = []
        added: list[Member] = []
        others = {leaf: person_of(node) for leaf, node in group.members.items() if leaf != group.own_leaf}
        for leaf, person in others.items():
            if chance.random() < 0.1:
                proposals.append(Remove(leaf))
                removes.append(person.name)
        there = {person.folded for leaf, person in others.items() if person.name not in removes}
        for name in chance.sample(EVERYBODY, k=chance.choice((0, 1, 1, 2))):
            package = self._package(name, group.suite.number)
            if package is None or chance.random() < 0.6:
                package = impostor(name).packages[0 if group.suite.number == HYBRID else 2].message
            if name.lower() not in there and name != GHOST:
                newcomer = read_key_package(package, now=None)
                proposals.append(Add(newcomer))
                added.append(person_of(newcomer.leaf_node))
                adds.append(SealAdd(name, reference_of(package)))
        if terms_of(group).closed and chance.random() < 0.7:
            proposals.insert(0, self._other_list(group, added, removes))
        options = CommitOptions(authenticated_data=talk.transcript.mark.encode(), include_received=False)
        try:
            made = group.commit(self.random, proposals, psks={}, options=options)
        except MlsError:
            return
        if made.welcome is not None:
            self._store(made.welcome)
        self.keep(made.group)
        self._publish(group, where, made.message, made.welcome, adds, removes)

    def _other_list(self, group: Group, added: list[Member], removes: list[str]) -> GroupContextExtensions:
        """Another list of members, signed by itself or with the signature of the one there is."""
        chance, now = self.chance, member_list.members_of(group)
        people = [entry.person for entry in now.members if entry.name not in removes]
        people += added
        ghost = self.village[GHOST].session.desk
        owner = chance.choice([now.owner.person, Member(GHOST, ghost.own_key)])
        number = now.number + chance.choice((-1, 0, 1, 1, 1))
        if chance.random() < 0.2:  # a list of before, with the signature it had
            before = [
                one for one in map(_list_of, self.states.values()) if one and one.conversation == now.conversation
            ]
            return GroupContextExtensions(
                (group.context.extensions[0], member_list.extension_of(chance.choice(before or [now])))
            )
        made = member_list.make(now.conversation, max(1, number), owner, people, ghost.identity.signing_key)
        if chance.random() < 0.3:
            made = msgspec.structs.replace(made, signature=now.signature)
        return GroupContextExtensions((group.context.extensions[0], member_list.extension_of(made)))

    def _publish(
        self,
        group: Group,
        where: Conversation,
        commit: bytes,
        welcome: bytes | None,
        adds: list[SealAdd],
        removes: list[str],
    ) -> None:
        """Let the service take it, or tell some of them."""
        service = self.village.service
        hashed = None if welcome is None else hash_of(welcome)
        if self.chance.random() < 0.6:
            request = SealCommit(
                group.group_id, group.epoch, where.with_, where.group_name, commit, adds=adds, removes=removes,
                welcome=hashed, id=f"evil-{service.seq}",
            )  # fmt: skip
            service.take(GHOST, encode(request))
            return
        sender = GHOST if self.chance.random() < 0.7 else self.chance.choice(HONEST)
        head = (service.seq, service.at, sender, group.group_id, group.epoch)
        notice = SealCommitted(*head, None, where.group_name, commit, None, adds, removes, hashed, "h")
        for name in HONEST:
            if self.chance.random() < 0.6:
                service.tell(name, notice)

    # ------------------------------------------------------------------------------------------ what it reads

    def follow(self) -> None:
        """Enter by every Welcome for a package of its own, and follow every commit where it is in."""
        service = self.village.service
        for request in service.requests[self.requests_seen :]:
            if not isinstance(request, SealCommit):
                continue
            for add in request.adds:
                if add.reference in self.own and request.welcome is not None:
                    self._enter(request.welcome, self.own[add.reference])
            known = self.states.get((request.group_id, request.epoch))
            if known is not None and (request.group_id, request.epoch + 1) not in self.states:
                self._receive(known, request.commit or self._blob(request.commit_blob or b""))
        self.requests_seen = len(service.requests)

    def _blob(self, name: bytes) -> bytes:
        blobs = self.village.service.blobs.items()
        return next((b"".join(parts) for (_, stored), parts in blobs if stored == name), b"")

    def _enter(self, welcome: bytes, own: OwnKeyPackage) -> None:
        try:
            self.keep(Group.open_welcome(self._blob(welcome), own).group)
        except MlsError:
            return

    def _receive(self, group: Group, commit: bytes) -> None:
        try:
            received = group.receive(commit)
        except MlsError:
            return
        if isinstance(received, ReceivedCommit):
            self.keep(received.group)

    def opened(self) -> list[str]:
        """Return every text that it opens of what passed."""
        self.follow()
        marks = (Shows.SEALED, Shows.NEW_KEY)
        found = [shown.notice.text or "" for shown in self.village[GHOST].shown if shown.mark in marks]
        states = dict(self.states)
        for raw in self.village.service.sealed:
            sealed = read_sealed(raw)
            place = (sealed.group_id, sealed.epoch) if sealed is not None else None
            if sealed is None or place not in states:
                continue
            try:
                opened = states[place].unprotect(sealed.mls)
                found.append(payload.decode(opened.data).body)
            except MlsError:
                continue
            states[place] = opened.group
        return found


def _list_of(group: Group) -> member_list.MemberList | None:
    try:
        return member_list.members_of(group)
    except MlsError:
        return None


def _name(identity: Identity) -> str:
    return str(msgspec.json.decode(identity.credential.identity)["name"])  # type: ignore[union-attr]
