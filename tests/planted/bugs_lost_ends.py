"""Bugs where a journal went back, and somebody should be told."""

from tests.planted.copying import Bug, in_file

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/journal/logs.py",
        ("tests/journal/test_logs.py", "tests/server/test_resuming.py"),
        (
            "who saw what was lost is sent on by its number",
            "if not newest or (end is not None and newest <= end):",
            "if newest <= head:",
        ),
        (
            "of several logs the first counts",
            "common = max(min(one.seq, self._end_of(one.log, head) or 0) for one in seen)",
            "common = min(seen[0].seq, self._end_of(seen[0].log, head) or 0)",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/high_water.py",
        ("tests/journal/sqlite/test_high_water.py",),
        ("a journal that lost its end is served", "if found is not None and head < found.seq:", "if False:"),
        (
            "a journal that is gone is begun anew",
            "if self._found is None or not self._found.seq or path.exists():",
            "if True:",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/write_ahead.py",
        ("tests/journal/sqlite/test_write_ahead.py",),
        (
            "what is behind a broken frame is dropped",
            "if is_behind and is_sound:",
            "if is_behind and is_sound and False:",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/mark.py",
        ("tests/journal/sqlite/test_mark.py",),
        ("both places of the mark are written at once", "self._place = (self._place + 1) % PLACES", "self._place = 0"),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/sqlite_journal.py",
        ("tests/journal/sqlite/test_ground.py",),
        (
            "what is written goes where nobody looks",
            "            self._ground.check()\n            if self._wal",
            "            if self._wal",
        ),
    ),
    *in_file(
        "reactor_chat/server/resuming.py",
        ("tests/server/test_resuming.py",),
        ("a restore is not told", "    if is_lost:\n", "    if is_lost and after > journal.head:\n"),
    ),
    *in_file(
        "reactor_chat/client/inbox.py",
        ("tests/client/test_lost_end.py",),
        ("what came since a loss is not shown", "        self._begin(common)\n", ""),
        (
            "a log begins before its first number",
            '        self._welcome_seq, self._log, self._has_begun = welcome.seq, welcome.log or "", False\n',
            '        self._welcome_seq, self._log, self._has_begun = welcome.seq, welcome.log or "", True\n        self._vault.begin_log(self._log, self._vault.cursor() or welcome.seq)\n',
        ),
    ),
    *in_file(
        "reactor_chat/client/lost_end.py",
        ("tests/client/test_lost_end.py",),
        (
            "what was lost before counts again",
            "elif seq is not None and (ceiling is None or seq <= ceiling):",
            "elif seq is not None:",
        ),
    ),
)
