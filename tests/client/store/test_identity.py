"""The key: made once, read back, restored, and never overwritten."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.client.store import identity
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.identity import FILE_NAME, KeyIdentity, Restored
from reactor_chat.client.store.locked_seed import LockedSeed
from reactor_chat.client.store.recovery import code_of
from reactor_chat.errors import StorageCorrupt, StorageError, TrustError


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "h") as made:
        yield made


def read(home: Home) -> bytes:
    """The file that holds the key."""
    content = home.read(FILE_NAME)
    assert content is not None
    return content


def test_a_signature_holds_for_what_was_signed_and_nothing_else() -> None:
    key = KeyIdentity(bytes(range(32)))
    public = Ed25519PublicKey.from_public_bytes(key.key)
    public.verify(key.sign(b"transcript"), b"transcript")
    with pytest.raises(InvalidSignature):
        public.verify(key.sign(b"transcript"), b"another")


def test_the_key_is_that_of_rfc_8032() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert KeyIdentity(seed).key.hex() == public


def test_a_key_is_there_when_it_is_published_and_not_before(home: Home) -> None:
    assert identity.load(home) is None
    identity.stage_new(home)
    assert identity.load(home) is None
    seed = identity.stage_new(home)  # a crash before anybody saw the code
    identity.publish(home)
    assert identity.load(home) == seed
    assert code_of(seed).encode() in read(home)


def test_two_keys_are_not_the_same(home: Home, tmp_path: Path) -> None:
    with Home(tmp_path / "other") as other:
        assert identity.stage_new(home) != identity.stage_new(other)


def test_a_home_that_lost_its_key_gets_no_new_one(home: Home) -> None:
    home.write("name", b"Ann\n")
    with pytest.raises(StorageError, match="--recover"):
        identity.stage_new(home)


def test_a_key_is_restored_once_and_never_over_another(home: Home) -> None:
    assert identity.restore(home, b"a" * 32) is Restored.NEW
    assert identity.restore(home, b"a" * 32) is Restored.THERE
    with pytest.raises(TrustError, match="another key"):
        identity.restore(home, b"b" * 32)
    assert identity.load(home) == b"a" * 32


def test_a_locked_key_opens_with_its_passphrase_and_the_old_file_is_overwritten(home: Home) -> None:
    seed = identity.stage_new(home)
    identity.publish(home)
    path = home.directory / FILE_NAME
    os.link(path, home.directory / "seen")  # what the disk still has after the file was replaced
    identity.lock(home, seed, "open sesame")
    assert not any((home.directory / "seen").read_bytes())
    assert code_of(seed).encode() not in path.read_bytes()
    locked = identity.load(home)
    assert isinstance(locked, LockedSeed)
    assert locked.opened("open sesame") == seed
    with pytest.raises(TrustError, match="Wrong passphrase"):
        locked.opened("open Sesame")
    assert path.stat().st_mode & 0o777 == 0o600
    identity.lock(home, seed, "")
    assert identity.load(home) == seed


def test_the_code_opens_a_home_whose_passphrase_was_forgotten_and_no_other(home: Home) -> None:
    seed = bytes(range(32))
    identity.lock(home, seed, "forgotten")
    before = home.read(FILE_NAME)
    with pytest.raises(TrustError, match="another key"):
        identity.restore(home, bytes(32))
    assert home.read(FILE_NAME) == before
    assert identity.restore(home, seed) is Restored.UNLOCKED
    assert identity.load(home) == seed


@pytest.mark.parametrize("place", [3, 60, 75, 130, 150, 200])
def test_a_damaged_lock_is_found_and_nothing_is_changed(home: Home, place: int) -> None:
    identity.lock(home, bytes(range(32)), "x")
    good = read(home)
    for bad in (good[:place], good[:place] + b"\n" + good[place + 1 :], good + b"x"):
        home.write(FILE_NAME, bad)
        for use in (identity.load, lambda h: identity.restore(h, bytes(range(32)))):
            with pytest.raises(StorageCorrupt, match="--recover"):
                use(home)
        assert home.read(FILE_NAME) == bad


def test_the_secret_of_the_vaults_is_the_keys_own() -> None:
    assert identity.vault_secret(bytes(32)) != identity.vault_secret(b"a" * 32) != b"a" * 32


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_damage_is_found_and_nothing_is_changed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    with Home(tmp_path_factory.mktemp("t") / "h") as home:
        identity.restore(home, bytes(range(32)))
        good = read(home)
        place = data.draw(st.integers(0, len(good) - 2))
        bad = data.draw(
            st.sampled_from(
                [good[:place], good[:place] + bytes([good[place] ^ 3]) + good[place + 1 :], b"", b"\xff" * 99]
            )
        )
        home.write(FILE_NAME, bad)
        for use in (identity.load, lambda h: identity.restore(h, b"x" * 32)):
            with pytest.raises(StorageCorrupt, match="--recover"):
                use(home)
        assert home.read(FILE_NAME) == bad
