"""From a typed line to what may leave: sealed where the conversation is, plain only where it never was.

`gate` is the only place that decides.  A line that may not leave is held, with the reason in words; it keeps its id
and its place, and is sealed at most once in an epoch.
"""

import msgspec

from reactor_chat.e2ee import payload
from reactor_chat.e2ee.boundary import Mark, NoteKind, Shown
from reactor_chat.e2ee.conversation import Conversation, Heard, Scope, Spoken
from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.inbound import enrich, remember
from reactor_chat.e2ee.outgoing import Plain, Sealed
from reactor_chat.e2ee.states import State, Step
from reactor_chat.e2ee.talk import HELD_MAX, Line, Talk, Untrusted, digest
from reactor_chat.errors import MlsError
from reactor_chat.wire.messages import GroupSend, Say, SealedMessage, Tell

CAUGHT_UP_FIRST = "waiting for the server"


def untrusted(desk: Desk, talk: Talk) -> list[str]:
    """Return the names of members because of whom nothing is sent; sorted."""
    found = talk.untrusted
    if found is None or found.people is not talk.people or found.version != desk.trust.version:
        others = (person for person in talk.people.values() if person.folded != desk.me)
        names = sorted(person.name for person in others if not desk.trust.is_usable(person.name, person.key))
        found = talk.untrusted = Untrusted(talk.people, desk.trust.version, names)
    return found.names


def obstacle(desk: Desk, talk: Talk) -> str:
    """Return why a line would not leave now, in words; empty where it would."""
    if talk.state is State.FROZEN:
        return talk.record.reason
    if not talk.current:
        return CAUGHT_UP_FIRST
    if talk.state is State.ARMING:
        return "waiting for keys"
    if talk.state is State.PLAIN:
        return "" if talk.is_probed else CAUGHT_UP_FIRST
    if names := untrusted(desk, talk):
        who = ", ".join(names)
        return f"the key of {who} changed or is blocked: @verify {names[0]}, then @trust accept {names[0]}"
    return _passing_obstacle(talk)


def _passing_obstacle(talk: Talk) -> str:
    assert talk.group is not None
    if talk.backlog:
        return "waiting for what was said before"
    if talk.pending is not None or talk.fetched is not None or talk.wanted_since is not None:
        return "waiting for a change of members or keys"
    if talk.stalled == (talk.group.group_id, talk.group.epoch):
        return "the server refuses messages of the present keys"
    if talk.outgoing and next(iter(talk.outgoing.values())).epoch != talk.group.epoch:
        return "waiting for the answer to an earlier line"
    if talk.where.scope is Scope.PAIR and talk.where.name not in talk.names:
        return f"waiting for {talk.where.in_words}"
    return ""


def say(desk: Desk, talk: Talk, request: Spoken) -> None:
    """Take a typed line: let it leave, or hold it and say why."""
    line = talk.number(request)
    why = obstacle(desk, talk)
    if not talk.held and not why:
        _let_leave(desk, talk, line)
        return
    if len(talk.held) >= HELD_MAX:
        desk.note(NoteKind.ALARM, f"Not taken: {HELD_MAX} lines are held in {talk.where.in_words} already", talk.where)
        return
    talk.hold(line)
    if why != CAUGHT_UP_FIRST and not talk.is_told:
        talk.is_told = True
        desk.note(NoteKind.NEWS, f"Held: {why}", talk.where)


def say_held(desk: Desk, talk: Talk) -> None:
    """Let what was held leave, in the order it was typed, as far as that goes."""
    while talk.held and not obstacle(desk, talk):
        line = next(iter(talk.held.values()))
        talk.release(line)
        talk.is_told = False
        _let_leave(desk, talk, line)


def take_back(talk: Talk, request_id: str) -> bool:
    """Hold a sealed line again that the server did not take; return whether it is one of ours."""
    sent = talk.settle(request_id)
    if sent is None:
        return False
    talk.hold(msgspec.structs.replace(sent.line, is_secret=True))
    if talk.group is not None and sent.epoch == talk.group.epoch and not talk.backlog:
        talk.stalled = (talk.group.group_id, talk.group.epoch)
    return True


def hear_echo(desk: Desk, talk: Talk, notice: Heard, sealed: SealedMessage) -> bool:
    """Take one's own words back from the journal.

    Returns:
        Whether these are ours as we sent them.  If not, somebody else has our keys, the server changed what we said, or
        we have forgotten it: our memory is an older copy.
    """
    sent = talk.outgoing.get(notice.id or "")
    if sent is None or sent.digest != digest(sealed.mls):
        return False
    talk.settle(sent.line.id)
    remember(desk, notice, sealed, sent.line.text)
    desk.show(Shown(enrich(notice, sent.line.text), Mark.SEALED))
    return True


def _let_leave(desk: Desk, talk: Talk, line: Line) -> None:
    if talk.state is State.PLAIN:
        talk.save()
        if line.is_secret:
            desk.note(NoteKind.ALARM, f"Not sent, it was to be sealed: {line.text[:80]}", talk.where)
            return
        desk.send(Plain(spoken(talk.where, line), talk.where, talk.state))
        return
    assert talk.state is State.SEALED
    assert talk.group is not None
    data = payload.encode(payload.Payload(payload.VERSION, payload.TEXT, line.id, desk.wall_ms, line.text))
    mark = talk.chain.mark.encode()
    padding = payload.padding_for(len(data))
    try:
        protected = talk.group.protect(data, desk.random, authenticated_data=mark, padding=padding)
    except MlsError:
        talk.hold(line)
        if talk.step(Step.FREEZE, "this line could not be sealed: @encrypt reset begins anew"):
            desk.note(NoteKind.ALARM, f"Held: {talk.record.reason}", talk.where)
        return
    talk.move(protected.group, talk.group.own_leaf)
    talk.sealed(line, talk.group.epoch, protected.message)
    talk.save()
    desk.send(Sealed(talk.where, protected, line.id))


def spoken(where: Conversation, line: Line) -> Spoken:
    """Return a held line as it was typed."""
    if where.scope is Scope.PAIR:
        return Tell(line.to, line.text, id=line.id)
    if where.scope is Scope.GROUP:
        return GroupSend(line.to, line.text, id=line.id)
    return Say(line.text, id=line.id)
