"""Who is in a closed conversation of ours: the orders of its owner's person, and nothing else, change the list.

Whom somebody names is bound to the key that counts as theirs at that moment, or, where none was ever seen, to the
first one that is.  A server that refuses, pretends or forgets changes nothing of that: it can only keep people from
being told.
"""

from collections.abc import Iterable

from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.epochs.commit import Commits
from reactor_chat.e2ee.identity import Person
from reactor_chat.e2ee.member_list import Member
from reactor_chat.e2ee.membership.list_keeper import ListKeeper
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import Transition
from reactor_chat.wire.messages import fold, is_name


class Ownership:
    """The list that our person keeps of one conversation.

    Args:
        desk: what all conversations share.
        talk: the conversation.
        keeper: signs the list.
        commits: hand it over.
    """

    def __init__(self, desk: Desk, talk: Talk, keeper: ListKeeper, commits: Commits) -> None:
        self._desk = desk
        self._talk = talk
        self._keeper = keeper
        self._commits = commits

    @property
    def is_ours(self) -> bool:
        """Whether our person keeps the list."""
        return self._keeper.keeps_list

    def add(self, names: Iterable[str]) -> None:
        """Put people on our list; who is on it already is bound to the key that counts now."""
        with self._talk.changing() as record:
            for name in filter(is_name, names):
                known = self._desk.trust.look_up(name)
                if fold(name) != self._desk.me:
                    record.put_on_list(Member(name, known.key if known is not None else b""))
        self._talk.commit.try_afresh()

    def remove(self, names: Iterable[str]) -> None:
        """Take people off our list; they stay out whatever a server says."""
        with self._talk.changing() as record:
            record.strike(set(map(fold, names)) - {self._desk.me})
        self._talk.commit.try_afresh()

    def left(self, name: str) -> None:
        """The server says that somebody left: whoever keeps the list takes them off, which lets nobody in."""
        if not self.is_ours or name == self._desk.me:
            return
        with self._talk.changing() as record:
            was_listed = record.strike({name})
        if was_listed:
            text = f"{name} left {self._talk.wording.inside} and can no longer read it; @add lets them in again"
            self._desk.note(NoteKind.NEWS, text, self._talk.where)

    def take_over(self, names: Iterable[str]) -> None:
        """Our person says that they keep the list of a conversation from now on, and whom it has."""
        with self._talk.changing() as record:
            record.keep_list([self._desk.own_entry], founder=self._desk.me)
        self.add(names)

    def group_created(self, names: Iterable[str]) -> None:
        """A group of ours was created: it is sealed from the beginning, unless our person wants plain text there."""
        self._talk.forget_predecessor()
        if self._desk.settings.private_is_sealed:
            with self._talk.changing() as record:
                record.want()
            self._talk.step(Transition.ARM)
        self.take_over(names)

    def forget_unknown(self, names: Iterable[str]) -> None:
        """Nobody of that name is there: whoever takes it later is not whom our person meant."""
        with self._talk.changing() as record:
            record.strike_unbound(map(fold, names))

    def hand_over(self) -> None:
        """Sign the list over to who inherits, while the others still take that from us."""
        if self.is_ours and self._talk.sync.current and (heir := self._heir()) is not None:
            self._commits.hand_over(heir)

    def tell(self) -> None:
        """Say who is on our list."""
        names = ", ".join(entry.name for entry in self._talk.record.own_list)
        self._desk.note(NoteKind.ANSWER, f"Your list of {self._talk.wording.inside}: {names}", self._talk.where)

    def _heir(self) -> Person | None:
        """Who inherits, as the server does it too: of those who are in, the one who was added first."""
        there = set(self._talk.people.values())
        heirs = (entry.person for entry in self._talk.record.own_list if entry.key != self._desk.own_key)
        return next((person for person in heirs if person in there), None)
