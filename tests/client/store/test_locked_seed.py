"""A key under a passphrase: it opens with that passphrase alone, and only as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.store.identity import KeyIdentity
from reactor_chat.client.store.locked_seed import LockedSeed
from reactor_chat.errors import TrustError, UsageError

SEED = bytes(range(32))
PUBLIC = KeyIdentity(SEED).key
LOCKED = LockedSeed.of(SEED, PUBLIC, "caf\u00e9 noir")


def test_the_passphrase_opens_it_however_its_letters_are_composed() -> None:
    read = LockedSeed.read(LOCKED.written())
    assert read == LOCKED
    assert read.opened("cafe\u0301 noir") == SEED
    for wrong in ("cafe noir", "caf\u00e9 noir ", "x"):
        with pytest.raises(TrustError, match="Wrong passphrase"):
            read.opened(wrong)
    assert SEED not in LOCKED.written()
    assert "noir" not in repr(LOCKED)


def test_each_lock_has_a_salt_of_its_own() -> None:
    again = LockedSeed.of(SEED, PUBLIC, "caf\u00e9 noir")
    assert (again.salt, again.sealed) != (LOCKED.salt, LOCKED.sealed)


def test_what_is_bound_to_it_cannot_be_changed() -> None:
    kdf = LOCKED.kdf
    for changed in (
        LOCKED._replace(public=bytes(32)),
        LOCKED._replace(salt=bytes(32)),
        LOCKED._replace(sealed=LOCKED.sealed[:-1] + b"x"),
        LOCKED._replace(kdf=type(kdf)(kdf.name, memory_kib=8, passes=1, lanes=1)),
    ):
        with pytest.raises(TrustError):
            changed.opened("caf\u00e9 noir")


def test_an_empty_passphrase_locks_nothing() -> None:
    with pytest.raises(UsageError):
        LockedSeed.of(SEED, PUBLIC, "")


@given(st.data())
def test_whatever_a_file_holds_is_such_a_key_or_none(data: st.DataObject) -> None:
    good = LOCKED.written()
    place = data.draw(st.integers(0, len(good) - 1))
    for bad in (good[:place], good[:place] + data.draw(st.binary(min_size=1, max_size=3)) + good[place + 1 :]):
        read = LockedSeed.read(bad)
        assert read is None or len(read.public) == len(read.salt) == 32
