"""What is measured, and what is claimed of it: every row of the table in docs/performance.md is a claim here."""

from typing import Any, NamedTuple

from reactor_chat.load.scenarios import Plan

Figures = dict[str, Any]
"""What one run came to, as `report.as_json` has it."""

RATE = "deliveries_per_second"
PER_CPU = "deliveries_per_cpu_second"
PRICE = "cpu_us_per_delivery"
P99 = "latency_us.p99"
LOGINS = "logins_per_second"
MEMORY = "rss_bytes_per_connection"
IDLE = "server_cpu_share"
SYNC = "sync_us.p99"
DISK = "the disk"


class Cell(NamedTuple):
    """One load, put on several servers in turns."""

    scenario: str
    plan: Plan
    contenders: tuple[str, ...]


def _fanout(receivers: int, window: int, *contenders: str) -> Cell:
    return Cell("fanout", Plan(receivers, window=window), ("us", *contenders))


def _steady(per_second: float, *contenders: str) -> Cell:
    return Cell("fanout", Plan(200, rate=per_second), ("us", *contenders))


PEERS = ("Redis", "NATS", "InspIRCd")
WITH_IDS = ("us, with ids", "us, compiled, with ids")
CROWD = Plan(10_000, senders=1_000, rate=1_000, burst=1_000)

CELLS: dict[str, Cell] = {
    "fan-1000-w256": _fanout(1_000, 256, "us, SQLite", "us, TLS", *PEERS, "ngIRCd", "bare Python loop"),
    "fan-100-w256": _fanout(100, 256, "us, compiled", *PEERS),
    "fan-10-w256": _fanout(10, 256, "Redis"),
    "fan-10-w16": _fanout(10, 16, "us, compiled", *PEERS),
    "fan-100-w16": _fanout(100, 16, *PEERS),
    "fan-1000-w16": _fanout(1_000, 16, *PEERS),
    "fan-5000-w16": _fanout(5_000, 16, *PEERS),
    "fan-9000-w16": _fanout(9_000, 16, "Redis"),
    "fan-1000-w1": _fanout(1_000, 1, "Redis", "C loop, a send each"),
    "pairs-50-w1": Cell("pairs", Plan(100, window=1), ("us", "us, compiled", "Redis", "Twisted's IRC")),
    "pairs-50-w16": Cell(
        "pairs",
        Plan(100, window=16),
        ("us", "us, compiled", *WITH_IDS, "us, SQLite", "us, TLS", "Redis", "Twisted's IRC"),
    ),
    "rate-100": _steady(100, "us, SQLite", "Redis", DISK),
    "rate-1000": _steady(1_000, "Redis"),
    "rate-4000": _steady(4_000, "Redis"),
    "stored": Cell("fanout", Plan(100, window=16), ("us, SQLite", "us, SQLite, 1,000,000 stored")),
    "connect-10000": Cell("connect", CROWD, ("us",)),
    "idle-10000": Cell("idle", CROWD, ("us",)),
    "told-10000": Cell("mixed", CROWD._replace(clients=9_000, said_percent=0), ("us",)),
    "said-10000": Cell("mixed", CROWD._replace(clients=9_000, said_percent=100), ("us",)),
}


class Claim(NamedTuple):
    """One row: what ours comes to, and what it is held against.

    Attributes:
        work: what is done, in words.
        cell, contender, figure: what is looked at.
        target: the factor of what it is held against, or the bound itself where that is nothing.
        is_floor: whether more is better.
        against: another contender, of the same run.
        against_cell: another cell, of the same run.
        plus_disk: allow so many times the disk's p99 on top.
    """

    work: str
    cell: str
    contender: str
    figure: str
    target: float
    is_floor: bool = True
    against: str | None = None
    against_cell: str | None = None
    plus_disk: float = 0.0


def _ratio(work: str, cell: str, target: float, against: str = "Redis", contender: str = "us") -> Claim:
    return Claim(work, cell, contender, RATE, target, against=against)


def _thrift(work: str, cell: str, target: float, against: str = "Redis", contender: str = "us") -> Claim:
    """By processor time: what each second of a server's processor delivers."""
    return Claim(work, cell, contender, PER_CPU, target, against=against)


