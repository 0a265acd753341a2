"""What the operator changes, as records: names that are granted, invitations, what was removed, who moderates.

Nobody is told of these, but they take numbers like everything else, so that a replay comes to the same state.
"""

from msgspec import Struct

from reactor_chat.wire.messages import type_of_id, type_of_key, type_of_seq, type_of_time


class Granted(Struct, tag_field="type", tag="granted", frozen=True, omit_defaults=True, gc=False):
    """A name belongs to a key from now on, whose owner need not have been here."""

    seq: int
    at: int
    name: str
    key: type_of_key


class Invited(Struct, tag_field="type", tag="invited", frozen=True, omit_defaults=True, gc=False):
    """Whoever knows the code with this SHA-256 may claim one name before `until`; the code itself is kept nowhere."""

    seq: int
    at: int
    hash: type_of_key
    until: type_of_time


class Uninvited(Struct, tag_field="type", tag="uninvited", frozen=True, omit_defaults=True, gc=False):
    """The invitation with this number is void."""

    seq: int
    at: int
    invite: type_of_seq


class Removed(Struct, tag_field="type", tag="removed", frozen=True, omit_defaults=True, gc=False):
    """What was said in the record `target` was removed; `by` is a moderator, empty for the operator."""

    seq: int
    at: int
    target: type_of_seq
    by: str = ""


class Expired(Struct, tag_field="type", tag="expired", frozen=True, omit_defaults=True, gc=False):
    """What was said up to the number `last`, included, was kept for as long as the operator wants, and is removed."""

    seq: int
    at: int
    last: type_of_seq


class Appointed(Struct, tag_field="type", tag="appointed", frozen=True, omit_defaults=True, gc=False):
    """The owner of a name is a moderator from now on, or is none any more."""

    seq: int
    at: int
    name: str
    on: bool


class Dismissed(Struct, tag_field="type", tag="dismissed", frozen=True, omit_defaults=True, gc=False):
    """The moderator `by` disconnected somebody."""

    seq: int
    at: int
    name: str
    by: str
    id: type_of_id | None = None


Ordered = Granted | Invited | Uninvited | Removed | Expired | Appointed | Dismissed
"""Every record of this module."""
