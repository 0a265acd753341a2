"""The next thing that is due in a conversation, whatever happened before: one look, from the state it is in.

plain    a line leaves as it is; where we are in a group we read along
arming   begin it, or ask to be let in; lines are held
sealed   see to members and keys, then seal what is held
frozen   wait for a person
"""

from reactor_chat.e2ee import commit, creation, outbound
from reactor_chat.e2ee.backlog import work_off
from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.conversation import ROOM, Conversation
from reactor_chat.e2ee.desk import Desk, Purpose
from reactor_chat.e2ee.epoch import freeze, lose
from reactor_chat.e2ee.identity import suites
from reactor_chat.e2ee.states import State, Step
from reactor_chat.e2ee.talk import Talk
from reactor_chat.wire.messages import AskKeys, AskSeals, SealAsk


def ask_first(desk: Desk) -> None:
    """Ask one question after login; whether it is answered says whether the server knows about encryption at all."""
    _ask_how_sealed(desk, desk.talk(ROOM))


def ask_all(desk: Desk) -> None:
    """Ask what there is to know once the first question was answered: every conversation, and our own keys."""
    request = AskKeys([desk.me], suites()[0], id=desk.fresh_id())
    desk.ask(request, Purpose.OWN_KEYS, None)
    for talk in list(desk.talks.values()):
        advance(desk, talk)


def advance(desk: Desk, talk: Talk) -> None:
    """Look at a conversation and do what is due."""
    if not desk.is_online:
        return
    if not talk.current and desk.is_mute and may_be_plain(talk):
        talk.current = True
    if talk.where == Conversation.pair(desk.me):
        outbound.say_held(desk, talk)  # there is nobody to ask about
        return
    if not talk.current:
        if desk.is_understood:
            _ask_how_sealed(desk, talk)
        return
    work_off(desk, talk)
    if talk.backlog:
        return
    _compare_epochs(desk, talk)
    if talk.state is State.ARMING:
        _arm(desk, talk)
    if talk.is_in and talk.current and talk.state in (State.SEALED, State.PLAIN):
        commit.keep_up(desk, talk)
    outbound.say_held(desk, talk)


def may_be_plain(talk: Talk) -> bool:
    """Return whether a line may leave plain though the server does not say how it is sealed: the person sees `plain`.

    Private conversations come here only where their person ordered plain text.
    """
    claim = talk.record.claim
    return talk.state is State.PLAIN and (claim is None or not claim.require)


def _ask_how_sealed(desk: Desk, talk: Talk) -> None:
    if not desk.is_asking(Purpose.HOW_SEALED, talk.where):
        request = AskSeals(talk.where.with_, talk.where.group_name, id=desk.fresh_id())
        desk.ask(request, Purpose.HOW_SEALED, talk.where)


def _compare_epochs(desk: Desk, talk: Talk) -> None:
    """Compare the epoch the server told at the end of the replay with where the replay led us."""
    there, talk.epoch_there = talk.epoch_there, None
    if there is None or talk.group is None or not talk.is_in:
        return
    if there > talk.group.epoch:
        lose(desk, talk, "the server did not show us every change of keys")
    elif there < talk.group.epoch:
        freeze(desk, talk, "the server has forgotten changes of keys that it showed us: @encrypt reset begins anew")
    elif not talk.listed:
        lose(desk, talk, "the server does not count us among the members")
    elif talk.pending is not None and talk.pending.is_refused:
        talk.stalled = (talk.group.group_id, talk.group.epoch)


def _arm(desk: Desk, talk: Talk) -> None:
    if talk.pending is not None and talk.pending.is_creation:
        commit.send_pending(desk, talk)
    elif talk.attempts >= commit.ATTEMPTS_MAX:
        pass  # the server takes nothing we try; the next connection tries again
    elif talk.begins_anew:
        if _has_its_passphrase(talk):
            talk.begins_anew = False
            _create_anew(desk, talk)
    elif talk.is_in:
        talk.step(Step.ESTABLISH)
    elif talk.record.claim is not None:
        _ask_in(desk, talk)
    elif _has_its_passphrase(talk) and (talk.ready or talk.record.is_wanted or desk.keeps_list(talk)):
        creation.found(desk, talk)


def _create_anew(desk: Desk, talk: Talk) -> None:
    strength = talk.record.strength
    creation.create(desk, talk, suites()[0] if strength is None else strength.suite)


def _has_its_passphrase(talk: Talk) -> bool:
    """Whether the key of the passphrase is here, where our person or the terms require one."""
    strength = talk.record.strength
    return strength is None or strength.kdf is None or talk.shared_key is not None


def _ask_in(desk: Desk, talk: Talk) -> None:
    """Ask to be let in, once on each connection; with a passphrase, only once its key is there."""
    claim = talk.record.claim
    if talk.has_asked or claim is None or (talk.retry_at or desk.now) > desk.now:
        return
    if claim.kdf is not None and talk.shared_key is None:
        if not talk.is_told and talk.passphrase_salt is None:
            talk.is_told = True
            text = f"{talk.where.first_in_words} is encrypted with a passphrase"
            desk.note(NoteKind.NEWS, f"{text}: @encrypt on <passphrase> to take part", talk.where)
        return
    talk.has_asked = True
    if talk.listed and claim.by == desk.me and talk.record.strength is None:
        desk.note(NoteKind.ALARM, f"The keys of {talk.where.in_words} are no longer here", talk.where)
    request = SealAsk(talk.where.with_, talk.where.group_name, lost=talk.listed, id=desk.fresh_id())
    desk.ask(request, Purpose.BE_LET_IN, talk.where)
