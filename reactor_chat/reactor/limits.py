"""What one connection may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one connection may cost; one object serves them all.

    Attributes:
        read_bytes_max: most bytes read in one turn; 1 or more.
        output_bytes_soft: more than this owed for `output_seconds_soft` without a break is an overflow.
        output_seconds_soft: see there.
        output_bytes_hard: more than this owed after a write is an overflow, however quick the reader: what one turn
            queues for one connection has to fit.
    """

    read_bytes_max: int = 65_536
    output_bytes_soft: int = 262_144
    output_seconds_soft: float = 10.0
    output_bytes_hard: int = 1_048_576

    def __post_init__(self) -> None:
        assert self.read_bytes_max >= 1
        assert 0 <= self.output_bytes_soft <= self.output_bytes_hard
        assert self.output_seconds_soft >= 0.0
