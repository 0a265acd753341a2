"""The groups: who owns them, who is in them, and who inherits.

Members are kept in the order of their coming, so the longest-standing one is the first.
"""

from msgspec import Struct

from reactor_chat.chat.state.records import GroupAltered
from reactor_chat.wire.messages import fold


class Group(Struct, array_like=True):
    """One group; `born` is the number of its creation and tells it from later groups of the same name."""

    name: str
    born: int
    owner: str
    members: dict[str, str]

    def has(self, name: str) -> bool:
        """Return whether somebody is a member, whatever the spelling."""
        return name.isascii() and fold(name) in self.members

    def is_owned_by(self, name: str) -> bool:
        """Return whether somebody is the owner, whatever the spelling."""
        return fold(self.owner) == fold(name)

    def names(self) -> list[str]:
        """Return the members, longest-standing first."""
        return list(self.members.values())

    def without(self, name: str) -> list[str]:
        """Return the members but one, longest-standing first."""
        return [member for key, member in self.members.items() if key != fold(name)]


def copy(group: Group) -> Group:
    """Return a group that is equal and does not change with this one."""
    return Group(group.name, group.born, group.owner, dict(group.members))


class Groups:
    """Every group, by folded name."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self._of_member: dict[str, dict[str, None]] = {}

    def get(self, name: str) -> Group | None:
        """Return the group of this name, whatever its spelling; None where there is none."""
        return self._groups.get(fold(name)) if name.isascii() else None

    def of(self, name: str) -> list[Group]:
        """Return the groups somebody is a member of, sorted by name regardless of case."""
        return [self._groups[key] for key in sorted(self._of_member.get(fold(name), ()))]

    def count_of(self, name: str) -> int:
        """Return how many groups somebody is a member of."""
        return len(self._of_member.get(fold(name), ()))

    def apply(self, record: GroupAltered) -> list[str]:
        """Change the groups as the record says.

        Returns:
            Everybody concerned: the members before and after, longest-standing first.
        """
        key = fold(record.group)
        group = self._groups.get(key)
        before = group.names() if group is not None else []
        if group is None:
            assert record.change == "created"
            group = self._groups[key] = Group(record.group, record.born, record.by, {})
        if record.change == "owner":
            assert record.user is not None
            group.owner = record.user
        after = record.members or []
        self._set_members(key, group, after)
        return list({fold(name): name for name in before + after}.values())

    def respell(self, name: str) -> None:
        """Write somebody as they spell themselves now."""
        for group in self.of(name):
            group.members[fold(name)] = name
            if group.is_owned_by(name):
                group.owner = name

    def _set_members(self, key: str, group: Group, names: list[str]) -> None:
        staying = {fold(name) for name in names}
        for gone in [member for member in group.members if member not in staying]:
            del group.members[gone]
            self._of_member[gone].pop(key)
            if not self._of_member[gone]:
                del self._of_member[gone]
        for name in names:
            group.members[fold(name)] = name
            self._of_member.setdefault(fold(name), {})[key] = None
        if not group.members:
            del self._groups[key]

    def dump(self) -> list[Group]:
        """Return a copy of every group, sorted by folded name."""
        return [copy(self._groups[key]) for key in sorted(self._groups)]

    def load(self, groups: list[Group]) -> None:
        """Replace the state by what `dump` returned."""
        self._groups = {fold(group.name): copy(group) for group in groups}
        self._of_member = {}
        for group in groups:
            for member in group.members:
                self._of_member.setdefault(member, {})[fold(group.name)] = None