FAN_1000 = "tell 1,000, window 256"
PAIRS_1, PAIRS_16 = "50 pairs, one message on its way", "50 pairs, 16 on their way"

CLAIMS = [
    _ratio(FAN_1000, "fan-1000-w256", 4),
    _ratio(FAN_1000, "fan-1000-w256", 3, "NATS"),
    _ratio(FAN_1000, "fan-1000-w256", 5, "InspIRCd"),
    _ratio(FAN_1000, "fan-1000-w256", 0.6, "bare Python loop"),
    _ratio(FAN_1000, "fan-1000-w256", 2, contender="us, SQLite"),
    _ratio(FAN_1000, "fan-1000-w256", 1, contender="us, TLS"),
    _thrift("tell 100, window 256", "fan-100-w256", 1.2),
    _thrift("tell 1,000, window 16", "fan-1000-w16", 1),
    _thrift("tell 5,000, window 16", "fan-5000-w16", 1),
    _thrift("tell 10, window 16", "fan-10-w16", 0.4),
    _thrift("tell 10, window 16", "fan-10-w16", 0.45, contender="us, compiled"),
    _thrift("tell 1,000, one message at a time", "fan-1000-w1", 0.95, "C loop, a send each"),
    _thrift(PAIRS_16, "pairs-50-w16", 1, "Twisted's IRC"),
    _thrift(PAIRS_16, "pairs-50-w16", 1.3, "Twisted's IRC", "us, compiled"),
    _thrift(PAIRS_16, "pairs-50-w16", 0.15),
    _thrift(PAIRS_16, "pairs-50-w16", 0.2, contender="us, compiled"),
    _thrift(PAIRS_1, "pairs-50-w1", 0.95, "Twisted's IRC"),
    _thrift(PAIRS_1, "pairs-50-w1", 1.1, "Twisted's IRC", "us, compiled"),
    _thrift(PAIRS_1, "pairs-50-w1", 0.45),
    _thrift(PAIRS_1, "pairs-50-w1", 0.5, contender="us, compiled"),
    *(
        Claim(f"{PAIRS_16}: a message's processor time", "pairs-50-w16", contender, PRICE, target, False)
        for contender, target in zip(WITH_IDS, (14, 12), strict=True)
    ),
    _ratio(PAIRS_16, "pairs-50-w16", 0.85, "us", "us, SQLite"),
    Claim(PAIRS_16, "pairs-50-w16", "us, SQLite", RATE, 100_000),
    _thrift(PAIRS_16, "pairs-50-w16", 0.85, "us", "us, TLS"),
    Claim("100 messages a second to 200, p99", "rate-100", "us", P99, 1.5, False, "Redis"),
    Claim("100 messages a second to 200, p99", "rate-100", "us, SQLite", P99, 1.5, False, "Redis", plus_disk=2),
    Claim("10,000 connections, memory of each", "connect-10000", "us", MEMORY, 6 * 1_024, False),
    Claim("10,000 logins, everybody told of each", "connect-10000", "us", LOGINS, 4_000),
    Claim("10,000 idle, processor", "idle-10000", "us", IDLE, 0.01, False),
    Claim("10,000, of them 1,000 tell one other one thing a second, p99", "told-10000", "us", P99, 50_000, False),
    Claim("10,000, of them 1,000 tell everybody one thing a second, p99", "said-10000", "us", P99, 250_000, False),
    Claim("a delivery's processor time, of 1,000 against of 10", "fan-1000-w256", "us", PER_CPU, 1, True, "us",
          "fan-10-w256"),
    Claim("a delivery's processor time, of 9,000 against of 1,000", "fan-9000-w16", "us", PER_CPU, 0.5, True, "us",
          "fan-1000-w16"),
    Claim("a delivery's processor time, 1,000,000 stored against none", "stored", "us, SQLite, 1,000,000 stored",
          PER_CPU, 0.8, True, "us, SQLite"),
]  # fmt: skip


def figure_of(figures: Figures, path: str) -> float:
    """Return a figure by its name; of a figure in a figure, both names with a dot between."""
    if path == PRICE:
        return 1e6 / figure_of(figures, PER_CPU)
    value: Any = figures
    for name in path.split("."):
        value = value[name]
    return float(value)
