"""What a load came to, as a value, as text for people, and as JSON."""

from msgspec import Struct, json

BOTTLENECK_SHARE = 0.9
"""A generator that is busier than this measures itself."""


class Deliveries(Struct, frozen=True):
    """The account of every message.

    Attributes:
        sent: messages.
        expected: deliveries that were to come of them: one for each message and receiver.
        delivered: those that came, each once.
        duplicates, out_of_order: messages that came again, or after a later one; in each stream of bytes.
        seconds: from the first message to the last delivery.
        latency_us, completion_us: of each delivery, and until a message's last receiver had it; by quantile.
    """

    sent: int
    expected: int
    delivered: int
    duplicates: int
    out_of_order: int
    seconds: float
    latency_us: dict[str, float]
    completion_us: dict[str, float]

    @property
    def lost(self) -> int:
        """Deliveries that did not come."""
        return self.expected - self.delivered

    @property
    def per_second(self) -> float:
        """Deliveries a second."""
        return self.delivered / self.seconds


class LoginTimes(Struct, frozen=True):
    """How clients came in; the time runs from the first attempt to the last answer."""

    count: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Logins a second."""
        return self.count / self.seconds


class ServerUsage(Struct, frozen=True):
    """What the server's process used while it was measured; memory before anybody came, and at the end."""

    pid: int
    seconds: float
    cpu_s: float
    login_cpu_s: float
    rss_before_kib: int
    rss_kib: int
    rss_peak_kib: int

    @property
    def cpu_share(self) -> float:
        """Of one processor."""
        return self.cpu_s / self.seconds


class Result(Struct, frozen=True):
    """One run."""

    scenario: str
    setting: str
    clients: int
    logins: LoginTimes
    deliveries: Deliveries | None
    server: ServerUsage | None
    generator_cpu_share: float

    @property
    def is_complete(self) -> bool:
        """Whether every message came to everybody, once and in order."""
        told = self.deliveries
        return told is None or not (told.lost or told.duplicates or told.out_of_order)

    @property
    def is_bottleneck(self) -> bool:
        """Whether the generator was too busy to say what the server can do."""
        return self.generator_cpu_share >= BOTTLENECK_SHARE

    @property
    def rss_bytes_per_connection(self) -> float:
        """Memory that a connection costs the server."""
        if self.server is None:
            return 0.0
        return (self.server.rss_kib - self.server.rss_before_kib) * 1_024 / self.logins.count

    @property
    def deliveries_per_cpu_second(self) -> float:
        """Deliveries for each second of the server's processor; 0 where that is not known."""
        if self.deliveries is None or self.server is None or self.server.cpu_s <= 0:
            return 0.0
        return self.deliveries.delivered / self.server.cpu_s


def as_json(result: Result) -> str:
    """Return the result with everything that follows from it, as one line."""
    flat: dict[str, object] = {
        "scenario": result.scenario,
        "setting": result.setting,
        "clients": result.clients,
        "is_complete": result.is_complete,
        "generator_cpu_share": round(result.generator_cpu_share, 3),
        "generator_is_bottleneck": result.is_bottleneck,
        "logins": result.logins.count,
        "login_seconds": result.logins.seconds,
        "logins_per_second": result.logins.per_second,
    }
    if result.deliveries is not None:
        told = result.deliveries
        flat |= {name: getattr(told, name) for name in told.__struct_fields__}
        flat |= {"lost": told.lost, "deliveries_per_second": told.per_second}
        flat["messages_per_second"] = told.sent / told.seconds
    if result.server is not None:
        flat["server"] = {name: getattr(result.server, name) for name in result.server.__struct_fields__}
        flat["server_cpu_share"] = result.server.cpu_share
        flat["deliveries_per_cpu_second"] = result.deliveries_per_cpu_second
        flat["rss_bytes_per_connection"] = result.rss_bytes_per_connection
    return json.encode(flat).decode("ascii")


def as_text(result: Result) -> str:
    """Return the result as lines for people."""
    logins = result.logins
    lines = [
        f"{result.scenario}: {result.setting}",
        f"  logins      {logins.count:,} in {logins.seconds:.2f} s, {logins.per_second:,.0f} a second",
    ]
    if result.deliveries is not None:
        lines += _deliveries_lines(result.deliveries)
    if result.server is not None:
        lines += _server_lines(result, result.server)
    lines.append(f"  generator   CPU {result.generator_cpu_share:.0%}")
    if result.is_bottleneck:
        lines.append("! The generator was the bottleneck: the server can do more than this says")
    if not result.is_complete:
        lines.append("! Not every message came to everybody, once and in order")
    return "\n".join(lines)


def _deliveries_lines(told: Deliveries) -> list[str]:
    wrong = f"{told.lost:,} lost, {told.duplicates:,} twice, {told.out_of_order:,} out of order"
    messages_per_second = told.sent / told.seconds
    lines = [
        f"  delivered   {told.delivered:,} of {told.expected:,}: {wrong}",
        f"  throughput  {told.per_second:,.0f} deliveries a second, of {messages_per_second:,.0f} messages a second",
    ]
    for name, times in (("latency", told.latency_us), ("the last", told.completion_us)):
        if times["max"]:
            lines.append(f"  {name:10}  " + "  ".join(f"{which} {shown_time(us)}" for which, us in times.items()))
    return lines


def _server_lines(result: Result, server: ServerUsage) -> list[str]:
    login_us = server.login_cpu_s / result.logins.count * 1e6
    told = f", {result.deliveries_per_cpu_second:,.0f} deliveries a CPU second" if result.deliveries else ""
    here, most = server.rss_kib / 1_024, server.rss_peak_kib / 1_024
    each = result.rss_bytes_per_connection / 1_024
    return [
        f"  server      CPU {server.cpu_share:.1%}, {login_us:.0f} µs a login{told}",
        f"  memory      {here:.1f} MiB, at most {most:.1f}; {each:.2f} KiB a connection",
    ]


def shown_time(us: float) -> str:
    """Return a time in the unit that reads best."""
    return f"{us:.0f} µs" if us < 1_000 else f"{us / 1_000:.2f} ms" if us < 1e6 else f"{us / 1e6:.2f} s"
