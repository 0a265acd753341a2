"""Whatever one connection sends, nothing is raised, the others are served, and the records replay to the same state."""

from collections.abc import Callable
from random import Random

from fuzz import codec as codec_target
from fuzz.target import Target, mutated
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.state.receipts import Outcome
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.server.app import App
from reactor_chat.server.doors.door import Door
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.doors.lines import LinesDoor
from reactor_chat.server.options.table import Options
from reactor_chat.server.record_log import record_of
from reactor_chat.testing.network import Broadcast, Wire, WireLimits
from reactor_chat.wire.framing import frame

OPTIONS = Options(rate=None)
LINES = [
    *("hello", "@names", "@quit", "@group set g Witness", "@group leave g", "@group send g hi", "@Witness psst"),
    *("@history", "@history @Witness", "@kick g Witness", "@add g Witness", "@group delete g", "@who g", "@"),
]


QUICK = WireLimits(*(1 << 40,) * 4)


class World:
    """A server without sockets, with a witness who has logged in."""

    def __init__(self, app_type: Callable[..., App]) -> None:
        self.journal = MemoryJournal()
        self.app = app_type(OPTIONS, self.journal, Broadcast(), bytes, lambda: None)
        self.witness, self.hostile = (Wire("192.0.2.1:1", self.app, lambda: self._now, QUICK) for _ in range(2))
        self._now = 0
        self.open(self.witness, FramesDoor(OPTIONS.frame_bytes_max))
        self.send(self.witness, frame(b'{"type":"login","name":"Witness","protocol":1}'))

    def open(self, wire: Wire, door: Door) -> None:
        """Connect."""
        self.app.opened(wire, door, 10, self._now)

    def send(self, wire: Wire, data: bytes) -> None:
        """Have the server receive bytes, and serve them."""
        self.app.received(wire, data)
        for _ in range(3):
            self._now += 1
            self.app.turn(self._now, self._now)
            for one in (self.witness, self.hostile):
                one.flush()

    def check(self) -> None:
        """The witness is served, and the journal replays to the state."""
        self.send(self.witness, frame(b'{"type":"ping","data":"still here?"}'))
        assert b"still here?" in self.witness.down, "the others are not served any more"
        replayed = ChatState()
        for row in self.journal.replay():
            replayed.apply(record_of(row.seq, row.payload))
        assert replayed.hash() == self.app.hub.state.hash(), "the records do not replay to the state"


def make(random: Random) -> bytes:
    """A login, then frames: valid, nearly valid, damaged, split."""
    frames = [frame(b'{"type":"login","name":"Hostile","protocol":1}')] if random.random() < 0.9 else []
    for _ in range(random.randint(1, 8)):
        if random.random() < 0.5:
            frames.append(frame(b'{"type":"line","text":"%s"}' % random.choice(LINES).encode()))
        else:
            frames.append(frame(codec_target.make(random) or b"{"))
    stream = b"".join(frames)
    return mutated(random, stream, [b"\0\0\0\0", b"\xff\xff\xff\xff"]) if random.random() < 0.2 else stream


def check(data: bytes, app_type: Callable[..., App]) -> None:
    """Send it in two pieces, close, and look at everybody else."""
    world = World(app_type)
    world.open(world.hostile, FramesDoor(OPTIONS.frame_bytes_max))
    half = len(data) // 2
    for piece in (data[:half], data[half:]):
        if piece and not world.hostile.finishing:
            world.send(world.hostile, piece)
    world.hostile.abort("closed")
    world.hostile.reap()
    world.check()


def make_lines(random: Random) -> bytes:
    """A name, then lines, and damage."""
    lines = ["Hostile", *(random.choice(LINES) for _ in range(random.randint(0, 6)))]
    return mutated(random, "\n".join([*lines, ""]).encode(), [b"\r\n", b"\xff", b"\n\n", b"x" * 16_385, b"@"])


def check_lines(data: bytes, app_type: Callable[..., App]) -> None:
    """The same through the door for lines; nothing but lines comes out of it."""
    world = World(app_type)
    world.open(world.hostile, LinesDoor())
    if data:
        world.send(world.hostile, data)
    world.hostile.abort("closed")
    world.hostile.reap()
    world.check()
    assert b"\x1b" not in world.hostile.down
    world.hostile.down.decode("utf-8")


class Whimsical(App):
    """A server that changes its state without a record of it, where somebody in particular is present."""

    def turn(self, now: float, unix_ms: int) -> None:
        """Serve, and do something that no journal will ever know."""
        super().turn(now, unix_ms)
        if self.hub.state.roster.get("Hostile") is not None:
            self.hub.state.receipts.add("witness", "planted", Outcome(1))


TARGET = Target("session", make, check, App, Whimsical, structured=True)
LINES_TARGET = Target("lines", make_lines, check_lines, App, Whimsical, structured=True)
