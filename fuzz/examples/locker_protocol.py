"""The lockers' protocol, to be given to `python -m fuzz live 127.0.0.1 PORT --plaintext --protocol`.

What is said is a line with `{}` where the conversation's own prefix goes, so that no conversation meets another's keys.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from hypothesis import strategies as st

from fuzz.live.protocol import CLOSED, Act, Model, Outcome, Protocol, Spoken


class LockerModel(Model):
    """What is in the lockers, as one dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.gone: set[int] = set()

    def copy(self) -> Self:
        """Return an equal model that does not change with this one."""
        twin = type(self)()
        twin.kept, twin.gone = dict(self.kept), set(self.gone)
        return twin

    def key(self) -> str:
        """Return everything as one text."""
        return repr((sorted(self.kept.items()), sorted(self.gone)))

    def apply(self, conn: int, what: Any) -> Iterator[Outcome]:
        """Every line comes to exactly one thing."""
        after = self.copy()
        if conn in self.gone:
            yield Outcome(self)
        elif what == "close":
            after.gone.add(conn)
            yield Outcome(after, [(conn, CLOSED)])
        else:
            yield Outcome(after, [(conn, after.answer(what.split(" ")))])

    def answer(self, words: list[str]) -> str:
        """Return what the one who said this is told, and change what it changes."""
        match words:
            case ["ECHO", word]:
                return word
            case ["PUT", key, value]:
                self.kept[key] = value
                return "OK"
            case ["GET", key] if key in self.kept:
                return f"VALUE {self.kept[key]}"
            case ["DROP", key] if key in self.kept:
                return f"VALUE {self.kept.pop(key)}"
            case ["GET" | "DROP", _]:
                return "NONE"
        return "ERROR"

    def describe(self) -> Sequence[str]:
        """Return how much is kept."""
        return ["something kept"] if self.kept else ["nothing kept"]


class Lockers(Protocol):
    """Two bytes of length, then a line; `ECHO` is what marks are made of."""

    name = "lockers"
    length = struct.Struct(">H")
    requests = ("PUT", "GET", "DROP", "ECHO", "close")
    notices = ("OK", "VALUE", "NONE", "ERROR")

    def conversations(self) -> st.SearchStrategy[list[Act]]:
        """Two connections, two keys, two values, and some nonsense; whole, cut, and sent together."""
        lines = [f"{verb} {{}}{key}" for verb in ("GET", "DROP") for key in "ab"]
        lines += [f"PUT {{}}{key} {value}" for key in "ab" for value in "12"]
        whats = st.sampled_from([*lines, *lines, "GET", "put {}a 1", "PUT {}a", "close"])
        cuts = st.lists(st.integers(0, 20), max_size=2).map(tuple)
        return st.lists(st.builds(Act, st.integers(0, 1), whats, st.booleans(), cuts), min_size=1, max_size=12)

    def model(self, prefix: str) -> LockerModel:  # noqa: ARG002
        """Return empty lockers: the keys of this conversation are new."""
        return LockerModel()

    def speak(self, what: Any, conn: int, heard: Mapping[int, Sequence[Any]], prefix: str, binding: bytes) -> Spoken:  # noqa: ARG002
        """Return the line as a frame."""
        line = str(what).replace("{}", prefix)
        return Spoken(self.framed(line.encode()), line)

    def read(self, payload: bytes) -> str:
        """Return the line that came."""
        return payload.decode("ascii")

    def mark(self, number: int) -> str:
        """Return a line that comes back."""
        return f"ECHO mark{number}"

    def is_mark(self, message: Any, number: int) -> bool:
        """Return whether it is that line."""
        return bool(message == f"mark{number}")

    def request_name(self, what: Any) -> str:
        """Return the verb."""
        return str(what).split(" ")[0]

    def notice_name(self, message: Any) -> str:
        """Return the first word."""
        return str(message).split(" ")[0]

    def refusal_of(self, message: Any) -> str | None:
        """Return what stands for a refusal here."""
        return "ERROR" if message == "ERROR" else None


PROTOCOL = Lockers()
