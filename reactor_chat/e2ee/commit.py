"""Commits of our own: who should be let in or taken out, when it is our turn to do it, and how it is done.

Theory of operation.  What is wanted follows from what people decided: whom the owner's person put on the list, whom a
pair is made of, who asked to be let into the open room; and from who cannot follow any more, whose key is another one,
how old our own keys are.  Whoever has a line to say commits first; else the online member with the lowest leaf goes
first, the next one after one turn, and so on.  Losers get `stale_epoch`, follow the winner's commit and look again at
what is still wanted.  A commit is judged by the rules for everybody's, stored before it leaves, sent again as it is,
and adopted when it comes back in the journal.
"""

from typing import NamedTuple

from reactor_chat.e2ee import member_list
from reactor_chat.e2ee.blobs import BLOB_BYTES_MAX, hash_of, pieces
from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.conversation import Scope
from reactor_chat.e2ee.desk import Desk, Purpose
from reactor_chat.e2ee.identity import Person, person_of
from reactor_chat.e2ee.member_list import Entry, MemberList
from reactor_chat.e2ee.passphrase import psk_name
from reactor_chat.e2ee.policy import judge
from reactor_chat.e2ee.talk import Fetched, Pending, Talk
from reactor_chat.e2ee.terms import extension_of, terms_of
from reactor_chat.errors import MlsError
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.group import NO_PSKS, Group
from reactor_chat.mls.messages import Add, GroupContextExtensions, PreSharedKey, PreSharedKeyID, Remove
from reactor_chat.mls.outcomes import Pending as MlsPending
from reactor_chat.mls.secrettree import RatchetKind
from reactor_chat.mls.state import AnyProposal, PskSecrets
from reactor_chat.wire.messages import AskKeys, SealAdd, SealCommit, SealCreate, fold

ADDS_AT_ONCE_MAX = 200
INLINE_BYTES_MAX = 32 * 1024
INLINE_CHANGES_MAX = 64
NAMES_AT_ONCE_MAX = 64
ATTEMPTS_MAX = 4
RANK_MAX = 20


class Wanted(NamedTuple):
    """What the next commit should do.

    Attributes:
        adds: folded names to be let in; again, where they are also taken out.
        removes: leaves to be taken out.
        refresh: new keys of ours.
    """

    adds: list[str]
    removes: list[int]
    refresh: bool

    @property
    def is_anything(self) -> bool:
        """Whether a commit is wanted at all."""
        return bool(self.adds or self.removes or self.refresh)


def wanted(desk: Desk, talk: Talk) -> Wanted:
    """Return what a commit of ours should do now, as far as we may do it."""
    assert talk.group is not None
    if terms_of(talk.group).closed:
        adds, removes = _wanted_of_closed(desk, talk)
    elif talk.where.scope is Scope.PAIR:
        adds, removes = _wanted_of_pair(desk, talk)
    else:
        adds, removes = _wanted_of_open(desk, talk)
    return Wanted(sorted(adds - {desk.me}), sorted(removes), _is_refresh_due(desk, talk))


def refresh_due_at(desk: Desk, talk: Talk) -> float:
    """Return when our own keys will be too old, monotonic seconds."""
    age_seconds = (desk.wall_ms - talk.record.refreshed_ms) / 1000
    return desk.now + desk.settings.refresh_seconds_max - age_seconds


def is_worn(desk: Desk, talk: Talk) -> bool:
    """Return whether our own keys have served for so many messages that they should be new."""
    return talk.record.sent_before + talk.own_messages() >= desk.settings.refresh_messages_max


def turn_at(desk: Desk, talk: Talk) -> float | None:
    """Return when it is our turn to do what is wanted, None where nothing is."""
    if talk.wanted_since is None:
        return None
    people = sorted(talk.people.items())
    there = [leaf for leaf, person in people if desk.present is None or person.folded in {*desk.present, desk.me}]
    assert talk.group is not None
    rank = there.index(talk.group.own_leaf) if talk.group.own_leaf in there else len(there)
    return talk.wanted_since + desk.settings.turn_seconds * (min(rank, RANK_MAX) + 1)


def readmission_at(desk: Desk, talk: Talk) -> float | None:
    """Return when the next of those who cannot follow may be let in again, None where nobody waits for that."""
    waits = (talk.may_readmit_at(name) for name, is_lost in talk.asks.items() if is_lost)
    return min((when for when in waits if when > desk.now), default=None)


