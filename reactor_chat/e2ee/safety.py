"""Safety numbers: what two people read to each other to know that nobody stands between them.

Sixty digits, the same on both sides: thirty for each of the two, from many rounds of SHA-512 over the account key and
the name, the smaller half first.  Many rounds, because somebody who looks for another key with a similar number has to
do them each time.  The shape is Signal's (numeric fingerprints, version 0), the label and the encoding are ours."""

import hashlib

from reactor_chat.wire.messages import fold

ROUNDS = 5_200
DIGITS = 60
GROUP_DIGITS = 5
_LABEL = b"reactor-chat safety number v1\x00"
_HALF_GROUPS = DIGITS // GROUP_DIGITS // 2
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"


def safety_number(own_name: str, own_key: bytes, other_name: str, other_key: bytes) -> str:
    """Return the sixty digits of two people, without blanks; about 5 ms of hashing.

    Args:
        own_name: in any spelling.
        own_key: account key, 32 bytes.
        other_name: in any spelling.
        other_key: account key, 32 bytes.
    """
    return "".join(sorted((_half(own_name, own_key), _half(other_name, other_key))))


def grouped(digits: str) -> str:
    """Return the digits in groups of five, as people read them."""
    return " ".join(digits[at : at + GROUP_DIGITS] for at in range(0, len(digits), GROUP_DIGITS))


def compared(typed: str, digits: str) -> bool:
    """Return whether what a person typed is the number, blanks and dashes aside."""
    return "".join(typed.replace("-", " ").split()) == digits


def words(digits: str) -> str:
    """Return the same number as twelve words that can be said over a telephone; one for each group of digits."""
    groups = (int(digits[at : at + GROUP_DIGITS]) for at in range(0, len(digits), GROUP_DIGITS))
    return " ".join(_word(group) for group in groups)


def _half(name: str, key: bytes) -> str:
    digest = _LABEL + key + fold(name).encode()
    for _ in range(ROUNDS):
        digest = hashlib.sha512(digest + key).digest()
    parts = (digest[at : at + 5] for at in range(0, 5 * _HALF_GROUPS, 5))
    return "".join(f"{int.from_bytes(part) % 10**GROUP_DIGITS:0{GROUP_DIGITS}d}" for part in parts)


def _word(number: int) -> str:
    """Return a number below 102,400 as consonant, vowel, consonant, vowel, consonant."""
    letters = []
    for alphabet in (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS):
        number, place = divmod(number, len(alphabet))
        letters.append(alphabet[place])
    return "".join(reversed(letters))
