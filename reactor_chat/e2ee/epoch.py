"""Commits in the journal: our own come back, others' are followed, and one that lets us in is how we enter.

A commit that does not hold cannot be followed: we say that we are lost and are let in again.  One that holds and does
what nobody may do freezes the conversation.  What a commit says about us we believe only from the group itself.
"""

import hashlib

from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.commit import shared_keys
from reactor_chat.e2ee.conversation import Scope
from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.inbound import FORK
from reactor_chat.e2ee.member_list import MemberList, members_of
from reactor_chat.e2ee.peer_keys import see
from reactor_chat.e2ee.policy import Change, OwnerUnknown, judge_received, judge_welcome
from reactor_chat.e2ee.states import State, Step
from reactor_chat.e2ee.talk import Pending, Talk, digest
from reactor_chat.e2ee.terms import agree, strength_of, terms_of
from reactor_chat.e2ee.transcript_hash import read_mark
from reactor_chat.errors import MlsError, MlsRefused
from reactor_chat.mls.group import Group
from reactor_chat.mls.outcomes import JoinedGroup, ReceivedCommit
from reactor_chat.wire.messages import SealCommitted, SealCreated, fold

RESTORED = (
    "more was said in our name than this client remembers, so it is an older copy of itself or somebody has your key: "
    "@encrypt on lets this client in anew"
)
LOSSES_MAX = 3
"""How often, on one connection, we ask by ourselves to be let in again."""

NAMES_IN_A_NOTE = 25
REJOIN_JITTER_MS = 6 * 3600 * 1000


def freeze(desk: Desk, talk: Talk, reason: str) -> None:
    """Stop everything there until the person decides; say why."""
    if talk.state is State.PLAIN:
        desk.note(NoteKind.ALARM, f"In {talk.where.in_words}: {reason}", talk.where)
    elif talk.step(Step.FREEZE, reason) or talk.record.reason == reason:
        desk.note(NoteKind.ALARM, f"Nothing is sent in {talk.where.in_words}: {reason}", talk.where)


def lose(desk: Desk, talk: Talk, why: str) -> None:
    """Give up a group that we cannot follow any more, and be let in anew, once for each epoch."""
    place = (talk.group.group_id, talk.group.epoch) if talk.group is not None else None
    talk.losses += 1
    gives_up = talk.losses > LOSSES_MAX  # a server could make everybody commit for ever
    talk.has_asked = gives_up or (place is not None and talk.record.lost_at == place)
    talk.record.lost_at = place or talk.record.lost_at
    talk.leave()
    talk.step(Step.LOSE)
    todo = "asking to be let in again; if nobody does, @encrypt reset begins anew"
    if gives_up:
        todo = "that happened too often: @encrypt on asks to be let in again"
    desk.note(NoteKind.ALARM, f"Held in {talk.where.in_words}: {why}; {todo}", talk.where)


def needed_blob(desk: Desk, talk: Talk, notice: SealCommitted) -> bytes | None:
    """Return the hash of what must be fetched before a commit can be taken, None where nothing is."""
    claim = talk.record.claim
    if claim is None or notice.group_id != claim.group_id:
        return None
    if _own_package(desk, notice) is not None:
        return notice.welcome
    if not talk.is_in or talk.group is None or notice.epoch != talk.group.epoch or _is_ours(talk.pending, notice):
        return None
    return notice.commit_blob


def commit_came(desk: Desk, talk: Talk, notice: SealCommitted) -> bool:
    """Take a commit from the journal, everything it needs being there.

    Returns:
        False where it must wait: a Welcome that needs a passphrase nobody has typed yet, or another one.
    """
    claim = talk.record.claim
    if claim is None or notice.group_id != claim.group_id:
        return True
    if talk.is_in and talk.group is not None and notice.epoch < talk.group.epoch:
        text = f"The server showed an old change of {talk.where.in_words} again; ignored"
        desk.note(NoteKind.ALARM, text, talk.where)
        return True
    _note_told(desk, talk, notice)
    reference = _own_package(desk, notice)
    if reference is not None:
        return _enter(desk, talk, notice, reference)
    if any(fold(add.name) == desk.me for add in notice.adds):
        lose(desk, talk, "somebody let us in by a key that is no longer here")
    elif not talk.is_in or talk.group is None:
        return True
    elif notice.epoch > talk.group.epoch:
        lose(desk, talk, "the server did not show us every change of keys")
    elif _is_ours(talk.pending, notice):
        _adopt(desk, talk, notice)
    elif fold(notice.sender) == desk.me:
        freeze(desk, talk, RESTORED)
    else:
        _follow(desk, talk, notice)
    return True