def keep_up(desk: Desk, talk: Talk) -> None:
    """Do what is wanted of the group where it is our turn: ask for keys, commit, send again what was not answered."""
    if talk.pending is not None:
        send_pending(desk, talk)
        return
    if desk.is_asking(Purpose.KEYS_TO_ADD, talk.where) or talk.attempts >= ATTEMPTS_MAX:
        return
    todo = wanted(desk, talk)
    if not todo.is_anything:
        talk.wanted_since = talk.fetched = None
        return
    if talk.wanted_since is None:
        talk.wanted_since = desk.now
    is_urgent = bool(talk.ready) or talk.hurries or todo.refresh
    due = turn_at(desk, talk)
    if not is_urgent and due is not None and desk.now < due:
        return
    if todo.adds and talk.fetched is None:
        if talk.retry_at is None or desk.now >= talk.retry_at:
            _ask_for_keys(desk, talk, todo.adds)
        return
    _commit(desk, talk, todo)


def send_pending(desk: Desk, talk: Talk) -> None:
    """Send a commit or creation of ours, once on each connection; the same bytes every time."""
    pending = talk.pending
    if pending is None or talk.sent_pending or pending.is_refused or (talk.retry_at or desk.now) > desk.now:
        return
    talk.sent_pending = True
    if pending.is_creation:
        desk.ask(_creation(talk, pending), Purpose.CREATE, talk.where)
        return
    assert talk.group is not None
    changes = max(len(pending.adds), len(pending.removes))
    is_inline = len(pending.message) <= INLINE_BYTES_MAX and changes <= INLINE_CHANGES_MAX
    for blob in filter(None, (None if is_inline else pending.message, pending.welcome)):
        for piece in pieces(blob, desk.fresh_id):
            desk.ask(piece, Purpose.STORE_PIECE, talk.where)
    request = SealCommit(
        group_id=talk.group.group_id,
        epoch=pending.epoch,
        with_=talk.where.with_,
        group=talk.where.group_name,
        commit=pending.message if is_inline else None,
        commit_blob=None if is_inline else hash_of(pending.message),
        adds=pending.adds,
        removes=pending.removes,
        welcome=None if pending.welcome is None else hash_of(pending.welcome),
        id=pending.id,
    )
    desk.ask(request, Purpose.COMMIT, talk.where)


def shared_keys(talk: Talk, group_id: bytes, salt: bytes) -> PskSecrets:
    """Return what a passphrase gave, under the name a group calls it by."""
    return NO_PSKS if talk.shared_key is None else {psk_name(group_id, salt): talk.shared_key}


def refused(desk: Desk, talk: Talk, code: str, text: str) -> None:
    """Note that the server did not take a commit or creation of ours; `text` is what it said, in quotes."""
    pending = talk.pending
    if pending is None:
        return
    talk.attempts += code != "too_fast"
    if code == "stale_epoch" and pending.is_creation:
        talk.set_pending(None)  # somebody else was first; how it is sealed now is asked next
        talk.current = False
        return
    if code == "stale_epoch":
        pending.is_refused = True  # the winner's is on its way; should ours come after all, it is still known
        talk.set_pending(pending)
        talk.current = False
        return
    talk.try_later(desk.now)
    if code in ("no_space", "too_fast"):
        talk.sent_pending = False
        return
    talk.set_pending(None)
    talk.asks.clear()
    talk.fetched = talk.wanted_since = None
    talk.hurries = False
    desk.note(NoteKind.ALARM, f"The server did not take a change of keys of {talk.where.in_words}; {text}", talk.where)


# ------------------------------------------------------------------------------------------ what is wanted


def _wanted_of_closed(desk: Desk, talk: Talk) -> tuple[set[str], set[int]]:
    """The people of the list, and they alone; its owner makes it so, others let back in who is on it."""
    assert talk.group is not None
    current = member_list.members_of(talk.group)
    listed = {(entry.person.folded, entry.key) for entry in current.members}
    if desk.keeps_list(talk):
        listed = {(entry.person.folded, entry.key) for entry in talk.record.own_list}
    there = {leaf: (person.folded, person.key) for leaf, person in talk.people.items()}
    lost = {leaf for leaf, (name, _) in there.items() if _is_let_in_again(desk, talk, name)}
    if not desk.keeps_list(talk):
        return {there[leaf][0] for leaf in lost if there[leaf] in listed}, lost
    gone = {leaf for leaf, one in there.items() if one not in listed and one[0] != desk.me}
    staying = {one for leaf, one in there.items() if leaf not in gone | lost}
    return {name for name, key in listed if (name, key) not in staying and _may_add(desk, name)}, gone | lost


def _wanted_of_pair(desk: Desk, talk: Talk) -> tuple[set[str], set[int]]:
    other = talk.where.name
    leaf = next((leaf for leaf, person in talk.people.items() if person.folded == other), None)
    if leaf is None:
        return ({other} if _may_add(desk, other) else set()), set()
    known = desk.trust.look_up(other)
    is_replaced = known is not None and known.key != talk.people[leaf].key
    if (is_replaced or _is_let_in_again(desk, talk, other)) and _may_add(desk, other):
        return {other}, {leaf}
    return set(), set()


