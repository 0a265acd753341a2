"""What the chat answers to those who only ask, as the model of it knows it."""

from collections.abc import Callable
from typing import Any, ClassVar

from fuzz.live.chat_state import ANYTHING, ChatState, Event, Person, Test

HISTORY_LIMIT = 50
PAGE_BYTES_SAFE = 40_000
"""A page that holds less than this has not been cut short because of its size."""


class ReadRules(ChatState):
    """What comes of requests that change nothing."""

    def read(self, conn: int, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the answer, but for its `re`."""
        me = self.me(conn)
        assert me is not None
        return [self.READS[asked["type"]](self, me, asked)]

    def _ping(self, _: Person, asked: dict[str, Any]) -> dict[str, Any]:
        return {"type": "pong", "data": asked.get("data")}

    def _help(self, _: Person, __: dict[str, Any]) -> dict[str, Any]:
        return {"type": "help", "text": ANYTHING}

    def _names(self, _: Person, __: dict[str, Any]) -> dict[str, Any]:
        mine = [self.people[key].name for key in sorted(self.people)]

        def lists(state: ChatState, names: Any) -> bool:
            return names == sorted(names, key=str.lower) and mine == [n for n in names if n.startswith(state.prefix)]

        return {"type": "names", "names": lists}

    def _groups(self, me: Person, _: dict[str, Any]) -> dict[str, Any]:
        mine = [self.groups[key] for key in sorted(self.groups) if me.name.lower() in self.groups[key].members]
        listed = [{"group": group.name, **self._members(group.name)} for group in mine]
        return {"type": "groups", "groups": listed}

    def _who(self, me: Person, asked: dict[str, Any]) -> dict[str, Any]:
        refusal = self._refuse_group(me, asked["group"])
        if refusal is not None:
            return refusal
        return {"type": "members", "group": self.groups[asked["group"].lower()].name, **self._members(asked["group"])}

    def _members(self, name: str) -> dict[str, Any]:
        group = self.groups[name.lower()]
        return {
            "owner": self.spelled(group.owner),
            "members": [self.spelled(member) for member in sorted(group.members)],
        }

    def _refuse_group(self, me: Person, name: str) -> dict[str, Any] | None:
        group = self.groups.get(name.lower())
        if group is not None and me.name.lower() in group.members:
            return None
        return {"type": "refused", "code": "not_a_member" if group is not None else "no_such_group", "text": ANYTHING}

    def _history(self, me: Person, asked: dict[str, Any]) -> dict[str, Any]:
        keep, alone = self._kept(me, asked)
        if "group" in asked:
            refusal = self._refuse_group(me, asked["group"])
            if refusal is not None:
                return refusal
        places = self.messages(me.name.lower(), keep)
        if "with" in asked and not places and self.spelled(asked["with"]) is None and "before" not in asked:
            return {"type": "refused", "code": "no_such_user", "text": ANYTHING}
        if "before" in asked:
            places = [place for place in places if place not in self.bound or self.bound[place] < asked["before"]]
        limit = asked.get("limit", HISTORY_LIMIT)
        more: Test = (lambda _, value: value is (len(places) > limit)) if alone else ANYTHING
        return {"type": "history", "messages": self._page(places, limit, alone=alone), "more": more}

    def _kept(self, me: Person, asked: dict[str, Any]) -> tuple[Callable[[Event], bool], bool]:
        """Return which messages are asked for, and whether nobody from elsewhere can be among them."""
        if "with" in asked:
            pair = {me.name.lower(), asked["with"].lower()}
            return (
                lambda event: (
                    event.notice["type"] == "told"
                    and {event.notice["from"].lower(), event.notice["to"].lower()} == pair
                )
            ), True
        if "group" in asked:
            group = self.groups.get(asked["group"].lower())
            born = group.born if group is not None else None
            return (lambda event: event.notice["type"] == "group_said" and event.born == born), True
        return (lambda _: True), False

    def _page(self, places: list[int], limit: int, *, alone: bool) -> Test:
        """Return what a page of history has to be: the newest of these, in their order, others' between them."""

        def is_page(state: ChatState, messages: Any) -> bool:
            if type(messages) is not list or len(messages) > limit:
                return False
            mine = [message for message in messages if message["from"].startswith(state.prefix)]
            if len(mine) > len(places) or (alone and len(mine) != len(messages)):
                return False
            newest = places[len(places) - len(mine) :]
            is_cut = len(str(messages)) > PAGE_BYTES_SAFE
            if len(mine) < len(places) and len(messages) < limit and not is_cut:
                return False
            seqs = [message["seq"] for message in messages]
            return seqs == sorted(set(seqs)) and all(
                state.matches(state.told(place), message) for place, message in zip(newest, mine, strict=True)
            )

        return is_page

    READS: ClassVar[dict[str, Callable[["ReadRules", Person, dict[str, Any]], dict[str, Any]]]] = {
        "ping": _ping,
        "help": _help,
        "names": _names,
        "groups": _groups,
        "who": _who,
        "history": _history,
    }
