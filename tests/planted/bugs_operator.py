"""Bugs in what an operator relies on: who may come in, what is gone, who is there."""

from tests.planted.copying import Bug, in_file

REGISTRY = ("tests/server/operator/test_registry.py",)
REMOVAL = ("tests/journal/sqlite/test_removal.py",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/chat/state/chat_state.py",
        REGISTRY,
        (
            "an invitation lets in any number of people",
            "            self.invites.use(record.invite)\n",
            "            assert record.invite\n",
        ),
    ),
    *in_file(
        "reactor_chat/chat/logins.py",
        REGISTRY,
        (
            "two come in by one invitation at the same moment",
            'return keys if login.invite is None else [*keys, ("invite", hash_of(login.invite).hex())]',
            "return keys",
        ),
    ),
    *in_file(
        "reactor_chat/chat/state/lookalikes.py",
        ("tests/chat/state/test_lookalikes.py",),
        ("a capital I is no l", '{"i": "l", "1": "l",', '{"1": "l",'),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/sqlite_journal.py",
        REMOVAL,
        ("what is removed stays in the log of changes", "wal_checkpoint(TRUNCATE)", "wal_checkpoint(FULL)"),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/blocks.py",
        REMOVAL,
        (
            "a block with a cut is believed",
            "!= body[_DIGEST_AT:_DIGEST_END]:",
            "== body[_DIGEST_END:_DIGEST_AT]:",
        ),
        (
            "entries that grew are lost when the block goes on",
            "self.add(iter((Entry(self.end, payload, labels),)), sys.maxsize)",
            "self.add(iter((Entry(self.end, payload, labels),)))",
        ),
    ),
    *in_file(
        "reactor_chat/server/operator/retention.py",
        ("tests/server/operator/test_retention.py",),
        ("what is younger goes too", "if record.at >= limit:", "if record.at >= app.clock.unix_ms:"),
    ),
    *in_file(
        "reactor_chat/server/operator/removals.py",
        ("tests/server/operator/test_removals.py",),
        ("what was removed is removed again", "    if record.removed:\n", "    if not record.at:\n"),
    ),
    *in_file(
        "reactor_chat/chat/moderation.py",
        ("tests/server/test_moderation.py",),
        ("anybody is a moderator", "if fold(me) not in state.moderators:", "if not me:"),
    ),
    *in_file(
        "reactor_chat/reactor/proxied.py",
        ("tests/reactor/test_proxied.py",),
        (
            "a proxy that speaks for itself is somebody else",
            "if command == _LOCAL or kind not in",
            "if kind not in",
        ),
        (
            "a proxy may take its time",
            "self._timer = loop.timers.call_at(loop.now + seconds_max,",
            "self._timer = loop.timers.call_at(loop.now + 100 * seconds_max,",
        ),
    ),
    *in_file(
        "reactor_chat/server/maintenance/keeping.py",
        ("tests/server/maintenance/test_keeping.py",),
        (
            "no snapshot comes while people talk",
            "        self._go_on_with_snapshot(now)\n",
            "        if may_rest:\n            self._go_on_with_snapshot(now)\n",
        ),
        (
            "a snapshot is written in one turn",
            "            next(work)\n        except StopIteration:",
            "            while True:\n                next(work)\n        except StopIteration:",
        ),
    ),
)
