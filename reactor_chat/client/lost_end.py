"""What a client says, and marks, when the server has lost what it had shown (PROTOCOL §5.5).

A server whose journal went back says so with `gap` and the last number that both sides have in common; what it has
after that number follows.  Then whatever was shown above that number is on the screen and in the archive, and nowhere
else.  It stays there, marked; and one line says how much it is, and since when.

What was typed here, acknowledged, and lost by the server is *not* sent again.  Others may have read it already, and
would read it twice, perhaps an hour later and in another conversation; whether it still matters is for its author to
say, so the line says how many of the lost messages were theirs.  What was sent and never acknowledged is another
matter: it is sent again, as after any cut (see `outbox`), for until then nobody was promised anything.  The server that
lost it does not know its id, so a message that others saw just before the loss may be seen twice: better than not at
all, as its author believes it to be on its way.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from reactor_chat.client.store.vault import Archived
from reactor_chat.client.store.written import read_row
from reactor_chat.errors import MessageInvalid
from reactor_chat.wire.codec import encode
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import Notice, Refused, fold

LOOKED_THROUGH_MAX = 1_000
"""Rows of the archive in which to look for what is lost; beyond, it is said to be more."""

LOST = "lost by the server"
"""The word beside a message of the archive that the server has no more."""

SOME_IS_LOST = "The server lost some of what you have seen; what it has is shown"


class Loss(NamedTuple):
    """What is lost of what was shown.

    Attributes:
        messages: how many.
        own_messages: how many of them one wrote oneself.
        is_more: there may be more.
        at: when the newest thing happened that is still there, milliseconds since the Unix epoch; None: not known.
    """

    messages: int
    own_messages: int
    is_more: bool
    at: int | None


def is_gap(notice: Notice) -> bool:
    """Return whether a notice says that something was missed or lost for good."""
    return isinstance(notice, Refused) and notice.code == "gap" and notice.re is None


def loss_of(rows: Sequence[Archived], common: int, me: str) -> Loss:
    """Return what is lost of an archive.

    Args:
        rows: the newest, newest first.
        common: the last number that the server has, too.
        me: one's own name.
    """
    gone: list[Notice] = []
    ceiling: int | None = None
    for notice in _read(rows):
        seq = getattr(notice, "seq", None)
        if isinstance(notice, Refused):
            ceiling = seq if ceiling is None or (seq is not None and seq < ceiling) else ceiling
        elif seq is not None and (ceiling is None or seq <= ceiling):  # else it was lost before
            if seq <= common:
                return _loss(gone, me, is_more=False, at=getattr(notice, "at", None))
            gone.append(notice)
    return _loss(gone, me, is_more=len(rows) == LOOKED_THROUGH_MAX, at=None)


def _loss(notices: Sequence[Notice], me: str, *, is_more: bool, at: int | None) -> Loss:
    spoken = [notice for notice in notices if isinstance(notice, Heard)]
    return Loss(len(spoken), sum(fold(one.sender) == fold(me) for one in spoken), is_more, at)


def loss_in_words(loss: Loss, time_of_day: Callable[[int], str]) -> str:
    """Return the line that tells a person what is lost."""
    after = "" if loss.at is None else f" after {time_of_day(loss.at)}"
    if not loss.messages:
        return f"The server went back to an earlier state{after}; no message that you have seen is lost"
    more = "more than " if loss.is_more else ""
    messages = "1 message" if loss.messages == 1 else f"{loss.messages} messages"
    own = f", {loss.own_messages} of them yours" if loss.own_messages else ""
    return f"The server lost {more}{messages}{after}{own}; what it has is shown"


def shown_above(rows: Iterable[Archived], common: int) -> frozenset[bytes]:
    """Return every notice of an archive above a number, encoded: should it come again, it was shown."""
    return frozenset(encode(notice) for notice in _read(rows) if (getattr(notice, "seq", None) or 0) > common)


def lost_places(rows: Iterable[Archived]) -> set[int]:
    """Return the places of those rows of an archive that the server has lost since; rows oldest first."""
    lost: set[int] = set()
    ceiling: int | None = None
    for archived in sorted(rows, reverse=True):
        for notice in _read([archived]):
            seq = getattr(notice, "seq", None)
            if isinstance(notice, Refused) and seq is not None:
                ceiling = seq if ceiling is None else min(ceiling, seq)
            elif seq is not None and ceiling is not None and seq > ceiling:
                lost.add(archived.place)
    return lost


def _read(rows: Iterable[Archived]) -> Iterable[Notice]:
    for archived in rows:
        try:
            yield read_row(archived.payload)[0]
        except MessageInvalid:
            continue
