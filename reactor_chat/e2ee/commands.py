"""A person's orders about encryption, and the lines that answer them.

Only here are the two steps taken that lead towards plain text or out of `frozen`.
"""

import msgspec

from reactor_chat.e2ee import held_lines, ownership, status, verification
from reactor_chat.e2ee.boundary import (
    Accept,
    Arm,
    AskStatus,
    Block,
    Disarm,
    ExportContacts,
    Held,
    ImportContacts,
    Let,
    NoteKind,
    Order,
    Rekey,
    Reset,
    SetPassphrase,
    Verify,
)
from reactor_chat.e2ee.conversation import ROOM, Conversation, Scope
from reactor_chat.e2ee.creation import wish_key
from reactor_chat.e2ee.desk import Desk, Purpose
from reactor_chat.e2ee.identity import suites
from reactor_chat.e2ee.inbound import unreadable
from reactor_chat.e2ee.passphrase import DEFAULT, PASSPHRASE_BYTES_MAX, SALT_BYTES, check
from reactor_chat.e2ee.reconcile import advance
from reactor_chat.e2ee.states import State, Step
from reactor_chat.e2ee.talk import Talk
from reactor_chat.e2ee.terms import Strength
from reactor_chat.errors import MlsRefused
from reactor_chat.wire.messages import SealCommitted, SealOff


def obey(desk: Desk, order: Order) -> None:
    """Do what a person ordered."""
    if isinstance(order, Held):
        held_lines.obey(desk, order)
    elif isinstance(order, Let):
        _let(desk, desk.talk(ROOM), order)
    elif isinstance(order, Verify | Accept | Block | ExportContacts | ImportContacts):
        verification.obey(desk, order)
    else:
        _about_conversation(desk, desk.talk(order.conversation), order)


def _about_conversation(
    desk: Desk, talk: Talk, order: Arm | Disarm | Rekey | Reset | SetPassphrase | AskStatus
) -> None:
    match order:
        case Arm():
            _arm(desk, talk, order)
        case Disarm():
            _disarm(desk, talk, for_everybody=order.for_everybody)
        case Rekey():
            _rekey(desk, talk)
        case Reset():
            _reset(desk, talk)
        case SetPassphrase():
            _set_passphrase(desk, talk, order.passphrase)
        case AskStatus():
            for line in status.lines(desk, talk):
                desk.note(NoteKind.ANSWER, line, order.conversation)


def _arm(desk: Desk, talk: Talk, order: Arm) -> None:
    if (why := _not_possible(desk, talk, order)) is not None:
        desk.note(NoteKind.ANSWER, why, talk.where)
        return
    talk.record.is_declined, talk.record.is_wanted = False, True
    if talk.state is State.FROZEN:
        _go_along(talk)
    if order.is_closed:
        talk.record.is_closed = True
    if order.names is not None:
        ownership.take_over(desk, talk, list(order.names))
        if talk.record.claim is not None:
            _begin_anew(desk, talk, talk.record.strength)
    talk.step(Step.ARM)
    talk.is_told = False
    if order.passphrase is not None:
        _wish_passphrase(desk, talk, order.passphrase)
    talk.has_asked, talk.losses = talk.has_asked and talk.is_in, 0
    talk.save()
    advance(desk, talk)
    _tell_armed(desk, talk)


def _not_possible(desk: Desk, talk: Talk, order: Arm) -> str | None:
    """Return why an order to encrypt cannot be followed as it was typed, before anything is changed by it."""
    record = talk.record
    if talk.where == Conversation.pair(desk.me):
        return "Nobody else is there to read what you tell yourself"
    if order.passphrase is not None and (why := _unusable(talk, order.passphrase)) is not None:
        return why
    if order.is_closed and record.claim is not None and not desk.keeps_list(talk):
        return f"{talk.where.first_in_words} is encrypted already; @encrypt reset begins anew"
    is_ours = talk.where.scope is Scope.GROUP and record.founder == desk.me and record.owner is None
    if is_ours and record.claim is None and order.names is None and not record.own_list:
        name = talk.where.name
        return f"This client does not know whom you put into {name}. Name them: @group encrypt {name} <user1,user2,…>"
    if order.names is not None and record.claim is not None:
        return _cannot_take_over(talk)
    return None


def _cannot_take_over(talk: Talk) -> str | None:
    return None if talk.current else "That needs a connection; try again then"


def _unusable(talk: Talk, typed: str) -> str | None:
    """Return why a passphrase cannot be used to come in; None where it can."""
    if not 1 <= len(typed.encode()) <= PASSPHRASE_BYTES_MAX:
        return f"A passphrase has 1 to {PASSPHRASE_BYTES_MAX} bytes. Type another one"
    claim = talk.record.claim
    if claim is not None and claim.kdf is None:
        return f"{talk.where.first_in_words} is encrypted without a passphrase: @encrypt on is enough"
    try:
        check(claim.kdf if claim is not None and claim.kdf is not None else DEFAULT)
    except MlsRefused:
        return "The server asks for weaker protection of the passphrase than is safe; it was not used"
    return None


def _go_along(talk: Talk) -> None:
    """The person has looked at what does not hold, and goes along with what there is now, or begins anew."""
    record = talk.record
    if record.offered_owner is not None:
        record.owner, record.offered_owner, record.list_number = record.offered_owner, None, 0
    elif record.claim is not None and record.owner is not None and record.claim.by != record.owner.person.folded:
        record.owner, record.founder, record.list_number, record.own_list = None, record.claim.by, 0, []
    elif record.claim is not None and talk.where.scope is Scope.GROUP and record.owner is None:
        record.founder = record.claim.by
    record.strength = record.offered_strength or record.strength  # weaker terms only where the person saw that they are
    record.offered_strength = None
    record.is_closed = record.is_closed or (record.strength is not None and record.strength.closed)
    talk.leave()
    record.known_members = []
    talk.step(Step.REARM)
    record.reason, talk.has_asked, talk.current = "", False, False
    talk.save()


