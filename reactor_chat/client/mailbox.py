"""What a client has received and has yet to send, for one name, on top of its vault: inbox, outbox, and the words about
both when a run begins and ends.

A vault that fails while something is asked of it is found out by the next `commit`, behind which nothing of the turn
leaves; so whoever asks need not look.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from reactor_chat.client.boundary import Arrived, Earlier, Note, NoteKind, Shown
from reactor_chat.client.inbox import Inbox, request_concluded, request_echoed
from reactor_chat.client.lost_end import LOST, is_gap, lost_places
from reactor_chat.client.outbox import Outbox, in_words
from reactor_chat.client.store.vault import Archived, Vault
from reactor_chat.client.store.written import read_row, row_of
from reactor_chat.client.time_of_day import utc_time_of_day
from reactor_chat.e2ee.boundary import Mark
from reactor_chat.e2ee.boundary import Shown as Opened
from reactor_chat.errors import MessageInvalid, StorageError
from reactor_chat.text.render import NEW_KEY, Annotation
from reactor_chat.wire.messages import Notice, Request, fold


class Mailbox:
    """Inbox and outbox of one client.

    Args:
        vault: where they keep what must not be forgotten.
        time_of_day: see `Inbox`.

    Attributes:
        inbox: what has come.
        outbox: what is to be sent.
        kept_count: how much an earlier run kept for the present name.
        undelivered: how many requests were reported as not, or not surely, delivered.
    """

    def __init__(self, vault: Vault, time_of_day: Callable[[int], str] = utc_time_of_day) -> None:
        self.inbox = Inbox(vault, time_of_day)
        self.outbox = Outbox(vault)
        self.undelivered = 0
        self._failure: StorageError | None = None  # the vault is of no more use
        self._is_told = False
        self._vault = vault
        self._name = ""
        self.kept_count = 0

    def is_other(self, name: str) -> bool:
        """Return whether this is another name than the present one."""
        return fold(name) != self._name

    def turn_to(self, name: str) -> bool:
        """Turn to what belongs to a name; return False, and do nothing, where that is the present one."""
        if not self.is_other(name):
            return False
        self._name = self.inbox.me = fold(name)
        with self.keeping():
            self.kept_count = self.outbox.named(name)
        return True

    def recall(self, scrollback: int) -> Iterator[Shown]:
        """Yield what a run shows first: the newest that an earlier run showed, then what it did not get to show.

        Args:
            scrollback: how many of the former at most; for a person.
        """
        try:
            shown, missed = self._vault.tail(scrollback), self._vault.unprinted()
        except StorageError as error:
            self._failure = error
            return
        lost = lost_places([*shown, *missed])
        if earlier := list(_arrived(shown, lost)):
            annotations = tuple(arrived.annotations[0] for arrived in earlier)
            yield Earlier([arrived.notice for arrived in earlier], annotations)
        yield from _arrived(missed, lost)
        if self.kept_count:
            lines = "1 line" if self.kept_count == 1 else f"{self.kept_count} lines"
            yield Note(NoteKind.NEWS, f"Sending {lines} kept from last time")

    def opened(self, shown: Opened) -> Arrived:
        """Archive a message that a session opened, or could not open, to be shown."""
        notice, annotation = shown.notice, annotation_of(shown)
        return Arrived(notice, self._vault.archive(notice.seq, row_of(notice, annotation)), (annotation,))

    def concluded(self, notice: Notice, me: str) -> None:
        """Note which request a notice answers or echoes; `me` is one's own name."""
        self.outbox.promised(request_echoed(notice, me))
        self.outbox.answered(request_concluded(notice))

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Where the vault fails under what is done within, have the next commit say so."""
        try:
            yield
        except StorageError as error:
            self._failure = error

    def welcomed(self, name: str) -> None:
        """Remember that the server let us in under this name."""
        self._vault.welcomed(name)

    def printed(self, place: int) -> None:
        """Note that everything up to this place of the archive was taken by whoever reads us."""
        self._vault.printed(place)

    def commit(self) -> str | None:
        """Make what was noted durable.

        Returns:
            None where it is; else, and only once, why it cannot be: then the client must stop, and nothing of what it
            gathered in this turn may leave.
        """
        if self._failure is None:
            try:
                self._vault.commit()
            except StorageError as error:
                self._failure = error
        if self._failure is None or self._is_told:
            return None
        self._is_told = True
        return str(self._failure)

    def last_words(self, held: Sequence[Request] = (), *, was_let_in: bool) -> list[Note]:
        """Return what is to be said, when a run ends, about what was typed and not answered.

        Args:
            held: what a session holds.
            was_let_in: this is not the end because the server did not want us at all; what was typed for nobody is
                then not kept.
        """
        outbox = self.outbox
        if not was_let_in:
            return self.doubt("Not sent", [*outbox.take_back(), *held])
        if self._vault.is_durable and self._failure is None:
            return self.doubt("Kept for next time", chain(outbox.sent_unanswered(), outbox.unsent(), held))
        sent = self.doubt("Perhaps not delivered", outbox.sent_unanswered())
        return sent + self.doubt("Perhaps not kept" if self._failure else "Not sent", [*outbox.unsent(), *held])

    def doubt(self, fate: str, requests: Iterable[Request]) -> list[Note]:
        """Return the lines that tell a person what became of requests, and count these."""
        count, lines = in_words(requests)
        self.undelivered += count
        return [Note(NoteKind.DOUBT, f"{fate}: {line}") for line in lines]


MARKS: dict[Mark, str] = {
    Mark.SEALED: "sealed",
    Mark.NEW_KEY: NEW_KEY,
    Mark.PLAIN: "not sealed",
    Mark.UNREADABLE: "",
    Mark.UNKNOWN: "sealed",
}
"""The mark of a message, by what a session knows of it."""


def annotation_of(shown: Opened) -> Annotation:
    """Return what stands beside a message that a session has looked at."""
    return Annotation(MARKS[shown.mark], shown.remark, shown.is_verified)


def _arrived(archived: list[Archived], lost: Container[int]) -> Iterator[Arrived]:
    for place, row in archived:
        try:
            notice, annotation = read_row(row)
        except MessageInvalid:
            continue
        if place in lost:
            annotation = annotation._replace(word=f"{annotation.word}, {LOST}" if annotation.word else LOST)
        is_own = is_gap(notice) and getattr(notice, "seq", None) is not None  # the words of `lost_end`
        yield Arrived(notice, place, (annotation,), is_own=is_own, is_missed=True)
