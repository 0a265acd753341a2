"""What is on its way: counted, and taken off again in its order."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.conflicts import ENTERING, ConflictKey
from reactor_chat.chat.pending import Pending
from reactor_chat.chat.session import Session
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.chat.transaction import Transaction
from reactor_chat.wire.messages import Exited

KEYS: list[ConflictKey] = [("name", "a"), ("name", "b"), ("group", "a"), ("id", "a", "1"), ENTERING]


def transaction(
    first: int, count: int, write_set: tuple[ConflictKey, ...] = (), session: Session | None = None
) -> Transaction:
    return Transaction([Exited(first + i, 1_000 + first, "x") for i in range(count)], write_set, session, None)


def test_a_transaction_ends_when_its_last_record_is_committed() -> None:
    pending, session = Pending(ChatState()), Session(1, bytes(32), bytes(32), "")
    pending.add(transaction(1, 3, (("name", "a"),), session))
    assert session.transactions == 1
    assert pending.records_count == 3
    assert pending.sequencer().at == 1_001
    assert list(pending.committed(2)) == []
    assert pending.blocking([("name", "b"), ("name", "a")]) == ("name", "a")
    assert [landed.records[0].seq for landed in pending.committed(3)] == [1]
    assert session.transactions == pending.records_count == pending.sequencer().at == 0
    assert pending.blocking([("name", "a")]) is None


def test_nothing_blocks_nothing() -> None:
    pending = Pending(ChatState())
    pending.add(transaction(1, 1, tuple(KEYS)))
    assert pending.blocking([]) is None
    assert pending.blocking([("name", "c"), ("groups", "a")]) is None
    assert not pending.has(None)


@given(st.lists(st.tuples(st.integers(1, 3), st.sets(st.sampled_from(KEYS)))), st.integers(0, 40), st.booleans())
def test_against_a_list(added: list[tuple[int, set[ConflictKey]]], seq: int, fail: bool) -> None:  # noqa: FBT001
    pending, transactions, newest = Pending(ChatState()), list[Transaction](), 0
    for count, keys in added:
        transactions.append(transaction(newest + 1, count, tuple(sorted(keys))))
        pending.add(transactions[-1])
        newest += count
    landed = list(pending.rolled_back() if fail else pending.committed(seq))
    kept = [] if fail else [one for one in transactions if one.records[-1].seq > seq]
    assert landed == transactions[: len(transactions) - len(kept)]
    assert pending.records_count == sum(len(one.records) for one in kept)
    for key in KEYS:
        assert pending.count(key) == sum(key in one.write_set for one in kept)
        assert pending.has(key) == any(key in one.write_set for one in kept)
        assert pending.blocking([key]) == (key if pending.has(key) else None)
