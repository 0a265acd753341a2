"""How long things took, counted in buckets that grow with what they hold."""

SUB_BITS = 6
"""Each power of two is counted in 64 buckets, so a figure is exact to 1.6 %."""
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}


class Histogram:
    """Counts of durations, each kept to better than 1.6 %: 64 buckets for every doubling."""

    __slots__ = ("_buckets", "count", "max_ns")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.max_ns = 0

    def add(self, duration_ns: int, count: int = 1) -> None:
        """Count a duration, in nanoseconds, 0 or more, so many times.

        Args:
            duration_ns: 0 or more.
            count: 0 or more.
        """
        shift = max(0, duration_ns.bit_length() - SUB_BITS - 1)
        bucket = (shift << SUB_BITS) + (duration_ns >> shift)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + count
        self.count += count
        self.max_ns = max(self.max_ns, duration_ns)

    def quantile_us(self, share: float) -> float:
        """Return the duration in microseconds that this share of all is not longer than; 0 where nothing was counted.

        Args:
            share: 0 to 1.
        """
        wanted = share * self.count
        counted = 0
        for bucket in sorted(self._buckets):
            counted += self._buckets[bucket]
            if counted >= wanted:
                return min(_middle_ns(bucket), self.max_ns) / 1_000
        return 0.0

    def summary(self) -> dict[str, float]:
        """Return the quantiles that are reported, and the longest, in microseconds by name."""
        return {name: self.quantile_us(share) for name, share in QUANTILES.items()} | {"max": self.max_ns / 1_000}


def _middle_ns(bucket: int) -> int:
    shift = max(0, (bucket >> SUB_BITS) - 1)
    low = (bucket - (shift << SUB_BITS)) << shift
    return low + ((1 << shift) >> 1)
