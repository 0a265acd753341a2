"""One connection, seen from the client's end: everything that comes is compared with what must come.

Numbered notices are those of the rows that are due to the person on this connection, each once, in order.  Answers come
in the order of what was asked, and each says what was the case somewhere between what the asker had heard when asking
and now.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from reactor_chat.testing.checker import NOBODY, NOT_REMEMBERED, Checker, Marks, demand
from reactor_chat.testing.reference_model import groups_of, refusal_to_read, shown_by
from reactor_chat.text.parser import parse
from reactor_chat.wire import messages as m
from reactor_chat.wire.codec import decode_notice, decode_request
from reactor_chat.wire.framing import FrameDecoder
from reactor_chat.wire.messages import Refused, fold

FRAMES_MAX = 1 << 30


class ClientOracle:
    """What one connection may still hear.

    Args:
        checker: knows what is true.

    Attributes:
        at: the newest number it has come past; None before it is welcome.
        person: whose connection it is; NOBODY before it is welcome, and where nobody yet came who reads already.
        frames: how many frames it has seen, in both directions.
        requests: how many of them were requests.
    """

    def __init__(self, checker: Checker) -> None:
        self.at: int | None = None
        self.person = NOBODY
        self.frames = 0
        self.requests = 0
        self._checker = checker
        self._decoder = FrameDecoder()
        self._login: m.Login | None = None
        self._asked: deque[tuple[Any, int]] = deque()
        self._is_over = self._has_quit = self._must_be_told = False
        self._reads_since: int | None = None
        self._parts: list[Any] = []

    # ----------------------------------------------------------------------------------------- what is sent

    def sent(self, data: bytes) -> None:
        """Note whole frames that the client sends."""
        decoder = FrameDecoder()
        decoder.feed(data)
        for payload in decoder.take(FRAMES_MAX):
            self.frames += 1
            self.requests += 1
            self._note(decode_request(payload))

    def _note(self, request: Any) -> None:
        if isinstance(request, m.Login) and self.at is None:
            self._login = request
            self._checker.logs_in(request.name, request.key)
        elif isinstance(request, m.Quit):
            self._has_quit = True
        elif self._login is not None and not self._has_quit:
            demand(request.id is not None, "people of this world number what they ask", request)
            self._ask(parse(request.text, request.id) if isinstance(request, m.Line) else request, request.id)

    def _ask(self, what: Any, known_as: str) -> None:
        assert self._login is not None
        if isinstance(what, m.Quit):
            self._has_quit = True
            return
        if not isinstance(what, m.Login):
            self._checker.asked(self._login.name, known_as, what)
        if (self.person, known_as) in self._checker.outcomes:
            self._checker.seen["a request came again and was answered again"] += 1
        self._asked.append((what, self.at or 0))

    # ------------------------------------------------------------------------------------------ what comes

    def heard(self, data: bytes) -> list[m.Notice]:
        """Judge what came, split anywhere.

        Returns:
            The notices in it that have no number.

        Raises:
            Violation: it is not what must come.
        """
        decoder, seq_of, rows = self._decoder, self._checker.seq_of, self._checker.rows
        decoder.feed(data)
        self._note_entering()
        others: list[m.Notice] = []
        payloads = decoder.take(FRAMES_MAX)
        self.frames += len(payloads)
        at, person = self.at, self.person
        for payload in payloads:
            seq = seq_of.get(payload)
            if at is None or seq is None:
                others.append(self._unnumbered(payload))
                self._note_entering()  # by the time that a welcome to read is read, its reader may have entered
                at, person = self.at, self.person
            elif seq == at + 1 and rows[seq].audience is None and rows[seq].subject != person and not self._is_over:
                self.at = at = seq  # nearly always
            else:
                self._numbered(seq)
                at = self.at
        return others

    @property
    def is_current(self) -> bool:
        """Whether everything that was due has come, and everything that was asked is answered."""
        self._note_entering()
        return self.at is not None and not self._asked and self._missing(self.at + 1, self._checker.head + 1) is None

    def waits_for(self) -> str:
        """Return what has not come, for a person to read."""
        missing = self._missing((self.at or 0) + 1, self._checker.head + 1)
        return f"missing={missing} asked={list(self._asked)[:3]} over={self._is_over}"

    def _missing(self, first: int, end: int) -> int | None:
        """The first number in a stretch that should have come."""
        is_due, rows, person = self._checker.is_due, self._checker.rows, self.person
        return next((seq for seq in range(first, end) if is_due(person, rows[seq])), None)

    def _numbered(self, seq: int) -> None:
        assert self.at is not None
        demand(not self._is_over, "nothing comes after a goodbye", seq)
        demand(seq > self.at, "nothing comes twice, and nothing out of its order", seq, self.at)
        demand(
            self._checker.is_due(self.person, self._checker.rows[seq]),
            "nobody hears what is not for them",
            self._login,
            self._checker.rows[seq],
        )
        missing = self._missing(self.at + 1, seq)
        demand(missing is None, "nobody misses anything", missing, seq, self._login)
        self.at = seq

    def _unnumbered(self, payload: bytes) -> m.Notice:
        notice = decode_notice(payload)
        self._checker.saw(notice)
        demand(not self._is_over, "nothing comes after a goodbye", notice)
        demand(not isinstance(notice, m.Numbered), "nothing is shown before it is durable, or otherwise", notice)
        if self._must_be_told and not isinstance(notice, m.Bye):
            self._told_to_read_only(notice)
        elif isinstance(notice, m.Welcome):
            self._welcomed(notice)
        elif isinstance(notice, m.Bye):
            self._is_over = True
        elif getattr(notice, "re", None) is not None:
            self._answered(notice)
        return notice

    def _welcomed(self, notice: m.Welcome) -> None:
        login = self._login
        demand(login is not None and self.at is None, "who asked to come in is welcome, once", notice)
        assert login is not None
        demand(fold(notice.name) == fold(login.name), "one is welcome by one's name", notice, login)
        demand(notice.seq <= self._checker.head, "a welcome knows no more than is durable", notice)
        self.person = self._checker.person_at(notice.name, notice.seq)
        if not self._checker.was_present(notice.name, notice.seq):
            self._reads_since, self._must_be_told = notice.seq, True
            self._checker.seen["somebody was let in only to read"] += 1
        demand(notice.guest == (login.key is None), "a guest is one without a key", notice, login)
        demand(self.person != NOBODY or self._must_be_told, "who is welcome has come in", notice)
        demand(self.person == NOBODY or self._checker.key_of(self.person) == login.key, "a name is its owner's", notice)
        self.at = notice.seq if login.after is None else login.after
        if login.after is not None:
            missed = self._missing(self.at + 1, notice.seq + 1) is not None
            self._checker.seen[f"somebody resumed and had missed {'something' if missed else 'nothing'}"] += 1

    def _told_to_read_only(self, notice: m.Notice) -> None:
        assert self._login is not None
        self._must_be_told = False
        is_told = isinstance(notice, Refused) and (notice.code, notice.re) == ("no_space", self._login.id)
        demand(is_told, "who is let in only to read is told so", notice)

    def _note_entering(self) -> None:
        """Know the person by whose record the reader of this connection has entered."""
        if self._reads_since is not None and self.person == NOBODY and self._login is not None:
            self.person = self._checker.person_after(self._login.name, self._reads_since)

    # -------------------------------------------------------------------------------------------- answers

    def _answered(self, notice: Any) -> None:
        demand(self._asked, "nothing is answered that was not asked, and nothing twice", notice)
        request, low = self._asked[0]
        demand(request_id(request) == notice.re, "answers come in the order of the questions", notice, request)
        if isinstance(notice, m.NamesAnswer | m.GroupsAnswer | m.MembersAnswer | m.ReadMarksAnswer):
            self._parts.append(notice)
            if notice.more:
                return
        self._asked.popleft()
        if isinstance(notice, m.Accepted) and isinstance(request, m.MarkRead):
            self._marked(request, notice, low)
        elif isinstance(notice, m.Accepted):
            self._accepted(notice)
        elif isinstance(notice, Refused):
            self._refused(request, notice, low)
        else:
            self._READS[type(notice)](self, request, notice, low)
        self._parts.clear()

    def _accepted(self, notice: m.Accepted) -> None:
        outcome = self._checker.outcomes.get((self.person, notice.re))
        demand(outcome == notice.seq, "what is accepted is durable, with that number", notice, outcome)
        row = self._checker.rows[notice.seq]
        is_late = self.at is None or (self.at < notice.seq and self._checker.is_due(self.person, row))
        demand(not is_late, "an acceptance comes after its notices", notice, self.at)

    def _marked(self, request: m.MarkRead, notice: m.Accepted, low: int) -> None:
        """What is accepted is durable: the marker is there, or was until the group ended for whoever asked."""
        demand(notice.seq <= self._checker.head, "a marker that is accepted is durable", notice)
        place = _named(request.with_, request.group)
        read = max(marks.get(place, 0) for marks in self._versions(self._marks, low))
        demand(
            read >= min(request.seq, self._checker.newest_beside_marks(low)),
            "a marker that is accepted is where it was asked to be",
            request,
            read,
        )
        self._checker.seen["a read marker stayed where it was"] += notice.seq not in self._checker.moved

    @property
    def _marks(self) -> list[tuple[int, Marks]]:
        return self._checker.marks.get(self.person, [(0, {})])

    def _refused(self, request: Any, notice: Refused, low: int) -> None:
        if notice.code in NOT_REMEMBERED:
            text = self._checker.text_of(self._login.name if self._login else "", notice.re or "")
            if text is not None:
                self._checker.declined.add(text)
            return
        if isinstance(request, m.Login):
            demand(notice.code == "already_logged_in", "one comes in once", notice)
            return
        if isinstance(request, m.MarkRead) and self._login is not None and self._login.key is None:
            demand(notice.code == "not_allowed", "guests have no markers", request, notice)
            return
        if isinstance(request, m.Question | m.MarkRead):
            self._refused_read(request, notice, low)
            return
        outcome = self._checker.outcomes.get((self.person, notice.re or ""))
        if outcome is None and self._reads_since is not None and isinstance(request, Refused):
            outcome = request.code  # nothing is recorded of it
        demand(outcome == notice.code, "a refusal is the recorded one", notice, outcome)

    def _refused_read(self, request: Any, notice: Refused, low: int) -> None:
        group = getattr(request, "group", None)
        if group is None:
            demand(notice.code == "no_such_user", "a question is refused for what it asks", request, notice)
            return
        me = fold(self._login.name) if self._login else ""
        codes = {refusal_to_read(groups, me, group) for groups in self._versions(self._checker.groups, low)}
        demand(notice.code in codes, "a question is refused for what is the case", request, notice, codes)

    def _versions(self, log: list[tuple[int, Any]], low: int) -> Iterable[Any]:
        """What was the case at some time since a number, newest first."""
        for seq, value in reversed(log):
            yield value
            if seq <= low:
                return

    def _read_names(self, _: Any, notice: m.NamesAnswer, low: int) -> None:
        names = [name for part in self._parts for name in part.names]
        demand(names in self._versions(self._checker.names, low), "the names are those who are there", notice)

    def _read_groups(self, _: Any, notice: m.GroupsAnswer, low: int) -> None:
        found = [(part.group, part.owner, part.members) for answer in self._parts for part in answer.groups]
        me = fold(self._login.name) if self._login else ""
        mine = (groups_of(groups, me) for groups in self._versions(self._checker.groups, low))
        demand(found in mine, "the groups are one's own", notice, found)

    def _read_members(self, request: m.AskWho, notice: m.MembersAnswer, low: int) -> None:
        found = (notice.group, notice.owner, [name for part in self._parts for name in part.members])
        versions = (groups.get(fold(request.group)) for groups in self._versions(self._checker.groups, low))
        demand(found in versions, "the members are those of the group", notice, found)

    def _read_history(self, request: m.AskHistory, notice: m.HistoryAnswer, low: int) -> None:
        """A page is an unbroken stretch of what one may see; only the newest may be missing, if it came meanwhile."""
        wanted = self._entitled_back(request, notice)
        skipped = [found for found in wanted if found.seq > (notice.messages[-1].seq if notice.messages else 0)]
        demand(all(found.seq > low for found in skipped), "a page shows the newest", request, skipped)
        rest = wanted[: len(wanted) - len(skipped)]
        shown = list(notice.messages)
        demand(len(shown) <= request.limit, "a page is no longer than was asked", request, notice)
        demand(shown == rest[len(rest) - len(shown) :], "a page leaves out nothing", request, shown, rest)
        demand(notice.more == (len(rest) > len(shown)) or skipped, "a page knows whether there are older ones", notice)

    def _entitled_back(self, request: m.AskHistory, notice: m.HistoryAnswer) -> list[Any]:
        """What the asker may see of what was asked for, oldest first, from a little before what was shown."""
        wanted: list[Any] = []
        me, log = fold(self._login.name) if self._login else "", self._checker.model.log
        oldest = notice.messages[0].seq if notice.messages else 1
        born = self._born(request, notice)
        before = request.before if request.before is not None else self._checker.head + 1
        for seq in range(min(before, len(log) + 1) - 1, 0, -1):
            told = shown_by(log[seq - 1], self.person, me, request.with_, born)
            if told is not None:
                wanted.append(told)
                if seq < oldest:
                    break
        return wanted[::-1]

    def _born(self, request: m.AskHistory, notice: m.HistoryAnswer) -> int | None:
        """The birth of the group that was asked for: of the shown messages' where it may have ended meanwhile."""
        if request.group is None:
            return None
        if notice.messages:
            return self._checker.model.log[notice.messages[-1].seq - 1][2]
        group = self._checker.model.groups.get(fold(request.group))
        return group["born"] if group is not None else -1

    def _read_marks(self, _: Any, notice: m.ReadMarksAnswer, low: int) -> None:
        told = [one for part in self._parts for one in part.marks]
        found = {_named(one.with_, one.group): one.seq for one in told}
        versions = (list(marks.items()) for marks in self._versions(self._marks, low))
        demand(list(found.items()) in versions, "the markers are one's own, in their order", notice, found)

    def _read_pong(self, request: m.Ping, notice: m.Pong, _: int) -> None:
        demand(notice.data == request.data, "a pong carries what the ping did", request, notice)

    def _read_help(self, request: m.AskHelp, notice: m.HelpAnswer, _: int) -> None:
        demand(isinstance(request, m.AskHelp) and notice.text, "help helps", request)

    _READS: ClassVar[dict[type, Callable[["ClientOracle", Any, Any, int], None]]] = {
        m.NamesAnswer: _read_names,
        m.GroupsAnswer: _read_groups,
        m.MembersAnswer: _read_members,
        m.HistoryAnswer: _read_history,
        m.ReadMarksAnswer: _read_marks,
        m.Pong: _read_pong,
        m.HelpAnswer: _read_help,
    }


def _named(with_: str | None, group: str | None) -> tuple[str, str]:
    if group is not None:
        return "group", fold(group)
    return ("", "") if with_ is None else ("with", fold(with_))


def request_id(request: Any) -> str | None:
    """Return the id of a request, or of what it was refused as."""
    found: str | None = request.re if isinstance(request, Refused) else request.id
    return found
