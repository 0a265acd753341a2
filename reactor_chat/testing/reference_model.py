"""The rules of the chat, written plainly a second time: what a request comes to at its place, and who may read what.

The simulated world's checker and the property of the hub ask it, so that every rule is written here once.  It is a heap
of dictionaries and knows nothing of commits, marks and waiting.  Everybody is a number that is new whenever a guest
comes or a name is owned anew, so that nobody inherits anything.
"""

import re
from typing import Any, NamedTuple

from reactor_chat.wire import messages as m
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import RESERVED_WORDS, fold, is_name


class Marked(NamedTuple):
    """Somebody, by folded name, has read a place up to a number; a place is `room`, `pair/NAME` or `group/BORN`."""

    key: str
    place: str
    read: int


Entry = tuple[m.Notice | Marked | None, list[str]]
"""One number of the chat: what is told (of a marker and of None: nothing), and for a group its members afterwards,
eldest first."""

Verdict = str | list[Entry]
"""The code of a refusal, or what happens."""

Logged = tuple[m.Notice | None, set[int] | None, int]
"""One number of the chat: what is told of it (None: nothing), to whom (None: everyone), and its group's birth."""

Groups = dict[str, tuple[str, str, list[str]]]
"""Groups by their folded names: name, owner, and members sorted."""

LIST_NAMES_MAX = 2_000
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

UNKNOWN, FOREIGN, NOT_MINE = "no_such_user", "not_a_member", "not_the_owner"


