"""Bugs of sealed conversations: who is let in, whose key counts, what goes unnoticed."""

from tests.planted.copying import Bug, in_file

JUDGING = ("tests/e2ee/test_policy.py", "tests/e2ee/attacks/test_membership.py", "tests/e2ee/attacks/test_insiders.py")

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/e2ee/policy.py",
        JUDGING,
        (
            "anybody lets people into a closed group",
            "    if terms.closed and change.by.folded != terms.creator and not",
            "    if terms.closed and change.by.folded == terms.creator and not",
        ),
        (
            "a commit is passed off as somebody else's",
            '    if by.folded != fold(notice.sender):\n        raise MlsRefused("a commit is passed',
            '    if not by.folded:\n        raise MlsRefused("a commit is passed',
        ),
        ("somebody else is in a private conversation", "not names <= {me, where.name}:", "not names:"),
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
