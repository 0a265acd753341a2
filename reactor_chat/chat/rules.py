"""One row for each request of somebody in the chat: what it comes to, what that depends on, and what it costs to serve.

A request that is no `Question` asks for a change; with an id, it is one request for ever, but for those that say the
same however often they come.  While something that its judgement depends on is about to change, it waits (see
`pending`).  Questions are answered at once, and anew each time.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from reactor_chat.chat import decisions, read_marks, sealing
from reactor_chat.chat.case import Case
from reactor_chat.chat.conflicts import ConflictKey
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import fold

DEAR_COST = 5
"""Of whatever is more than to say something, in things said to everybody (see `limits.costs`)."""
NAMES_PER_PACKAGE = 10
"""A package is read from the journal, with those that were published beside it: it costs as much as so many names."""

ReadSet = Callable[[Any, str], Iterable[ConflictKey]]


def _nothing(_: Any, __: str) -> Iterable[ConflictKey]:
    return ()


def _no_names(_: Any) -> int:
    return 0


class Rule(NamedTuple):
    """One row.

    Attributes:
        decide: judges it by the state and changes nothing: a `Verdict` of a change, an `Answer` to a question.
        read_set: the conflict keys that the judgement of a request, made under a folded or spelled name, depends on.
        cost: in things said to everybody, beside the names in it.
        names: how many names it lists.
        remembers: whether what it came to is remembered under its id; what says the same twice needs no memory.
    """

    decide: Callable[[Case, Any], Any]
    read_set: ReadSet = _nothing
    cost: int = DEAR_COST
    names: Callable[[Any], int] = _no_names
    remembers: bool = True


def _group(request: Any, _: str) -> list[ConflictKey]:
    return [("group", fold(request.group))]


def _coming(people: Iterable[str]) -> Iterator[ConflictKey]:
    """What it depends on whether these people can come into one more group; nearly always the first blocks or none."""
    for key in map(fold, people):
        yield "name", key
        yield "groups", key


def _of_commit(request: m.SealCommit, me: str) -> list[ConflictKey]:
    coming: list[ConflictKey] = [(kind, fold(add.name)) for add in request.adds for kind in ("name", "keys")]
    blobs: list[ConflictKey] = [
        ("blob", one.hex()) for one in (request.commit_blob, request.welcome) if one is not None
    ]
    return [*sealing.read_set_of(request, me), ("work", fold(me)), *coming, *blobs]


RULES: dict[type, Rule] = {
    m.Say: Rule(decisions.say, lambda _, __: [sealing.CONFLICT_OF_ROOM], 1),
    m.Tell: Rule(decisions.tell, lambda r, me: [("name", fold(r.to)), sealing.conflict_of_pair(me, r.to)], 1),
    m.GroupSend: Rule(
        decisions.group_send, lambda r, _: [("group", fold(r.group)), sealing.conflict_of_group(r.group)], 1
    ),
    m.GroupSet: Rule(
        decisions.group_set,
        lambda r, me: chain([("group", fold(r.group))], _coming([me, *r.members])),
        names=lambda r: len(r.members),
    ),
    m.GroupAdd: Rule(
        decisions.group_add,
        lambda r, _: chain([("group", fold(r.group))], _coming(r.users)),
        names=lambda r: len(r.users),
    ),
    m.GroupKick: Rule(decisions.group_kick, _group),
    m.GroupLeave: Rule(decisions.group_leave, _group),
    m.GroupDelete: Rule(decisions.group_delete, _group),
    m.AskNames: Rule(decisions.names),
    m.AskGroups: Rule(decisions.groups),
    m.AskHelp: Rule(decisions.help_, cost=1),
    m.AskWho: Rule(decisions.who),
    m.AskSeen: Rule(decisions.seen, cost=1),
    m.AskHistory: Rule(decisions.history),
    m.Ping: Rule(decisions.ping, cost=1),
    m.MarkRead: Rule(read_marks.mark_read, read_marks.read_set_of, 1, remembers=False),
    m.AskReadMarks: Rule(read_marks.read_marks),
    m.KeysPut: Rule(sealing.keys_put),
    m.AskKeys: Rule(sealing.keys, names=lambda r: len(r.names) * NAMES_PER_PACKAGE),
    m.SealCreate: Rule(sealing.seal_create, lambda r, me: [*sealing.read_set_of(r, me), ("seals", fold(me))]),
    m.SealCommit: Rule(sealing.seal_commit, _of_commit, names=lambda r: len(r.adds) + len(r.removes)),
    m.SealAsk: Rule(
        sealing.seal_ask, lambda r, me: [*sealing.read_set_of(r, me), sealing.conflict_of_asking(r, me)], 1
    ),
    m.SealOff: Rule(sealing.seal_off, sealing.read_set_of, 1),
    m.AskSeals: Rule(sealing.seals),
    m.BlobPut: Rule(sealing.blob_put),
    m.AskBlob: Rule(sealing.blob),
}
"""Every request but those that come before a name and after it, and a typed line, which is read first."""

BESIDE_RULES = frozenset({m.Login, m.Quit, m.Line})
_forgotten = frozenset(m.REQUESTS.values()) - BESIDE_RULES - RULES.keys()
assert not _forgotten, f"no rule for {_forgotten}"
