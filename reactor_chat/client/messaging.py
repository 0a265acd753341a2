"""What is said and heard once one is in: typed lines on their way out, notices on their way in, sealed or not.

Where there is a session (the name has a key), everything said to others goes through it and everything heard is told
to it first; what it writes down is committed with the rest of the turn, before any of it leaves or is shown.  Without
one, a guest's, everything is plain and nothing can be sealed.
"""

import re
from collections.abc import Callable
from typing import Any, Protocol

from msgspec import structs

from reactor_chat.client.boundary import Arrived, Draft, Files, Note, NoteKind, OutputQueue, Settings
from reactor_chat.client.commands.invitation import invitation
from reactor_chat.client.commands.own_orders import OwnOrders
from reactor_chat.client.connecting.link import Link
from reactor_chat.client.connecting.returning import Returning
from reactor_chat.client.directory import Directory
from reactor_chat.client.greeting import LINES_MAX, Greeting
from reactor_chat.client.inbox import request_concluded, request_echoed
from reactor_chat.client.mailbox import Mailbox, annotation_of
from reactor_chat.client.outbox import WAITING_MAX
from reactor_chat.client.store.vault import Vault
from reactor_chat.client.terminal.lines import is_utf_8
from reactor_chat.e2ee import boundary as sealing
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.e2ee.conversation import ROOM, Conversation, Scope, Spoken, where_said
from reactor_chat.e2ee.group_orders import GroupRequest
from reactor_chat.e2ee.outgoing import Plain
from reactor_chat.e2ee.session import Session
from reactor_chat.e2ee.states import State
from reactor_chat.errors import MessageInvalid, MessageUnknown, UsageError
from reactor_chat.text import orders
from reactor_chat.text.help_topics import overview
from reactor_chat.text.opening import is_blank, split_opening
from reactor_chat.text.parser import first_word, parse_typed
from reactor_chat.text.render import NO_ANNOTATION
from reactor_chat.text.server_words import BAD_ANSWER
from reactor_chat.wire.codec import decode_notice
from reactor_chat.wire.messages import (
    AskGroups,
    AskHistory,
    AskNames,
    HelpAnswer,
    HistoryAnswer,
    Notice,
    Quit,
    Refused,
    Request,
    Welcome,
    is_name,
)
from reactor_chat.wire.transcript import NO_BINDING, pin_of

ASKED_FOR = "-"
NONSENSE = "The server sent something that makes no sense; it was ignored"
NO_KEY = "A guest has no key and cannot encrypt. Connect without --guest"

NOTES: dict[sealing.NoteKind, NoteKind] = {
    sealing.NoteKind.ANSWER: NoteKind.ANSWER,
    sealing.NoteKind.NEWS: NoteKind.NEWS,
    sealing.NoteKind.ALARM: NoteKind.ALARM,
}


class OpenSession(Protocol):
    """Opens what a name has sealed; the rows are its store's."""

    def __call__(self, name: str, vault: Vault, fresh_id: Callable[[], str]) -> Session:
        """Return the session of a name, to which the vault was turned; raises StorageError."""


