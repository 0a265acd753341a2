"""Every connection's session: found by its number or by a name, let in, told, and closed."""

from msgspec import structs

from reactor_chat.chat.boundary import Close, Connected, Deliver, Effect, LoggedIn
from reactor_chat.chat.readers import Readers
from reactor_chat.chat.session import Session, SessionState
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.wire import messages as m
from reactor_chat.wire.messages import Refused


class Sessions:
    """The sessions of the connections that are not closed.

    Args:
        state: of the chat.

    Attributes:
        readers: those who were let in without a record.
        log: in which numbers are given from now on (PROTOCOL §5.5); None where nobody is told.
    """

    def __init__(self, state: ChatState) -> None:
        self.readers = Readers(state)
        self.log: str | None = None
        self._state = state
        self._by_conn: dict[int, Session] = {}

    def __len__(self) -> int:
        return len(self._by_conn)

    def open(self, what: Connected) -> None:
        """Begin the session of a new connection."""
        assert what.conn not in self._by_conn
        self._by_conn[what.conn] = Session(what.conn, what.nonce, what.binding, what.address)

    def get(self, conn: int) -> Session | None:
        """Return a connection's session; None where it was closed from this side."""
        return self._by_conn.get(conn)

    def of(self, name: str) -> Session | None:
        """Return the session that reaches somebody who is present; None where none does."""
        conn = self._state.roster.conn_of(name)
        return self._by_conn[conn] if conn is not None else None

    def welcome(self, session: Session, effects: list[Effect]) -> None:
        """Let somebody in whose name is present: by a new record, or in place of an older connection."""
        login, session.login = session.login, None
        presence = self._state.roster.get(login.name if login is not None else session.name)
        assert presence is not None
        session.state, session.name = SessionState.PRESENT, presence.name
        session.since = self._state.since(presence.name)
        self._state.roster.reach(presence.name, session.conn)
        if login is not None:  # else it was welcome before, to read
            self._greet(session, login, effects, guest=presence.guest)

    def let_read(self, session: Session, refusal: Refused, effects: list[Effect]) -> None:
        """Let somebody in without a record, and say why: there can be none."""
        login, session.login = session.login, None
        assert login is not None
        self.end_reading(login.name, session, effects)
        self.readers.add(session, login)
        session.state = SessionState.READING
        self._greet(session, login, effects, guest=login.key is None)  # a key claims the name as soon as it can
        self.refuse(session, refusal, login.id, effects)

    def end_reading(self, name: str, unless: Session, effects: list[Effect]) -> None:
        """Close the connection that reads under a name which enters now, or reads by another connection."""
        reader = self.readers.superseded(name, unless)
        if reader is not None:
            self.close(reader, "taken_over", effects)

    def _greet(self, session: Session, login: m.Login, effects: list[Effect], *, guest: bool) -> None:
        text = f"[Welcome {session.name}]"
        self.tell(session, m.Welcome(session.name, self._state.seq, guest, text, self.log), effects)
        effects.append(LoggedIn(session.conn, session.name, login.after, login.seen or (), login.heartbeat_seconds))

    def close(self, session: Session, reason: str | None, effects: list[Effect]) -> None:
        """Close a connection; what it sends from then on is not served."""
        if session.state is SessionState.PRESENT:
            self._state.roster.unreach(session.name)
        self.readers.remove(session)
        session.state = SessionState.GONE
        del self._by_conn[session.conn]
        effects.append(Close(session.conn, reason))

    def refuse(self, session: Session, refusal: Refused, request_id: str | None, effects: list[Effect]) -> None:
        """Tell a connection that its request is refused."""
        self.tell(session, structs.replace(refusal, re=request_id), effects)

    def tell(self, session: Session, notice: m.Notice, effects: list[Effect]) -> None:
        """Tell a connection something; one that was closed is told nothing."""
        if session.state is not SessionState.GONE:
            effects.append(Deliver([session.conn], notice))
