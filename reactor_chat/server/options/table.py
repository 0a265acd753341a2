"""The OPTIONS table: everything an operator may choose, with its default, its bounds and the reason.

`--help`, the table in docs/operating.md, the rows of a `--config` file and the validation are made from it.  A row
marked `live` may change while the server runs.  The others could only be changed under the feet of those who are
connected (they were told the size of a frame), or are the very place where the server is.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from reactor_chat.chat.case import Rules
from reactor_chat.server.options.networks import Networks, read_networks
from reactor_chat.server.options.values import (
    LOOPBACK,
    PORT_MAX,
    Rate,
    choice,
    rate_that_is_on,
    read_address,
    read_directory,
    read_file,
    read_host,
    read_rate,
    whole,
)
from reactor_chat.text.parser import help_text
from reactor_chat.user_data import user_data_directory
from reactor_chat.wire.framing import FRAME_BYTES_MAX

DEFAULT_PORT = 7667
"""Above 1,023, so that no rights are needed; clients have the same default."""

_USER_DATA = user_data_directory()
NOWHERE = Path()
"""Stands for the data directory where this user has no place of their own and named none."""

DEFAULT_DATA = NOWHERE if _USER_DATA is None else _USER_DATA / "server"
DEFAULT_RATE = Rate(100, 20)
"""A screenful may be pasted at once; nobody reads twenty lines a second."""
DEFAULT_FAILED_LOGINS = Rate(100, 1)
"""A household that comes back after a restart may be refused a few names each; whoever tries names waits."""
DEFAULT_CONNECTS = Rate(32, 0.05)
"""Twice what one address may have open, so that all of them may come again at once; then one every 20 s."""


def _option(default: Any, read: Callable[[str], Any] | None, shown: str, reason: str, *, live: bool = False) -> Any:
    """A row: default, how its text is read (None: a switch), how the value is called, what it is for and why so.

    Args:
        live: whether it may change while the server runs (SIGHUP).
    """
    return field(default=default, metadata={"read": read, "shown": shown, "reason": reason, "live": live})


@dataclass(frozen=True)
class Options:
    """What the operator chose; each field is one option of the command line."""

    host: str = _option(LOOPBACK, read_host, "ADDRESS", "address to listen on")
    port: int = _option(DEFAULT_PORT, whole(0, PORT_MAX), "PORT", "port to listen on; 0 picks a free one")
    data: Path = _option(
        DEFAULT_DATA,
        read_directory,
        "DIR",
        "where the journal and the server's key are kept; only one server can use it at a time",
    )
    memory: bool = _option(False, None, "", "keep everything in memory: nothing survives the process")  # noqa: FBT003
    plaintext: bool = _option(False, None, "", "no TLS; on loopback only, unless forced")  # noqa: FBT003
    force: bool = _option(False, None, "", "listen without TLS on other addresses than loopback")  # noqa: FBT003
    cert: Path | None = _option(
        None,
        read_file,
        "FILE",
        "a certificate of your own (PEM), including intermediate certificates, instead of a generated one",
        live=True,
    )
    key: Path | None = _option(
        None, read_file, "FILE", "its private key, where the first file does not hold it", live=True
    )
    lines: tuple[str, int] | None = _option(
        None, read_address, "[HOST:]PORT", "also listen for nc and telnet, in plain text; default: off"
    )
    proxy_from: Networks = _option(
        Networks(),
        read_networks,
        "ADDRESS[,ADDRESS]",
        "proxies, as addresses or networks, that say who is there (PROXY protocol, version 2); default: none",
        live=True,
    )
    config: Path | None = _option(
        None, read_file, "FILE", "more of these, as TOML; the command line wins; default: none"
    )
    lockdown: bool = _option(
        False,  # noqa: FBT003
        None,
        "",
        "no guests and no new names: only people who own a name or are invited come in",
        live=True,
    )
    lookalike_names: str = _option(
        "refuse",
        choice("refuse", "allow"),
        "WORD",
        "refuse or allow new names that look like one that is taken, such as PauI and Paul",
        live=True,
    )
    rate: Rate | None = _option(
        DEFAULT_RATE,
        read_rate,
        "BURST/PER_SECOND",
        "messages per connection; faster clients are slowed down; or off",
        live=True,
    )
    failed_logins: Rate = _option(
        DEFAULT_FAILED_LOGINS,
        rate_that_is_on,
        "BURST/PER_SECOND",
        "refused logins from one address before it has to wait",
        live=True,
    )
    connections_max: int = _option(
        10_000,
        whole(1, 1_000_000),
        "COUNT",
        "connections at once, as far as the system's descriptors reach",
        live=True,
    )
    connections_per_address_max: int = _option(
        16,
        whole(1, 1_000_000),
        "COUNT",
        "of them from one IPv4 address or IPv6 /64 network; loopback is exempt",
        live=True,
    )
    connects: Rate = _option(
        DEFAULT_CONNECTS,
        rate_that_is_on,
        "BURST/PER_SECOND",
        "new connections from one such address before it has to wait; loopback is exempt",
        live=True,
    )
    logins_max: int = _option(
        128,
        whole(1, 10_000),
        "COUNT",
        "connections on which nobody is logged in after 3 s; from half of it on, they make room for new ones",
        live=True,
    )
    people_max: int = _option(10_000, whole(1, 1_000_000), "COUNT", "people connected at once", live=True)
    groups_max: int = _option(500, whole(1, 100_000), "COUNT", "groups one person can be in", live=True)
    group_members_max: int = _option(
        1_000, whole(1, 1_000), "COUNT", "members of one group; a list of so many names fits one frame", live=True
    )
    sealed_members_max: int = _option(
        256,
        whole(2, 1_000),
        "COUNT",
        "members of one encrypted conversation; each new one costs all the others work",
        live=True,
    )
    text_bytes_max: int = _option(16_384, whole(1, 24_576), "BYTES", "one text; escaped, it still fits one frame")
    frame_bytes_max: int = _option(
        FRAME_BYTES_MAX, whole(FRAME_BYTES_MAX, 16_777_216), "BYTES", "one frame, in either direction"
    )
    journal_bytes_max: int | None = _option(
        None,
        whole(1_048_576, 2**43),
        "BYTES",
        "size of the journal; beyond it, writing is refused and reading goes on",
    )
    accept_loss: bool = _option(
        False,  # noqa: FBT003
        None,
        "",
        "start although part of the journal is lost; the log says how much, and clients are told",
    )
    keep_days: int | None = _option(
        None,
        whole(1, 36_500),
        "DAYS",
        "how long messages are kept; then what they say is removed, as by admin delete; default: forever",
        live=True,
    )
    read_only: bool = _option(
        False,  # noqa: FBT003
        None,
        "",
        "serve a journal on a disk that cannot be written: people read, and nothing is stored; it is copied to TMPDIR",
    )
    output_bytes_max: int = _option(
        268_435_456,
        whole(1_048_576, 2**43),
        "BYTES",
        "memory for what people do not read, in total; beyond it, the client with the longest queue is disconnected",
        live=True,
    )
    idle_seconds_max: int | None = _option(
        None,
        whole(30, 31_536_000),
        "SECONDS",
        "people who send nothing for so long are disconnected; default: never",
        live=True,
    )
    login_seconds_max: int = _option(10, whole(1, 3_600), "SECONDS", "from connecting to being logged in", live=True)
    typed_login_seconds_max: int = _option(
        60, whole(1, 3_600), "SECONDS", "the same on the plain-text port, where people type", live=True
    )
    messages_per_turn_max: int = _option(
        256,
        whole(1, 100_000),
        "COUNT",
        "messages taken from one connection in one turn, so that others wait little",
        live=True,
    )


def option_rows() -> list[tuple[str, str, str, str]]:
    """Return the table in its order: option, value as shown (empty for a switch), default as typed, reason."""
    return [
        (flag_of(row), row.metadata["shown"], default_of(row.default), row.metadata["reason"] + mark_of(row))
        for row in dataclasses.fields(Options)
    ]


def name_of(row: dataclasses.Field[Any]) -> str:
    """Return what a row is called in a file of options."""
    return row.name.replace("_", "-")


def flag_of(row: dataclasses.Field[Any]) -> str:
    """Return what a row is called on the command line."""
    return "--" + name_of(row)


def mark_of(row: dataclasses.Field[Any]) -> str:
    """Return the words behind the reason of a row that may change while the server runs."""
    return " (live)" if row.metadata["live"] else ""


def default_of(default: Any) -> str:
    """Return a default as it is typed; empty where there is none."""
    if default is None or default is False or default == ():
        return ""
    return "the user's data directory" if default == DEFAULT_DATA else typed(default)


def typed(value: Any) -> str:
    """Return the value of a row as it is typed; `off` for none, `on` and `off` for a switch."""
    if value is None or isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Networks):
        return str(value) or "off"
    if isinstance(value, tuple):
        return f"[{value[0]}]:{value[1]}" if ":" in value[0] else f"{value[0]}:{value[1]}"
    return f"{value.burst}/{value.per_second:g}" if isinstance(value, Rate) else str(value)


class Difference(NamedTuple):
    """One row that differs: its option, both values as typed, and whether it may change while the server runs."""

    flag: str
    before: str
    after: str
    live: bool


def differences(before: Options, after: Options) -> Iterator[Difference]:
    """Yield the rows in which two choices differ, in the order of the table.

    Args:
        before, after: the two choices.
    """
    for row in dataclasses.fields(Options):
        old, new = getattr(before, row.name), getattr(after, row.name)
        if old != new:
            yield Difference(flag_of(row), typed(old), typed(new), row.metadata["live"])


def rules_of(options: Options) -> Rules:
    """Return what the core needs to know of the operator's choice."""
    return Rules(
        options.text_bytes_max,
        options.group_members_max,
        options.groups_max,
        options.people_max,
        options.failed_logins.burst,
        options.failed_logins.per_second,
        help_text(),
        options.lockdown,
        options.sealed_members_max,
        options.lookalike_names == "allow",
    )


def live_part(running: Options, wanted: Options) -> Options:
    """Return what a running server may become: the live rows as wanted, all others as they are."""
    rows = (row.name for row in dataclasses.fields(Options) if row.metadata["live"])
    return dataclasses.replace(running, **{name: getattr(wanted, name) for name in rows})
