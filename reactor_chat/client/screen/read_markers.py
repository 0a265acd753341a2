"""Tells the server how far each conversation was read, and takes over what was read on other devices."""

from enum import Enum, auto

from reactor_chat.client.boundary import RequestAnswer
from reactor_chat.client.connecting.states import State
from reactor_chat.client.engine import Engine
from reactor_chat.client.transcript.transcript import Transcript
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import AskReadMarks, MarkRead, ReadMark, ReadMarksAnswer


class _Keeping(Enum):
    """Whether the server keeps read markers."""

    UNKNOWN = auto()
    ASKED = auto()
    KEPT = auto()
    NOT_KEPT = auto()


class ReadMarkers:
    """The read markers of one name.

    Args:
        engine: asks the server.
        transcript: knows what is read here.
        tells: the server may know how far the person has read.
    """

    def __init__(self, engine: Engine, transcript: Transcript, *, tells: bool) -> None:
        self._tells = tells
        self._engine = engine
        self._transcript = transcript
        self._keeping = _Keeping.UNKNOWN
        self._asked: set[str] = set()

    def keep(self, now: float) -> None:
        """Fetch those that the server has, once in a run; tell it of those that move.

        One that does not know them is not told.  A guest's end with the connection, and are not worth a word.
        """
        engine = self._engine
        if engine.state is not State.LIVE or engine.messaging.sealing.session is None:
            return
        if self._keeping is _Keeping.UNKNOWN:
            self._keeping = _Keeping.ASKED
            self._asked.add(engine.ask(AskReadMarks(), now))
        elif self._keeping is _Keeping.KEPT and self._tells:
            for where, seq in self._transcript.take_marks(now):
                self._asked.add(engine.ask(MarkRead(seq, where.with_, where.group_name), now))

    def answered(self, answer: RequestAnswer) -> bool:
        """Take what came of something that was asked here; return False where it was asked by somebody else."""
        if answer.request_id not in self._asked:
            return False
        notice = answer.arrived.notice
        if isinstance(notice, ReadMarksAnswer):
            for mark in notice.marks:
                self._transcript.was_read(conversation_of(mark), mark.seq)
        if answer.is_last:
            self._asked.discard(answer.request_id)
            if self._keeping is _Keeping.ASKED:
                self._keeping = _Keeping.KEPT if isinstance(notice, ReadMarksAnswer) else _Keeping.NOT_KEPT
        return True


def conversation_of(mark: ReadMark) -> Conversation:
    """Return which conversation a read marker is of."""
    if mark.with_ is not None:
        return Conversation.pair(mark.with_)
    return ROOM if mark.group is None else Conversation.group(mark.group)
