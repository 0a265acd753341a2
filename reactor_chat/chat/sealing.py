"""What the requests about sealed conversations come to.

The server goes by claims: which epoch is current, who was let in, whose packages are used up.  It orders them, so that
all members go from epoch to epoch together, and refuses what does not fit the newest state of the conversation: the
sender was overtaken by somebody and asks again.  Nothing here can open what is sealed.  Source: PROTOCOL §15.
"""

from msgspec import Struct

from reactor_chat.chat.boundary import Deliver, KeyPlace, ReadBlob, ReadKeys
from reactor_chat.chat.case import Answer, Case, Change, Verdict, no_such_user, own_group, shown
from reactor_chat.chat.conflicts import ConflictKey
from reactor_chat.chat.state.blobs import Blob
from reactor_chat.chat.state.groups import Group
from reactor_chat.chat.state.records import BlobStored, KeysPublished
from reactor_chat.chat.state.seals import Seal
from reactor_chat.chat.state.timeline import blob_of, keys_of, labels_of
from reactor_chat.wire import messages as m
from reactor_chat.wire.conversation import ROOM, AboutSeals, Conversation, Spoken, label_of_pair
from reactor_chat.wire.messages import Refused, fold

SEALS_MAX = 1_000
"""Conversations that one person may have sealed."""
WAITING_SHOWN_MAX = 256
"""People who wait, in one answer: with the members they fit a frame."""

CONFLICT_OF_ROOM: ConflictKey = ("sealed", ROOM.label)

_GUEST = Refused("not_allowed", "Guests have no key, and encryption needs one; log in without --guest")
_NOT_SEALED = Refused("stale_epoch", "This conversation is not encrypted")

Conversing = m.SealCreate | m.SealCommit | m.SealAsk | m.SealOff | m.AskSeals


def conflict_of_pair(one: str, other: str) -> ConflictKey:
    """Return the conflict key of how the private messages of two people are sealed."""
    return ("sealed", label_of_pair(one, other))


def conflict_of_group(group: str) -> ConflictKey:
    """Return the conflict key of how a group's messages are sealed."""
    return ("sealed", Conversation.group(group).label)


def conflict_of(request: Conversing, me: str) -> ConflictKey:
    """Return the conflict key of how the conversation that somebody's request is about is sealed."""
    if request.with_ is not None:
        return conflict_of_pair(me, request.with_)
    return conflict_of_group(request.group) if request.group is not None else CONFLICT_OF_ROOM


def read_set_of(request: Conversing, me: str) -> list[ConflictKey]:
    """Return what it depends on that a conversation is there, and how it is sealed."""
    there: list[ConflictKey] = [("group", fold(request.group))] if request.group is not None else []
    if request.with_ is not None:
        there = [("name", fold(request.with_))]
    return [*there, conflict_of(request, me)]


def conflict_of_asking(request: m.SealAsk, me: str) -> ConflictKey:
    """Return the conflict key of when somebody asked last to be let into a conversation."""
    return ("asks", fold(me), *conflict_of(request, me))


# ------------------------------------------------------------------------------------------ what is said


def refuse(case: Case, place: str, said: Spoken) -> Refused | None:
    """Refuse what is not sealed as its conversation is; None where it may pass."""
    seal = case.state.seals.get(place)
    if said.sealed is None:
        if seal is not None and seal.require:
            return Refused("not_allowed", "This conversation is encrypted; unencrypted messages are not accepted here")
        return None
    sealed = m.read_sealed(said.sealed)
    if sealed is None:
        return Refused("not_allowed", "This conversation is encrypted in another way") if seal is not None else None
    if seal is None:
        return _NOT_SEALED
    return _refuse_stale(seal, sealed.group_id, sealed.epoch) or _refuse_stranger(case, seal)


def _refuse_stale(seal: Seal, group_id: bytes, epoch: int) -> Refused | None:
    if seal.group_id == group_id and seal.epoch == epoch:
        return None
    return Refused("stale_epoch", f"Epoch {seal.epoch} of {seal.group_id.hex()[:16]} is current")


def _refuse_stranger(case: Case, seal: Seal) -> Refused | None:
    if fold(case.session.name) in seal.members:
        return None
    return Refused("not_a_member", "You were not let into this encrypted conversation yet")


# ------------------------------------------------------------------------------------- the conversation


