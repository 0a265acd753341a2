"""`python -m fuzz live HOST PORT` and `python -m fuzz replay FILE`; exit status 0 nothing, 1 found, 2 usage, 69, 77."""

import argparse
import sys
import time
from pathlib import Path

from fuzz.live.hunting import Found, Hunt, again
from fuzz.live.playing import WAIT_SECONDS, Server
from fuzz.live.protocol import Protocol
from fuzz.live.script import Script, lines, load_protocol, read, write
from fuzz.live.wires import NO_BINDING, Gone, Wire, pin_of, tls_context

HELD, FOUND, USAGE, NO_SERVER, NOT_TRUSTED = 0, 1, 2, 69, 77
CONVERSATIONS = 1_000
HINT = "start the server with --failed-logins 1000000/1000000 --rate off, so that it can be asked more"


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; exits with 2 where it is wrong."""
    reader = argparse.ArgumentParser(
        prog="python -m fuzz live", description="Fuzz a running server with whole conversations.", allow_abbrev=False
    )
    reader.add_argument("host", metavar="HOST")
    reader.add_argument("port", metavar="PORT", type=int)
    reader.add_argument("--plaintext", action="store_true", help="without TLS")
    reader.add_argument("--pin", metavar="PIN", help="go on only if this is the server's key, as a first run prints it")
    reader.add_argument(
        "--protocol", metavar="FILE.py", help="another protocol than the chat's; see fuzz/live/protocol.py"
    )
    reader.add_argument(
        "--seed", type=int, default=time.time_ns() % 1_000_000, help="the same seed, the same conversations"
    )
    reader.add_argument("--conversations", type=int, metavar="N", help=f"stop after so many ({CONVERSATIONS})")
    reader.add_argument("--seconds", type=float, metavar="N", help="stop after so long")
    reader.add_argument("--report", type=Path, metavar="DIR", help="write there what was tried and what was reached")
    reader.add_argument(
        "--wait", type=float, default=WAIT_SECONDS, metavar="SECONDS", help=f"for an answer ({WAIT_SECONDS:g})"
    )
    chosen = reader.parse_args(arguments)
    if chosen.conversations is None and chosen.seconds is None:
        chosen.conversations = CONVERSATIONS
    try:
        chosen.speaks = load_protocol(chosen.protocol)
    except (ValueError, ImportError, SyntaxError) as error:
        reader.error(str(error))
    return chosen


def main(arguments: list[str]) -> int:
    """Hunt; returns the exit status."""
    chosen = read_arguments(arguments)
    server = _server(chosen.host, chosen.port, plaintext=chosen.plaintext, wait_seconds=chosen.wait)
    hunt = Hunt(chosen.speaks, server, chosen.seed, lambda line: print(line, flush=True))
    began = time.monotonic()
    try:
        if not _is_trusted(server, chosen.pin):
            return NOT_TRUSTED
        print(f"{chosen.speaks.name} at {chosen.host} port {chosen.port}, seed {chosen.seed}", flush=True)
        found = hunt.run(chosen.conversations, chosen.seconds)
    except Gone as error:
        print(error, file=sys.stderr)
        return NO_SERVER
    took_s = time.monotonic() - began
    print(hunt.progress())
    if hunt.tally.refusals["too_fast"]:
        print(f"{hunt.tally.refusals['too_fast']:,} times too_fast: {HINT}")
    if chosen.report is not None:
        hunt.tally.write(chosen.report, chosen.speaks, chosen.seed, took_s, None if found is None else found.why)
        print(f"what was tried and reached: {chosen.report / 'report.txt'}")
    return HELD if found is None else _tell(found, chosen, hunt.tally.conversations)


def replay(file: Path, place: list[str]) -> int:
    """Play a conversation from a file again, on the server it was found on or another; returns the exit status."""
    try:
        script = read(file)
        protocol: Protocol = load_protocol(script.protocol)
        host, port = (place[0], int(place[1])) if place else (script.host, script.port)
    except (ValueError, IndexError) as error:
        print(error, file=sys.stderr)
        return USAGE
    try:
        wrong = again(protocol, _server(host, port, plaintext=script.plaintext), script.acts)
    except Gone as error:
        print(error, file=sys.stderr)
        return NO_SERVER
    print(f"{file}: FOUND again\n{wrong}" if wrong is not None else f"{file} holds")
    return HELD if wrong is None else FOUND


def _server(host: str, port: int, *, plaintext: bool, wait_seconds: float = WAIT_SECONDS) -> Server:
    return Server(host, port, None if plaintext else tls_context(), wait_seconds)


def _is_trusted(server: Server, pin: str | None) -> bool:
    """Say whose key it is; returns whether it is the one that was asked for, if one was."""
    wire = Wire((server.host, server.port), server.context, server.wait_seconds)
    wire.close()
    if wire.binding == NO_BINDING:
        return True
    shown = pin_of(wire.binding)
    print(f"the server's key is {shown}", flush=True)
    if pin is None or pin.rstrip("=") == shown.rstrip("="):
        return True
    print(f"but it should be {pin}", file=sys.stderr)
    return False


def _tell(found: Found, chosen: argparse.Namespace, conversations: int) -> int:
    """Print the shortest conversation that goes wrong, and keep it."""
    file = Path(f"found-live-{chosen.seed}.json")
    write(file, Script(chosen.host, chosen.port, chosen.plaintext, chosen.protocol, found.acts), found)
    shrunk = "the server is gone, so it is not shrunk" if found.is_gone else "shrunk"
    print(f"FOUND after {conversations:,} conversations, seed {chosen.seed}; {shrunk}: {found.size[0]} messages")
    print(*lines(found.sent), found.why, f"again: python -m fuzz replay {file}", sep="\n")
    return FOUND
