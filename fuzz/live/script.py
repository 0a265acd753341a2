"""A conversation as a file that can be played again, and as bytes that can be read."""

import importlib.util
import json
from pathlib import Path
from typing import Any, NamedTuple

from fuzz.live.chat import PROTOCOL as CHAT
from fuzz.live.hunting import Found
from fuzz.live.playing import Sent
from fuzz.live.protocol import Act, Protocol

SHOWN_BYTES = 160


class Script(NamedTuple):
    """A conversation and the server it was found on."""

    host: str
    port: int
    plaintext: bool
    protocol: str | None
    acts: list[Act]


def load_protocol(file: str | None) -> Protocol:
    """Return the protocol that a file defines; this chat's where there is none.

    Raises:
        ValueError: the file cannot be read, or defines none.
    """
    if file is None:
        return CHAT
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    if spec is None or spec.loader is None or not Path(file).is_file():
        raise ValueError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    protocol = getattr(module, "PROTOCOL", None)
    if not isinstance(protocol, Protocol):
        raise ValueError(f"{file} defines no PROTOCOL, which has to be a fuzz.live.protocol.Protocol")  # noqa: TRY004
    return protocol


def write(file: Path, script: Script, found: Found) -> None:
    """Write what is needed to play it again, and for readers the bytes as they were sent and what was wrong."""
    facts = {
        **script._asdict(),
        "acts": [act._asdict() for act in script.acts],
        "sent": [{"conn": one.conn, "pieces": [piece.hex() for piece in one.pieces]} for one in found.sent],
        "found": found.why,
    }
    file.write_text(json.dumps(facts, indent=1) + "\n")


def read(file: Path) -> Script:
    """Read what `write` wrote.

    Raises:
        ValueError: it is no such file.
    """
    try:
        facts: dict[str, Any] = json.loads(file.read_text())
        acts = [Act(one["conn"], one["what"], one["together"], tuple(one["cuts"])) for one in facts["acts"]]
        return Script(facts["host"], facts["port"], facts["plaintext"], facts["protocol"], acts)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file} is no conversation that was found: {error!r}") from None


def lines(sent: list[Sent]) -> list[str]:
    """Return what went out, a line for each time something was sent, pieces apart."""
    return [f"  {one.conn} > {' | '.join(map(_shown, one.pieces))}" for one in sent if any(one.pieces)]


def _shown(data: bytes) -> str:
    more = f" … {len(data)} bytes" if len(data) > SHOWN_BYTES else ""
    return repr(data[:SHOWN_BYTES]) + more
