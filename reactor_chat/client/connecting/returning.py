"""One line for a crowd: after a restart everybody has left and comes back, which is no news of any single person.

Theory of operation.  Whoever was cut off is told what they missed; if the server was restarted, that everybody exited
is among it, and then everybody joins, one after the other, as their clients find the server again.  So an exit that we
missed is not shown at once.  If its person is back before long, exit and joining cancel out and are counted; if not,
the exit is shown.  Clients wait longer between their attempts the longer the server is gone, so we allow for that.

Where only our own connection was lost, exits and joinings that both were missed cancel out too, and nothing is waited
for.  A program that reads JSON is told everything as it comes.
"""

from collections.abc import Iterable

from reactor_chat.client.boundary import Arrived, NoteKind, OutputCollector, Settings
from reactor_chat.wire.messages import Closing, Exited, Joined, Notice, fold

RETURN_SECONDS_MIN = 3.0
"""How long the others may take in any case."""


class Returning:
    """The crowd of one client.

    Args:
        settings: of the engine.
        outputs: where what is to be shown gathers.

    Attributes:
        deadline: when `tick` should be called, monotonic seconds; None where nothing is waited for.
    """

    def __init__(self, settings: Settings, outputs: OutputCollector) -> None:
        self.deadline: float | None = None
        self._settings = settings
        self._outputs = outputs
        self._me = ""
        self._present: set[str] = set()  # whom we knew to be there when we were cut off
        self._is_other_log: bool | None = None  # a server begins a new one whenever it starts; None: it names none
        self._is_shut_down = False  # the server said goodbye
        self._is_replayed = True
        self._until = 0.0
        self._exited: dict[str, Exited] = {}
        self._times: dict[int, set[str]] = {}  # who exited in the same instant, by that instant
        self._back = 0

    def begin(
        self, me: str, present: Iterable[str], gone_seconds: float, now: float, *, is_other_log: bool | None
    ) -> None:
        """Learn that we are connected again, and that what was missed follows.

        Args:
            me: one's own name.
            present: who was known to be there.
            gone_seconds: for how long there was no connection.
            now: monotonic seconds.
            is_other_log: the server names another log than before (PROTOCOL §5.5); None where it names none.
        """
        self._conclude()
        self._is_other_log = is_other_log
        if not self._settings.tells_all:
            self._me = fold(me)
            self._present = {fold(name) for name in present} - {self._me}
            self._is_replayed = False
            self._until = now + RETURN_SECONDS_MIN + min(gone_seconds, self._settings.retry_seconds_max)

    def takes(self, notice: Notice) -> bool:
        """Return whether a notice is not to be shown, for now or at all."""
        if isinstance(notice, Closing):
            self._is_shut_down = True
        elif isinstance(notice, Exited) and not self._is_replayed:
            if fold(notice.name) == self._me:
                return True  # the server ended a guest's connection that we had given up
            self._exited[fold(notice.name)] = notice
            self._times.setdefault(notice.at, set()).add(fold(notice.name))
            return True
        elif isinstance(notice, Joined) and self._exited.pop(fold(notice.name), None) is not None:
            self._back += 1
            return True
        return False

    def replayed(self, now: float) -> None:
        """Learn that everything missed has come."""
        if not self._is_replayed:
            self._is_replayed = True
            self.deadline = self._until if self._is_crowd else now
            self.tick(now)

    def tick(self, now: float) -> None:
        """Conclude when all are back, or have had their time."""
        if self.deadline is not None and (now >= self.deadline or not self._exited):
            self._conclude()

    @property
    def _is_restart(self) -> bool:
        """Whether it is certain; where no log is named: it said goodbye, or all whom we knew exited in one instant."""
        if self._is_other_log is not None:
            return self._is_other_log
        return self._is_shut_down or (len(self._present) > 1 and self._has_all_exited)

    @property
    def _is_crowd(self) -> bool:
        """Whether people left who may all come back: a client that asked nobody knows few of those who were there."""
        if self._is_restart or self._is_shut_down or self._has_all_exited:
            return True
        return any(len(names) > 1 for names in self._times.values())

    @property
    def _has_all_exited(self) -> bool:
        return bool(self._present) and any(self._present <= names for names in self._times.values())

    def _conclude(self) -> None:
        """Show who is not back, and say how many are."""
        if self._back and self.deadline is not None and self._is_crowd:
            what = "1 person is back" if self._back == 1 else f"{self._back} people are back"
            self._outputs.note(NoteKind.NEWS, f"The server was restarted; {what}" if self._is_restart else what)
        self._outputs.show(*(Arrived(notice) for notice in self._exited.values()))
        self._exited, self._times, self._back = {}, {}, 0
        self._is_shut_down, self._is_replayed, self.deadline = False, True, None
