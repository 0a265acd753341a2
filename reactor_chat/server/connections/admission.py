"""Who may stand at the door: how many connections there are, from where, and how quickly they come.

A newcomer is judged before anything is read from it.  It is refused where its network has too many connections, or
made too many of late, or where the whole server is full.

Connections on which nobody has logged in yet are another matter: they cost their owner nothing, and a thousand of them
that never say a word must not keep anybody out.  So it is not the newcomer who is refused.  Honest logins take
milliseconds, a few round trips at most; who is there for longer than GRACE_SECONDS is late.  From half of `logins_max`
late ones on there is a growing chance that one of them has to go for a newcomer, and more than `logins_max` are not
kept: drawn are a few, and of these goes the one whose network has most of them, the oldest where several have.  Only
where there is no connection left at all do those go that are not late yet.  A town that comes back after a restart is
a thousand people who are not late.  One whose login has come is not sent away: it is the server who is late then.  (A
queue of half-open TCP connections is defended the same way: the old make room for the new.)

A network is an IPv4 address or the /64 of an IPv6 one, which is what one household has.  Loopback is exempt from what
is counted by network: everybody there is on this machine, and may be a proxy for many.
"""

import functools
import ipaddress
import math
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from reactor_chat.chat.limits.ratelimit import TokenBucket
from reactor_chat.server.connections.peers import Peer
from reactor_chat.server.options.table import Options
from reactor_chat.wire.messages import Refused

LOOPBACK = "loopback"
NETWORKS_MAX = 10_000
"""How many networks that connected of late are remembered; then those that owe nothing and the oldest are forgotten."""
DRAWN = 8
"""How many of those who could go are compared; so a draw costs the same however many there are."""
GRACE_SECONDS = 3.0
"""Many times what an honest login takes."""
SENT_AWAY_AT_ONCE_MAX = 64
"""How many who are late go for one newcomer, at most; for they may all become late together."""


def network_of(peer: str) -> str:
    """Return the network that a connection comes from.

    Args:
        peer: where it leads, as `Wire.peer` has it: `192.0.2.1:80`, `[2001:db8::1]:80`, or no address at all.

    Returns:
        `192.0.2.1`, `2001:db8::/64`, LOOPBACK; what is no address stands for itself.
    """
    return _network_of_host(peer.rpartition(":")[0].strip("[]").partition("%")[0]) or peer


