"""What the mls package costs, against the primitives it cannot do without: `python -m tests.bench.mls`.

Every figure is the best of several repetitions in one run on one machine, so the ratios can be compared across
machines.
"""

import os
import timeit
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reactor_chat.mls.group import Group
from reactor_chat.mls.suites import CLASSICAL, HYBRID
from tests.mls.grown import grown_group

MEMBERS = 1000
DATA = bytes(100)


def best_us(function: Callable[[], object], number: int) -> float:
    """Return the best time of one call in microseconds."""
    return min(timeit.repeat(function, number=number, repeat=9)) / number * 1e6


def line(name: str, measured: float, unit: str, limit: float) -> str:
    """Return one line of the table."""
    verdict = "ok" if measured <= limit else "MISSED"
    return f"{name:<58} {measured:8.2f} {unit:<5} target {limit:6.2f}  {verdict}"


def primitive_us() -> tuple[float, float]:
    """Return the cost of signing and sealing, and of verifying and opening, a message of the size MLS signs."""
    key, cipher, nonce, signed = Ed25519PrivateKey.generate(), AESGCM(os.urandom(16)), os.urandom(12), os.urandom(300)
    public_key, signature, sealed = key.public_key(), key.sign(signed), cipher.encrypt(nonce, DATA, b"")
    sign = best_us(lambda: (key.sign(signed), cipher.encrypt(nonce, DATA, b"")), 500)
    verify = best_us(lambda: (public_key.verify(signature, signed), cipher.decrypt(nonce, sealed, b"")), 500)
    return sign, verify


def report_messages(sender: Group, receiver: Group) -> list[str]:
    """Measure messages: the first of an epoch, which opens the ratchets, and the ones after it."""
    sign, verify = primitive_us()
    first = sender.protect(DATA, os.urandom)
    opened = receiver.unprotect(first.message)
    second = first.group.protect(DATA, os.urandom)
    return [
        f"{'one signature + AEAD / one verification + AEAD':<58} {sign:8.2f} / {verify:.2f} us",
        line(
            "protect, our first of the epoch", best_us(lambda: sender.protect(DATA, os.urandom), 300) / sign, "x", 3.5
        ),
        line("protect, later", best_us(lambda: first.group.protect(DATA, os.urandom), 300) / sign, "x", 3.5),
        line(
            "unprotect, the sender's first of the epoch",
            best_us(lambda: receiver.unprotect(first.message), 300) / verify,
            "x",
            2,
        ),
        line("unprotect, later", best_us(lambda: opened.group.unprotect(second.message), 300) / verify, "x", 2),
    ]


def report_refresh(name: str, groups: dict[int, Group], bytes_max: float) -> list[str]:
    """Measure a key refresh: making it, following it, its size.

    The tree of 1,000 has 1,024 places.  The paths of all but the last eight members have ten nodes; the last member's
    has eight, because two nodes above it have nobody on their other side.
    """
    full, last = groups[0], groups[MEMBERS - 1]
    pending = full.update(os.urandom)
    make = best_us(lambda: full.update(os.urandom), 5) / 1000
    follow = best_us(lambda: last.receive(pending.message), 5) / 1000
    short = last.update(os.urandom)
    return [
        line(f"key refresh of {MEMBERS}, {name}: make", make, "ms", 5),
        line(f"key refresh of {MEMBERS}, {name}: follow", follow, "ms", 5),
        line(f"key refresh of {MEMBERS}, {name}: message, path of 8", len(short.message) / 1000, "kB", bytes_max),
        line(f"key refresh of {MEMBERS}, {name}: message, path of 10", len(pending.message) / 1000, "kB", bytes_max),
    ]


def main() -> None:
    """Measure everything and print it."""
    small = grown_group(CLASSICAL, 10, [0, 9], os.urandom)
    lines = report_messages(small[0], small[9])
    lines += report_refresh("classical", grown_group(CLASSICAL, MEMBERS, [0, MEMBERS - 1], os.urandom), 1.5)
    lines += report_refresh("hybrid", grown_group(HYBRID, MEMBERS, [0, MEMBERS - 1], os.urandom), 25)
    print("\n".join(lines))  # noqa: T201 - a benchmark prints


if __name__ == "__main__":
    main()
