"""What each request comes to: a change of the chat, an answer, or a refusal.

Every function here looks at the state and changes nothing.  A change is a draft of records with the labels they are
found by and the marks of what they will change; it becomes true when the journal has it.  NEEDS says, for each type of
request, what its judgement depends on: while one of those is about to change, the request waits.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from reactor_chat.chat.boundary import Append, Deliver, Effect, Recall
from reactor_chat.chat.groups import Group
from reactor_chat.chat.pending import ANY_GROUP, ANY_NAME, Mark
from reactor_chat.chat.records import GroupAltered, Record
from reactor_chat.chat.session import Session
from reactor_chat.chat.state import ChatState
from reactor_chat.chat.timeline import labels_of
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import RESERVED_WORDS, Refused, fold, is_name

LIST_NAMES_MAX = 1_000
"""Names in one notice: at 32 characters each they fit a frame with room to spare (PROTOCOL §1)."""

_forbidden = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Rules(Struct, frozen=True):
    """What an operator may choose; each number is a row of the server's OPTIONS (DESIGN §6).

    Attributes:
        failed_logins_burst, failed_logins_per_second: refused logins allowed to one address.
        help_text: what `help` answers.
    """

    text_bytes_max: int
    group_members_max: int
    groups_max: int
    people_max: int
    failed_logins_burst: int
    failed_logins_per_second: float
    help_text: str


class Stamp:
    """Hands out the numbers and the time of the records of one request."""

    def __init__(self, seq: int, at: int) -> None:
        self._seq = seq
        self.at = at

    def seq(self) -> int:
        """Return the next number."""
        self._seq += 1
        return self._seq


class Change(Struct, frozen=True, gc=False):
    """Records to append, each with its labels, and the marks of what they change."""

    records: Sequence[tuple[Record, tuple[str, ...]]]
    marks: tuple[Mark, ...] = ()

    def append(self) -> Append:
        """Return the effect that orders it."""
        return Append(self.records)


Verdict = Change | Refused | Sequence[Effect]


class Case(Struct, frozen=True, gc=False):
    """What a decision looks at."""

    state: ChatState
    rules: Rules
    session: Session
    stamp: Stamp


# --------------------------------------------------------------------------------------- what is said


def say(case: Case, request: m.Say) -> Verdict:
    """A message to everyone."""
    refusal = _refuse_text(case, request.text)
    if refusal is not None:
        return refusal
    stamp = case.stamp
    said = m.Said(stamp.seq(), stamp.at, case.session.name, request.text, request.sealed, request.id)
    return Change([(said, labels_of(said))])


def tell(case: Case, request: m.Tell) -> Verdict:
    """A private message, to anybody who is there or owns the name."""
    to = case.state.spelling(request.to)
    if to is None:
        return _no_such_user(case, request.to)
    refusal = _refuse_text(case, request.text)
    if refusal is not None:
        return refusal
    stamp = case.stamp
    told = m.Told(stamp.seq(), stamp.at, case.session.name, to, request.text, request.sealed, request.id)
    return Change([(told, labels_of(told))])


def group_send(case: Case, request: m.GroupSend) -> Verdict:
    """A message to a group of one's own."""
    group = _own_group(case, request.group)
    if isinstance(group, Refused):
        return group
    refusal = _refuse_text(case, request.text)
    if refusal is not None:
        return refusal
    stamp = case.stamp
    said = m.GroupSaid(stamp.seq(), stamp.at, case.session.name, group.name, request.text, request.sealed, request.id)
    return Change([(said, labels_of(said, group.born))])


def _refuse_text(case: Case, text: str | None) -> Refused | None:
    if text is None:
        return None  # sealed: nobody but the recipients can judge it
    bytes_max = case.rules.text_bytes_max
    # A character is at most four bytes: only a text near the limit has to be encoded to be measured.
    if len(text) * 4 > bytes_max and len(text.encode("utf-8")) > bytes_max:
        return Refused("too_long", f"A text has at most {bytes_max} bytes")
    if not text:
        return Refused("bad_text", "There is nothing to say in an empty text")
    # What is printable holds none of the forbidden characters; asking that first is five times cheaper.
    if not text.isprintable() and _forbidden.search(text):
        return Refused("bad_text", "A text may not hold control or text-direction characters")
    return None


def _no_such_user(case: Case, name: str) -> Refused:
    near = case.state.roster.suggestion(name)
    hint = f". Did you mean {near}?" if near is not None else ""
    return Refused("no_such_user", f"There is no user {_shown(name)}{hint}")


def _shown(name: str, otherwise: str = "of that name") -> str:
    """A name as a refusal may repeat it: somebody typed it, so it may hold anything."""
    return name if is_name(name) else otherwise


# --------------------------------------------------------------------------------------------- groups


