"""The recovery code: 32 bytes of a key as something that a person can write down, read out and type again.

Theory of operation.  Behind the seed stand the first 3 bytes of its SHA-256; these 35 bytes are 56 signs of 5 bits in
Crockford's alphabet, which has no I, L, O or U to mistake.  They are written in 14 groups of 4, and each group ends
with a sign of its own that depends on the four before it and on the group's place.  So every mistyped sign and every
two groups exchanged are found, the person is told *where*, and what slips through that (1 in 32 of worse mistakes
within one group) still meets the 24 bits at the end.
"""

import hashlib

from reactor_chat.errors import UsageError

SEED_BYTES = 32
GROUPS = 14
GROUP_SIGNS = 5  # the last of them checks the others
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_CHECK_BYTES = 3
_DATA_SIGNS = GROUPS * (GROUP_SIGNS - 1)
_WEIGHTS = (1, 3, 5, 7)  # odd, so that another sign in any place changes the sum modulo 32
_VALUES = {sign: value for value, sign in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}


def code_of(seed: bytes) -> str:
    """Return the recovery code of a seed of 32 bytes: 14 groups of 5 signs with blanks between them."""
    assert len(seed) == SEED_BYTES
    number = int.from_bytes(seed + _digest(seed), "big")
    signs = [number >> 5 * (_DATA_SIGNS - 1 - i) & 31 for i in range(_DATA_SIGNS)]
    groups = [signs[i : i + GROUP_SIGNS - 1] for i in range(0, _DATA_SIGNS, GROUP_SIGNS - 1)]
    return " ".join(
        "".join(ALPHABET[sign] for sign in [*group, _check(place, group)]) for place, group in enumerate(groups)
    )


def seed_of(code: str) -> bytes:
    """Return the seed that a recovery code stands for.

    Args:
        code: as typed: in any case, with O for 0 and I or L for 1, its groups divided by anything or by nothing.

    Raises:
        UsageError: it is no recovery code; the text says where it is wrong.
    """
    number = 0
    for place, group in enumerate(_groups(code)):
        for sign in _values(place, group):
            number = number << 5 | sign
    data = number.to_bytes(SEED_BYTES + _CHECK_BYTES, "big")
    seed, digest = data[:SEED_BYTES], data[SEED_BYTES:]
    if digest != _digest(seed):
        raise UsageError("The recovery code as a whole is wrong though each group seems right; compare every character")
    return seed


def _groups(code: str) -> list[str]:
    words = "".join(sign if sign.isalnum() else " " for sign in code.upper()).split()
    if len(words) == 1 and len(words[0]) == GROUPS * GROUP_SIGNS:
        return [words[0][i : i + GROUP_SIGNS] for i in range(0, GROUPS * GROUP_SIGNS, GROUP_SIGNS)]
    if len(words) != GROUPS:
        raise UsageError(f"A recovery code has {GROUPS} groups of {GROUP_SIGNS} characters; you typed {len(words)}")
    return words


def _values(place: int, group: str) -> list[int]:
    """Return the values of a group's signs without the last, which must fit them."""
    if len(group) != GROUP_SIGNS:
        raise UsageError(f"Group {place + 1} of the recovery code, {group}, does not have {GROUP_SIGNS} characters")
    if any(sign not in _VALUES for sign in group):
        raise UsageError(f"Group {place + 1} of the recovery code, {group}, has a character that is in no such code")
    *signs, check = (_VALUES[sign] for sign in group)
    if check != _check(place, signs):
        raise UsageError(f"Group {place + 1} of the recovery code, {group}, is mistyped or not in its place")
    return signs


def _check(place: int, signs: list[int]) -> int:
    return (place + sum(weight * sign for weight, sign in zip(_WEIGHTS, signs, strict=True))) % 32


def _digest(seed: bytes) -> bytes:
    return hashlib.sha256(b"reactor-chat recovery code v1\x00" + seed).digest()[:_CHECK_BYTES]
