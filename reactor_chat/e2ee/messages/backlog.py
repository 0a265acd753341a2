"""What the journal holds of a sealed conversation, taken strictly in its order.

A commit may need a Welcome or a blob that has to be fetched first.  Until then everything after it waits, stored, in
the same order; nothing overtakes.
"""

from reactor_chat.e2ee.boundary import Mark, NoteKind, Shown
from reactor_chat.e2ee.epochs.epoch import Epochs
from reactor_chat.e2ee.messages.inbound import Inbound
from reactor_chat.e2ee.messages.opened import unreadable
from reactor_chat.e2ee.messages.outbound import Outbound
from reactor_chat.e2ee.state.desk import Desk, Purpose
from reactor_chat.e2ee.state.setbacks import RESTORED, Setbacks
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import (
    BlobAnswer,
    SealCommitted,
    SealedMessage,
    SealedRemains,
    fold,
    read_remains,
    read_sealed,
)


class Backlog:
    """The journal's notices about one conversation.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        epochs: take commits.
        inbound: opens what others said.
        outbound: takes our own words back.
        setbacks: stop what does not hold.
    """

    def __init__(
        self, desk: Desk, talk: Talk, epochs: Epochs, inbound: Inbound, outbound: Outbound, setbacks: Setbacks
    ) -> None:
        self._desk = desk
        self._talk = talk
        self._epochs = epochs
        self._inbound = inbound
        self._outbound = outbound
        self._setbacks = setbacks

    def came(self, notice: Heard | SealCommitted) -> None:
        """Take what the journal says now, or keep it until what came before was taken."""
        if self._talk.backlog:
            self._queue(notice)
        elif isinstance(notice, SealCommitted):
            if self._epochs.needed_blob(notice) is not None or not self._epochs.commit_came(notice):
                self._queue(notice)
        else:
            self._message_came(notice)

    def work_off(self) -> None:
        """Take what waits, as far as what it needs is there; fetch what is missing."""
        while self._talk.backlog:
            notice = self._talk.backlog.first
            if isinstance(notice, SealCommitted):
                needed = self._epochs.needed_blob(notice)
                if needed is not None and needed not in self._talk.blobs.here:
                    self._fetch(needed)
                    return
                if not self._epochs.commit_came(notice):
                    return
                self._talk.backlog.take()
            else:
                self._talk.backlog.take()
                self._message_came(notice)

    def catch_up(self) -> bool:
        """Take what waits; once nothing does, compare where that led with what the server says; return whether."""
        self.work_off()
        if not self._talk.backlog:
            self._epochs.compare()
        return not self._talk.backlog

    def piece_came(self, answer: BlobAnswer) -> None:
        """Take a piece of a blob."""
        for request in self._talk.blobs.take(answer, self._desk.fresh_id):
            self._desk.ask(request, Purpose.FETCH_PIECE, self._talk.where)
        self.work_off()

    def piece_refused(self) -> None:
        """The server has not what it told of: go on without it, which will not hold."""
        self._talk.blobs.give_up()
        self.work_off()

    def empty(self, why: str) -> None:
        """Take everything that waits, unopened."""
        while self._talk.backlog:
            waiting = self._talk.backlog.take()
            if not isinstance(waiting, SealCommitted):
                self._desk.show(unreadable(waiting, why))

    def _queue(self, notice: Heard | SealCommitted) -> None:
        if self._talk.backlog.add(notice):
            if len(self._talk.backlog) == 1:
                self.work_off()
            return
        self._desk.note(NoteKind.ALARM, f"Too many messages wait in {self._talk.wording.inside}", self._talk.where)
        self.empty("it came before you were let in")
        self._setbacks.lose("too much came before what it needs")

    def _fetch(self, name: bytes) -> None:
        request = self._talk.blobs.fetch(name, self._desk.fresh_id) if self._desk.is_online else None
        if request is not None:
            self._desk.ask(request, Purpose.FETCH_PIECE, self._talk.where)

    def _message_came(self, notice: Heard) -> None:
        if notice.removed:
            self._removed_came(notice)
            return
        if notice.sealed is None:
            is_bare = self._talk.state is not State.PLAIN
            self._desk.show(Shown(notice, Mark.PLAIN, "not encrypted" if is_bare else ""))
            return
        sealed = read_sealed(notice.sealed)
        if sealed is None:
            self._desk.show(unreadable(notice, "it is encrypted in a way that this version does not know"))
        elif (why := self._not_of_now(sealed)) is not None:
            self._desk.show(unreadable(notice, why))
        elif fold(notice.sender) == self._desk.me:
            self._own_words_came(notice, sealed)
        else:
            self._inbound.receive(notice, sealed)

    def _removed_came(self, notice: Heard) -> None:
        """Take a message that the operator removed: its hash stands for it in the chain of what was heard.

        A server that removes what it should not is seen to: there is a line that says so, and a wrong hash shows.
        """
        remains = read_remains(notice.sealed)
        self._desk.show(Shown(notice, Mark.PLAIN))
        if remains is None or self._not_of_now(remains) is not None:
            return
        self._talk.transcript.add_digest(notice.seq, remains.digest)
        if fold(notice.sender) != self._desk.me:
            self._inbound.never_comes(notice)
        elif not self._outbound.settle_removed(notice, remains.digest):
            self._setbacks.freeze(RESTORED)

    def _not_of_now(self, sealed: SealedMessage | SealedRemains) -> str | None:
        """Return why a message is not of the present epoch of our group; None where it is."""
        group = self._talk.group
        if group is None or sealed.group_id != group.group_id:
            return "it was encrypted for others, or before you were let in"
        return None if sealed.epoch == group.epoch else "it was encrypted with keys of another time"

    def _own_words_came(self, notice: Heard, sealed: SealedMessage) -> None:
        is_ours = self._outbound.receive_echo(notice, sealed)
        self._talk.transcript.add(notice.seq, sealed.mls)
        if not is_ours:
            self._desk.show(unreadable(notice, "it was encrypted in your name, but not by this client as it is now"))
            self._setbacks.freeze(RESTORED)
