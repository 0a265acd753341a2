"""Orders about encryption, trust and contacts on their way to the session, and its words on their way to the person."""

import re
from collections.abc import Callable
from typing import Any

from msgspec import structs

from reactor_chat.client.boundary import Files, NoteKind, OutputCollector, Settings
from reactor_chat.client.commands.invitation import invitation
from reactor_chat.e2ee import boundary as sealing
from reactor_chat.e2ee.session import Session
from reactor_chat.errors import UsageError
from reactor_chat.text import orders
from reactor_chat.wire.conversation import ROOM, Conversation, Scope
from reactor_chat.wire.transcript import NO_BINDING, pin_of

ASKED_FOR = "-"
"""Stands in an order for a passphrase that is to be typed in a line of its own."""

NOTES: dict[sealing.NoteKind, NoteKind] = {
    sealing.NoteKind.ANSWER: NoteKind.ANSWER,
    sealing.NoteKind.NEWS: NoteKind.NEWS,
    sealing.NoteKind.ALARM: NoteKind.ALARM,
}


class SessionOrders:
    """Hands them to the session.  What it raises, a StorageError, is for the caller.

    Args:
        settings: of the engine.
        outputs: where what is to be shown gathers.

    Attributes:
        wants_passphrase: whether the next typed line is taken as one.
        binding: of the server that let us in last; None before.
    """

    def __init__(self, settings: Settings, outputs: OutputCollector) -> None:
        self.wants_passphrase = False
        self.binding: bytes | None = None
        self._settings = settings
        self._outputs = outputs
        self._passphrase_for: orders.Order | None = None  # whose passphrase is typed next

    def ordered(self, order: orders.Order, session: Session, me: str, now: float) -> None:
        """Do what was typed, or ask for the passphrase that it needs.

        Args:
            order: what was typed.
            session: of the present name.
            me: that name.
            now: monotonic seconds.

        Raises:
            StorageError: the session's store failed.
        """
        if getattr(order, "passphrase", None) == ASKED_FOR:
            self.wants_passphrase = True
            self._passphrase_for = order
            if self._settings.interactive:
                question = "Type the passphrase; it is not shown, and an empty line gives up"
                self._outputs.note(NoteKind.QUESTION, question)
        elif isinstance(order, orders.ContactsExport | orders.ContactsImport | orders.Invite):
            self._ordered_with_server(order, session, me, now)
        else:
            session.ordered(ORDERS[type(order)](order), now)

    def passphrase_typed(self, line: str, session: Session | None, now: float) -> None:
        """Carry out what waited for a passphrase; an empty one gives up.  Raises StorageError."""
        self.wants_passphrase, order = False, self._passphrase_for
        if not line.strip() or order is None:
            self._answer("Nothing was changed: no passphrase was given")
        elif session is not None:
            session.ordered(ORDERS[type(order)](structs.replace(order, passphrase=line)), now)

    def tell(self, note: sealing.Note) -> None:
        """Say what a session has to say, once a file that it speaks of is written."""
        if isinstance(note.beside, sealing.ContactsFile) and self._settings.files is not None:
            try:
                self._settings.files.write(note.beside.path, note.beside.data)
            except UsageError as error:
                self._answer(str(error))
                return
        code = note.beside if isinstance(note.beside, sealing.QrCode) else sealing.QrCode("")
        self._outputs.note(NOTES[note.kind], as_typed(note.text, note.conversation), *code, note.conversation)

    def _ordered_with_server(
        self,
        order: orders.ContactsExport | orders.ContactsImport | orders.Invite,
        session: Session,
        me: str,
        now: float,
    ) -> None:
        """Do what needs to know which server it is about: names belong to one server."""
        if self.binding is None:
            self._answer("That needs a connection. Try again when there is one")
            return
        server = "" if self.binding == NO_BINDING else pin_of(self.binding)
        if isinstance(order, orders.Invite):
            for line in invitation(self._settings.address, self.binding, me, session.desk.own_key):
                self._answer(line)
        elif self._settings.files is None:
            self._answer("This client cannot use files")
        elif isinstance(order, orders.ContactsExport):
            session.ordered(sealing.ExportContacts(order.path, server), now)
        else:
            self._import(order.path, server, self._settings.files, session, now)

    def _import(self, path: str, server: str, files: Files, session: Session, now: float) -> None:
        try:
            data = files.read(path)
        except UsageError as error:
            self._answer(str(error))
            return
        session.ordered(sealing.ImportContacts(data, server), now)

    def _answer(self, text: str) -> None:
        self._outputs.note(NoteKind.ANSWER, text)


def as_typed(text: str, conversation: Conversation | None) -> str:
    """Return a session's line with the commands in it as they are typed for this conversation.

    A session says `@encrypt on` wherever it is; typed so, it would be about the room.
    """
    if conversation is None or conversation == ROOM:
        return text
    name, is_pair = conversation.name, conversation.scope is Scope.PAIR
    on = f"@encrypt user {name}" if is_pair else f"@group encrypt {name}"
    where = f"@{name}" if is_pair else name
    return _COMMAND.sub(lambda found: on if found[1] == "on" else f"{found[0]} {where}", text)


_COMMAND = re.compile(r"@encrypt (on|off|status|rekey|reset)\b")


def _where(order: Any) -> Conversation:
    if order.with_ is not None:
        return Conversation.pair(order.with_)
    return Conversation.group(order.group) if order.group is not None else ROOM


def _passphrase(order: orders.EncryptPassphrase) -> sealing.SetPassphrase:
    return sealing.SetPassphrase(_where(order), None if order.passphrase == orders.OFF else order.passphrase)


ORDERS: dict[type, Callable[[Any], sealing.Order]] = {
    orders.EncryptOn: lambda order: sealing.Arm(ROOM, order.passphrase),
    orders.EncryptClosed: lambda order: sealing.Arm(
        ROOM, is_closed=True, names=None if order.users is None else tuple(order.users)
    ),
    orders.EncryptUser: lambda order: sealing.Arm(Conversation.pair(order.user)),
    orders.EncryptGroup: lambda order: sealing.Arm(
        Conversation.group(order.group), names=None if order.users is None else tuple(order.users)
    ),
    orders.EncryptOff: lambda order: sealing.Disarm(_where(order)),
    orders.EncryptPassphrase: _passphrase,
    orders.EncryptAdd: lambda order: sealing.Let(tuple(order.users), is_in=True),
    orders.EncryptRemove: lambda order: sealing.Let(tuple(order.users), is_in=False),
    orders.EncryptStatus: lambda order: sealing.AskStatus(_where(order)),
    orders.EncryptRekey: lambda order: sealing.Rekey(_where(order)),
    orders.EncryptReset: lambda order: sealing.Reset(_where(order)),
    orders.Held: lambda order: sealing.Held(sealing.HeldAction.LIST, order.number),
    orders.HeldSend: lambda order: sealing.Held(sealing.HeldAction.SEND, order.number),
    orders.HeldEdit: lambda order: sealing.Held(sealing.HeldAction.EDIT, order.number),
    orders.HeldDrop: lambda order: sealing.Held(sealing.HeldAction.DROP, order.number),
    orders.Verify: lambda order: sealing.Verify(order.user, order.digits),
    orders.TrustAccept: lambda order: sealing.Accept(order.user, order.digits),
    orders.TrustBlock: lambda order: sealing.Block(order.user),
}
"""What a session is told of each order that was typed."""
