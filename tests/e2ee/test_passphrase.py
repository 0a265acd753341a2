"""Passphrases: a floor, a ceiling, one way to write a letter, and nothing derived below."""

import pytest

from reactor_chat.e2ee.passphrase import DEFAULT, PASSPHRASE_BYTES_MAX, check, derive, psk_name
from reactor_chat.errors import MlsRefused, UsageError
from reactor_chat.wire.messages import Kdf

SALT = bytes(range(32))


@pytest.mark.parametrize(
    ("memory_kib", "passes", "lanes", "is_fine"),
    [
        (65_536, 3, 4, True),
        (65_535, 3, 4, False),
        (65_536, 2, 4, False),
        (1_048_576, 16, 16, True),
        (1_048_577, 3, 4, False),
        (65_536, 17, 4, False),
        (65_536, 3, 17, False),
        (65_536, 3, 0, False),
    ],
)
def test_what_is_safe_and_bearable(memory_kib: int, passes: int, lanes: int, *, is_fine: bool) -> None:
    kdf = Kdf("argon2id", memory_kib, passes, lanes)
    if is_fine:
        check(kdf)
    else:
        with pytest.raises(MlsRefused):
            check(kdf)
        with pytest.raises(MlsRefused):
            derive("word", SALT, kdf)


def test_the_key_depends_on_word_and_salt_and_not_on_how_a_letter_is_composed() -> None:
    key = derive("caf\u00e9", SALT, DEFAULT)
    assert len(key) == 32
    assert derive("cafe\u0301", SALT, DEFAULT) == key
    assert derive("cafe", SALT, DEFAULT) != key
    assert derive("caf\u00e9", bytes(32), DEFAULT) != key


@pytest.mark.parametrize("typed", ["", "x" * (PASSPHRASE_BYTES_MAX + 1)])
def test_words_that_are_none(typed: str) -> None:
    with pytest.raises(UsageError):
        derive(typed, SALT, DEFAULT)


def test_the_name_belongs_to_one_group_and_salt() -> None:
    assert psk_name(b"a" * 32, SALT) != psk_name(b"b" * 32, SALT)
    assert psk_name(b"a" * 32, SALT) != psk_name(b"a" * 32, bytes(32))
