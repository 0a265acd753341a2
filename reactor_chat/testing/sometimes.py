"""What has to happen sometimes: a run that never reached it has not tested it, and is red where it was long enough."""

from collections import Counter

FAULTS = (
    *("cut", "half_close", "vanish", "silence", "stall", "slow", "clog", "crash", "crash_after_commit", "power_cut_at"),
    *("disk_error_at", "fill_disk", "restart", "jump_clock", "kill_client", "take_over", "attack", "release", "kick"),
)
"""Every kind of fault, by the name of its operation."""

REFUSALS = (
    *("bad_protocol", "bad_frame", "bad_message", "bad_text", "no_space", "bad_name", "name_reserved", "name_taken"),
    *("bad_signature", "login_first", "login_timeout", "already_logged_in", "invalid_command", "no_such_user"),
    *("no_such_group", "group_exists", "not_a_member", "not_the_owner", "already_a_member", "bad_group_name"),
    *("too_many", "too_long", "too_fast", "server_full", "not_allowed"),
)
BYES = ("quit", "taken_over", "idle", "too_slow", "violation", "kicked", "shutdown")
NOTICES = (
    *("Hello", "Welcome", "Bye", "Refused", "Accepted", "NamesAnswer", "GroupsAnswer", "MembersAnswer"),
    *("HistoryAnswer", "HelpAnswer", "Pong", "Closing", "ReadMarksAnswer"),
)
BRANCHES = (
    "the operator said something",
    "a commit was lost with the power",
    "a commit survived that nobody was told of",
    "a server recovered from a snapshot",
    "a start failed",
    "a disk failed under a running server",
    "somebody was let in only to read",
    "somebody resumed and had missed something",
    "somebody resumed and had missed nothing",
    "a request came again and was answered again",
    "an answer was cut off",
    "a read marker went forward",
    "a read marker stayed where it was",
    "a group was inherited",
    "a group was deleted",
    "a claimed name was spelled otherwise",
    "a wire was clogged",
    "who came or went was told a little later",
    "a server read nothing more from somebody",
    "the clock on the wall went back",
    "a client died before anything was kept",
    "a client died between keeping and showing",
    "a client died between showing and noting it",
    "a client sent what an earlier run had kept",
    "a guest was told that something is in doubt",
    "a frame came in pieces",
)
"""Rare ways through the code that no fault is the name of."""

ALL = (
    *(f"fault {name}" for name in FAULTS),
    *(f"refused {code}" for code in REFUSALS),
    *(f"bye {reason}" for reason in BYES),
    *(f"notice {name}" for name in NOTICES),
    *BRANCHES,
)


def missing(seen: Counter[str]) -> list[str]:
    """Return what has not happened, in the order of the list."""
    return [name for name in ALL if not seen[name]]
