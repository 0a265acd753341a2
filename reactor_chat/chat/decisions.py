"""What each request comes to: a change of the chat, an answer, or a refusal.

Every function here looks at the state and changes nothing.  A change is a draft of records with the labels they are
found by and the conflict keys of what they will change; it becomes true when the journal has it.  Which of them serves
which request, and what its judgement depends on, says the table of `rules`.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from reactor_chat.chat import sealing
from reactor_chat.chat.boundary import Deliver, Effect, ReadMessages
from reactor_chat.chat.case import Answer, Case, Change, Sequencer, Verdict, no_such_user, own_group, owned_group, shown
from reactor_chat.chat.conflicts import ConflictKey
from reactor_chat.chat.moderation import dismiss, is_dismissal
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.groups import Group
from reactor_chat.chat.state.records import GroupAltered, Record
from reactor_chat.chat.state.timeline import labels_of
from reactor_chat.wire import messages as m
from reactor_chat.wire.conversation import ROOM, Conversation, Spoken, label_of_pair
from reactor_chat.wire.messages import RESERVED_WORDS, Refused, fold, is_name

LIST_NAMES_MAX = 1_000
"""Names in one notice: at 32 characters each they fit a frame with room to spare (PROTOCOL §1)."""

REQUEST_NAMES_MAX = 2_000
"""Names in one request, repeated ones counted: it may have to be judged again and again while others change things."""
CHANGE_NAMES_MAX = 10_000
"""Names in all the notices of one request: about 350 kB for each member, which a quick reader's queue can hold."""
END_NAMES_MAX = 2_000
"""Names in the notices of one step of somebody's leaving many groups; the next step waits for the commit."""

_ROOM_LABEL = ROOM.label
_forbidden = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


# --------------------------------------------------------------------------------------- what is said


def say(case: Case, request: m.Say) -> Verdict:
    """A message to everyone."""
    refusal = _refuse_spoken(case, _ROOM_LABEL, request)
    if refusal is not None:
        return refusal
    sequencer = case.sequencer
    said = m.Said(sequencer.seq(), sequencer.at, case.session.name, request.text, request.sealed, request.id)
    return Change([(said, labels_of(said))])


def tell(case: Case, request: m.Tell) -> Verdict:
    """A private message, to anybody who is there or owns the name."""
    to = case.state.spelling(request.to)
    if to is None:
        return no_such_user(case, request.to, is_addressed=True)
    refusal = _refuse_spoken(case, label_of_pair(case.session.name, to), request)
    if refusal is not None:
        return refusal
    sequencer = case.sequencer
    told = m.Told(sequencer.seq(), sequencer.at, case.session.name, to, request.text, request.sealed, request.id)
    return Change([(told, labels_of(told))])


def group_send(case: Case, request: m.GroupSend) -> Verdict:
    """A message to a group of one's own."""
    group = own_group(case, request.group)
    if isinstance(group, Refused):
        return group
    refusal = _refuse_spoken(case, Conversation.of_group(group.born).label, request)
    if refusal is not None:
        return refusal
    sequencer = case.sequencer
    said = m.GroupSaid(
        sequencer.seq(), sequencer.at, case.session.name, group.name, request.text, request.sealed, request.id
    )
    return Change([(said, labels_of(said, group.born))])


def _refuse_spoken(case: Case, label: str, request: Spoken) -> Refused | None:
    """Say why a message may not be said in the conversation with this label; None where it may."""
    # What is sealed nobody but the recipients can judge.
    if request.text is not None:
        refusal = refuse_text(request.text, case.rules.text_bytes_max)
        if refusal is not None:
            return refusal
    return sealing.refuse(case, label, request)


def refuse_text(text: str, bytes_max: int) -> Refused | None:
    """Say why a text may not be said; None where it may.  Source: PROTOCOL §3."""
    # A character is at most four bytes: only a text near the limit has to be encoded to be measured.
    if len(text) * 4 > bytes_max and len(text.encode("utf-8")) > bytes_max:
        return Refused("too_long", f"A text has at most {bytes_max} bytes")
    if not text:
        return Refused("bad_text", "The message is empty")
    # What is printable holds none of the forbidden characters; asking that first is five times cheaper.
    if not text.isprintable() and _forbidden.search(text):
        return Refused("bad_text", "A text may not hold control or text-direction characters")
    return None


