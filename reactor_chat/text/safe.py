"""Makes any text harmless on a terminal and in a log: what could act is shown instead.

Theory of operation: `str.isprintable` is false for every control, escape, direction mark, zero-width sign, separator,
lone surrogate and unassigned sign, so printable text is nearly safe and the common case is one look.  What is left are
signs that are printed on top of the one before them: without a bound a few hundred of them paint over other lines, and
one at the beginning of a line would change somebody else's last sign.

What is shown is itself printable, so making a text safe twice is making it safe once (where `line_break` is printable).
"""

import re
import unicodedata

MARKS_MAX = 8
"""Marks kept on one sign: real writing (stacked Vietnamese, pointed Hebrew, Tibetan) needs fewer."""

LINE_BREAK = " ⏎ "
_TAB = "    "

# Vowels and finals of decomposed Korean are letters to Unicode and yet printed into the cell of the one before them.
_CONJOINING = "\u1160-\u11ff\ud7b0-\ud7fb"
_conjoining = re.compile(f"[{_CONJOINING}]")
# A quick look that is never wrong when it finds nothing; what it finds is looked at sign by sign.
_perhaps_mark = rf"(?:[{_CONJOINING}]|[^\w\x00-\x7f])"
_perhaps_piled = re.compile(rf"\A{_perhaps_mark}|{_perhaps_mark}{{{MARKS_MAX + 1}}}")
# A joined emoji (a family, a profession) falls apart into its members without the joiner, as Unicode foresees (UTS 51);
# showing the joiner by its number would make an everyday text unreadable.
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_emoji_joiner = re.compile(f"(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])")


def safe(text: str, line_break: str = LINE_BREAK) -> str:
    """Return a text with everything shown that could move, hide, overwrite or reorder something on a terminal.

    Args:
        text: any text, lone surrogates included.
        line_break: what a line break becomes (``\\n`` or ``\\r\\n``); the only part of the result that may be
            unprintable.  A terminal passes a line break and an indentation.

    Returns:
        The text itself where it `is_safe`.  Otherwise controls as their pictures (`␛`), a tab and other blanks as
        blanks, anything else unprintable as `<U+202E>`, no more than `MARKS_MAX` marks on one sign, and a mark without
        a sign to stand on with a circle under it.

    Source: PROTOCOL §8.
    """
    if is_safe(text):
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return line_break.join(line if is_safe(line) else _shown_line(line) for line in lines)


def safe_json(line: str) -> str:
    """Return a line of JSON that says the same and cannot act on a terminal: what could is escaped, as JSON allows.

    Args:
        line: JSON without line breaks and indentation; what is not ASCII can only be inside of its strings.

    Source: RFC 8259 §7.
    """
    if is_safe(line):
        return line
    kept: list[str] = []
    marks = 0
    for sign in line:
        marks = marks + 1 if _is_mark(sign) else 0
        kept.append(sign if sign.isprintable() and marks <= MARKS_MAX else _escaped(sign))
    return "".join(kept)


def _escaped(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def is_safe(text: str) -> bool:
    """Return whether `safe` would leave this text as it is."""
    return text.isprintable() and (text.isascii() or not _perhaps_piled.search(text) or _piled_bounded(text) == text)


def _shown_line(line: str) -> str:
    joined = _emoji_joiner.sub("", line)
    return _piled_bounded("".join(sign if sign.isprintable() else _shown(sign) for sign in joined))


def _shown(sign: str) -> str:
    code = ord(sign)
    if sign == "\t":
        return _TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if unicodedata.category(sign) == "Zs":
        return "  " if unicodedata.east_asian_width(sign) == "F" else " "
    return f"<U+{code:04X}>"


def _piled_bounded(line: str) -> str:
    kept: list[str] = []
    marks = 0
    for sign in line:
        marks = marks + 1 if _is_mark(sign) else 0
        if marks == MARKS_MAX + 1:
            kept.append("")
        if marks and not kept:
            kept.append("◌")
        if marks > MARKS_MAX:
            kept[-1] = f"<marks left out: {marks - MARKS_MAX}>"
        else:
            kept.append(sign)
    return "".join(kept)


def _is_mark(sign: str) -> bool:
    return not sign.isascii() and (unicodedata.category(sign).startswith("M") or _conjoining.match(sign) is not None)
