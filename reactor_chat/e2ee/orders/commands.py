"""A person's orders about encryption, and the lines that answer them.

Only here are the two steps taken that lead towards plain text or out of `frozen`.
"""

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
from reactor_chat.e2ee.orders.held_lines import HeldLines
from reactor_chat.e2ee.orders.verification import Verification
from reactor_chat.e2ee.participation.participation import Participation, Participations
from reactor_chat.e2ee.passphrase import DEFAULT, PASSPHRASE_BYTES_MAX, SALT_BYTES, check
from reactor_chat.e2ee.state.desk import Desk, Purpose
from reactor_chat.e2ee.states import State, Transition
from reactor_chat.e2ee.terms import Strength
from reactor_chat.errors import MlsRefused
from reactor_chat.wire.conversation import ROOM, Scope
from reactor_chat.wire.messages import SealOff

OTHER_PASSPHRASE = f"A passphrase has 1 to {PASSPHRASE_BYTES_MAX} bytes. Type another one"


class Commands:
    """What a person may order.

    Args:
        desk: what all conversations share.
        participations: in every conversation.
        verification: of people's keys.
        held_lines: what waits for a yes.
    """

    def __init__(
        self, desk: Desk, participations: Participations, verification: Verification, held_lines: HeldLines
    ) -> None:
        self._desk = desk
        self._participations = participations
        self._verification = verification
        self._held_lines = held_lines

    def obey(self, order: Order) -> None:
        """Do what a person ordered."""
        match order:
            case Held():
                self._held_lines.obey(order)
            case Let():
                self._let(self._participations.of(ROOM), order)
            case Verify() | Accept() | Block() | ExportContacts() | ImportContacts():
                self._verification.obey(order)
            case _:
                ConversationCommands(self._desk, self._participations.of(order.conversation)).obey(order)

    def _let(self, room: Participation, order: Let) -> None:
        """Change who is on the list of the closed room."""
        if not room.ownership.is_ours:
            text = "You keep no list of members of the room. @encrypt on closed begins one"
            self._desk.note(NoteKind.ANSWER, text, ROOM)
            return
        change = room.ownership.add if order.is_in else room.ownership.remove
        change(order.names)
        room.advance()
        room.ownership.tell()


