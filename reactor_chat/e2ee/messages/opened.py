"""Messages that were opened, kept for history: what was said, by whom and where, and under which key."""

import msgspec

from reactor_chat.e2ee.blobs import hash_of
from reactor_chat.e2ee.boundary import Mark, Shown
from reactor_chat.e2ee.store import Store, Table
from reactor_chat.e2ee.trust.trust_book import Standing
from reactor_chat.wire.conversation import Heard, where_heard
from reactor_chat.wire.messages import SealedMessage, fold, read_sealed

TIME_TOLERATED_MINUTES = 15  # clocks of people's machines differ by so much without anybody's ill will


class _Remembered(msgspec.Struct, frozen=True):
    """What was opened: rows of older versions do not say who said it where, and count for nothing."""

    digest: bytes
    text: str
    author: str = ""
    where: str = ""
    at: int = 0
    is_new_key: bool = False
    is_verified: bool = False


class OpenedMessages:
    """Everything that one person's client opened.

    Args:
        store: keeps it.
        me: folded name of the person.
    """

    def __init__(self, store: Store, me: str) -> None:
        self._store = store
        self._me = me

    def remember(self, notice: Heard, sealed: SealedMessage, text: str, standing: Standing) -> None:
        """Keep what was said, with who said it by which key, where and when it came.

        Args:
            notice: as it came.
            sealed: its content as it came.
            text: what was said.
            standing: what the sender's key is to us now.
        """
        where = where_heard(notice, self._me).key
        is_new_key, is_verified = standing is Standing.NEW_KEY, standing is Standing.VERIFIED
        kept = _Remembered(hash_of(sealed.mls), text, fold(notice.sender), where, notice.at, is_new_key, is_verified)
        self._store.put(Table.TRANSCRIPT, f"{notice.seq:016d}", msgspec.msgpack.encode(kept))

    def recall(self, notice: Heard) -> Shown:
        """Return a sealed message of a page of history as it was opened when it came, or why it cannot be shown."""
        sealed = read_sealed(notice.sealed or {})
        row = self._store.get(Table.TRANSCRIPT, f"{notice.seq:016d}")
        if sealed is None or row is None:
            return unreadable(notice, "it was not opened here")
        remembered = msgspec.msgpack.decode(row, type=_Remembered)
        came = (remembered.digest, remembered.author, remembered.where, remembered.at)
        if came != (hash_of(sealed.mls), fold(notice.sender), where_heard(notice, self._me).key, notice.at):
            return unreadable(notice, "the server shows it differently than it came")
        mark = Mark.NEW_KEY if remembered.is_new_key else Mark.SEALED
        return Shown(enrich(notice, remembered.text), mark, is_verified=remembered.is_verified)


def enrich(notice: Heard, text: str) -> Heard:
    """Return a notice with what was said in the place of what was sealed."""
    return msgspec.structs.replace(notice, text=text, sealed=None)


def unreadable(notice: Heard, why: str) -> Shown:
    """Return a message that cannot be shown, and why."""
    return Shown(notice, Mark.UNREADABLE, why)


def lie_about_time(at: int, sent_at: int) -> str:
    """Return what to say where the server tells another time than the author sealed in; the author's clock may err.

    Args:
        at: when the server says that it was said, milliseconds since 1970.
        sent_at: when the author's clock said that it was, milliseconds since 1970.
    """
    minutes = (at - sent_at) // 60_000
    if -TIME_TOLERATED_MINUTES < minutes < TIME_TOLERATED_MINUTES:
        return ""
    return f"by its author's clock it was said {abs(minutes)} minutes {'earlier' if minutes > 0 else 'later'}"
