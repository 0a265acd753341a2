"""The groups of the chat, as the model of it knows them."""

from typing import Any

from fuzz.live.chat_shapes import RESERVED, is_name
from fuzz.live.chat_state import ANYTHING, ChatState, Group, Person, Told


class GroupRules(ChatState):
    """What comes of requests about groups."""

    def group_refusals(self, me: Person, asked: dict[str, Any]) -> set[str]:
        """Return the codes that a request about a group may be refused with; none where it is in order."""
        match asked["type"]:
            case "group_set":
                return self._refuse_set(asked)
            case "group_send" | "group_leave":
                return self.refuse_outsider(me, asked["group"])
            case "group_add" | "group_kick" | "group_delete":
                return self._refuse_change(me, asked)
        return set()

    def refuse_outsider(self, me: Person, name: str) -> set[str]:
        """Return why somebody may not speak in a group."""
        group = self.groups.get(name.lower())
        if group is None:
            return {"no_such_group"}
        return set() if me.name.lower() in group.members else {"not_a_member"}

    def _refuse_set(self, asked: dict[str, Any]) -> set[str]:
        codes = set()
        if not is_name(asked["group"]) or asked["group"].lower() in RESERVED:
            codes.add("bad_group_name")
        if asked["group"].lower() in self.groups:
            codes.add("group_exists")
        if any(self.spelled(name) is None for name in asked["members"]):
            codes.add("no_such_user")
        return codes

    def _refuse_change(self, me: Person, asked: dict[str, Any]) -> set[str]:
        group = self.groups.get(asked["group"].lower())
        if group is None:
            return {"no_such_group"}
        if group.owner != me.name.lower():
            return {"not_the_owner"} | ({"not_a_member"} if me.name.lower() not in group.members else set())
        codes = set()
        for name in asked.get("users", []):
            if self.spelled(name) is None:
                codes.add("no_such_user")
            elif name.lower() in group.members:
                codes.add("already_a_member")
        if asked["type"] == "group_kick" and asked["user"].lower() not in group.members:
            codes.add("not_a_member")
        if asked["type"] == "group_kick" and asked["user"].lower() == group.owner:
            codes.add("not_allowed")
        return codes

    # -------------------------------------------------------------------------------------------- carried out

    def group_set(self, me: Person, asked: dict[str, Any]) -> Told:
        """Create a group; the creator is its first member."""
        members = tuple(dict.fromkeys([me.name.lower(), *(name.lower() for name in asked["members"])]))
        group = Group(asked["group"], me.name.lower(), members, len(self.events))
        return self._alter(group, group, "created", me.name)

    def group_add(self, me: Person, asked: dict[str, Any]) -> Told:
        """Add all these users, a notice each."""
        told: Told = []
        for user in dict.fromkeys(name.lower() for name in asked["users"]):
            group = self.groups[asked["group"].lower()]
            after = group._replace(members=(*group.members, user))
            told += self._alter(group, after, "added", me.name, user)
        return told

    def group_kick(self, me: Person, asked: dict[str, Any]) -> Told:
        """Remove a member."""
        return self._without(asked["group"], asked["user"].lower(), "kicked", me.name)

    def group_leave(self, me: Person, asked: dict[str, Any]) -> Told:
        """A member leaves; the longest-standing one inherits."""
        return self._leave(asked["group"].lower(), me.name.lower())

    def group_delete(self, me: Person, asked: dict[str, Any]) -> Told:
        """Nobody is a member any more."""
        group = self.groups[asked["group"].lower()]
        return self._alter(group, group._replace(members=()), "deleted", me.name)

    def leave_everything(self, folded: str) -> Told:
        """Somebody leaves every group, in the order of their names."""
        told: Told = []
        for key in sorted(key for key, group in self.groups.items() if folded in group.members):
            told += self._leave(key, folded)
        return told

    def _leave(self, key: str, folded: str) -> Told:
        was_owner = self.groups[key].owner == folded
        name = self.spelled(folded)
        assert name is not None
        told = self._without(key, folded, "left", name)
        if was_owner and key in self.groups:
            group = self.groups[key]
            after = group._replace(owner=group.members[0])
            told += self._alter(group, after, "owner", name, after.owner)
        return told

    def _without(self, name: str, user: str, change: str, by: str) -> Told:
        group = self.groups[name.lower()]
        after = group._replace(members=tuple(member for member in group.members if member != user))
        return self._alter(group, after, change, by, user)

    def _alter(self, before: Group, after: Group, change: str, by: str, user: str | None = None) -> Told:
        key = after.name.lower()
        concerned = {self.number_of(member) for member in (*before.members, *after.members)}
        members = [self.spelled(member) for member in sorted(after.members)]
        for member in {*before.members} - {*after.members}:
            self.marks.pop((self.number_of(member), f"group/{after.born}"), None)
        if after.members:
            self.groups[key] = after
        else:
            del self.groups[key]
        notice = {
            "type": "group_changed", "group": after.name, "change": change, "by": by, "at": ANYTHING,
            "user": None if user is None else self.spelled(user),
            "members": None if change == "deleted" else members,
        }  # fmt: skip
        return self.happen(notice, concerned, after.born)