class ReferenceModel:
    """Everything that is true after the records so far.

    Args:
        groups_max, members_max, people_max, text_bytes_max: what the operator chose.

    Attributes:
        at: the time that what is said now is stamped with.
        seq: the newest number.
        log: what is told of each number, the first of which is 1.
        marks: how far each person has read each place, the one first that was moved longest ago.
        newest: the newest number that is no marker's.
    """

    def __init__(self, *, groups_max: int, members_max: int, people_max: int, text_bytes_max: int = 16_384) -> None:
        self.groups_max, self.members_max, self.people_max = groups_max, members_max, people_max
        self.text_bytes_max = text_bytes_max
        self.at = 0
        self.seq = 0
        self.present: dict[str, str] = {}
        self.owners: dict[str, bytes] = {}
        self.spelled: dict[str, str] = {}
        self.person: dict[str, int] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.outcomes: dict[str, dict[str, int | str]] = {}
        self.log: list[Logged] = []
        self.marks: dict[int, dict[str, int]] = {}
        self.newest = 0

    # --------------------------------------------------------------------------------- what a request comes to

    def login(self, login: m.Login, *, entering: int) -> Verdict:
        """What a login comes to; `takeover` is one that changes nothing.

        Args:
            entering: how many others are on their way in.
        """
        key = fold(login.name)
        if self.owners.get(key, login.key) != login.key:
            return "name_taken"
        if key in self.present:
            return "takeover" if key in self.owners else "name_taken"
        if len(self.present) + entering >= self.people_max:
            return "server_full"
        return [(m.Joined(self.seq + 1, self.at, login.name), [])]

    def change(self, key: str, request: Any) -> Verdict:
        """What a request for a change comes to, from whoever holds this folded name."""
        verdict: Verdict = getattr(self, f"_{type(request).__name__.lower()}")(key, request)
        return verdict

    def _refused_text(self, text: str | None) -> str | None:
        if text is None:
            return None
        if len(text.encode("utf-8")) > self.text_bytes_max:
            return "too_long"
        return "bad_text" if not text or _FORBIDDEN.search(text) else None

    def _say(self, key: str, r: m.Say) -> Verdict:
        said = m.Said(self.seq + 1, self.at, self.spelled[key], r.text, r.sealed, r.id)
        return self._refused_text(r.text) or [(said, [])]

    def _tell(self, key: str, r: m.Tell) -> Verdict:
        if fold(r.to) not in self.spelled:
            return UNKNOWN
        to = self.spelled[fold(r.to)]
        told = m.Told(self.seq + 1, self.at, self.spelled[key], to, r.text, r.sealed, r.id)
        return self._refused_text(r.text) or [(told, [])]

    def _groupsend(self, key: str, r: m.GroupSend) -> Verdict:
        group = self._mine(key, r.group)
        if isinstance(group, str):
            return group
        said = m.GroupSaid(self.seq + 1, self.at, self.spelled[key], group["name"], r.text, r.sealed, r.id)
        return self._refused_text(r.text) or [(said, [])]

    def _groupset(self, key: str, r: m.GroupSet) -> Verdict:
        members = list(dict.fromkeys([key, *map(fold, r.members)]))
        if len(r.members) > LIST_NAMES_MAX:
            return "too_many"
        if not is_name(r.group) or fold(r.group) in RESERVED_WORDS:
            return "bad_group_name"
        if fold(r.group) in self.groups:
            return "group_exists"
        if any(member not in self.spelled for member in members):
            return UNKNOWN
        if len(members) > self.members_max or any(self._is_full(member) for member in members):
            return "too_many"
        return [self._changed(1, r.group, "created", key, None, members)]

    def _groupadd(self, key: str, r: m.GroupAdd) -> Verdict:
        group = self._owned(key, r.group)
        users = list(dict.fromkeys(map(fold, r.users)))
        if len(r.users) > LIST_NAMES_MAX:
            return "too_many"
        if isinstance(group, str):
            return group
        if any(user not in self.spelled for user in users):
            return UNKNOWN
        if any(user in group["members"] for user in users):
            return "already_a_member"
        after = [*group["members"], *users]
        if len(after) > self.members_max or any(self._is_full(user) for user in users):
            return "too_many"
        return [
            self._changed(n, group["name"], "added", key, user, after[: len(after) - len(users) + n])
            for n, user in enumerate(users, 1)
        ]

    def _groupkick(self, key: str, r: m.GroupKick) -> Verdict:
        group, user = self._owned(key, r.group), fold(r.user)
        if isinstance(group, str):
            return group
        if user not in group["members"]:
            return FOREIGN
        if user == key:
            return "not_allowed"
        after = [member for member in group["members"] if member != user]
        return [self._changed(1, group["name"], "kicked", key, user, after)]

    def _groupdelete(self, key: str, r: m.GroupDelete) -> Verdict:
        group = self._owned(key, r.group)
        return group if isinstance(group, str) else [self._changed(1, group["name"], "deleted", key, None, [])]

    def _groupleave(self, key: str, r: m.GroupLeave) -> Verdict:
        group = self._mine(key, r.group)
        return group if isinstance(group, str) else self._leave(key, group, 1)

    def _markread(self, key: str, r: m.MarkRead) -> Verdict:
        marked, own = self.marked(key, r), self.marks.get(self.person[key], {})
        if isinstance(marked, str):
            return marked
        return [(marked, [])] if min(marked.read, self.newest) > own.get(marked.place, 0) else []

    def marked(self, key: str, r: m.MarkRead) -> str | Marked:
        """Where a marker is asked to be, at the latest; or the code by which that is refused."""
        own = self.marks.get(self.person[key], {})
        if key not in self.owners:
            return "not_allowed"
        place = "room"
        if r.group is not None:
            group = self._mine(key, r.group)
            if isinstance(group, str):
                return group
            place = f"group/{group['born']}"
        elif r.with_ is not None:
            place = f"pair/{fold(r.with_)}"
            if fold(r.with_) not in self.spelled and place not in own:
                return UNKNOWN
        return Marked(key, place, min(r.seq, self.seq))

    def _leave(self, key: str, group: dict[str, Any], n: int) -> list[Entry]:
        rest = [member for member in group["members"] if member != key]
        left = [self._changed(n, group["name"], "left", key, key, rest)]
        if rest and group["owner"] == key:
            left.append(self._changed(n + 1, group["name"], "owner", key, rest[0], rest))
        return left

    def end(self, key: str, *, released: bool = False) -> list[Entry]:
        """Somebody goes, or loses the name."""
        entries: list[Entry] = []
        if released or key not in self.owners:
            for group in [self.groups[name] for name in sorted(self.groups) if key in self.groups[name]["members"]]:
                entries += self._leave(key, group, len(entries) + 1)
        if key in self.present:
            entries.append((m.Exited(self.seq + len(entries) + 1, self.at, self.present[key]), []))
        if released:
            entries.append((m.Released(self.seq + len(entries) + 1, self.at, self.spelled[key]), []))
        return entries

    def _mine(self, key: str, name: str) -> str | dict[str, Any]:
        group = self.groups.get(fold(name))
        return "no_such_group" if group is None else group if key in group["members"] else FOREIGN

    def _owned(self, key: str, name: str) -> str | dict[str, Any]:
        group = self.groups.get(fold(name))
        return "no_such_group" if group is None else group if key == group["owner"] else NOT_MINE

    def _is_full(self, key: str) -> bool:
        return sum(key in group["members"] for group in self.groups.values()) >= self.groups_max

    def _changed(self, n: int, group: str, change: str, by: str, user: str | None, after: list[str]) -> Entry:
        names = None if change == "deleted" else [self.spelled[key] for key in sorted(after)]
        who = None if user is None else self.spelled[user]
        return m.GroupChanged(self.seq + n, self.at, group, change, self.spelled[by], who, names), after

    # --------------------------------------------------------------------------------------- and then it is so

    def happen(self, entry: Entry, owner_key: bytes | None = None) -> set[str] | None:
        """Make one entry true; return the folded names of those who are told, None for everyone."""
        notice, after = entry
        self.seq += 1
        told: set[str] | None = set()
        born = 0
        match notice:
            case m.Joined():
                self._enter(notice, owner_key)
                told = None
            case m.Said() | m.Exited() | m.Released():
                told = None
            case m.Told():
                told = {fold(notice.to), fold(notice.sender)}
            case m.GroupSaid():
                group = self.groups[fold(notice.group)]
                told, born = set(group["members"]), group["born"]
            case m.GroupChanged():
                told = self._regroup(notice, after)
            case Marked():
                own = self.marks.setdefault(self.person[notice.key], {})
                own.pop(notice.place, None)
                own[notice.place] = notice.read
        told_of = None if isinstance(notice, Marked) else notice
        self.newest = self.newest if isinstance(notice, Marked) else self.seq
        self.log.append((told_of, None if told is None else {self.person[name] for name in told}, born))
        if isinstance(notice, m.Exited | m.Released):
            self._end(fold(notice.name), released=isinstance(notice, m.Released))
        return told

    def names(self) -> list[str]:
        """Who is there, in the order in which `names` tells it."""
        return [self.present[key] for key in sorted(self.present)]

    def overview(self) -> Groups:
        """Every group, in the order in which `groups` tells them."""
        spelled = self.spelled
        return {
            key: (group["name"], spelled[group["owner"]], [spelled[member] for member in sorted(group["members"])])
            for key, group in sorted(self.groups.items())
        }

    def _enter(self, notice: m.Joined, owner_key: bytes | None) -> None:
        key = fold(notice.name)
        self.present[key] = self.spelled[key] = notice.name
        self.person.setdefault(key, notice.seq)
        if owner_key is not None:
            self.owners[key] = owner_key

    def _end(self, key: str, *, released: bool) -> None:
        self.present.pop(key, None)
        if released or key not in self.owners:
            for known in (self.owners, self.spelled, self.person, self.outcomes):
                known.pop(key, None)

    def _regroup(self, notice: m.GroupChanged, after: list[str]) -> set[str]:
        key, by = fold(notice.group), fold(notice.by)
        group = self.groups.setdefault(key, {"name": notice.group, "born": notice.seq, "owner": by, "members": []})
        told = {*group["members"], *after}
        for gone in {*group["members"]} - {*after}:
            self.marks.get(self.person[gone], {}).pop(f"group/{group['born']}", None)
        group["members"] = after
        if notice.change == "owner":
            group["owner"] = fold(notice.user or "")
        if not after:
            del self.groups[key]
        return told

    def marks_of(self, key: str) -> list[m.ReadMark]:
        """How far whoever holds this folded name has read, as `read_marks` tells it."""
        spelled, groups = self.spelled, {group["born"]: group["name"] for group in self.groups.values()}
        found = []
        for place, read in self.marks.get(self.person.get(key, 0), {}).items():
            kind, _, of = place.partition("/")
            with_ = spelled.get(of, of) if kind == "pair" else None
            found.append(m.ReadMark(read, with_, groups[int(of)] if kind == "group" else None))
        return found

    # ------------------------------------------------------------------------------------- who may read what

    def entitled(self, key: str) -> list[m.Notice]:
        """Everything that whoever holds this folded name is told of, oldest first; nobody is told what all are."""
        me = self.person.get(key)
        return [notice for notice, audience, _ in self.log if notice and (audience is None or me in audience)]

    def history(self, key: str, request: m.AskHistory) -> list[m.Notice]:
        """Every message that `history` may show of what it asks for, oldest first."""
        me, found = self.person.get(key), list[m.Notice]()
        born = self.groups[fold(request.group)]["born"] if request.group is not None else None
        for logged in self.log:
            notice = shown_by(logged, me, key, request.with_, born)
            if notice is not None:
                found.append(notice)
        return found