@functools.lru_cache(NETWORKS_MAX)
def _network_of_host(host: str) -> str | None:
    """Return the network of an address, None where it is none; crowds come from few hosts, and reading one is slow."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return LOOPBACK
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((address, 64), strict=False))


class Verdict(NamedTuple):
    """What becomes of a newcomer.

    Attributes:
        refusal: why it is not taken; None where it is.
        leaving: connections without a login that have to be closed now to make room, in this order.
    """

    refusal: Refused | None
    leaving: list[Peer]


class Admission:
    """Counts connections, and judges newcomers.

    Args:
        options: what the operator chose.
        entropy: returns so many random bytes.
        is_waiting: tells whether something that a connection sent waits for a commit: a login, if nobody is logged in.
    """

    def __init__(self, options: Options, entropy: Callable[[int], bytes], is_waiting: Callable[[int], bool]) -> None:
        self._options = options
        self._entropy = entropy
        self._is_waiting = is_waiting
        self._connects: dict[str, TokenBucket] = {}
        self._open: dict[Peer, str] = {}
        self._by_network: Counter[str] = Counter()
        self._arriving_by_network: Counter[str] = Counter()
        self._in_time: dict[Peer, float] = {}  # oldest first, with the moment from which each of them is late
        self._late: list[Peer] = []  # in no order: a draw needs places, and a removal fills the gap with the last
        self._places: dict[Peer, int] = {}

    def adopt(self, options: Options) -> None:
        """Judge newcomers by other options from now on; nobody who was taken has to go for that."""
        if options.connects != self._options.connects:
            self._connects.clear()
        self._options = options

    def judge(self, network: str, now: float) -> Verdict:
        """Say whether one more connection is taken, and who has to go for it; where it is taken, `opened` follows.

        Args:
            network: as `network_of` names it.
            now: seconds of a clock that never goes back.

        Returns:
            The verdict; the text of a refusal names the wait where there is one.
        """
        leaving: list[Peer] = []
        refusal = self._refuse_network(network, now) if network != LOOPBACK else None
        if refusal is None:
            refusal = self._refuse_crowd(now, leaving)
        return Verdict(refusal, leaving)

    def _refuse_crowd(self, now: float, leaving: list[Peer]) -> Refused | None:
        self._grow_late(now, leaving)
        is_full = len(self._open) >= self._options.connections_max
        if is_full and not self._make_room(self._late or list(self._in_time), leaving):
            return Refused("server_full", f"There are {len(self._open)} connections already; try again later")
        if self._is_crowded():
            self._make_room(self._late, leaving)
        return None

    def opened(self, peer: Peer, network: str, now: float) -> None:
        """Count a connection that was taken; nobody is logged in on it.

        Args:
            peer: the connection.
            network: as it was judged.
            now: seconds of the turns' clock.
        """
        self._open[peer] = network
        self._by_network[network] += 1
        self._in_time[peer] = now + GRACE_SECONDS
        self._arriving_by_network[network] += 1

    def arrived(self, peer: Peer) -> None:
        """Learn that somebody is logged in on a connection now, or that it is being closed; once more does nothing."""
        if self._in_time.pop(peer, None) is not None:
            _count_down(self._arriving_by_network, self._open[peer])
        place = self._places.pop(peer, None)
        if place is None:
            return
        _count_down(self._arriving_by_network, self._open[peer])
        last = self._late.pop()
        if last is not peer:
            self._late[place] = last
            self._places[last] = place

    def lost(self, peer: Peer) -> None:
        """Count a connection no more."""
        self.arrived(peer)
        _count_down(self._by_network, self._open.pop(peer))

    # ------------------------------------------------------------------ inside

    def _refuse_network(self, network: str, now: float) -> Refused | None:
        if self._by_network[network] >= self._options.connections_per_address_max:
            count = self._options.connections_per_address_max
            return Refused("server_full", f"There are {count} connections from your address already; close one")
        bucket = self._connects.get(network)
        if bucket is None:
            if len(self._connects) >= NETWORKS_MAX:
                self._forget_networks(now)
            rate = self._options.connects
            bucket = self._connects[network] = TokenBucket(rate.burst, rate.per_second, now)
        if bucket.available(now) < 1:
            seconds = math.ceil(bucket.wait_seconds())
            return Refused("too_fast", f"Too many connections from your address; try again in {seconds} s")
        bucket.take(1)
        return None

    def _forget_networks(self, now: float) -> None:
        """Forget who owes nothing; and the oldest, if those are few, so that the next need not look again."""
        owing = [(network, bucket) for network, bucket in self._connects.items() if not bucket.is_full(now)]
        self._connects = dict(owing[-NETWORKS_MAX * 9 // 10 :])

    def _grow_late(self, now: float, leaving: list[Peer]) -> None:
        """See who is late by now; of more than are kept some go at once."""
        while self._in_time:
            peer, late_from = next(iter(self._in_time.items()))
            if late_from > now:
                break
            del self._in_time[peer]
            self._places[peer] = len(self._late)
            self._late.append(peer)
        for _ in range(min(SENT_AWAY_AT_ONCE_MAX, len(self._late) - self._options.logins_max)):
            self._make_room(self._late, leaving)

    def _is_crowded(self) -> bool:
        """Whether somebody has to go for a newcomer: never below half, always at the limit, and a chance between."""
        most = self._options.logins_max
        half = most // 2
        count = len(self._late)
        return count >= most or (count > half and self._chance(most - half) < count - half)

    def _chance(self, below: int) -> int:
        """Draw a number from 0 to below `below`."""
        return int.from_bytes(self._entropy(8), "big") * below >> 64

    def _make_room(self, among: list[Peer], leaving: list[Peer]) -> bool:
        """Add one of these to those who leave; False where there is none that could go."""
        drawn = [among[self._chance(len(among))] for _ in range(DRAWN)] if among else []
        able = [peer for peer in drawn if not self._has_asked(peer)] or [p for p in among if not self._has_asked(p)]
        if not able:
            return False
        goes = max(able, key=lambda peer: (self._arriving_by_network[self._open[peer]], -peer.conn))
        self.arrived(goes)
        leaving.append(goes)
        return True

    def _has_asked(self, peer: Peer) -> bool:
        """Return whether something that this connection sent, a login most likely, has not been answered yet."""
        return peer.door.has_more or self._is_waiting(peer.conn)


def _count_down(counter: Counter[str], network: str) -> None:
    counter[network] -= 1
    if not counter[network]:
        del counter[network]
