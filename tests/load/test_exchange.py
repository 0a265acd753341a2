"""A member of a pair counts what the other one says, once, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.load.exchange import GroupMember
from reactor_chat.load.latency import Histogram
from reactor_chat.load.marks import Script


def couple() -> tuple[GroupMember, Script, Script, list[int]]:
    own, partners = (Script(number, 16, lambda text: b"<" + text + b">") for number in range(2))
    replies: list[int] = []
    member = GroupMember(own, partners, Histogram(), lambda _member, count: replies.append(count))
    return member, own, partners, replies


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.lists(st.integers(1, 30), min_size=1))
def test_it_counts_the_others_messages_and_not_its_own(counts: list[int], sizes: list[int]) -> None:
    member, own, partners, replies = couple()
    stream = b"".join(own.take(count, 1) + partners.take(count, 1) for count in counts)
    place = 0
    while stream:
        size = sizes[place % len(sizes)]
        member.received(None, stream[:size])
        stream, place = stream[size:], place + 1
    assert member.delivered == sum(replies) == sum(counts)
    assert member.account.duplicates == member.account.out_of_order == 0


def test_the_numbers_may_begin_again() -> None:
    member, _, partners, replies = couple()
    for _ in range(20):
        member.received(None, partners.take(10_000, 1))
    assert member.delivered == sum(replies) == 200_000


def test_what_is_missing_or_twice_is_noticed() -> None:
    member, _, partners, _ = couple()
    first, second, third = (partners.take(1, 1) for _ in range(3))
    for message in (first, third, third, second):
        member.received(None, message)
    assert member.delivered == 3
    assert member.account.duplicates == 1
    assert member.account.out_of_order == 1
