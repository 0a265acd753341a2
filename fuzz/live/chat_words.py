"""Conversations with the chat: people come in and do what is allowed, what is nearly allowed, and what is not.

What is said is written with names in braces; `{Ann}` becomes a name that no other conversation has.  Single things are
drawn from prepared lists, the simplest first: drawing them field by field would take most of the time.
"""

from itertools import product
from typing import Any

from hypothesis import strategies as st

from fuzz.live.protocol import Act

What = Any
"""An object with a type, or what stands for no message; or "close"."""

NAMES = ("{Ann}", "{Bob}", "{Cy}")
GROUPS = ("{g}", "{G}", "{h}")
KEPT = {"sealed", "payload"}
SEALED = {"z": 1, "a": ["é", {"y": 0.5}]}

SAYS: list[What] = [
    {"type": "say", "text": "x"},
    {"type": "say", "text": "two\nlines\tand é 👩\u200d👧"},
    {"type": "say", "text": "@" + NAMES[0] + " not a command"},
    {"type": "say", "sealed": SEALED},
    *({"type": "tell", "to": name, "text": "psst"} for name in (*NAMES, "{ann}", "{nobody}", "no name")),
    {"type": "tell", "to": "{Bob}", "sealed": {}},
]
LONG: list[What] = [
    {"type": "say", "text": "x" * 16_384},
    {"type": "say", "text": "x" * 16_385},
    {"type": "say", "text": "é" * 8_193},
    *({"type": "say", "text": text} for text in ("", "\x1b[2J", "\0", "\x7f", "\x9b", "\u202e", "\u2066", "a\rb")),
]
GROUP_WORK: list[What] = [
    *({"type": "group_set", "group": group, "members": [*members]}
      for group, members in product(GROUPS, ((), ("{Bob}",), ("{Ann}", "{bob}"), ("{Bob}", "{Cy}"), ("{nobody}",)))),
    *({"type": "group_send", "group": group, "text": "team"} for group in GROUPS),
    *({"type": "group_add", "group": "{g}", "users": [*users]} for users in (("{Bob}",), ("{Cy}",), ("{Cy}", "{bob}"))),
    *({"type": "group_kick", "group": "{g}", "user": user} for user in (*NAMES, "{nobody}")),
    *({"type": "group_leave", "group": group} for group in GROUPS),
    *({"type": "group_delete", "group": group} for group in ("{g}", "{h}")),
    *({"type": "group_set", "group": group, "members": []} for group in ("quit", "no name", "")),
]  # fmt: skip
READS: list[What] = [
    *({"type": kind} for kind in ("ping", "names", "groups", "help", "history")),
    {"type": "ping", "data": "d" * 64},
    *({"type": "who", "group": group} for group in GROUPS),
    *({"type": "history", "group": group} for group in GROUPS),
    *({"type": "history", "with": name} for name in (*NAMES, "{nobody}")),
    *({"type": "history", "limit": limit} for limit in (1, 2, 200)),
    {"type": "history", "before": "last", "limit": 2},
    {"type": "history", "with": "{Bob}", "limit": 1},
]
MARKS: list[What] = [
    *({"type": "mark_read", "seq": seq} for seq in ("first", "last", "future", 0)),
    *({"type": "mark_read", "seq": "last", "with": name} for name in ("{Ann}", "{bob}", "{nobody}", "no name")),
    *({"type": "mark_read", "seq": "last", "group": group} for group in GROUPS),
    {"type": "mark_read", "seq": "first", "with": "{Bob}"},
    *({"type": "read_marks"} for _ in range(4)),
]
LINES: list[What] = [
    {"type": "line", "text": text}
    for text in (
        *("typed", "@names", "@help", "@grouplist", "@history", "@history 1", "@history @{Bob}", "@history {g} 2"),
        *("@{Bob} psst", "@{nobody} psst", "@group set {g} {Ann},{Bob}", "@group set {h} {Bob} {Cy}", "@who {g}"),
        *("@group send {g} to all", "@add {g} {Cy}", "@kick {g} {Bob}", "@group leave {g}", "@GROUP delete {g}"),
        *("@@names", "@bogus", "@", "@group", "@names x", "@history 201", " ", "@Quit"),
    )
]
LOGINS: list[What] = [
    *({"type": "login", "name": name, "protocol": 1} for name in (*NAMES, "{ann}")),
    *({"type": "login", "name": name, "protocol": 1, "key": key} for name, key in product(("{Ann}", "{Bob}"), (0, 1))),
    *(
        {"type": "login", "name": "{Ann}", "protocol": 1, "key": 0, "after": after}
        for after in ("last", "first", "future")
    ),
    *({"type": "login", "name": name, "protocol": 1, "after": "first"} for name in ("{Bob}", "{Cy}")),
    {"type": "login", "name": "{Bob}", "protocol": 1, "key": 0, "after": "first"},
    {"type": "login", "name": "{Ann}", "protocol": 1, "key": 0, "proof": False},
    {"type": "login", "name": "{Cy}", "protocol": 1, "pad": 4_096},
    {"type": "login", "name": "{Cy}", "protocol": 1, "pad": 4_097},
    *({"type": "login", "name": name, "protocol": 1} for name in ("", "two words", "x" * 33, "Quit", "é")),
    *({"type": "login", "name": "{Ann}", "protocol": protocol} for protocol in (0, 2)),
]
ENDS: list[What] = ["close", {"type": "quit"}]
MALFORMED: list[What] = [
    *({"type": kind} for kind in ("say", "tell", "line", "login", "group_set", "group_send", "who", "nonsense")),
    {"type": "say", "text": 5},
    {"type": "say", "text": ["x"]},
    {"type": "tell", "to": 1, "text": "x"},
    {"type": "group_add", "group": "{g}", "users": []},
    {"type": "group_set", "group": "{g}", "members": "Ann"},
    {"type": "group_set", "group": "{g}", "members": [1]},
    *({"type": "history", "limit": limit} for limit in (0, 201, -1, 1.5, "9", True)),
    {"type": "history", "before": -1},
    {"type": "history", "with": "{Bob}", "group": "{g}"},
    {"type": "mark_read"},
    *({"type": "mark_read", "seq": seq} for seq in (-1, "9", 2**53)),
    {"type": "mark_read", "seq": 1, "with": "{Bob}", "group": "{g}"},
    {"type": "ping", "data": "d" * 65},
    *({"type": "ping", "id": request_id} for request_id in ("", "i" * 65, 7, ["1"])),
]
DEEP = "[" * 16 + "]" * 16
NO_MESSAGES: list[What] = [
    {"bytes": "bad message", "payload": payload}
    for payload in (
        *(
            "{",
            "[]",
            "1",
            '"say"',
            "\x00",
            '{"type":"ping"} x',
            '{"type":"ping","x":"\\ud800"}',
            '{"type":"ping","x":NaN}',
        ),
        f'{{"type":"ping","x":{DEEP}}}',
    )
] + [{"bytes": "bad message", "hex": b'{"type":"ping","x":"\xff"}'.hex()}]
FRAMES: list[What] = [
    {"type": "ping", "pad": 65_536},
    {"type": "ping", "pad": 65_537},
    {"type": "ping", "pad": 4_097},
    *({"bytes": "bad frame", "head": head} for head in ("00000000", "ffffffff", "80000000")),
]