class Place(Struct, frozen=True, gc=False):
    """The conversation that a request is about: where it is, and the other person, or the group."""

    name: str
    other: str | None = None
    group: Group | None = None

    def labels_of(self, record: AboutSeals) -> tuple[str, ...]:
        """Return the labels that a record about this conversation is found by."""
        return labels_of(record, self.group.born if self.group is not None else None)

    def fields(self) -> dict[str, str | None]:
        """Return the fields by which a notice names this conversation."""
        return {"to": self.other, "group": self.group.name if self.group is not None else None}

    def admits(self, name: str) -> bool:
        """Return whether an owned name is entitled to what is said here."""
        return self.group is None or self.group.has(name)


def _place_of(case: Case, request: Conversing) -> Place | Refused:
    """The conversation a request is about, where the person has a key and is entitled to it."""
    if _is_guest(case):
        return _GUEST
    if request.group is not None:
        group = own_group(case, request.group)
        return group if isinstance(group, Refused) else Place(Conversation.of_group(group.born).label, None, group)
    if request.with_ is None:
        return Place(ROOM.label)
    claim = case.state.identity.claim_of(request.with_) if request.with_.isascii() else None
    if claim is None:
        known = case.state.spelling(request.with_)
        return no_such_user(case, request.with_) if known is None else _no_key(known)
    if fold(claim.name) == fold(case.session.name):
        return Refused("not_allowed", "A conversation with yourself cannot be encrypted")
    return Place(label_of_pair(case.session.name, claim.name), claim.name)


def _is_guest(case: Case) -> bool:
    return case.state.identity.claim_of(case.session.name) is None


def _no_key(name: str) -> Refused:
    return Refused("not_allowed", f"{name} is a guest and has no key; nothing can be encrypted for guests")


def _may_end(case: Case, place: Place, seal: Seal) -> bool:
    if place.group is not None:
        return place.group.is_owned_by(case.session.name)
    return place.other is not None or seal.by == fold(case.session.name)


def _refuse_haste(case: Case, what: str, place: Place, words: str) -> Refused | None:
    """Refuse what somebody did here a moment ago; see `patience`."""
    wait_ms = case.state.patience.wait_ms(what, case.session.name, place.name, case.sequencer.at)
    return Refused("too_fast", f"{words} a moment ago; try again in {_in_words(wait_ms)}") if wait_ms else None


def _refuse_work(case: Case, request: m.SealCommit) -> Refused | None:
    """Refuse a commit of somebody who made others work a lot just now."""
    work, work_max = 1 + len(request.adds), 2 * case.rules.sealed_members_max
    wait_ms = case.state.patience.work_wait_ms(case.session.name, work, work_max, case.sequencer.at)
    if not wait_ms:
        return None
    return Refused("too_fast", f"You changed the keys of conversations too often; try again in {_in_words(wait_ms)}")


def _in_words(wait_ms: int) -> str:
    seconds = -(-wait_ms // 1_000)
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} min"


def _change(place: Place, record: AboutSeals, *write_set: ConflictKey) -> Change:
    return Change([(record, place.labels_of(record))], write_set)


# --------------------------------------------------------------------------------------------- changes


def seal_create(case: Case, request: m.SealCreate) -> Verdict:
    """A conversation is sealed from now on, with one member."""
    place = _place_of(case, request)
    if isinstance(place, Refused):
        return place
    refusal = _refuse_creation(case, place, request)
    if refusal is not None:
        return refusal
    sequencer, me = case.sequencer, case.session.name
    record = m.SealCreated(
        sequencer.seq(),
        sequencer.at,
        me,
        request.group_id,
        request.suite,
        request.salt,
        kdf=request.kdf,
        require=request.require,
        replaces=request.replaces,
        id=request.id,
        **place.fields(),
    )
    return _change(place, record, conflict_of(request, me), ("seals", fold(me)))


def _refuse_creation(case: Case, place: Place, request: m.SealCreate) -> Refused | None:
    me, seal = case.session.name, case.state.seals.get(place.name)
    if place.group is not None and not place.group.is_owned_by(me):
        return Refused("not_the_owner", f"Only the owner of {place.group.name} can encrypt it")
    if case.state.seals.made_by(me) >= SEALS_MAX:
        return Refused("too_many", f"You have encrypted {SEALS_MAX} conversations, the maximum")
    # Where nothing is sealed now, what it was to replace has ended meanwhile, which is as well.
    if seal is not None and request.replaces != seal.group_id:
        return Refused("stale_epoch", f"The conversation is encrypted already, as {seal.group_id.hex()[:16]}")
    if seal is not None and not _may_end(case, place, seal) and fold(me) not in seal.members:
        return Refused("not_allowed", "Only a member can start this encrypted conversation over")
    return _refuse_haste(case, "create", place, "You turned encryption on here")


