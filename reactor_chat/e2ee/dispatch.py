"""Notices of the server, each taken to where it belongs: answers by what was asked, the rest by what it is about."""

import msgspec

from reactor_chat.e2ee import creation, ownership
from reactor_chat.e2ee.backlog import came, piece_came, piece_refused
from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.commit import refused as commit_refused
from reactor_chat.e2ee.conversation import Conversation, Heard, Scope, where_asked, where_heard
from reactor_chat.e2ee.desk import Desk, Purpose, Question
from reactor_chat.e2ee.epoch import creation_came, freeze, lose
from reactor_chat.e2ee.outbound import take_back
from reactor_chat.e2ee.peer_keys import checked
from reactor_chat.e2ee.reconcile import advance, ask_all, may_be_plain
from reactor_chat.e2ee.states import State, Step
from reactor_chat.e2ee.talk import Talk
from reactor_chat.e2ee.terms import Claim, claim_of
from reactor_chat.wire.messages import (
    Accepted,
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

ENDED = "the encryption was ended: @encrypt on begins anew, @encrypt off goes on in plain text"
RELEASED = "the name was given free, so it may be somebody else's now: @encrypt on begins anew with whoever has it"
DENIED = "the server says that there is no encryption: @encrypt on begins anew, @encrypt off goes on in plain text"


def listen(desk: Desk, notice: Notice) -> bool:
    """Take a notice; return whether it is not to be shown as it is."""
    match notice:
        case Said() | Told() | GroupSaid():
            return _heard(desk, notice)
        case SealCommitted():
            talk = desk.talk(where_heard(notice, desk.me))
            came(desk, talk, notice)
            advance(desk, talk)
        case SealCreated():
            _created(desk, desk.talk(where_heard(notice, desk.me)), notice)
        case SealAsked():
            _asked(desk, desk.talk(where_heard(notice, desk.me)), notice)
        case SealEnded():
            _ended(desk, desk.talk(where_heard(notice, desk.me)), notice)
        case Refused() | Accepted():
            ownership.answered(desk, notice)
            return _answered(desk, notice)
        case KeysAnswer() | SealsAnswer() | BlobAnswer() | NamesAnswer():
            return _answer_came(desk, notice)
        case Joined() | Exited() | Released() | GroupChanged():
            _people_changed(desk, notice)
            return False
        case _:
            return False
    return True


# ------------------------------------------------------------------------------------------ what happens


def _heard(desk: Desk, notice: Heard) -> bool:
    where = where_heard(notice, desk.me)
    talk = desk.talks.get(where)
    if notice.sealed is None and (talk is None or (talk.state is State.PLAIN and not talk.backlog)):
        return False
    talk = talk or desk.talk(where)
    came(desk, talk, notice)
    if talk.held or talk.backlog:
        advance(desk, talk)
    return True


def _created(desk: Desk, talk: Talk, notice: SealCreated) -> None:
    claim = claim_of(notice)
    assert claim is not None
    if talk.record.claim is not None and talk.record.claim.seq >= claim.seq:
        return
    if not _is_possible(desk, talk, claim):
        return
    if talk.pending is not None and talk.pending.is_creation and claim.by == desk.me:
        talk.record.claim = claim
        if creation_came(desk, talk, notice):
            advance(desk, talk)
            return
    _claimed_anew(desk, talk, claim)
    advance(desk, talk)


def _is_possible(desk: Desk, talk: Talk, claim: Claim) -> bool:
    """Whether it can be that this person sealed that: a pair is sealed by one of the two, and none is one person."""
    if talk.where == Conversation.pair(desk.me):
        return False
    return talk.where.scope is not Scope.PAIR or claim.by in (desk.me, talk.where.name)


def _claimed_anew(desk: Desk, talk: Talk, claim: Claim) -> None:
    """Somebody sealed a conversation, for the first time or once more; we were not there."""
    was_sealed = talk.record.claim is not None or talk.group is not None
    talk.record.claim = claim
    talk.set_pending(None)
    talk.has_asked, talk.listed, talk.founding, talk.epoch_there = False, claim.by == desk.me, None, None
    talk.asks.clear()
    talk.waits_for, talk.record.offered_owner, talk.record.offered_strength = "", None, None
    if talk.where.scope is Scope.ROOM and talk.record.owner is None:
        talk.record.founder = claim.by  # whoever closes the open room keeps its list; a list can only narrow it
    talk.save()
    if talk.shared_key is not None and talk.shared_salt != claim.salt:
        talk.share(None)
    if (why := _not_agreed(talk, claim)) is not None:
        freeze(desk, talk, why)
        return
    talk.step(Step.LOSE)
    if not talk.record.is_declined:
        talk.step(Step.ARM)
    how = "encrypted anew" if was_sealed else "encrypted"
    desk.note(NoteKind.NEWS, f"{talk.where.first_in_words} was {how} by {claim.by}", talk.where)


def _not_agreed(talk: Talk, claim: Claim) -> str | None:
    """Return why a person has to look at a conversation that was sealed anew; None where we go along."""
    record, by = talk.record, claim.by
    owner = record.owner.person.folded if record.owner is not None else by
    if by != owner:
        return f"{by} encrypted it, not {owner}: @encrypt on goes along"
    if record.strength is None:
        return None
    offered = claim.strength(closed=record.strength.closed)
    if lost := record.strength.lost_in(offered):
        record.offered_strength = offered
        return f"{by} encrypted it anew with less protection ({', '.join(lost)}): @encrypt on goes along"
    return None


def _asked(desk: Desk, talk: Talk, notice: SealAsked) -> None:
    name = fold(notice.sender)
    if _may_ask(desk, talk, name):
        talk.asks[name] = notice.lost or name in talk.names
        talk.attempts = 0
        advance(desk, talk)


def _may_ask(desk: Desk, talk: Talk, name: str) -> bool:
    """Whether it matters that somebody wants to be let in: in a pair only the other one can be meant.

    Into a closed conversation nobody comes because a server says that they asked: `commit` looks at the list.
    """
    return name != desk.me and (talk.where.scope is not Scope.PAIR or name == talk.where.name)


def _ended(desk: Desk, talk: Talk, notice: SealEnded) -> None:
    claim = talk.record.claim
    if claim is None or claim.group_id != notice.group_id:
        return
    talk.record.claim = None
    talk.set_pending(None)
    talk.asks.clear()
    talk.save()
    by = "you" if fold(notice.sender) == desk.me else notice.sender
    if talk.state is State.PLAIN:
        desk.note(NoteKind.NEWS, f"The encryption of {talk.where.in_words} was ended by {by}", talk.where)
    else:
        freeze(desk, talk, f"{ENDED} (by {by})")


def _people_changed(desk: Desk, notice: Joined | Exited | Released | GroupChanged) -> None:
    if isinstance(notice, GroupChanged):
        _group_changed(desk, notice)
        return
    name = fold(notice.name)
    if isinstance(notice, Joined):
        if desk.present is not None:
            desk.present.add(name)
        pair = desk.talks.get(Conversation.pair(name))
        if pair is not None and pair.held and pair.current:
            pair.try_now()
            advance(desk, pair)
        return
    if desk.present is not None:
        desk.present.discard(name)
    if isinstance(notice, Released):
        _released(desk, name)


def _released(desk: Desk, name: str) -> None:
    """Whoever takes the name next is somebody else: they are in no group, and a pair with them is over."""
    for talk in list(desk.talks.values()):
        talk.was_released = talk.was_released or name == desk.me
        if talk.where == Conversation.pair(name) and (talk.group is not None or talk.record.claim is not None):
            talk.record.claim = None
            talk.set_pending(None)
            talk.save()
            freeze(desk, talk, RELEASED)
        elif name in talk.names:
            talk.leavers.add(name)
            advance(desk, talk)


def _group_changed(desk: Desk, notice: GroupChanged) -> None:
    """Take note of what was announced of a group.  It decides nothing: who may read is for the owner's list to say."""
    talk = desk.talk(Conversation.group(notice.group))
    name, by = fold(notice.user or ""), fold(notice.by)
    if notice.change == "deleted":
        talk.record.claim = None
        if talk.record.owner is None:
            talk.record.founder = ""
        _tell_parked(desk, talk, "the group was deleted")
    elif notice.change in ("created", "added"):
        if not talk.record.founder and by != desk.me:
            _tell_parked(desk, talk, f"it was typed before {notice.by} was announced as the group's creator")
        talk.record.founder = talk.record.founder or by  # the first one counts: nobody becomes it by being announced
    elif notice.change in ("kicked", "left"):
        talk.asks.pop(name, None)
        if notice.change == "left":  # whom we kicked is off our list since we ordered it
            ownership.left(desk, talk, name)
    talk.save()
    advance(desk, talk)


def _tell_parked(desk: Desk, talk: Talk, why: str) -> None:
    if (count := talk.park()) > 0:
        lines = "1 line" if count == 1 else f"{count} lines"
        desk.note(NoteKind.ALARM, f"Not sent in {talk.where.in_words}, {lines}: {why}. @held shows them", talk.where)


# ------------------------------------------------------------------------------------------ answers


def _answer_came(desk: Desk, notice: KeysAnswer | SealsAnswer | BlobAnswer | NamesAnswer) -> bool:
    if isinstance(notice, NamesAnswer) and not notice.more:
        desk.present = {fold(name) for name in notice.names}
    question = desk.questions.get(notice.re or "")
    if question is None:
        return isinstance(notice, KeysAnswer | SealsAnswer | BlobAnswer)
    if not getattr(notice, "more", False):
        del desk.questions[notice.re or ""]
    talk = desk.talk(question.where) if question.where is not None else None
    if isinstance(notice, SealsAnswer):
        _how_sealed(desk, desk.talk(where_asked(notice)), notice)
    elif isinstance(notice, KeysAnswer):
        _keys_came(desk, talk, question, _only_asked(desk, question, notice))
    elif talk is not None and isinstance(notice, BlobAnswer):
        piece_came(desk, talk, notice)
        advance(desk, talk)
    elif talk is not None and isinstance(notice, NamesAnswer):
        creation.who_is_there(desk, talk, notice.names)
    return True


def _keys_came(desk: Desk, talk: Talk | None, question: Question, answer: KeysAnswer) -> None:
    if talk is None:
        _own_keys_came(desk, answer)
        return
    if question.purpose is Purpose.KEYS_TO_FOUND:
        creation.keys_came(desk, talk, answer)
    elif question.purpose is Purpose.KEYS_TO_ADD and talk.fetched is not None and talk.group is not None:
        suite = talk.group.suite.number
        for published in answer.keys:
            if (fetched := checked(desk, published, suite)) is not None:
                talk.fetched[fold(published.name)] = fetched
    advance(desk, talk)


def _only_asked(desk: Desk, question: Question, answer: KeysAnswer) -> KeysAnswer:
    """Return an answer with only those who were asked for, each once: what else a server tells is not asked."""
    asked: dict[str, PublishedKey] = {}
    for key in answer.keys:
        if fold(key.name) in question.names:
            asked.setdefault(fold(key.name), key)
    if len(asked) != len(answer.keys) and not desk.is_answer_told:
        desk.is_answer_told = True
        desk.note(NoteKind.ALARM, "The server gave out keys of people nobody asked for; they are not used")
    missing = [name for name in answer.missing if fold(name) in question.names and fold(name) not in asked]
    return msgspec.structs.replace(answer, keys=list(asked.values()), missing=missing)


def _own_keys_came(desk: Desk, answer: KeysAnswer) -> None:
    published = [key for key in answer.keys if fold(key.name) == desk.me]
    if any(key.account != desk.own_key for key in published):
        desk.note(NoteKind.ALARM, "The server gives out another key as yours: nobody can write to you under seal")
        return
    is_known = any(desk.packages.has(key.reference) for key in published)
    for request in desk.packages.publish_all(desk.wall_ms // 1000, desk.fresh_id, is_forced=not is_known):
        desk.ask(request, Purpose.PUBLISH, None)


def _how_sealed(desk: Desk, talk: Talk, answer: SealsAnswer) -> None:
    """The replay of this conversation is over: compare what the server says with what we know."""
    is_first = not desk.is_understood
    desk.is_understood = True
    talk.current = True
    claim = claim_of(answer)
    if claim is None:
        _denied(desk, talk)
    else:
        _claimed(desk, talk, claim, answer)
    advance(desk, talk)
    if is_first:
        ask_all(desk)


def _denied(desk: Desk, talk: Talk) -> None:
    was_sealed = talk.record.claim is not None
    talk.record.claim = None
    talk.save()
    was_ours = talk.record.strength is not None or talk.group is not None or talk.record.is_wanted
    if was_sealed and was_ours and talk.state in (State.SEALED, State.ARMING):
        freeze(desk, talk, DENIED)
    elif was_sealed and talk.pending is not None:
        talk.set_pending(None)


def _claimed(desk: Desk, talk: Talk, claim: Claim, answer: SealsAnswer) -> None:
    known = talk.record.claim
    if not _is_possible(desk, talk, claim):
        return
    if known is None or known.group_id != claim.group_id:
        if talk.pending is not None and talk.pending.is_creation:
            talk.set_pending(None)
        _claimed_anew(desk, talk, claim)
    elif known != claim:
        freeze(desk, talk, "the server tells of other terms than before: @encrypt reset begins anew")
    talk.listed = desk.me in map(fold, answer.members)
    talk.epoch_there = answer.epoch
    waiting = {fold(name) for name in answer.waiting}
    if desk.me in waiting and not talk.listed:
        talk.has_asked = True
    for name in waiting:
        if _may_ask(desk, talk, name):
            talk.asks.setdefault(name, name in talk.names)


def _answered(desk: Desk, notice: Refused | Accepted) -> bool:
    if isinstance(notice, Refused) and notice.re is None and notice.code == "gap":
        for talk in desk.talks.values():
            if talk.is_in:
                lose(desk, talk, "the server no longer has everything that was said")
        return False
    question = desk.questions.pop(notice.re or "", None)
    if question is None:
        return isinstance(notice, Refused) and _message_refused(desk, notice)
    if isinstance(notice, Refused):
        _refused(desk, question, notice)
    return True


def _message_refused(desk: Desk, notice: Refused) -> bool:
    """Take a sealed line back that may be said again, later or with other keys."""
    if notice.code not in ("stale_epoch", "not_a_member"):
        for talk in desk.talks.values():
            talk.settle(notice.re or "")
        return False
    for talk in list(desk.talks.values()):
        if take_back(talk, notice.re or ""):
            talk.current = False  # ask how it is sealed now
            advance(desk, talk)
            return True
    return False


def _refused(desk: Desk, question: Question, notice: Refused) -> None:
    if question.where is None:
        return
    talk = desk.talk(question.where)
    purpose = question.purpose
    if purpose is Purpose.HOW_SEALED:
        _not_told_how(desk, talk, notice)
    elif purpose in (Purpose.COMMIT, Purpose.CREATE):
        commit_refused(desk, talk, notice.code, quoted(notice.text))
        advance(desk, talk)
    elif purpose is Purpose.FETCH_PIECE:
        piece_refused(desk, talk)
        advance(desk, talk)
    elif purpose is Purpose.KEYS_TO_FOUND:
        creation.keys_came(desk, talk, KeysAnswer([], []))
    elif purpose is Purpose.WHO_IS_THERE:
        talk.founding = None
        text = f"{talk.where.first_in_words} cannot be encrypted; {quoted(notice.text)}"
        desk.note(NoteKind.ALARM, text, talk.where)
    elif purpose is Purpose.BE_LET_IN and notice.code == "too_fast":
        talk.has_asked = False
        talk.try_later(desk.now)
    elif purpose in (Purpose.END, Purpose.BE_LET_IN) and notice.code != "already_a_member":
        text = f"The encryption of {talk.where.in_words} stays as it is; {quoted(notice.text)}"
        desk.note(NoteKind.NEWS, text, talk.where)
    elif purpose is Purpose.KEYS_TO_ADD:
        advance(desk, talk)


def _nobody_is_called_so(desk: Desk, talk: Talk, notice: Refused) -> None:
    """Give up what was typed for somebody of whom neither the server nor we know: most likely a slip of the pen."""
    for line in talk.ready:
        talk.release(line)
        text = f"Not sent to {talk.where.in_words}, {quoted(notice.text)}: {line.text[:80]}"
        desk.note(NoteKind.ANSWER, text, talk.where)


def _not_told_how(desk: Desk, talk: Talk, notice: Refused) -> None:
    """The server does not say how a conversation is sealed: what was never sealed goes on, what was is held."""
    if may_be_plain(talk):
        talk.current = True
        advance(desk, talk)
    elif notice.code == "no_such_user" and desk.trust.look_up(talk.where.name) is None:
        _nobody_is_called_so(desk, talk, notice)
    else:
        talk.step(Step.ARM)
        talk.waits_for = "the server does not say how it is encrypted; @encrypt off sends it unencrypted"
        text = f"Held in {talk.where.in_words}: the server does not say how it is encrypted; {quoted(notice.text)}"
        desk.note(NoteKind.ALARM, text, talk.where)
    if desk.is_understood or desk.is_mute:
        return
    desk.is_mute = notice.code == "bad_message"
    desk.is_understood = not desk.is_mute
    if desk.is_understood:
        ask_all(desk)
    for other in list(desk.talks.values()):
        advance(desk, other)
