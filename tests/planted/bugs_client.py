"""Bugs of the client: what is said twice or not at all, what is shown twice or to the wrong key."""

from tests.planted.copying import Bug, in_file

OUTBOX = ("tests/client/test_outbox.py",)
INBOX = ("tests/client/test_inbox.py",)
VAULT = ("tests/client/store/test_file_vault.py", "tests/client/store/test_vault.py")
ROW_KEYS = ("tests/client/store/test_row_keys.py",)

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
            "            if ids_remembered or is_repeatable(request):\n",
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
            "    if isinstance(notice, InParts) and notice.more:\n        return None\n",
            "",
        ),
    ),
    *in_file(
        "reactor_chat/client/store/file_vault.py",
        VAULT,
        (
            "a damaged request is sent",
            "        payload = self._payload_key.open(sealed, self._name, request_id)\n        if payload is None:\n",
            "        payload = self._payload_key.open(sealed, self._name, request_id) or b'{}'\n        if payload is None:\n",
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
        "reactor_chat/client/store/row_keys.py",
        ROW_KEYS,
        (
            "the key of a row that is gone stays",
            "                self._write(first, bytes(run * KEY_BYTES))\n",
            "                pass\n",
        ),
        (
            "what a crash left behind opens for ever",
            "        self.wipe(slot for slot in self._held() if slot not in used)\n",
            "",
        ),
        ("anybody's keys will do", "        elif found != check:\n", "        elif not check:\n"),
        ("the file of keys opens a home without its secret", "hmac.digest(self._secret, half", "hmac.digest(b'', half"),
    ),
    *in_file(
        "reactor_chat/client/store/stored_rows.py",
        ROW_KEYS,
        (
            "a row that is overwritten keeps its old key",
            "for one in self._gathered for place",
            "for one, row in self._gathered.items() if row is None for place",
        ),
    ),
    *in_file(
        "reactor_chat/client/store/sealed_rows.py",
        ("tests/client/store/test_sealed_rows.py",),
        (
            "a row opens at another's place",
            "row, _bound(name, kind, key))",
            "row, _bound(kind, key))",
        ),
    ),
    *in_file(
        "reactor_chat/client/store/vault_format.py",
        ("tests/client/store/test_vault_format.py",),
        (
            "a vault may be a link",
            "        private_files.check(path.with_name(path.name + beside))\n",
            "        pass\n",
        ),
        (
            "an old log is given back as it is",
            '    private_files.scrub(path.with_name(path.name + "-wal"), _WAL_HEADER_BYTES)\n',
            "",
        ),
    ),
    *in_file(
        "reactor_chat/client/store/locked_seed.py",
        ("tests/client/store/test_locked_seed.py",),
        (
            "a lock is bound to nothing",
            'return f"{HEADER}\\n{kdf.name} {kdf.memory_kib} {kdf.passes} {kdf.lanes}\\n{public}\\n{salt}\\n"',
            'return f"{HEADER}\\n{kdf.name} {kdf.memory_kib} {kdf.passes} {kdf.lanes}\\n"',
        ),
    ),
    *in_file(
        "reactor_chat/client/store/identity.py",
        ("tests/client/store/test_identity.py",),
        (
            "a key lies about in the clear once it is locked",
            "home.write_over(FILE_NAME, data)",
            "home.write(FILE_NAME, data)",
        ),
        (
            "anybody's code opens a locked home",
            "isinstance(there, LockedSeed) and there.public == KeyIdentity(seed).key",
            "isinstance(there, LockedSeed)",
        ),
    ),
    *in_file(
        "reactor_chat/client/connecting/backoff.py",
        ("tests/client/connecting/test_backoff.py",),
        ("pauses have no end", "return min(self._seconds_max, self", "return max(self._seconds_max, self"),
    ),
    *in_file(
        "reactor_chat/client/connecting/server_key.py",
        ("tests/client/connecting/test_server_key.py",),
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
        "reactor_chat/client/store/contact_files.py",
        ("tests/client/store/test_contact_files.py",),
        ("a file is written over another", "os.O_CREAT | os.O_EXCL | os", "os.O_CREAT | os"),
        ("others may read whom I verified", "os.O_CLOEXEC, 0o600)", "os.O_CLOEXEC, 0o644)"),
    ),
    *in_file(
        "reactor_chat/client/store/known_servers.py",
        ("tests/client/store/test_known_servers.py",),
        ("meeting a server forgets the others", "_without(_read(path), address) | {address:", "{address:"),
        (
            "another spelling of a host is a stranger",
            "return servers.get(address) or next(others, None)",
            "return servers.get(address)",
        ),
    ),
    *in_file(
        "reactor_chat/text/hosts.py",
        ("tests/text/test_hosts.py",),
        ("a dot makes another host of it", '.lower().removesuffix(".")', ".lower()"),
    ),
    *in_file(
        "reactor_chat/client/store/server_vaults.py",
        ("tests/client/store/test_server_vaults.py",),
        (
            "a vault leaves its keys behind",
            "    beside = [one for one in COMPANIONS if old.with_name(old.name + one).exists()]\n",
            "    beside = []\n",
        ),
        ("of two vaults the one that is behind goes on", "key=_progress, reverse=True", "key=_progress"),
        (
            "a vault that is set aside takes the place of another",
            "next(path for path in map(old.with_name, names) if not path.exists())",
            "next(map(old.with_name, names))",
        ),
        ("the host as it was typed names the vault", "quote(canonical(host), safe='')", "quote(host, safe='')"),
    ),
    *in_file(
        "reactor_chat/client/connecting/first_contact.py",
        ("tests/client/connecting/test_first_contact.py",),
        (
            "any key will do at the first contact",
            "self._end(Met(seen, self._server_key.check(seen)))",
            "self._end(Met(seen, None))",
        ),
    ),
    *in_file(
        "reactor_chat/client/store/home.py",
        ("tests/client/store/test_home.py",),
        ("the directory of the vaults may be a link", "            private_files.refuse_link(servers)\n", ""),
    ),
    *in_file(
        "reactor_chat/client/__main__.py",
        ("tests/end_to_end/test_homes.py",),
        ("a known key can be left out", "    _confirm_plaintext(options)\n    return None\n", "    return None\n"),
        (
            "a server with a new key is a stranger",
            "server_key.is_gone(before) else None",
            "server_key.is_gone(b'') else None",
        ),
    ),
    *in_file(
        "reactor_chat/client/store/written.py",
        ("tests/client/store/test_written.py",),
        (
            "a mark in an old row is believed",
            "        return decode_notice(row), NO_ANNOTATION\n",
            '        beside = msgspec.json.decode(row)\n        return decode_notice(row), Annotation(beside.get("mark", ""))\n',
        ),
        ("a sealed object holds a mark", " if key not in OURS}", "}"),
        ("what we know of a message is not kept", "_Row(annotation.word, annotation.remark,", '_Row("", aside.remark,'),
    ),
    *in_file(
        "reactor_chat/client/terminal/pipe_mode.py",
        ("tests/client/terminal/test_pipe_mode.py", "tests/client/test_forged_marks.py"),
        ("a pipe shows a server's words as ours", "quotes_server=not is_own", "quotes_server=False"),
    ),
    *in_file(
        "reactor_chat/client/terminal/line_mode.py",
        ("tests/client/terminal/test_line_mode.py", "tests/client/test_forged_marks.py"),
        ("a terminal shows a server's words as ours", "quotes_server=not is_own", "quotes_server=False"),
    ),
    *in_file(
        "reactor_chat/client/messaging.py",
        ("tests/client/test_engine.py", "tests/client/terminal/test_line_mode.py"),
        ("nonsense is told each time", "                self.link.is_nonsense_told = True\n", ""),
        (
            "whoever waits for nonsense waits for ever",
            "None if error.request_id is None else Refused(",
            "None if error else Refused(",
        ),
    ),
    *in_file(
        "reactor_chat/client/sealing.py",
        ("tests/client/test_engine.py", "tests/client/terminal/test_line_mode.py"),
        ("the help is the server's", "        if isinstance(notice, HelpAnswer):", "        if False:"),
    ),
    *in_file(
        "reactor_chat/client/program_requests.py",
        ("tests/client/test_program_requests.py",),
        ("a program waits for ever", "            if request_id in waiting:\n", "            if request_id in self:\n"),
    ),
    *in_file(
        "reactor_chat/client/login.py",
        ("tests/client/test_engine.py",),
        ("a server chooses who we are", "if fold(welcome.name) != fold(self.name):", "if not welcome.name:"),
    ),
)
