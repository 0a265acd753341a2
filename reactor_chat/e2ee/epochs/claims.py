"""What the server says about how a conversation is sealed: held against what was agreed to, and never simply believed.

Whatever is said here leads away from `sealed`, or on to keys that a group itself has to prove; none of it says who may
read.
"""

from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.epochs.epoch import Epochs
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.setbacks import Setbacks
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State, Transition
from reactor_chat.e2ee.terms import Claim, claim_of
from reactor_chat.wire.conversation import Scope
from reactor_chat.wire.messages import Refused, SealAsked, SealCreated, SealEnded, SealsAnswer, fold, quoted

ENDED = "encryption was turned off. @encrypt on starts it again, @encrypt off sends unencrypted"
DENIED = "the server says that it is not encrypted. @encrypt on starts encryption again, @encrypt off sends unencrypted"
RELEASED = "the name was released, so it may be somebody else's now. @encrypt on starts over with its present owner"
OTHER_TERMS = "the server names other terms than before. @encrypt reset starts over"
NOT_TOLD = "the server does not say how it is encrypted"


class Claims:
    """The server's word on one conversation.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        epochs: take our own creation.
        setbacks: stop what does not hold.
    """

    def __init__(self, desk: Desk, talk: Talk, epochs: Epochs, setbacks: Setbacks) -> None:
        self._desk = desk
        self._talk = talk
        self._epochs = epochs
        self._setbacks = setbacks

    def created(self, notice: SealCreated) -> None:
        """It was sealed, for the first time or once more."""
        claim, known = claim_of(notice), self._talk.record.claim
        assert claim is not None
        if known is not None and known.seq >= claim.seq:
            return
        if self._is_possible(claim) and not self._epochs.creation_came(notice, claim):
            self._claimed_anew(claim, notice.sender)

    def asked(self, notice: SealAsked) -> None:
        """Somebody wants to be let in."""
        name = fold(notice.sender)
        if self._may_ask(name):
            self._talk.newcomers.ask(name, is_lost=notice.lost or name in self._talk.names)
            self._talk.commit.try_afresh()

    def ended(self, notice: SealEnded) -> None:
        """Somebody ended it for everybody."""
        claim = self._talk.record.claim
        if claim is None or claim.group_id != notice.group_id:
            return
        self._forget_claim()
        self._talk.newcomers.forget_all()
        by = "you" if fold(notice.sender) == self._desk.me else notice.sender
        if self._talk.state is State.PLAIN:
            text = f"{by[:1].upper()}{by[1:]} turned off encryption in {self._talk.wording.inside}"
            self._desk.note(NoteKind.NEWS, text, self._talk.where)
        else:
            self._setbacks.freeze(f"{ENDED} (by {by})")

    def released(self) -> None:
        """The name of the other one was given free: whoever takes it next is somebody else, so a pair is over."""
        if self._talk.group is not None or self._talk.record.claim is not None:
            self._forget_claim()
            self._setbacks.freeze(RELEASED)

    def how_sealed(self, answer: SealsAnswer) -> None:
        """The replay is over: compare what the server says with what we know."""
        self._talk.sync.catch_up()
        claim = claim_of(answer)
        if claim is None:
            self._denied()
        elif self._is_possible(claim):
            self._claimed(claim, answer)

    def not_told_how(self, notice: Refused) -> None:
        """The server does not say: what was never sealed goes on, what was is held."""
        where = self._talk.where
        if self._talk.may_be_plain:
            self._talk.sync.catch_up()
        elif notice.code == "no_such_user" and self._desk.trust.look_up(where.name) is None:
            self._nobody_is_called_so(notice)
        else:
            self._talk.step(Transition.ARM)
            self._talk.sync.wait_for(f"{NOT_TOLD}. {self._talk.wording.how_to_send_plain} sends it unencrypted")
            self._desk.note(
                NoteKind.ALARM, f"Not sent in {self._talk.wording.inside}: {NOT_TOLD}; {quoted(notice.text)}", where
            )

    # ------------------------------------------------------------------------------------------ what is held against it

    def _is_possible(self, claim: Claim) -> bool:
        """Whether it can be that this person sealed that: a pair is sealed by one of the two, none is one person."""
        where = self._talk.where
        if self._talk.is_note_to_self:
            return False
        return where.scope is not Scope.PAIR or claim.by in (self._desk.me, where.name)

    def _may_ask(self, name: str) -> bool:
        """Whether it matters that somebody wants to be let in: in a pair only the other one can be meant.

        Into a closed conversation nobody comes because a server says that they asked: the list decides.
        """
        where = self._talk.where
        return name != self._desk.me and (where.scope is not Scope.PAIR or name == where.name)

    def _claimed(self, claim: Claim, answer: SealsAnswer) -> None:
        known, pending = self._talk.record.claim, self._talk.commit.pending
        if known is None or known.group_id != claim.group_id:
            if pending is not None and pending.is_creation:
                self._talk.commit.keep(None)
            self._claimed_anew(claim, answer.by or claim.by)
        elif known != claim:
            self._setbacks.freeze(OTHER_TERMS)
        waiting = set(map(fold, answer.waiting))
        is_listed = self._desk.me in map(fold, answer.members)
        self._talk.sync.count(is_listed=is_listed, is_waiting=self._desk.me in waiting, epoch=answer.epoch)
        for name in filter(self._may_ask, waiting):
            self._talk.newcomers.expect(name, is_lost=name in self._talk.names)

    def _claimed_anew(self, claim: Claim, by: str) -> None:
        """Somebody sealed it, for the first time or once more; we were not there.  `by` is their name as spelled."""
        was_sealed = self._talk.record.claim is not None or self._talk.group is not None
        self._talk.claim_anew(claim, is_ours=claim.by == self._desk.me)
        if (why := self._not_agreed(claim, by)) is not None:
            self._setbacks.freeze(why)
            return
        self._talk.step(Transition.LOSE)
        if not self._talk.record.is_declined:
            self._talk.step(Transition.ARM)
        again = " again, with new keys," if was_sealed else ""
        text = f"{by} turned on encryption{again} in {self._talk.wording.where.in_words_beside_name}"
        self._desk.note(NoteKind.NEWS, text, self._talk.where)

    def _not_agreed(self, claim: Claim, by: str) -> str | None:
        """Return why a person has to look at it; None where we go along."""
        record = self._talk.record
        owner = record.owner.person.name if record.owner is not None else by
        if claim.by != fold(owner):
            return f"{by} encrypted it, not {owner}. @encrypt on accepts that"
        if record.strength is None:
            return None
        offered = claim.strength(closed=record.strength.closed)
        if lost := record.strength.lost_in(offered):
            self._talk.offer_strength(offered)
            return f"{by} encrypted it again with less protection ({', '.join(lost)}). @encrypt on accepts that"
        return None

    def _denied(self) -> None:
        """The server says that it is not sealed."""
        record = self._talk.record
        was_sealed = record.claim is not None
        was_ours = record.strength is not None or self._talk.group is not None or record.is_wanted
        self._talk.unclaim()
        if was_sealed and was_ours and self._talk.state in (State.SEALED, State.ARMING):
            self._setbacks.freeze(DENIED)
        elif was_sealed and self._talk.commit.pending is not None:
            self._talk.commit.keep(None)

    def _forget_claim(self) -> None:
        self._talk.unclaim()
        self._talk.commit.keep(None)

    def _nobody_is_called_so(self, notice: Refused) -> None:
        """Give up what was typed for somebody of whom neither the server nor we know: most likely a slip of the pen."""
        where = self._talk.where
        for line in self._talk.lines.ready:
            self._talk.lines.release(line)
            text = f"Not sent in {self._talk.wording.inside}, {quoted(notice.text)}: {line.text[:80]}"
            self._desk.note(NoteKind.ANSWER, text, where)
