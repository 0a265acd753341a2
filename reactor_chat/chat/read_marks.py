"""How far people have read, as requests: a marker is moved forward, or all of them are asked for (PROTOCOL §3).

Only who owns a name has markers: they are for the owner's next device.  To move one to where it is, or back, is
accepted and not recorded, so a client may say the same again and again.
"""

from reactor_chat.chat.boundary import Deliver
from reactor_chat.chat.case import NOTHING_NEW, Answer, Case, Change, Verdict, no_such_user, own_group
from reactor_chat.chat.conflicts import ConflictKey
from reactor_chat.chat.state.records import MarkedRead
from reactor_chat.chat.state.timeline import labels_of
from reactor_chat.wire import messages as m
from reactor_chat.wire.conversation import ROOM, Conversation, Scope, from_label
from reactor_chat.wire.messages import Refused, fold

LIST_MARKS_MAX = 500
"""Markers in one notice: each has a name and a number, some 70 bytes (PROTOCOL §1)."""

_GUEST = Refused("not_allowed", "What a guest has read is not kept; log in without --guest")


def mark_read(case: Case, request: m.MarkRead) -> Verdict:
    """Somebody has read a conversation of theirs up to a number; what comes after this very request is not meant."""
    conversation = _own_conversation(case, request)
    if isinstance(conversation, Refused):
        return conversation
    me, place, seq = case.session.name, conversation.label, case.sequencer.seq()
    read, marks = min(request.seq, seq - 1), case.state.read_marks
    # Whoever says "everything" again and again has read nothing more by that: the last marker itself is no news.
    if min(read, marks.newest_beside(case.state.seq)) <= marks.get(me, place):
        return NOTHING_NEW
    record = MarkedRead(seq, case.sequencer.at, me, place, read)
    return Change([(record, labels_of(record))], (_conflict_of(request, me),))


def _own_conversation(case: Case, request: m.MarkRead) -> Conversation | Refused:
    """The conversation that a request is about, as its state is kept; a refusal where it is not this person's."""
    if not _is_owner(case):
        return _GUEST
    if request.group is not None:
        group = own_group(case, request.group)
        return group if isinstance(group, Refused) else Conversation.of_group(group.born)
    if request.with_ is None:
        return ROOM
    pair = Conversation.pair(request.with_)
    # A guest who left is nobody any more, but what was told by one may have been read up to some number.
    if case.state.spelling(request.with_) is None and not case.state.read_marks.get(case.session.name, pair.label):
        return no_such_user(case, request.with_)
    return pair


def _is_owner(case: Case) -> bool:
    """Whether the person owns the name; who was let in only to read may have lost it to somebody meanwhile."""
    claim = case.state.identity.claim_of(case.session.name)
    return claim is not None and claim.since == case.session.since


def _named(request: m.MarkRead) -> Conversation:
    """The conversation that a request is about, by the name that it has now."""
    if request.group is not None:
        return Conversation.group(request.group)
    return ROOM if request.with_ is None else Conversation.pair(request.with_)


def _conflict_of(request: m.MarkRead, me: str) -> ConflictKey:
    return ("mark", fold(me), _named(request).label)


def read_set_of(request: m.MarkRead, me: str) -> list[ConflictKey]:
    """Return what it depends on that a conversation is somebody's, and how far it is read."""
    there: list[ConflictKey] = [("group", fold(request.group))] if request.group is not None else []
    if request.with_ is not None:
        there = [("name", fold(request.with_))]
    return [*there, _conflict_of(request, me)]


def read_marks(case: Case, request: m.AskReadMarks) -> Answer:
    """How far one has read each conversation; in several notices where they are many, in an empty one for guests."""
    state, me = case.state, case.session.name
    marks = state.read_marks.of(me) if _is_owner(case) else {}
    groups = {group.born: group.name for group in state.groups.of(me)} if marks else {}
    found = [_shown(case, from_label(place), read, groups) for place, read in marks.items()]
    pages = [found[i : i + LIST_MARKS_MAX] for i in range(0, len(found), LIST_MARKS_MAX)] or [[]]
    conns = [case.session.conn]
    return [Deliver(conns, m.ReadMarksAnswer(page, request.id, page is not pages[-1])) for page in pages]


def _shown(case: Case, place: Conversation, read: int, groups: dict[int, str]) -> m.ReadMark:
    """A marker as its owner is told of it: the group by the name that it has, the other one as spelled now."""
    if place.scope is Scope.GROUP:
        return m.ReadMark(read, group=groups[int(place.name)])
    if place.scope is Scope.PAIR:
        return m.ReadMark(read, case.state.spelling(place.name) or place.name)
    return m.ReadMark(read)
