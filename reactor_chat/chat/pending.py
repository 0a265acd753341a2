"""What is on its way to the journal, and who must wait for it.

The state changes only when records are committed, but requests keep coming.  So each transaction (the records of one
request) has a write set, the conflict keys of what it will change; a request for a change whose read set meets it waits
for the commit, and so does everything its connection sends after it.  What meets nothing goes on at once, so that any
number of messages, and of logins under different names, share one commit.  A read waits for its own connection's
changes only: what others have on the way has not happened yet, for anybody.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from reactor_chat.chat.boundary import Sent
from reactor_chat.chat.session import Session
from reactor_chat.chat.state.records import Record

ConflictKey = tuple[str, ...]
"""Names something that may change; every name in it is folded.

    ("name", NAME)      who holds or owns a name
    ("group", GROUP)    whether there is such a group, and its members and owner
    ("groups", NAME)    which groups somebody is in
    ("id", NAME, ID)    what came of somebody's request
    ("sealed", PLACE)   how a conversation is sealed: `room`, `pair/NAME/NAME` or `group/GROUP`
    ("seals", NAME)     how many conversations somebody sealed
    ("asks", NAME, "sealed", PLACE)  when somebody asked last to be let into a conversation
    ("work", NAME)      how much work somebody made for others of late
    ("keys", NAME)      which packages somebody has published
    ("blob", HASH)      which pieces of an object are here
    ("looks", SKELETON) which names that look like one another are owned or held
    ("invite", HASH)    whether an invitation is good
    ENTERING            how many people are there: one more
    CLAIMING            how many names are owned: one more
"""

ENTERING: ConflictKey = ("entering",)
CLAIMING: ConflictKey = ("claiming",)


class Transaction(Struct, gc=False):
    """The records of one request, appended and not committed.

    Attributes:
        write_set: what they will change.
        session: whose request it was; None for what nobody on a connection asked for.
        sent: the input that was judged, to be judged again should the journal hold other records in their place.
        put_back: the same for what nobody sent: puts it back where it waits to be tried.
    """

    records: Sequence[Record]
    write_set: tuple[ConflictKey, ...]
    session: Session | None
    request_id: str | None
    sent: Sent | None = None
    put_back: Callable[[], None] | None = None


class Pending:
    """Transactions in the order of their numbers."""

    def __init__(self) -> None:
        self._transactions: deque[Transaction] = deque()
        self._written: Counter[ConflictKey] = Counter()
        self.records_count = 0

    def add(self, transaction: Transaction) -> None:
        """Note a transaction that was appended."""
        self._transactions.append(transaction)
        self.records_count += len(transaction.records)
        for key in transaction.write_set:
            self._written[key] += 1
        if transaction.session is not None:
            transaction.session.transactions += 1

    def blocking(self, read_set: Iterable[ConflictKey]) -> ConflictKey | None:
        """Return the first of these that a transaction will change; None where none will."""
        return next((key for key in read_set if key in self._written), None) if self._written else None

    def has(self, key: ConflictKey | None) -> bool:
        """Return whether a transaction will change this; never for None."""
        return key in self._written

    def count(self, key: ConflictKey) -> int:
        """Return how many transactions will change this."""
        return self._written[key]

    @property
    def at(self) -> int:
        """The time of the newest record on its way; 0 where there is none."""
        return self._transactions[-1].records[-1].at if self._transactions else 0

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
        if transaction.session is not None:
            transaction.session.transactions -= 1
        return transaction
