"""Who waits for a commit, and in which order they go on.

A connection waits behind the foremost thing it sent that cannot be judged yet.  After each commit whatever waited is
judged again, the connections in the order in which what is foremost on each began to wait, so that one with much to do
does not keep the others waiting.  Waiting ends: something waits only for what is on its way, or for another connection
that does.

To judge a long list again and again, for everybody who waits, could take seconds.  So each connection remembers one
conflict key that it waits for (see `pending`), and while a transaction writes it nothing is judged; and what is judged
at once has a limit, beyond which the rest has to wait for the next turn.
"""

from collections import deque
from collections.abc import Callable

from reactor_chat.chat.boundary import Effect, Sent
from reactor_chat.chat.limits.costs import cost_of
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.session import Session, SessionState

COST_MAX = 1_000
"""What is judged after one commit, in things said: about 10 ms of work, if not for what the last of it costs."""


class Waiting:
    """The connections with a backlog.

    Args:
        pending: what is waited for.
        judge: serves one thing that a connection sent; False where it has to wait, and then nothing has changed.

    Attributes:
        cost: what all of it has cost so far that was judged again.
        has_work: whether somebody could perhaps go on who was not looked at for lack of time.
    """

    def __init__(self, pending: Pending, judge: Callable[[Session, Sent, list[Effect]], bool]) -> None:
        self._pending = pending
        self._judge = judge
        self._waiting: list[Session] = []
        self._returned: dict[Session, None] = {}
        self._cost_left = 0
        self.cost = 0
        self.has_work = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, session: Session, what: Sent) -> None:
        """Let something wait, behind what waits on this connection already."""
        if session.backlog is None:
            session.backlog = deque()
        if not session.backlog:
            self._waiting.append(session)
        session.backlog.append(what)

    def return_sent(self, session: Session, what: Sent) -> None:
        """Let something wait again that was judged before, in front of all that waits on this connection.

        What came last is returned first; `return_to_front` ends it.
        """
        if session.backlog is None:
            session.backlog = deque()
        session.backlog.appendleft(what)
        session.blocked_by = None
        self._returned[session] = None

    def return_to_front(self) -> None:
        """Put the connections to which something was returned before all others, the one returned to last first."""
        others = [session for session in self._waiting if session not in self._returned]
        self._waiting = [*reversed(self._returned), *others]
        self._returned.clear()

    def go_on(self, effects: list[Effect]) -> None:
        """Judge again what waits, until nothing more moves or the limit is reached."""
        if not self._waiting:
            self.has_work = False
            return
        self._cost_left = COST_MAX
        moved = [True]
        while any(moved) and self._cost_left > 0:
            waiting, self._waiting = self._waiting, []
            moved = [self._work_off(session, effects) for session in waiting]
            # Who could not go on stays in front of who could.
            for could in (False, True):
                self._waiting += [
                    s for s, went_on in zip(waiting, moved, strict=True) if s.backlog and went_on == could
                ]
        self.has_work = self._cost_left <= 0 and bool(self._waiting)

    def _work_off(self, session: Session, effects: list[Effect]) -> bool:
        """Serve what of a backlog can be served; whether that was anything."""
        backlog = session.backlog
        assert backlog
        if session.state is not SessionState.GONE and self._pending.has(session.blocked_by):
            return False
        before = len(backlog)
        while backlog and self._cost_left > 0:
            cost = cost_of(backlog[0])
            self._cost_left -= cost
            self.cost += cost
            if not self._judge(session, backlog[0], effects):
                break
            backlog.popleft()
        session.backlog = backlog or None
        return len(backlog) < before
