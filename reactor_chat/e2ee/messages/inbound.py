"""From a sealed message to what may be shown: opened, its sender and order checked, or said why not.

A message that does not open changes nothing but the chain of what was heard: the genuine one, should it come, still
opens.  One that opens and shows that the server told its sender another history freezes the conversation.
"""

from collections import Counter

from reactor_chat.e2ee import payload
from reactor_chat.e2ee.boundary import Mark, NoteKind, Shown
from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.messages.opened import OpenedMessages, enrich, lie_about_time, unreadable
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.setbacks import FORK, Setbacks
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.state.transcript_hash import read_mark
from reactor_chat.e2ee.trust.trust_book import Standing
from reactor_chat.errors import MlsError, MlsRefused
from reactor_chat.mls.tree.secrettree import RatchetKind
from reactor_chat.wire.conversation import Heard
from reactor_chat.wire.messages import SealedMessage, fold

IDS_REMEMBERED = 1_000
"""Of messages lately opened: a repetition comes soon after, when its sender is told that it was not delivered."""


class Inbound:
    """Opens what others said in one conversation.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        opened: keeps what was opened.
        setbacks: stop what does not hold.
    """

    def __init__(self, desk: Desk, talk: Talk, opened: OpenedMessages, setbacks: Setbacks) -> None:
        self._desk = desk
        self._talk = talk
        self._opened = opened
        self._setbacks = setbacks
        self._recent_ids: dict[tuple[str, str], None] = {}  # of senders and messages, the oldest first
        self._removed: Counter[tuple[int, str]] = Counter()  # by epoch and sender: what comes no more

    def receive(self, notice: Heard, sealed: SealedMessage) -> None:
        """Open a message of somebody else, said in the present epoch of our group; show it or why not.

        Args:
            notice: as the server told it.
            sealed: its sealed content, of the present group and epoch.
        """
        assert self._talk.group is not None
        expected = self._talk.group.state.secret_tree
        try:
            opened = self._talk.group.unprotect(sealed.mls)
            person = self._talk.people[opened.sender]
            if person.folded != fold(notice.sender):
                raise MlsRefused("a message is passed off as somebody else's")
            mark = read_mark(opened.authenticated_data)
            said = payload.decode(opened.data)
            if said.where not in ("", self._talk.common_name):
                raise MlsRefused("a message for another conversation")
        except MlsError:
            self._talk.transcript.add(notice.seq, sealed.mls)
            self._desk.show(unreadable(notice, "it does not open, or is not from who it says"))
            return
        missing = opened.generation - expected.next_generation(opened.sender, RatchetKind.APPLICATION)
        self._talk.move(opened.group, opened.sender)
        agrees = self._talk.transcript.agrees(mark)
        self._talk.transcript.add(notice.seq, sealed.mls)
        missing -= self._removed.pop((opened.group.epoch, person.folded), 0)
        if missing > 0:
            self._tell_missing(person, missing)
        self._desk.show(self._shown(person, notice, sealed, said))
        if not agrees:
            self._setbacks.stop_sending(FORK)

    def never_comes(self, notice: Heard) -> None:
        """Know that a message of somebody else was removed: that it does not come is nothing to be told of."""
        assert self._talk.group is not None
        self._removed[self._talk.group.epoch, fold(notice.sender)] += 1

    def _shown(self, person: Person, notice: Heard, sealed: SealedMessage, said: payload.Payload) -> Shown:
        if said.kind != payload.TEXT or not said.body:
            return Shown(notice, Mark.UNKNOWN, f"a message of kind {said.kind!r}, which this version does not know")
        standing = self._desk.trust.standing(person.name, person.key)
        self._opened.remember(notice, sealed, said.body, standing)
        again = self._was_said_before(person.folded, said.id)
        remark = "repeated: the server told its sender that it was not delivered" if again else ""
        remark = lie_about_time(notice.at, said.sent_at) or remark
        if said.id != notice.id:
            remark = "the server gave it another id"
        mark = Mark.NEW_KEY if standing is Standing.NEW_KEY else Mark.SEALED
        return Shown(enrich(notice, said.body), mark, remark, is_verified=standing is Standing.VERIFIED)

    def _was_said_before(self, sender: str, message_id: str) -> bool:
        """Return whether a folded name said something with this id lately, and note that it did."""
        again = (sender, message_id) in self._recent_ids
        self._recent_ids[sender, message_id] = None
        if len(self._recent_ids) > IDS_REMEMBERED:
            del self._recent_ids[next(iter(self._recent_ids))]
        return again

    def _tell_missing(self, person: Person, missing: int) -> None:
        what = "1 message was" if missing == 1 else f"{missing} messages were"
        text = f"{what} not delivered by the server: from {person.name}, in {self._talk.wording.inside}"
        self._desk.note(NoteKind.ALARM, text, self._talk.where)
