"""What a program asked with `Engine.ask`: each request gets an answer, and the last one says that it is the last.

The server's answers come as they are.  Where none can come any more, the client gives one of its own: `accepted` where
the echo of the request was heard and its answer was lost in a cut, and else a refusal that says what is known.
"""

from collections.abc import Container

from reactor_chat.client.boundary import Arrived, OutputCollector
from reactor_chat.client.inbox import request_concluded
from reactor_chat.text.grammar import COMMANDS
from reactor_chat.wire.messages import Accepted, AskReadMarks, MarkRead, Notice, Numbered, Quit, Refused, Request

ASKABLE = (frozenset(command.request for command in COMMANDS) - {Quit}) | {MarkRead, AskReadMarks}
"""What a program may ask: whatever a person could type, but to leave, which is `Engine.end_of_input`; and read markers,
which a screen knows and nobody types."""

NOT_DELIVERED = "This was perhaps not delivered, or was dropped"


class ProgramRequests:
    """The requests of one program that have no last answer yet.

    Args:
        outputs: where the answers go.
    """

    def __init__(self, outputs: OutputCollector) -> None:
        self._outputs = outputs
        self._echoed_at: dict[str, int | None] = {}  # by id: the number under which the request was carried out

    def __len__(self) -> int:
        """How many requests have no last answer yet."""
        return len(self._echoed_at)

    def __contains__(self, request_id: object) -> bool:
        """Whether an answer to this request is owed to the program."""
        return request_id in self._echoed_at

    def add(self, request: Request) -> None:
        """Owe a program the answer to a request, which has an id."""
        assert type(request) in ASKABLE, "what is about keys and connections is asked by the client alone"
        assert request.id is not None
        self._echoed_at.setdefault(request.id, None)

    def refuse(self, request_id: str, code: str, text: str) -> None:
        """Answer with a refusal of our own."""
        self._echoed_at.pop(request_id, None)
        self._outputs.answer(request_id, Arrived(Refused(code, text, request_id), is_own=True))

    def echoed(self, request_id: str | None, notice: Notice) -> None:
        """Note the echo of a request; of another's, nothing happens."""
        if request_id in self and isinstance(notice, Numbered):
            assert request_id is not None
            self._echoed_at[request_id] = notice.seq

    def answered(self, arrived: Arrived) -> None:
        """Hand over a notice that answers one of the requests, or a part of it."""
        request_id: str = getattr(arrived.notice, "re", "")
        is_last = request_concluded(arrived.notice) is not None
        if is_last:
            del self._echoed_at[request_id]
        self._outputs.answer(request_id, arrived, is_last=is_last)

    def settle(self, waiting: Container[str | None]) -> None:
        """Answer what nobody else will.

        Args:
            waiting: the ids of all requests that are still to be sent or answered.
        """
        for request_id, seq in list(self._echoed_at.items()):
            if request_id in waiting:
                continue
            if seq is None:
                self.refuse(request_id, "not_delivered", NOT_DELIVERED)
            else:
                del self._echoed_at[request_id]
                self._outputs.answer(request_id, Arrived(Accepted(request_id, seq), is_own=True))
