"""A world that fits in a test: people with sessions, a service between them, a clock that the test moves.

Each person is an engine in miniature: an outbox that takes nothing but `Sealed` and `Plain`, a store, and the rule that
everything of a step is committed before any of it is obeyed.  A crash forgets what was not committed.
"""

import base64
import hashlib
from collections.abc import Callable

from reactor_chat.e2ee import passphrase
from reactor_chat.e2ee.boundary import Arm, Mark, Note, Order, Outcome, Settings, Shown
from reactor_chat.e2ee.outgoing import Plain, Sealed
from reactor_chat.e2ee.participation.participation import Participation
from reactor_chat.e2ee.session import Session
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.errors import MessageInvalid
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.conversation import ROOM, Conversation, Spoken
from reactor_chat.wire.messages import Accepted, GroupSend, Kdf, Refused, Request, Said, Say, Tell
from tests.e2ee.service import Service
from tests.mls.people import SeededEntropy

CANARY = "canarybird"
"""Every line that must not leave a client in plain text has this in it."""

_BYTES = CANARY.encode()
CANARY_FORMS = [_BYTES, *(base64.b64encode(part) for part in (_BYTES[:9], _BYTES[1:10], _BYTES[2:8]))]
"""The same as it is found in payloads: as it is, and in base64 at each of the three places where it can begin."""


class Crash(Exception):
    """The process died."""


Backup = tuple[MemoryStore, tuple[dict[str, Spoken], int]]
"""What a person's client stored: the rows, and the outbox with the number of its last request."""


class Person:
    """Somebody with a client."""

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = name
        self.seed = hashlib.sha256(f"{world.seed} {name}".encode()).digest()
        self.store = MemoryStore()
        self.saved: tuple[dict[str, Spoken], int] = ({}, 0)
        self.shown: list[Shown] = []
        self.notes: list[Note] = []
        self.drafts: list[str] = []
        self.is_online = False
        self.runs = 0
        self.wall_offset_ms = 1_700_000_000_000
        self.before_commit: Callable[[], None] = lambda: None
        self.after_commit: Callable[[], None] = lambda: None
        self.settings: dict[str, float] = {}
        self.used: list[tuple[bytes, bytes]] = []  # keys and nonces, where a test records them
        self.start()

    # ------------------------------------------------------------------------------------------ the process

    def start(self) -> None:
        """Begin a run of the client from what is stored."""
        self.runs += 1
        self.ids = 0
        self.outbox, self.cursor = dict(self.saved[0]), self.saved[1]
        self.random = SeededEntropy((self.world.seed, self.name, self.runs))
        settings = Settings(self.name, self.seed, self.wall_offset_ms, **self.settings)  # type: ignore[arg-type]
        self.session = Session(settings, self.store, self.random, self._fresh_id)

    def crash(self) -> None:
        """Forget everything that was not committed, and begin again."""
        self.disconnect()
        self.store.roll_back()
        self.start()

    def back_up(self) -> Backup:
        """Return a copy of everything that is stored."""
        return self.store.copy(), (dict(self.saved[0]), self.saved[1])

    def restore(self, backup: Backup) -> None:
        """Put a copy back in place."""
        self.disconnect()
        self.store, self.saved = backup[0].copy(), (dict(backup[1][0]), backup[1][1])
        self.start()

    def connect(self) -> None:
        """Log in; what is unanswered is sent again."""
        self.world.service.log_in(self.name, self.session.desk.own_key, self.cursor)
        self.is_online = True
        self.do(lambda: self.session.logged_in(self.world.now))
        for request in list(self.outbox.values()):
            self._send(request)

    def disconnect(self) -> None:
        """Lose the connection."""
        self.is_online = False
        self.world.service.log_out(self.name)
        self.session.cut()

    # ------------------------------------------------------------------------------------------ the person

    def say(self, text: str, to: Conversation = ROOM) -> None:
        """Type a line."""
        request: Spoken = Say(text, id=self._fresh_id())
        if to.with_ is not None:
            request = Tell(to.name, text, id=request.id)
        elif to.group_name is not None:
            request = GroupSend(to.name, text, id=request.id)
        self.do(lambda: self.session.said(request, self.world.now))

    def order(self, order: Order) -> list[str]:
        """Give an order; return what is answered at once."""
        before = len(self.notes)
        self.do(lambda: self.session.ordered(order, self.world.now))
        return [note.text for note in self.notes[before:]]

    def talk(self, where: Conversation = ROOM) -> Talk:
        """Return how a conversation stands."""
        return self.session.desk.talk(where)

    def part(self, where: Conversation = ROOM) -> Participation:
        """Return the roles that work on a conversation."""
        return self.session.participations.of(where)

    def state(self, where: Conversation = ROOM) -> State:
        """Return the state of a conversation."""
        return self.talk(where).state

    @property
    def read(self) -> list[str]:
        """Return the texts that were opened, in order."""
        return [shown.notice.text or "" for shown in self.shown if shown.mark is Mark.SEALED]

    @property
    def alarms(self) -> str:
        """Return everything that was said about trouble and news, in one string."""
        return "\n".join(note.text for note in self.notes)

    # ------------------------------------------------------------------------------------------ the engine

    def receive(self, payload: bytes) -> None:
        """Take one payload from the server, each in a transaction of its own."""
        try:
            notice = decode_notice(payload)
        except MessageInvalid as error:
            if error.request_id is None:
                return
            notice = Refused("bad_answer", "", error.request_id)
        if isinstance(notice, Accepted):
            self.outbox.pop(notice.re, None)

        def step() -> None:
            seq = getattr(notice, "seq", None)
            if seq is not None and not isinstance(notice, Accepted):
                if hasattr(notice, "re") or seq <= self.cursor:
                    if not hasattr(notice, "re"):
                        return
                else:
                    self.cursor = seq
            taken = self.session.noticed(notice, self.world.now)
            if isinstance(notice, Refused) and notice.re in self.outbox:
                del self.outbox[notice.re]
            if not taken and isinstance(notice, Said) and notice.text:
                self.shown.append(Shown(notice, Mark.PLAIN))

        self.do(step)

    def do(self, step: Callable[[], None]) -> None:
        """Take a step: everything it wrote is committed, then what it wants is obeyed."""
        mark = len(self.used)
        step()
        outcome = self.session.take()
        for message in outcome.messages:
            assert isinstance(message, Sealed | Plain)
            assert message.request.id is not None
            self.outbox[message.request.id] = message.request
        try:
            self.before_commit()
        except Crash:
            del self.used[mark:]  # what was sealed in this step never left the process
            raise
        self.store.commit()
        self.saved = (dict(self.outbox), self.cursor)
        self.shown += outcome.shown  # as an archive has them, in the same transaction
        self.after_commit()
        self._obey(outcome)

    def _obey(self, outcome: Outcome) -> None:
        for message in outcome.messages:
            self._send(message.request)
        for request in outcome.requests:
            self._send(request)
        self.notes += outcome.notes
        self.drafts += outcome.drafts
        for job in outcome.jobs:
            key = self.world.derive(job.passphrase, job.salt, job.kdf)
            self.do(lambda number=job.job, made=key: self.session.derived(number, made, self.world.now))  # type: ignore[misc]

    def _send(self, request: Request) -> None:
        if self.is_online:
            self.world.service.take(self.name, encode(request))

    def _fresh_id(self) -> str:
        self.ids += 1
        return f"{self.name}-{self.runs}-{self.ids}"