def _wanted_of_open(desk: Desk, talk: Talk) -> tuple[set[str], set[int]]:
    """Everybody who asked; not who is gone, and nobody by a key that is not theirs any more."""
    removes = {leaf for leaf, person in talk.people.items() if _should_leave_open(desk, talk, person)}
    staying = {person.folded for leaf, person in talk.people.items() if leaf not in removes}
    coming = {name for name in talk.asks if name not in staying and not _waits(desk, talk, name)}
    coming |= {talk.people[leaf].folded for leaf in removes if talk.people[leaf].folded not in talk.leavers}
    return {name for name in coming if _may_add(desk, name)}, removes


def _should_leave_open(desk: Desk, talk: Talk, person: Person) -> bool:
    if person.folded == desk.me:
        return False
    known = desk.trust.look_up(person.folded)
    has_other_key = known is not None and known.key != person.key and desk.trust.is_usable(known.name, known.key)
    is_replaced = has_other_key and not desk.trust.is_unsettled(person.folded)
    return person.folded in talk.leavers or _is_let_in_again(desk, talk, person.folded) or is_replaced


def _is_let_in_again(desk: Desk, talk: Talk, name: str) -> bool:
    return name != desk.me and talk.asks.get(name, False) and not _waits(desk, talk, name)


def _waits(desk: Desk, talk: Talk, name: str) -> bool:
    return talk.asks.get(name, False) and talk.may_readmit_at(name) > desk.now


def _may_add(desk: Desk, name: str) -> bool:
    """Whether somebody may be let in as far as trust goes: not blocked, and no other key waits for a decision."""
    known = desk.trust.look_up(name)
    if known is None:
        return True
    return desk.trust.is_usable(name, known.key) and not desk.trust.is_unsettled(name)


def _is_refresh_due(desk: Desk, talk: Talk) -> bool:
    return is_worn(desk, talk) or talk.hurries or refresh_due_at(desk, talk) <= desk.now or _must_sign(desk, talk)


def _must_sign(desk: Desk, talk: Talk) -> bool:
    assert talk.group is not None
    return desk.keeps_list(talk) and _is_outsigned(talk, member_list.members_of(talk.group))


# ------------------------------------------------------------------------------------------ how it is done


def _ask_for_keys(desk: Desk, talk: Talk, names: list[str]) -> None:
    assert talk.group is not None
    talk.fetched = {}
    suite = talk.group.suite.number
    for at in range(0, min(len(names), ADDS_AT_ONCE_MAX), NAMES_AT_ONCE_MAX):
        request = AskKeys(names[at : at + NAMES_AT_ONCE_MAX], suite, id=desk.fresh_id())
        desk.ask(request, Purpose.KEYS_TO_ADD, talk.where)


def _commit(desk: Desk, talk: Talk, todo: Wanted) -> None:
    """Make the commit, as far as there are packages for it."""
    assert talk.group is not None
    fetched = talk.fetched or {}
    adds = [name for name in todo.adds if name in fetched and _fits(desk, talk, name, fetched[name])]
    adds = adds[:ADDS_AT_ONCE_MAX]
    removes = [leaf for leaf in todo.removes if talk.people[leaf].folded in adds or not _is_only_lost(talk, leaf)]
    for name in set(todo.adds) - set(adds):
        if _may_add(desk, name):  # else a person decides, and then he is let in
            talk.asks.pop(name, None)
    talk.fetched = None
    if not adds and not removes and not todo.refresh:
        talk.wanted_since = None
        if todo.adds:
            talk.try_later(desk.now)
        return
    proposals: list[AnyProposal] = [Remove(leaf) for leaf in removes]
    proposals += [Add(fetched[name].package) for name in adds]
    pending = Pending(
        desk.fresh_id(),
        b"",
        talk.group.epoch,
        adds=[SealAdd(name, fetched[name].reference) for name in adds],
        removes=[talk.people[leaf].name for leaf in removes],
        is_refresh=talk.hurries,
    )
    _make(desk, talk, proposals, pending)


def hand_over(desk: Desk, talk: Talk, heir: Person) -> None:
    """Sign the list over to somebody on it, who keeps it from now on; nothing where no commit can be made now."""
    if talk.group is None or talk.pending is not None or not desk.keeps_list(talk):
        return
    current = member_list.members_of(talk.group)
    people = [entry.person for entry in current.members]
    members = _signed(desk, talk, current, heir, people)
    _make(desk, talk, [], Pending(desk.fresh_id(), b"", talk.group.epoch), members)


