"""Bugs of the client: what is said twice or not at all, what is shown twice or to the wrong key."""

from tests.planted.copying import Bug, in_file

OUTBOX = ("tests/client/test_outbox.py",)
INBOX = ("tests/client/test_inbox.py",)
VAULT = ("tests/client/test_file_vault.py", "tests/client/test_vault.py")

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/client/outbox.py",
        OUTBOX,
        (
            "a line is sent before it is kept",
            "                self._vault.keep(item)\n        self._unsent",
            "                pass\n        self._unsent",
        ),
        (
            "after a cut the order is turned round",
            "self._unsent.extendleft(reversed(again))",
            "self._unsent.extendleft(again)",
        ),
        (
            "one more is in flight",
            "len(self._in_flight) >= self._in_flight_max:",
            "len(self._in_flight) > self._in_flight_max:",
        ),
        (
            "what was promised is sent again",
            "            if request_id in self._promised:\n                continue\n",
            "",
        ),
        (
            "what was answered is kept for ever",
            "            self._promised.discard(request_id)\n            self._vault.drop(request_id)\n",
            "            self._promised.discard(request_id)\n",
        ),
        (
            "a guest's line is said twice",
            "            if ids_remembered or only_reads(request):\n",
            "            if ids_remembered or request_id:\n",
        ),
    ),
    *in_file(
        "reactor_chat/client/inbox.py",
        INBOX,
        (
            "what was shown is shown again",
            "notice.seq > (self._vault.cursor() or 0)",
            "notice.seq >= (self._vault.cursor() or 0)",
        ),
        ("somebody else's words answer one's own", " and fold(notice.sender) == fold(me):\n", ":\n"),
        (
            "a list in parts is answered by its first",
            "    if isinstance(notice, IN_PARTS) and notice.more:\n        return None\n",
            "",
        ),
    ),
    *in_file(
        "reactor_chat/client/file_vault.py",
        VAULT,
        (
            "a damaged request is sent",
            "        if crc != crc_of(self._name, request_id, payload):\n",
            "        if crc is None:\n",
        ),
        (
            "what is kept is not written through",
            'run("PRAGMA synchronous = FULL")',
            'run("PRAGMA synchronous = NORMAL")',
        ),
        (
            "the cursor does not move",
            "        self.move_cursor(seq)\n        return self._last_place\n",
            "        return self._last_place\n",
        ),
    ),
    *in_file(
        "reactor_chat/client/backoff.py",
        ("tests/client/test_backoff.py",),
        ("pauses have no end", "return min(self._seconds_max, self", "return max(self._seconds_max, self"),
    ),
    *in_file(
        "reactor_chat/client/server_key.py",
        ("tests/client/test_server_key.py",),
        (
            "another key of a known server will do",
            "        if known is not None and self._pinned is None:\n",
            '        if known is not None and self._pinned == b"":\n',
        ),
        (
            "a pin is not compared",
            "            if named is not None and named != seen:\n",
            "            if named is not None and not seen:\n",
        ),
        (
            "a link may name two keys of one person",
            "is_new = fold(name) not in map(fold, found) and",
            "is_new = ",
        ),
    ),
    *in_file(
        "reactor_chat/client/contact_files.py",
        ("tests/client/test_contact_files.py",),
        ("a file is written over another", "os.O_CREAT | os.O_EXCL | os", "os.O_CREAT | os"),
        ("others may read whom I verified", "os.O_CLOEXEC, 0o600)", "os.O_CLOEXEC, 0o644)"),
    ),
    *in_file(
        "reactor_chat/client/known_servers.py",
        ("tests/client/test_known_servers.py",),
        ("meeting a server forgets the others", "self._read() | {place:", "{place:"),
    ),
    *in_file(
        "reactor_chat/client/written.py",
        ("tests/client/test_written.py",),
        (
            "a mark in an old row is believed",
            "        return decode_notice(row), NO_ASIDE\n",
            '        beside = msgspec.json.decode(row)\n        return decode_notice(row), Aside(beside.get("mark", ""))\n',
        ),
        ("a sealed object holds a mark", " if key not in OURS}", "}"),
        ("what we know of a message is not kept", "_Row(aside.word, aside.remark,", '_Row("", aside.remark,'),
    ),
    *in_file(
        "reactor_chat/client/pipe_mode.py",
        ("tests/client/test_pipe_mode.py", "tests/client/test_forged_marks.py"),
        ("a pipe shows a server's words as ours", "quotes_server=not is_own", "quotes_server=False"),
    ),
    *in_file(
        "reactor_chat/client/line_mode.py",
        ("tests/client/test_line_mode.py", "tests/client/test_forged_marks.py"),
        ("a terminal shows a server's words as ours", "quotes_server=not is_own", "quotes_server=False"),
    ),
    *in_file(
        "reactor_chat/client/talking.py",
        ("tests/client/test_engine.py", "tests/client/test_line_mode.py"),
        ("nonsense is told each time", "                self.link.is_nonsense_told = True\n", ""),
        (
            "whoever waits for nonsense waits for ever",
            "None if error.request_id is None else Refused(",
            "None if error else Refused(",
        ),
        ("the help is the server's", "        if isinstance(notice, HelpAnswer):", "        if False:"),
    ),
    *in_file(
        "reactor_chat/client/engine.py",
        ("tests/client/test_engine.py",),
        ("a server chooses who we are", "if fold(notice.name) != fold(self.name):", "if not notice.name:"),
    ),
)