COMMON = SAYS * 3 + GROUP_WORK * 2 + READS + MARKS + LINES
RARE = LONG + MALFORMED + NO_MESSAGES + ENDS * 6 + FRAMES

IDS = (None, None, None, "1", "2")
CUTS: list[tuple[int, ...]] = [(), (), (), (), (), *((cut,) for cut in (1, 2, 3, 4, 5, 30, 60)), (2, 9), (4, 7, 33)]

CASTS: list[tuple[int, What]] = [
    *((conn, what) for what in COMMON * 3 + RARE * 2 for conn in (0, 1, 0, 1, 2)),
    *((conn, what) for what in LOGINS * 6 for conn in (3, 3, 2, 1, 0)),
]
"""Who says what.  One list, because Hypothesis chooses among strategies evenly, however often one of them is named."""


def _cast(conn: int, text: str) -> tuple[int, What]:
    return conn, {"type": "say", "text": text.replace("{", "(").replace("}", ")")}


acts = st.tuples(
    st.one_of(
        *(st.sampled_from(CASTS[:]) for _ in range(7)), st.builds(_cast, st.integers(0, 2), st.text(max_size=12))
    ),
    st.sampled_from(IDS),
    st.sampled_from((False, False, False, True)),
    st.sampled_from(CUTS),
)
Drawn = tuple[tuple[int, What], str | None, bool, tuple[int, ...]]
BEGINNINGS = ((0,), (0, 0), (0, 1), (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), ())
"""Who comes in first: guests (0) and owners of their names (1)."""