def _tell_armed(desk: Desk, talk: Talk) -> None:
    where = talk.where.in_words
    if not desk.is_online:
        text = f"What you type in {where} is held until there is a connection"
    elif talk.state is State.SEALED:
        text = f"What you type in {where} is sealed"
    elif talk.state is State.ARMING:
        text = f"Getting keys for {where}; what you type is held until then"
    else:
        return
    desk.note(NoteKind.ANSWER, text, talk.where)


def _wish_passphrase(desk: Desk, talk: Talk, typed: str) -> None:
    """Wish the key of a passphrase that can be used; from now on our person wants no less."""
    claim = talk.record.claim
    kdf = claim.kdf if claim is not None and claim.kdf is not None else DEFAULT
    salt = claim.salt if claim is not None else desk.random(SALT_BYTES)
    talk.record.strength = msgspec.structs.replace(talk.record.strength or Strength(suites()[-1]), kdf=kdf)
    talk.share(None)
    desk.jobs[wish_key(desk, talk, typed, salt, kdf)] = talk.where


def _set_passphrase(desk: Desk, talk: Talk, typed: str | None) -> None:
    """Begin anew with another passphrase, or without one."""
    if typed is not None and not 1 <= len(typed.encode()) <= PASSPHRASE_BYTES_MAX:
        desk.note(NoteKind.ANSWER, f"A passphrase has 1 to {PASSPHRASE_BYTES_MAX} bytes. Type another one", talk.where)
        return
    if (why := _cannot_begin_anew(desk, talk)) is not None:
        desk.note(NoteKind.ANSWER, why, talk.where)
        return
    kdf = None if typed is None else DEFAULT
    strength = msgspec.structs.replace(talk.record.strength or Strength(suites()[-1]), kdf=kdf)
    talk.share(None)
    _begin_anew(desk, talk, strength)
    if typed is not None:
        desk.jobs[wish_key(desk, talk, typed, desk.random(SALT_BYTES), DEFAULT)] = talk.where
    advance(desk, talk)


def _let(desk: Desk, talk: Talk, order: Let) -> None:
    """Change who is on the list of the closed room."""
    if not desk.keeps_list(talk):
        desk.note(NoteKind.ANSWER, "You keep no list of the room: @encrypt on closed begins one", talk.where)
        return
    change = ownership.add if order.is_in else ownership.remove
    change(desk, talk, list(order.names))
    ownership.told(desk, talk)


def _disarm(desk: Desk, talk: Talk, *, for_everybody: bool) -> None:
    claim = talk.record.claim
    if claim is not None and claim.require:
        text = f"{talk.where.first_in_words} takes nothing in plain text, so its encryption stays on"
        desk.note(NoteKind.ANSWER, text, talk.where)
        return
    talk.record.is_declined, talk.record.is_wanted = True, False
    talk.record.offered_owner = talk.record.offered_strength = None
    talk.step(Step.DISARM)
    if claim is None:
        talk.set_pending(None)
    where = talk.where.in_words
    talk.park()
    desk.note(NoteKind.ANSWER, f"What you type in {where} is in plain text from now on", talk.where)
    if talk.held:
        lines = "1 line was" if len(talk.held) == 1 else f"{len(talk.held)} lines were"
        desk.note(
            NoteKind.ALARM, f"{lines} not sent, to be sealed: @held shows them, @held send sends them", talk.where
        )
    if for_everybody and claim is not None and desk.is_online:
        request = SealOff(talk.where.with_, talk.where.group_name, id=desk.fresh_id())
        desk.ask(request, Purpose.END, talk.where)
    advance(desk, talk)


def _rekey(desk: Desk, talk: Talk) -> None:
    if not talk.is_in:
        desk.note(NoteKind.ANSWER, f"There are no keys of yours in {talk.where.in_words}: @encrypt on", talk.where)
        return
    talk.hurries, talk.attempts = True, 0
    desk.note(NoteKind.ANSWER, f"New keys of yours in {talk.where.in_words}", talk.where)
    advance(desk, talk)


def _reset(desk: Desk, talk: Talk) -> None:
    """Begin anew on the same terms: another group in the place of the one that is there."""
    if (why := _cannot_begin_anew(desk, talk)) is not None:
        desk.note(NoteKind.ANSWER, why, talk.where)
        return
    _begin_anew(desk, talk, talk.record.strength)
    advance(desk, talk)


def _cannot_begin_anew(desk: Desk, talk: Talk) -> str | None:
    if not talk.current or talk.where == Conversation.pair(desk.me):
        return "That needs a connection, and somebody to talk to; try again then"
    if talk.where.scope is Scope.GROUP and not desk.keeps_list(talk):
        return f"Only the owner of {talk.where.in_words} can begin anew; @encrypt on asks to be let in"
    return None


def _begin_anew(desk: Desk, talk: Talk, strength: Strength | None) -> None:
    talk.leave()
    talk.step(Step.REARM if talk.state is State.FROZEN else Step.ARM)
    talk.step(Step.LOSE)
    record = talk.record
    record.is_declined, record.reason, record.strength, record.known_members = False, "", strength, []
    talk.attempts, talk.begins_anew = 0, True
    while talk.backlog:
        waiting = talk.unqueue()
        if not isinstance(waiting, SealCommitted):
            desk.show(unreadable(waiting, "the conversation was begun anew before it could be opened"))
    talk.save()
    desk.note(NoteKind.ANSWER, f"Beginning anew in {talk.where.in_words}; what you type is held until then", talk.where)
