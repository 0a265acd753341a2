"""The `admin` commands about people and names: what each takes, what it orders, and how its answer is shown."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reactor_chat.chat.operator.registration import DAYS_MAX
from reactor_chat.errors import UsageError
from reactor_chat.server.bans import moment, target_of
from reactor_chat.server.operator.orders import (
    Appoint,
    Delete,
    Grant,
    IssueInvite,
    ListInvites,
    ListPeople,
    Order,
    Uninvite,
)
from reactor_chat.wire.messages import SEQ_MAX

Ordering = Callable[[argparse.Namespace], Order]
_UNKNOWN, _NEVER = "unknown", "never"


def people(_: argparse.Namespace) -> Order:
    """Print who is here, and who owns which name."""
    return ListPeople()


def add(chosen: argparse.Namespace) -> Order:
    """Give a name to the owner of a key, who may then come in, during a lockdown too."""
    return Grant(chosen.name, chosen.key)


def invite(chosen: argparse.Namespace) -> Order:
    """Print a code by which one newcomer can claim a name, during a lockdown too."""
    return IssueInvite(chosen.days)


def invites(_: argparse.Namespace) -> Order:
    """Print which invitations are open."""
    return ListInvites()


def uninvite(chosen: argparse.Namespace) -> Order:
    """Revoke an invitation."""
    return Uninvite(chosen.number)


def moderator(chosen: argparse.Namespace) -> Order:
    """Let the owner of a name disconnect people (@kick everyone NAME), or no longer."""
    return Appoint(chosen.name, chosen.switch == "on")


def delete(chosen: argparse.Namespace) -> Order:
    """Remove what one message says, for good; its number stays, shown as removed."""
    return Delete(chosen.seq)


def add_commands(command: Callable[[Ordering], argparse.ArgumentParser]) -> None:
    """Add these commands to `admin`.

    Args:
        command: adds one by its function, whose name and first line it takes.
    """
    command(people)
    adding = command(add)
    adding.add_argument("name", metavar="NAME", help="the name")
    adding.add_argument("key", type=_key, metavar="KEY", help="the public key, in base64")
    days = command(invite)
    days.add_argument("--days", type=whole(1, DAYS_MAX), default=7, metavar="N", help="how long it is good (7)")
    command(invites)
    command(uninvite).add_argument("number", type=whole(0, SEQ_MAX), metavar="NUMBER", help="as invites prints it")
    moderating = command(moderator)
    moderating.add_argument("name", metavar="NAME", help="an owned name")
    moderating.add_argument("switch", choices=("on", "off"), help="on or off")
    command(delete).add_argument("seq", type=whole(1, SEQ_MAX), metavar="SEQ", help="its number, as export shows it")


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number within bounds from the command line."""

    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(SEQ_MAX)) else -1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from {least} to {most}")
        return number

    return read


def _key(text: str) -> str:
    try:
        is_key = target_of(text).kind == "key"
    except UsageError:
        is_key = False
    if not is_key:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a public key (44 characters of base64)")
    return text


# ------------------------------------------------------------------------------------------- what is shown


def lines_of(facts: dict[str, Any], text: str) -> list[str] | None:
    """Return an answer as lines for the operator; None where it is not about people.

    Args:
        facts: of the answer.
        text: of the answer.
    """
    if "people" in facts:
        return [*_here(facts["people"]), "", *_owners(facts["people"])]
    if "invite" in facts:
        code = facts["invite"]["code"]
        return [f"{text}. The newcomer connects with:", f"--invite {code}"]
    if "invites" in facts:
        return _invites(facts["invites"])
    return None


def _here(facts: dict[str, Any]) -> Iterator[str]:
    here, count = facts["here"], facts["here_count"]
    yield f"Connected: {count}{_first_of(here, count)}"
    rows = [
        (one["name"], one["key"] or "guest", one["address"], moment(one["since_ms"]),
         f"{one['idle_seconds']} s", f"{one['queued_bytes']} B")
        for one in here
    ]  # fmt: skip
    yield from _table(("NAME", "KEY", "ADDRESS", "SINCE", "IDLE", "QUEUE"), rows)


def _owners(facts: dict[str, Any]) -> Iterator[str]:
    owners, count = facts["owners"], facts["owners_count"]
    yield f"Owned names: {count}{_first_of(owners, count)}"
    rows = [
        (one["name"], one["key"], _when(one["claimed_ms"], _UNKNOWN), _when(one["seen_ms"], _NEVER),
         "moderator" if one["moderator"] else "")
        for one in owners
    ]  # fmt: skip
    yield from _table(("NAME", "KEY", "CLAIMED", "LAST SEEN", ""), rows)


def _invites(facts: list[dict[str, Any]]) -> list[str]:
    if not facts:
        return ["No invitations are open"]
    rows = [(str(one["number"]), moment(one["since_ms"]), moment(one["until_ms"])) for one in facts]
    return list(_table(("NUMBER", "MADE", "GOOD UNTIL"), rows))


def _first_of(listed: Sequence[Any], count: int) -> str:
    return f" (the first {len(listed)} are listed)" if len(listed) < count else ""


def _when(unix_ms: int | None, otherwise: str) -> str:
    return moment(unix_ms) if unix_ms is not None else otherwise


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
