"""One's own KeyPackages: made in advance, published, used up one by one by those who let us in.

The private half of a package is kept until it was used, or until nobody can use it any more.  The last resort serves
when all others are gone and may be used by several at once; it is replaced after its first use.
"""

import hashlib
from collections.abc import Callable

import msgspec

from reactor_chat.e2ee.identity import suites
from reactor_chat.e2ee.store import Store, Table
from reactor_chat.errors import MlsError
from reactor_chat.mls.encoding.structs import Lifetime
from reactor_chat.mls.keypackage import Identity, OwnKeyPackage
from reactor_chat.wire.messages import KeysPut

MADE_AT_ONCE = 8  # as many as one request may publish; each lets us into one conversation while we are away
REFILLED_BELOW = 3  # a few are left for those who let us in before the new ones are published
_DAY_SECONDS = 86_400
LIFETIME_SECONDS = 90 * _DAY_SECONDS  # whoever was away for so long publishes new ones before anybody needs them
RENEWED_SECONDS = 30 * _DAY_SECONDS  # new ones are made long before the old ones end
CLOCK_SLACK_SECONDS = 2 * _DAY_SECONDS
"""How far the clock of somebody who lets us in may be behind ours."""


class _Row(msgspec.Struct):
    package: bytes
    suite: int
    made_s: int
    is_last_resort: bool


class PackageBook:
    """The packages whose private halves are here.

    Args:
        store: where they are kept.
        identity: what their leaves say.
        random: `random(n)` returns n fresh bytes.
    """

    def __init__(self, store: Store, identity: Identity, random: Callable[[int], bytes]) -> None:
        self._store = store
        self._identity = identity
        self._random = random

    def find(self, reference: bytes) -> OwnKeyPackage | None:
        """Return the package that a commit names, None where it is not (or no longer) ours."""
        row = self._store.get(Table.PACKAGE, reference.hex())
        if row is None:
            return None
        try:
            return OwnKeyPackage.deserialize(msgspec.msgpack.decode(row, type=_Row).package)
        except MlsError:
            return None

    def has(self, reference: bytes) -> bool:
        """Return whether the private half of a package is here."""
        return self._store.get(Table.PACKAGE, reference.hex()) is not None

    def use_up(self, reference: bytes) -> None:
        """Forget a package that was used; a last resort stays until it is replaced."""
        row = self._row(reference.hex())
        if row is not None and not row.is_last_resort:
            self._store.drop(Table.PACKAGE, reference.hex())
        elif row is not None:
            row.made_s -= RENEWED_SECONDS  # replaced at the next opportunity
            self._store.put(Table.PACKAGE, reference.hex(), msgspec.msgpack.encode(row))

    def publish(self, suite: int, now_s: int, request_id: str, *, is_forced: bool = False) -> KeysPut | None:
        """Return the request that publishes new packages where that is due.

        Args:
            suite: of the packages.
            now_s: seconds since 1970.
            request_id: its id.
            is_forced: the server does not have those we think it has.
        """
        self._expire(now_s)
        rows = [row for _, row in self._rows() if row.suite == suite]
        fresh = [row for row in rows if now_s - row.made_s < RENEWED_SECONDS]
        ordinary = sum(1 for row in fresh if not row.is_last_resort)
        if ordinary >= REFILLED_BELOW and any(row.is_last_resort for row in fresh) and not is_forced:
            return None
        packages = [self._make(suite, now_s, is_last_resort=False) for _ in range(MADE_AT_ONCE)]
        last_resort = self._make(suite, now_s, is_last_resort=True)
        return KeysPut(suite, packages, last_resort, fresh=is_forced or not fresh, id=request_id)

    def publish_all(self, now_s: int, fresh_id: Callable[[], str], *, is_forced: bool = False) -> list[KeysPut]:
        """Return the requests that publish what is due, for every suite that works here.

        `fresh` forgets the packages of all suites, so it stands in the first request at most.

        Args:
            now_s: seconds since 1970.
            fresh_id: gives each request its id.
            is_forced: even where enough of them are published.
        """
        found = [self.publish(suite, now_s, fresh_id(), is_forced=is_forced) for suite in suites()]
        requests = [request for request in found if request is not None]
        return [
            request if at == 0 else msgspec.structs.replace(request, fresh=False) for at, request in enumerate(requests)
        ]

    def _make(self, suite: int, now_s: int, *, is_last_resort: bool) -> bytes:
        lifetime = Lifetime(max(0, now_s - CLOCK_SLACK_SECONDS), max(0, now_s + LIFETIME_SECONDS))
        own = OwnKeyPackage.generate(suite, self._identity, self._random, lifetime=lifetime)
        row = _Row(own.serialize(), suite, now_s, is_last_resort)
        self._store.put(Table.PACKAGE, reference_of(own.message).hex(), msgspec.msgpack.encode(row))
        return own.message

    def _expire(self, now_s: int) -> None:
        for key, row in self._rows():
            if abs(now_s - row.made_s) > LIFETIME_SECONDS + RENEWED_SECONDS:
                self._store.drop(Table.PACKAGE, key)

    def _rows(self) -> list[tuple[str, _Row]]:
        return [(key, msgspec.msgpack.decode(row, type=_Row)) for key, row in self._store.rows(Table.PACKAGE)]

    def _row(self, key: str) -> _Row | None:
        row = self._store.get(Table.PACKAGE, key)
        return None if row is None else msgspec.msgpack.decode(row, type=_Row)


def reference_of(package: bytes) -> bytes:
    """Return the name of a package on the wire: SHA-256 of its bytes."""
    return hashlib.sha256(package).digest()
