"""What is said and heard once one is in: typed lines on their way out, notices on their way in, sealed or not."""

from msgspec import structs

from reactor_chat.client.boundary import Arrived, Draft, Note, NoteKind, OutputCollector, Settings
from reactor_chat.client.commands.own_orders import OwnOrders
from reactor_chat.client.commands.session_orders import SessionOrders
from reactor_chat.client.connecting.link import Link
from reactor_chat.client.connecting.own_questions import OwnQuestions
from reactor_chat.client.connecting.request_ids import RequestIds
from reactor_chat.client.connecting.returning import Returning
from reactor_chat.client.directory import Directory
from reactor_chat.client.inbox import request_concluded, request_echoed
from reactor_chat.client.mailbox import Mailbox
from reactor_chat.client.outbox import WAITING_MAX
from reactor_chat.client.program_requests import ProgramRequests
from reactor_chat.client.sealing import OpenSession, Sealing
from reactor_chat.client.store.vault import Vault
from reactor_chat.e2ee.orders.group_orders import GroupRequest
from reactor_chat.errors import MessageInvalid, MessageUnknown
from reactor_chat.text import orders
from reactor_chat.text.opening import is_blank
from reactor_chat.text.parser import parse_typed
from reactor_chat.text.safe import is_utf_8
from reactor_chat.text.server_words import BAD_ANSWER
from reactor_chat.wire.codec import decode_notice
from reactor_chat.wire.conversation import Spoken
from reactor_chat.wire.messages import AskHistory, HistoryAnswer, Notice, Quit, Refused, Request, Welcome

NONSENSE = "The server sent something that makes no sense; it was ignored"
TOO_MANY = "Too many unsent messages; this one was not sent"
NOT_LOGGED_IN = "There is no name to ask this under, or the client is about to leave"
NO_KEY = "A guest has no key and cannot encrypt. Connect without --guest"


