"""What becomes of the line being typed, said when it is another thing than was said last.

How the connection is need not be said here: the client has words of its own for each change of it.
"""

from reactor_chat.client.connecting.states import State
from reactor_chat.client.engine import Engine
from reactor_chat.e2ee.boundary import Posture
from reactor_chat.text.parser import parse_typed
from reactor_chat.wire.conversation import ROOM, Conversation, Scope, Spoken, where_said
from reactor_chat.wire.messages import Tell, fold

SENTENCES = {
    Posture.PLAIN: "What you type {to} is NOT encrypted.",
    Posture.WAITING: "What you type {to} waits for keys.",
    Posture.SEALED: "What you type {to} is encrypted.",
    Posture.HELD: "What you type {to} is not sent.",
}
"""By what becomes of a line."""

_WEAKER = (Posture.PLAIN, Posture.HELD)


class SpokenState:
    """Remembers what was said of each conversation.

    Args:
        engine: whose state it tells.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._said: dict[Conversation, Posture] = {}
        self._was_in = False

    def news(self, text: str, *, is_free: bool) -> list[str]:
        """Return the sentence that is due; none where nothing is.

        A line that is the first one to somebody, or that would be less private than was said, is not written to its
        end before that is said; anything else waits for a free row.

        Args:
            text: the line as far as it is typed.
            is_free: a new row begins anyhow.
        """
        self._was_in = self._was_in or self._engine.state is State.LIVE
        where, typed = _where_typed(text)
        if where is None or self._engine.wants_name or not (text or self._was_in):
            return []
        posture, before = self._engine.messaging.sealing.posture(text), self._said.get(where)
        if posture is before or not (is_free or before is None or posture in _WEAKER):
            return []
        self._said[where] = posture
        return [SENTENCES[posture].format(to=self._to(where, typed))]

    def _to(self, where: Conversation, typed: str) -> str:
        if where.scope is Scope.ROOM:
            return "to everyone"
        return f"{'to' if where.scope is Scope.PAIR else 'in'} {self.spelled(where, typed)}"

    def spelled(self, where: Conversation, typed: str = "") -> str:
        """Return the name of a conversation as the server spells it; where nobody has heard it, as it was typed."""
        directory = self._engine.messaging.directory
        names = directory.users if where.scope is Scope.PAIR else directory.groups
        return next((name for name in names if fold(name) == where.name), typed or where.name)


def _where_typed(text: str) -> tuple[Conversation | None, str]:
    """Return where a line goes, with its name as typed; None where nobody knows yet, and for what is no message."""
    parsed = parse_typed(text)
    if isinstance(parsed, Spoken):
        return where_said(parsed), parsed.to if isinstance(parsed, Tell) else getattr(parsed, "group", "")
    return None if text.strip() else ROOM, ""
