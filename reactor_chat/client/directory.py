"""Whom and which groups a client has heard of, so that Tab can complete them.

It learns from every notice that passes and is never asked for the truth: the server knows that.
"""

from reactor_chat.wire.messages import (
    SERVER_NAME,
    Exited,
    GroupChanged,
    GroupSaid,
    GroupsAnswer,
    Joined,
    NamesAnswer,
    Notice,
    Said,
    Told,
    fold,
)

NAMES_MAX = 10_000
"""Beyond it nothing more is learnt; nobody completes among so many."""


class Directory:
    """Names of people and groups, each in the spelling last seen."""

    def __init__(self) -> None:
        self._users: dict[str, str] = {}
        self._groups: dict[str, str] = {}

    @property
    def users(self) -> list[str]:
        """People who are, or were a moment ago, connected; sorted regardless of case."""
        return [self._users[folded] for folded in sorted(self._users)]

    @property
    def groups(self) -> list[str]:
        """Groups of one's own; sorted regardless of case."""
        return [self._groups[folded] for folded in sorted(self._groups)]

    def forget(self) -> None:
        """Forget everything, as after a new login."""
        self._users.clear()
        self._groups.clear()

    def learn(self, notice: Notice, me: str) -> None:
        """Take from a notice what it tells about who is there; `me` is one's own name."""
        match notice:
            case Said() | Told() | GroupSaid():
                self._met(notice.sender)
            case Joined():
                self._met(notice.name)
            case Exited():
                self._users.pop(fold(notice.name), None)
            case NamesAnswer():
                for name in notice.names:
                    self._met(name)
            case GroupsAnswer():
                for overview in notice.groups:
                    self._joined(overview.group)
            case GroupChanged():
                self._changed(notice, fold(me))
            case _:
                pass

    def _met(self, name: str) -> None:
        if len(self._users) < NAMES_MAX and fold(name) != SERVER_NAME:
            self._users[fold(name)] = name

    def _joined(self, group: str) -> None:
        if len(self._groups) < NAMES_MAX:
            self._groups[fold(group)] = group

    def _changed(self, notice: GroupChanged, me: str) -> None:
        if me in map(fold, notice.members or ()):
            self._joined(notice.group)
        else:
            self._groups.pop(fold(notice.group), None)
