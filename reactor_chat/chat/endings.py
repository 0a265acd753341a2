"""Who leaves, and which names are released: recorded as soon as nothing on its way to the journal depends on it.

What cannot be refused is tried until the journal has it.  Many may leave at once, and somebody who is in many groups
leaves them in steps; what is left follows after the next commit.
"""

from collections.abc import Iterable
from functools import partial

from reactor_chat.chat.boundary import Effect
from reactor_chat.chat.decisions import Ending, departure, read_set_of_end, release
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.session import Session
from reactor_chat.chat.sessions import Sessions
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.wire.messages import fold

DEPARTURES_WORK_MAX = 4_000
"""Groups looked at and names written for those who leave together; the others follow after the next commit."""


class Endings:
    """What is to be recorded though nobody asks for it again.

    Args:
        state: of the chat.
        pending: what is on its way.
        all_sessions: of the connections.

    Attributes:
        departing: who left and is to exit, by folded name.
        releasing: which names are to be released, likewise.
        sessions: whose names are being released while they are here, likewise.
    """

    def __init__(self, state: ChatState, pending: Pending, all_sessions: Sessions) -> None:
        self.departing: dict[str, str] = {}
        self.releasing: dict[str, str] = {}
        self.sessions: dict[str, Session] = {}
        self._state = state
        self._pending = pending
        self._all_sessions = all_sessions

    def forget_sessions(self) -> None:
        """Let those go on whose names were about to be released: nothing became of it."""
        for session in self.sessions.values():
            session.ending = False
        self.sessions.clear()

    def record(self, effects: list[Effect]) -> None:
        """Record the releases and departures that depend on nothing that is on its way."""
        if not self.releasing and not self.departing:
            return  # nearly always
        for name in self._ready(self.releasing, list(self.releasing.values())):
            if self._state.identity.claim_of(name) is not None:
                self.departing.pop(fold(name), None)
                self._launch_end(release(self._state, name, self._pending.sequencer()), self.releasing, name, effects)
                session = self._all_sessions.of(name)
                if session is not None:
                    session.ending = True
                    self.sessions[fold(name)] = session
        self.record_departures(list(self.departing.values()), effects)

    def record_departures(self, names: list[str], effects: list[Effect]) -> None:
        """Record as many departures as may be at once; what was launched, or is in the way, brings us back here."""
        work = 0
        for name in names:
            work += 1 + self._state.groups.count_of(name)
            for ready in self._ready(self.departing, [name]):
                step = departure(self._state, ready, self._pending.sequencer())
                work += step.names_count()
                self._launch_end(step, self.departing, ready, effects)
            if work > DEPARTURES_WORK_MAX:
                return

    def _launch_end(self, step: Ending, ending: dict[str, str], name: str, effects: list[Effect]) -> None:
        self._pending.launch(step.change, effects, put_back=partial(ending.__setitem__, fold(name), name))
        if not step.is_last:
            ending[fold(name)] = name  # the next step follows when this one is committed

    def _ready(self, ending: dict[str, str], names: list[str]) -> Iterable[str]:
        """Remove and yield those of these names whose end can be recorded, each after the one before it has been."""
        for name in names:
            if fold(name) in ending and self._pending.blocking(read_set_of_end(self._state, name)) is None:
                del ending[fold(name)]
                yield name