def creation_came(desk: Desk, talk: Talk, notice: SealCreated) -> bool:
    """Take our own creation from the journal; return whether it is ours."""
    pending = talk.pending
    if pending is None or not pending.is_creation or fold(notice.sender) != desk.me:
        return False
    group = Group.deserialize(pending.group)
    assert talk.record.claim is not None
    if group.group_id != notice.group_id:
        return False
    talk.set_pending(None)
    if not agree(group, talk.record.claim, talk.where, desk.me):
        freeze(desk, talk, "the server tells of other terms than ours")
        return True
    talk.chain.begin(group.group_id, 0, notice.seq, hashlib.sha256().digest(), is_continued=False)
    talk.enter(group)
    _renewed(desk, talk)
    agree_to(talk, group)
    talk.listed = talk.hurries = True
    talk.step(Step.ESTABLISH)
    desk.note(NoteKind.NEWS, f"{talk.where.first_in_words} is encrypted now", talk.where)
    return True


def changes_in_words(desk: Desk, talk: Talk, change: Change) -> list[str]:
    """Return a line for each newcomer and each who left."""
    by = "You" if change.by.folded == desk.me else change.by.name
    where = talk.where.in_words
    back = {person.folded for person in change.removed} & {person.folded for person in change.added}
    lines = []
    for person in change.added:
        known = desk.trust.look_up(person.name)
        state = "own key" if person.folded == desk.me else f"{known.state.value if known else 'unknown'} key"
        again = " again" if person.folded in back else ""
        lines.append(f"{by} let {person.name} ({state}) into the encryption of {where}{again}")
    gone = (person for person in change.removed if person.folded not in back)
    lines += [f"{by} took {person.name} out of the encryption of {where}" for person in gone]
    return lines


def _note_told(desk: Desk, talk: Talk, notice: SealCommitted) -> None:
    """Keep up with what the server counts."""
    for name in map(fold, notice.removes):
        talk.leavers.discard(name)
        talk.listed = talk.listed and name != desk.me
    for add in notice.adds:
        talk.asks.pop(fold(add.name), None)
        talk.listed = talk.listed or fold(add.name) == desk.me


def _own_package(desk: Desk, notice: SealCommitted) -> bytes | None:
    """Return the reference of the package of ours by which a commit lets us in, None where it does not."""
    for add in notice.adds:
        if fold(add.name) == desk.me and notice.welcome is not None and desk.packages.has(add.reference):
            return add.reference
    return None


def _is_ours(pending: Pending | None, notice: SealCommitted) -> bool:
    return pending is not None and not pending.is_creation and _entry(notice) == digest(pending.message)


def _entry(notice: SealCommitted) -> bytes:
    """Return the hash of the commit itself."""
    return notice.commit_blob or digest(notice.commit or b"")


def _adopt(desk: Desk, talk: Talk, notice: SealCommitted) -> None:
    """Our own commit was accepted."""
    assert talk.pending is not None
    assert talk.group is not None
    pending, before = talk.pending, talk.people
    group = Group.deserialize(pending.group)
    talk.set_pending(None)
    talk.chain.begin(group.group_id, group.epoch, notice.seq, _entry(notice), is_continued=True)
    talk.enter(group)
    _renewed(desk, talk)
    agree_to(talk, group)
    added = [
        person for leaf, person in talk.people.items() if before.get(leaf) != person or _was_removed(pending, person)
    ]
    added = [person for person in added if any(fold(add.name) == person.folded for add in pending.adds)]
    removed = [person for person in before.values() if person.name in pending.removes]
    _announce(desk, talk, Change(desk.own_person, added, removed))


def _was_removed(pending: Pending, person: Person) -> bool:
    return any(fold(name) == person.folded for name in pending.removes)


