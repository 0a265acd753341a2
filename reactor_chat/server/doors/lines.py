"""The way in for people with nc or telnet: lines of UTF-8 (PROTOCOL §9)."""

from reactor_chat.chat.boundary import BadMessage, Received, Terminate
from reactor_chat.server.doors.door import Sent
from reactor_chat.server.doors.telnet import TelnetFilter
from reactor_chat.text.opening import is_blank, stripped
from reactor_chat.text.render import render
from reactor_chat.wire.messages import PROTOCOL_VERSION, Hello, Line, Login, Notice, Refused, Welcome

LINE_BYTES_MAX = 16_384
"""As long as a text may be at its default limit; whoever pastes more is told so before it is buffered."""
PROMPT = b"Enter a unique username: "

TOO_LONG = Refused("too_long", f"A line has at most {LINE_BYTES_MAX} bytes")
NO_PROXY = Refused("not_allowed", "A PROXY header came from an address that is not named by --proxy-from")
"""Said where the beginning of such a header stands in the place of a name."""


class LinesDoor:
    """Lines of UTF-8, for nc and telnet (PROTOCOL §9); whoever comes in here is a guest."""

    __slots__ = ("_broken", "_buffer", "_name", "_telnet")
    name = "lines"
    shares_frames = False

    def __init__(self) -> None:
        self._telnet = TelnetFilter()
        self._buffer = bytearray()
        self._name: str | None = None
        self._broken = False

    def feed(self, data: bytes) -> bytes:
        """Store what came; return the answers to telnet's commands in it."""
        text, answers = self._telnet.feed(data)
        self._buffer += text
        return answers

    def end(self) -> None:
        """Count a last line without its end as one: `printf hi | nc` means it."""
        if self._buffer and not self._buffer.endswith(b"\n"):
            self._buffer += b"\n"

    def take(self, conn: int, sent_max: int) -> tuple[list[Sent], int]:
        """Remove and return what was typed; see `Door`."""
        sent: list[Sent] = []
        place = looked_at = 0
        if self._name is None:
            sent_max = 1  # what the second line means depends on what becomes of the first
        while looked_at < sent_max and not self._broken:
            end = self._buffer.find(b"\n", place)
            if (len(self._buffer) if end < 0 else end) - place > LINE_BYTES_MAX + 1:
                self._broken = True
            elif end < 0:
                break
            else:
                line = bytes(self._buffer[place:end]).removesuffix(b"\r")
                place = end + 1
                looked_at += 1
                self._broken = len(line) > LINE_BYTES_MAX
                sent += () if self._broken else self._read(conn, line)
        del self._buffer[:place]
        if self._broken:
            self._buffer.clear()
            if not sent or not isinstance(sent[-1], Terminate):
                sent.append(Terminate(conn, TOO_LONG, "violation"))
            looked_at = max(looked_at, len(sent))
        return sent, looked_at

    def _read(self, conn: int, line: bytes) -> list[Sent]:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            return [BadMessage(conn, Refused("bad_text", "That line is not UTF-8"))]
        if self._name is None and line == b"\0":
            self._broken = True
            return [Terminate(conn, NO_PROXY, "violation")]
        if self._name is None:
            return [Received(conn, Login(stripped(text), PROTOCOL_VERSION))]
        return [] if is_blank(text) else [Received(conn, Line(text))]

    @property
    def waiting_bytes(self) -> int:
        """Part of a line, or lines that nobody has taken yet."""
        return len(self._buffer)

    @property
    def has_more(self) -> bool:
        """Whether a line is complete, or too long already."""
        return not self._broken and (b"\n" in self._buffer or len(self._buffer) > LINE_BYTES_MAX + 1)

    def greet(self, hello: Hello) -> bytes:  # noqa: ARG002
        """Ask for a name."""
        return PROMPT

    def turn_away(self, hello: Hello, refusal: Refused) -> bytes:  # noqa: ARG002
        """Return the reason as a line, and ask for nothing."""
        return refusal.text.encode("utf-8") + b"\n"

    def entered(self, name: str) -> None:
        """Take lines as what is said, from here on."""
        self._name = name

    def written(self, notice: Notice) -> bytes:
        """Return the notice as lines, with a new prompt after a refused name."""
        shown = render(notice, self._name or "")
        if shown is None:
            return b""
        asks_again = self._name is None and isinstance(notice, Refused) and notice.code != "login_timeout"
        if isinstance(notice, Welcome):
            self._name = notice.name
        return shown.encode("utf-8") + b"\n" + (PROMPT if asks_again and not self._broken else b"")
