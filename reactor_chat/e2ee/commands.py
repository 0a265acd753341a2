"""A person's orders about encryption, and the lines that answer them.

Only here are the two steps taken that lead towards plain text or out of `frozen`.
"""

from reactor_chat.e2ee import status, verification
from reactor_chat.e2ee.boundary import (
    Accept,
    Arm,
    AskStatus,
    Block,
    Disarm,
    ExportContacts,
    ImportContacts,
    NoteKind,
    Order,
    Rekey,
    Reset,
    Verify,
)
from reactor_chat.e2ee.conversation import Conversation
from reactor_chat.e2ee.creation import wish_key
from reactor_chat.e2ee.desk import Desk, Purpose
from reactor_chat.e2ee.inbound import unreadable
from reactor_chat.e2ee.passphrase import DEFAULT, PASSPHRASE_BYTES_MAX, SALT_BYTES, check
from reactor_chat.e2ee.reconcile import advance
from reactor_chat.e2ee.states import State, Step
from reactor_chat.e2ee.talk import Talk
from reactor_chat.errors import MlsRefused
from reactor_chat.wire.messages import SealCommitted, SealOff


def obey(desk: Desk, order: Order) -> None:
    """Do what a person ordered."""
    match order:
        case Arm():
            _arm(desk, desk.talk(order.conversation), order.passphrase)
        case Disarm():
            _disarm(desk, desk.talk(order.conversation), for_everybody=order.for_everybody)
        case Rekey():
            _rekey(desk, desk.talk(order.conversation))
        case Reset():
            _reset(desk, desk.talk(order.conversation), order.passphrase)
        case AskStatus():
            for line in status.lines(desk, desk.talk(order.conversation)):
                desk.note(NoteKind.ANSWER, line, order.conversation)
        case Verify() | Accept() | Block() | ExportContacts() | ImportContacts():
            verification.obey(desk, order)


def _arm(desk: Desk, talk: Talk, typed: str | None) -> None:
    if talk.where == Conversation.pair(desk.me):
        desk.note(NoteKind.ANSWER, "Nobody else is there to read what you tell yourself", talk.where)
        return
    talk.record.is_declined = False
    if talk.state is State.FROZEN:
        _begin_anew(talk)
    talk.step(Step.ARM)
    talk.is_told = False
    if typed is not None and not _use_passphrase(desk, talk, typed):
        return
    talk.has_asked, talk.losses = talk.has_asked and talk.is_in, 0
    advance(desk, talk)
    if not desk.is_online:
        desk.note(
            NoteKind.ANSWER, f"What you type in {talk.where.in_words} is held until there is a connection", talk.where
        )
    elif talk.state is State.SEALED:
        desk.note(NoteKind.ANSWER, f"What you type in {talk.where.in_words} is sealed", talk.where)
    elif talk.state is State.ARMING:
        desk.note(
            NoteKind.ANSWER, f"Getting keys for {talk.where.in_words}; what you type is held until then", talk.where
        )


def _begin_anew(talk: Talk) -> None:
    """Leave what does not hold; be let into what the server has, or begin where it has nothing."""
    if talk.record.claim is not None:
        talk.record.creator = talk.record.claim.by
    talk.leave()
    talk.step(Step.REARM)
    talk.record.reason, talk.has_asked, talk.current = "", False, False
    talk.save()


def _use_passphrase(desk: Desk, talk: Talk, typed: str) -> bool:
    """Wish the key of a passphrase; return False where that cannot be."""
    if not 1 <= len(typed.encode()) <= PASSPHRASE_BYTES_MAX:
        desk.note(NoteKind.ANSWER, f"A passphrase has 1 to {PASSPHRASE_BYTES_MAX} bytes. Type another one", talk.where)
        return False
    claim = talk.record.claim
    if claim is not None and claim.kdf is None:
        text = f"{talk.where.first_in_words} is encrypted without a passphrase: @encrypt on is enough"
        desk.note(NoteKind.ANSWER, text, talk.where)
        return False
    kdf = claim.kdf if claim is not None and claim.kdf is not None else DEFAULT
    try:
        check(kdf)
    except MlsRefused:
        text = "The server asks for weaker protection of the passphrase than is safe; it was not used"
        desk.note(NoteKind.ALARM, text, talk.where)
        return False
    salt = claim.salt if claim is not None else desk.random(32)
    desk.jobs[wish_key(desk, talk, typed, salt, kdf)] = talk.where
    return True


def _disarm(desk: Desk, talk: Talk, *, for_everybody: bool) -> None:
    claim = talk.record.claim
    if claim is not None and claim.require:
        text = f"{talk.where.first_in_words} takes nothing in plain text, so its encryption stays on"
        desk.note(NoteKind.ANSWER, text, talk.where)
        return
    talk.record.is_declined = True
    talk.step(Step.DISARM)
    if claim is None:
        talk.set_pending(None)
    where = talk.where.in_words
    if talk.held:
        _drop_held(desk, talk)
    desk.note(NoteKind.ANSWER, f"What you type in {where} is in plain text from now on", talk.where)
    if for_everybody and claim is not None and desk.is_online:
        request = SealOff(talk.where.with_, talk.where.group_name, id=desk.fresh_id())
        desk.ask(request, Purpose.END, talk.where)


def _drop_held(desk: Desk, talk: Talk) -> None:
    """What was typed to be sealed does not leave in plain because of a later order."""
    for line in list(talk.held.values()):
        talk.release(line)
        desk.note(NoteKind.ALARM, f"Not sent, it was to be sealed: {line.text[:80]}", talk.where)


def _rekey(desk: Desk, talk: Talk) -> None:
    if not talk.is_in:
        desk.note(NoteKind.ANSWER, f"There are no keys of yours in {talk.where.in_words}: @encrypt on", talk.where)
        return
    talk.hurries, talk.attempts = True, 0
    desk.note(NoteKind.ANSWER, f"New keys of yours in {talk.where.in_words}", talk.where)
    advance(desk, talk)


def _reset(desk: Desk, talk: Talk, typed: str | None) -> None:
    """Begin anew: another group in the place of the one that is there."""
    if not talk.current or talk.where == Conversation.pair(desk.me):
        desk.note(NoteKind.ANSWER, "That needs a connection, and somebody to talk to; try again then", talk.where)
        return
    talk.leave()
    talk.share(None)
    talk.step(Step.REARM if talk.state is State.FROZEN else Step.ARM)
    talk.step(Step.LOSE)
    talk.record.is_declined, talk.record.reason, talk.record.creator = False, "", ""
    talk.passphrase_salt, talk.attempts, talk.begins_anew = None, 0, True
    while talk.backlog:
        waiting = talk.unqueue()
        if not isinstance(waiting, SealCommitted):
            desk.show(unreadable(waiting, "the conversation was begun anew before it could be opened"))
    talk.save()
    if typed is not None:
        desk.jobs[wish_key(desk, talk, typed, desk.random(SALT_BYTES), DEFAULT)] = talk.where
    desk.note(NoteKind.ANSWER, f"Beginning anew in {talk.where.in_words}; what you type is held until then", talk.where)
    advance(desk, talk)
