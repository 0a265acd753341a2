"""Bugs of sealed conversations: who is let in, whose key counts, what goes unnoticed."""

from tests.planted.copying import Bug, in_file

MEMBERSHIP = ("tests/e2ee/attacks/test_membership.py", "tests/e2ee/attacks/test_insiders.py", "tests/e2ee")

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/e2ee/judging.py",
        MEMBERSHIP,
        (
            "anybody lets people into a closed group",
            "    if terms.closed and change.by.folded != terms.creator and not",
            "    if terms.closed and change.by.folded == terms.creator and not",
        ),
    ),
)
