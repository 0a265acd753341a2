"""Own packages: published in time, used once, gone afterwards."""

from reactor_chat.e2ee.identity import own_identity, suites
from reactor_chat.e2ee.packages import (
    LIFETIME_SECONDS,
    MADE_AT_ONCE,
    REFILLED_BELOW,
    RENEWED_SECONDS,
    PackageBook,
    reference_of,
)
from reactor_chat.e2ee.store import MemoryStore, Table
from reactor_chat.mls.keypackage import read_key_package
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from tests.mls.people import SeededEntropy

NOW = 1_700_000_000


def book_of(store: MemoryStore) -> PackageBook:
    return PackageBook(store, own_identity("Ann", bytes(32)), SeededEntropy("packages"))


def test_what_is_published_can_be_found_and_used_once() -> None:
    store = MemoryStore()
    book = book_of(store)
    request = book.publish(HYBRID, NOW, "id")
    assert request is not None
    assert request.fresh
    assert len(request.packages) == MADE_AT_ONCE
    for package in request.packages:
        read_key_package(package, now=NOW)
        reference = reference_of(package)
        own = book_of(store).find(reference)
        assert own is not None
        assert own.message == package
        book.use_up(reference)
        assert not book.has(reference)
        assert book.find(reference) is None
    assert request.last_resort is not None
    last = reference_of(request.last_resort)
    book.use_up(last)
    assert book.has(last), "others may be using it in this moment"


def test_more_are_published_when_few_are_left() -> None:
    book = book_of(MemoryStore())
    request = book.publish(CLASSICAL, NOW, "id")
    assert request is not None
    for at, package in enumerate(request.packages):
        due = book.publish(CLASSICAL, NOW, "id") is not None
        assert due == (MADE_AT_ONCE - at < REFILLED_BELOW)
        if due:
            break
        book.use_up(reference_of(package))


def test_the_old_are_replaced_and_in_the_end_forgotten() -> None:
    store = MemoryStore()
    book = book_of(store)
    book.publish(CLASSICAL, NOW, "id")
    again = book.publish(CLASSICAL, NOW + RENEWED_SECONDS, "id")
    assert again is not None
    assert again.fresh
    assert sum(1 for _ in store.rows(Table.PACKAGE)) == 2 * (MADE_AT_ONCE + 1), "the old may still be used by somebody"
    book.publish(CLASSICAL, NOW + LIFETIME_SECONDS + RENEWED_SECONDS + 1, "id")
    assert sum(1 for _ in store.rows(Table.PACKAGE)) == 2 * (MADE_AT_ONCE + 1)


def test_every_suite_is_published_and_only_the_first_request_forgets() -> None:
    requests = book_of(MemoryStore()).publish_all(NOW, lambda: "id", is_forced=True)
    assert [request.suite for request in requests] == list(suites())
    assert [request.fresh for request in requests] == [True] + [False] * (len(requests) - 1)
    assert not book_of(MemoryStore()).has(bytes(32))


def test_a_row_that_cannot_be_read_is_no_package() -> None:
    store = MemoryStore()
    book = book_of(store)
    request = book.publish(CLASSICAL, NOW, "id")
    assert request is not None
    reference = reference_of(request.packages[0])
    row = store.get(Table.PACKAGE, reference.hex())
    assert row is not None
    store.put(Table.PACKAGE, reference.hex(), row.replace(request.packages[0][-8:], bytes(8)))
    assert book.find(reference) is None