# --------------------------------------------------------------------------------------------- groups


_LISTING = (m.GroupSet, m.GroupAdd)


def refuse_list(request: m.Request) -> Refused | None:
    """Refuse a list much longer than a group can be, before anything is looked up for each of its names."""
    if not isinstance(request, _LISTING):
        return None
    listed = request.members if isinstance(request, m.GroupSet) else request.users
    if len(listed) <= REQUEST_NAMES_MAX:
        return None
    return Refused("too_many", f"A list has at most {REQUEST_NAMES_MAX} names")


def group_set(case: Case, request: m.GroupSet) -> Verdict:
    """Create a group."""
    if not is_name(request.group) or fold(request.group) in RESERVED_WORDS:
        return Refused("bad_group_name", "A group name is 1 to 32 letters, digits or _ and must not be a reserved word")
    existing = case.state.groups.get(request.group)
    if existing is not None:
        return Refused("group_exists", f"Group {existing.name} already exists")
    members = _spellings(case, [case.session.name, *request.members])
    if isinstance(members, Refused):
        return members
    refusal = _refuse_more(case, len(members), members)
    if refusal is not None:
        return refusal
    seq = case.sequencer.seq()
    name, by = request.group, case.session.name
    created = GroupAltered(seq, case.sequencer.at, name, "created", by, seq, None, members)
    return _change_of_group([created], members, request.id)


def group_add(case: Case, request: m.GroupAdd) -> Verdict:
    """The owner adds all these users, or none; a record each."""
    group = owned_group(case, request.group)
    if isinstance(group, Refused):
        return group
    users = _spellings(case, request.users)
    if isinstance(users, Refused):
        return users
    refusal = _refuse_additions(case, group, users)
    if refusal is not None:
        return refusal
    members = group.names()
    records: list[GroupAltered] = []
    for user in users:
        members = [*members, user]
        records.append(_altered(group, "added", group.owner, case.sequencer, members, user))
    return _change_of_group(records, users, request.id)


def _refuse_additions(case: Case, group: Group, users: list[str]) -> Refused | None:
    already = next((user for user in users if group.has(user)), None)
    if already is not None:
        return Refused("already_a_member", f"{already} is a member of {group.name} already")
    if len(users) * (len(group.members) + len(users)) > CHANGE_NAMES_MAX:
        return Refused("too_many", "Everybody would be told too much at once; add fewer at a time")
    return _refuse_more(case, len(group.members) + len(users), users)


def group_kick(case: Case, request: m.GroupKick) -> Verdict:
    """The owner removes a member; or a moderator disconnects somebody from the server."""
    if is_dismissal(request):
        return dismiss(case, request)
    group = owned_group(case, request.group)
    if isinstance(group, Refused):
        return group
    if not group.has(request.user):
        who = shown(request.user, "Somebody of that name")
        return Refused("not_a_member", f"{who} is not a member of {group.name}")
    if group.is_owned_by(request.user):
        return Refused("not_allowed", "The owner cannot be kicked; leave or delete the group instead")
    user = group.members[fold(request.user)]
    kicked = _altered(group, "kicked", group.owner, case.sequencer, group.without(user), user)
    return _change_of_group([kicked], [user], request.id)


def group_leave(case: Case, request: m.GroupLeave) -> Verdict:
    """A member leaves; where it was the owner, the longest-standing member inherits."""
    group = own_group(case, request.group)
    if isinstance(group, Refused):
        return group
    return _change_of_group(_leave(group, case.session.name, case.sequencer), [case.session.name], request.id)


def group_delete(case: Case, request: m.GroupDelete) -> Verdict:
    """The owner deletes the group."""
    group = owned_group(case, request.group)
    if isinstance(group, Refused):
        return group
    deleted = _altered(group, "deleted", group.owner, case.sequencer, None)
    return _change_of_group([deleted], group.names(), request.id)


