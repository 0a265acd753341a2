"""Trust: every step of the table, and that no key takes another's place without a person who looked at it."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.e2ee.store import MemoryStore, Table
from reactor_chat.e2ee.trust import trust_book
from reactor_chat.e2ee.trust.trust_book import (
    SENDING_STOPS,
    TRUST_STATES,
    Invitation,
    Standing,
    Trust,
    TrustBook,
    TrustEvent,
    fingerprint_of,
)
from reactor_chat.errors import MlsRefused
from reactor_chat.mls.signatures import Ed25519, SigningKey
from tests.mls.people import SeededEntropy

KEYS = [SigningKey.generate(Ed25519(), SeededEntropy(number)).public_key for number in range(4)]


def book_in(state: Trust) -> TrustBook:
    """Return a book where Bob's key is in some state, the way people get it there."""
    book = TrustBook(MemoryStore())
    if state is Trust.INVITED:
        book.introduce("Bob", fingerprint_of(KEYS[0]), 1)
    else:
        book.see("Bob", KEYS[0], 1)
    if state is Trust.VERIFIED:
        book.verify("Bob", KEYS[0], 2)
    elif state is Trust.CHANGED:
        book.see("Bob", KEYS[1], 2)
    elif state is Trust.BLOCKED:
        book.block("Bob")
    assert state_in(book) is state
    return book


def state_in(book: TrustBook) -> Trust:
    known = book.look_up("bob")
    assert known is not None
    return known.state


@pytest.mark.parametrize("state", Trust)
@pytest.mark.parametrize("sight", TrustEvent)
def test_every_step_of_the_table(state: Trust, sight: TrustEvent) -> None:
    book = book_in(state)
    key = KEYS[0]
    if state is Trust.INVITED and sight in (TrustEvent.VERIFY, TrustEvent.ACCEPT):
        key = KEYS[2]  # the key of the fingerprint is verified when it is seen; this is about the one on offer
        book.see("Bob", key, 2)
    if state is Trust.CHANGED:
        book.look("Bob", KEYS[1])
    steps: dict[TrustEvent, Callable[[], object]] = {
        TrustEvent.SAME: lambda: book.see("BOB", KEYS[0], 3),
        TrustEvent.OTHER: lambda: book.see("Bob", KEYS[2], 3),
        TrustEvent.VERIFY: lambda: book.verify("bob", key, 3),
        TrustEvent.ACCEPT: lambda: book.accept("Bob", key, 3),
        TrustEvent.BLOCK: lambda: book.block("Bob"),
    }
    steps[sight]()
    assert state_in(book) is TRUST_STATES[state][sight]


def test_the_table_has_a_row_for_everything() -> None:
    assert set(TRUST_STATES) == set(Trust)
    assert all(set(row) == set(TrustEvent) for row in TRUST_STATES.values())
    assert all(row[TrustEvent.OTHER] in SENDING_STOPS for row in TRUST_STATES.values()), "another key always stops"


def test_a_key_on_offer_harms_nobody_and_unsettles_the_name() -> None:
    book = book_in(Trust.CHANGED)
    book.see("Bob", KEYS[0], 3)
    assert book.is_usable("Bob", KEYS[0])
    assert not book.is_usable("Bob", KEYS[1])
    assert book.is_unsettled("bob"), "the old key shown again does not make it good"
    assert not book_in(Trust.VERIFIED).is_unsettled("Bob")
    assert not book.is_unsettled("Nobody")


def test_the_standing_of_every_key() -> None:
    wanted = {
        Trust.INVITED: (Standing.VERIFIED, Standing.NEW_KEY),
        Trust.NEW: (Standing.KNOWN, Standing.NEW_KEY),
        Trust.VERIFIED: (Standing.VERIFIED, Standing.NEW_KEY),
        Trust.CHANGED: (Standing.KNOWN, Standing.NEW_KEY),
        Trust.BLOCKED: (Standing.BLOCKED, Standing.BLOCKED),
    }
    for state, standings in wanted.items():
        book = book_in(state)
        assert (book.standing("BOB", KEYS[0]), book.standing("Bob", KEYS[1])) == standings
    assert book_in(Trust.NEW).standing("Cid", KEYS[0]) is Standing.UNSEEN


def test_that_it_was_verified_is_remembered_while_another_key_is_on_offer() -> None:
    store = MemoryStore()
    book = TrustBook(store)
    book.see("Bob", KEYS[0], 1)
    book.verify("Bob", KEYS[0], 2)
    book.see("Bob", KEYS[1], 3)
    known = TrustBook(store).look_up("Bob")
    assert known is not None
    assert (known.state, known.is_verified) == (Trust.CHANGED, True)
    assert book.standing("Bob", KEYS[0]) is Standing.VERIFIED


