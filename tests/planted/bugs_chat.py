"""Bugs of the chat itself: who may what, who is told what, and in which order."""

from tests.planted.copying import Bug, in_file

MODEL = ("tests/properties/test_hub_model.py",)
HUB = (
    *("tests/chat/test_hub.py", "tests/chat/test_boundary.py", "tests/chat/test_logins.py"),
    *("tests/chat/test_waiting.py", "tests/server/test_app_resume.py", *MODEL),
)
DECISIONS = ("tests/chat/test_decisions.py",)
LOGINS = ("tests/chat/test_logins.py",)
STATE = ("tests/chat/state/test_chat_state.py",)

READERS = ("tests/chat/test_readers.py",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/chat/readers.py",
        READERS,
        ("who reads is told of themselves only", ", *readers.conns_but(by)]", "]"),
        ("an owner who reads is told nothing", "conns + readers.owners_conns(audience) if readers else conns", "conns"),
    ),
    *in_file(
        "reactor_chat/chat/sessions.py",
        READERS,
        ("a key that reads is welcomed as a guest", "effects, guest=login.key is None)", "effects, guest=True)"),
    ),
    *in_file(
        "reactor_chat/chat/decisions.py",
        READERS,
        ("names that are none are no answer", "LIST_NAMES_MAX)] or [[]]", "LIST_NAMES_MAX)]"),
    ),
    *in_file(
        "reactor_chat/chat/fast_path.py",
        ("tests/chat/test_fast_path.py",),
        (
            "a burst goes where its first message goes",
            "is not kind or target_of(request) != route.target:",
            "is not kind:",
        ),
        (
            "a route outlives what it rests on",
            " or route.altered != self._state.altered or ",
            " or ",
        ),
        (
            "a burst passes what it depends on",
            "        if self._pending.has_marks and self._pending.blocking(",
            "        if False and self._pending.blocking(",
        ),
        (
            "an id on its way is taken again in a burst",
            "request_id in known or request_id in unconfirmed or ",
            "request_id in known or ",
        ),
        (
            "a remembered id is taken again in a burst",
            "request_id in known or request_id in unconfirmed or ",
            "request_id in unconfirmed or ",
        ),
        (
            "an id of something else on its way is taken again in a burst",
            ' or pending.has(("id", person, request_id)):',
            ":",
        ),
        (
            "a burst overtakes what waits",
            "is not SessionState.PRESENT or session.backlog or ",
            "is not SessionState.PRESENT or ",
        ),
        (
            "an encrypted message of another epoch goes by the fast path",
            "                if sealing.refuse(self._judge.case(session), route.place, request) is not None:\n                    break\n",
            "                pass\n",
        ),
        (
            "an unencrypted message goes by the fast path where it may not",
            "        takes_text = seal is None or not seal.require\n",
            "        takes_text = True\n",
        ),
        (
            "a burst is told to who was in the group when it was judged",
            "        group = self._state.groups.get(name)\n        return group.names() if group is not None else []\n",
            "        group = self._state.groups.get(name)\n        self._names = getattr(self, '_names', {})\n        return self._names.setdefault(name, group.names() if group is not None else [])\n",
        ),
    ),
    *in_file(
        "reactor_chat/chat/transaction.py",
        ("tests/chat/test_fast_path.py",),
        (
            "a burst of which nothing was kept is refused once",
            "        return [request.id for request in self.together.requests]\n",
            "        return [request.id for request in self.together.requests[:1]]\n",
        ),
        (
            "a burst that is taken back is judged again in part",
            "        return [Received(self.together.conn, request) for request in self.together.requests]\n",
            "        return [Received(self.together.conn, request) for request in self.together.requests[:1]]\n",
        ),
    ),
    *in_file(
        "reactor_chat/chat/hub.py",
        ("tests/properties/test_shared_log.py",),
        (
            "what is taken back changes its order",
            "in reversed(list(self._pending.rolled_back())):",
            "in list(self._pending.rolled_back()):",
        ),
        (
            "a login that is taken back is never judged again",
            "                session.state = SessionState.ARRIVED\n",
            "                pass\n",
        ),
    ),
    *in_file(
        "reactor_chat/chat/judge.py",
        HUB,
        ("a refusal is judged again", "verdict.code in NOT_REMEMBERED:", "verdict.code:"),
        (
            "the ninth bad message closes",
            "session.bad_messages < BAD_MESSAGES_MAX",
            "session.bad_messages <= BAD_MESSAGES_MAX",
        ),
        (
            "the sixth refused login closes",
            "session.login_refusals < LOGIN_REFUSALS_MAX",
            "session.login_refusals <= LOGIN_REFUSALS_MAX",
        ),
        (
            "a refusal overtakes what was sent before it",
            "        if session.transactions:\n            return False\n        effects.extend(answers)\n",
            "        effects.extend(answers)\n",
        ),
        ("a takeover does not wait for what was sent before", "(old.transactions or old.backlog)", "old.backlog"),
        (
            "a takeover says quit",
            'self._sessions.close(old, "taken_over", effects)',
            'self._sessions.close(old, "quit", effects)',
        ),
    ),
    *in_file(
        "reactor_chat/chat/sessions.py",
        HUB,
        ("who goes is reached still", "            self._state.roster.unreach(session.name)\n", "            pass\n"),
    ),
    *in_file(
        "reactor_chat/chat/pending.py",
        HUB,
        (
            "an id is not marked while its request is on its way",
            '            write_set = (*write_set, ("id", fold(session.name), request_id))\n',
            "            pass\n",
        ),
    ),
    *in_file(
        "reactor_chat/chat/hub.py",
        HUB,
        ("what is sent after a takeover counts", "if session is None or session.superseded:", "if session is None:"),
        (
            "one's own coming is told on coming back",
            "            and record.seq >= session.since\n",
            "            and record.seq > session.since\n",
        ),
        (
            "a guest that could not leave stays for ever",
            "                    self._endings.departing[fold(record.name)] = record.name\n",
            "                    self._endings.departing.pop(fold(record.name), None)\n",
        ),
        (
            "accepted comes before its notices",
            "            for record in transaction.records:\n                self._announce(record, transaction.session, effects)\n            self._answer(transaction, effects)\n",
            "            self._answer(transaction, effects)\n            for record in transaction.records:\n                self._announce(record, transaction.session, effects)\n",
        ),
        (
            "what waited is not looked at again",
            "            self._judge.let_readers_in(effects)\n        self._waiting.go_on(effects)\n\n    def _on_rejected",
            "            self._judge.let_readers_in(effects)\n\n    def _on_rejected",
        ),
    ),
    *in_file(
        "reactor_chat/chat/decisions.py",
        DECISIONS,
        (
            "a text of the longest length is refused",
            'len(text.encode("utf-8")) > bytes_max:',
            'len(text.encode("utf-8")) >= bytes_max:',
        ),
        ("text direction may be changed", "\\u202a-\\u202e\\u2066-\\u2069]", "\\u202a-\\u202e]"),
        ("an owner can be kicked", "    if group.is_owned_by(request.user):\n", "    if not request.user:\n"),
        (
            "a member is added again",
            "already = next((user for user in users if group.has(user)), None)",
            "already = None",
        ),
        ("the newest member inherits", "sequencer, rest, rest[0]))", "sequencer, rest, rest[-1]))"),
        (
            "nobody inherits",
            "    if rest and group.is_owned_by(name):\n",
            "    if not rest and group.is_owned_by(name):\n",
        ),
        (
            "a reserved word names a group",
            "if not is_name(request.group) or fold(request.group) in RESERVED_WORDS:",
            "if not is_name(request.group):",
        ),
    ),
    *in_file(
        "reactor_chat/chat/logins.py",
        LOGINS,
        (
            "a signature is not checked",
            "if login.signature is None or not proves(",
            "if login.signature is None and not proves(",
        ),
        (
            "a guest takes an owned name",
            "        if claim is not None and claim.key != login.key:\n",
            "        if claim is not None and login.key and claim.key != login.key:\n",
        ),
        (
            "one more may come in",
            "self._pending.count(ENTERING) >= people_max:",
            "self._pending.count(ENTERING) > people_max:",
        ),
        (
            "who is on the way in takes no place",
            "len(self._state.roster) + self._pending.count(ENTERING) >=",
            "len(self._state.roster) >=",
        ),
    ),
    *in_file(
        "reactor_chat/chat/state/identity.py",
        ("tests/chat/state/test_identity.py",),
        ("a key of small order proves everything", "    if is_small_order(key):\n        return False\n", ""),
        ("a later login begins a new private life", "known.since if known else seq", "seq"),
    ),
    *in_file(
        "reactor_chat/chat/state/chat_state.py",
        STATE,
        (
            "what is told is not echoed",
            "return [record.to, record.sender]\n        if",
            "return [record.to]\n        if",
        ),
        (
            "a guest inherits the ids of the one before",
            "            self.receipts.forget(fold(record.name))\n        elif presence is not None:",
            "        elif presence is not None:",
        ),
        (
            "a guest inherits the groups' messages of the one before",
            "            self.timeline.forget(record.name)\n            self",
            "            self",
        ),
        ("a snapshot forgets what ids came to", "        self.receipts.load(snapshot.outcomes)\n", ""),
    ),
    *in_file(
        "reactor_chat/chat/state/timeline.py",
        ("tests/chat/state/test_timeline.py", *MODEL),
        ("a guest reads what was told to the one before", "(_told(name), since, SEQ_MAX)", "(_told(name), 0, SEQ_MAX)"),
        ("who left a group reads on", "        self._all[place].last = seq\n", "        pass\n"),
    ),
    *in_file(
        "reactor_chat/chat/state/receipts.py",
        ("tests/chat/state/test_receipts.py",),
        ("an id too few is remembered", "RECEIPTS_MAX = 1_024\n", "RECEIPTS_MAX = 1_023\n"),
        ("the newest id is forgotten", "outcomes.popitem(last=False)", "outcomes.popitem()"),
    ),
    *in_file(
        "reactor_chat/chat/state/groups.py",
        ("tests/chat/state/test_groups.py",),
        (
            "a member counts in one spelling only",
            "return name.isascii() and fold(name) in self.members",
            "return name in self.members",
        ),
        ("who was kicked is not told", "for name in before + after}", "for name in after}"),
    ),
    *in_file(
        "reactor_chat/chat/state/roster.py",
        ("tests/chat/state/test_roster.py",),
        (
            "names are sorted by case",
            "[self._present[key].name for key in sorted(self._present)]",
            "sorted(one.name for one in self._present.values())",
        ),
    ),
    *in_file(
        "reactor_chat/chat/limits/ratelimit.py",
        ("tests/chat/limits/test_ratelimit.py",),
        (
            "a burst grows for ever",
            "self._tokens = min(self._burst, self._tokens + max(0.0, now_s - self._filled_s) * self._per_second)",
            "self._tokens += max(0.0, now_s - self._filled_s) * self._per_second",
        ),
    ),
    *in_file(
        "reactor_chat/chat/pending.py",
        ("tests/chat/test_pending.py",),
        (
            "a conflict key outlives its transaction",
            "                del self._written[key]\n",
            "                pass\n",
        ),
        ("the newest commit counts for the next turn only", "records[-1].seq <= seq:", "records[-1].seq < seq:"),
    ),
    *in_file(
        "reactor_chat/chat/sealing.py",
        ("tests/chat/test_sealing.py",),
        (
            "who asks again and again is never told to wait",
            '    refusal = _refuse_haste(case, "ask", place, "You asked to be let in")\n',
            "    refusal = None\n",
        ),
        (
            "a conversation is begun anew all the time",
            '    return _refuse_haste(case, "create", place, "You turned encryption on here")\n',
            "    return None\n",
        ),
        ("packages of others are used up without end", "        or _refuse_work(case, request)\n", ""),
        (
            "what is asked many times at once counts once",
            "    return _change(place, record, conflict_of_asking(request, me))\n",
            "    return _change(place, record)\n",
        ),
    ),
    *in_file(
        "reactor_chat/chat/state/patience.py",
        ("tests/chat/state/test_patience.py",),
        ("each wait is as long as the first", "min(WAIT_MS << (times - TIMES_FREE), WAIT_MS_MAX)", "WAIT_MS"),
        (
            "somebody waits for what another did in haste",
            "self._tried.get((what, fold(name), place))",
            "next((one for key, one in self._tried.items() if key[::2] == (what, place)), None)",
        ),
        (
            "who was hasty once waits for ever",
            "max(0, tried.times - (at - tried.at) // STEP_BACK_MS)",
            "tried.times",
        ),
        (
            "who takes a released name waits for another's haste",
            "        for key in [key for key in self._tried if key[1] == fold(name)]:\n",
            "        for key in [key for key in self._tried if key[1] == name]:\n",
        ),
    ),
    *in_file(
        "reactor_chat/chat/state/chat_state.py",
        ("tests/chat/test_sealing.py",),
        ("a restart forgets who was hasty", "        self.patience.load(snapshot.tried, snapshot.busy_until)\n", ""),
    ),
    *in_file(
        "reactor_chat/wire/limits.py",
        ("tests/wire/test_messages.py",),
        (
            "a server may claim any number of members",
            "min(self.sealed_members_max, SEALED_MEMBERS_BELIEVED_MAX)",
            "self.sealed_members_max",
        ),
    ),
)