class Messaging:
    """Everything that one client says and hears.

    Args:
        settings: of the engine.
        vault: where everything is kept.
        outputs: where what is to be shown gathers.
        open_session: makes the session of a name; None for a guest.

    Attributes:
        mailbox: what came, and what waits to be sent.
        directory: people and groups heard of.
        link: the present connection.
        questions: what the client itself asks over it.
        sealing: the session, where there is one.
        orders: what is ordered of it.
        asked: what a program asked and has no last answer to.
    """

    def __init__(
        self, settings: Settings, vault: Vault, outputs: OutputCollector, open_session: OpenSession | None
    ) -> None:
        self.mailbox = Mailbox(vault, settings.time_of_day)
        self.directory = Directory()
        self.link = Link(0.0)
        self.sealing = Sealing(vault, self.mailbox, open_session)
        self.orders = SessionOrders(settings, outputs)
        self.asked = ProgramRequests(outputs)
        self._settings = settings
        self._outputs = outputs
        self._request_ids = RequestIds(settings.id_prefix)
        self.questions = OwnQuestions(settings, outputs, self._request_ids)
        self._returning = Returning(settings, outputs)
        self._own = OwnOrders(settings, outputs, self._ask_unseen, self._ask_seen)
        self._me = settings.name or ""

    def turn_to(self, name: str, now: float) -> None:
        """Turn to what belongs to a name; nothing, where that is the present one."""
        self._me = name
        typed = self._give_back() if self.mailbox.is_other(name) else []
        if self.mailbox.turn_to(name):
            self.sealing.open(name, self._request_ids.fresh, typed, now)

    def _give_back(self) -> list[Spoken]:
        """Take what was typed in this run and has not left from the session."""
        return self.sealing.give_back(self._request_ids.beginning)

    def last_words(self, *, was_let_in: bool) -> list[Note]:
        """Return what is to be said, when a run ends, about what was typed and not answered."""
        held = self.sealing.held if was_let_in else self._give_back()
        return self.mailbox.last_words(held, was_let_in=was_let_in)

    # ------------------------------------------------------------------------------------------ what is asked

    def _ask_unseen(self, page: AskHistory) -> str:
        return self.questions.ask(page, self.link)

    def _ask_seen(self, page: AskHistory) -> None:
        page = structs.replace(page, id=self._request_ids.fresh())
        self._own.pages.asked(page)
        self.mailbox.outbox.add(page)

    @property
    def is_full(self) -> bool:
        """Whether no more should be read from a pipe for now."""
        return self.mailbox.outbox.is_full or self.sealing.held_count >= WAITING_MAX

    @property
    def is_waiting(self) -> bool:
        """Whether anything typed is not sent, not answered or not cleared up."""
        return bool(len(self.mailbox.outbox) or self.sealing.held_count or self._own.pages.is_searching)

    @property
    def changes_waiting(self) -> int:
        """How much of what was typed is not known to be stored by the server."""
        return self.mailbox.outbox.changes_waiting + self.sealing.held_count

    @property
    def next_deadline(self) -> float | None:
        """When `tick` should be called next, monotonic seconds."""
        session = self.sealing.session
        own = session.next_deadline if session is not None else None
        return min((at for at in (own, self._returning.deadline) if at is not None), default=None)

    # ------------------------------------------------------------------------------------------ what people type

    def typed(self, line: str, now: float) -> Quit | None:
        """Take one line that is not blank; return it where it asks to leave."""
        if self.orders.wants_passphrase:
            with self.mailbox.keeping():
                self.orders.passphrase_typed(line, self.sealing.session, now)
            return None
        if is_blank(line):
            return None
        if is_utf_8(line):
            parsed = parse_typed(line, self._request_ids.fresh())
        else:
            parsed = Refused("bad_text", "This is not UTF-8")
        if isinstance(parsed, Quit):
            return parsed
        if isinstance(parsed, Refused):
            self._refuse(parsed)
        elif isinstance(parsed, orders.Order):
            self._order(parsed, now)
        elif self.mailbox.outbox.is_overfull:
            self._outputs.refuse("too_many", TOO_MANY)
        else:
            self._send(parsed, now)
            if isinstance(parsed, AskHistory):
                self._own.pages.asked(parsed)
        return None

    def ask(self, request: Request, now: float, *, is_leaving: bool = False) -> str:
        """Take a request of a program; see `Engine.ask`.  Where nothing is sent any more, or not yet, say so."""
        request_id = request.id or self._request_ids.fresh()
        request = structs.replace(request, id=request_id)
        is_waiting = request_id in self._waiting_ids()
        self.asked.add(request)
        if is_leaving:
            self.asked.refuse(request_id, "not_allowed", NOT_LOGGED_IN)
        elif self.mailbox.outbox.is_overfull:
            self.asked.refuse(request_id, "too_many", TOO_MANY)
        elif not is_waiting:
            self._send(request, now)
        return request_id

    def _waiting_ids(self) -> set[str | None]:
        return self.mailbox.outbox.ids() | {request.id for request in self.sealing.held}

    def _refuse(self, refused: Refused) -> None:
        # A pipe reads its answers in the order of its lines; a person learns of a typo at once.
        if self._settings.interactive:
            self._outputs.refuse(refused.code, refused.text)
        else:
            self.mailbox.outbox.add(refused)

    def _send(self, request: Request, now: float) -> None:
        """Put a request on its way: through the session, where it is said to others and there is one."""
        if isinstance(request, Spoken):
            self.sealing.said(request, now)
            return
        self.mailbox.outbox.add(request)
        if isinstance(request, GroupRequest):
            self.sealing.did(request, now)

    def _order(self, order: orders.Order, now: float) -> None:
        session = self.sealing.session
        with self.mailbox.keeping():
            if isinstance(order, orders.OwnOrder):
                self._own.ordered(order, self._me, has_key=session is not None)
            elif session is None:
                self._refuse(Refused("not_allowed", NO_KEY))
            else:
                self.orders.ordered(order, session, self._me, now)

    # ------------------------------------------------------------------------------------------ what the server says

    def connected(self, now: float, binding: bytes) -> None:
        """There is a connection; see `Link`."""
        self.link = Link(now, binding, self._settings.invite)

    def comes_back(self, welcome: Welcome, gone_seconds: float, now: float) -> None:
        """The server lets us in again, and what we missed follows."""
        is_other = self.mailbox.inbox.is_other_log(welcome)
        self._returning.begin(self._me, self.directory.users, gone_seconds, now, is_other_log=is_other)

    def welcomed(self, welcome: Welcome, now: float, *, is_first: bool) -> None:
        """The server let us in: find out what became of what was sent, and ask for what we want to know.

        Args:
            welcome: what it said.
            now: monotonic seconds.
            is_first: of this run.
        """
        self.directory.forget()
        if not is_first:
            self.mailbox.outbox.after_cut(ids_remembered=not welcome.guest)
        self.questions.ask_for_end_of_replay(self.link)
        self._own.pages.go_on()
        self.orders.binding = self.link.binding
        self.questions.ask_who_is_here(self.link, is_first=is_first)
        self.sealing.logged_in(now, self.link.sealed_members_max)

    def cut(self, now: float) -> None:
        """The connection is gone, and with it what was not sent yet: it was meant for that one."""
        self.link = Link(now)
        if self.sealing.session is not None:
            self.sealing.session.cut()

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

    def _answered(self, notice: Notice, now: float) -> None:
        """Note what a notice answers; where the person was told that no answer comes, tell them that one has."""
        link, concluded = self.link, request_concluded(notice)
        link.answered(request_echoed(notice, self._me), now)
        link.answered(getattr(notice, "re", None), now, is_last=concluded is not None)
        if link.is_doubted and (link.asked_at is None or link.asked_at >= now):
            link.is_doubted = False
            self._outputs.note(NoteKind.LINK, "The server answers again")

    def doubt_link(self) -> None:
        """Tell the person that something they sent is not answered."""
        self.link.is_doubted = True
        doubt, limit = round(self._settings.doubt_seconds), round(self._settings.answer_seconds_max)
        self._outputs.note(NoteKind.LINK, f"No answer for {doubt} s…  The client connects again after {limit} s")

    def heard(self, arrived: Arrived, now: float) -> None:
        """Take the next notice after a welcome, and show it where it is to be shown."""
        notice = arrived.notice
        self._answered(notice, now)
        self.directory.learn(notice, self._me)
        is_new = self.mailbox.inbox.is_new(notice)
        is_taken = is_new and self.sealing.noticed(notice, now)
        answers = getattr(notice, "re", None)
        is_hidden = answers in self.link.hidden_ids
        if isinstance(notice, HistoryAnswer):
            self._own.pages.heard(notice)
        if is_hidden:
            self.questions.heard(self.sealing.enriched(arrived), self._me)
        if is_taken or (is_new and self._returning.takes(notice)):
            self.mailbox.inbox.pass_over(notice)
        elif answers in self.asked:
            self.asked.answered(self.sealing.enriched(arrived))
        elif is_new and not is_hidden:
            self._outputs.show(self.mailbox.inbox.let_through(self.sealing.enriched(arrived)))
        if is_hidden:
            if self.questions.concluded(request_concluded(notice), self.link):
                self._replayed(now)
        else:
            self.asked.echoed(request_echoed(notice, self._me), notice)
            self.mailbox.concluded(notice, self._me)

    def _replayed(self, now: float) -> None:
        """Everything that we missed has come: what of ours was not among it perhaps never arrived."""
        self._returning.replayed(now)
        doubtful = self.mailbox.outbox.give_up_doubtful()
        self._outputs.show(*self.mailbox.doubt("Perhaps not delivered", doubtful))

    # ------------------------------------------------------------------------------------------ time and the child

    def tick(self, now: float) -> None:
        """Do what is due in the session, and for those who come back."""
        self._returning.tick(now)
        self.sealing.tick(now)

    def gather(self, *, is_live: bool) -> None:
        """Put what the session wants done where it is done: outbox, connection, archive, screen."""
        if self.sealing.session is None:
            return
        wanted = self.sealing.session.take()
        for message in wanted.messages:
            self.mailbox.outbox.say(message)
        for request in wanted.requests if is_live else ():
            self.link.send(request)
        for shown in wanted.shown:
            self._outputs.show(self.mailbox.opened(shown)._replace(is_missed=self.link.is_replaying))
        for note in wanted.notes:
            self.orders.tell(note)
        for job in wanted.jobs:
            self._outputs.do(job)
        for draft in wanted.drafts:
            self._outputs.show(Draft(draft))

    def send_waiting(self) -> None:
        """Send what is in the outbox and may be sent now; refuse what is too long for the server."""
        outbox = self.mailbox.outbox
        while (item := outbox.next()) is not None:
            if isinstance(item, Refused):
                self._outputs.refuse(item.code, item.text)
            elif not self.link.send(item):
                outbox.answered(item.id)
                text = f"This is longer than the {self.link.frame_bytes_max} bytes that the server takes"
                if item.id is not None and item.id in self.asked:
                    self.asked.refuse(item.id, "too_long", text)
                else:
                    self._outputs.refuse("too_long", text, item.id)

    def settle(self) -> None:
        """Answer a program what nobody else will answer any more."""
        if self.asked:
            self.asked.settle(self._waiting_ids())