def _follow(desk: Desk, talk: Talk, notice: SealCommitted) -> None:
    assert talk.group is not None
    message = notice.commit if notice.commit is not None else talk.blobs.pop(notice.commit_blob or b"", b"")
    psks = shared_keys(talk, talk.group.group_id, terms_of(talk.group).salt)
    try:
        received = talk.group.receive(message, psks=psks, members_max=desk.members_max)
        if not isinstance(received, ReceivedCommit):
            raise MlsRefused("a proposal in the place of a commit")
    except MlsError:
        lose(desk, talk, f"a change of keys by {notice.sender} cannot be followed")
        return
    try:
        change = _judged(desk, talk, notice, received)
    except MlsError:
        freeze(
            desk,
            talk,
            f"{notice.sender} changed the members in a way that the rules forbid: @encrypt reset begins anew",
        )
        return
    if change is None:
        freeze(desk, talk, FORK)
    elif received.group is None:
        _taken_out(desk, talk, change)
    else:
        for person in change.added:
            see(desk, person.name, person.key)
        talk.chain.begin(talk.group.group_id, received.group.epoch, notice.seq, _entry(notice), is_continued=True)
        _lost_the_race(talk)
        talk.enter(received.group)
        talk.attempts = 0
        agree_to(talk, received.group)
        _announce(desk, talk, change)


def _judged(desk: Desk, talk: Talk, notice: SealCommitted, received: ReceivedCommit) -> Change | None:
    """Return what a commit does, None where its author was shown another history than we."""
    assert talk.group is not None
    change = judge_received(talk.group, received, notice, desk.agreed(talk))
    return change if talk.chain.agrees(read_mark(received.authenticated_data)) else None


def _lost_the_race(talk: Talk) -> None:
    if talk.pending is not None and not talk.pending.is_creation:
        talk.hurries = talk.hurries or talk.pending.is_refresh
        talk.set_pending(None)


def _taken_out(desk: Desk, talk: Talk, change: Change) -> None:
    talk.leave()
    talk.step(Step.LOSE)
    talk.has_asked = not talk.was_released  # whoever was taken out asks back by order only
    text = f"{change.by.name} took you out of the encryption of {talk.where.in_words}"
    desk.note(NoteKind.ALARM, text, talk.where)


def _enter(desk: Desk, talk: Talk, notice: SealCommitted, reference: bytes) -> bool:
    """Enter by a Welcome; False where another passphrase is needed."""
    claim, own = talk.record.claim, desk.packages.find(reference)
    assert claim is not None
    if talk.state is State.FROZEN:
        return True  # a person looks first, and then asks to be let in
    if claim.kdf is not None and talk.shared_key is None:
        desk.note(NoteKind.ALARM, _passphrase_wanted(talk), talk.where)
        return False
    if own is None:
        lose(desk, talk, "our key for it cannot be read")
        return True
    welcome = talk.blobs.get(notice.welcome or b"", b"")
    try:
        psks = shared_keys(talk, claim.group_id, claim.salt)
        joined = Group.open_welcome(welcome, own, psks=psks, members_max=desk.members_max)
        by = judge_welcome(joined, notice, claim, desk.agreed(talk))
        _check_invited(desk, joined.group)
    except OwnerUnknown as unknown:
        _ask_about_owner(desk, talk, unknown.members)
    except MlsError:
        return not _is_without_its_passphrase(desk, talk, notice)
    else:
        talk.blobs.pop(notice.welcome or b"", None)
        _entered(desk, talk, notice, joined, by)
        desk.packages.use_up(reference)
    return True


def _check_invited(desk: Desk, group: Group) -> None:
    """Return if nobody bears a name that an invitation gave another key; else raise MlsRefused."""
    for leaf in group.members.values():
        person = person_of(leaf)
        known = desk.trust.look_up(person.name)
        if known is not None and not known.key and not known.counts(person.key):
            raise MlsRefused("a key that is not the one in the invitation")


def _is_without_its_passphrase(desk: Desk, talk: Talk, notice: SealCommitted) -> bool:
    """Whether a Welcome that does not hold may be for want of the right passphrase; else we are lost."""
    if talk.record.claim is None or talk.record.claim.kdf is None:
        lose(desk, talk, f"how {notice.sender} let us in does not hold")
        return False
    talk.share(None)
    desk.note(NoteKind.ALARM, f"Not let in: {_passphrase_wanted(talk)}", talk.where)
    return True