class Ending(Struct, frozen=True):
    """A step of somebody's end, and whether it is the last one."""

    change: Change
    is_last: bool

    def names_count(self) -> int:
        """Return how many names its notices hold."""
        return sum(len(r.members or ()) for r, _ in self.change.records if isinstance(r, GroupAltered))


def departure(state: ChatState, name: str, sequencer: Sequencer) -> Ending:
    """Somebody goes: a guest leaves every group first, the owner of a name stays in them (PROTOCOL §7)."""
    presence = state.roster.get(name)
    assert presence is not None
    records, is_last = _leave_some(state, name, sequencer) if presence.guest else ([], True)
    if is_last:
        records.append(m.Exited(sequencer.seq(), sequencer.at, presence.name))
    return _step_of_end(state, name, records, is_last=is_last)


def release(state: ChatState, name: str, sequencer: Sequencer) -> Ending:
    """An owned name is given free: who takes it next is somebody else, who is not there and in no group."""
    claim = state.identity.claim_of(name)
    assert claim is not None
    presence = state.roster.get(name)
    records, is_last = _leave_some(state, name, sequencer)
    if is_last and presence is not None:
        records.append(m.Exited(sequencer.seq(), sequencer.at, presence.name))
    if is_last:
        records.append(m.Released(sequencer.seq(), sequencer.at, claim.name))
    return _step_of_end(state, name, records, is_last=is_last)


def read_set_of_end(state: ChatState, name: str) -> list[ConflictKey]:
    """What a departure or a release depends on, and changes."""
    of_groups: list[ConflictKey] = [("group", fold(group.name)) for group in state.groups.of(name)]
    return [("name", fold(name)), ("groups", fold(name)), *of_groups]


def _step_of_end(state: ChatState, name: str, records: Sequence[Record], *, is_last: bool) -> Ending:
    change = Change([(record, labels_of(record)) for record in records], tuple(read_set_of_end(state, name)))
    return Ending(change, is_last)


def _leave_some(state: ChatState, name: str, sequencer: Sequencer) -> tuple[list[Record], bool]:
    """The records of leaving as many groups as one step may, at least one; and whether no group is left."""
    records: list[Record] = []
    names_count = 0
    for group in state.groups.of(name):
        if records and names_count + 2 * len(group.members) > END_NAMES_MAX:
            return records, False
        names_count += 2 * len(group.members)
        records += _leave(group, name, sequencer)
    return records, True


def _leave(group: Group, name: str, sequencer: Sequencer) -> list[GroupAltered]:
    """The records of a member's leaving: `left`, and `owner` where somebody inherits."""
    name = group.members[fold(name)]
    rest = group.without(name)
    records = [_altered(group, "left", name, sequencer, rest, name)]
    if rest and group.is_owned_by(name):
        records.append(_altered(group, "owner", name, sequencer, rest, rest[0]))
    return records


def _altered(
    group: Group, change: str, by: str, sequencer: Sequencer, members: list[str] | None, user: str | None = None
) -> GroupAltered:
    return GroupAltered(sequencer.seq(), sequencer.at, group.name, change, by, group.born, user, members)


def _change_of_group(records: Sequence[GroupAltered], concerned: Iterable[str], request_id: str | None) -> Change:
    """These records, the first of them with the request's id; `concerned` is who comes into the group or leaves it."""
    first, *others = records
    keys: list[ConflictKey] = [("groups", fold(person)) for person in concerned]
    identified = [structs.replace(first, id=request_id), *others]
    return Change([(record, labels_of(record)) for record in identified], (("group", fold(first.group)), *keys))


def _spellings(case: Case, names: Iterable[str]) -> list[str] | Refused:
    """These people, each once and as they spell themselves; a refusal where one of them does not exist."""
    known: dict[str, str] = {}
    for name in names:
        spelling = case.state.spelling(name)
        if spelling is None:
            return no_such_user(case, name)
        known[fold(name)] = spelling
    return list(known.values())


