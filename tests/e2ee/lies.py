"""What a lying server says, as twists: each takes what would be told and returns what is told instead."""

import random as dice
from collections.abc import Callable, Iterable

import msgspec

from reactor_chat.mls.suites import CLASSICAL
from reactor_chat.wire.messages import (
    BlobAnswer,
    Kdf,
    KeysAnswer,
    Notice,
    Refused,
    Said,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    SealsAnswer,
    Told,
)
from tests.e2ee.service import Twist

Change = Callable[[Notice], Iterable[Notice]]

_replace = msgspec.structs.replace


def _denies(notice: Notice) -> Iterable[Notice]:
    return [SealsAnswer(notice.with_, notice.group, re=notice.re)] if isinstance(notice, SealsAnswer) else [notice]


def _other_terms(notice: Notice) -> Iterable[Notice]:
    if isinstance(notice, SealsAnswer | SealCreated):
        notice = _replace(notice, salt=bytes(32), kdf=Kdf("argon2id", 8, 1, 1), suite=CLASSICAL)
    return [notice]


def _wrong_epoch(notice: Notice) -> Iterable[Notice]:
    return [_replace(notice, epoch=notice.epoch + 1)] if isinstance(notice, SealsAnswer | SealCommitted) else [notice]


def _no_keys(notice: Notice) -> Iterable[Notice]:
    if isinstance(notice, KeysAnswer):
        notice = _replace(notice, keys=[], missing=[*notice.missing, *(key.name for key in notice.keys)])
    return [notice]


def _others_keys(notice: Notice) -> Iterable[Notice]:
    if isinstance(notice, KeysAnswer) and notice.keys:
        first = notice.keys[0]
        notice = _replace(notice, keys=[_replace(key, package=first.package, account=bytes(32)) for key in notice.keys])
    return [notice]


def _bent_blobs(notice: Notice) -> Iterable[Notice]:
    return [_replace(notice, data=notice.data[::-1])] if isinstance(notice, BlobAnswer) else [notice]


def _refuses(notice: Notice) -> Iterable[Notice]:
    if isinstance(notice, SealsAnswer | KeysAnswer | BlobAnswer):
        return [Refused("not_allowed", "not_allowed", notice.re)]
    return [notice]


def _drops_some(notice: Notice) -> Iterable[Notice]:
    return [] if isinstance(notice, Said | Told | SealCommitted) and notice.seq % 3 == 0 else [notice]


def _doubles(notice: Notice) -> Iterable[Notice]:
    return [notice, notice]


def _ends(notice: Notice) -> Iterable[Notice]:
    if isinstance(notice, SealCommitted | SealCreated):
        ended = SealEnded(notice.seq, 0, notice.sender, notice.group_id, notice.to, notice.group, "x")
        return [notice, _replace(ended, seq=notice.seq + 1)]
    return [notice]


def _bends(notice: Notice) -> Iterable[Notice]:
    if isinstance(notice, SealCommitted) and notice.commit is not None:
        return [_replace(notice, commit=notice.commit[:-1] + bytes((notice.commit[-1] ^ 1,)))]
    if isinstance(notice, Said | Told) and notice.sealed is not None:
        return [_replace(notice, sealed={**notice.sealed, "mls": notice.sealed["mls"][:-4] + "AAA="})]
    return [notice]


def _renames(notice: Notice) -> Iterable[Notice]:
    return [_replace(notice, sender="Cid")] if isinstance(notice, Said | SealCommitted | SealAsked) else [notice]


def _plain(notice: Notice) -> Iterable[Notice]:
    return [_replace(notice, sealed=None, text="let us talk in the open")] if isinstance(notice, Said) else [notice]


def _stale(notice: Notice) -> Iterable[Notice]:
    """Everything said was taken, and is said not to have been."""
    if notice.__class__.__name__ == "Accepted":
        return [Refused("stale_epoch", "stale_epoch", notice.re)]  # type: ignore[union-attr]
    return [notice]


LIES: dict[str, Twist] = {
    "denies": _denies, "other terms": _other_terms, "wrong epoch": _wrong_epoch, "no keys": _no_keys,
    "others' keys": _others_keys, "bent blobs": _bent_blobs, "refuses": _refuses, "drops some": _drops_some,
    "doubles": _doubles, "ends": _ends, "bends": _bends, "renames": _renames, "plain": _plain, "stale": _stale,
}  # fmt: skip


def shuffled(seed: int) -> Twist:
    """Return a lie that delays messages and lets later ones overtake."""
    chance, waiting = dice.Random(seed), list[Notice]()  # noqa: S311  a test's dice

    def shuffle(notice: Notice) -> Iterable[Notice]:
        waiting.append(notice)
        if len(waiting) > 2:
            yield waiting.pop(chance.randrange(len(waiting)))

    return shuffle
