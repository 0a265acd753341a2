"""A dull server of one room without sockets, enough of PROTOCOL to try the engine against, and a person who watches."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from reactor_chat.client.boundary import (
    HEARTBEAT_SECONDS,
    Action,
    Arrived,
    Note,
    NoteKind,
    RequestAnswer,
    Settings,
    Shown,
)
from reactor_chat.client.engine import Engine
from reactor_chat.client.store.vault import OwnIdentity, Vault
from reactor_chat.e2ee.boundary import Derive
from reactor_chat.wire.codec import decode_request, encode
from reactor_chat.wire.framing import FrameDecoder, frame
from reactor_chat.wire.messages import (
    Accepted,
    AskGroups,
    AskNames,
    Bye,
    GroupsAnswer,
    Hello,
    Limits,
    Login,
    NamesAnswer,
    Notice,
    Ping,
    Pong,
    Quit,
    Refused,
    Request,
    Said,
    Say,
    Tell,
    Told,
    Welcome,
)

NONCE = bytes(range(32))


class ToySession:
    """One connection to the toy server."""

    def __init__(self, server: "ToyServer") -> None:
        self.server = server
        self.name: str | None = None
        self.out = bytearray()
        self.is_open = True
        self._decoder = FrameDecoder()
        self.say(Hello(1, "reactor-chat toy", NONCE, Limits(65_536, 16_384)))

    def say(self, *notices: Notice) -> None:
        for notice in notices:
            self.out += frame(encode(notice))

    def feed(self, data: bytes) -> None:
        self._decoder.feed(data)
        while self.is_open and (payloads := self._decoder.take(1)):
            self._handle(decode_request(payloads[0]))

    def _handle(self, request: Request) -> None:
        self.server.requests.append(request)
        match request:
            case Login():
                self._login(request)
            case Say() | Tell():
                self.server.accept(self, request)
            case Ping():
                self.say(Pong(request.data, request.id))
            case AskNames():
                self.say(NamesAnswer(self.server.names(), request.id))
            case AskGroups():
                self.say(GroupsAnswer([], request.id))
            case Quit():
                self.say(Bye("quit", "Goodbye"))
                self.is_open = False
                self.name = None
            case _:
                raise AssertionError(request)

    def _login(self, login: Login) -> None:
        if login.name in self.server.taken:
            self.say(Refused("name_taken", "Username is already taken"))
            return
        self.name = login.name
        log = self.server.log
        self.say(Welcome(login.name, self.server.seq, login.key is None, f"[Welcome {login.name}]"))
        if login.after is not None:
            self.say(*(n for n in log if n.seq > login.after and self._may_see(n, is_guest=login.key is None)))

    def _may_see(self, notice: Said | Told, *, is_guest: bool) -> bool:
        return isinstance(notice, Said) or (not is_guest and self.name in (notice.sender, notice.to))


class ToyServer:
    """One number line, one log, and everybody who is connected."""

    def __init__(self, *, remembers_ids: bool = False) -> None:
        self.remembers_ids = remembers_ids
        self.seq = 0
        self.log: list[Said | Told] = []
        self.sessions: list[ToySession] = []
        self.requests: list[Request] = []
        self.taken: set[str] = set()
        self._outcomes: dict[str, int] = {}

    def connect(self) -> ToySession:
        session = ToySession(self)
        self.sessions.append(session)
        return session

    def disconnect(self, session: ToySession) -> None:
        self.sessions.remove(session)
        if not self.remembers_ids:
            self._outcomes.clear()

    def names(self) -> list[str]:
        return sorted({s.name for s in self.sessions if s.name}, key=str.lower)

    def said_by(self, name: str) -> list[str]:
        return [notice.text or "" for notice in self.log if notice.sender == name]

    def somebody_says(self, text: str) -> None:
        self._publish(Said(self._next(), 0, "Somebody", text))

    def accept(self, session: ToySession, request: Say | Tell) -> None:
        assert session.name is not None
        assert request.id is not None
        if request.id in self._outcomes:
            session.say(Accepted(request.id, self._outcomes[request.id]))
            return
        seq = self._next()
        if isinstance(request, Say):
            self._publish(Said(seq, 0, session.name, request.text, id=request.id))
        else:
            self._publish(Told(seq, 0, session.name, request.to, request.text, id=request.id))
        session.say(Accepted(request.id, seq))
        self._outcomes[request.id] = seq

    def _next(self) -> int:
        self.seq += 1
        return self.seq

    def _publish(self, notice: Said | Told) -> None:
        self.log.append(notice)
        for session in self.sessions:
            if session.name and (isinstance(notice, Said) or session.name in (notice.sender, notice.to)):
                session.say(notice)


class Watcher:
    """An engine, what it showed, and what it asked for; obeys nothing by itself."""

    def __init__(
        self,
        name: str | None = "Ann",
        *,
        interactive: bool = False,
        vault: Vault | None = None,
        identity: OwnIdentity | None = None,
        **settings: Any,
    ) -> None:
        made = Settings(name=name, server="toy port 1", interactive=interactive, id_prefix="i")
        self.engine = Engine(replace(made, **settings), lambda: 0.5, vault, identity)
        self.shown: list[Shown] = []
        self.actions: list[Action | Derive] = []
        self.answers: list[RequestAnswer] = []
        self.sent = b""

    def take(self) -> bytes:
        """Look at what the engine wants; return what it sends."""
        outputs = self.engine.take()
        self.shown += outputs.shown
        self.actions += outputs.actions
        self.answers += outputs.answers
        self.sent += outputs.data
        return outputs.data

    def took(self, action: Action) -> bool:
        """Whether this was asked for since we last asked."""
        self.take()
        found = action in self.actions
        self.actions = [w for w in self.actions if w is not action]
        return found

    @property
    def notices(self) -> list[Notice]:
        self.take()
        return [item.notice for item in self.shown if isinstance(item, Arrived)]

    def notes(self, kind: NoteKind) -> list[str]:
        """What was said for this reason; of the news, those about the connection too."""
        self.take()
        kinds = {kind, NoteKind.LINK} if kind is NoteKind.NEWS else {kind}
        return [item.text for item in self.shown if isinstance(item, Note) and item.kind in kinds]

    def requests(self) -> list[Request]:
        """Everything sent so far, as requests."""
        self.take()
        decoder = FrameDecoder()
        decoder.feed(self.sent)
        return [decode_request(payload) for payload in decoder.take(10_000)]

    def hear(self, *notices: Notice, now: float = 0.0) -> None:
        self.engine.received(b"".join(frame(encode(notice)) for notice in notices), now)


def hello(protocol: int = 1, frame_bytes_max: int = 65_536) -> Hello:
    return Hello(protocol, "reactor-chat toy", NONCE, Limits(frame_bytes_max, 16_384))


def login(name: str, key: bytes | None = None, signature: bytes | None = None) -> Login:
    return Login(name, 1, key, signature, heartbeat_seconds=HEARTBEAT_SECONDS)


def welcome(name: str = "Ann", seq: int = 0, *, guest: bool = True, log: str | None = None) -> Welcome:
    return Welcome(name, seq, guest, f"[Welcome {name}]", log)


def said(seq: int, sender: str = "Bob", text: str = "hi", request_id: str | None = None) -> Said:
    return Said(seq, 0, sender, text, id=request_id)


def live(watcher: Watcher, *, seq: int = 0, guest: bool = True, now: float = 0.0, log: str | None = None) -> Watcher:
    """Bring a new watcher to where it is logged in."""
    watcher.engine.start(now)
    assert watcher.took(Action.CONNECT)
    return again(watcher, seq=seq, guest=guest, now=now, log=log)


def again(watcher: Watcher, *, seq: int = 0, guest: bool = True, now: float = 0.0, log: str | None = None) -> Watcher:
    """Connect and log in."""
    watcher.engine.connected(now)
    watcher.hear(hello(), welcome(watcher.engine.name, seq, guest=guest, log=log), now=now)
    watcher.take()
    return watcher


def texts(notices: Iterable[Notice]) -> list[str]:
    return [n.text or "" for n in notices if isinstance(n, Said | Told)]


def said_by(requests: Iterable[Request]) -> list[str | None]:
    """The texts of requests, every one of which says something."""
    texts: list[str | None] = []
    for request in requests:
        assert isinstance(request, Say | Tell), request
        texts.append(request.text)
    return texts


def code_of(notice: Notice) -> str:
    """The code of a refusal."""
    assert isinstance(notice, Refused), notice
    return notice.code


def ids(watcher: Watcher) -> list[str]:
    """The ids of the messages sent so far."""
    return [r.id for r in watcher.requests() if isinstance(r, Say | Tell) and r.id]
