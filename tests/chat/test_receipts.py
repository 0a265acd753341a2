"""What a request came to, for when it is sent again; so much and no more."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.receipts import RECEIPTS_MAX, Outcome, Receipts


def test_an_outcome_is_one_persons() -> None:
    receipts = Receipts()
    receipts.add("ann", "1", Outcome(5))
    assert receipts.get("ann", "1") == Outcome(5)
    assert receipts.get("bob", "1") is None
    assert receipts.get("ann", "2") is None
    receipts.forget("ann")
    receipts.forget("nobody")
    assert receipts.get("ann", "1") is None
    assert receipts.dump() == []


def test_the_newest_are_remembered_and_the_oldest_forgotten() -> None:
    receipts = Receipts()
    for number in range(RECEIPTS_MAX):
        receipts.add("ann", str(number), Outcome(number))
    assert receipts.get("ann", "0") == Outcome(0)
    receipts.add("ann", "new", Outcome(9_999))
    assert receipts.get("ann", "0") is None
    assert receipts.get("ann", "1") == Outcome(1)
    assert len(receipts.dump()[0][1]) == RECEIPTS_MAX >= 1_024


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=2), st.integers(0, 99))))
def test_what_is_dumped_loads_again_in_the_same_order(added: list[tuple[str, str, int]]) -> None:
    receipts, again = Receipts(), Receipts()
    for person, request_id, seq in added:
        receipts.add(person, request_id, Outcome(seq, "too_long", "text"))
    again.load(receipts.dump())
    assert again.dump() == receipts.dump()
    again.add("c", "1", Outcome(1))
    assert "c" not in dict(receipts.dump())
