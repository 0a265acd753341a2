"""A client that comes back until everything it has to say is answered, and checks all it hears: bytes in, bytes out.

It follows PROTOCOL §5 and nothing else: a claimed name, every request with an id, sent again after a cut until it is
answered; `after` with every login.  What it keeps between connections is what a client keeps on disk, and `restarted`
is the same person with that alone.
"""

import base64
import hashlib
import json
from collections import deque
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.wire.transcript import login_transcript
from tests.end_to_end.client import Object, framed

WINDOW = 16
"""Requests on their way at once."""
REPEATED = 3
"""So many that are already answered are asked again after a cut; the answers must be the same."""

Outcome = tuple[str, Any]


class Returning:
    """One person, over as many connections as it takes.

    Attributes:
        heard: every notice with a number, in the order heard; never one twice.
        outcomes: what came of each request, in their order.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.heard: list[Object] = []
        self.requests: list[Object] = []
        self.outcomes: list[Outcome] = []
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        self.connected()

    def restarted(self) -> "Returning":
        """The same person after the program was killed: what was kept on disk is there, nothing else."""
        again = Returning(self.name)
        again.heard, again.requests, again.outcomes = json.loads(json.dumps([self.heard, self.requests, self.outcomes]))
        again.outcomes = [tuple(outcome) for outcome in again.outcomes]
        return again

    def connected(self) -> None:
        """Begin anew on another connection."""
        self._buffer = b""
        self._is_in = False
        self._next = 0
        self._awaited: deque[int] = deque()
        self._pongs = 0

    def ask(self, type_: str, **fields: Any) -> None:
        """Want one more thing; it gets the next id."""
        self.requests.append({"type": type_, "id": f"{self.name}-{len(self.requests)}", **fields})

    @property
    def is_done(self) -> bool:
        """Whether all it wanted is answered."""
        return len(self.outcomes) == len(self.requests)

    @property
    def cursor(self) -> int:
        """The last number heard."""
        return self.heard[-1]["seq"] if self.heard else 0

    def said(self) -> bytes:
        """What there is to send now."""
        out = b""
        while self._is_in and self._next < len(self.requests) and len(self._awaited) < WINDOW:
            out += framed(self.requests[self._next])
            self._awaited.append(self._next)
            self._next += 1
        return out

    def received(self, data: bytes) -> bytes:
        """Take what came; returns what there is to send."""
        self._buffer += data
        out, at = b"", 0
        while len(self._buffer) >= at + 4:
            end = at + 4 + int.from_bytes(self._buffer[at : at + 4], "big")
            if len(self._buffer) < end:
                break
            out += self._take(json.loads(self._buffer[at + 4 : end].decode("utf-8")))
            at = end
        self._buffer = self._buffer[at:]
        return out + self.said()

    def _take(self, got: Object) -> bytes:
        type_ = got["type"]
        if type_ == "hello":
            return self._login(got)
        if type_ == "welcome":
            assert (got["name"], got["guest"]) == (self.name, False), got
            self._is_in, self._next = True, self._first_to_send()
        elif type_ in ("accepted", "refused", "history"):
            self._answer(got)
        elif type_ not in ("bye", "closing"):
            assert got["seq"] > self.cursor, f"{self.name} heard {got} after {self.cursor}"
            self.heard.append(got)
        return b""

    def _login(self, hello: Object) -> bytes:
        public = self._key.public_key().public_bytes_raw()
        signature = self._key.sign(login_transcript(base64.b64decode(hello["nonce"]), self.name, public))
        proof = {"key": base64.b64encode(public).decode(), "signature": base64.b64encode(signature).decode()}
        return framed({"type": "login", "protocol": 1, "name": self.name, "after": self.cursor, **proof})

    def _first_to_send(self) -> int:
        first = len(self.outcomes)
        while first and len(self.outcomes) - first < REPEATED and self.outcomes[first - 1][0] != "history":
            first -= 1
        return first

    def _answer(self, got: Object) -> None:
        assert self._awaited, f"{self.name} asked nothing, and got {got}"
        number = self._awaited.popleft()
        assert got.get("re") == self.requests[number]["id"], f"{self.name}: {got} answers another request"
        outcome: Outcome = (got["type"], got.get("seq", got.get("code")))
        if got["type"] == "history":
            outcome = ("history", [words(message) for message in got["messages"]])
        if number < len(self.outcomes):
            assert self.outcomes[number] == outcome, f"{self.name}: {got} was {self.outcomes[number]}"
        else:
            assert number == len(self.outcomes)
            self.outcomes.append(outcome)


def words(notice: Object) -> list[Any]:
    """A notice without its number and time, which differ from run to run."""
    return [value for key, value in sorted(notice.items()) if key not in ("seq", "at")]