def group_set(case: Case, request: m.GroupSet) -> Verdict:
    """Create a group."""
    if not is_name(request.group) or fold(request.group) in RESERVED_WORDS:
        return Refused("bad_group_name", "A group name is 1 to 32 letters, digits or _, and no reserved word")
    if case.state.groups.get(request.group) is not None:
        return Refused("group_exists", f"There is a group {request.group} already")
    members = _spellings(case, [case.session.name, *request.members])
    if isinstance(members, Refused):
        return members
    if len(members) > case.rules.group_members_max:
        return _too_many_members(case)
    if len(case.state.groups.of(case.session.name)) >= case.rules.groups_max:
        return Refused("too_many", f"One can be in at most {case.rules.groups_max} groups")
    seq = case.stamp.seq()
    name, by = request.group, case.session.name
    created = GroupAltered(seq, case.stamp.at, name, "created", by, seq, None, members, request.id)
    return _change_of_group(name, [created])


def group_add(case: Case, request: m.GroupAdd) -> Verdict:
    """The owner adds all these users, or none; a record each."""
    group = _owned_group(case, request.group)
    if isinstance(group, Refused):
        return group
    users = _spellings(case, request.users)
    if isinstance(users, Refused):
        return users
    already = next((user for user in users if group.has(user)), None)
    if already is not None:
        return Refused("already_a_member", f"{already} is a member of {group.name} already")
    if len(group.members) + len(users) > case.rules.group_members_max:
        return _too_many_members(case)
    members = group.names()
    records: list[Record] = []
    for user in users:
        members = [*members, user]
        first_id = request.id if not records else None
        added = _altered(group, "added", group.owner, case.stamp, members=members, user=user, request_id=first_id)
        records.append(added)
    return _change_of_group(group.name, records)


def group_kick(case: Case, request: m.GroupKick) -> Verdict:
    """The owner removes a member."""
    group = _owned_group(case, request.group)
    if isinstance(group, Refused):
        return group
    if not group.has(request.user):
        return Refused("not_a_member", f"{_shown(request.user, 'Somebody of that name')} is no member of {group.name}")
    if group.is_owned_by(request.user):
        return Refused("not_allowed", "The owner cannot be kicked; leave or delete the group instead")
    user = group.members[fold(request.user)]
    return _change_of_group(
        group.name,
        [
            _altered(
                group, "kicked", group.owner, case.stamp, members=group.without(user), user=user, request_id=request.id
            )
        ],
    )


def group_leave(case: Case, request: m.GroupLeave) -> Verdict:
    """A member leaves; where it was the owner, the longest-standing member inherits."""
    group = _own_group(case, request.group)
    if isinstance(group, Refused):
        return group
    return _change_of_group(group.name, _leave(group, case.session.name, case.stamp, request.id))


def group_delete(case: Case, request: m.GroupDelete) -> Verdict:
    """The owner deletes the group."""
    group = _owned_group(case, request.group)
    if isinstance(group, Refused):
        return group
    return _change_of_group(
        group.name, [_altered(group, "deleted", group.owner, case.stamp, members=None, request_id=request.id)]
    )


def departure(state: ChatState, name: str, stamp: Stamp) -> Change:
    """Somebody goes: a guest leaves every group first, the owner of a name stays in them (PROTOCOL §7)."""
    presence = state.roster.get(name)
    assert presence is not None
    marks: list[Mark] = [("name", fold(name)), ANY_NAME]
    records: list[Record] = []
    for group in state.groups.of(name) if presence.guest else ():
        records += _leave(group, name, stamp, None)
        marks += [("group", fold(group.name)), ANY_GROUP]
    records.append(m.Exited(stamp.seq(), stamp.at, presence.name))
    return Change([(record, labels_of(record)) for record in records], tuple(marks))


def _leave(group: Group, name: str, stamp: Stamp, request_id: str | None) -> list[Record]:
    """The records of a member's leaving: `left`, and `owner` where somebody inherits."""
    name = group.members[fold(name)]
    rest = group.without(name)
    records: list[Record] = [_altered(group, "left", name, stamp, members=rest, user=name, request_id=request_id)]
    if rest and group.is_owned_by(name):
        records.append(_altered(group, "owner", name, stamp, members=rest, user=rest[0]))
    return records


def _altered(
    group: Group, change: str, by: str, stamp: Stamp, *, members: list[str] | None, user: str | None = None,
    request_id: str | None = None,
) -> GroupAltered:  # fmt: skip
    return GroupAltered(stamp.seq(), stamp.at, group.name, change, by, group.born, user, members, request_id)


def _change_of_group(name: str, records: Sequence[Record]) -> Change:
    return Change([(record, labels_of(record)) for record in records], (("group", fold(name)), ANY_GROUP))


def _own_group(case: Case, name: str) -> Group | Refused:
    group = case.state.groups.get(name)
    if group is None:
        return Refused("no_such_group", f"There is no group {_shown(name)}")
    if not group.has(case.session.name):
        return Refused("not_a_member", f"You are no member of {group.name}")
    return group


