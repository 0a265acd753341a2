"""What people and groups may be called (PROTOCOL §2)."""

import re

NAME_CHARS_MAX = 32

RESERVED_WORDS = frozenset(
    "quit names history help group groups grouplist who add kick encrypt verify trust device sendfile acceptfile "
    "rejectfile viewfile search seen contacts held invite ignore unignore me everyone server private".split()
)
"""No person and no group may be called so, in any case (PROTOCOL §2)."""

SERVER_NAME = "server"
"""Under this name, which is reserved, the operator speaks to everybody."""

_name = re.compile(rf"[A-Za-z0-9_]{{1,{NAME_CHARS_MAX}}}")


def is_name(word: str) -> bool:
    """Return whether a person or a group may be called so, reserved words aside (PROTOCOL §2)."""
    return _name.fullmatch(word) is not None


def fold(name: str) -> str:
    """Return the form in which two spellings of one name are equal: lower case, as names are ASCII.

    What is not ASCII is no name and stays as it is; there are letters outside whose lower case is inside.
    """
    return name.lower() if name.isascii() else name
