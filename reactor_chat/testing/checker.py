"""What is true, and what everybody must have seen of it: durable records, each judged by the reference model.

Theory of operation.  The checker is told what people sent (`asked`, `logs_in`) and what the journal made durable
(`committed`), and nothing of how the server came to it.  For each record it asks the reference model what the
request must come to at exactly this place of the one order; a record that is anything else is a violation.  So names,
groups, owners, entitlement, refusals and idempotence are judged once for each record, and not for each person.

What remains are rows: for each number the bytes that are told, and to whom.  A `ClientOracle` of a connection and the
`Screen` of a person compare what arrives with these rows: each number that is due, once, in order, none before it is
durable.  Their work is linear in what arrives and what was committed.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from reactor_chat.chat.case import AHEAD_MS_MAX
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.records import Declined, Entered, GroupAltered, MarkedRead, Record, notice_of
from reactor_chat.journal.reports import Entry
from reactor_chat.testing.reference_model import Entry as Happening
from reactor_chat.testing.reference_model import Groups, Marked, ReferenceModel
from reactor_chat.wire import messages as m
from reactor_chat.wire.codec import encode
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import Refused, fold

_records: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)
_numbered_text = re.compile(r"n\d+\b")
NOBODY = -1
"""The number of a person that no record tells of."""
NOT_REMEMBERED = frozenset({"bad_message", "no_space", "too_fast", "damaged"})


class Violation(AssertionError):
    """Something that was promised is not the case."""


def demand(condition: object, promise: str, *evidence: object) -> None:
    """Raise a violation unless something is the case.

    Args:
        condition: what must be the case.
        promise: what is broken otherwise.
        evidence: what shows it.
    """
    if not condition:
        raise Violation(": ".join([promise, ", ".join(map(repr, evidence))]))


Marks = dict[tuple[str, str], int]
"""How far conversations are read, by `with` or `group` and a folded name; the room has two empty words."""


def _named(place: str) -> tuple[str, str]:
    kind, _, name = place.partition("/")
    return ("with", name) if kind == "pair" else ("", "")


class CheckedRow(NamedTuple):
    """One number: what is told of it, and to whom."""

    payload: bytes | None  # None where nobody is told anything
    audience: set[int] | None  # None for everyone
    subject: int | None  # who came or went, and is not told so


class Asked(NamedTuple):
    """What somebody sent: a request, or the code by which it is refused whatever is the case."""

    what: Any
    text: str | None


class Checker:
    """Everything that is durable.

    Args:
        groups_max, members_max, people_max, text_bytes_max: what the operator chose.

    Attributes:
        model: the rules of the chat, applied to what is durable.
        rows: by number; the first is that of number 0, which is nothing.
        seq_of: the number of each payload that was ever told.
        outcomes: what came of each request, by person and id: the number it was accepted with, or a code.
        said: every text that was said, told or said to a group.
        names: who was present, from which number on.
        groups: every group, from which number on.
        marks: how far each person has read, from which number on; see `marks_by_name`.
        moved: the numbers of the records that moved a marker.
        declined: every text whose saying was refused.
        releases: the names that the operator gave free, folded.
        announced: what the operator wanted to be said.
        seen: what has happened, counted; see `sometimes`.
    """

    def __init__(self, *, groups_max: int, members_max: int, people_max: int, text_bytes_max: int) -> None:
        self.model = ReferenceModel(
            groups_max=groups_max, members_max=members_max, people_max=people_max, text_bytes_max=text_bytes_max
        )
        self.rows: list[CheckedRow] = [CheckedRow(None, None, None)]
        self.payloads: list[bytes] = []
        self.seq_of: dict[bytes, int] = {}
        self.outcomes: dict[tuple[int, str], int | str] = {}
        self.said: dict[str, int] = {}
        self.names: list[tuple[int, list[str]]] = [(0, [])]
        self.groups: list[tuple[int, Groups]] = [(0, {})]
        self.marks: dict[int, list[tuple[int, Marks]]] = {}
        self.moved: set[int] = set()
        self.declined: set[str] = set()
        self.seen: Counter[str] = Counter()
        self.releases: set[str] = set()
        self.announced: set[str] = set()
        self._numbers_said: set[str] = set()
        self._asked: dict[tuple[str, str], Asked] = {}
        self._marks_asked: dict[str, dict[m.MarkRead, None]] = {}
        self._logins: dict[tuple[str, bytes | None], None] = {}
        self._people: dict[str, list[tuple[int, int]]] = {}
        self._keys: dict[int, bytes | None] = {}
        self._expected: deque[Happening] = deque()
        self._judges: dict[type, Callable[[Any], list[Happening]]] = {
            Entered: self._judged_login,
            Declined: self._judged_refusal,
            MarkedRead: self._judged_mark,
        }

    # ------------------------------------------------------------------------------------ what people do

    def asked(self, name: str, request_id: str, what: Any) -> None:
        """Note a request with an id that somebody sent under a name; a `Refused` is what it comes to in any case."""
        self._asked[fold(name), request_id] = Asked(what, getattr(what, "text", None))
        if isinstance(what, m.MarkRead):
            self._marks_asked.setdefault(fold(name), {})[structs.replace(what, id=None)] = None

    def logs_in(self, name: str, key: bytes | None) -> None:
        """Note that somebody tried to log in."""
        self._logins[fold(name), key] = None

    def text_of(self, name: str, request_id: str) -> str | None:
        """Return what a request wanted to say; None where it is none of ours, or wanted to say nothing."""
        asked = self._asked.get((fold(name), request_id))
        return asked.text if asked is not None else None

    def saw(self, notice: m.Notice) -> None:
        """Count a notice that somebody was shown."""
        self.seen[f"notice {type(notice).__name__}"] += 1
        if isinstance(notice, Refused):
            self.seen[f"refused {notice.code}"] += 1
        elif isinstance(notice, m.Bye):
            self.seen[f"bye {notice.reason}"] += 1

    # ------------------------------------------------------------------------------- what the journal has

    @property
    def head(self) -> int:
        """The newest durable number."""
        return len(self.rows) - 1

    def committed(self, entries: Sequence[Entry]) -> None:
        """Judge entries that have become durable, oldest first.  Raises Violation."""
        records = [_records.decode(entry.payload) for entry in entries]
        for place, (entry, record) in enumerate(zip(entries, records, strict=True)):
            demand(record.seq == entry.seq == self.head + 1, "one number line without a gap", record, self.head)
            went_back = self.model.at - record.at
            demand(
                went_back <= 0 or went_back > AHEAD_MS_MAX, "time goes back only from far ahead", record, self.model.at
            )
            self.model.at = record.at
            if not self._expected:
                self._expected.extend(self._judged(record, records[place:]))
            self._happen(entry.payload, record, self._expected.popleft())
        demand(not self._expected, "all of a request's records or none", self._expected)

    def recovered(self, payloads: Sequence[bytes], unfinished: int) -> Sequence[bytes]:
        """Compare what a restarted server finds with what is durable.

        Args:
            payloads: of every row, oldest first.
            unfinished: how many entries the commit had that was under way; it may be there, or not.

        Returns:
            The payloads that are new: written before the crash, and durable from now on.
        """
        known = len(self.payloads)
        demand(list(payloads[:known]) == self.payloads, "what was promised survives", known, len(payloads))
        demand(len(payloads) - known in (0, unfinished), "a commit is all or none", known, len(payloads))
        return payloads[known:]

    def state_hash(self) -> str:
        """Return the hash of the state that a server comes to that replays everything durable."""
        state = ChatState()
        for payload in self.payloads:
            state.apply(_records.decode(payload))
        return state.hash()

    def person_at(self, name: str, seq: int) -> int:
        """Return the number of whoever held or owned a name at a number: a guest is somebody new each time.

        Returns:
            That number, or NOBODY.
        """
        return next((person for first, person in reversed(self._people.get(fold(name), ())) if first <= seq), NOBODY)

    def person_after(self, name: str, seq: int) -> int:
        """Return the number of whoever first came under a name after a number, or NOBODY."""
        came = self._people.get(fold(name), ())
        return next((person for first, person in came if first > seq and person != NOBODY), NOBODY)

    def key_of(self, person: int) -> bytes | None:
        """Return the key that somebody came with; None for a guest."""
        return self._keys[person]

    def was_present(self, name: str, seq: int) -> bool:
        """Return whether somebody was in the chat under a name at a number."""
        present = next(names for first, names in reversed(self.names) if first <= seq)
        return fold(name) in map(fold, present)

    def is_due(self, person: int, row: CheckedRow) -> bool:
        """Return whether somebody who is there is told of this."""
        return (
            row.payload is not None
            and (row.audience is None or person in row.audience)
            and (row.subject is None or row.subject != person)
        )

    # --------------------------------------------------------------------------------- what must be so now

    def _judged(self, record: Record, records: Sequence[Record]) -> list[Happening]:
        """What must happen, this record being the first of it."""
        judged = self._judges.get(type(record))
        if judged is not None:
            return judged(record)
        if isinstance(record, m.Said) and record.sender == m.SERVER_NAME:
            return self._judged_announcement(record)
        if isinstance(record, Heard):
            return self._judged_request(record, record.sender, record.id)
        if isinstance(record, GroupAltered) and record.id is not None:
            return self._judged_request(record, record.by, record.id)
        return self._judged_end(record, records)

    def _judged_login(self, record: Entered) -> list[Happening]:
        demand((fold(record.name), record.key) in self._logins, "nobody comes in who did not ask to", record)
        verdict = self.model.login(m.Login(record.name, 1, record.key), entering=0)
        demand(isinstance(verdict, list), "a login that has to be refused is refused", record, verdict)
        return list(verdict)  # type: ignore[arg-type]

    def _judged_refusal(self, record: Declined) -> list[Happening]:
        key = fold(record.name)
        self._demand_new(key, record.id, record)
        asked = self._asked.get((key, record.id))
        demand(asked is not None, "nobody is refused what nobody asked", record)
        assert asked is not None
        verdict = asked.what.code if isinstance(asked.what, Refused) else self.model.change(key, asked.what)
        demand(verdict == record.code, "a refusal is right at its place in the order", record, asked, verdict)
        if asked.text is not None:
            self.declined.add(asked.text)
        return [(None, [])]

    def _judged_request(self, record: Record, name: str, request_id: str | None) -> list[Happening]:
        key = fold(name)
        demand(request_id is not None and key in self.model.present, "only who is there says something", record)
        assert request_id is not None
        self._demand_new(key, request_id, record)
        asked = self._asked.get((key, request_id))
        demand(asked is not None and not isinstance(asked.what, Refused), "nothing happens that nobody asked", record)
        assert asked is not None
        verdict = self.model.change(key, asked.what)
        demand(isinstance(verdict, list), "what has to be refused is refused", record, asked, verdict)
        return list(verdict)  # type: ignore[arg-type]

    def _judged_mark(self, record: MarkedRead) -> list[Happening]:
        """It has no id: it is what one of the requests comes to that somebody made, sooner or later."""
        key = fold(record.name)
        demand(key in self.model.present, "only who is there reads", record)
        before = self.model.marks.get(self.model.person[key], {}).get(record.conversation, 0)
        demand(before < record.read < record.seq, "a marker goes forward, and not beyond what is", record, before)
        marked, asked = Marked(key, record.conversation, record.read), self._marks_asked.get(key, {})
        is_asked = any(self.model.marked(key, request) == marked for request in asked)
        demand(is_asked, "a marker is where it was asked", record)
        return [(marked, [])]

    def _judged_announcement(self, record: m.Said) -> list[Happening]:
        demand(record.text in self.announced, "nobody speaks for the operator", record)
        self.seen["the operator said something"] += 1
        return [(m.Said(self.model.seq + 1, self.model.at, m.SERVER_NAME, record.text), [])]

    def _judged_end(self, record: Any, records: Sequence[Record]) -> list[Happening]:
        """Somebody goes, or loses a name: everything that belongs to it comes in one piece."""
        key = fold(record.by if isinstance(record, GroupAltered) else record.name)
        demand(key in self.model.spelled, "only who is there goes", record)
        released = any(isinstance(r, m.Released) and fold(r.name) == key for r in records)
        demand(not released or key in self.releases, "no name is released but by the operator", record)
        return self.model.end(key, released=released)

    def _demand_new(self, key: str, request_id: str, record: Record) -> None:
        demand(request_id not in self.model.outcomes.get(key, {}), "a request is one request for ever", record)

    # ------------------------------------------------------------------------------------ and then it is so

    def _happen(self, payload: bytes, record: Record, expected: Happening) -> None:
        notice, after = expected
        told = notice_of(record)
        wanted = None if isinstance(notice, Marked) else notice
        demand(told == wanted, "what happens is what was asked, at its place in the order", record, notice)
        if isinstance(record, GroupAltered):
            self._check_group(record, after)
        subject = self._subject_before(record)
        self.model.happen(expected, getattr(record, "key", None))
        audience = self.model.log[-1][1]
        if isinstance(record, Entered):
            subject = self.model.person[fold(record.name)]
            if self.person_at(record.name, record.seq) != subject:
                self._people.setdefault(fold(record.name), []).append((record.seq, subject))
                self._keys[subject] = record.key
        elif isinstance(record, m.Exited | m.Released) and fold(record.name) not in self.model.person:
            self._people[fold(record.name)].append((record.seq, NOBODY))
        self._remember(record)
        self._note_marks(record)
        self._note_rare(record)
        self._add_row(payload, told, audience, subject)

    def _note_marks(self, record: Record) -> None:
        """Note how far people have read whose markers a record changes."""
        if isinstance(record, MarkedRead):
            self.moved.add(record.seq)
            self.seen["a read marker went forward"] += 1
            concerned = {self.model.person[fold(record.name)]}
        elif isinstance(record, GroupAltered) and record.change in {"left", "kicked", "deleted"}:
            concerned = (self.model.log[-1][1] or set()) & self.marks.keys()
        else:
            return
        for person in concerned:
            now = self.marks_by_name(self.model.marks.get(person, {}))
            self.marks.setdefault(person, [(0, {})]).append((record.seq, now))

    def newest_beside_marks(self, seq: int) -> int:
        """Return the newest number that is no marker's, up to this one."""
        while seq in self.moved:
            seq -= 1
        return seq

    def marks_by_name(self, marks: dict[str, int]) -> Marks:
        """Return how far places are read, by which field names the conversation, and the folded name it has there."""
        groups = {f"group/{group['born']}": name for name, group in self.model.groups.items()}
        places = {place: ("group", groups[place]) if place in groups else _named(place) for place in marks}
        return {places[place]: read for place, read in marks.items()}

    def _note_rare(self, record: Record) -> None:
        if isinstance(record, GroupAltered):
            self.seen["a group was inherited"] += record.change == "owner"
            self.seen["a group was deleted"] += record.change == "deleted"
        elif isinstance(record, Entered) and record.key is not None and record.name[0].islower():
            self.seen["a claimed name was spelled otherwise"] += 1

    def _check_group(self, record: GroupAltered, after: list[str]) -> None:
        members = [fold(name) for name in record.members or []]
        demand(members == after, "members stand in the order of their coming", record, after)
        group = self.model.groups.get(fold(record.group))
        born = group["born"] if group is not None else record.seq
        demand(record.born == born, "a group is told from an earlier one of its name", record, born)

    def _subject_before(self, record: Record) -> int | None:
        return self.model.person[fold(record.name)] if isinstance(record, m.Exited) else None

    def _remember(self, record: Any) -> None:
        """Note what came of a request, for when it is answered, and sent again."""
        name = getattr(record, "sender", None) or getattr(record, "by", None) or record.name
        request_id = getattr(record, "id", None)
        if request_id is not None:
            key = fold(name)
            self.model.outcomes.setdefault(key, {})[request_id] = record.seq
            outcome = record.code if isinstance(record, Declined) else record.seq
            self.outcomes[self.model.person[key], request_id] = outcome
        text = getattr(record, "text", None)
        if text is not None and not isinstance(record, Declined):
            self._check_once(text, record)
            self.said[text] = record.seq

    def _check_once(self, text: str, record: Any) -> None:
        """See that a text of the workload, each of which has a number, was not said before."""
        numbered = _numbered_text.match(text)
        if numbered is not None:
            demand(numbered[0] not in self._numbers_said, "what was said once is said once", record)
            self._numbers_said.add(numbered[0])

    def _add_row(self, payload: bytes, notice: Any, audience: set[int] | None, subject: int | None) -> None:
        seq = self.head + 1
        told = None
        if notice is not None:
            is_as_kept = isinstance(notice, Heard | m.Exited | m.Released)
            told = payload if is_as_kept else encode(notice)
            self.seq_of[told] = seq
        self.payloads.append(payload)
        self.rows.append(CheckedRow(told, audience, subject))
        if isinstance(notice, m.Joined | m.Exited | m.Released):
            self.names.append((seq, self.model.names()))
        if isinstance(notice, m.Joined | m.GroupChanged | m.Released):
            self.groups.append((seq, self.model.overview()))
