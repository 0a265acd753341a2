"""What is on its way to the journal, and who must wait for it.

The state changes only when records are committed, but requests keep coming.  So each transaction (the records of one
request) has a write set, the conflict keys of what it will change; a request for a change whose read set meets it waits
for the commit, and so does everything its connection sends after it.  What meets nothing goes on at once, so that any
number of messages, and of logins under different names, share one commit.  A read waits for its own connection's
changes only: what others have on the way has not happened yet, for anybody.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable

from reactor_chat.chat.boundary import Effect, Sent
from reactor_chat.chat.case import Change, Sequencer, time_after
from reactor_chat.chat.conflicts import ConflictKey
from reactor_chat.chat.session import Session
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.transaction import Burst, Transaction
from reactor_chat.wire.messages import fold


class Pending:
    """Transactions in the order of their numbers.

    Args:
        state: of the chat, as far as it is committed.

    Attributes:
        clock: what the clock says, in milliseconds since the Unix epoch; set with each input.
        records_count: how many records are on their way.
    """

    def __init__(self, state: ChatState) -> None:
        self.clock = 0
        self._state = state
        self._transactions: deque[Transaction] = deque()
        self._written: Counter[ConflictKey] = Counter()
        self.records_count = 0

    def sequencer(self) -> Sequencer:
        """Return what gives the next records their numbers and their time."""
        newest = self._transactions[-1].records[-1].at if self._transactions else 0
        return Sequencer(self._state.seq + self.records_count, time_after(newest or self._state.at, self.clock))

    def launch(
        self,
        change: Change,
        effects: list[Effect],
        session: Session | None = None,
        request_id: str | None = None,
        sent: Sent | None = None,
        put_back: Callable[[], None] | None = None,
    ) -> None:
        """Send a change on its way.

        Args:
            change: its records are numbered by the newest `sequencer`.
            session, request_id, sent, put_back: see `Transaction`.
        """
        write_set = change.write_set
        if session is not None and request_id is not None:
            write_set = (*write_set, ("id", fold(session.name), request_id))
        records = [record for record, _ in change.records]
        self.add(Transaction(records, write_set, session, request_id, sent, put_back))
        effects.append(change.append())

    def add(self, transaction: Transaction) -> None:
        """Note a transaction that was appended."""
        self._transactions.append(transaction)
        self.records_count += len(transaction.records)
        for key in transaction.write_set:
            self._written[key] += 1
        if transaction.session is not None:
            transaction.session.transactions += 1

    @property
    def has_marks(self) -> bool:
        """Whether any transaction will change something that a judgement may depend on."""
        return bool(self._written)

    def blocking(self, read_set: Iterable[ConflictKey]) -> ConflictKey | None:
        """Return the first of these that a transaction will change; None where none will."""
        return next((key for key in read_set if key in self._written), None) if self._written else None

    def has(self, key: ConflictKey | None) -> bool:
        """Return whether a transaction will change this; never for None."""
        return key in self._written

    def count(self, key: ConflictKey) -> int:
        """Return how many transactions will change this."""
        return self._written[key]

    def committed(self, seq: int) -> Iterable[Transaction]:
        """Remove and yield the transactions whose records are all at or below this number, oldest first."""
        while self._transactions and self._transactions[0].records[-1].seq <= seq:
            yield self._pop()

    def rolled_back(self) -> Iterable[Transaction]:
        """Remove and yield every transaction, oldest first: none of their records exists."""
        while self._transactions:
            yield self._pop()

    def _pop(self) -> Transaction:
        transaction = self._transactions.popleft()
        self.records_count -= len(transaction.records)
        for key in transaction.write_set:
            self._written[key] -= 1
            if not self._written[key]:
                del self._written[key]
        session = transaction.session
        if session is not None:
            session.transactions -= 1
            if session.unconfirmed and isinstance(transaction, Burst):
                session.unconfirmed.difference_update([message.id for message in transaction.messages])
        return transaction
