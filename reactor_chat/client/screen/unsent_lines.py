"""What a person decides about lines of theirs that were not sent: that they leave after all, come back, or are dropped.

What the session holds is told so by its number; what the server refused, or what was perhaps not delivered, is only
known to the transcript.
"""

from collections.abc import Callable

from reactor_chat.client.engine import Engine
from reactor_chat.client.transcript.entries import OwnLine
from reactor_chat.client.transcript.transcript import Transcript


class UnsentLines:
    """The lines of one person, at one moment.

    Args:
        engine: is told what is decided.
        transcript: knows what was refused.
        now: monotonic seconds.
        say: says a line anew, where it was to go.
    """

    def __init__(self, engine: Engine, transcript: Transcript, now: float, say: Callable[[OwnLine], None]) -> None:
        self._say = say
        self._engine = engine
        self._transcript = transcript
        self._now = now

    def send(self, line: OwnLine) -> None:
        """Have a line leave after all, where it was to go; one that was refused is said anew."""
        if line.number is not None:
            self._engine.typed(f"@held send {line.number}", self._now)
        elif self._transcript.drop_refused(line.id) is not None:
            self._say(line)

    def take_back(self, line: OwnLine) -> str | None:
        """Forget a line, and return its text to be edited; None where the session gives it back by itself."""
        if line.number is not None:
            self._engine.typed(f"@held edit {line.number}", self._now)
            return None
        self._transcript.drop_refused(line.id)
        return line.text

    def drop(self, line: OwnLine) -> None:
        """Forget a line."""
        if line.number is not None:
            self._engine.typed(f"@held drop {line.number}", self._now)
        self._transcript.drop_refused(line.id)
