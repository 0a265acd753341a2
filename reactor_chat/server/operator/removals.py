"""Takes what was said out of the journal: one message by an order, or all that is older than the operator keeps.

A removal is noted in the journal before the message is emptied, so none goes without a trace; where the process dies
between the two, the message is there still, and the order may be given again.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from reactor_chat.chat.operator.messages import emptied, removing
from reactor_chat.errors import UsageError
from reactor_chat.journal.contract import Slices
from reactor_chat.journal.reports import Row
from reactor_chat.server.app import App
from reactor_chat.server.operator.orders import Answer, Delete, ReadRecords
from reactor_chat.server.operator.registry import changed, settled
from reactor_chat.server.record_log import RecordLog, record_of
from reactor_chat.wire import codec
from reactor_chat.wire.conversation import Heard

READ_BYTES_MAX = 524_288
READ_ROWS_MAX = 2_000
"""What one order to read records is answered with at most: some milliseconds of the server's time."""


def message_at(record_log: RecordLog, seq: int) -> Heard:
    """Return the message with a number.

    Args:
        record_log: where it is read.
        seq: its number; any whole number.

    Raises:
        UsageError: there is none, it is no message, or it was removed before; the text says which.
        StorageCorrupt: the journal is damaged there.
    """
    journal = record_log.journal
    if not 1 <= seq <= journal.head:
        raise UsageError(f"There is no number {seq}: the newest is {journal.head}")
    row = next(journal.replay(seq - 1), None)
    if row is None or row.seq != seq:
        raise UsageError(f"Number {seq} is not kept any more: the oldest is {journal.oldest}")
    record = record_of(seq, row.payload)
    if not isinstance(record, Heard):
        raise UsageError(f"Number {seq} is not a message")
    if record.removed:
        raise UsageError(f"Message {seq} was removed before")
    return record


def empty(record_log: RecordLog, messages: list[Heard]) -> None:
    """Empty these messages, durably, all or none.  Raises StorageFull where there is no space for that."""
    record_log.journal.rewrite([Row(message.seq, codec.encode(emptied(message))) for message in messages])


def remove(app: App, seq: int, by: str = "") -> Slices[Heard]:
    """Remove one message, for good.

    Args:
        by: the moderator's name; empty for the operator.

    Returns:
        The message as it was.

    Raises:
        UsageError: see `message_at`; nothing has changed.
        StorageFull: there is no space for it; the message is there still.
        StorageError: the journal failed; the process must stop.
    """
    yield from settled(app, [])
    message = message_at(app.record_log, seq)
    yield from changed(app, removing(seq, by))
    empty(app.record_log, [message])
    app.record_log.journal.purge()
    return message


def _delete(app: App, order: Delete) -> Slices[Answer]:
    message = yield from remove(app, order.seq)
    return Answer(
        done=True, text=f"Message {order.seq} from {message.sender} was removed; earlier backups still have it"
    )


def _read(app: App, order: ReadRecords) -> Answer:
    head = app.record_log.journal.head if order.last is None else min(order.last, app.record_log.journal.head)
    rows = [row.payload.decode("utf-8") for row in _page(app.record_log, order.after, head)]
    return Answer(done=True, text=f"records: {len(rows)}", facts={"records": rows, "last": head})


def _page(record_log: RecordLog, after: int, last: int) -> Iterator[Row]:
    """Yield the rows after a number, one at least where there is one, and few enough for one answer."""
    size_bytes = 0
    for row in islice(record_log.journal.replay(after), READ_ROWS_MAX):
        if row.seq > last or size_bytes >= READ_BYTES_MAX:
            return
        size_bytes += len(row.payload)
        yield row


ORDERS: dict[type, Callable[[App, Any], Answer | Slices[Answer]]] = {Delete: _delete, ReadRecords: _read}
