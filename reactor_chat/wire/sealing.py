"""The messages about sealed conversations: keys, the epochs of a conversation, and objects too large for a frame.

A conversation is the room, a pair of people (`with`, in notices `to` beside `from`) or a group (`group`).  The server
orders these messages and checks the claims in them; what is sealed it cannot open.  Source of every
field: PROTOCOL §12 to §14.
"""

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from reactor_chat.wire.fields import (
    SEQ_MAX,
    InParts,
    Message,
    Numbered,
    Question,
    Sealed,
    check_conversation,
    type_of_hash,
    type_of_id,
    type_of_key,
    type_of_seq,
    type_of_time,
)

PACKAGE_BYTES_MAX = 8 * 1024
PACKAGES_AT_ONCE_MAX = 8
KEYS_AT_ONCE_MAX = 64
COMMIT_BYTES_MAX = 36 * 1024
CHANGES_AT_ONCE_MAX = 256
"""People a commit may let in, and people it may take out."""
CHANGES_BESIDE_COMMIT_MAX = 64
"""The same where the commit itself is in the message: both have to fit a frame."""
BLOB_PIECE_BYTES_MAX = 32 * 1024
BLOB_PIECES_MAX = 128

type_of_suite = Annotated[int, Meta(ge=1, le=65_535)]
type_of_device = Annotated[int, Meta(ge=0, le=0)]
type_of_epoch = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
type_of_package = Annotated[bytes, Meta(min_length=1, max_length=PACKAGE_BYTES_MAX)]
type_of_commit = Annotated[bytes, Meta(min_length=1, max_length=COMMIT_BYTES_MAX)]
type_of_piece = Annotated[bytes, Meta(min_length=1, max_length=BLOB_PIECE_BYTES_MAX)]
type_of_piece_index = Annotated[int, Meta(ge=0, le=BLOB_PIECES_MAX - 1)]
type_of_piece_count = Annotated[int, Meta(ge=1, le=BLOB_PIECES_MAX)]


class Kdf(Struct, frozen=True, gc=False):
    """How a passphrase becomes a key; with the salt of the conversation."""

    name: Literal["argon2id"]
    memory_kib: Annotated[int, Meta(ge=8, le=1_048_576)]
    passes: Annotated[int, Meta(ge=1, le=64)]
    lanes: Annotated[int, Meta(ge=1, le=64)]


class SealAdd(Struct, frozen=True, omit_defaults=True, gc=False):
    """Somebody whom a commit lets in, by the package with this reference."""

    name: str
    reference: type_of_hash
    device: type_of_device = 0


class PublishedKey(Struct, frozen=True, omit_defaults=True, gc=False):
    """A package by which somebody can be let in; `account` is the key that owns the name."""

    name: str
    account: type_of_key
    package: bytes
    reference: type_of_hash
    device: int = 0


class SealedMessage(Struct, frozen=True, gc=False):
    """What is in a `sealed` object of version 1, as far as the server looks at it."""

    v: Literal[1]
    group_id: type_of_key
    epoch: type_of_epoch
    mls: bytes


def read_sealed(sealed: Sealed) -> SealedMessage | None:
    """Return what a `sealed` object of version 1 says; None where it is another one, which nobody here can judge.

    Source: PROTOCOL §14.
    """
    try:
        return msgspec.convert(sealed, SealedMessage)
    except msgspec.ValidationError:
        return None


class SealedRemains(Struct, frozen=True, gc=False):
    """What is left of such an object where the message was removed: its place, and the SHA-256 of its `mls`."""

    v: Literal[1]
    group_id: type_of_key
    epoch: type_of_epoch
    digest: type_of_hash


def read_remains(sealed: Sealed | None) -> SealedRemains | None:
    """Return what is left of a removed message's `sealed` object; None where it is anything else.

    Source: PROTOCOL §14.
    """
    try:
        return msgspec.convert(sealed, SealedRemains)
    except msgspec.ValidationError:
        return None


def remains_of(sealed: Sealed | None) -> Sealed | None:
    """Return what stays of a `sealed` object whose message is removed; None of one that nobody here can judge."""
    message = read_sealed(sealed) if sealed is not None else None
    if message is None:
        return None
    remains = SealedRemains(1, message.group_id, message.epoch, hashlib.sha256(message.mls).digest())
    found: Sealed = msgspec.to_builtins(remains)
    return found


# ------------------------------------------------------------------------------------------------- requests


class KeysPut(Message, tag="keys_put", frozen=True):
    """Publish packages by which I can be let in."""

    suite: type_of_suite
    packages: Annotated[list[type_of_package], Meta(min_length=1, max_length=PACKAGES_AT_ONCE_MAX)]
    last_resort: type_of_package | None = None
    device: type_of_device = 0
    fresh: bool = False
    id: type_of_id | None = None


class AskKeys(Question, tag="keys", frozen=True):
    """A package of each of these people."""

    names: Annotated[list[str], Meta(min_length=1, max_length=KEYS_AT_ONCE_MAX)]
    suite: type_of_suite
    id: type_of_id | None = None


