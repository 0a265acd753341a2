"""Bugs of sealed conversations: who is let in, whose key counts, what goes unnoticed."""

from tests.planted.copying import Bug, in_file

JUDGING = (
    "tests/e2ee/test_policy.py",
    "tests/e2ee/attacks/test_lists.py",
    "tests/e2ee/attacks/test_membership.py",
    "tests/e2ee/attacks/test_insiders.py",
    "tests/e2ee/test_adversary.py",
)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/e2ee/policy.py",
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
        "reactor_chat/e2ee/trust.py",
        ("tests/e2ee/test_trust.py",),
        (
            "what is sealed goes to a key that changed",
            "SENDING_STOPS = frozenset({Trust.CHANGED, Trust.BLOCKED})",
            "SENDING_STOPS = frozenset({Trust.BLOCKED})",
        ),
    ),
    *in_file(
        "reactor_chat/e2ee/transcript_hash.py",
        ("tests/e2ee/test_transcript_hash.py",),
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
)
