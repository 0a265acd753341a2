"""What was tried and what was reached, as a report for people and for programs."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz.live.playing import Conversation
from fuzz.live.protocol import CLOSED, Act, Protocol


@dataclass
class Tally:
    """Counts.

    Attributes:
        played: conversations, those that were played while shrinking included.
        unjudged: conversations with too many possible orders to look at.
        shapes: how things were sent.
        states: what the server's state was like at the end of conversations.
    """

    conversations: int = 0
    played: int = 0
    unjudged: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)

    @property
    def said(self) -> int:
        """How many messages were sent."""
        return self.requests.total()

    def count(self, protocol: Protocol, acts: Sequence[Act], conversation: Conversation) -> None:
        """Count one conversation."""
        self.conversations += 1
        self.unjudged += not conversation.is_judged
        self.requests.update(protocol.request_name(act.what) for act in acts)
        self.shapes.update({
            "in pieces": sum(len(one.pieces) > 1 for one in conversation.sent),
            "together with others": sum(act.together for act in acts),
            "connections": len(conversation.heard),
        })  # fmt: skip
        for messages in conversation.heard.values():
            for message in messages:
                self._count_message(protocol, message, 1)
        for message in conversation.answers:
            self._count_message(protocol, message, -1)
        if conversation.final is not None:
            self.states.update(conversation.final.describe())

    def _count_message(self, protocol: Protocol, message: Any, by: int) -> None:
        if message == CLOSED:
            self.shapes["connections closed by the server"] += 1
            return
        self.notices[protocol.notice_name(message)] += by
        code = protocol.refusal_of(message)
        if code is not None:
            self.refusals[code] += by

    # ------------------------------------------------------------------------------------------------ report

    def write(self, directory: Path, protocol: Protocol, seed: int, took_s: float, why: str | None) -> None:
        """Write `report.txt` and `report.json`."""
        directory.mkdir(parents=True, exist_ok=True)
        facts = self.facts(protocol, seed, took_s, why)
        (directory / "report.json").write_text(json.dumps(facts, indent=2) + "\n")
        (directory / "report.txt").write_text("\n".join(self._lines(facts)) + "\n")

    def facts(self, protocol: Protocol, seed: int, took_s: float, why: str | None) -> dict[str, Any]:
        """Return everything as one JSON object."""
        return {
            "protocol": protocol.name, "seed": seed, "seconds": round(took_s, 1), "found": why,
            "conversations": self.conversations, "not_judged": self.unjudged, "messages": self.said,
            "tried": dict(self.requests.most_common()), "sent": dict(self.shapes.most_common()),
            "heard": dict(self.notices.most_common()), "refusals": dict(self.refusals.most_common()),
            "states": dict(self.states.most_common()),
            "not_reached": {
                "tried": _missing(protocol.requests, self.requests),
                "heard": _missing(protocol.notices, self.notices),
                "refusals": _missing(protocol.refusals, self.refusals),
            },
        }  # fmt: skip

    @staticmethod
    def _lines(facts: dict[str, Any]) -> Iterable[str]:
        yield f"{facts['protocol']}: {facts['conversations']:,} conversations, {facts['messages']:,} messages,"
        yield f"{facts['seconds']} s, seed {facts['seed']}, {facts['not_judged']} not judged"
        yield f"found: {facts['found'] or 'nothing'}"
        for part in ("tried", "sent", "heard", "refusals", "states"):
            yield f"\n{part}"
            yield from (f"  {count:10,}  {name}" for name, count in facts[part].items() if count)
            missing = facts["not_reached"].get(part)
            if missing:
                yield f"  not reached: {', '.join(missing)}"


def _missing(known: Sequence[str], counted: Counter[str]) -> list[str]:
    return [name for name in known if not counted[name]]
