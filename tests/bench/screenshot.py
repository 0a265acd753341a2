"""Draws the client's screen as a picture, from a real run with a server and four people at terminals.

python -m tests.bench.screenshot docs/screen.svg
"""

import argparse
import tempfile
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

import pyte

from tests.client.processes import Person, ServerProcess

COLUMNS, ROWS = 112, 30
CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, MARGIN = 8.4, 18, 14, 12
FONT = f'font-family="ui-monospace,DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="{FONT_SIZE}"'
GROUND, TEXT = "#1b1d22", "#d8d8d8"
COLORS = {
    "black": "#1b1d22", "red": "#d75f5f", "green": "#6fae6f", "brown": "#c9a15a", "blue": "#5f87d7",
    "magenta": "#b877b8", "cyan": "#5fafaf", "white": "#d8d8d8", "brightblack": "#7d7f85",
}  # fmt: skip
"""What an emulator calls the first colours; the others it gives as numbers."""


def talk(directory: Path) -> Person:
    """Have four people talk, and return John, with everything on the screen."""
    server = ServerProcess(data=directory / "data")
    john, stella, ann, bob = (_seated(server, directory, name) for name in ("John", "Stella", "Ann", "Bob"))
    for one, text in ((ann, "who brings soup on Tuesday?"), (bob, "I can, if somebody brings bread")):
        one.press(f"{text}\r")
        john.until(text)
    for one, text in (
        (john, "@group set lunch Stella,Ann"),
        (stella, "@group send lunch Noodles after the release?"),
        (ann, "@group send lunch @John you said you would cook"),
        (stella, "@John the deploy is done, see https://chat.example/log/77"),
    ):
        one.press(f"{text}\r")
        stella.until("# lunch")
    john.until("@1")
    john.press("\x1b2")  # lunch
    john.until("you said you would cook")
    john.press("Noodles it is. I bring bowls, too\r")
    john.until("✓")
    john.press("\x1b1")
    john.until("somebody brings bread")
    john.press("Rye bread from the corner\r")
    ann.press("perfect. @all: seven o'clock at mine 🍜\r")
    john.until("seven o'clock")
    john.press("I am in, and I could also")
    john.until("I could also")
    return john


def _seated(server: ServerProcess, directory: Path, name: str) -> Person:
    columns, rows = (COLUMNS, ROWS) if name == "John" else (80, 24)
    where = ("127.0.0.1", server.port, "--name", name, "--home", str(directory / name))
    one = Person(*where, columns=columns, rows=rows, plain=False, TERM="xterm-256color", COLORTERM="truecolor")
    one.until(f"[Welcome {name}]")
    return one


def svg(screen: pyte.Screen) -> str:
    """Return a screen as SVG."""
    width, height = 2 * MARGIN + COLUMNS * CELL_WIDTH, 2 * MARGIN + ROWS * CELL_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {FONT}>',
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{GROUND}"/>',
    ]
    for row in range(screen.lines):
        parts += _drawn_row(screen, row)
    return "\n".join([*parts, "</svg>", ""])


def _drawn_row(screen: pyte.Screen, row: int) -> Iterator[str]:
    cells = [screen.buffer[row][column] for column in range(screen.columns)]
    if screen.cursor.y == row:
        cells[screen.cursor.x] = cells[screen.cursor.x]._replace(reverse=True)
    runs = groupby(enumerate(cells), key=lambda one: (one[1].fg, one[1].bold, one[1].reverse, one[1].underscore))
    for (color, is_bold, is_reverse, is_underlined), run in runs:
        found = list(run)
        text = "".join(cell.data for _, cell in found)
        begin, top = MARGIN + found[0][0] * CELL_WIDTH, MARGIN + row * CELL_HEIGHT
        fill = COLORS.get(color, TEXT if color == "default" else f"#{color}")
        if is_reverse:
            yield (
                f'<rect x="{begin:g}" y="{top:g}" width="{len(found) * CELL_WIDTH:g}" height="{CELL_HEIGHT}"'
                f' fill="{TEXT}"/>'
            )
            fill = GROUND
        if text.strip():
            how = (' font-weight="bold"' if is_bold else "") + (' text-decoration="underline"' if is_underlined else "")
            length = len(found) * CELL_WIDTH
            yield (
                f'<text x="{begin:g}" y="{top + CELL_HEIGHT - 5:g}" fill="{fill}"{how} xml:space="preserve"'
                f' textLength="{length:g}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
            )


def main() -> None:
    """Draw it."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.screenshot", description=__doc__.partition("\n")[0])
    reader.add_argument("picture", type=Path)
    chosen = reader.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        chosen.picture.write_text(svg(talk(Path(directory)).emulated), encoding="utf-8")


if __name__ == "__main__":
    main()
