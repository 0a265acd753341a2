"""The store in memory keeps the contract: rows, transactions, copies."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.e2ee.store import MemoryStore, Table

keys = st.sampled_from(["room:/", "pair:bob/", "pair:bob/1", "pair:bobby/", "x"])
changes = st.lists(st.tuples(st.sampled_from(["put", "drop", "drop_all"]), keys, st.binary(max_size=3)), max_size=12)


def apply(store: MemoryStore, made: list[tuple[str, str, bytes]]) -> dict[str, bytes]:
    """Make changes; return what a dictionary would hold."""
    model = dict(store.rows(Table.TRUST))
    for what, key, row in made:
        if what == "put":
            store.put(Table.TRUST, key, row)
            model[key] = row
        elif what == "drop":
            store.drop(Table.TRUST, key)
            model.pop(key, None)
        else:
            store.drop_all(Table.TRUST, key)
            model = {one: kept for one, kept in model.items() if not one.startswith(key)}
    return model


@given(changes)
def test_it_holds_what_a_dictionary_holds_in_the_order_of_keys(made: list[tuple[str, str, bytes]]) -> None:
    store = MemoryStore()
    model = apply(store, made)
    assert list(store.rows(Table.TRUST)) == sorted(model.items())
    assert all(store.get(Table.TRUST, key) == model.get(key) for key in ("room:/", "x"))
    assert list(store.rows(Table.TRUST, "pair:bob/")) == sorted(
        i for i in model.items() if i[0].startswith("pair:bob/")
    )
    assert not list(store.rows(Table.CHAIN))


@given(changes, changes)
def test_what_was_not_committed_never_happened(
    before: list[tuple[str, str, bytes]], lost: list[tuple[str, str, bytes]]
) -> None:
    store = MemoryStore()
    model = apply(store, before)
    store.commit()
    apply(store, lost)
    store.roll_back()
    assert dict(store.rows(Table.TRUST)) == model


@given(changes, changes)
def test_a_copy_stays_as_it_was(before: list[tuple[str, str, bytes]], later: list[tuple[str, str, bytes]]) -> None:
    store = MemoryStore()
    model = apply(store, before)
    twin = store.copy()
    apply(store, later)
    assert dict(twin.rows(Table.TRUST)) == model
