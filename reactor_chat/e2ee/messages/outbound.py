"""From a typed line to what may leave: sealed where the conversation is, plain only where it never was.

`obstacle` is the only place that decides.  A line that may not leave is held, with the reason in words; it keeps its id
and its place, and is sealed at most once in an epoch.
"""

from typing import NamedTuple

import msgspec

from reactor_chat.e2ee import payload
from reactor_chat.e2ee.blobs import hash_of
from reactor_chat.e2ee.boundary import Mark, NoteKind, Shown
from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.messages.opened import OpenedMessages, enrich, lie_about_time
from reactor_chat.e2ee.outgoing import Plain, Sealed
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.lines import HELD_MAX, TypedLine
from reactor_chat.e2ee.state.setbacks import Setbacks
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.trust.trust_book import Standing
from reactor_chat.errors import MlsError
from reactor_chat.wire.conversation import Conversation, Heard, Scope, Spoken
from reactor_chat.wire.messages import GroupSend, Say, SealedMessage, Tell

CAUGHT_UP_FIRST = "waiting for the server"
KEYS_FIRST = "waiting for keys"
NOTE_TO_SELF = "a note to yourself cannot be encrypted. @encrypt off sends it unencrypted"


class _Untrusted(NamedTuple):
    """Members because of whom nothing is sent, and of which members and which trust that was found out."""

    people: dict[int, Person]
    version: int
    names: list[str]


