"""Repeats what a server said within a line of the client's own, so that nobody takes it for the client's words."""

QUOTED_CHARS_MAX = 200

_QUOTES = dict.fromkeys(map(ord, '"\u201c\u201d\u201e\u201f\u2033\u2036\u275d\u275e\u301d\u301e\u301f\uff02«»'), "'")
"""Whatever looks like the end of the quotation."""


def quoted(text: str) -> str:
    """Return `the server said: "…"`, to stand at the end of a line of ours.

    Args:
        text: any text of a server's; what is not printable becomes a blank, runs of blanks one, and what is longer than
            QUOTED_CHARS_MAX is cut.
    """
    # No more than what can be shown is looked at: the text may be as long as a frame.
    printable = "".join(char if char.isprintable() else " " for char in text[: 4 * QUOTED_CHARS_MAX])
    line = " ".join(printable.translate(_QUOTES).split())
    is_cut = len(line) > QUOTED_CHARS_MAX or len(text) > 4 * QUOTED_CHARS_MAX
    return f'the server said: "{line[:QUOTED_CHARS_MAX]}{"…" if is_cut else ""}"'
