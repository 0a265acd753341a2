"""What every decision looks at, what it may come to, and the refusals that many of them share."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from reactor_chat.chat.boundary import Append, Effect
from reactor_chat.chat.conflicts import ConflictKey
from reactor_chat.chat.session import Session
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.groups import Group
from reactor_chat.chat.state.records import Record
from reactor_chat.text.parser import nearest_command
from reactor_chat.wire.messages import Refused, is_name


class Rules(Struct, frozen=True):
    """What an operator may choose; each number is a row of the server's OPTIONS.

    Attributes:
        failed_logins_burst, failed_logins_per_second: refused logins allowed to one address.
        help_text: what `help` answers.
        lockdown: whether only who owns a name, or is invited, may come in.
        lookalikes: whether a newcomer's name may look like one that somebody owns or holds.
    """

    text_bytes_max: int
    group_members_max: int
    groups_max: int
    people_max: int
    failed_logins_burst: int
    failed_logins_per_second: float
    help_text: str
    lockdown: bool = False
    sealed_members_max: int = 256
    lookalikes: bool = True


AHEAD_MS_MAX = 300_000
"""How far the newest record's time may be ahead of the clock before records follow the clock again."""


def time_after(newest: int, clock: int) -> int:
    """Return the time of the next record.

    A clock that was set back a little moves no time back.  One that was wrong by more, or for long, is not obeyed for
    ever: the order of records is that of their numbers, and their times are only shown.

    Args:
        newest: the newest record's time, in milliseconds since the Unix epoch.
        clock: what the clock says now.
    """
    return newest if clock < newest <= clock + AHEAD_MS_MAX else clock


class Sequencer:
    """Hands out the numbers and the time of the records of one request."""

    def __init__(self, seq: int, at: int) -> None:
        self._seq = seq
        self.at = at

    def seq(self) -> int:
        """Return the next number."""
        self._seq += 1
        return self._seq


class Change(Struct, frozen=True, gc=False):
    """Records to append, each with its labels, and the conflict keys of what they change."""

    records: Sequence[tuple[Record, tuple[str, ...]]]
    write_set: tuple[ConflictKey, ...] = ()

    def append(self) -> Append:
        """Return the effect that orders it."""
        return Append(self.records)


NOTHING_NEW = Change(())
"""What was asked for is the case already: it is accepted, and nothing is recorded of it."""

Verdict = Change | Refused
Answer = Sequence[Effect] | Refused


Decide = Callable[[ChatState, Rules, Sequencer], Verdict]
"""Judges what an operator orders."""


class Case(Struct, frozen=True, gc=False):
    """What a decision looks at; `suggestion` finds the present name nearest to one that nobody has."""

    state: ChatState
    rules: Rules
    session: Session
    sequencer: Sequencer
    suggestion: Callable[[str], str | None]


def shown(name: str, otherwise: str = "of that name") -> str:
    """Return a name as a refusal may repeat it: somebody typed it, so it may hold anything."""
    return name if is_name(name) else otherwise


def no_such_user(case: Case, name: str, *, is_addressed: bool = False) -> Refused:
    """Return the refusal for a name that nobody holds, with one that is near; behind an `@`, perhaps a command."""
    near = case.suggestion(name) or (nearest_command(name) if is_addressed else None)
    hint = f". Did you mean {near}?" if near is not None else ""
    return Refused("no_such_user", f"There is no user {shown(name)}{hint}")


def own_group(case: Case, name: str) -> Group | Refused:
    """Return a group that the person is a member of."""
    group = case.state.groups.get(name)
    if group is None:
        return Refused("no_such_group", f"There is no group {shown(name)}")
    if not group.has(case.session.name):
        return Refused("not_a_member", f"You are not a member of {group.name}")
    return group


def owned_group(case: Case, name: str) -> Group | Refused:
    """Return a group that the person owns."""
    group = case.state.groups.get(name)
    if group is None:
        return Refused("no_such_group", f"There is no group {shown(name)}")
    if not group.is_owned_by(case.session.name):
        return Refused("not_the_owner", f"Only the owner of {group.name} can do that")
    return group
