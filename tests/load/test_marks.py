"""Texts carry who sent them and their number, and an account notices whatever is missing, late or repeated."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.load.marks import TEXT_BYTES_MIN, Account, Script, mark_in, numbers_from


def quoted(text: bytes) -> bytes:
    return b'"' + text + b'"'


@given(st.integers(0, 65_535), st.integers(TEXT_BYTES_MIN, 200), st.lists(st.integers(1, 300), max_size=5))
def test_messages_are_numbered_on_from_one_take_to_the_next(sender: int, size: int, counts: list[int]) -> None:
    script = Script(sender, size, quoted)
    data = b"".join(script.take(count, 7) for count in counts)
    found = [(int(who, 16), int(number, 16)) for who, number in mark_in.findall(data)]
    assert found == [(sender, number) for number in range(sum(counts))]
    assert len(data) == sum(counts) * (size + 2)


def test_numbers_begin_again_after_the_last() -> None:
    script = Script(1, TEXT_BYTES_MIN, quoted)
    for _ in range(4):
        script.take(16_383, 1)
    found = mark_in.findall(script.take(8, 2))
    assert [number for _, number in found] == numbers_from(65_532, 8)
    assert found[4][1] == b"0000"
    assert script.sent == 65_540
    assert script.stamps_ns[3] == script.stamps_ns[65_535] == 2


@given(st.permutations(range(12)), st.lists(st.integers(0, 11), max_size=4), st.integers(0, 70_000))
def test_everything_counts_once_in_any_order(order: list[int], again: list[int], begun: int) -> None:
    account = Account(begun)
    fresh = [account.take((begun + number) & 0xFFFF) for number in [*order, *again]]
    assert sum(fresh) == 12
    assert account.duplicates == len(again)
    assert account.next == begun + 12
    late = sum(1 for place, number in enumerate(order) if number < max(order[:place], default=-1))
    assert account.out_of_order == late
