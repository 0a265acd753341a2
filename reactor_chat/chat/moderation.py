"""What a moderator may do: disconnect somebody from the server, by `@kick everyone <user>`.

Nobody can call a group `everyone`, so command and request (`group_kick`) are those of groups, and older clients have
them too.  It is recorded, with who did it; the connection is closed when that is durable.  Nothing keeps whoever
was disconnected from coming back: that is for the operator's bans.
"""

from reactor_chat.chat.case import Case, Change, Verdict, no_such_user
from reactor_chat.chat.state.operator_records import Dismissed
from reactor_chat.wire.messages import GroupKick, Refused, fold

EVERYONE = "everyone"


def is_dismissal(request: GroupKick) -> bool:
    """Return whether a request is to disconnect somebody, and not about a group."""
    return fold(request.group) == EVERYONE


def dismiss(case: Case, request: GroupKick) -> Verdict:
    """A moderator disconnects somebody who is here, and is none."""
    state, me = case.state, case.session.name
    if fold(me) not in state.moderators:
        return Refused("not_allowed", "Only a moderator can disconnect people from the server")
    presence = state.roster.get(request.user) if request.user.isascii() else None
    if presence is None:
        return no_such_user(case, request.user)
    if fold(presence.name) in state.moderators:
        return Refused("not_allowed", f"{presence.name} is a moderator; ask the operator")
    record = Dismissed(case.sequencer.seq(), case.sequencer.at, presence.name, me, request.id)
    return Change([(record, ())])


def farewell(record: Dismissed) -> Refused:
    """Return what somebody is told who was disconnected."""
    return Refused("not_allowed", f"{record.by}, a moderator, closed your connection")