class Outbound:
    """What is typed into one conversation.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        opened: keeps what was opened, our own words too.
        setbacks: stop what does not hold.
    """

    def __init__(self, desk: Desk, talk: Talk, opened: OpenedMessages, setbacks: Setbacks) -> None:
        self._desk = desk
        self._talk = talk
        self._opened = opened
        self._setbacks = setbacks
        self._untrusted: _Untrusted | None = None

    def untrusted(self) -> list[str]:
        """Return the names of members because of whom nothing of ours is sent there; sorted.

        In a pair everything about the other one's key must be settled.  Elsewhere the others go on: who may read there
        was announced, and only a key that our person blocked, or that took the place of a verified one, stops us.
        """
        found = self._untrusted
        if found is None or found.people is not self._talk.people or found.version != self._desk.trust.version:
            others = (person for person in self._talk.people.values() if person.folded != self._desk.me)
            names = sorted(person.name for person in others if self._stops_us(person))
            found = self._untrusted = _Untrusted(self._talk.people, self._desk.trust.version, names)
        return found.names

    def _stops_us(self, person: Person) -> bool:
        if self._talk.where.scope is Scope.PAIR:
            return not self._desk.trust.is_usable(person.name, person.key) or self._desk.trust.is_unsettled(person.name)
        standing, known = self._desk.trust.standing(person.name, person.key), self._desk.trust.look_up(person.name)
        is_settled = known is not None and (known.is_verified or not known.key)  # compared, or named in an invitation
        took_verified_place = standing is Standing.NEW_KEY and is_settled
        return standing is Standing.BLOCKED or took_verified_place

    def obstacle(self) -> str:
        """Return why a line would not leave now, in words; empty where it would."""
        if self._talk.state is State.FROZEN:
            return self._talk.record.reason
        if self._talk.is_note_to_self:
            return "" if self._talk.state is State.PLAIN else NOTE_TO_SELF
        if not self._talk.sync.current:
            return self._talk.sync.waits_for or CAUGHT_UP_FIRST
        if self._talk.state is State.ARMING:
            return self._talk.sync.waits_for or KEYS_FIRST
        return "" if self._talk.state is State.PLAIN else self._obstacle_to_sealing()

    def _obstacle_to_sealing(self) -> str:
        if names := self.untrusted():
            todo = f"@verify {names[0]}, then @trust accept {names[0]}"
            return f"the key of {', '.join(names)} changed or is blocked. {todo[0].upper()}{todo[1:]}"
        if names := self.kicked():
            return f"the server does not let you remove {', '.join(names)}"
        return self._passing_obstacle()

    def kicked(self) -> list[str]:
        """Return the names of members who are not on our list any more: nothing is sent while they can read it."""
        if not self._talk.record.is_kept_by(self._desk.own_key):
            return []
        listed = self._talk.record.listed
        people = (person for person in self._talk.people.values() if person.folded != self._desk.me)
        return sorted(person.name for person in people if (person.folded, person.key) not in listed)

    def needs_person(self) -> bool:
        """Return whether what is in the way is for a person to look at, so that lines held by it need a yes later."""
        is_sealed = self._talk.state is State.SEALED and self._talk.group is not None
        return self._talk.state is State.FROZEN or (is_sealed and bool(self.untrusted()))

    def _passing_obstacle(self) -> str:
        assert self._talk.group is not None
        if self._talk.backlog:
            return "waiting for earlier messages"
        if self._talk.commit.is_under_way:
            return "waiting for a change of members or keys"
        if self._talk.sync.stalled == self._talk.group_epoch:
            return "the server refuses messages with the present keys"
        if self._talk.lines.sealed and next(iter(self._talk.lines.sealed.values())).epoch != self._talk.group.epoch:
            return "waiting for the answer to an earlier line"
        if self._talk.where.scope is Scope.PAIR and self._talk.where.name not in self._talk.names:
            return f"waiting for {self._talk.wording.name}"
        return ""

    def send(self, request: Spoken) -> None:
        """Take a typed line: let it leave, or hold it and say why."""
        line = self._talk.line(request)
        why = self.obstacle()
        if not self._talk.lines.ready and not why:
            self._let_leave(line)
            return
        if self._talk.lines.is_full:
            text = f"Not accepted: {HELD_MAX} lines in {self._talk.wording.inside} are not sent yet"
            self._desk.note(NoteKind.ALARM, text, self._talk.where)
            return
        self._talk.lines.hold(msgspec.structs.replace(line, needs_yes=self.needs_person()))
        if why != CAUGHT_UP_FIRST and self._talk.sync.tell_once():
            self._desk.note(NoteKind.NEWS, f"Not sent yet: {why}", self._talk.where)

    def send_held(self) -> None:
        """Let what was held leave, in the order it was typed, as far as that goes."""
        if self._talk.lines.held and self.needs_person():
            self._talk.lines.park()
        while (ready := self._talk.lines.ready) and not self.obstacle():
            self._talk.lines.release(ready[0])
            self._talk.sync.tell_again()
            self._let_leave(ready[0])

    def take_back(self, request_id: str) -> bool:
        """Hold a sealed line again that the server did not take; return whether it is one of ours."""
        sent = self._talk.lines.settle(request_id)
        if sent is None:
            return False
        self._talk.lines.hold(msgspec.structs.replace(sent.line, is_secret=True, needs_yes=False))
        if self._talk.group is not None and sent.epoch == self._talk.group.epoch and not self._talk.backlog:
            self._talk.sync.stall(self._talk.group_epoch)
        return True

    def receive_echo(self, notice: Heard, sealed: SealedMessage) -> bool:
        """Take one's own words back from the journal.

        Args:
            notice: as the server told it, in our own name.
            sealed: its content.

        Returns:
            Whether these are ours as we sent them.  If not, somebody else has our keys, the server changed what we
            said, or we have forgotten it: our memory is an older copy.
        """
        sent = self._talk.lines.sealed.get(notice.id or "")
        if sent is None or sent.digest != hash_of(sealed.mls):
            return False
        self._talk.lines.settle(sent.line.id)
        self._opened.remember(notice, sealed, sent.line.text, Standing.UNSEEN)
        remark = lie_about_time(notice.at, sent.at) if sent.at else ""
        self._desk.show(Shown(enrich(notice, sent.line.text), Mark.SEALED, remark))
        return True

    def settle_removed(self, notice: Heard, digest: bytes) -> bool:
        """Take one's own words for said that were removed since; return whether they are ours as we sent them.

        Args:
            notice: what is left of it, in our own name.
            digest: SHA-256 of what was sealed, as the server says.
        """
        sent = self._talk.lines.sealed.get(notice.id or "")
        if sent is None or sent.digest != digest:
            return False
        self._talk.lines.settle(sent.line.id)
        return True

    def _let_leave(self, line: TypedLine) -> None:
        if self._talk.state is State.SEALED:
            self._let_leave_sealed(line)
            return
        assert self._talk.state is State.PLAIN
        if line.is_secret:
            self._talk.lines.hold(msgspec.structs.replace(line, needs_yes=True))
        else:
            self._desk.send(Plain(spoken(self._talk.where, line), self._talk.where, self._talk.state))

    def _let_leave_sealed(self, line: TypedLine) -> None:
        assert self._talk.group is not None
        where, at = self._talk.common_name, self._desk.wall_ms
        data = payload.encode(payload.Payload(payload.VERSION, payload.TEXT, line.id, at, line.text, where))
        mark = self._talk.transcript.mark.encode()
        padding = payload.padding_for(len(data))
        try:
            protected = self._talk.group.protect(data, self._desk.random, authenticated_data=mark, padding=padding)
        except MlsError:
            self._talk.lines.hold(line)
            self._setbacks.stop_sending("this line could not be encrypted. @encrypt reset starts over")
            return
        self._talk.move(protected.group, self._talk.group.own_leaf)
        self._talk.lines.seal(line, self._talk.group.epoch, protected.message, at)
        self._desk.send(Sealed(self._talk.where, protected, line.id))


def spoken(where: Conversation, line: TypedLine) -> Spoken:
    """Return a held line as it was typed."""
    if where.scope is Scope.PAIR:
        return Tell(line.to, line.text, id=line.id)
    if where.scope is Scope.GROUP:
        return GroupSend(line.to, line.text, id=line.id)
    return Say(line.text, id=line.id)