def _owned_group(case: Case, name: str) -> Group | Refused:
    group = case.state.groups.get(name)
    if group is None:
        return Refused("no_such_group", f"There is no group {_shown(name)}")
    if not group.is_owned_by(case.session.name):
        return Refused("not_the_owner", f"Only the owner of {group.name} can do that")
    return group


def _spellings(case: Case, names: Iterable[str]) -> list[str] | Refused:
    """These people, each once and as they spell themselves; a refusal where one of them does not exist."""
    known: dict[str, str] = {}
    for name in names:
        spelling = case.state.spelling(name)
        if spelling is None:
            return _no_such_user(case, name)
        known[fold(name)] = spelling
    return list(known.values())


def _too_many_members(case: Case) -> Refused:
    return Refused("too_many", f"A group has at most {case.rules.group_members_max} members")


# ---------------------------------------------------------------------------------------------- reads


def names(case: Case, request: m.AskNames) -> Verdict:
    """Who is connected; in several notices where they are many."""
    found = case.state.roster.names()
    pages = [found[i : i + LIST_NAMES_MAX] for i in range(0, len(found), LIST_NAMES_MAX)]
    return [_answer(case, m.NamesAnswer(page, request.id, page is not pages[-1])) for page in pages]


def who(case: Case, request: m.AskWho) -> Verdict:
    """Who is in a group of one's own; in several notices where they are many."""
    group = _own_group(case, request.group)
    if isinstance(group, Refused):
        return group
    found = sorted(group.names(), key=fold)
    pages = [found[i : i + LIST_NAMES_MAX] for i in range(0, len(found), LIST_NAMES_MAX)]
    return [
        _answer(case, m.MembersAnswer(group.name, group.owner, page, request.id, page is not pages[-1]))
        for page in pages
    ]


def groups(case: Case, request: m.AskGroups) -> Verdict:
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


def help_(case: Case, request: m.AskHelp) -> Verdict:
    """The commands."""
    return [_answer(case, m.HelpAnswer(case.rules.help_text, request.id))]


def ping(case: Case, request: m.Ping) -> Verdict:
    """Are you there?"""
    return [_answer(case, m.Pong(request.data, request.id))]


def history(case: Case, request: m.AskHistory) -> Verdict:
    """The newest messages that one was entitled to see."""
    state, name = case.state, case.session.name
    if_empty = None
    if request.group is not None:
        group = _own_group(case, request.group)
        if isinstance(group, Refused):
            return group
        spans = state.timeline.messages_of_group(name, group.born)
    elif request.with_ is not None:
        spans = state.timeline.messages_with(name, request.with_, case.session.since)
        if state.spelling(request.with_) is None:
            if_empty = _no_such_user(case, request.with_)
    else:
        spans = state.timeline.messages(name, case.session.since)
    return [Recall(case.session.conn, spans, request.limit, request.before, request.id, if_empty)]


def _answer(case: Case, notice: m.Notice) -> Effect:
    return Deliver([case.session.conn], notice)


# --------------------------------------------------------------------------------------------- tables

CHANGES: dict[type, Callable[[Case, Any], Verdict]] = {
    m.Say: say,
    m.Tell: tell,
    m.GroupSend: group_send,
    m.GroupSet: group_set,
    m.GroupAdd: group_add,
    m.GroupKick: group_kick,
    m.GroupLeave: group_leave,
    m.GroupDelete: group_delete,
}
"""Requests that change something; with an id, each is one request for ever."""

READS: dict[type, Callable[[Case, Any], Verdict]] = {
    m.AskNames: names,
    m.AskGroups: groups,
    m.AskHelp: help_,
    m.AskWho: who,
    m.AskHistory: history,
    m.Ping: ping,
}
"""Requests that are answered at once, and anew each time they come."""

NEEDS: dict[type, Callable[[Any], Iterable[Mark]]] = {
    m.Tell: lambda r: [("name", fold(r.to))],
    m.GroupSend: lambda r: [("group", fold(r.group))],
    m.GroupSet: lambda r: [ANY_GROUP, *(("name", fold(name)) for name in r.members)],
    m.GroupAdd: lambda r: [("group", fold(r.group)), *(("name", fold(name)) for name in r.users)],
    m.GroupKick: lambda r: [("group", fold(r.group))],
    m.GroupLeave: lambda r: [("group", fold(r.group))],
    m.GroupDelete: lambda r: [("group", fold(r.group))],
    m.AskNames: lambda _: [ANY_NAME],
    m.AskGroups: lambda _: [ANY_GROUP],
    m.AskWho: lambda r: [("group", fold(r.group))],
    m.AskHistory: lambda r: [ANY_GROUP, *([("name", fold(r.with_))] if r.with_ is not None else [])],
}
"""What the judgement of a request depends on; nothing where a type has no row."""
