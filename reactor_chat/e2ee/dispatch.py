"""Notices of the server, each taken to where it belongs: answers by what was asked, the rest by what it is about."""

import msgspec

from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.conversation import where_asked
from reactor_chat.e2ee.identity import suites
from reactor_chat.e2ee.orders.group_orders import GroupOrders
from reactor_chat.e2ee.participation.participation import Participation, Participations
from reactor_chat.e2ee.state.desk import Desk, OpenQuestion, Purpose
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import AboutSeals, Conversation, Heard, spelled_where, where_heard
from reactor_chat.wire.messages import (
    Accepted,
    AskKeys,
    BlobAnswer,
    Exited,
    GroupChanged,
    GroupSaid,
    Joined,
    KeysAnswer,
    NamesAnswer,
    Notice,
    PublishedKey,
    Refused,
    Released,
    Said,
    SealAsked,
    SealCommitted,
    SealCreated,
    SealEnded,
    SealsAnswer,
    Told,
    fold,
    quoted,
)

OTHER_OWN_KEY = (
    "The server gives out another key as yours, so nobody can send you encrypted messages. Tell the operator"
)
LOST_END = "the server no longer has everything that was said"


class Dispatch:
    """Where each notice goes.

    Args:
        desk: what all conversations share.
        participations: in every conversation.
        orders: of groups, that wait for an answer.
    """

    def __init__(self, desk: Desk, participations: Participations, orders: GroupOrders) -> None:
        self._desk = desk
        self._participations = participations
        self._orders = orders

    def take(self, notice: Notice) -> bool:
        """Take a notice; return whether it is not to be shown as it is."""
        match notice:
            case Said() | Told() | GroupSaid():
                return self._heard(notice)
            case SealCommitted():
                self._spelled(notice).receive(notice)
            case SealCreated() | SealAsked() | SealEnded():
                self._seal_changed(notice)
            case Refused() | Accepted():
                self._orders.answered(notice)
                return self._answered(notice)
            case KeysAnswer() | SealsAnswer() | BlobAnswer() | NamesAnswer():
                return self._answer_came(notice)
            case _:
                self._seen(notice)
                return False
        return True

    def _seen(self, notice: Notice) -> None:
        """Take note of what is shown as it is."""
        match notice:
            case Joined() | Exited() | Released():
                self._people_changed(notice)
            case GroupChanged():
                self._participations.of(Conversation.group(notice.group)).group_changed(notice)

    # ------------------------------------------------------------------------------------------ what happens

    def _spelled(self, notice: Heard | AboutSeals) -> Participation:
        """Return where something happened, whose name is spelled as the notice does."""
        part = self._participations.of(where_heard(notice, self._desk.me))
        part.talk.spell(spelled_where(notice, self._desk.me).name)
        return part

    def _heard(self, notice: Heard) -> bool:
        where = where_heard(notice, self._desk.me)
        part = self._participations.find(where)
        is_plain = part is None or (part.talk.state is State.PLAIN and not part.talk.backlog)
        if notice.sealed is None and is_plain:
            return False
        self._spelled(notice).receive(notice)
        return True

    def _seal_changed(self, notice: SealCreated | SealAsked | SealEnded) -> None:
        part = self._spelled(notice)
        match notice:
            case SealCreated():
                part.claims.created(notice)
            case SealAsked():
                part.claims.asked(notice)
            case SealEnded():
                part.claims.ended(notice)
        part.advance()

    def _people_changed(self, notice: Joined | Exited | Released) -> None:
        name, present = fold(notice.name), self._desk.present
        if isinstance(notice, Joined):
            if present is not None:
                present.add(name)
            self._came(name)
            return
        if present is not None:
            present.discard(name)
        if isinstance(notice, Released):
            self._released(name)

    def _came(self, name: str) -> None:
        """Somebody came: what is held for them may find keys now."""
        pair = self._participations.find(Conversation.pair(name))
        if pair is not None and pair.talk.lines.held and pair.talk.sync.current:
            pair.talk.retry.at_once()
            pair.advance()

    def _released(self, name: str) -> None:
        """Whoever takes the name next is somebody else: they are in no group, and a pair with them is over."""
        for part in self._participations:
            talk = part.talk
            is_pair = talk.where == Conversation.pair(name)
            is_member_gone = talk.released(name)
            if is_pair:
                part.claims.released()
            elif is_member_gone:
                part.advance()

    # ------------------------------------------------------------------------------------------ answers

    def _answer_came(self, notice: KeysAnswer | SealsAnswer | BlobAnswer | NamesAnswer) -> bool:
        if isinstance(notice, NamesAnswer) and not notice.more:
            self._desk.present = {fold(name) for name in notice.names}
        question = self._desk.questions.get(notice.re or "")
        if question is None:
            return not isinstance(notice, NamesAnswer)
        if not getattr(notice, "more", False):
            del self._desk.questions[notice.re or ""]
        if isinstance(notice, SealsAnswer):
            self._how_sealed(notice)
        elif isinstance(notice, KeysAnswer):
            self._keys_came(question, self._only_asked(question, notice))
        elif question.where is not None:
            part = self._participations.of(question.where)
            if isinstance(notice, BlobAnswer):
                part.blob_came(notice)
            else:
                part.creation.who_is_there(notice.names)
        return True

    def _keys_came(self, question: OpenQuestion, answer: KeysAnswer) -> None:
        if question.where is None:
            self._own_keys_came(answer)
            return
        part = self._participations.of(question.where)
        if question.purpose is Purpose.KEYS_TO_CREATE:
            part.candidate_keys_came(answer)
        else:
            part.packages_came(answer.keys if question.purpose is Purpose.KEYS_TO_ADD else [])

    def _only_asked(self, question: OpenQuestion, answer: KeysAnswer) -> KeysAnswer:
        """Return an answer with only those who were asked for, each once: what else a server tells is not asked."""
        asked: dict[str, PublishedKey] = {}
        for key in answer.keys:
            if fold(key.name) in question.names:
                asked.setdefault(fold(key.name), key)
        if len(asked) != len(answer.keys) and not self._desk.is_answer_told:
            self._desk.is_answer_told = True
            text = "The server offered keys of people nobody asked for. They are not used"
            self._desk.note(NoteKind.ALARM, text)
        missing = [name for name in answer.missing if fold(name) in question.names and fold(name) not in asked]
        return msgspec.structs.replace(answer, keys=list(asked.values()), missing=missing)

    def _own_keys_came(self, answer: KeysAnswer) -> None:
        desk = self._desk
        published = [key for key in answer.keys if fold(key.name) == desk.me]
        if any(key.account != desk.own_key for key in published):
            desk.note(NoteKind.ALARM, OTHER_OWN_KEY)
            return
        is_known = any(desk.packages.has(key.reference) for key in published)
        for request in desk.packages.publish_all(desk.wall_ms // 1000, desk.fresh_id, is_forced=not is_known):
            desk.ask(request, Purpose.PUBLISH, None)

    def _how_sealed(self, answer: SealsAnswer) -> None:
        is_first = not self._desk.is_understood
        self._desk.is_understood = True
        part = self._participations.of(where_asked(answer))
        part.claims.how_sealed(answer)
        part.advance()
        if is_first:
            self._ask_all()

    def _ask_all(self) -> None:
        """Ask what there is to know once the first question was answered: every conversation, and our own keys."""
        request = AskKeys([self._desk.me], suites()[0], id=self._desk.fresh_id())
        self._desk.ask(request, Purpose.OWN_KEYS, None)
        self._participations.advance_all()

    # ------------------------------------------------------------------------------------------ refusals

    def _answered(self, notice: Refused | Accepted) -> bool:
        if isinstance(notice, Refused) and notice.re is None and notice.code == "gap":
            for part in self._participations:
                if part.talk.is_in:
                    part.setbacks.lose(LOST_END)
            return False
        question = self._desk.questions.pop(notice.re or "", None)
        if question is None:
            return isinstance(notice, Refused) and self._message_refused(notice)
        if isinstance(notice, Refused) and question.where is not None:
            self._refused(question.purpose, self._participations.of(question.where), notice)
        return True

    def _message_refused(self, notice: Refused) -> bool:
        """Take a sealed line back that may be said again, later or with other keys."""
        if notice.code in ("stale_epoch", "not_a_member"):
            return any(part.take_back(notice.re or "") for part in self._participations)
        for part in self._participations:
            part.talk.lines.settle(notice.re or "")
        return False

    def _refused(self, purpose: Purpose, part: Participation, notice: Refused) -> None:
        talk, said = part.talk, quoted(notice.text)
        match purpose:
            case Purpose.HOW_SEALED:
                self._not_told_how(part, notice)
            case Purpose.COMMIT | Purpose.CREATE:
                part.commits.refused(notice.code, said)
                part.advance()
            case Purpose.FETCH_PIECE:
                part.backlog.piece_refused()
                part.advance()
            case Purpose.KEYS_TO_CREATE:
                part.creation.keys_came(KeysAnswer([], []))
            case Purpose.WHO_IS_THERE:
                talk.sync.end_creating()
                text = f"{talk.wording.first} cannot be encrypted; {said}"
                self._desk.note(NoteKind.ALARM, text, talk.where)
            case Purpose.BE_LET_IN if notice.code == "too_fast":
                talk.sync.may_ask_in()
                talk.retry.later(self._desk.now)
            case Purpose.END | Purpose.BE_LET_IN if notice.code != "already_a_member":
                text = f"Encryption in {talk.wording.inside} stays as it is; {said}"
                self._desk.note(NoteKind.NEWS, text, talk.where)
            case Purpose.KEYS_TO_ADD:
                part.advance()

    def _not_told_how(self, part: Participation, notice: Refused) -> None:
        """The server does not say how a conversation is sealed; the first such answer says whether it knows at all."""
        desk = self._desk
        part.claims.not_told_how(notice)
        if part.talk.sync.current:
            part.advance()
        if desk.is_understood or desk.is_mute:
            return
        desk.is_mute = notice.code == "bad_message"
        desk.is_understood = not desk.is_mute
        if desk.is_understood:
            self._ask_all()
        else:
            self._participations.advance_all()
