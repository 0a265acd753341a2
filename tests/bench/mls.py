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
REPEATS = 60
DATA = bytes(100)


def best_us(*functions: Callable[[], object], number: int) -> list[float]:
    """Return the best time of one call of each function in microseconds.

    The functions take turns, so that a busy moment of the machine falls on all of them.
    """
    timers = [timeit.Timer(function) for function in functions]
    rounds = [[timer.timeit(number) for timer in timers] for _ in range(REPEATS)]
    return [min(times) / number * 1e6 for times in zip(*rounds, strict=True)]


def line(name: str, measured: float, unit: str, limit: float) -> str:
    """Return one line of the table."""
    verdict = "ok" if measured <= limit else "MISSED"
    return f"{name:<58} {measured:8.2f} {unit:<5} target {limit:6.2f}  {verdict}"


def report_messages(sender: Group, receiver: Group) -> list[str]:
    """Measure messages: the first of an epoch, which opens a ratchet at the receiver, and the ones after it.

    They are measured against signing and sealing, and verifying and opening, of as much as MLS signs and seals.
    """
    key, cipher, nonce, signed = Ed25519PrivateKey.generate(), AESGCM(os.urandom(16)), os.urandom(12), os.urandom(300)
    public_key, signature, sealed = key.public_key(), key.sign(signed), cipher.encrypt(nonce, DATA, b"")
    first = sender.protect(DATA, os.urandom)
    opened = receiver.unprotect(first.message)
    second = first.group.protect(DATA, os.urandom)
    sign, verify, protect, unprotect_first, unprotect = best_us(
        lambda: (key.sign(signed), cipher.encrypt(nonce, DATA, b"")),
        lambda: (public_key.verify(signature, signed), cipher.decrypt(nonce, sealed, b"")),
        lambda: first.group.protect(DATA, os.urandom),
        lambda: receiver.unprotect(first.message),
        lambda: opened.group.unprotect(second.message),
        number=50,
    )
    return [
        f"{'one signature + AEAD / one verification + AEAD':<58} {sign:8.2f} / {verify:.2f} us",
        line(f"protect ({protect:.1f} us)", protect / sign, "x", 3.5),
        line(f"unprotect ({unprotect:.1f} us)", unprotect / verify, "x", 2),
        line(f"unprotect, a sender's first ({unprotect_first:.1f} us)", unprotect_first / verify, "x", 2),
    ]


def report_refresh(name: str, groups: dict[int, Group], bytes_max: float) -> list[str]:
    """Measure a key refresh: making it, following it, its size.

    The tree of 1,000 has 1,024 places.  The paths of all but the last eight members have ten nodes; the last member's
    has eight, because two nodes above it have nobody on their other side.
    """
    full, last = groups[0], groups[MEMBERS - 1]
    pending = full.update(os.urandom)
    make, follow = best_us(lambda: full.update(os.urandom), lambda: last.receive(pending.message), number=2)
    short = last.update(os.urandom)
    return [
        line(f"key refresh of {MEMBERS}, {name}: make", make / 1000, "ms", 5),
        line(f"key refresh of {MEMBERS}, {name}: follow", follow / 1000, "ms", 5),
        line(f"key refresh of {MEMBERS}, {name}: message, path of 8", len(short.message) / 1000, "kB", bytes_max),
        line(f"key refresh of {MEMBERS}, {name}: message, path of 10", len(pending.message) / 1000, "kB", bytes_max),
    ]


def main() -> None:
    """Measure everything and print it."""
    small = grown_group(CLASSICAL, 10, [0, 9], os.urandom)
    lines = report_messages(small[0], small[9])
    lines += report_refresh("classical", grown_group(CLASSICAL, MEMBERS, [0, MEMBERS - 1], os.urandom), 1.5)
    lines += report_refresh("hybrid", grown_group(HYBRID, MEMBERS, [0, MEMBERS - 1], os.urandom), 25)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
