"""Those who were let in without a record, because the journal takes none: they read, and change nothing.

Nobody else is told of them, and they are in no list.  A guest begins as somebody new, and reads what everybody may; an
owner reads what is the owner's.  When the journal takes records again, each enters as if it came then.
"""

from collections.abc import Iterator

from reactor_chat.chat.boundary import Deliver, DeliverAll
from reactor_chat.chat.case import Change
from reactor_chat.chat.logins import Logins
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.session import Session, SessionState
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.roster import Roster
from reactor_chat.wire.messages import Login, Notice, Refused, fold

NO_SPACE = Refused("no_space", "The server cannot store messages right now. You can read; try sending later")
FULL = Refused("no_space", "The server's disk is full: you can read, and nothing you send is kept until there is space")
READ_ONLY = Refused("no_space", "The server is read-only: you can read, and nothing you send is kept")


class Readers:
    """Who reads, by folded name.

    Args:
        state: says who owns which name.
    """

    def __init__(self, state: ChatState) -> None:
        self._state = state
        self._reading: dict[str, tuple[Session, Login]] = {}

    def __bool__(self) -> bool:
        return bool(self._reading)

    def refuses(self, login: Login) -> bool:
        """Return whether somebody reads under a name that a login is for, and nobody owns it."""
        return fold(login.name) in self._reading and self._state.identity.claim_of(login.name) is None

    def add(self, session: Session, login: Login) -> None:
        """Let somebody read under a name; a guest, and whoever would claim the name, is nobody yet."""
        claim = self._state.identity.claim_of(login.name)
        is_owner = self._is_owner(login)
        session.name = login.name
        session.since = claim.since if claim is not None and is_owner else self._state.seq + 1
        self._reading[fold(login.name)] = (session, login)

    def _is_owner(self, login: Login) -> bool:
        claim = self._state.identity.claim_of(login.name)
        return claim is not None and claim.key == login.key

    def session_of(self, name: str) -> Session | None:
        """Return who reads under a name."""
        found = self._reading.get(fold(name))
        return found[0] if found is not None else None

    def owners_conns(self, names: list[str]) -> list[int]:
        """Return the connections of those of these people who own their names and read."""
        readers = (self._reading.get(fold(name)) for name in names)
        return [found[0].conn for found in readers if found is not None and self._is_owner(found[1])]

    def conns_but(self, session: Session) -> list[int]:
        """Return the connections of everybody else who reads."""
        return [reader.conn for reader, _ in self._reading.values() if reader is not session]

    def superseded(self, name: str, unless: Session) -> Session | None:
        """Return who reads under a name that enters now, or reads by another connection; forget who enters itself."""
        reader = self.session_of(name)
        if reader is unless:
            self.remove(unless)
            return None
        return reader

    def entering(self, logins: Logins, pending: Pending) -> Iterator[tuple[Session, Change]]:
        """Yield the changes by which those enter who only read so far; each is on its way when the next is made."""
        for session, login in list(self._reading.values()):
            if not session.transactions and pending.blocking(logins.read_set(login)) is None:
                change = logins.admit(login, pending.sequencer(), pending.clock)
                if isinstance(change, Change):
                    yield session, change

    def remove(self, session: Session) -> None:
        """Forget somebody, who entered or left; nothing happens where somebody else reads under that name."""
        if self.session_of(session.name) is session:
            del self._reading[fold(session.name)]


def told(
    notice: Notice, audience: list[str] | None, roster: Roster, readers: Readers, by: Session | None
) -> Deliver | DeliverAll:
    """Return to whom a notice goes of what has happened.

    Args:
        audience: the names of those it concerns; None for everyone.
        by: whose request it was; whoever enters that reads already was welcome before, and is not told of it.
    """
    if by is not None and by.state is SessionState.READING:
        return Deliver([*roster.conns_of(roster.names()), *readers.conns_but(by)], notice)
    if audience is None:
        return DeliverAll(notice)
    conns = roster.conns_of(audience)
    return Deliver(conns + readers.owners_conns(audience) if readers else conns, notice)
