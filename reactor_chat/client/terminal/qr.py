"""Draws a QR code with half blocks, two rows of it on each row of a terminal, small enough for 80 by 24.

Light is drawn and dark is left out, in colours of our own where there are any: a camera wants dark on light whatever
the terminal's background is.  The margin should be four modules wide and is two where the screen has no more.
"""

ROWS_MAX = 23
"""One row of 24 is the prompt's."""

_MODULES_MAX = 2 * ROWS_MAX
_MARGIN, _MARGIN_MIN = 4, 2
_BLOCKS = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}
"""What is drawn for an upper and a lower module; true is dark."""


def drawn(text: str) -> list[str]:
    """Return the rows, all of one width; none where the text is too long for a screen of 24 rows.

    Args:
        text: what the code says; digits, upper case and ``$%*+-./:`` take the least room.
    """
    import segno  # noqa: PLC0415  long to load, and few starts come to a code

    code = segno.make_qr(text, error="L", boost_error=False)
    size = len(code.matrix)
    margin = _MARGIN if size + 2 * _MARGIN <= _MODULES_MAX else _MARGIN_MIN
    if size + 2 * margin > _MODULES_MAX:
        return []
    rows = [tuple(map(bool, row)) for row in code.matrix_iter(border=margin)]
    beyond = (True,) * len(rows[0])  # below the last row, where its number is odd: as dark as the screen
    rows += [beyond] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return ["".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True)) for upper, lower in pairs]