class SealCreate(Message, tag="seal_create", frozen=True):
    """A conversation is sealed from now on, with me as its only member."""

    group_id: type_of_key
    suite: type_of_suite
    salt: type_of_key
    with_: str | None = field(default=None, name="with")
    group: str | None = None
    kdf: Kdf | None = None
    require: bool = False
    replaces: type_of_key | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        check_conversation(self.with_, self.group)


class SealCommit(Message, tag="seal_commit", frozen=True):
    """Go on from this epoch to the next."""

    group_id: type_of_key
    epoch: type_of_epoch
    with_: str | None = field(default=None, name="with")
    group: str | None = None
    commit: type_of_commit | None = None
    commit_blob: type_of_hash | None = None
    adds: Annotated[list[SealAdd], Meta(max_length=CHANGES_AT_ONCE_MAX)] = field(default_factory=list)
    removes: Annotated[list[str], Meta(max_length=CHANGES_AT_ONCE_MAX)] = field(default_factory=list)
    welcome: type_of_hash | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        check_conversation(self.with_, self.group)
        if (self.commit is None) == (self.commit_blob is None):
            raise ValueError("exactly one of `commit` and `commit_blob` is required")
        if (self.welcome is not None) != bool(self.adds):
            raise ValueError("`welcome` is required with `adds`, and only with them")
        if self.commit is not None and max(len(self.adds), len(self.removes)) > CHANGES_BESIDE_COMMIT_MAX:
            raise ValueError(f"with more than {CHANGES_BESIDE_COMMIT_MAX} changes a `commit_blob` is required")


class SealAsk(Message, tag="seal_ask", frozen=True):
    """Let me in; where I am `lost`, take me out first."""

    with_: str | None = field(default=None, name="with")
    group: str | None = None
    lost: bool = False
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        check_conversation(self.with_, self.group)


class SealOff(Message, tag="seal_off", frozen=True):
    """A conversation is not sealed any more."""

    with_: str | None = field(default=None, name="with")
    group: str | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        check_conversation(self.with_, self.group)


class AskSeals(Question, tag="seals", frozen=True):
    """Whether and how a conversation is sealed."""

    with_: str | None = field(default=None, name="with")
    group: str | None = None
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        check_conversation(self.with_, self.group)


class BlobPut(Message, tag="blob_put", frozen=True):
    """One piece of an object too large for a frame; `hash` is that of the whole."""

    hash: type_of_hash
    index: type_of_piece_index
    count: type_of_piece_count
    data: type_of_piece
    id: type_of_id | None = None

    def __post_init__(self) -> None:
        if self.index >= self.count:
            raise ValueError("`index` is below `count`")


class AskBlob(Question, tag="blob", frozen=True):
    """One piece of such an object."""

    hash: type_of_hash
    index: type_of_piece_index
    id: type_of_id | None = None


# -------------------------------------------------------------------------------------------------- notices


class KeysAnswer(InParts, tag="keys", frozen=True):
    """A package of each of those asked for who has one; `more` where another such notice follows."""

    keys: list[PublishedKey]
    missing: list[str]
    re: str | None = None
    more: bool = False


class SealCreated(Numbered, tag="seal_created", frozen=True):
    """Somebody sealed a conversation."""

    seq: type_of_seq
    at: type_of_time
    sender: str = field(name="from")
    group_id: type_of_key
    suite: type_of_suite
    salt: type_of_key
    to: str | None = None
    group: str | None = None
    kdf: Kdf | None = None
    require: bool = False
    replaces: type_of_key | None = None
    id: str | None = None


class SealCommitted(Numbered, tag="seal_committed", frozen=True):
    """A sealed conversation went on from this epoch to the next."""

    seq: type_of_seq
    at: type_of_time
    sender: str = field(name="from")
    group_id: type_of_key
    epoch: type_of_epoch
    to: str | None = None
    group: str | None = None
    commit: bytes | None = None
    commit_blob: type_of_hash | None = None
    adds: list[SealAdd] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)
    welcome: type_of_hash | None = None
    id: str | None = None


class SealAsked(Numbered, tag="seal_asked", frozen=True):
    """Somebody asks to be let into a sealed conversation."""

    seq: type_of_seq
    at: type_of_time
    sender: str = field(name="from")
    to: str | None = None
    group: str | None = None
    lost: bool = False
    id: str | None = None


class SealEnded(Numbered, tag="seal_ended", frozen=True):
    """The server seals a conversation no more; what a client does not want sealed less stays sealed."""

    seq: type_of_seq
    at: type_of_time
    sender: str = field(name="from")
    group_id: type_of_key
    to: str | None = None
    group: str | None = None
    id: str | None = None


class SealsAnswer(Message, tag="seals", frozen=True):
    """How a conversation is sealed; without `group_id` it is not."""

    with_: str | None = field(default=None, name="with")
    group: str | None = None
    group_id: type_of_key | None = None
    suite: type_of_suite | None = None
    salt: type_of_key | None = None
    kdf: Kdf | None = None
    require: bool = False
    epoch: type_of_epoch = 0
    members: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    by: str | None = None
    seq: type_of_seq | None = None
    re: str | None = None


class BlobAnswer(Message, tag="blob", frozen=True):
    """One piece of an object too large for a frame."""

    hash: type_of_hash
    index: int
    count: int
    data: bytes
    re: str | None = None