def seal_commit(case: Case, request: m.SealCommit) -> Verdict:
    """A sealed conversation goes on to its next epoch."""
    place = _place_of(case, request)
    if isinstance(place, Refused):
        return place
    seal = case.state.seals.get(place.name)
    if seal is None:
        return _NOT_SEALED
    refusal = (
        _refuse_stale(seal, request.group_id, request.epoch)
        or _refuse_stranger(case, seal)
        or _refuse_adds(case, place, seal, request)
        or _refuse_blobs(case, request)
        or _refuse_work(case, request)
    )
    if refusal is not None:
        return refusal
    sequencer, me = case.sequencer, case.session.name
    record = m.SealCommitted(
        sequencer.seq(),
        sequencer.at,
        me,
        request.group_id,
        request.epoch,
        commit=request.commit,
        commit_blob=request.commit_blob,
        adds=request.adds,
        removes=request.removes,
        welcome=request.welcome,
        id=request.id,
        **place.fields(),
    )
    used: list[ConflictKey] = [("keys", fold(add.name)) for add in request.adds]
    return _change(place, record, conflict_of(request, me), ("work", fold(me)), *used)


def _refuse_adds(case: Case, place: Place, seal: Seal, request: m.SealCommit) -> Refused | None:
    staying = seal.members.keys() - {fold(name) for name in request.removes}
    coming = {fold(add.name) for add in request.adds}
    members_max = case.rules.sealed_members_max
    if len(staying) + len(coming) > members_max:
        return Refused("too_many", f"An encrypted conversation has at most {members_max} members")
    if len(coming) < len(request.adds):
        return Refused("not_allowed", "Somebody is let in twice")
    for add in request.adds:
        refusal = _refuse_add(case, place, seal, staying, add)
        if refusal is not None:
            return refusal
    return None


def _refuse_add(case: Case, place: Place, seal: Seal, staying: set[str], add: m.SealAdd) -> Refused | None:
    claim = case.state.identity.claim_of(add.name) if add.name.isascii() else None
    if claim is None:
        return no_such_user(case, add.name)
    if place.other is not None and fold(claim.name) not in {fold(place.other), fold(case.session.name)}:
        return Refused("not_allowed", f"{claim.name} is not one of the two")
    if not place.admits(claim.name):
        return Refused("not_a_member", f"{claim.name} is not a member of the group")
    if fold(claim.name) in staying:
        return Refused("already_a_member", f"{claim.name} was let in already")
    if not case.state.keyring.has(claim.name, seal.suite, add.reference):
        return Refused("not_allowed", f"{claim.name} has no such package; ask for a new one")
    return None


def _refuse_blobs(case: Case, request: m.SealCommit) -> Refused | None:
    blobs = [blob for blob in (request.commit_blob, request.welcome) if blob is not None]
    if all(case.state.blobs.is_complete(blob) for blob in blobs):
        return None
    return Refused("not_allowed", "The commit names an object that is not here; send all its pieces first")


def seal_ask(case: Case, request: m.SealAsk) -> Verdict:
    """Somebody asks to be let into a sealed conversation."""
    place = _place_of(case, request)
    if isinstance(place, Refused):
        return place
    seal = case.state.seals.get(place.name)
    if seal is None:
        return _NOT_SEALED
    me, sequencer = case.session.name, case.sequencer
    if fold(me) in seal.members and not request.lost:
        return Refused("already_a_member", "You were let in already")
    refusal = _refuse_haste(case, "ask", place, "You asked to be let in")
    if refusal is not None:
        return refusal
    record = m.SealAsked(sequencer.seq(), sequencer.at, me, lost=request.lost, id=request.id, **place.fields())
    return _change(place, record, conflict_of_asking(request, me))