def _ask_about_owner(desk: Desk, talk: Talk, members: MemberList) -> None:
    """Somebody's list came whom nobody here ever called the owner: a person looks at it and decides."""
    talk.record.offered_owner = members.owner
    names = ", ".join(sorted((entry.name for entry in members.members), key=fold))
    owner = "you signed" if members.owner.key == desk.own_key else f"{members.owner.name} signed"
    freeze(
        desk, talk, f"{owner} its list of members ({names}), which this client does not know: @encrypt on agrees to it"
    )


def agree_to(talk: Talk, group: Group) -> None:
    """Hold the conversation to what the group it is in now promises: its terms, and the newest list of members."""
    talk.record.strength, talk.record.known_members = strength_of(group), []
    if terms_of(group).closed:
        members = members_of(group)
        if talk.record.owner is not None and talk.record.owner.key != members.owner.key:
            talk.record.own_list = list(members.members)  # it was handed over; ours now, if we are the new owner
        elif talk.record.own_list and members.number > talk.record.signed_number:
            waiting = [entry for entry in talk.record.own_list if not entry.key]
            talk.record.own_list = [*members.members, *waiting]  # our person changed it in another home
        talk.record.owner, talk.record.list_number = members.owner, members.number
    talk.save()


def _passphrase_wanted(talk: Talk) -> str:
    order = {Scope.ROOM: "@encrypt on <passphrase>"}.get(talk.where.scope, "the passphrase")
    return f"{talk.where.in_words} has a passphrase that fits no key here: type {order}"


def _entered(desk: Desk, talk: Talk, notice: SealCommitted, joined: JoinedGroup, by: Person) -> None:
    group = joined.group
    was_in = talk.is_in and talk.group is not None and talk.group.epoch == notice.epoch
    for leaf, node in group.members.items():
        if leaf != group.own_leaf:
            see(desk, person_of(node).name, node.signature_key)
    if _is_over_ours(desk, talk, group):
        talk.record.own_list = list(members_of(group).members)
    talk.chain.begin(group.group_id, group.epoch, notice.seq, _entry(notice), is_continued=was_in)
    talk.set_pending(None)
    talk.enter(group)
    talk.attempts = 0
    _renewed(desk, talk)
    jitter = int.from_bytes(desk.random(4)) % REJOIN_JITTER_MS
    talk.record.refreshed_ms = max(0, desk.wall_ms - jitter)  # not everybody's keys become old in the same instant
    agree_to(talk, group)
    if not talk.record.is_declined:
        talk.step(Step.ARM)
    talk.step(Step.ESTABLISH)
    talk.save()
    _announce_readers(desk, talk, by)


def _is_over_ours(desk: Desk, talk: Talk, group: Group) -> bool:
    """Whether a list of our own came back to a client that has none: our person has agreed to it."""
    return terms_of(group).closed and members_of(group).owner.key == desk.own_key and not talk.record.own_list


def _announce_readers(desk: Desk, talk: Talk, by: Person) -> None:
    """Name everybody who can read, before a line is sent to them."""
    names = sorted((person.name for person in talk.people.values() if person.folded != desk.me), key=fold)
    first = f"{by.name} let you into the encryption of {talk.where.in_words}; it can be read by "
    for at in range(0, max(1, len(names)), NAMES_IN_A_NOTE):
        some = ", ".join(names[at : at + NAMES_IN_A_NOTE])
        desk.note(NoteKind.NEWS, (first if at == 0 else f"and in {talk.where.in_words} by ") + some, talk.where)


def _renewed(desk: Desk, talk: Talk) -> None:
    talk.record.refreshed_ms, talk.record.sent_before = desk.wall_ms, 0
    talk.attempts = 0
    talk.save()


def _announce(desk: Desk, talk: Talk, change: Change) -> None:
    for person in change.removed:
        if person.folded in {added.folded for added in change.added}:
            talk.readmitted(person.folded, desk.now)
    for line in changes_in_words(desk, talk, change):
        desk.note(NoteKind.NEWS, line, talk.where)
