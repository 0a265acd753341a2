"""What does not hold: a conversation stops until its person decides, or we are let in anew."""

from reactor_chat.e2ee.boundary import NoteKind
from reactor_chat.e2ee.state.desk import Desk
from reactor_chat.e2ee.state.talk import Talk
from reactor_chat.e2ee.states import State, Transition

RESTORED = (
    "more was said in your name than this client remembers: it is an older copy of itself, or somebody has your key. "
    "@encrypt on lets this client in again"
)
FORK = "the server showed others a different history. Ask them, then @encrypt reset"


class Setbacks:
    """The two ways in which one conversation can be set back.

    Args:
        desk: what all conversations share.
        talk: the conversation.
    """

    def __init__(self, desk: Desk, talk: Talk) -> None:
        self._desk = desk
        self._talk = talk

    def freeze(self, reason: str) -> None:
        """Stop everything there until the person decides; say why."""
        where = self._talk.where
        if self._talk.state is State.PLAIN:
            self._give_up_keys(reason)
        elif self._talk.step(Transition.FREEZE, reason) or self._talk.record.reason == reason:
            self._desk.note(NoteKind.ALARM, f"Nothing is sent in {self._talk.wording.inside}: {reason}", where)

    def stop_sending(self, reason: str) -> None:
        """The same, for what is found while something is said or heard: lines that are held need a yes."""
        if self._talk.state is State.PLAIN:
            self._give_up_keys(reason)
        elif self._talk.step(Transition.FREEZE, reason):
            self._talk.lines.park()
            self._desk.note(
                NoteKind.ALARM, f"Nothing more is sent in {self._talk.wording.inside}: {reason}", self._talk.where
            )

    def _give_up_keys(self, reason: str) -> None:
        """Where plain text is sent there is nothing to stop; what does not hold is never gone back to."""
        self._talk.leave()
        self._desk.note(NoteKind.ALARM, f"In {self._talk.wording.inside}: {reason}", self._talk.where)

    def lose(self, why: str) -> None:
        """Give up a group that we cannot follow any more, and be let in anew, once for each epoch."""
        todo = "asking to be let in again. If nobody answers, @encrypt reset starts over"
        if self._talk.lose():
            todo = "that happened too often. @encrypt on asks to be let in again"
        self._desk.note(NoteKind.ALARM, f"{self._talk.wording.first} is interrupted: {why}; {todo}", self._talk.where)
