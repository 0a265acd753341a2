"""What a target is: a way to make inputs, and a check that says what must hold for every one of them."""

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple


class Target(NamedTuple):
    """One fuzzer.

    Attributes:
        name: how it is called on the command line.
        make: returns an input; everything random about it comes from the generator.
        check: returns quietly where the invariant holds for an input, under a subject; raises anything where not.
        subject: what is under test.
        broken: the same with a bug planted; `canary` must find it.
        structured: whether bytes that nobody made are worth little: guided by coverage, the choices of `make` are
            fuzzed and not the bytes that it returns.
    """

    name: str
    make: Callable[[Random], bytes]
    check: Callable[[bytes, Any], None]
    subject: Any
    broken: Any
    structured: bool = False


def mutated(random: Random, data: bytes, words: list[bytes]) -> bytes:
    """Return bytes with some damage done: flipped, cut, doubled, words put in.

    Args:
        data: what is damaged.
        words: pieces that mean something to whoever reads them.
    """
    damaged = bytearray(data)
    for _ in range(random.randint(0, 4)):
        place = random.randint(0, len(damaged))
        end = min(len(damaged), place + random.randint(0, 8))
        kind = random.randrange(6)
        if kind == 0 and place < len(damaged):
            damaged[place] ^= 1 << random.randrange(8)
        elif kind == 1:
            del damaged[place:end]
        elif kind == 2:
            damaged[place:place] = damaged[place:end] * random.randint(1, 3)
        elif kind == 3:
            damaged[place:end] = random.choice(words)
        elif kind == 4:
            damaged[place:place] = random.randbytes(random.randint(1, 4))
        else:
            del damaged[place:]
    return bytes(damaged)
