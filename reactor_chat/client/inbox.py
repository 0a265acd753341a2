"""Lets every numbered notice through once.

Everybody sees numbered notices in the order of their numbers (PROTOCOL §5.1), so one number, the cursor, says which
have come.  It moves, together with the archive, before a notice is handed to whoever shows it.
"""

from reactor_chat.client.boundary import Arrived
from reactor_chat.client.vault import Vault
from reactor_chat.client.written import row_of
from reactor_chat.wire.messages import (
    Exited,
    GroupChanged,
    GroupSaid,
    GroupsAnswer,
    Joined,
    KeysAnswer,
    MembersAnswer,
    NamesAnswer,
    Notice,
    Refused,
    Released,
    Said,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    Told,
    Welcome,
    fold,
)

NUMBERED = (
    Said, Told, GroupSaid, Joined, Exited, Released, GroupChanged, SealCreated, SealCommitted, SealAsked, SealEnded
)  # fmt: skip
IN_PARTS = (NamesAnswer, GroupsAnswer, MembersAnswer, KeysAnswer)


def request_concluded(notice: Notice) -> str | None:
    """Return the id of the request that this notice is the last word on, None where it is on none."""
    if isinstance(notice, IN_PARTS) and notice.more:
        return None
    re: str | None = getattr(notice, "re", None)
    return re


def request_echoed(notice: Notice, me: str) -> str | None:
    """Return the id of the request that this is the echo of, None where it is none.

    The echo is as much of a promise as `accepted` (PROTOCOL §5.3).  Ids are seen by everyone, so only one's own name
    makes an echo.
    """
    if isinstance(notice, Said | Told | GroupSaid) and fold(notice.sender) == fold(me):
        return notice.id
    return None


class Inbox:
    """What has come so far.

    Args:
        vault: remembers the cursor, and archives what is numbered.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._welcome_seq = 0

    @property
    def cursor(self) -> int | None:
        """The newest number that came: what `login` says as `after`; None before the first welcome."""
        return self._vault.cursor()

    def welcomed(self, welcome: Welcome) -> bool:
        """Begin from where the server stands, on the first login, or where it began its numbers anew.

        Returns:
            Whether it did that: what we missed of what it had said before cannot be had any more.
        """
        self._welcome_seq = welcome.seq
        cursor = self._vault.cursor()
        if cursor is None or welcome.seq < cursor:
            self._vault.move_cursor(welcome.seq)
        return cursor is not None and welcome.seq < cursor

    def is_new(self, notice: Notice) -> bool:
        """Return whether a notice is no repetition; before `let_through` or `pass_over`."""
        return not isinstance(notice, NUMBERED) or notice.seq > (self._vault.cursor() or 0)

    def pass_over(self, notice: Notice) -> None:
        """Note that a notice came that is not shown as it is, or not yet."""
        if isinstance(notice, NUMBERED):
            self._vault.move_cursor(notice.seq)

    def let_through(self, arrived: Arrived) -> Arrived:
        """Archive a new notice that is to be shown; asked once for each, in the order they came."""
        notice, cursor = arrived.notice, self._vault.cursor() or 0
        if isinstance(notice, Refused) and notice.code == "gap":
            # What lies between is lost for good: the next login must not ask for it again, and a crash must not hide
            # that something is missing.
            place = self._vault.archive(max(cursor, self._welcome_seq), row_of(notice))
            return arrived._replace(place=place)
        if not isinstance(notice, NUMBERED):
            return arrived
        return arrived._replace(place=self._vault.archive(notice.seq, row_of(notice)))
