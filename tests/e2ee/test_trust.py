"""Trust: every step of the table, and the one rule that follows from it."""

import pytest

from reactor_chat.e2ee.store import MemoryStore
from reactor_chat.e2ee.trust import SENDING_STOPS, TRUST_STATES, Sight, Trust, TrustBook
from reactor_chat.mls.signatures import Ed25519, SigningKey
from tests.mls.people import SeededEntropy

KEYS = [SigningKey.generate(Ed25519(), SeededEntropy(number)).public_key for number in range(3)]


def book_in(state: Trust) -> TrustBook:
    """Return a book where Bob's key is in some state, the way people get it there."""
    book = TrustBook(MemoryStore())
    book.see("Bob", KEYS[0], 1)
    if state is Trust.VERIFIED:
        book.verify("Bob", KEYS[0], 2)
    elif state is Trust.CHANGED:
        book.see("Bob", KEYS[1], 2)
    elif state is Trust.BLOCKED:
        book.block("Bob")
    known = book.look_up("bob")
    assert known is not None
    assert known.state is state
    return book


@pytest.mark.parametrize("state", Trust)
@pytest.mark.parametrize("sight", Sight)
def test_every_step_of_the_table(state: Trust, sight: Sight) -> None:
    book = book_in(state)
    {
        Sight.SAME: lambda: book.see("BOB", KEYS[0], 3),
        Sight.OTHER: lambda: book.see("Bob", KEYS[2], 3),
        Sight.VERIFY: lambda: book.verify("bob", KEYS[0], 3),
        Sight.ACCEPT: lambda: book.accept("Bob", 3),
        Sight.BLOCK: lambda: book.block("Bob"),
    }[sight]()
    known = book.look_up("Bob")
    assert known is not None
    assert known.state is TRUST_STATES[state][sight]


def test_the_table_has_a_row_for_everything() -> None:
    assert set(TRUST_STATES) == set(Trust)
    assert all(set(row) == set(Sight) for row in TRUST_STATES.values())
    assert all(row[Sight.OTHER] in SENDING_STOPS for row in TRUST_STATES.values()), "another key always stops"


def test_the_old_key_shown_again_does_not_make_it_good() -> None:
    book = book_in(Trust.CHANGED)
    book.see("Bob", KEYS[0], 3)
    assert book.is_unsettled("Bob")
    assert not book.is_usable("Bob", KEYS[1])


def test_who_is_accepted_has_the_new_key_and_has_to_be_verified_again() -> None:
    book = book_in(Trust.VERIFIED)
    book.see("Bob", KEYS[1], 3)
    known = book.accept("Bob", 4)
    assert known is not None
    assert (known.key, known.state, known.offered) == (KEYS[1], Trust.NEW, b"")
    assert book.is_usable("bob", KEYS[1])
    assert not book.is_usable("bob", KEYS[0])


def test_the_number_of_the_old_key_tells_that_the_new_one_was_a_lie() -> None:
    book = book_in(Trust.CHANGED)
    known = book.verify("Bob", KEYS[0], 3)
    assert known is not None
    assert (known.key, known.state) == (KEYS[0], Trust.VERIFIED)
    assert book.verify("Bob", KEYS[2], 3) is None


def test_nobody_known_is_nothing_to_decide_about() -> None:
    book = TrustBook(MemoryStore())
    assert book.accept("Bob", 1) is book.block("Bob") is book.verify("Bob", KEYS[0], 1) is None
    assert not book.is_usable("Bob", KEYS[0])


def test_it_is_remembered_and_every_change_shows() -> None:
    store = MemoryStore()
    book = TrustBook(store)
    versions = {book.version}
    book.see("Bob", KEYS[0], 1)
    versions.add(book.version)
    book.see("Bob", KEYS[1], 2)
    versions.add(book.version)
    assert len(versions) == 3
    assert TrustBook(store).look_up("Bob") == book.look_up("Bob")
