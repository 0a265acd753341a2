"""Bugs of sealed conversations: who is let in, whose key counts, what goes unnoticed."""

from tests.planted.copying import Bug, in_file

JUDGING = (
    "tests/e2ee/membership/test_policy.py",
    "tests/e2ee/attacks/test_lists.py",
    "tests/e2ee/attacks/test_membership.py",
    "tests/e2ee/attacks/test_insiders.py",
    "tests/e2ee/test_adversary.py",
)

PROMISES = ("tests/e2ee/attacks/test_promises.py",)
LISTS = ("tests/e2ee/attacks/test_lists.py",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/e2ee/dispatch.py",
        (*PROMISES, *LISTS),
        (
            "an answer brings keys of people nobody asked for",
            "        if fold(key.name) in question.names:\n",
            "        if key.name:\n",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/state/desk.py",
        PROMISES,
        (
            "a first private line is plain",
            "            is_private = where.scope is not Scope.ROOM and self.settings.private_is_sealed\n",
            "            is_private = False\n",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/messages/backlog.py",
        ("tests/e2ee/test_removed.py",),
        (
            "a removed message is no part of what was heard",
            "        self._talk.transcript.add_digest(notice.seq, remains.digest)\n",
            "",
        ),
        (
            "anything removed counts as ones own",
            "elif not self._outbound.settle_removed(notice, remains.digest):",
            "elif self._outbound.settle_removed(notice, remains.digest) is None:",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/messages/inbound.py",
        PROMISES,
        (
            "a message is shown wherever it was sealed for",
            '            if said.where not in ("", self._talk.common_name):\n',
            "            if not said.kind:\n",
        ),
        (
            "a message by a new key looks like any other",
            "        mark = Mark.NEW_KEY if standing is Standing.NEW_KEY else Mark.SEALED\n",
            "        mark = Mark.SEALED\n",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/messages/outbound.py",
        (*PROMISES, *LISTS),
        (
            "a key in the place of a verified one is sent to",
            "    return standing is Standing.BLOCKED or took_verified_place",
            "    return standing is Standing.BLOCKED",
        ),
        ("the owner's lines go to a kicked member", "        if names := self.kicked():", "        if names := []:"),
        (
            "a blocked key is sent to",
            "    return standing is Standing.BLOCKED or took_verified_place",
            "    return took_verified_place",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/epochs/epoch.py",
        (*PROMISES, *LISTS),
        (
            "a Welcome of any size is opened",
            "            joined = Group.open_welcome(welcome, own, psks=psks, members_max=self._desk.members_max)\n",
            "            joined = Group.open_welcome(welcome, own, psks=psks)\n",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/membership/policy.py",
        JUDGING,
        (
            "a member list need not be signed by its owner",
            "            member_list.check_signed(now, was.conversation, was.owner.key)\n",
            "",
        ),
        (
            "an older member list comes back",
            "            if now.number <= was.number:\n",
            "            if now.number < 0:\n",
        ),
        (
            "others than those of the list are in a closed group",
            "        if terms.closed:\n            member_list.check_tree(after, member_list.members_of(after))\n",
            "",
        ),
        (
            "a Welcome's member list is not looked at",
            "        check_list(members, agreed)\n        member_list.check_tree(group, members)\n",
            "        assert members\n",
        ),
        (
            "whoever signs a first list is its owner",
            "    return owner.key if is_founder and is_known else None",
            "    return owner.key",
        ),
        (
            "a commit brings other extensions",
            "            if {each.extension_type for each",
            "            if not {each.extension_type for each",
        ),
        (
            "a commit is passed off as somebody else's",
            '    if by.folded != fold(notice.sender):\n        raise MlsRefused("a commit is passed',
            '    if not by.folded:\n        raise MlsRefused("a commit is passed',
        ),
        (
            "somebody else is in a private conversation",
            "        if any(not _is_other(person, agreed) for person in others):",
            "        if any(not person.name for person in others):",
        ),
        (
            "a pair goes along with another key",
            "    is_key = agreed.other_key is None or person.key == agreed.other_key",
            "    is_key = True",
        ),
        (
            "a stranger lets us in again",
            "    if is_open and agreed.members and (by.folded, by.key) not in agreed.members:",
            "    if is_open and agreed.members and not by.name:",
        ),
        (
            "a Welcome may weaken the terms",
            "    if agreed.strength is not None and agreed.strength.lost_in(strength_of(group)):",
            "    if agreed.strength is not None and not agreed.strength.suite:",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/trust/trust_book.py",
        ("tests/e2ee/trust/test_trust_book.py",),
        (
            "a key that is on offer counts",
            "return key == self.key if self.key else fingerprint_of(key) == self.invited",
            "return key in (self.key, self.offered)",
        ),
        (
            "what came after the person looked is settled too",
            'left = known.offered if known.offered not in (key, known.shown) else b""',
            'left = b""',
        ),
        (
            "a comparison settles what nobody looked at",
            "is_settled = key == known.key or known.offered in (key, known.shown)",
            "is_settled = True",
        ),
        (
            "an accepted key is as good as a verified one",
            "is_verified = known.is_verified and key == known.key",
            "is_verified = known.is_verified",
        ),
        (
            "a link weakens a key that people verified",
            "if not known.key or known.is_verified or known.state is Trust.BLOCKED:",
            "if not known.key or known.state is Trust.BLOCKED:",
        ),
        (
            "any key does where an invitation named one",
            "        if known.counts(key):\n            return known if known.key",
            "        if known.counts(key) or not known.key:\n            return known if known.key",
        ),
        (
            "a friend's list verifies people",
            "state = Trust.NEW if by else Trust.VERIFIED\n            self._add(Known(name, key, state, now_ms, is_verified=not by, vouched_by=by))",
            "state = Trust.VERIFIED\n            self._add(Known(name, key, state, now_ms, is_verified=True, vouched_by=by))",
        ),
        ("a list replaces a key", "        if not known.counts(key):\n            return False\n", ""),
        ("names without end are remembered", "return len(self._known) >= NAMES_MAX", "return False"),
    ),
    *in_file(
        "reactor_chat/e2ee/orders/verification.py",
        ("tests/e2ee/orders/test_verification.py",),
        (
            "accept takes the newest on offer",
            "        return known.shown\n    if known.state is Trust.BLOCKED:",
            "        return known.offered\n    if known.state is Trust.BLOCKED:",
        ),
        (
            "accept takes what nobody looked at",
            "        if key is None:\n            self._ask_to_look(known)\n            return\n",
            "        key = key or known.offered\n",
        ),
        (
            "one's own code verifies somebody",
            "        elif code.shower == self._desk.me:\n",
            "        elif code.shower == self._desk.me and not name:\n",
        ),
        (
            "a code with another key of mine will do",
            "        elif code.other_fingerprint != fingerprint_of(self._desk.own_key):\n",
            "        elif not code.other_fingerprint:\n",
        ),
        (
            "whoever has the name of a friend may vouch",
            "return known.name if known is not None and is_verified and known.state is Trust.VERIFIED else None",
            "return known.name if known is not None and (is_verified or known.is_verified) else None",
        ),
        (
            "a list of another server counts",
            "    if contacts.server != order.server:\n",
            "    if contacts.server is None:\n",
        ),
        (
            "a number that is not whole is an alarm",
            "        if read.problem:\n            self._answer",
            "        if read.problem:\n            self._alarm",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/trust/contacts.py",
        ("tests/e2ee/trust/test_contacts.py",),
        (
            "a list need not be signed",
            "        Ed25519().verify(contacts.key, signature, _signed(contacts))\n",
            "        pass\n",
        ),
        ("the server of a list is not signed", "_field(contacts.server), contacts", "contacts"),
        ("the keys of a list are not signed", "_field(contact.name) + contact.key for", "_field(contact.name) for"),
    ),
    *in_file(
        "reactor_chat/e2ee/membership/peer_keys.py",
        ("tests/e2ee/membership/test_peer_keys.py",),
        (
            "a server may alarm without end",
            "    return before.offered != known.offered and before.shown == before.offered\n",
            "    return before.offered != known.offered\n",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/state/transcript_hash.py",
        ("tests/e2ee/state/test_transcript_hash.py",),
        (
            "what was held back from some goes unnoticed",
            "        if mark.now.length > self._count:\n            return False\n",
            "",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/blobs.py",
        ("tests/e2ee/test_blobs.py",),
        (
            "an object need not be what its name says",
            "return data if hash_of(data) == self._name else None",
            "return data",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/passphrase.py",
        ("tests/e2ee/test_passphrase.py",),
        ("a weak derivation will do", "PASSES_MIN, PASSES_MAX = 3, 16", "PASSES_MIN, PASSES_MAX = 1, 16"),
    ),
    *in_file(
        "reactor_chat/e2ee/state/record.py",
        (*PROMISES, *LISTS),
        (
            "whoever is announced last has created the group",
            "        self.founder = self.founder or by\n",
            "        self.founder = by\n",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/epochs/claims.py",
        (*PROMISES, *LISTS),
        ("weaker terms are followed", "        if lost := record.strength.lost_in(offered):", "        if lost := []:"),
    ),
    *in_file(
        "reactor_chat/e2ee/state/lines.py",
        PROMISES,
        (
            "what waits for a yes leaves without one",
            "[line for line in self.held.values() if not line.needs_yes]",
            "list(self.held.values())",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/state/newcomers.py",
        PROMISES,
        (
            "whoever is lost is let in again at once each time",
            "        last = self._readmissions.get(name)\n        return last.at",
            "        last = None\n        return last.at",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/messages/opened.py",
        PROMISES,
        (
            "a page of history may name another author",
            "        if came != (hash_of(sealed.mls), fold(notice.sender), ",
            "        if came != (hash_of(sealed.mls), came[1], ",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/messages/opened.py",
        PROMISES,
        (
            "a page of history may name another place",
            ", where_heard(notice, self._me).key, notice.at):",
            ", came[2], notice.at):",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/messages/opened.py",
        PROMISES,
        ("a page of history may tell another time", ".key, notice.at):", ".key, came[3]):"),
    ),
    *in_file(
        "reactor_chat/e2ee/membership/rules.py",
        (*PROMISES, *LISTS),
        (
            "an invitation does not bind in groups",
            "            if known is not None and not known.key and not known.counts(person.key):",
            "            if known is None and not person.key:",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/membership/member_changes.py",
        LISTS,
        (
            "a kicked member stays in the group",
            "        gone = {leaf for leaf, one in there.items() if one not in listed and one[0] != self._desk.me}",
            "        gone: set[int] = set()",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/orders/group_orders.py",
        LISTS,
        (
            "an owner who leaves signs nothing over",
            "            part.ownership.hand_over()  # before",
            "            pass  # before",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/orders/commands.py",
        ("tests/e2ee/attacks/test_found.py",),
        (
            "whoever is on the list of a closed room opens it by starting over",
            "        is_closed = where.scope is Scope.GROUP or record.owner is not None or self._is_for_others",
            "        is_closed = where.scope is Scope.GROUP",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/participation/participation.py",
        ("tests/e2ee/attacks/test_found.py",),
        (
            "a client that can only wait asks for its turn again and again",
            "talk.backlog or talk.commit.is_waiting",
            "talk.commit.is_waiting",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/state/setbacks.py",
        ("tests/e2ee/state/test_setbacks.py",),
        (
            "keys that were used up come back where plain text was sent",
            "        self._talk.leave()\n",
            "",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/messages/outbound.py",
        ("tests/e2ee/messages/test_outbound.py",),
        (
            "a server may tell any time of our own words",
            '        remark = lie_about_time(notice.at, sent.at) if sent.at else ""\n',
            '        remark = ""\n',
        ),
    ),
)