class ConversationCommands:
    """What a person may order about one conversation.

    Args:
        desk: what all conversations share.
        part: our part in it.
    """

    def __init__(self, desk: Desk, part: Participation) -> None:
        self._desk = desk
        self._part = part
        self._talk = part.talk

    def obey(self, order: Arm | Disarm | Rekey | Reset | SetPassphrase | AskStatus) -> None:
        """Do what a person ordered."""
        match order:
            case Arm():
                self._arm(order)
            case Disarm():
                self._disarm(for_everybody=order.for_everybody)
            case Rekey():
                self._rekey()
            case Reset():
                self._reset()
            case SetPassphrase():
                self._set_passphrase(order.passphrase)
            case AskStatus():
                for line in self._part.status.lines():
                    self._answer(line)

    def _answer(self, text: str) -> None:
        self._desk.note(NoteKind.ANSWER, text, self._talk.where)

    def _arm(self, order: Arm) -> None:
        if (why := self._not_possible(order)) is not None:
            self._answer(why)
            return
        talk = self._talk
        with talk.changing() as record:
            record.want(closed=order.is_closed)
        if talk.state is State.FROZEN or talk.record.has_offer:
            talk.go_along()
        if order.names is not None:
            self._part.ownership.take_over(order.names)
            if talk.record.claim is not None:
                self._begin_anew(talk.record.strength)
        talk.step(Transition.ARM)
        talk.sync.tell_again()
        if order.passphrase is not None:
            self._derive(order.passphrase)
        talk.ask_in_again()
        self._part.advance()
        self._tell_armed()

    def _not_possible(self, order: Arm) -> str | None:
        """Return why an order to encrypt cannot be followed as it was typed, before anything is changed by it."""
        record, where = self._talk.record, self._talk.where
        if self._talk.is_note_to_self:
            return "A note to yourself cannot be encrypted"
        if order.passphrase is not None and (why := self._unusable(order.passphrase)) is not None:
            return why
        if order.is_closed and record.claim is not None and not self._part.ownership.is_ours:
            return f"{self._talk.wording.first} is encrypted already. @encrypt reset starts over"
        is_ours = where.scope is Scope.GROUP and record.founder == self._desk.me and record.owner is None
        if is_ours and record.claim is None and order.names is None and not record.own_list:
            todo = f"Name them: @group encrypt {where.name} <user1,user2,…>"
            return f"This client does not know whom you put into {where.name}. {todo}"
        if order.names is not None and record.claim is not None and not self._talk.sync.current:
            return "That needs a connection; try again then"
        return None

    def _unusable(self, typed: str) -> str | None:
        """Return why a passphrase cannot be used to come in; None where it can."""
        if not 1 <= len(typed.encode()) <= PASSPHRASE_BYTES_MAX:
            return OTHER_PASSPHRASE
        claim = self._talk.record.claim
        if claim is not None and claim.kdf is None:
            return f"{self._talk.wording.first} is encrypted without a passphrase. @encrypt on is enough"
        try:
            check(claim.kdf if claim is not None and claim.kdf is not None else DEFAULT)
        except MlsRefused:
            return "The server asks for weaker protection of the passphrase than is safe; it was not used"
        return None

    def _tell_armed(self) -> None:
        where = self._talk.wording.inside
        if not self._desk.is_online:
            self._answer(f"What you type in {where} is sent once there is a connection")
        elif self._talk.state is State.SEALED:
            self._answer(f"What you type in {where} is encrypted")
        elif self._talk.state is State.ARMING:
            self._answer(f"Getting keys for {where}. What you type is sent, encrypted, once they are there")

    def _derive(self, typed: str) -> None:
        """Ask for the key of a passphrase that can be used; from now on our person wants no less."""
        claim = self._talk.record.claim
        kdf = claim.kdf if claim is not None and claim.kdf is not None else DEFAULT
        salt = claim.salt if claim is not None else self._desk.random(SALT_BYTES)
        with self._talk.changing() as record:
            record.want_passphrase(kdf)
        self._talk.passphrase.forget()
        self._part.creation.derive(typed, salt, kdf)

    def _set_passphrase(self, typed: str | None) -> None:
        """Begin anew with another passphrase, or without one."""
        if typed is not None and not 1 <= len(typed.encode()) <= PASSPHRASE_BYTES_MAX:
            self._answer(OTHER_PASSPHRASE)
            return
        if (why := self._cannot_begin_anew() or self._not_encrypted_yet()) is not None:
            self._answer(why)
            return
        strength = self._talk.record.strength_with(None if typed is None else DEFAULT)
        self._talk.passphrase.forget()
        self._begin_anew(strength)
        if typed is not None:
            self._part.creation.derive(typed, self._desk.random(SALT_BYTES), DEFAULT)
        self._part.advance()

    def _disarm(self, *, for_everybody: bool) -> None:
        talk, where, claim = self._talk, self._talk.where, self._talk.record.claim
        if claim is not None and claim.require:
            self._answer(f"{self._talk.wording.first} does not accept unencrypted messages, so encryption stays on")
            return
        with talk.changing() as record:
            record.decline()
        talk.step(Transition.DISARM)
        if claim is None:
            talk.commit.keep(None)
        talk.lines.park()
        self._answer(f"What you type in {self._talk.wording.inside} is NOT encrypted from now on")
        if count := len(talk.lines.held):
            lines = "1 line was" if count == 1 else f"{count} lines were"
            todo = "@held shows them, @held send sends them unencrypted"
            text = f"{lines} not sent, as they were meant to be encrypted. {todo}"
            self._desk.note(NoteKind.ALARM, text, where)
        if for_everybody and claim is not None and self._desk.is_online:
            request = SealOff(where.with_, where.group_name, id=self._desk.fresh_id())
            self._desk.ask(request, Purpose.END, where)
        self._part.advance()

    def _rekey(self) -> None:
        where, commit = self._talk.wording.inside, self._talk.commit
        if not self._talk.is_in:
            self._answer(f"You have no keys in {where} yet. Turn encryption on with @encrypt on")
            return
        commit.make_urgent()
        commit.try_afresh()
        self._answer(f"Renewing your own key in {where}")
        self._part.advance()

    def _reset(self) -> None:
        """Begin anew on the same terms: another group in the place of the one that is there."""
        if (why := self._cannot_begin_anew()) is not None:
            self._answer(why)
            return
        self._begin_anew(self._talk.record.strength)
        self._part.advance()

    def _cannot_begin_anew(self) -> str | None:
        where = self._talk.where
        if not self._talk.sync.current or self._talk.is_note_to_self:
            return "That needs a connection, and somebody to talk to; try again then"
        record = self._talk.record
        is_closed = where.scope is Scope.GROUP or record.owner is not None or self._is_for_others
        if is_closed and not self._part.ownership.is_ours:
            return f"Only the owner of {self._talk.wording.inside} can start over. @encrypt on asks to be let in"
        return None

    @property
    def _is_for_others(self) -> bool:
        """Whether the room is said to be closed, and we never were in it."""
        record = self._talk.record
        return record.claim is not None and record.claim.require and record.strength is None

    def _not_encrypted_yet(self) -> str | None:
        record = self._talk.record
        if record.claim is None and record.strength is None:
            return f"{self._talk.wording.first} is not encrypted yet. @encrypt on <passphrase> turns it on with one"
        return None

    def _begin_anew(self, strength: Strength | None) -> None:
        self._talk.begin_anew(strength)
        self._part.backlog.empty("encryption was started over before it could be opened")
        new_keys = "with new keys for everyone. What you type is sent once they are there"
        self._answer(f"Starting over in {self._talk.wording.inside} {new_keys}")
