"""The client's command: reads the options, chooses the face, and runs."""

import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime

from reactor_chat.client.boundary import ExitStatus, Settings
from reactor_chat.client.engine import Engine
from reactor_chat.client.line_mode import LineMode
from reactor_chat.client.options import read_options
from reactor_chat.client.palette import Palette, wants_256, wants_color
from reactor_chat.client.pipe_mode import PipeMode
from reactor_chat.client.runner import Face, Runner
from reactor_chat.client.streams import OutputStream
from reactor_chat.client.terminal import Terminal, is_terminal

STDIN, STDOUT, STDERR = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client.

    Args:
        arguments: the command line without the program's name; None takes the process's.

    Returns:
        The exit status (PROTOCOL §10).
    """
    options = read_options(sys.argv[1:] if arguments is None else arguments)
    on_terminal = is_terminal(STDIN) and is_terminal(STDOUT)
    is_plain = options.plain or options.json or not on_terminal or os.environ.get("TERM", "dumb") in ("", "dumb")
    interactive = is_terminal(STDIN)
    if options.name is None and not interactive:
        _aside(b"reactor-chat: Nobody is there to be asked for a name. Pass one with --name\n")
        return ExitStatus.USAGE
    engine = Engine(_settings(options, interactive=interactive, curious=not is_plain), secrets.SystemRandom().random)
    runner = Runner(engine, options.host, options.port, plaintext=options.plaintext, output=STDOUT)
    return runner.run(_face(options, engine, runner.out, is_plain=is_plain), STDIN)


def _settings(options: Namespace, *, interactive: bool, curious: bool) -> Settings:
    return Settings(
        name=options.name,
        place=f"{options.host} port {options.port}",
        interactive=interactive,
        id_prefix=secrets.token_hex(8),
        curious=curious,
    )


def _face(options: Namespace, engine: Engine, out: OutputStream, *, is_plain: bool) -> Face:
    is_on = wants_color(options.color, os.environ, is_terminal=is_terminal(STDOUT))
    palette = Palette(is_on=is_on, has_256=wants_256(os.environ))
    if is_plain:
        return PipeMode(engine, out.write, _aside, palette, as_json=options.json)
    return LineMode(engine, out, Terminal(STDIN, STDOUT), palette, _local_time)


def _local_time(milliseconds: int | None) -> datetime:
    local = datetime.now(UTC) if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    return local.astimezone()


def _aside(text: bytes) -> None:
    """Write to standard error; when nobody can read it there is nobody to tell."""
    try:
        while text:
            text = text[os.write(STDERR, text) :]
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main())
