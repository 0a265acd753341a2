"""Bugs of dead links and of a person's first minutes: who has gone goes unnoticed, who is hidden shows."""

from tests.planted.copying import Bug, in_file

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/reactor/sockets.py",
        ("tests/reactor/test_sockets.py",),
        (
            "what is not acknowledged is repeated for a quarter of an hour",
            '    "TCP_USER_TIMEOUT": _UNANSWERED_SECONDS * 1_000,\n',
            "",
        ),
    ),
    *in_file(
        "reactor_chat/server/connections/eviction.py",
        ("tests/server/connections/test_eviction.py",),
        ("a broken promise goes unnoticed", "promised and promised + HEARTBEAT_GRACE_SECONDS)", "None)"),
    ),
    *in_file(
        "reactor_chat/client/connecting/link.py",
        ("tests/client/connecting/test_deadlines.py", "tests/client/connecting/test_link.py"),
        (
            "what others say counts as an answer",
            "        if self.replay_end_id is not None:\n            self._got",
            "        if self.hidden_ids is not None:\n            self._got",
        ),
    ),
    *in_file(
        "reactor_chat/client/connecting/returning.py",
        ("tests/client/connecting/test_returning.py",),
        (
            "who does not come back has never left",
            "        self._outputs.show(*(Arrived(notice)",
            "        tuple((Arrived(notice)",
        ),
    ),
    *in_file(
        "reactor_chat/client/commands/ignored.py",
        ("tests/client/commands/test_ignored.py",),
        (
            "who is ignored is heard in groups",
            "isinstance(notice, Heard):",
            'isinstance(notice, Heard) and not hasattr(notice, "group"):',
        ),
    ),
    *in_file(
        "reactor_chat/client/commands/history_pages.py",
        ("tests/client/commands/test_history_pages.py",),
        ("a page before a time begins one too late", "found.at >= self._moment_ms", "found.at > self._moment_ms"),
    ),
    *in_file(
        "reactor_chat/client/store/homes.py",
        ("tests/client/store/test_homes.py",),
        ("one person has two keys", "fold(holder) == fold(name)", "holder == name"),
    ),
    *in_file(
        "reactor_chat/text/help_topics.py",
        ("tests/text/test_help_topics.py",),
        ("a guest is offered keys", "if has_key or topic not in _NEED_A_KEY", "if has_key or topic"),
    ),
)
