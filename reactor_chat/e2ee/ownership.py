"""Whose word decides who is in a closed conversation: the owner's own orders, as they are typed, and nothing else.

What our person orders of a group (`@group set`, `@add`, `@kick` and so on) travels to the server as ever; here it also
changes the list that our client keeps.  Whom somebody names is bound to the key that counts as theirs at that moment,
or, where none was ever seen, to the first one that is.  A server that refuses, pretends or forgets changes nothing of
that: it can only keep people from being told.
"""

import msgspec

from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.commit import hand_over
from reactor_chat.e2ee.conversation import Conversation
from reactor_chat.e2ee.creation import own_entry
from reactor_chat.e2ee.desk import Desk
from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.member_list import Entry
from reactor_chat.e2ee.reconcile import advance
from reactor_chat.e2ee.states import Step
from reactor_chat.e2ee.store import Table
from reactor_chat.e2ee.talk import Talk
from reactor_chat.wire.messages import (
    Accepted,
    GroupAdd,
    GroupDelete,
    GroupKick,
    GroupLeave,
    GroupSet,
    Refused,
    fold,
    is_name,
)

GroupRequest = GroupSet | GroupAdd | GroupKick | GroupLeave | GroupDelete
"""What a person orders of a group."""

_decoder = msgspec.json.Decoder(GroupRequest)


def ordered(desk: Desk, request: GroupRequest) -> None:
    """Take what our person orders of a group; who was kicked is off the list at once, the rest waits for its answer."""
    assert request.id is not None
    desk.store.put(Table.INTENT, request.id, msgspec.json.encode(request))
    talk = desk.talk(Conversation.group(request.group))
    if isinstance(request, GroupKick | GroupAdd):
        _amend_orders(desk, request)
    if not desk.keeps_list(talk):
        return
    if isinstance(request, GroupKick):
        remove(desk, talk, [request.user])
    elif isinstance(request, GroupAdd):
        add(desk, talk, request.users)
    elif isinstance(request, GroupLeave) and talk.current and (heir := _heir(desk, talk)) is not None:
        hand_over(desk, talk, heir)  # before our leaving reaches the server: afterwards nobody takes it from us


def _amend_orders(desk: Desk, request: GroupKick | GroupAdd) -> None:
    """What is ordered of a group of ours whose creation is not answered yet changes whom it is created for."""
    for request_id, row in list(desk.store.rows(Table.INTENT)):
        earlier = _decoder.decode(row)
        if isinstance(earlier, GroupSet) and fold(earlier.group) == fold(request.group):
            names = request.users if isinstance(request, GroupAdd) else []
            gone = "" if isinstance(request, GroupAdd) else fold(request.user)
            members = [name for name in earlier.members if fold(name) != gone]
            changed = msgspec.structs.replace(earlier, members=[*members, *names])
            desk.store.put(Table.INTENT, request_id, msgspec.json.encode(changed))


def _heir(desk: Desk, talk: Talk) -> Person | None:
    """Who inherits, as the server does it too: of those who are in, the one who was added first."""
    there = set(talk.people.values())
    heirs = (entry.person for entry in talk.record.own_list if entry.key != desk.own_key)
    return next((person for person in heirs if person in there), None)


def answered(desk: Desk, answer: Accepted | Refused) -> None:
    """Take the server's answer to what our person ordered."""
    row = desk.store.get(Table.INTENT, answer.re or "")
    if row is None:
        return
    desk.store.drop(Table.INTENT, answer.re or "")
    request = _decoder.decode(row)
    talk = desk.talk(Conversation.group(request.group))
    if isinstance(answer, Refused):
        if isinstance(request, GroupAdd) and answer.code != "already_a_member":
            _forget_unknown(talk, request.users)
    elif isinstance(request, GroupSet):
        _found(desk, talk, request.members)
    elif isinstance(request, GroupDelete | GroupLeave):
        _give_up(talk)
    advance(desk, talk)


def add(desk: Desk, talk: Talk, names: list[str]) -> None:
    """Put people on our list; who is on it already is bound to the key that counts now."""
    for name in filter(is_name, names):
        known = desk.trust.look_up(name)
        entry = Entry(name, known.key if known is not None else b"")
        if fold(name) != desk.me:
            talk.record.own_list = [*_without(talk, {fold(name)}), entry]
    talk.attempts = 0
    talk.save()
    advance(desk, talk)


def remove(desk: Desk, talk: Talk, names: list[str]) -> None:
    """Take people off our list; they stay out whatever a server says."""
    talk.record.own_list = _without(talk, set(map(fold, names)) - {desk.me})
    talk.attempts = 0
    talk.save()
    advance(desk, talk)


def left(desk: Desk, talk: Talk, name: str) -> None:
    """The server says that somebody left or was kicked: whoever keeps the list takes them off, which lets nobody in."""
    if desk.keeps_list(talk) and name != desk.me and len(kept := _without(talk, {name})) < len(talk.record.own_list):
        talk.record.own_list = kept
        text = f"{name} left {talk.where.in_words} and is off its list; @add puts them back"
        desk.note(NoteKind.NEWS, text, talk.where)


def take_over(desk: Desk, talk: Talk, names: list[str]) -> None:
    """Our person says that they keep the list of a conversation from now on, and whom it has."""
    talk.record.owner, talk.record.own_list, talk.record.offered_owner = own_entry(desk), [own_entry(desk)], None
    talk.record.founder = desk.me
    add(desk, talk, names)


def _found(desk: Desk, talk: Talk, names: list[str]) -> None:
    """A group of ours was created: it is sealed from the beginning, unless our person wants plain text there."""
    if talk.group is not None:
        talk.leave()
    talk.record.claim = None
    if desk.settings.private_is_sealed:
        talk.record.is_declined = False
        talk.step(Step.ARM)
    take_over(desk, talk, names)


def _give_up(talk: Talk) -> None:
    """We are out of a group by our own order; what was held for it is for no other group of that name."""
    talk.park()
    talk.leave()
    talk.step(Step.LOSE)
    talk.record.claim = talk.record.owner = talk.record.offered_owner = talk.record.strength = None
    talk.record.own_list, talk.record.founder, talk.record.list_number = [], "", 0
    talk.save()


def _forget_unknown(talk: Talk, names: list[str]) -> None:
    """Nobody of that name is there: whoever takes it later is not whom our person meant."""
    folded = set(map(fold, names))
    talk.record.own_list = [one for one in talk.record.own_list if one.key or fold(one.name) not in folded]
    talk.save()


def _without(talk: Talk, names: set[str]) -> list[Entry]:
    return [entry for entry in talk.record.own_list if fold(entry.name) not in names]


def told(desk: Desk, talk: Talk) -> None:
    """Say who is on our list."""
    names = ", ".join(entry.name for entry in talk.record.own_list)
    desk.note(NoteKind.ANSWER, f"On your list of {talk.where.in_words}: {names}", talk.where)
