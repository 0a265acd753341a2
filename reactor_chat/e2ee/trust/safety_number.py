"""Safety numbers: what two people read to each other to know that nobody stands between them.

Sixty digits, the same on both sides: thirty for each of the two, from many rounds of SHA-512 over the account key and
the name, the smaller half first.  Many rounds, because somebody who looks for another key with a similar number has to
do them each time.  The shape is Signal's (numeric fingerprints, version 0), the label and the encoding are ours.

The same number can be said as twelve words.  What a person types is read either way, and told apart from an incomplete
one: an alarm that is really a typing mistake teaches people to ignore alarms."""

import hashlib
import re
from typing import NamedTuple

from reactor_chat.wire.messages import fold

ROUNDS = 5_200  # as Signal's numeric fingerprints have
DIGITS = 60  # thirty for each of the two, about 100 bits
GROUP_DIGITS = 5  # so many are read aloud at once
WORDS = DIGITS // GROUP_DIGITS
_LABEL = b"reactor-chat safety number v1\x00"
_HALF_GROUPS = DIGITS // GROUP_DIGITS // 2
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"
_ALPHABETS = (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
_BETWEEN = re.compile(r"[\s,.;:/_\u2010-\u2015-]+")


class TypedNumber(NamedTuple):
    """A safety number as somebody typed it: sixty digits, or why it is none."""

    digits: str = ""
    problem: str = ""


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


def read_typed(typed: str) -> TypedNumber:
    """Read what a person typed as digits or words; blanks, dashes, commas and case do not matter."""
    parts = _BETWEEN.sub(" ", typed).lower().split()
    if parts and all(part.isascii() and part.isdigit() for part in parts):
        digits = "".join(parts)
        return (
            TypedNumber(digits)
            if len(digits) == DIGITS
            else TypedNumber(problem=f"You typed {len(digits)} of {DIGITS} digits")
        )
    if not parts or not all(part.isalpha() for part in parts):
        return TypedNumber(problem=f"A safety number is {DIGITS} digits or {WORDS} words. Type one of the two")
    return _read_words(parts)


def words(digits: str) -> str:
    """Return the same number as twelve words that can be said over a telephone; one for each group of digits."""
    groups = (int(digits[at : at + GROUP_DIGITS]) for at in range(0, len(digits), GROUP_DIGITS))
    return " ".join(_word(group) for group in groups)


def _read_words(parts: list[str]) -> TypedNumber:
    numbers = [_number(word) for word in parts]
    if None in numbers:
        odd = parts[numbers.index(None)][:20]
        return TypedNumber(problem=f"{odd!r} is not a word of a safety number. Compare its spelling")
    if len(parts) != WORDS:
        return TypedNumber(problem=f"You typed {len(parts)} of {WORDS} words")
    return TypedNumber("".join(f"{number:0{GROUP_DIGITS}d}" for number in numbers))


def _half(name: str, key: bytes) -> str:
    digest = _LABEL + key + fold(name).encode()
    for _ in range(ROUNDS):
        digest = hashlib.sha512(digest + key).digest()
    parts = (digest[at : at + 5] for at in range(0, 5 * _HALF_GROUPS, 5))
    return "".join(f"{int.from_bytes(part) % 10**GROUP_DIGITS:0{GROUP_DIGITS}d}" for part in parts)


def _word(number: int) -> str:
    """Return a number below 102,400 as consonant, vowel, consonant, vowel, consonant."""
    letters = []
    for alphabet in reversed(_ALPHABETS):
        number, place = divmod(number, len(alphabet))
        letters.append(alphabet[place])
    return "".join(reversed(letters))


def _number(word: str) -> int | None:
    """Return the number that a word stands for, None where it stands for none of a safety number's."""
    if len(word) != len(_ALPHABETS):
        return None
    number = 0
    for letter, alphabet in zip(word, _ALPHABETS, strict=True):
        place = alphabet.find(letter)
        if place < 0:
            return None
        number = number * len(alphabet) + place
    return number if number < 10**GROUP_DIGITS else None
