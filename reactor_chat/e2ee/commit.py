"""Commits of our own: who should be let in or taken out, when it is our turn to do it, and how it is done.

Theory of operation.  What is wanted follows from what we know: who asked, who left, whose key is another one, how old
our own keys are.  Whoever has a line to say commits first; else the online member with the lowest leaf goes first, the
next one after one turn, and so on.  Losers get `stale_epoch`, follow the winner's commit and look again at what is
still wanted.  A commit is stored before it leaves, sent again as it is, and adopted when it comes back in the journal.
"""

from typing import NamedTuple

from reactor_chat.e2ee.blobs import BLOB_BYTES_MAX, hash_of, pieces
from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.conversation import Scope
from reactor_chat.e2ee.desk import Desk, Purpose
from reactor_chat.e2ee.passphrase import psk_name
from reactor_chat.e2ee.talk import Fetched, Pending, Talk
from reactor_chat.e2ee.terms import Terms, terms_of
from reactor_chat.e2ee.trust import SENDING_STOPS
from reactor_chat.errors import MlsError
from reactor_chat.mls.commits import CommitOptions
from reactor_chat.mls.group import NO_PSKS, Group
from reactor_chat.mls.messages import Add, PreSharedKey, PreSharedKeyID, Remove
from reactor_chat.mls.outcomes import Pending as MlsPending
from reactor_chat.mls.secrettree import RatchetKind
from reactor_chat.mls.state import AnyProposal, PskSecrets
from reactor_chat.wire.messages import AskKeys, SealAdd, SealCommit, SealCreate

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
    terms = terms_of(talk.group)
    removes = {
        leaf: person for leaf, person in talk.people.items() if _should_go(desk, talk, person.folded, person.key)
    }
    staying = {person.folded for leaf, person in talk.people.items() if leaf not in removes}
    coming = {name for name in talk.asks if name not in staying}
    if talk.where.scope is Scope.PAIR and talk.where.name not in staying:
        coming.add(talk.where.name)
    coming |= {person.folded for person in removes.values() if person.folded not in talk.leavers}
    going = {person.folded for person in removes.values()}
    adds = sorted(name for name in coming if _may_add(desk, terms, name, going))
    return Wanted(adds, sorted(removes), _is_refresh_due(desk, talk))


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
    is_urgent = bool(talk.held) or talk.hurries or todo.refresh
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
    talk.attempts += 1
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


def _should_go(desk: Desk, talk: Talk, name: str, key: bytes) -> bool:
    if name == desk.me:
        return False
    known = desk.trust.look_up(name)
    has_other_key = known is not None and known.key != key and known.state not in SENDING_STOPS
    return name in talk.leavers or talk.asks.get(name, False) or has_other_key


def _may_add(desk: Desk, terms: Terms, name: str, going: set[str]) -> bool:
    known = desk.trust.look_up(name)
    if name == desk.me or (known is not None and known.state in SENDING_STOPS):
        return False
    return not terms.closed or terms.creator == desk.me or name in going


def _is_refresh_due(desk: Desk, talk: Talk) -> bool:
    return is_worn(desk, talk) or talk.hurries or refresh_due_at(desk, talk) <= desk.now


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
        known = desk.trust.look_up(name)
        if known is None or known.state not in SENDING_STOPS:  # else a person decides, and then he is let in
            talk.asks.pop(name, None)
    talk.fetched = None
    if not adds and not removes and not todo.refresh:
        talk.wanted_since = None
        if talk.where.scope is Scope.PAIR:
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


def _make(desk: Desk, talk: Talk, proposals: list[AnyProposal], pending: Pending) -> None:
    assert talk.group is not None
    terms = terms_of(talk.group)
    psks = NO_PSKS
    if terms.kdf is not None and pending.adds:
        psks = shared_keys(talk, talk.group.group_id, terms.salt)
        name = PreSharedKeyID(psk_name(talk.group.group_id, terms.salt), desk.random(talk.group.suite.hash_bytes))
        proposals = [PreSharedKey(name), *proposals]
    options = CommitOptions(authenticated_data=talk.chain.mark.encode(), include_received=False)
    try:
        made = talk.group.commit(desk.random, proposals, psks=psks, options=options)
    except MlsError:
        talk.asks.clear()
        talk.wanted_since, talk.hurries = None, False
        talk.attempts += 1
        desk.note(NoteKind.ALARM, f"A change of members or keys of {talk.where.in_words} failed", talk.where)
        return
    _keep(desk, talk, made, pending)


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
    """Return whether a package may be used: in a closed group of somebody else, only to let a member back in."""
    assert talk.group is not None
    terms, key = terms_of(talk.group), fetched.package.leaf_node.signature_key
    if not terms.closed or terms.creator == desk.me:
        return True
    return any(person.folded == name and person.key == key for person in talk.people.values())


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