def shown_by(logged: Logged, me: int | None, key: str, with_: str | None, born: int | None) -> m.Notice | None:
    """Return the message that a page of history shows of one number; None where it shows nothing of it.

    Args:
        logged: what is told of the number.
        me: the person who asks; None for one of whom no record tells.
        key: the folded name of that person.
        with_: whose private messages are asked for; None where it is not those.
        born: the birth of the group whose messages are asked for; None where it is not those.
    """
    notice, audience, of_group = logged
    if not isinstance(notice, Heard) or (audience is not None and me not in audience):
        return None
    pair = {fold(notice.sender), fold(notice.to)} if isinstance(notice, m.Told) else set()
    is_asked_for = (born is None or of_group == born) and (with_ is None or pair == {key, fold(with_)})
    return notice if is_asked_for else None


def groups_of(groups: Groups, key: str) -> list[tuple[str, str, list[str]]]:
    """Return those groups, as `groups` tells them, in which whoever holds this folded name is a member."""
    return [group for group in groups.values() if key in map(fold, group[2])]


def refusal_to_read(groups: Groups, key: str, name: str) -> str | None:
    """Return the code by which somebody is refused who asks for what is a group's; None where it is told."""
    group = groups.get(fold(name))
    return "no_such_group" if group is None else None if key in map(fold, group[2]) else FOREIGN