def test_who_is_accepted_has_the_new_key_and_has_to_be_verified_again() -> None:
    book = book_in(Trust.VERIFIED)
    book.see("Bob", KEYS[1], 3)
    book.look("Bob", KEYS[1])
    known = book.accept("Bob", KEYS[1], 4)
    assert known is not None
    assert (known.key, known.state, known.offered, known.is_verified) == (KEYS[1], Trust.NEW, b"", False)
    assert book.is_usable("bob", KEYS[1])
    assert not book.is_usable("bob", KEYS[0])


@pytest.mark.parametrize("decide", [TrustBook.accept, TrustBook.verify])
def test_what_came_after_the_person_looked_stays_on_offer(decide: object) -> None:
    assert callable(decide)
    book = book_in(Trust.CHANGED)
    book.look("Bob", KEYS[1])
    book.see("Bob", KEYS[2], 3)
    known = decide(book, "Bob", KEYS[1], 4)
    assert (known.key, known.offered, known.state) == (KEYS[1], KEYS[2], Trust.CHANGED)
    assert not book.is_usable("Bob", KEYS[2])


def test_what_was_looked_at_is_remembered_over_a_restart() -> None:
    store = MemoryStore()
    book = TrustBook(store)
    book.see("Bob", KEYS[0], 1)
    book.see("Bob", KEYS[1], 2)
    book.look("Bob", KEYS[1])
    book.see("Bob", KEYS[2], 3)
    again = TrustBook(store).look_up("Bob")
    assert again is not None
    assert again.shown == KEYS[1]


def test_the_number_of_the_old_key_tells_that_the_new_one_was_a_lie() -> None:
    book = book_in(Trust.CHANGED)
    known = book.verify("Bob", KEYS[0], 3)
    assert known is not None
    assert (known.key, known.state, known.offered) == (KEYS[0], Trust.VERIFIED, b"")
    assert book.verify("Bob", KEYS[2], 3) is None


def test_a_block_is_lifted_to_what_was_there_before() -> None:
    book = book_in(Trust.VERIFIED)
    book.block("Bob")
    assert not book.is_usable("Bob", KEYS[0])
    book.accept("Bob", KEYS[0], 3)
    assert state_in(book) is Trust.VERIFIED
    invited = book_in(Trust.INVITED)
    invited.block("Bob")
    invited.accept("Bob", b"", 3)
    assert state_in(invited) is Trust.INVITED


def test_nobody_known_is_nothing_to_decide_about() -> None:
    book = TrustBook(MemoryStore())
    assert book.accept("Bob", KEYS[0], 1) is book.block("Bob") is book.verify("Bob", KEYS[0], 1) is None
    assert book.look("Bob", KEYS[0]) is None
    assert not book.is_usable("Bob", KEYS[0])


def test_a_key_that_nobody_showed_is_never_taken() -> None:
    book = book_in(Trust.CHANGED)
    for decide in (book.accept, book.verify):
        assert decide("Bob", KEYS[3], 3) is None
        assert decide("Bob", b"", 3) is None
    assert book.look("Bob", KEYS[3]) is None


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


def test_a_book_of_before_says_who_was_verified() -> None:
    store = MemoryStore()
    book = TrustBook(store)
    book.see("Bob", KEYS[0], 1)
    book.verify("Bob", KEYS[0], 1)
    row = store.get(Table.TRUST, "bob")
    assert row is not None
    old = row.replace(b"\xabis_verified\xc3", b"\xabis_verified\xc2")
    assert old != row
    store.put(Table.TRUST, "bob", old)
    assert TrustBook(store).standing("Bob", KEYS[0]) is Standing.VERIFIED


# ------------------------------------------------------------------------------------------ invitations and lists


def test_the_key_of_an_invitation_is_verified_when_it_is_seen() -> None:
    book = book_in(Trust.INVITED)
    assert book.is_usable("Bob", KEYS[0])
    known = book.see("Bob", KEYS[0], 5)
    assert (known.state, known.is_verified, known.since_ms) == (Trust.VERIFIED, True, 5)


def test_another_key_than_the_invitations_does_not_count_from_the_beginning() -> None:
    book = book_in(Trust.INVITED)
    known = book.see("Bob", KEYS[1], 5)
    assert (known.key, known.offered, known.state) == (b"", KEYS[1], Trust.CHANGED)
    assert not book.is_usable("Bob", KEYS[1])
    assert book.is_unsettled("Bob")
    book.see("Bob", KEYS[0], 6)
    assert book.standing("Bob", KEYS[0]) is Standing.VERIFIED
    assert book.is_unsettled("Bob"), "somebody has lied, and a person should hear of it"