def _make(
    desk: Desk, talk: Talk, proposals: list[AnyProposal], pending: Pending, members: MemberList | None = None
) -> None:
    assert talk.group is not None
    terms = terms_of(talk.group)
    psks = NO_PSKS
    members = members or (next_list(desk, talk, proposals) if terms.closed else None)
    if members is not None:
        extensions = (extension_of(terms), member_list.extension_of(members))
        proposals = [GroupContextExtensions(extensions), *proposals]
    if terms.kdf is not None and pending.adds:
        psks = shared_keys(talk, talk.group.group_id, terms.salt)
        name = PreSharedKeyID(psk_name(talk.group.group_id, terms.salt), desk.random(talk.group.suite.hash_bytes))
        proposals = [PreSharedKey(name), *proposals]
    options = CommitOptions(authenticated_data=talk.chain.mark.encode(), include_received=False)
    try:
        made = talk.group.commit(desk.random, proposals, psks=psks, options=options)
        judge(talk.group, made.group, proposals, desk.own_person, desk.agreed(talk))
    except MlsError:
        talk.attempts += 1
        talk.fetched = talk.wanted_since = None
        text = f"A change of keys of {talk.where.in_words} could not be made"
        desk.note(NoteKind.ALARM, text, talk.where)
        return
    _keep(desk, talk, made, pending)


def next_list(desk: Desk, talk: Talk, proposals: list[AnyProposal]) -> MemberList | None:
    """Return the list for a commit of ours; None where it stays, or is not ours to change."""
    assert talk.group is not None
    current = member_list.members_of(talk.group)
    gone = {talk.people[one.removed] for one in proposals if isinstance(one, Remove)}
    people = [entry.person for entry in current.members if entry.person not in gone]
    people += [_person_added(one) for one in proposals if isinstance(one, Add)]
    is_same = set(people) == {entry.person for entry in current.members} and not _is_outsigned(talk, current)
    return None if is_same or not desk.keeps_list(talk) else _signed(desk, talk, current, desk.own_person, people)


def _is_outsigned(talk: Talk, current: MemberList) -> bool:
    """Whether we signed a newer list that nobody accepted: it could come up later, so another one has to follow it."""
    return talk.record.signed_number > current.number


def _signed(desk: Desk, talk: Talk, current: MemberList, owner: Person, people: list[Person]) -> MemberList:
    talk.record.signed_number = max(talk.record.list_number, current.number, talk.record.signed_number) + 1
    number, signing_key = talk.record.signed_number, desk.identity.signing_key
    talk.save()
    return member_list.make(current.conversation, number, owner, people, signing_key)


def _person_added(add: Add) -> Person:
    return person_of(add.key_package.leaf_node)


def _keep(desk: Desk, talk: Talk, made: MlsPending, pending: Pending) -> None:
    """Store the commit and the key it used up, then let it leave."""
    assert talk.group is not None
    assert made.unaccepted is not None
    talk.move(made.unaccepted, talk.group.own_leaf, RatchetKind.HANDSHAKE)
    talk.hurries = False
    if max(len(made.message), len(made.welcome or b"")) > BLOB_BYTES_MAX:
        desk.note(NoteKind.ALARM, f"Too large for one change of members: {talk.where.in_words}", talk.where)
        return
    pending.group, pending.message, pending.welcome = made.group.serialize(), made.message, made.welcome
    talk.set_pending(pending)
    send_pending(desk, talk)


def _fits(desk: Desk, talk: Talk, name: str, fetched: Fetched) -> bool:
    """Return whether a package is of the key by which somebody may be let in; a key not bound yet is bound now."""
    assert talk.group is not None
    key = fetched.package.leaf_node.signature_key
    if not terms_of(talk.group).closed:
        return True
    if not desk.keeps_list(talk):
        return any(person.folded == name and person.key == key for person in talk.people.values())
    return bind(talk, name, person_of(fetched.package.leaf_node), key)


def bind(talk: Talk, name: str, person: Person, key: bytes) -> bool:
    """Bind somebody on our list to the first key seen; return whether this is the key they are bound to."""
    for at, entry in enumerate(talk.record.own_list):
        if fold(entry.name) == name:
            if not entry.key:
                talk.record.own_list[at] = Entry(person.name, key)
                talk.save()
            return talk.record.own_list[at].key == key
    return False


def _is_only_lost(talk: Talk, leaf: int) -> bool:
    """Return whether somebody is to be taken out only to be let in again."""
    name = talk.people[leaf].folded
    return talk.asks.get(name, False) and name not in talk.leavers


def _creation(talk: Talk, pending: Pending) -> SealCreate:
    group = Group.deserialize(pending.group)
    terms = terms_of(group)
    return SealCreate(
        group_id=group.group_id,
        suite=group.suite.number,
        salt=terms.salt,
        with_=talk.where.with_,
        group=talk.where.group_name,
        kdf=terms.kdf,
        require=terms.require,
        replaces=pending.replaces,
        id=pending.id,
    )
