"""Bugs where chat, journal, bytes and the loop meet."""

from tests.planted.copying import Bug, in_file

APP = ("tests/server/test_app.py", "tests/server/test_app_resume.py", "tests/server/test_app_storage.py")
PAGES = "tests/contracts/test_journal.py::test_pages_put_together_are_everything"
CONTRACT = (PAGES, "tests/contracts/test_journal.py")
SQLITE = ("tests/journal/sqlite/test_sqlite_journal.py", "tests/journal/test_survival.py")
INDEX = ("tests/journal/sqlite/test_label_index.py",)
WAITING = (
    f"{INDEX[0]}::test_labels_that_come_to_the_open_block_are_found_at_once",
    f"{INDEX[0]}::test_a_crash_between_a_commit_and_its_index_loses_neither",
)
ROWS = ("tests/journal/sqlite/test_index_rows.py",)
EARLIER = ("tests/journal/sqlite/test_earlier_formats.py",)
BLOCKS = ("tests/journal/sqlite/test_blocks.py",)
BUFFERS = ("tests/reactor/test_buffers.py",)
FANOUT = ("tests/reactor/test_fanout.py",)
QUIET = ("tests/reactor/test_fanout_quiet.py",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/server/record_log.py",
        ("tests/server/test_record_log.py", *APP),
        (
            "accepted comes before it is kept",
            "        self.journal.submit(self._submitted)\n",
            "        self._late = [*getattr(self, '_late', []), *self._submitted]\n        if len(self._late) > 3:\n            self.journal.submit(self._late)\n            self._late = []\n        else:\n            self.journal._report = Appended(self._submitted[-1].seq)\n",
        ),
        ("a page is one too short", "for row in rows[:limit]:", "for row in rows[: limit - 1]:"),
        ("there is never more", "return messages[::-1], len(rows) > len(messages)", "return messages[::-1], False"),
        (
            "a page may be longer than a frame",
            "if messages and page_bytes > page_bytes_max:",
            "if messages and page_bytes > 100 * page_bytes_max:",
        ),
    ),
    *in_file(
        "reactor_chat/server/delivery.py",
        APP,
        (
            "who comes back misses one",
            "self._catch_up.begin(peer, after)",
            "self._catch_up.begin(peer, after + 1)",
        ),
        ("a gap is not told", "            peer.tell(gap)\n", "            pass\n"),
    ),
    *in_file(
        "reactor_chat/server/delivery.py",
        ("tests/server/test_delivery.py",),
        (
            "what is said waits as well",
            "            self._broadcast.append(one)\n",
            "            self._broadcast.append_quietly(one)\n",
        ),
        ("who comes is told to everybody at once", "frozenset({Joined, Exited})", "frozenset({Exited})"),
    ),
    *in_file(
        "reactor_chat/server/catch_up.py",
        ("tests/server/test_catch_up.py", *APP),
        (
            "who comes back is told of that",
            "if notice is not None and not self._hub.is_own(peer.conn, record):",
            "if notice is not None:",
        ),
        (
            "who is sent away loses its answers",
            "        while peer.held:\n            peer.tell(peer.held.popleft())\n        self._holding.pop",
            "        peer.held.clear()\n        self._holding.pop",
        ),
        (
            "an answer overtakes what was missed",
            "        peer.held.append(notice)\n        self._holding[peer] = None\n        return True\n",
            "        return False\n",
        ),
    ),
    *in_file(
        "reactor_chat/server/catch_up.py",
        ("tests/end_to_end/test_bad_journals.py::test_who_resumes_over_a_broken_place_is_told_once_and_gets_the_rest",),
        (
            "who resumes gets nothing behind a broken place",
            "            peer.replayed_seq = behind\n",
            "            self._become_current(peer)\n",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/copying.py",
        ("tests/journal/sqlite/test_copying.py",),
        (
            "an increment of another journal is made",
            "    if link_of(link, first, cut.body()) != since.link:",
            "    if not cut.body():",
        ),
        (
            "half a copy has the name",
            '        self.part = path.with_name(path.name + ".part")\n',
            "        self.part = path\n",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/snapshots.py",
        ("tests/journal/test_survival.py",),
        (
            "a damaged snapshot is used",
            "return snapshot if digest == digest_of(seq_of(key), snapshot) else None",
            "return snapshot",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/scrub.py",
        ("tests/journal/sqlite/test_copying.py",),
        ("nothing is brought back", "if stored.get(piece.first) == piece.link or self._leads_on(piece):", "if False:"),
    ),
    *in_file(
        "reactor_chat/server/maintenance/keeping.py",
        ("tests/server/maintenance/test_snapshots_at_rest.py",),
        (
            "a server that rests keeps no snapshot",
            "if records_count >= SNAPSHOT_RECORDS_AT_REST:",
            "if records_count >= SNAPSHOT_RECORDS:",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/sqlite_journal.py",
        ("tests/end_to_end/test_bad_journals.py",),
        ("a newest block that is broken stops every start", "or end.link != row[0]:", "or end.link != row[0] or True:"),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/read_only.py",
        ("tests/journal/sqlite/test_read_only.py",),
        (
            "what was said last is not read",
            'for name in (FILE_NAME, f"{FILE_NAME}-wal", MARK_NAME):',
            "for name in (FILE_NAME,):",
        ),
        ("a journal that is read is written", "fcntl.LOCK_SH | fcntl.LOCK_NB", "fcntl.LOCK_UN"),
    ),
    *in_file(
        "reactor_chat/chat/case.py",
        ("tests/server/test_app_clock.py",),
        ("a clock that was wrong is obeyed for ever", "clock < newest <= clock + AHEAD_MS_MAX", "clock < newest"),
    ),
    *in_file(
        "reactor_chat/server/doors/frames.py",
        ("tests/server/doors/test_frames.py",),
        (
            "long frames are allowed before the login",
            "self._decoder = FrameDecoder(FRAME_BYTES_MAX_BEFORE_LOGIN)",
            "self._decoder = FrameDecoder(frame_bytes_max)",
        ),
    ),
    *in_file(
        "reactor_chat/server/doors/lines.py",
        ("tests/server/doors/test_lines.py",),
        (
            "a line of the longest length closes",
            "self._broken = len(line) > LINE_BYTES_MAX",
            "self._broken = len(line) >= LINE_BYTES_MAX",
        ),
        (
            "a line that is not UTF-8 is no bad text",
            'Refused("bad_text", "That line is not UTF-8")',
            'Refused("bad_message", "That line is not UTF-8")',
        ),
        (
            "a last line without its end is lost",
            "        if self._buffer and not self._buffer.endswith",
            "        if not self._buffer and not self._buffer.endswith",
        ),
    ),
    *in_file(
        "reactor_chat/server/intake.py",
        ("tests/server/test_intake.py", *APP),
        (
            "what a closed connection sent is lost",
            "            if not peer.slowed and not peer.closing:\n",
            "            if not peer.slowed and not peer.closing and not peer.ended:\n",
        ),
        (
            "the rate is not kept",
            "cost_max = min(cost_max, peer.bucket.available(self._now))",
            "peer.bucket.available(self._now)",
        ),
    ),
    *in_file(
        "reactor_chat/server/connections/admission.py",
        ("tests/server/connections/test_admission.py",),
        (
            "one more connection from an address",
            "if self._by_network[network] >= self._options.connections_per_address_max:",
            "if self._by_network[network] > self._options.connections_per_address_max:",
        ),
        (
            "an IPv6 network is one address",
            "IPv6Network((address, 64), strict=False)",
            "IPv6Network((address, 128), strict=False)",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/sqlite_journal.py",
        (*CONTRACT, *SQLITE),
        (
            "a page includes the number before which it ends",
            "self.head if before is None else min(before - 1, self.head)",
            "self.head if before is None else min(before, self.head)",
        ),
        ("who comes back hears the last one again", "first = max(after + 1, 1)", "first = max(after, 1)"),
        ("a failed commit leaves places behind", "            self._label_index.forget()\n", ""),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/sqlite_journal.py",
        ("tests/journal/test_survival.py", "tests/journal/sqlite/test_sqlite_journal.py"),
        (
            "half a commit stays",
            "        with self._transaction():\n            self._database.executemany",
            "        if rows:\n            self._database.executemany",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/sqlite_journal.py",
        INDEX,
        (
            "what waits for the index is without end",
            "LAG_BLOCKS_MAX:\n                self._index()",
            "9 * LAG_BLOCKS_MAX:\n                self._index()",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/label_index.py",
        WAITING,
        (
            "what waited for the index is forgotten at a start",
            "            self._unindexed.put(piece.first, kinds)\n",
            "            pass\n",
        ),
        (
            "the newest block's labels are missed at a start",
            "            self.note(open_block)\n",
            "            pass\n",
        ),
    ),
    *in_file(
        "reactor_chat/journal/unindexed.py",
        WAITING,
        (
            "a block's newer labels are missed while it grows",
            "        self._kinds[first] = self._unsorted[first] = kinds\n",
            "        self._kinds[first] = self._unsorted[first] = self._kinds.get(first, kinds)\n",
        ),
    ),
    *in_file(
        "reactor_chat/journal/label_runs.py",
        tuple(
            f"tests/journal/test_label_runs.py::test_{name}"
            for name in ("a_full_run_takes_nothing_more", "what_is_no_run_is_damage")
        ),
        ("a row takes in blocks without end", "min(RUN_BLOCKS_MAX - 1 - len(later) // 2,", "min(RUN_BLOCKS_MAX - 1,"),
        ("a row that was changed is believed", "if distances == sorted(distances) and len(", "if distances or len("),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/label_index.py",
        (
            f"{ROWS[0]}::test_what_is_added_twice_changes_nothing",
            f"{ROWS[0]}::test_a_damaged_row_is_refused_and_stops_nothing_else_and_is_mended",
        ),
        ("rows of a label overlap", "if last is not None and last < numbers[0]:", "if last is not None:"),
        (
            "a damaged row stops whoever writes behind it",
            "            with suppress(StorageCorrupt):\n                stored[",
            "            if True:\n                stored[",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/sqlite_journal.py",
        ROWS,
        (
            "an index that is made anew is taken for complete halfway",
            "and self._label_index.lag() > lag:",
            "and self._label_index.lag() > 0:",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/scrub.py",
        ROWS,
        (
            "a damaged row stays damaged",
            "            return sum(self._remade(label, first) for first in firsts)\n",
            "            return 0\n",
        ),
        ("a row is made anew without what cannot be read", "if survey.broken or not numbers:", "if not numbers:"),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/copying.py",
        ROWS,
        (
            "a row that is split is copied twice",
            "label, last = identity, numbers[-1]",
            "label, last = identity, numbers[0]",
        ),
        ("a copy's index holds what came later", "packed(numbers[: bisect_left(numbers, end)])", "packed(numbers)"),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/database_file.py",
        EARLIER,
        (
            "a journal dies between two formats",
            "            _take_places(database)\n",
            "            _take_places(database)\n            database.execute('COMMIT')\n            database.execute('BEGIN')\n",
        ),
        (
            "a damaged index of an earlier format stops every start",
            "        if isinstance(error, sqlite3.OperationalError):\n            raise\n        _bring_up(",
            "        if error:\n            raise\n        _bring_up(",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/restoring.py",
        EARLIER,
        (
            "the logs of an increment are lost",
            "newest = self._sources[-1].database",
            "newest = self._sources[0].database",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/label_index.py",
        INDEX,
        (
            "the index is believed further than it is written",
            "            end = waiting.pop()\n",
            "            waiting.pop()\n",
        ),
        ("what was damaged before it was indexed is left out", "if self.end <= first < end]", "if end < first < end]"),
        (
            "the end of the index is durable before its entries",
            "        with transaction():\n            self._put(by_label)",
            "        with transaction():\n            self._database.execute('DELETE FROM unindexed')\n        with transaction():\n            self._database.execute('INSERT INTO unindexed VALUES (?, 1)', (end,))\n        with transaction():\n            self._put(by_label)",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/copying.py",
        INDEX,
        (
            "a copy takes its index for complete",
            '        self._insert("unindexed", self._unindexed)\n',
            '        self._insert("unindexed", [(self._draft.first, 1)])\n',
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/copying.py",
        ("tests/journal/test_removal_elsewhere.py",),
        ("what is removed while a copy is made stays in it", "        self._take_changes()\n", ""),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/scrub.py",
        ("tests/journal/test_removal_elsewhere.py",),
        (
            "a repair brings back what was removed",
            "if piece.first in cut and not piece.block.is_cut:",
            "if not piece.block:",
        ),
    ),
    *in_file(
        "reactor_chat/journal/sqlite/blocks.py",
        (*BLOCKS, *CONTRACT),
        ("the chain is not checked", "elif link_of(link_before, first, body) != link:", "elif not body:"),
        (
            "a failed commit stays in the draft",
            "other._payloads = list(self._payloads)",
            "other._payloads = self._payloads",
        ),
    ),
    *in_file(
        "reactor_chat/server/delivery.py",
        ("tests/server/test_delivery_bursts.py",),
        (
            "who catches up is told a burst twice",
            " or peer.replayed_seq is not None:\n                continue",
            ":\n                continue",
        ),
        (
            "the sender of a burst is told at once what the wire does not take",
            "            if peer.wire.queued_bytes + len(echo) < HIGH_WATERMARK_BYTES:\n",
            "            if echo:\n",
        ),
        (
            "the sender of a burst is not told that it is accepted",
            "        if message.id is not None:\n            parts.append(",
            "        if message.id is None:\n            parts.append(",
        ),
    ),
    *in_file(
        "reactor_chat/journal/memory.py",
        ("tests/journal/test_memory.py", *CONTRACT),
        ("the last of a span is left out", "stop = bisect_right(seqs,", "stop = bisect_left(seqs,"),
        ("a number with two labels comes twice", "        if seq != last:\n", "        if seq:\n"),
        (
            "an entry is found by the labels of the one before",
            "            if entry.labels is not labels:",
            "            if not labels:",
        ),
    ),
    *in_file(
        "reactor_chat/reactor/buffers.py",
        (*BUFFERS, *FANOUT),
        (
            "a private word overtakes what everybody hears",
            "            at = shared.end\n",
            "            at = shared.settled\n",
        ),
        (
            "a piece that left in part is sent whole",
            "        del data[:bytes_sent]",
            "        del data[: bytes_sent - 1]",
        ),
        (
            "a slice of other bytes is given again",
            "        if self._cut[:2] != (place, end):\n",
            "        if self._cut[1] != end:\n",
        ),
    ),
    *in_file(
        "reactor_chat/reactor/fanout.py",
        FANOUT,
        (
            "what the kernel took is sent again",
            "reader.output.start_lagging(place + taken)",
            "reader.output.start_lagging(place)",
        ),
        ("a slow reader is never sent away", "> self._lag_bytes_max:", "> 1_000 * self._lag_bytes_max:"),
        (
            "who has private bytes is written to with the others too",
            "        for reader in touched:\n            self.settle(reader)\n",
            "",
        ),
        (
            "who wrote with private bytes what is new is written to again",
            "            if not reader.waiting and reader.output.come_in_sync():\n                return\n",
            "            if not reader.waiting:\n                return\n",
        ),
    ),
    *in_file(
        "reactor_chat/reactor/fanout.py",
        QUIET,
        (
            "what was to wait a moment waits for ever",
            "        elif self._quiet_alarm is None:\n",
            "        elif self._quiet_alarm is not None:\n",
        ),
        (
            "what may wait comes out of order",
            "        shared.append(data)\n        if len(self)",
            "        self._loop.timers.call_at(self._loop.now, lambda: shared.append(data))\n        if len(self)",
        ),
        (
            "who leaves never learns what waited",
            "        reader.output.detach()\n",
            "        reader.output.detach() if self._quiet_alarm is None else reader.output.clear()\n",
        ),
        ("a storm of what may wait is kept", "> QUIET_BYTES_MAX:", "> 100 * QUIET_BYTES_MAX:"),
    ),
    *in_file(
        "reactor_chat/reactor/timers.py",
        ("tests/reactor/test_timers.py",),
        (
            "timers fire in the order of their birth",
            "(self.deadline_s, self._number) < (other.deadline_s, other._number)",
            "self._number < other._number",
        ),
        (
            "a cancelled timer fires",
            "        if self._callback is not None:\n            self._callback = None\n",
            "        if self._callback is not None:\n",
        ),
    ),
    *in_file(
        "reactor_chat/reactor/loop.py",
        ("tests/reactor/test_loop.py",),
        (
            "signals wait for everything else",
            "        ready.sort(key=_others_last)",
            "        ready.sort(key=lambda one: not _others_last(one))",
        ),
        ("a connection that was given up is called back", ".data.callback = _ignore\n", "\n"),
    ),
    *in_file(
        "reactor_chat/reactor/tls.py",
        ("tests/reactor/test_tls.py",),
        (
            "an older TLS will do",
            "    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n    settings.minimum_version = ssl.TLSVersion.TLSv1_3\n",
            "    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n    settings.minimum_version = ssl.TLSVersion.TLSv1_2\n",
        ),
    ),
)