class Messaging:
    """One client's talk.

    Args:
        settings: of the engine.
        vault: where everything is kept.
        outputs: where what is to be shown gathers.
        open_session: makes the session of a name; None for a guest.

    Attributes:
        mailbox: what came, and what waits to be sent.
        directory: people and groups heard of.
        link: the present connection.
        session: seals and opens; None for a guest.
        wants_passphrase: whether the next typed line is taken as one.
    """

    def __init__(
        self, settings: Settings, vault: Vault, outputs: OutputQueue, open_session: OpenSession | None
    ) -> None:
        self.mailbox = Mailbox(vault, settings.time_of_day)
        self.directory = Directory()
        self.link = Link(0.0)
        self.session: Session | None = None
        self.wants_passphrase = False
        self._settings = settings
        self._vault = vault
        self._outputs = outputs
        self._open_session = open_session
        self._ids_given = 0
        self._passphrase_for: orders.Order | None = None  # whose passphrase is typed next
        self._returning = Returning(settings, outputs)
        self._greeting = Greeting(outputs)
        self._own = OwnOrders(settings, outputs, self._ask_unseen, self._ask_seen)
        self._binding: bytes | None = None  # of the server that let us in last
        self._me = settings.name or ""

    def turn_to(self, name: str, now: float) -> None:
        """Turn to what belongs to a name; nothing, where that is the present one."""
        self._me = name
        typed = self._give_back() if self.mailbox.is_other(name) else []
        if self.mailbox.turn_to(name) and self._open_session is not None:
            with self.mailbox.keeping():
                self.session = self._open_session(name, self._vault, self.fresh_id)
                self.mailbox.kept_count += self.held_count
                for request in typed:
                    self.session.said(request, now)

    def _give_back(self) -> list[Spoken]:
        """Take what was typed in this run and has not left from the session: nobody is there to say it as."""
        with self.mailbox.keeping():
            return self.session.give_back(f"{self._settings.id_prefix}-") if self.session is not None else []
        return []

    def last_words(self, *, was_let_in: bool) -> list[Note]:
        """Return what is to be said, when a run ends, about what was typed and not answered."""
        held = self.session.held if self.session is not None and was_let_in else self._give_back()
        return self.mailbox.last_words(held, was_let_in=was_let_in)

    # ------------------------------------------------------------------------------------------ what is asked

    def fresh_id(self) -> str:
        """Return a request id that nobody ever gave."""
        self._ids_given += 1
        return f"{self._settings.id_prefix}-{self._ids_given}"

    def hidden_id(self) -> str:
        """Return one for a question of our own, whose answer nobody sees."""
        fresh = self.fresh_id()
        self.link.hidden_ids.add(fresh)
        return fresh

    def _ask_unseen(self, request: AskHistory | AskNames) -> str:
        asked = self.hidden_id()
        self.link.send(structs.replace(request, id=asked))
        return asked

    def _ask_seen(self, page: AskHistory) -> None:
        page = structs.replace(page, id=self.fresh_id())
        self._own.pages.asked(page)
        self.mailbox.outbox.add(page)

    @property
    def is_full(self) -> bool:
        """Whether no more should be read from a pipe for now."""
        return self.mailbox.outbox.is_full or self.held_count >= WAITING_MAX

    @property
    def is_waiting(self) -> bool:
        """Whether anything typed is not sent, not answered or not cleared up."""
        return bool(len(self.mailbox.outbox) or self.held_count or self._own.pages.is_searching)

    @property
    def held_count(self) -> int:
        """How many typed lines wait to be sealed."""
        return self.session.held_count if self.session is not None else 0

    @property
    def next_deadline(self) -> float | None:
        """When `tick` should be called next, monotonic seconds."""
        own = self.session.next_deadline if self.session is not None else None
        return min((at for at in (own, self._returning.deadline) if at is not None), default=None)

    def posture(self, typed: str) -> Posture:
        """Return what becomes of a line as far as it is typed now; of what is no message, of one to everyone."""
        return self.session.posture(_where_typed(typed)) if self.session is not None else Posture.PLAIN

    # ------------------------------------------------------------------------------------------ what people type

    def typed(self, line: str, now: float) -> Quit | None:
        """Take one line that is not blank; return it where it asks to leave."""
        if self.wants_passphrase:
            self._passphrase_typed(line, now)
            return None
        if is_blank(line):
            return None
        parsed = parse_typed(line, self.fresh_id()) if is_utf_8(line) else Refused("bad_text", "This is not UTF-8")
        if isinstance(parsed, Quit):
            return parsed
        if isinstance(parsed, Refused):
            self._refuse(parsed)
        elif isinstance(parsed, orders.Order):
            self._order(parsed, now)
        else:
            self._ask(parsed, now)
        return None

    def _refuse(self, refused: Refused) -> None:
        # A pipe reads its answers in the order of its lines; a person learns of a typo at once.
        if self._settings.interactive:
            self._outputs.refuse(refused.code, refused.text)
        else:
            self.mailbox.outbox.add(refused)

    def _ask(self, request: Request, now: float) -> None:
        outbox = self.mailbox.outbox
        if outbox.is_overfull:
            self._outputs.refuse("too_many", "Too many unsent messages; this one was not sent")
        elif not isinstance(request, Spoken):
            outbox.add(request)
            if isinstance(request, AskHistory):
                self._own.pages.asked(request)
            if self.session is not None and isinstance(request, GroupRequest):
                with self.mailbox.keeping():
                    self.session.did(request, now)
        elif self.session is None:
            outbox.say(Plain(request, where_said(request), State.PLAIN))
        else:
            with self.mailbox.keeping():
                self.session.said(request, now)

    def _order(self, order: orders.Order, now: float) -> None:
        if isinstance(order, orders.OwnOrder):
            with self.mailbox.keeping():
                self._own.ordered(order, self._me, has_key=self.session is not None)
        elif self.session is None:
            self._refuse(Refused("not_allowed", NO_KEY))
        elif getattr(order, "passphrase", None) == ASKED_FOR:
            self.wants_passphrase = True
            self._passphrase_for = order
            if self._settings.interactive:
                self._outputs.note(
                    NoteKind.QUESTION, "Type the passphrase; it is not shown, and an empty line gives up"
                )
        elif isinstance(order, orders.ContactsExport | orders.ContactsImport | orders.Invite):
            self._order_with_server(order, self.session, now)
        else:
            with self.mailbox.keeping():
                self.session.ordered(ORDERS[type(order)](order), now)

    def _order_with_server(
        self, order: orders.ContactsExport | orders.ContactsImport | orders.Invite, session: Session, now: float
    ) -> None:
        """Do what needs to know which server it is about: names belong to one server."""
        if self._binding is None:
            self._outputs.note(NoteKind.ANSWER, "That needs a connection. Try again when there is one")
            return
        server = "" if self._binding == NO_BINDING else pin_of(self._binding)
        if isinstance(order, orders.Invite):
            for line in invitation(self._settings.address, self._binding, self._me, session.desk.own_key):
                self._outputs.note(NoteKind.ANSWER, line)
        elif self._settings.files is None:
            self._outputs.note(NoteKind.ANSWER, "This client cannot use files")
        elif isinstance(order, orders.ContactsExport):
            with self.mailbox.keeping():
                session.ordered(sealing.ExportContacts(order.path, server), now)
        else:
            self._import(order.path, server, self._settings.files, session, now)

    def _import(self, path: str, server: str, files: Files, session: Session, now: float) -> None:
        try:
            data = files.read(path)
        except UsageError as error:
            self._outputs.note(NoteKind.ANSWER, str(error))
            return
        with self.mailbox.keeping():
            session.ordered(sealing.ImportContacts(data, server), now)

    def _passphrase_typed(self, line: str, now: float) -> None:
        self.wants_passphrase, order = False, self._passphrase_for
        if not line.strip() or order is None:
            self._outputs.note(NoteKind.ANSWER, "Nothing was changed: no passphrase was given")
        elif self.session is not None:
            with self.mailbox.keeping():
                typed = structs.replace(order, passphrase=line)
                self.session.ordered(ORDERS[type(order)](typed), now)

    # ------------------------------------------------------------------------------------------ what the server says

    def comes_back(self, welcome: Welcome, gone_seconds: float, now: float) -> None:
        """The server lets us in again, and what we missed follows."""
        is_other = self.mailbox.inbox.is_other_log(welcome)
        self._returning.begin(self._me, self.directory.users, gone_seconds, now, is_other_log=is_other)

    def replayed(self, now: float) -> None:
        """Everything that we missed has come."""
        self._returning.replayed(now)

    def welcomed(self, now: float) -> None:
        """The server let us in."""
        self._own.pages.go_on()
        if self._settings.greets and self._binding is None:
            if not self.link.replays:
                self._greeting.history_id = self._ask_unseen(AskHistory(LINES_MAX))
            self._greeting.names_id = self._ask_unseen(AskNames())
        self._binding = self.link.binding
        if self._settings.curious:
            self.link.send(AskNames(id=self.hidden_id()))
            self.link.send(AskGroups(id=self.hidden_id()))
        if self.session is not None:
            with self.mailbox.keeping():
                self.session.logged_in(now, self.link.sealed_members_max)

    def cut(self) -> None:
        """The connection is gone."""
        if self.session is not None:
            self.session.cut()

    def read(self, payload: bytes) -> Notice | None:
        """Return what a payload says; None where nothing in it is for us.

        An answer that makes no sense is a refusal: whoever waits for it must not wait for ever.  A number in what makes
        no sense does not count as heard: should nothing else come, the next login asks for it again.
        """
        try:
            return decode_notice(payload)
        except MessageUnknown:
            return None  # a newer server may say more than we understand (PROTOCOL §1)
        except MessageInvalid as error:
            if not self.link.is_nonsense_told:
                self.link.is_nonsense_told = True
                self._outputs.note(NoteKind.ALARM, NONSENSE)
            return None if error.request_id is None else Refused("bad_answer", BAD_ANSWER, error.request_id)

    def answered(self, notice: Notice, me: str, now: float) -> None:
        """Note what a notice answers; where the person was told that no answer comes, tell them that one has."""
        link, concluded = self.link, request_concluded(notice)
        link.answered(request_echoed(notice, me), now)
        link.answered(getattr(notice, "re", None), now, is_last=concluded is not None)
        if link.is_doubted and (link.asked_at is None or link.asked_at >= now):
            link.is_doubted = False
            self._outputs.note(NoteKind.NEWS, "The server answers again")

    def doubt_link(self) -> None:
        """Tell the person that something they sent is not answered."""
        self.link.is_doubted = True
        doubt, limit = round(self._settings.doubt_seconds), round(self._settings.answer_seconds_max)
        self._outputs.note(NoteKind.NEWS, f"No answer for {doubt} s…  The client connects again after {limit} s")

    def heard(self, arrived: Arrived, me: str, now: float) -> str | None:
        """Take the next notice after a welcome, and show it where it is to be shown.

        Returns:
            The hidden question that it concludes, where it does.
        """
        notice = arrived.notice
        self.directory.learn(notice, me)
        is_new = self.mailbox.inbox.is_new(notice)
        is_taken = is_new and self._noticed(notice, now)
        is_hidden = getattr(notice, "re", None) in self.link.hidden_ids
        if isinstance(notice, HistoryAnswer):
            self._own.pages.heard(notice)
        if is_hidden:
            self._greeting.heard(self._enriched(arrived), me)
        if is_taken or (is_new and self._returning.takes(notice)):
            self.mailbox.inbox.pass_over(notice)
        elif is_new and not is_hidden:
            self._outputs.show(self.mailbox.inbox.let_through(self._enriched(arrived)))
        if is_hidden:
            return request_concluded(notice)
        self.mailbox.concluded(notice, me)
        return None

    def _noticed(self, notice: Notice, now: float) -> bool:
        if self.session is None:
            return False
        with self.mailbox.keeping():
            return self.session.noticed(notice, now)
        return False

    def _enriched(self, arrived: Arrived) -> Arrived:
        """An answer with what only we can add to it: our own commands, sealed messages as they were opened."""
        notice, session = arrived.notice, self.session
        if isinstance(notice, HelpAnswer):  # ours, whatever the server says: it is we who read what is typed
            ours = structs.replace(notice, text=overview(has_key=session is not None))
            return Arrived(ours, is_own=True)
        if session is None or not isinstance(notice, HistoryAnswer):
            return arrived
        with self.mailbox.keeping():
            shown = [session.recall(one) for one in notice.messages]
            messages = [one.notice if one else old for one, old in zip(shown, notice.messages, strict=True)]
            annotations = tuple(annotation_of(one) if one else NO_ANNOTATION for one in shown)
            page = structs.replace(notice, messages=messages)
            return Arrived(page, None, annotations)
        return arrived

    # ------------------------------------------------------------------------------------------ time and the child

    def tick(self, now: float) -> None:
        """Do what is due in the session, and for those who come back."""
        self._returning.tick(now)
        if self.session is not None and (self.session.next_deadline or now + 1) <= now:
            with self.mailbox.keeping():
                self.session.tick(now)

    def derived(self, job: int, key: bytes | None, now: float) -> None:
        """Take the key of a passphrase; None where none could be computed."""
        if self.session is not None:
            with self.mailbox.keeping():
                self.session.derived(job, key, now)

    def gather(self, *, is_live: bool) -> None:
        """Put what the session wants done where it is done: outbox, connection, archive, screen."""
        if self.session is None:
            return
        outcome = self.session.take()
        for message in outcome.messages:
            self.mailbox.outbox.say(message)
        for request in outcome.requests if is_live else ():
            self.link.send(request)
        for shown in outcome.shown:
            self._outputs.show(self.mailbox.opened(shown))
        for note in outcome.notes:
            self._note(note)
        for job in outcome.jobs:
            self._outputs.do(job)
        for draft in outcome.drafts:
            self._outputs.show(Draft(draft))

    def _note(self, note: sealing.Note) -> None:
        """Say what a session has to say, once a file that it speaks of is written."""
        if isinstance(note.beside, sealing.ContactsFile) and self._settings.files is not None:
            try:
                self._settings.files.write(note.beside.path, note.beside.data)
            except UsageError as error:
                self._outputs.note(NoteKind.ANSWER, str(error))
                return
        code = note.beside if isinstance(note.beside, sealing.QrCode) else sealing.QrCode("")
        self._outputs.note(NOTES[note.kind], as_typed(note.text, note.conversation), *code)


def _where_typed(typed: str) -> Conversation:
    """Where a line goes, as far as one can tell from its beginning."""
    parsed = parse_typed(typed)
    if isinstance(parsed, Spoken):
        return where_said(parsed)
    _, bare = split_opening(typed)
    word = first_word(bare[1:])[0] if bare.startswith("@") else ""
    is_person = isinstance(parsed, Refused) and is_name(word) and parsed.code == "invalid_command"
    return Conversation.pair(word) if is_person and not isinstance(parse_typed(f"@{word} x"), Refused) else ROOM


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
