"""The chat of PROTOCOL as if one request at a time were under way: what each comes to, and who is told what."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from fuzz.live.chat_groups import GroupRules
from fuzz.live.chat_marks import MarkRules
from fuzz.live.chat_shapes import CHANGES, RESERVED, is_id, is_name, is_well_formed, meaning, text_refusals
from fuzz.live.chat_state import ANYTHING, ChatState, Claim, Happening, Person, Told
from fuzz.live.protocol import CLOSED, Outcome

FRAME_BYTES_MAX_BEFORE_LOGIN = 4_096
BAD_MESSAGES_MAX = 8
LOGIN_REFUSALS_MAX = 5
PASSING = ("too_fast", "no_space", "server_full")
"""Refusals that depend on what nobody here can know."""
OF_AN_OPERATOR = ("too_many",)
"""Refusals that depend on what an operator chose, for requests that list names."""
LISTING = {"group_set", "group_add"}


def refused(code: str, request_id: Any) -> dict[str, Any]:
    """Return a refusal as a pattern."""
    text: Any = ANYTHING
    if code == "name_taken":
        text = "Username is already taken"
    elif code == "invalid_command":
        text = _begins_as_promised
    return {"type": "refused", "code": code, "re": request_id if is_id(request_id) else None, "text": text}


def _begins_as_promised(_: ChatState, text: Any) -> bool:
    return str(text).split("\n")[0] == "Invalid command. Use @help"


def _bye(reason: str) -> list[Any]:
    return [{"type": "bye", "reason": reason, "text": ANYTHING}, CLOSED]


class ChatModel(GroupRules, MarkRules):
    """What comes of what is said; requests are as `chat.speak` hands them over."""

    def opened(self, conn: int) -> list[Any]:  # noqa: ARG002
        """Return the `hello`."""
        return [{"type": "hello", "protocol": 1, "server": ANYTHING, "nonce": ANYTHING, "limits": ANYTHING}]

    def apply(self, conn: int, what: Any) -> Iterator[Outcome]:
        """Yield what may come of it."""
        if isinstance(what, dict) and "gone" in what:
            yield self._gone(what["gone"])
        elif not self.conn(conn).is_open:
            yield Outcome(self)
        elif what == "close":
            yield self.copy().end(conn, [CLOSED])
        elif what.get("frame_bytes", 0) > self._frame_bytes_max(conn, what) or what.get("bytes") == "bad frame":
            yield self.copy().end(conn, [refused("bad_frame", None), *_bye("violation")])
        elif what.get("bytes") == "bad message" or not is_well_formed(what):
            yield self.copy().garbled(conn, what.get("id"))
        elif self.me(conn) is None:
            yield from self._stranger(conn, what)
        else:
            yield from self._somebody(conn, what)

    def _frame_bytes_max(self, conn: int, what: dict[str, Any]) -> int:
        return FRAME_BYTES_MAX_BEFORE_LOGIN if self.me(conn) is None else int(what.get("frame_bytes_max", 0))

    # ---------------------------------------------------------------------------------------- coming and going

    def end(self, conn: int, told: list[Any], *traits: str) -> Outcome:
        """Close a connection; whoever is on it is gone some time after that."""
        me = self.me(conn)
        self.set_conn(conn, is_open=False)
        later = []
        if me is not None:
            self.people[me.name.lower()] = me._replace(conn=None)
            later = [{"gone": me.number}]
        return Outcome(self.noting(*traits, "left"), [(conn, one) for one in told], later)

    def _gone(self, number: int) -> Outcome:
        """Somebody's going is known: a guest leaves every group first; the owner of a name stays in them."""
        person = next((one for one in self.people.values() if one.number == number and one.conn is None), None)
        if person is None:
            return Outcome(self)  # the owner came back before
        after, folded = self.copy(), person.name.lower()
        told = after.leave_everything(folded) if person.is_guest else []
        told += after.happen({"type": "exited", "name": person.name, "at": ANYTHING}, None, whose=number)
        del after.people[folded]
        if person.is_guest:
            after.outcomes = {key: value for key, value in after.outcomes.items() if key[0] != number}
        return Outcome(after, told)

    def garbled(self, conn: int, request_id: Any) -> Outcome:
        """Refuse what is no message; the connection stays, until there were too many."""
        count = self.conn(conn).bad_messages + 1
        self.set_conn(conn, bad_messages=count)
        refusal = refused("bad_message", request_id)
        if count >= BAD_MESSAGES_MAX:
            return self.end(conn, [refusal, *_bye("violation")], "closed for bad messages")
        return Outcome(self, [(conn, refusal)])

    def _stranger(self, conn: int, what: dict[str, Any]) -> Iterator[Outcome]:
        if what["type"] == "quit":
            yield self.copy().end(conn, _bye("quit"))
        elif what["type"] != "login":
            yield Outcome(self, [(conn, refused("login_first", what.get("id")))])
        else:
            codes = self._login_refusals(what)
            if not codes:
                yield self.copy().enter(conn, what)
                if self._is_beyond(what):
                    yield self.copy().enter(conn, what, common_is_old=True)
            for code in [*sorted(codes), *PASSING]:
                yield self.copy().refuse_login(conn, what, code)

    def refuse_login(self, conn: int, what: dict[str, Any], code: str) -> Outcome:
        """Refuse a login; the connection stays, until there were too many."""
        count = self.conn(conn).refused_logins + 1
        self.set_conn(conn, refused_logins=count)
        refusal = refused(code, what.get("id"))
        if count >= LOGIN_REFUSALS_MAX:
            return self.end(conn, [refusal, *_bye("violation")], "closed for refused logins")
        return Outcome(self, [(conn, refusal)])

    def _login_refusals(self, what: dict[str, Any]) -> set[str]:
        name, codes = what["name"], set()
        if what["protocol"] != 1:
            codes.add("bad_protocol")
        if not is_name(name):
            codes.add("bad_name")
        if name.lower() in RESERVED:
            codes.add("name_reserved")
        if what.get("proof") is False:
            codes.add("bad_signature")
        claim = self.claims.get(name.lower())
        key = what.get("key")
        if (claim is not None and claim.key != key) or (claim is None and name.lower() in self.people):
            codes.add("name_taken")
        return codes

    def _is_beyond(self, what: dict[str, Any]) -> bool:
        return "after" in what and self.place_after(what["after"]) is None

    def enter(self, conn: int, what: dict[str, Any], *, common_is_old: bool = False) -> Outcome:
        """Let somebody in, in place of an older connection where the key is the same.

        Args:
            common_is_old: of who has seen a number of nothing here, the server goes on from before everything here;
                else from behind it.
        """
        name, folded, key = what["name"], what["name"].lower(), what.get("key")
        told: Told = []
        old, claim = self.people.get(folded), self.claims.get(folded)
        if old is not None:  # the same key: it comes in in place of itself
            if old.conn is not None:
                self.set_conn(old.conn, is_open=False)
                told += [(old.conn, one) for one in _bye("taken_over")]
                self.noting("taken over")
            self.people[folded] = old._replace(conn=conn)
            number, name = old.number, old.name
        else:
            self.numbers += 1
            number = claim.number if claim is not None else self.numbers
            if key is not None:
                self.claims[folded] = Claim(name, key, number)
            told += self.happen({"type": "joined", "name": name, "at": ANYTHING}, None, whose=number)
            self.people[folded] = Person(name, number, conn, key is None)
        self.set_conn(conn, name=folded, person=number)
        self.noting("guest" if key is None else "owner")
        welcome = {"name": name, "guest": key is None, "seq": ChatState.newest, "text": f"[Welcome {name}]"}
        told += [
            (conn, {"type": "welcome", **welcome}),
            *self._arrears(conn, what, folded, common_is_old=common_is_old),
        ]
        if "id" in what and old is None:
            told.append((conn, {"type": "accepted", "re": what["id"], "seq": Happening(len(self.events) - 1)}))
        return Outcome(self, told)

    def _arrears(self, conn: int, what: dict[str, Any], folded: str, *, common_is_old: bool) -> Told:
        if "after" not in what:
            return []
        first, gap = self.place_after(what["after"]), list[Any]()
        if first is None:
            self.noting("a gap")
            first, gap = 0 if common_is_old else len(self.events), [refused("gap", None)]
        missed = self.missed(first, folded)
        self.noting("resumed", *(["told what was missed"] if missed else []))
        return [(conn, notice) for notice in (*gap, *missed)]

    # ------------------------------------------------------------------------------------------- being there

    def _somebody(self, conn: int, what: dict[str, Any]) -> Iterator[Outcome]:
        request_id, asked, me = what.get("id"), what, self.me(conn)
        assert me is not None
        if what["type"] == "line":
            meant = meaning(what["text"])
            asked = {"type": "refused", "code": meant} if isinstance(meant, str) else {**meant, "id": request_id}
        if asked["type"] == "quit":
            yield self.copy().end(conn, _bye("quit"), "quit")
        elif asked["type"] == "login":
            yield Outcome(self, [(conn, refused("already_logged_in", request_id))])
        elif asked["type"] == "read_marks":
            yield Outcome(self, [(conn, {**self.read_marks(me, asked), "re": request_id})])
        elif asked["type"] in self.READS:
            yield Outcome(self, [(conn, {**answer, "re": request_id}) for answer in self.read(conn, asked)])
        else:
            yield from self._change(conn, asked, request_id)

    def _change(self, conn: int, asked: dict[str, Any], request_id: str | None) -> Iterator[Outcome]:
        me = self.me(conn)
        assert me is not None
        first = self.outcomes.get((me.number, request_id or ""))
        if first is not None:
            known = (
                refused(first, request_id)
                if isinstance(first, str)
                else {"type": "accepted", "re": request_id, "seq": first}
            )
            yield Outcome(self.copy().noting("asked again"), [(conn, known)])
            return
        if asked["type"] == "mark_read":
            yield from self._mark_read(conn, me, asked, request_id)
            return
        codes = self._refusals(me, asked)
        if not codes:
            yield self.copy().carry_out(conn, me, asked, request_id)
        for code in [*sorted(codes), *(OF_AN_OPERATOR if asked["type"] in LISTING else ())]:
            after = self.copy()
            if request_id is not None:
                after.outcomes[me.number, request_id] = code
            yield Outcome(after, [(conn, refused(code, request_id))])
        yield Outcome(self, [(conn, refused("no_space", request_id))])

    def _mark_read(self, conn: int, me: Person, asked: dict[str, Any], request_id: str | None) -> Iterator[Outcome]:
        """Neither that it was accepted nor that it was refused is remembered under its id."""
        codes = self.mark_refusals(me, asked)
        for after, seq in () if codes else self.mark(me, asked):
            accepted = {"type": "accepted", "re": request_id, "seq": seq}
            yield Outcome(after, [(conn, accepted)] if request_id is not None else [])
        for code in [*sorted(codes), "no_space"]:
            yield Outcome(self, [(conn, refused(code, request_id))])

    def carry_out(self, conn: int, me: Person, asked: dict[str, Any], request_id: str | None) -> Outcome:
        """Do what was asked, and say that it was accepted where it had an id."""
        first = Happening(len(self.events))
        told = self.DOES[asked["type"]](self, me, asked)
        if request_id is not None:
            self.outcomes[me.number, request_id] = first
            told.append((conn, {"type": "accepted", "re": request_id, "seq": first}))
        return Outcome(self.noting(asked["type"]), told)

    def _refusals(self, me: Person, asked: dict[str, Any]) -> set[str]:
        if asked["type"] == "refused":
            return {asked["code"]}
        assert asked["type"] in CHANGES
        codes = text_refusals(asked, 16_384) if asked["type"] in {"say", "tell", "group_send"} else set()
        if asked["type"] == "tell" and self.spelled(asked["to"]) is None:
            codes.add("no_such_user")
        return codes | self.group_refusals(me, asked)

    def _say(self, me: Person, asked: dict[str, Any]) -> Told:
        return self.happen({"type": "said", "from": me.name, **content(asked)}, None)

    def _tell(self, me: Person, asked: dict[str, Any]) -> Told:
        to = self.spelled(asked["to"])
        assert to is not None
        audience = {me.number, self.number_of(to.lower())}
        return self.happen({"type": "told", "from": me.name, "to": to, **content(asked)}, audience)

    def _group_send(self, me: Person, asked: dict[str, Any]) -> Told:
        group = self.groups[asked["group"].lower()]
        notice = {"type": "group_said", "from": me.name, "group": group.name, **content(asked)}
        return self.happen(notice, map(self.number_of, group.members), group.born)

    DOES: ClassVar[dict[str, Callable[["ChatModel", Person, dict[str, Any]], Told]]] = {
        "say": _say,
        "tell": _tell,
        "group_send": _group_send,
        "group_set": GroupRules.group_set,
        "group_add": GroupRules.group_add,
        "group_kick": GroupRules.group_kick,
        "group_leave": GroupRules.group_leave,
        "group_delete": GroupRules.group_delete,
    }


def content(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what a message's notice repeats of its request."""
    return {"text": asked.get("text"), "sealed": asked.get("sealed"), "id": asked.get("id"), "at": ANYTHING}
