"""A client's vault in memory that outlives the client: what was committed stays, what was not is gone with a kill."""

from collections.abc import Callable

from reactor_chat.client.store.vault import Archived, logs_up_to, logs_with
from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.wire.messages import Request, Seen


class SimulatedVault:
    """What one person's home would hold.

    It keeps the contract of `client.store.vault`.  Whoever kills its client calls `lose_uncommitted` and gives it to
    the next one.
    """

    is_durable = True

    def __init__(self) -> None:
        self.store = MemoryStore()
        self._cursor: int | None = None
        self._logs: list[Seen] = []
        self._kept: dict[str, Request] = {}
        self._archive: list[bytes] = []
        self._printed_place = 0
        self._undo: list[Callable[[], object]] = []

    def lose_uncommitted(self) -> None:
        """Be as after the newest commit: the process was killed."""
        while self._undo:
            self._undo.pop()()
        self.store.roll_back()

    def choose(self, name: str) -> None:
        """Nothing needs to be chosen: one home, one person."""

    def welcomed(self, name: str) -> None:
        """Nobody asks whose home it is."""

    def cursor(self) -> int | None:
        """As in the contract."""
        return self._cursor

    def move_cursor(self, seq: int) -> None:
        """As in the contract."""
        before, self._cursor = self._cursor, seq
        self._undo.append(lambda: setattr(self, "_cursor", before))

    def seen(self) -> list[Seen]:
        """As in the contract."""
        return logs_up_to(self._logs, self._cursor)

    def begin_log(self, log: str, seq: int) -> None:
        """As in the contract."""
        before, self._logs = self._logs, logs_with(self._logs, self._cursor, log)
        self._undo.append(lambda: setattr(self, "_logs", before))
        self.move_cursor(seq)

    def archive(self, seq: int, payload: bytes) -> int:
        """As in the contract."""
        self.move_cursor(max(seq, self._cursor or 0))
        self._archive.append(payload)
        self._undo.append(self._archive.pop)
        return len(self._archive)

    def unprinted(self) -> list[Archived]:
        """As in the contract."""
        return self._archived(self._printed_place)

    def tail(self, count: int) -> list[Archived]:
        """As in the contract."""
        return self._archived(max(0, self._printed_place - count))[: min(count, self._printed_place)]

    def newest(self, count: int) -> list[Archived]:
        """As in the contract."""
        return self._archived(max(0, len(self._archive) - count))[::-1]

    def printed(self, place: int) -> None:
        """As in the contract."""
        self._printed_place = max(self._printed_place, place)

    def kept(self) -> list[Request]:
        """As in the contract."""
        return list(self._kept.values())

    def keep(self, request: Request) -> None:
        """As in the contract."""
        assert request.id is not None
        request_id = request.id
        self._kept[request_id] = request
        self._undo.append(lambda: self._kept.pop(request_id, None))

    def drop(self, request_id: str) -> None:
        """As in the contract."""
        if request_id in self._kept:
            before = dict(self._kept)
            del self._kept[request_id]
            self._undo.append(lambda: self._restore(before))

    def commit(self) -> None:
        """As in the contract."""
        self._undo.clear()
        self.store.commit()

    def _restore(self, kept: dict[str, Request]) -> None:
        self._kept = kept

    def _archived(self, after: int) -> list[Archived]:
        found = enumerate(self._archive[after:], after + 1)
        return [Archived(place, payload) for place, payload in found]
