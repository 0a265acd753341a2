"""Plays conversation after conversation until one is a finding, which Hypothesis then shrinks to the shortest."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from fuzz.live.playing import Conversation, Finding, Sent, Server
from fuzz.live.protocol import Act, Protocol
from fuzz.live.tally import Tally
from fuzz.live.wires import Gone

BATCH = 500
"""Conversations of one run of Hypothesis: what it remembers of them would grow with their number."""
PROGRESS_SECONDS = 5.0


@dataclass(frozen=True)
class Found:
    """A conversation that the model does not allow.

    Attributes:
        why: what was expected and what came.
        sent: the bytes that went out.
        is_gone: whether the server answers no more, so that nothing could be shrunk.
    """

    acts: list[Act]
    why: str
    sent: list[Sent]
    is_gone: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """How long it is: messages, then bytes."""
        return len(self.acts), sum(len(piece) for one in self.sent for piece in one.pieces)


class Hunt:
    """One search for a conversation that goes wrong.

    Args:
        seed: the same seed makes the same conversations.
        show: takes a line about how far it is, now and then.
    """

    def __init__(self, protocol: Protocol, server: Server, seed: int, show: Callable[[str], None]) -> None:
        self._protocol, self._server, self._seed, self._show = protocol, server, seed, show
        self._found: Found | None = None
        self._last: Found | None = None
        self._began = self._shown = time.monotonic()
        self._until: float | None = None
        self.tally = Tally()

    def run(self, conversations_max: int | None, seconds_max: float | None) -> Found | None:
        """Play until the limit is reached or something is found.

        Returns:
            The shortest conversation that goes wrong; None where none did.

        Raises:
            Gone: no server answers, from the beginning.
        """
        self._until = None if seconds_max is None else self._began + seconds_max
        batch = 0
        while self._found is None and not self._is_over(conversations_max):
            left = BATCH if conversations_max is None else conversations_max - self.tally.conversations
            self._play_batch(batch, min(BATCH, left))
            batch += 1
        if self._found is not None and not self._found.is_gone:
            self._strike_off(self._found)
        return self._found

    def _is_over(self, conversations_max: int | None) -> bool:
        is_late = self._until is not None and time.monotonic() >= self._until
        return is_late or (conversations_max is not None and self.tally.conversations >= conversations_max)

    def _play_batch(self, batch: int, count: int) -> None:
        before = self.tally.conversations
        test = given(self._protocol.conversations())(self._play_drawn)
        test = seed(self._seed * 1_000_003 + batch)(test)
        test = settings(
            max_examples=count, database=None, deadline=None, derandomize=False, report_multiple_bugs=False,
            verbosity=Verbosity.quiet, phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
        )(test)  # fmt: skip
        try:
            test()
        except Gone as error:
            self._lose_server(error)
        except Exception:
            if self._found is None:
                raise
        if self.tally.conversations == before:
            self.tally.conversations += 1  # a strategy that draws nothing new must not go on for ever

    def _strike_off(self, found: Found) -> None:
        """Leave out each message without which the rest goes wrong too: Hypothesis tires of long conversations."""
        place = len(found.acts)
        while place:
            place -= 1
            fewer = found.acts[:place] + found.acts[place + 1 :]
            try:
                self.play(fewer)
            except Gone as error:
                self._lose_server(error)
                return
            except Finding:
                assert self._found is not None
                found = Found(fewer, self._found.why, self._found.sent)
                place = len(fewer)

    def _lose_server(self, error: Gone) -> None:
        if self._found is None:
            if self._last is None:
                raise error
            self._found = Found(self._last.acts, f"the server does not answer any more: {error}", self._last.sent)
        self._found = Found(self._found.acts, self._found.why, self._found.sent, is_gone=True)

    def _play_drawn(self, acts: list[Act]) -> None:
        if self._found is None and self._until is not None and time.monotonic() >= self._until:
            return
        self.play(acts)
        if self._found is None and time.monotonic() >= self._shown + PROGRESS_SECONDS:
            self._shown = time.monotonic()
            self._show(self.progress())

    def play(self, acts: list[Act]) -> None:
        """Play one conversation.

        Raises:
            Finding: it goes wrong.
            Gone: no server answers.
        """
        conversation = Conversation(self._protocol, self._server, self._prefix())
        try:
            conversation.play(acts)
        except Finding as error:
            found = Found(acts, str(error), conversation.sent)
            if self._found is None or found.size < self._found.size:
                self._found = found
            raise
        finally:
            if conversation.sent:
                self._last = Found(acts, "", conversation.sent)
            if self._found is None:
                self.tally.count(self._protocol, acts, conversation)
            self.tally.played += 1

    def _prefix(self) -> str:
        """Return letters that no other conversation has had on this server, whoever had it: the time is among them."""
        return f"{_in_letters(time.time_ns() // 1_000_000)}{_in_letters(self.tally.played)}_"

    def progress(self) -> str:
        """Return how far it is, as one line."""
        took_s = max(time.monotonic() - self._began, 1e-9)
        count = self.tally.conversations
        return (
            f"{count:,} conversations, {self.tally.said:,} messages, {count / took_s:,.0f} conversations/s, "
            f"{len(self.tally.refusals)} refusal codes reached, {self.tally.unjudged} not judged, seed {self._seed}"
        )


def _in_letters(number: int) -> str:
    digits = "2346789abcdefghjkpqtuxyz"  # none that looks like another: a server may refuse names that look alike
    written = ""
    while number or not written:
        number, digit = divmod(number, len(digits))
        written = digits[digit] + written
    return written


def again(protocol: Protocol, server: Server, acts: list[Act]) -> Any:
    """Play one conversation once more; returns what goes wrong, None where nothing does."""
    hunt = Hunt(protocol, server, 0, print)
    try:
        hunt.play(acts)
    except Finding as error:
        return error
    return None
