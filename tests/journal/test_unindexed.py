"""What waits for the index is found as if each block were looked through each time."""

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.journal.unindexed import UnindexedBlocks

kinds = st.lists(st.lists(st.sampled_from("abc"), max_size=3).map(tuple), max_size=4)
steps = st.lists(
    st.tuples(st.just("block"), kinds)
    | st.tuples(st.just("grow"), kinds)
    | st.tuples(st.just("insert"), st.integers(1, 80))
    | st.tuples(st.just("drop"), st.integers(0, 40))
    | st.tuples(st.just("read"), st.integers(0, 40)),
    max_size=25,
)


class Model:
    """The same as one dictionary."""

    def __init__(self) -> None:
        self.kinds: dict[int, tuple[tuple[str, ...], ...]] = {}

    def carrying(self, label: str, low: int, high: int) -> list[int]:
        found = (first for first, kinds in self.kinds.items() if any(label in kind for kind in kinds))
        return [first for first in found if low <= first <= high]


@given(steps=steps)
def test_it_is_what_a_look_through_all_blocks_finds(
    steps: list[tuple[str, int | list[tuple[str, ...]]]],
) -> None:
    blocks, model, newest = UnindexedBlocks(), Model(), 0
    for step, value in steps:
        if isinstance(value, list):
            newest += 3 * (step == "block")
            before = model.kinds.get(newest, ()) if step == "grow" else ()
            if newest and (step == "block" or newest in model.kinds):
                model.kinds[newest] = tuple(dict.fromkeys((*before, *value)))
                blocks.put(newest, model.kinds[newest])
        elif step == "insert":
            kind = ("b",) if value % 2 else ("a", "c")
            model.kinds = dict(sorted({**model.kinds, value: (*model.kinds.get(value, ()), kind)}.items()))
            blocks.insert(value, kind)
            newest = max(newest, value)
        elif step == "drop":
            blocks.drop_below(value)
            model.kinds = {first: kinds for first, kinds in model.kinds.items() if first >= value}
        else:
            for label in "abcd":
                assert blocks.between(label, value, value + 20) == model.carrying(label, value, value + 20)
    check(blocks, model, newest)


def check(blocks: UnindexedBlocks, model: Model, newest: int) -> None:
    assert len(blocks) == len(model.kinds)
    for label in "abcd":
        assert blocks.between(label, 0, newest) == model.carrying(label, 0, newest)
    assert blocks.oldest(3) == list(model.kinds)[:3]
    some = list(model.kinds)[: bisect_left(list(model.kinds), newest)]
    last = some[-1] if some else 0
    expected = {label: model.carrying(label, 0, last) for label in "abc"}
    assert blocks.by_label(some) == {label: firsts for label, firsts in expected.items() if firsts}
    for first in (*model.kinds, newest + 1):
        assert blocks.labels(first) == {label for kind in model.kinds.get(first, ()) for label in kind}