def _refuse_more(case: Case, members_count: int, coming: Iterable[str]) -> Refused | None:
    """Whether a group of so many members is too large, or one of those who come is in too many groups already."""
    members_max, groups_max = case.rules.group_members_max, case.rules.groups_max
    if members_count > members_max:
        return Refused("too_many", f"A group has at most {members_max} members")
    full = next((person for person in coming if case.state.groups.count_of(person) >= groups_max), None)
    if full is None:
        return None
    who = "You are" if full == case.session.name else f"{full} is"
    return Refused("too_many", f"{who} in {groups_max} groups, the maximum")


# ---------------------------------------------------------------------------------------------- reads


def names(case: Case, request: m.AskNames) -> Answer:
    """Who is connected; in several notices where they are many, in one that is empty where somebody reads alone."""
    found = case.state.roster.names()
    pages = [found[i : i + LIST_NAMES_MAX] for i in range(0, len(found), LIST_NAMES_MAX)] or [[]]
    return [_answer(case, m.NamesAnswer(page, request.id, page is not pages[-1])) for page in pages]


def who(case: Case, request: m.AskWho) -> Answer:
    """Who is in a group of one's own; in several notices where they are many."""
    group = own_group(case, request.group)
    if isinstance(group, Refused):
        return group
    found = sorted(group.names(), key=fold)
    pages = [found[i : i + LIST_NAMES_MAX] for i in range(0, len(found), LIST_NAMES_MAX)]
    return [
        _answer(case, m.MembersAnswer(group.name, group.owner, page, request.id, page is not pages[-1]))
        for page in pages
    ]


def seen(case: Case, request: m.AskSeen) -> Answer:
    """When somebody was last here; of guests who have left nothing is known."""
    name = case.state.spelling(request.name)
    if name is None:
        return no_such_user(case, request.name)
    if case.state.roster.get(name) is not None:
        return [_answer(case, m.SeenAnswer(name, here=True, re=request.id))]
    known = case.state.attendance.of(name)
    at = known.seen_at if known is not None else 0
    seconds = max(0, case.sequencer.at - at) // 1_000 if at else None
    return [_answer(case, m.SeenAnswer(name, seconds=seconds, re=request.id))]


def groups(case: Case, request: m.AskGroups) -> Answer:
    """One's groups; in several notices where their members are many."""
    pages: list[list[m.GroupOverview]] = [[]]
    names_count = 0
    for group in case.state.groups.of(case.session.name):
        names_count += 2 + len(group.members)
        if pages[-1] and names_count > LIST_NAMES_MAX:
            pages.append([])
            names_count = 2 + len(group.members)
        pages[-1].append(m.GroupOverview(group.name, group.owner, sorted(group.names(), key=fold)))
    return [_answer(case, m.GroupsAnswer(page, request.id, page is not pages[-1])) for page in pages]


def help_(case: Case, request: m.AskHelp) -> Answer:
    """The commands."""
    return [_answer(case, m.HelpAnswer(case.rules.help_text, request.id))]


def ping(case: Case, request: m.Ping) -> Answer:
    """Are you there?"""
    return [_answer(case, m.Pong(request.data, request.id))]


def history(case: Case, request: m.AskHistory) -> Answer:
    """The newest messages that one was entitled to see."""
    state, name = case.state, case.session.name
    if_empty = None
    if request.group is not None:
        group = own_group(case, request.group)
        if isinstance(group, Refused):
            return group
        spans = state.timeline.messages_of_group(name, group.born)
    elif request.with_ is not None and not is_name(request.with_):
        return no_such_user(case, request.with_)
    elif request.with_ is not None:
        spans = state.timeline.messages_with(name, request.with_, case.session.since)
        if state.spelling(request.with_) is None:
            if_empty = no_such_user(case, request.with_)
    else:
        spans = state.timeline.messages(name, case.session.since)
    return [ReadMessages(case.session.conn, spans, request.limit, request.before, request.id, if_empty)]


def _answer(case: Case, notice: m.Notice) -> Effect:
    return Deliver([case.session.conn], notice)
