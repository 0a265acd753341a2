"""Takes telnet's commands out of what a line user sends, and answers those that wait for an answer.

Theory of operation: a command is the byte 255 (IAC) and one of 236 to 254; four of them are followed by an option, and
SB by anything up to SE.  Every option that is offered or asked for is declined, once, and what is declined to us is
not answered, so no two sides can go on answering each other.  TIMING-MARK is the exception: telnet's Ctrl-C shows
nothing more of what we send until it comes (RFC 860).  Two IAC are the byte itself, which is no UTF-8 and is refused
as such with its line, and so is an IAC that begins no command: a Latin-1 terminal sends it for a letter.

Sources: RFC 854, 855, 860.
"""

from enum import Enum, auto

IAC, SB, SE = 255, 250, 240
WILL, WONT, DO, DONT = 251, 252, 253, 254
TIMING_MARK = 6
COMMAND_MIN = 236
"""The lowest byte that is a command after IAC (EOF, RFC 1184)."""

SUBNEGOTIATION_BYTES_MAX = 512
"""What goes on longer has lost its end; it is dropped up to the end of the line it is in."""

_NUL, _CR, _LF = 0, 13, 10
_DECLINES = {WILL: DONT, DO: WONT}


class _State(Enum):
    TEXT = auto()
    RETURN = auto()  # behind a carriage return
    COMMAND = auto()  # behind IAC
    OPTION = auto()  # behind WILL, WONT, DO, DONT
    INSIDE = auto()  # between SB and SE
    INSIDE_COMMAND = auto()  # behind an IAC in there
    LOST = auto()  # in a line that a subnegotiation never ended in


class TelnetFilter:
    """Separates one connection's text from its commands, however its bytes are cut."""

    __slots__ = ("_answers", "_inside_bytes", "_state", "_text", "_verb")

    def __init__(self) -> None:
        self._state = _State.TEXT
        self._verb = 0
        self._inside_bytes = 0
        self._text = bytearray()
        self._answers = bytearray()

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Take what came.

        Returns:
            The text in it, a carriage return and NUL (telnet's Enter) as a line end; and what is to be answered.
        """
        if self._state is _State.TEXT and IAC not in data and _CR not in data:
            return data, b""
        for byte in data:
            self._take(byte)
        text, answers = bytes(self._text), bytes(self._answers)
        self._text.clear()
        self._answers.clear()
        return text, answers

    def _take(self, byte: int) -> None:
        match self._state:
            case _State.TEXT | _State.RETURN:
                self._take_text(byte)
            case _State.COMMAND:
                self._take_command(byte)
            case _State.OPTION:
                self._take_option(byte)
            case _State.LOST:
                self._state = _State.TEXT if byte == _LF else _State.LOST
            case _:
                self._take_inside(byte)

    def _take_text(self, byte: int) -> None:
        is_return = self._state is _State.RETURN
        self._state = _State.RETURN if byte == _CR else _State.COMMAND if byte == IAC else _State.TEXT
        if byte != IAC:
            self._text.append(_LF if is_return and byte == _NUL else byte)

    def _take_command(self, byte: int) -> None:
        self._state = _State.TEXT
        if byte in (WILL, WONT, DO, DONT):
            self._state, self._verb = _State.OPTION, byte
        elif byte == SB:
            self._state, self._inside_bytes = _State.INSIDE, 0
        elif byte == IAC:
            self._text.append(IAC)
        elif byte < COMMAND_MIN:
            self._text.append(IAC)
            self._take_text(byte)

    def _take_option(self, option: int) -> None:
        self._state = _State.TEXT
        if option in (_LF, _CR):  # nobody negotiates these two, of 1973; a line of UTF-16 or Latin-1 ends so
            self._text += bytes((IAC, self._verb))
            self._take_text(option)
        elif self._verb == DO and option == TIMING_MARK:
            self._answers += bytes((IAC, WILL, TIMING_MARK))
        elif self._verb in _DECLINES:
            self._answers += bytes((IAC, _DECLINES[self._verb], option))

    def _take_inside(self, byte: int) -> None:
        self._inside_bytes += 1
        if self._state is _State.INSIDE_COMMAND and byte != IAC:
            self._state = _State.TEXT
            if byte != SE:  # a new command ends what had no end
                self._take_command(byte)
        elif self._inside_bytes > SUBNEGOTIATION_BYTES_MAX:
            self._state = _State.LOST
        elif byte == IAC and self._state is _State.INSIDE:
            self._state = _State.INSIDE_COMMAND
        else:
            self._state = _State.INSIDE