class World:
    """Everybody.

    Args:
        seed: of all entropy.
        names: of people, who are connected at once.
    """

    def __init__(self, seed: object, *names: str) -> None:
        self.seed = seed
        self.now = 100.0
        self.turns_max = 100_000
        self.turns_max = 100_000
        self.service = Service()
        self.service.ordered = self._ordered
        self.people: dict[str, Person] = {}
        self.keys: dict[tuple[str, bytes], bytes] = {}
        for name in names:
            self.join(name)
        self.settle()

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def join(self, name: str) -> Person:
        """Let somebody come for the first time."""
        person = self.people[name] = Person(self, name)
        person.connect()
        self.settle()
        return person

    def _ordered(self, name: str, request: Request) -> None:
        """Somebody orders a change of a group, by typing it."""
        person = next((one for one in self.people.values() if one.name.lower() == name.lower()), None)
        if person is not None:
            person.do(lambda: person.session.did(request, self.now))  # type: ignore[arg-type]

    def settle(self) -> None:
        """Deliver until nothing lies ready."""
        for _ in range(100_000):
            if not sum(self.deliver(name) for name in list(self.people)):
                return
        raise AssertionError("it never ends")

    def deliver(self, name: str) -> bool:
        """Deliver the oldest thing that lies ready for somebody."""
        person = self.people[name]
        ready = self.service.ready.get(name.lower())
        if not ready or not person.is_online:
            return False
        payload = ready.popleft()
        try:
            person.receive(payload)
        except Crash:
            person.crash()
            person.connect()
        return True

    def pass_time(self, seconds: float) -> None:
        """Let time pass, deadline by deadline, delivering in between."""
        until = self.now + seconds
        for _ in range(self.turns_max):
            self.settle()
            due = [person.session.next_deadline for person in self.people.values() if person.is_online]
            following = min((when for when in due if when is not None and when <= until), default=None)
            if following is None:
                self.now = until
                return
            self.now = max(self.now, following)
            for person in self.people.values():
                deadline = person.session.next_deadline
                if person.is_online and deadline is not None and deadline <= self.now:
                    self._tick(person)
        raise AssertionError("it never ends")

    def _tick(self, person: Person) -> None:
        try:
            person.do(lambda: person.session.tick(self.now))
        except Crash:
            person.crash()
            person.connect()

    def derive(self, typed: str, salt: bytes, kdf: Kdf) -> bytes:
        """Compute a key as a child process does, each only once."""
        if (typed, salt) not in self.keys:
            self.keys[typed, salt] = passphrase.derive(typed, salt, kdf)
        return self.keys[typed, salt]

    def seal_room(self, by: str, typed: str | None = None) -> None:
        """Let somebody seal the room, and everybody in."""
        self[by].order(Arm(ROOM, typed))
        self.pass_time(10)

    @property
    def leaked(self) -> list[bytes]:
        """Everything that passed the service with a canary in it, as it is or inside base64."""
        return [payload for payload in self.service.passed if any(form in payload for form in CANARY_FORMS)]
