"""Shows the operator what came of an order: lines for people, or one line of JSON for programs."""

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from reactor_chat.admin import people
from reactor_chat.server.bans import Ban
from reactor_chat.server.operator.orders import Answer
from reactor_chat.server.options.table import typed
from reactor_chat.text.safe import safe, safe_json

EXIT_DONE, EXIT_FAILED, EXIT_NO_SERVER, EXIT_TRY_LATER = 0, 1, 69, 75
"""The last two are EX_UNAVAILABLE and EX_TEMPFAIL of sysexits.h: systemd and scripts know them."""


def tell(answer: Answer, status_else: int = EXIT_FAILED, *, json: bool) -> int:
    """Print an answer.

    Args:
        answer: what came of an order.
        status_else: the exit status where it was not carried out.
        json: print one line of JSON.

    Returns:
        The exit status that it stands for.
    """
    if json:
        _print_json(answer)
    elif answer.done:
        for line in _lines(answer):
            print(safe(line))  # noqa: T201
    else:
        complain(answer.text, status_else)
    return EXIT_DONE if answer.done else status_else


def _print_json(answer: Answer) -> None:
    said = {"done": answer.done, "text": answer.text, **(answer.facts or {})}
    sys.stdout.write(safe_json(msgspec.json.encode(said).decode("utf-8")) + "\n")


def _lines(answer: Answer) -> Iterator[str]:
    facts = answer.facts or {}
    if (listed := people.lines_of(facts, answer.text)) is not None:
        yield from listed
    elif "bans" in facts:
        yield from _table([msgspec.convert(ban, Ban) for ban in facts["bans"]])
    elif "status" in facts:
        yield from (f"{name}: {_fact(value)}" for name, value in facts["status"].items())
    else:
        yield answer.text


def _table(bans: list[Ban]) -> Iterator[str]:
    if not bans:
        yield "nobody is banned"
    width = max((len(str(ban.target)) for ban in bans), default=0)
    yield from (f"{ban.target!s:<{width}}  {ban.term}  {ban.reason}".rstrip() for ban in bans)


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "none"
    return typed(value) if value is None or isinstance(value, bool) else str(value)


def complain(text: str, status: int) -> int:
    """Print why nothing was done, to standard error, and return the exit status given."""
    print(f"reactor-chat-admin: {safe(text)}", file=sys.stderr)  # noqa: T201
    return status
