"""Whatever is done to a genuine MLS object, it is refused with a declared error and no group changes.

The material is that of the package's own tests: commits, proposals, messages, KeyPackages, Welcomes, trees and what is
stored, in a classical and in a post-quantum suite.  An input is a byte that chooses the object, then the mutant.
"""

from collections.abc import Callable
from functools import cache
from random import Random

from fuzz.target import Target
from reactor_chat.errors import MlsMalformed, MlsRefused
from reactor_chat.mls.group import Group
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from tests.mls.mutation import Target as Genuine
from tests.mls.mutation import mutate, targets_of

TakeIn = Callable[[Genuine, bytes], object]


@cache
def material() -> list[tuple[Genuine, list[tuple[Group, bytes]]]]:
    """Every genuine object, with the groups that must stay as they are and how they are now."""
    found = []
    for suite_number in (CLASSICAL, HYBRID):
        genuine, groups = targets_of(suite_number, seed=0)
        found += [(one, [(group, group.serialize()) for group in groups]) for one in genuine]
    return found


@cache
def genuine_bytes() -> list[bytes]:
    """Every genuine object as it is sent or stored."""
    return [genuine.genuine for genuine, _ in material()]


def make(random: Random) -> bytes:
    """One object, after a few accidents; now and then all of it, with more behind it."""
    place = random.randrange(len(material()))
    genuine = genuine_bytes()[place]
    if random.random() < 0.05:
        return bytes([place]) + genuine + random.randbytes(random.randint(1, 4))
    return bytes([place]) + mutate(genuine, random, genuine_bytes())


def check(data: bytes, take_in: TakeIn) -> None:
    """Take it in; only what nothing authenticates may pass."""
    if not data:
        return
    genuine, groups = material()[data[0] % len(material())]
    try:
        take_in(genuine, data[1:])
    except (MlsMalformed, MlsRefused):
        pass
    else:
        assert genuine.may_pass or data[1:] in genuine_bytes(), f"a mutant of a {genuine.name} was accepted"
    for group, before in groups:
        assert group.serialize() == before, f"a {genuine.name} that was refused changed a group"


def faithful(genuine: Genuine, data: bytes) -> object:
    """Take everything in as it came."""
    return genuine.take_in(data)


def forgiving(genuine: Genuine, data: bytes) -> object:
    """Take in what stands in front and forget what follows it."""
    return genuine.take_in(data[: len(genuine.genuine)])


TARGET = Target("mls", make, check, faithful, forgiving, structured=True)