def seal_off(case: Case, request: m.SealOff) -> Verdict:
    """A conversation is not sealed any more, as far as the server is concerned."""
    place = _place_of(case, request)
    if isinstance(place, Refused):
        return place
    seal = case.state.seals.get(place.name)
    if seal is None:
        return _NOT_SEALED
    if seal.require:
        return Refused("not_allowed", "Encryption cannot be turned off in this conversation")
    if not _may_end(case, place, seal):
        who = "Only the owner of the group" if place.group is not None else "Only the person who turned encryption on"
        return Refused("not_allowed", f"{who} can turn it off for everyone")
    me, sequencer = case.session.name, case.sequencer
    record = m.SealEnded(sequencer.seq(), sequencer.at, me, seal.group_id, id=request.id, **place.fields())
    return _change(place, record, conflict_of(request, me), ("seals", seal.by))


def keys_put(case: Case, request: m.KeysPut) -> Verdict:
    """Somebody publishes packages."""
    if _is_guest(case):
        return _GUEST
    me, sequencer = case.session.name, case.sequencer
    record = KeysPublished(
        sequencer.seq(),
        sequencer.at,
        me,
        request.suite,
        request.packages,
        request.last_resort,
        request.device,
        request.fresh,
        request.id,
    )
    return Change([(record, labels_of(record))], (("keys", fold(me)),))


def blob_put(case: Case, request: m.BlobPut) -> Verdict:
    """Somebody leaves a piece of an object that is too large for a frame."""
    if _is_guest(case):
        return _GUEST
    blob = case.state.blobs.get(request.hash)
    if blob is not None and not _fits(case, blob, request):
        return Refused("not_allowed", "This piece is here already, or belongs to another object")
    me, sequencer = case.session.name, case.sequencer
    record = BlobStored(
        sequencer.seq(), sequencer.at, me, request.hash, request.index, request.count, request.data, request.id
    )
    return Change([(record, labels_of(record))], (("blob", request.hash.hex()),))


def _fits(case: Case, blob: Blob, request: m.BlobPut) -> bool:
    is_own = blob.owner == fold(case.session.name)
    return is_own and len(blob.seqs) == request.count and not blob.seqs[request.index]


# ----------------------------------------------------------------------------------------------- reads


def keys(case: Case, request: m.AskKeys) -> Answer:
    """The packages by which people can be let in."""
    if _is_guest(case):
        return _GUEST
    places: list[KeyPlace] = []
    missing: list[str] = []
    for name in dict.fromkeys(request.names):
        claim = case.state.identity.claim_of(name) if name.isascii() else None
        package = case.state.keyring.next_of(name, request.suite) if claim is not None else None
        if claim is None or package is None:
            missing.append(shown(name, ""))
            continue
        where = (keys_of(name), package.seq, package.index)
        places.append(KeyPlace(claim.name, claim.key, package.reference, *where))
    return [ReadKeys(case.session.conn, places, [name for name in missing if name], request.id)]


def seals(case: Case, request: m.AskSeals) -> Answer:
    """Whether and how a conversation is sealed."""
    place = _place_of(case, request)
    if isinstance(place, Refused):
        return place
    group = place.group.name if place.group is not None else None
    seal = case.state.seals.get(place.name)
    if seal is None:
        return [Deliver([case.session.conn], m.SealsAnswer(place.other, group, re=request.id))]
    answer = m.SealsAnswer(
        place.other,
        group,
        seal.group_id,
        seal.suite,
        seal.salt,
        seal.kdf,
        seal.require,
        seal.epoch,
        _spelled(case, seal.members),
        _spelled(case, dict.fromkeys(list(seal.waiting)[:WAITING_SHOWN_MAX])),
        _spelled(case, {seal.by: None})[0],
        seal.seq,
        request.id,
    )
    return [Deliver([case.session.conn], answer)]


def _spelled(case: Case, people: dict[str, None]) -> list[str]:
    claims = ((person, case.state.identity.claim_of(person)) for person in people)
    return [claim.name if claim is not None else person for person, claim in claims]


def blob(case: Case, request: m.AskBlob) -> Answer:
    """A piece of an object that is too large for a frame."""
    if _is_guest(case):
        return _GUEST
    gone = Refused("not_allowed", "There is no such object here, or it is not complete")
    found = case.state.blobs.get(request.hash)
    if found is None or request.index >= len(found.seqs) or not found.is_complete:
        return gone
    seq = found.seqs[request.index]
    return [ReadBlob(case.session.conn, blob_of(request.hash), seq, request.id, gone)]
