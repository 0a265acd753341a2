"""Whether what a server tells makes sense, where the types of the fields cannot say it.

Every field that holds the name of a person or a group has a row here.  A client believes no server that a word is a
name: what is none never gets past the decoder, so nothing that stands where a name belongs can look like more than one.
The server reads its own journal without this: what is in there was judged when it was asked for.
"""

from typing import Any

from reactor_chat.wire.messages import (
    RESERVED_WORDS,
    Exited,
    GroupChanged,
    GroupOverview,
    GroupSaid,
    GroupsAnswer,
    HistoryAnswer,
    Joined,
    KeysAnswer,
    MembersAnswer,
    NamesAnswer,
    PublishedKey,
    Released,
    Said,
    SealAdd,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    SealsAnswer,
    SeenAnswer,
    Told,
    Welcome,
    fold,
    is_name,
)

NAMES: dict[type, tuple[str, ...]] = {
    Welcome: ("name",),
    Said: ("sender",),
    Told: ("sender", "to"),
    GroupSaid: ("sender",),
    Joined: ("name",),
    Exited: ("name",),
    Released: ("name",),
    GroupChanged: ("by", "user", "members"),
    NamesAnswer: ("names",),
    GroupOverview: ("owner", "members"),
    MembersAnswer: ("owner", "members"),
    SeenAnswer: ("name",),
    PublishedKey: ("name",),
    KeysAnswer: ("missing",),
    SealAdd: ("name",),
    SealCreated: ("sender", "to"),
    SealCommitted: ("sender", "to", "removes"),
    SealAsked: ("sender", "to"),
    SealEnded: ("sender", "to"),
    SealsAnswer: ("with_", "members", "waiting", "by"),
}
"""The fields that hold a person's name, several, or none; the operator's, which is reserved, is one of them."""

GROUPS = frozenset(
    (
        *(GroupSaid, GroupChanged, GroupOverview, MembersAnswer),
        *(SealCreated, SealCommitted, SealAsked, SealEnded, SealsAnswer),
    )
)
"""Whose field `group` is a group's name or none."""

WITHIN: dict[type, str] = {
    GroupsAnswer: "groups",
    HistoryAnswer: "messages",
    KeysAnswer: "keys",
    SealCommitted: "adds",
}
"""The field with objects that have a row here themselves."""

MESSAGES = frozenset((Said, Told, GroupSaid))


def nonsense_in(told: Any) -> str | None:
    """Return what makes no sense in a notice, or in an object within one; None where everything does."""
    kind = type(told)
    for field in NAMES.get(kind, ()):
        value = getattr(told, field)
        if not (value is None or (is_name(value) if isinstance(value, str) else all(map(is_name, value)))):
            return f"`{field}` is no name"
    if kind in GROUPS and told.group is not None and not _is_group(told.group):
        return "`group` is no name of a group"
    # A text beside a sealed object would be shown where that cannot be opened, as if it had been in it.
    if kind in MESSAGES and (told.text is None) == (told.sealed is None):
        return "exactly one of `text` and `sealed` is required"
    if kind in WITHIN:
        return next(filter(None, map(nonsense_in, getattr(told, WITHIN[kind]))), None)
    return None


def _is_group(word: str) -> bool:
    # `[Bob (private):]` is never about a group: no reserved word names one.
    return is_name(word) and fold(word) not in RESERVED_WORDS
