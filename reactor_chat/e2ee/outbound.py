"""From a typed line to what may leave: sealed where the conversation is, plain only where it never was.

`obstacle` is the only place that decides.  A line that may not leave is held, with the reason in words; it keeps its id
and its place, and is sealed at most once in an epoch.
"""

import msgspec

from reactor_chat.e2ee import payload
from reactor_chat.e2ee.boundary import Mark, NoteKind, Shown
from reactor_chat.e2ee.conversation import Conversation, Heard, Scope, Spoken
from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.inbound import enrich, remember
from reactor_chat.e2ee.outgoing import Plain, Sealed
from reactor_chat.e2ee.states import State, Step
from reactor_chat.e2ee.talk import HELD_MAX, Line, Talk, Untrusted, digest
from reactor_chat.e2ee.terms import common_name
from reactor_chat.e2ee.trust import Standing
from reactor_chat.errors import MlsError
from reactor_chat.wire.messages import GroupSend, Say, SealedMessage, Tell

CAUGHT_UP_FIRST = "waiting for the server"
NOTE_TO_SELF = "a note to yourself has nobody to be encrypted for: @encrypt off sends it unencrypted"


def untrusted(desk: Desk, talk: Talk) -> list[str]:
    """Return the names of members because of whom nothing of ours is sent there; sorted.

    In a pair everything about the other one's key must be settled.  Elsewhere the others go on: who may read there was
    announced, and only a key that our person blocked, or that took the place of a verified one, stops us.
    """
    found = talk.untrusted
    if found is None or found.people is not talk.people or found.version != desk.trust.version:
        others = (person for person in talk.people.values() if person.folded != desk.me)
        names = sorted(person.name for person in others if _stops_us(desk, talk, person))
        found = talk.untrusted = Untrusted(talk.people, desk.trust.version, names)
    return found.names


def _stops_us(desk: Desk, talk: Talk, person: Person) -> bool:
    if talk.where.scope is Scope.PAIR:
        return not desk.trust.is_usable(person.name, person.key) or desk.trust.is_unsettled(person.name)
    standing, known = desk.trust.standing(person.name, person.key), desk.trust.look_up(person.name)
    is_settled = known is not None and (known.is_verified or not known.key)  # compared, or named in an invitation
    took_verified_place = standing is Standing.NEW_KEY and is_settled
    return standing is Standing.BLOCKED or took_verified_place


def obstacle(desk: Desk, talk: Talk) -> str:
    """Return why a line would not leave now, in words; empty where it would."""
    if talk.state is State.FROZEN:
        return talk.record.reason
    if talk.where == Conversation.pair(desk.me):
        return "" if talk.state is State.PLAIN else NOTE_TO_SELF
    if not talk.current:
        return talk.waits_for or CAUGHT_UP_FIRST
    if talk.state is State.ARMING:
        return talk.waits_for or "waiting for keys"
    return "" if talk.state is State.PLAIN else _obstacle_to_sealing(desk, talk)


def _obstacle_to_sealing(desk: Desk, talk: Talk) -> str:
    if names := untrusted(desk, talk):
        return f"the key of {', '.join(names)} changed or is blocked: @verify {names[0]}, then @trust accept {names[0]}"
    if names := kicked(desk, talk):
        return f"the server does not let us take out {', '.join(names)}"
    return _passing_obstacle(talk)


def kicked(desk: Desk, talk: Talk) -> list[str]:
    """Return the names of members who are not on our list any more: nothing of ours is sent while they can read it."""
    if not desk.keeps_list(talk):
        return []
    listed = {(entry.person.folded, entry.key) for entry in talk.record.own_list}
    people = (person for person in talk.people.values() if person.folded != desk.me)
    return sorted(person.name for person in people if (person.folded, person.key) not in listed)


def needs_person(desk: Desk, talk: Talk) -> bool:
    """Return whether what is in the way is for a person to look at, so that lines held by it need a yes later."""
    is_sealed = talk.state is State.SEALED and talk.group is not None
    return talk.state is State.FROZEN or (is_sealed and bool(untrusted(desk, talk)))


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
    if not talk.ready and not why:
        _let_leave(desk, talk, line)
        return
    if len(talk.held) >= HELD_MAX:
        desk.note(NoteKind.ALARM, f"Not taken: {HELD_MAX} lines are held in {talk.where.in_words} already", talk.where)
        return
    talk.hold(msgspec.structs.replace(line, needs_yes=needs_person(desk, talk)))
    if why != CAUGHT_UP_FIRST and not talk.is_told:
        talk.is_told = True
        desk.note(NoteKind.NEWS, f"Held: {why}", talk.where)


def say_held(desk: Desk, talk: Talk) -> None:
    """Let what was held leave, in the order it was typed, as far as that goes."""
    if talk.held and needs_person(desk, talk):
        talk.park()
    while (ready := talk.ready) and not obstacle(desk, talk):
        talk.release(ready[0])
        talk.is_told = False
        _let_leave(desk, talk, ready[0])


def take_back(talk: Talk, request_id: str) -> bool:
    """Hold a sealed line again that the server did not take; return whether it is one of ours."""
    sent = talk.settle(request_id)
    if sent is None:
        return False
    talk.hold(msgspec.structs.replace(sent.line, is_secret=True, needs_yes=False))
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
    remember(desk, notice, sealed, sent.line.text, Standing.UNSEEN)
    desk.show(Shown(enrich(notice, sent.line.text), Mark.SEALED))
    return True


def _let_leave(desk: Desk, talk: Talk, line: Line) -> None:
    if talk.state is State.PLAIN:
        talk.save()
        if line.is_secret:
            talk.hold(msgspec.structs.replace(line, needs_yes=True))
            return
        desk.send(Plain(spoken(talk.where, line), talk.where, talk.state))
        return
    assert talk.state is State.SEALED
    assert talk.group is not None
    where = common_name(talk.where, desk.me)
    data = payload.encode(payload.Payload(payload.VERSION, payload.TEXT, line.id, desk.wall_ms, line.text, where))
    mark = talk.chain.mark.encode()
    padding = payload.padding_for(len(data))
    try:
        protected = talk.group.protect(data, desk.random, authenticated_data=mark, padding=padding)
    except MlsError:
        talk.hold(line)
        if talk.step(Step.FREEZE, "this line could not be sealed: @encrypt reset begins anew"):
            talk.park()
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
