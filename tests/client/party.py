"""Several clients with keys and one server, without sockets or processes: engines with their sessions, and a real app.

Time passes when a test says so.  What everybody sent and what the journal keeps is at hand, to be searched for words.
"""

import itertools
from collections.abc import Callable
from typing import Any

from reactor_chat.client.boundary import Action, Arrived, Note, RequestAnswer, Settings, Shown
from reactor_chat.client.engine import Engine
from reactor_chat.client.store.identity import KeyIdentity
from reactor_chat.client.store.vault import MemoryVault, Vault
from reactor_chat.e2ee.boundary import Derive
from reactor_chat.e2ee.boundary import Settings as SessionSettings
from reactor_chat.e2ee.passphrase import derive
from reactor_chat.e2ee.session import Session
from reactor_chat.errors import UsageError
from reactor_chat.text.render import compose
from reactor_chat.text.safe import LINE_BREAK
from tests.server.world import World

ROUNDS_MAX = 10_000
_bytes = itertools.count(1)


def fresh(count: int) -> bytes:
    """Bytes that nobody got before."""
    return b"".join(next(_bytes).to_bytes(8, "big") for _ in range(count // 8 + 1))[:count]


class Folder:
    """A folder that all share, with the contract of `client.boundary.Files`."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        if path not in self.held:
            raise UsageError(f"{path} cannot be read")
        return self.held[path]

    def write(self, path: str, data: bytes) -> None:
        if path in self.held:
            raise UsageError(f"{path} is there already")
        self.held[path] = data


class Guest:
    """One client at the party.

    Attributes:
        lines: what was shown, as people read it, the client's own notes among it.
        answers: what came of what it was asked with `Engine.ask`.
        sent: every byte that ever left.
        views: are given everything that is shown.
    """

    def __init__(self, party: "Party", name: str, vault: Vault, seed: bytes | None, *, interactive: bool) -> None:
        self.party = party
        self.lines: list[str] = []
        self.answers: list[RequestAnswer] = []
        self.sent = b""
        self.is_cut = False
        self.heard_bytes = 0
        self.person: Any = None
        self.views: list[Callable[[Shown], None]] = []
        settings = Settings(
            name,
            "here",
            interactive=interactive,
            id_prefix=f"{name}-{next(_bytes)}",
            address="chat.example:7667",
            files=party.files,
        )
        identity = KeyIdentity(seed) if seed is not None else None

        def open_session(name: str, vault: Vault, fresh_id: Any) -> Session:
            assert seed is not None
            return Session(SessionSettings(name, seed), vault.store, fresh, fresh_id)

        jitter = lambda: 0.5  # noqa: E731
        self.engine = Engine(settings, jitter, vault, identity, open_session if seed is not None else None)
        self.vault = vault

    def type(self, *lines: str) -> "Guest":
        """Type lines, and let everything come of it that comes at once."""
        for line in lines:
            self.engine.typed(line, self.party.now)
            self.party.settle()
        return self

    def sees(self, *wanted: str) -> bool:
        """Whether these stand in what was shown, each in a line of its own."""
        return all(any(one in line for line in self.lines) for one in wanted)

    def cut(self) -> None:
        """Lose the connection, and have no other until `mend`."""
        self.is_cut = True
        self._hang_up()
        self.engine.cut(self.party.now, "cut")

    def mend(self) -> None:
        """Have connections again."""
        self.is_cut = False
        self.party.wait(60)

    def _hang_up(self) -> None:
        if self.person is not None and not self.person.wire.closed:
            self.party.world.lose(self.person, "cut")

    def live(self) -> bool:
        """Do what is to be done now; return whether anything was."""
        engine, now = self.engine, self.party.now
        engine.tick(now)
        outputs = engine.take()
        if self.person is not None and not self.person.wire.closed and outputs.data:
            self.sent += outputs.data
            self.person.raw(outputs.data)
        for item in outputs.shown:
            self._show(item)
            for show in self.views:
                show(item)
        self.answers += outputs.answers
        for action in outputs.actions:
            self._fulfil(action)
        came = self._read()
        return any(outputs) or came

    def _show(self, item: Any) -> None:
        if isinstance(item, Note):
            self.lines.append(f"* {item.text}")
        elif isinstance(item, Arrived):
            shown = compose(item.notice, self.engine.name, LINE_BREAK, item.annotations)
            self.lines += ["".join(part.text for part in line) for line in shown]
            if item.place is not None:
                self.engine.messaging.mailbox.printed(item.place)

    def _fulfil(self, action: Any) -> None:
        engine, now = self.engine, self.party.now
        if isinstance(action, Derive):
            engine.derived(action.job, derive(action.passphrase, action.salt, action.kdf), now)
        elif action is Action.CONNECT and self.is_cut:
            engine.unreachable(now, "cut")
        elif action is Action.CONNECT:
            self.person, self.heard_bytes = self.party.world.connect(), 0
            engine.connected(now)
        else:
            self._hang_up()

    def _read(self) -> bool:
        if self.person is None:
            return False
        data = bytes(self.person.wire.read[self.heard_bytes :])
        self.heard_bytes += len(data)
        if data:
            self.engine.received(data, self.party.now)
        return bool(data)


class Party:
    """A server and its guests."""

    def __init__(self, journal: Any = None) -> None:
        self.world = World(journal).start()
        self.guests: list[Guest] = []
        self.seeds: dict[str, bytes] = {}
        self.files = Folder()

    @property
    def now(self) -> float:
        return self.world.now

    def enter(self, name: str, vault: Vault | None = None, *, key: bool = True, interactive: bool = True) -> Guest:
        """Have somebody come in, with the same key whenever the name is the same."""
        seed = self.seeds.setdefault(name, fresh(32)) if key else None
        guest = Guest(self, name, vault or MemoryVault(), seed, interactive=interactive)
        self.guests.append(guest)
        guest.engine.start(self.now)
        self.settle()
        return guest

    def restart(self) -> None:
        """Have the server be killed, and started again on the same journal."""
        now, self.world = self.world.now, World(self.world.journal)
        self.world.now = now
        self.world.start()
        for guest in self.guests:
            guest.person = None
            guest.engine.cut(now, "cut")

    def leave(self, guest: Guest) -> None:
        """Have somebody's process be killed."""
        self.guests.remove(guest)
        guest._hang_up()
        self.settle()

    def settle(self) -> None:
        """Let happen whatever happens without time passing."""
        for _ in range(ROUNDS_MAX):
            self.world.settle()
            moved = [guest.live() for guest in self.guests]
            if not any(moved):
                return
        raise AssertionError("it does not come to rest")

    def wait(self, seconds: float) -> None:
        """Let time pass, waking everybody when they want to be woken."""
        end = self.now + seconds
        for _ in range(ROUNDS_MAX):
            self.settle()
            wanted = [guest.engine.next_deadline for guest in self.guests]
            due = min((when for when in wanted if when is not None and when <= end), default=None)
            if due is None:
                break
            self.world.pass_time(max(0.001, due - self.now))
        self.world.pass_time(max(0.0, end - self.now))
        self.settle()

    def kept(self) -> bytes:
        """Everything that the journal holds and that anybody ever sent."""
        rows = b"".join(payload for _, payload in self.world.journal.replay())
        return rows + b"".join(guest.sent for guest in self.guests)
