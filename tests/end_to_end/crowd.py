"""Many clients that join, talk and leave at once, on one selector and without threads; and how long turns take then.

    python -m tests.end_to_end.crowd [CLIENTS [MESSAGES [RUNS]]]

serves such a crowd in this process, on real sockets, as often as asked, and prints a line for each run and the median
of the longest turns.
"""

import os
import selectors
import socket
import statistics
import sys
import time
from collections.abc import Callable

from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.reactor.connection import Connection
from reactor_chat.reactor.fanout import Fanout
from reactor_chat.reactor.listener import Listener, open_listener
from reactor_chat.reactor.loop import Loop
from reactor_chat.server.app import App
from reactor_chat.server.doors.frames import FramesDoor
from reactor_chat.server.options.table import Options
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.framing import FrameDecoder, frame
from reactor_chat.wire.messages import Accepted, Bye, Exited, Joined, Login, Notice, Quit, Refused, Said, Say, Welcome

STALLED_SECONDS = 30.0


class Member:
    """One client of the crowd: logs in, says so much at once, and quits when all of it is accepted.

    Attributes:
        told: numbers of everything public it heard, in the order it came.
        entered: the number of its welcome; left: whether the server said goodbye.
    """

    def __init__(self, port: int, name: str, messages: int, read: Callable[[bytes], Notice]) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.name = name
        self.told: list[int] = []
        self.entered = 0
        self.exited = 0
        self.left = False
        self._left_to_say = messages
        self._read = read
        self._decoder = FrameDecoder()
        self._messages = messages
        self._out = bytearray(frame(encode(Login(name, 1))))
        self.write()

    def write(self) -> None:
        try:
            del self._out[: self.sock.send(self._out)]
        except BlockingIOError:
            return

    def ready(self) -> bool:
        """Read once and answer; returns False at the end of the stream."""
        data = self.sock.recv(1 << 18)
        if not data:
            return False
        self._decoder.feed(data)
        for payload in self._decoder.take(1 << 20):
            self._heard(self._read(payload))
        if self._out:
            self.write()
        return True

    def _heard(self, notice: Notice) -> None:
        if isinstance(notice, Said | Joined | Exited):
            self.told.append(notice.seq)
            self.exited += isinstance(notice, Exited)
        elif isinstance(notice, Accepted):
            self._left_to_say -= 1
            if not self._left_to_say:
                self._out += frame(encode(Quit()))
        elif isinstance(notice, Welcome):
            self.entered = notice.seq
            for number in range(self._messages):
                self._out += frame(encode(Say(f"{self.name} says number {number}", id=f"{number}")))
        elif isinstance(notice, Bye):
            self.left = notice.reason == "quit"
        else:
            assert not isinstance(notice, Refused), notice


class Crowd:
    """All members on one selector, and one watcher who was there before and stays to the end.

    Args:
        turn: lets the server work, where it is in this process.
    """

    def __init__(self, port: int, clients: int, messages: int, turn: Callable[[], None] | None = None) -> None:
        self.public: dict[int, bytes] = {}
        self._cache: dict[bytes, Notice] = {}
        self._selector = selectors.DefaultSelector()
        self._turn = turn
        self.members: list[Member] = []
        self.watcher = self._admit(Member(port, "Watcher", 0, self._reader))
        self._until(lambda: self.watcher.entered)
        for number in range(clients):
            self.members.append(self._admit(Member(port, f"Member{number}", messages, self._reader)))

    def _reader(self, payload: bytes) -> Notice:
        """Read a payload, each once; the same number is the same bytes to everybody."""
        notice = self._cache.get(payload)
        if notice is None:
            notice = self._cache[payload] = decode_notice(payload)
            if isinstance(notice, Said | Joined | Exited):
                assert self.public.setdefault(notice.seq, payload) == payload, "two notices of one number"
        return notice

    def _admit(self, member: Member) -> Member:
        self._selector.register(member.sock, selectors.EVENT_READ, member)
        return member

    def run(self) -> None:
        """Go on until everybody has left and the watcher knows."""
        self._until(lambda: self.watcher.exited == len(self.members) and all(member.left for member in self.members))

    def _until(self, happened: Callable[[], object]) -> None:
        last = time.monotonic()
        while not happened():
            if self._turn is not None:
                self._turn()
            ready = self._selector.select(1.0 if self._turn is None else 0.0)
            for key, _ in ready:
                if not key.data.ready():
                    self._selector.unregister(key.fileobj)
                    key.data.sock.close()
            last = time.monotonic() if ready else last
            assert time.monotonic() - last < STALLED_SECONDS, "nothing comes any more"

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            key.data.sock.close()
        self._selector.close()

    def check(self, messages: int) -> None:
        """Fail unless everybody was told the same, in one order, without gap or repeat."""
        order = self.watcher.told
        assert order == sorted(self.public), "the watcher heard everything, in the order of the numbers"
        assert len(order) == len(self.members) * (messages + 2)
        place = {seq: index for index, seq in enumerate(order)}
        for member in self.members:
            begin = place[member.entered] + 1
            assert member.told == order[begin : begin + len(member.told)], member.name
            own = [seq for seq in member.told if self.public[seq].find(f'"from":"{member.name}"'.encode()) > 0]
            assert len(own) == messages, member.name


class InProcess:
    """A server on a real loop and real sockets, turned by the caller."""

    def __init__(self) -> None:
        self.loop = Loop()
        options = Options(rate=None)
        app = App(options, MemoryJournal(), Fanout(self.loop), os.urandom, self.loop.run_soon)

        def opened(sock: socket.socket, _address: str) -> None:
            app.opened(Connection(self.loop, sock, app), FramesDoor(options.frame_bytes_max), 10, self.loop.now)

        app.start(time.time_ns() // 1_000_000)
        self._listener = Listener(self.loop, open_listener("127.0.0.1", 0), opened)
        self.port = int(self._listener.address.rpartition(":")[2])
        self.loop.before_flush(lambda now: app.turn(now, time.time_ns() // 1_000_000))
        self._app = app

    def turn(self) -> None:
        """One turn that waits for nothing."""
        self.loop.run_soon()
        self.loop.turn()

    def close(self) -> None:
        while not self._app.is_empty:
            self.turn()
        self._listener.close()
        self.loop.close()


def measure(clients: int, messages: int) -> tuple[float, float]:
    """Serve one crowd; returns the longest turn and the whole, in seconds."""
    server = InProcess()
    crowd = Crowd(server.port, clients, messages, server.turn)
    began = time.perf_counter()
    try:
        crowd.run()
        took = time.perf_counter() - began
        crowd.check(messages)
        return server.loop.turn_seconds_max, took
    finally:
        crowd.close()
        server.close()


def main(words: list[str]) -> None:
    """Measure and print."""
    clients, messages, runs = [*map(int, words), *(200, 10, 5)[len(words) :]]
    longest = []
    for run in range(runs):
        turn_s, whole_s = measure(clients, messages)
        longest.append(turn_s)
        print(f"run {run + 1}: {clients} clients, {messages} messages each: longest turn {turn_s * 1000:.1f} ms, "  # noqa: T201
              f"whole {whole_s:.2f} s")  # fmt: skip
    print(f"median of the longest turns: {statistics.median(longest) * 1000:.1f} ms; load {os.getloadavg()[0]:.1f}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
