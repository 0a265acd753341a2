"""The next thing that is due in a conversation, whatever happened before: one look, from the state it is in.

plain    a line leaves as it is; where we are in a group we read along
arming   begin it, or ask to be let in; lines are held
sealed   see to members and keys, then seal what is held
frozen   wait for a person
"""

from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.epochs.commit import Commits
from reactor_chat.e2ee.epochs.creation import Creation
from reactor_chat.e2ee.identity import suites
from reactor_chat.e2ee.messages.backlog import Backlog
from reactor_chat.e2ee.messages.outbound import Outbound
from reactor_chat.e2ee.state.desk import Desk, Purpose
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State, Transition
from reactor_chat.e2ee.terms import Claim
from reactor_chat.wire.messages import AskSeals, SealAsk


class Reconciler:
    """Does what is due in one conversation.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        backlog: what waits to be heard.
        creation: begins it.
        commits: change members and keys.
        outbound: what waits to be said.
    """

    def __init__(
        self,
        desk: Desk,
        talk: Talk,
        backlog: Backlog,
        creation: Creation,
        commits: Commits,
        outbound: Outbound,
    ) -> None:
        self._desk = desk
        self._talk = talk
        self._backlog = backlog
        self._creation = creation
        self._commits = commits
        self._outbound = outbound

    def advance(self) -> None:
        """Look at the conversation and do what is due."""
        if not self._desk.is_online:
            return
        if not self._talk.sync.current and self._desk.is_mute and self._talk.may_be_plain:
            self._talk.sync.catch_up()
        if self._talk.is_note_to_self:
            self._outbound.send_held()  # there is nobody to ask about
        elif self._talk.sync.current:
            self._advance_current()
        elif self._desk.is_understood:
            self.ask_how_sealed()

    def ask_how_sealed(self) -> None:
        """Ask the server how it is sealed, unless that is being asked."""
        where = self._talk.where
        if not self._desk.is_asking(Purpose.HOW_SEALED, where):
            request = AskSeals(where.with_, where.group_name, id=self._desk.fresh_id())
            self._desk.ask(request, Purpose.HOW_SEALED, where)

    def _advance_current(self) -> None:
        if not self._backlog.catch_up():
            return
        if self._talk.state is State.ARMING:
            self._arm()
        if self._talk.is_in and self._talk.sync.current and self._talk.state in (State.SEALED, State.PLAIN):
            self._commits.keep_up()
        self._outbound.send_held()

    def _arm(self) -> None:
        talk, pending = self._talk, self._talk.commit.pending
        if pending is not None and pending.is_creation:
            self._commits.send_pending()
        elif talk.commit.failed_too_often:
            pass  # the server takes nothing we try; the next connection tries again
        elif talk.sync.begins_anew:
            if self._has_its_passphrase():
                talk.sync.end_beginning_anew()
                self._create_anew()
        elif talk.is_in:
            talk.step(Transition.ESTABLISH)
        elif talk.record.claim is not None:
            self._ask_in(talk.record.claim)
        elif self._has_its_passphrase() and self._is_meant_to_begin():
            self._creation.begin()

    def _is_meant_to_begin(self) -> bool:
        """Whether our person has something to say there, or ordered that it be sealed."""
        record = self._talk.record
        return bool(self._talk.lines.ready) or record.is_wanted or record.is_kept_by(self._desk.own_key)

    def _create_anew(self) -> None:
        """Create another group, of a suite no weaker than what was agreed to, or than what there is now."""
        claim, strength = self._talk.record.claim, self._talk.record.strength
        if claim is None:
            self._creation.begin()
            return
        known = [claim.suite] if strength is None else [claim.suite, strength.suite]
        self._creation.create(min(filter(suites().__contains__, known), key=suites().index, default=suites()[0]))

    def _has_its_passphrase(self) -> bool:
        """Whether the key of the passphrase is here, where our person or the terms require one."""
        strength = self._talk.record.strength
        return strength is None or strength.kdf is None or self._talk.passphrase.key is not None

    def _ask_in(self, claim: Claim) -> None:
        """Ask to be let in, once on each connection; with a passphrase, only once its key is there."""
        talk, where = self._talk, self._talk.where
        if talk.sync.has_asked or talk.retry.must_wait(self._desk.now):
            return
        if claim.kdf is not None and talk.passphrase.key is None:
            if talk.passphrase.pending_salt is None and talk.sync.tell_once():
                todo = "Type @encrypt on <passphrase> to take part"
                text = f"{self._talk.wording.first} is encrypted with a passphrase. {todo}"
                self._desk.note(NoteKind.NEWS, text, where)
            return
        talk.sync.ask_in()
        if talk.sync.listed and claim.by == self._desk.me and talk.record.strength is None:
            self._desk.note(NoteKind.ALARM, f"The keys of {self._talk.wording.inside} are no longer here", where)
        request = SealAsk(where.with_, where.group_name, lost=talk.sync.listed, id=self._desk.fresh_id())
        self._desk.ask(request, Purpose.BE_LET_IN, where)