RETURNS: list[What | None] = [None, None, None, None, {}, {"after": "last"}, {"after": "first"}]
"""How the first owner comes in again on another connection, if at all: chance alone brings that about too seldom."""


READ: list[list[What]] = [[], [], [], *([what] for what in MARKS[:-4]), [MARKS[1], MARKS[0]]]
"""How far the first owner has read: chance alone lets nobody ask for markers who has some."""


def assembled(
    beginning: tuple[int, ...],
    team: list[str] | None,
    drawn: list[Drawn],
    read: list[What],
    back: What | None,
    more: list[Drawn],
) -> list[Act]:
    """Return a conversation: these people come in, with or without a group; then they do all this, and one is back."""
    acts = [
        Act(conn, {"type": "login", "name": NAMES[conn], "protocol": 1, **({"key": 0} if is_owner else {})})
        for conn, is_owner in enumerate(beginning)
    ]
    if team is not None:
        acts.append(Act(0, {"type": "group_set", "group": "{g}", "members": team}))
    acts += map(_act, drawn)
    owner = beginning.index(1) if 1 in beginning else None
    if owner is not None:
        acts += [Act(owner, what) for what in read]
    if isinstance(back, dict) and owner is not None:
        acts.append(Act(len(NAMES), {"type": "login", "name": NAMES[owner], "protocol": 1, "key": 0, **back}))
    if read and owner is not None:
        acts.append(Act(len(NAMES) if isinstance(back, dict) else owner, {"type": "read_marks"}))
    return [*acts, *map(_act, more)]


def _act(drawn: Drawn) -> Act:
    (conn, what), request_id, together, cuts = drawn
    return Act(conn, _with_id(what, request_id), together, cuts)


def _with_id(what: What, request_id: str | None) -> What:
    if request_id is None or isinstance(what, str) or "type" not in what or "id" in what or "after" in what:
        return what
    return {**what, "id": "login" if what["type"] == "login" else request_id}


conversations = st.builds(
    assembled,
    st.sampled_from(BEGINNINGS),
    st.sampled_from((None, None, [], ["{Bob}"], ["{Bob}", "{Cy}"])),
    st.lists(acts, min_size=1, max_size=10),
    st.sampled_from(READ),
    st.sampled_from(RETURNS),
    st.lists(acts, max_size=10),
)


def written(value: Any, prefix: str) -> Any:
    """Return what is said with its names written out; a sealed object is left as it is."""
    if isinstance(value, str):
        return value.replace("{", prefix).replace("}", "")
    if isinstance(value, list):
        return [written(one, prefix) for one in value]
    if isinstance(value, dict):
        return {field: one if field in KEPT else written(one, prefix) for field, one in value.items()}
    return value