@pytest.mark.parametrize(
    ("state", "key", "wanted", "after"),
    [
        (Trust.NEW, 0, Invitation.VERIFIED, Trust.VERIFIED),
        (Trust.NEW, 1, Invitation.DIFFERS, Trust.CHANGED),
        (Trust.VERIFIED, 0, Invitation.KNEW, Trust.VERIFIED),
        (Trust.VERIFIED, 1, Invitation.IGNORED, Trust.VERIFIED),
        (Trust.CHANGED, 0, Invitation.VERIFIED, Trust.CHANGED),
        (Trust.BLOCKED, 0, Invitation.VERIFIED, Trust.BLOCKED),
        (Trust.BLOCKED, 1, Invitation.IGNORED, Trust.BLOCKED),
        (Trust.INVITED, 0, Invitation.KNEW, Trust.INVITED),
        (Trust.INVITED, 1, Invitation.IGNORED, Trust.INVITED),
    ],
)
def test_what_an_invitation_does_to_what_is_known(state: Trust, key: int, wanted: Invitation, after: Trust) -> None:
    book = book_in(state)
    assert book.introduce("BOB", fingerprint_of(KEYS[key]), 5) is wanted
    assert state_in(book) is after
    known = book.look_up("Bob")
    assert book.introduce("Bob", fingerprint_of(KEYS[key]), 6) in (Invitation.KNEW, Invitation.IGNORED)
    assert book.look_up("Bob") == known, "an invitation counts once"


@pytest.mark.parametrize("by", ["", "Stella"])
@pytest.mark.parametrize("state", Trust)
def test_a_list_never_weakens_and_only_ones_own_verifies(state: Trust, by: str) -> None:
    book = book_in(state)
    before = book.look_up("Bob")
    assert not book.vouch("Bob", KEYS[2], by, 5)
    assert book.look_up("Bob") == before
    assert book.vouch("bob", KEYS[0], by, 5)
    known = book.look_up("Bob")
    assert known is not None
    was_verified = state in (Trust.VERIFIED, Trust.INVITED)
    assert known.is_verified is (was_verified or not by)
    assert known.vouched_by == ("" if was_verified else by)
    same = {Trust.INVITED: Trust.VERIFIED, Trust.NEW: Trust.NEW if by else Trust.VERIFIED}
    assert known.state is same.get(state, state)


@pytest.mark.parametrize(("by", "state"), [("", Trust.VERIFIED), ("Stella", Trust.NEW)])
def test_a_list_pins_whoever_was_not_known(by: str, state: Trust) -> None:
    book = TrustBook(MemoryStore())
    assert book.vouch("Bob", KEYS[0], by, 5)
    assert state_in(book) is state
    book.see("Bob", KEYS[1], 6)
    assert book.is_unsettled("Bob")


def test_keys_that_none_can_be_are_not_noted() -> None:
    book = TrustBook(MemoryStore())
    for note in (lambda: book.see("Bob", bytes(32), 1), lambda: book.vouch("Bob", bytes(32), "", 1)):
        with pytest.raises(MlsRefused):
            note()
    assert book.look_up("Bob") is None


def test_a_book_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_book, "NAMES_MAX", 2)
    book = TrustBook(MemoryStore())
    book.see("Bob", KEYS[0], 1)
    assert not book.is_full
    book.introduce("Cid", fingerprint_of(KEYS[1]), 1)
    assert book.is_full
    for more in (
        lambda: book.see("Dan", KEYS[2], 1),
        lambda: book.introduce("Dan", fingerprint_of(KEYS[2]), 1),
        lambda: book.vouch("Dan", KEYS[2], "", 1),
    ):
        with pytest.raises(MlsRefused):
            more()
    book.see("bob", KEYS[2], 2)
    assert [known.name for known in book] == ["Bob", "Cid"]


WHAT_HAPPENS = st.lists(
    st.tuples(st.sampled_from(["see", "look", "accept", "verify", "block", "introduce", "vouch"]), st.integers(0, 3)),
    max_size=12,
)


@given(WHAT_HAPPENS)
@settings(max_examples=300)
def test_no_key_counts_that_no_person_took_but_the_first(steps: list[tuple[str, int]]) -> None:
    """Whatever happens in whatever order: only a decision replaces the key that counts, a row stays small, and it is
    stored as it is."""
    store = MemoryStore()
    book = TrustBook(store)
    for step, number in steps:
        before, key = book.look_up("Bob"), KEYS[number]
        act(book, step, key)
        after = book.look_up("Bob")
        assert TrustBook(store).look_up("Bob") == after
        if before is None or after is None:
            continue
        if before.key and after.key != before.key:
            assert step in ("accept", "verify")
            assert after.key == key
        if before.is_verified and not after.is_verified:
            assert step == "accept"
        assert len(after.keys) <= 3
        assert book.is_unsettled("Bob") or after.state is Trust.BLOCKED or not after.offered


def act(book: TrustBook, step: str, key: bytes) -> None:
    match step:
        case "see" | "accept" | "verify":
            getattr(book, step)("Bob", key, 1)
        case "look":
            book.look("Bob", key)
        case "block":
            book.block("Bob")
        case "introduce":
            book.introduce("Bob", fingerprint_of(key), 1)
        case _:
            book.vouch("Bob", key, "Stella", 1)
