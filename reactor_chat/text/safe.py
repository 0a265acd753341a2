"""Makes any text harmless on a terminal and in a log: what could act is shown instead.

Theory of operation: `str.isprintable` is false for every control, escape, direction mark, zero-width character,
separator, lone surrogate and unassigned character.  ASCII that is printable is safe, and the common case is one look;
anything else is looked at character by character.  Of what is not printable, `unseen` knows what scripts and emoji need
where they need it; that is kept.  Of what is printable, marks are printed on top of the character before them: without
a bound a few hundred of them paint over other lines, and one at the beginning of a line would change somebody else's
last character.

What is shown is itself safe, so making a text safe twice is making it safe once (where `line_break` is printable).
"""

import re
import unicodedata

from reactor_chat.text import unseen

_surrogate = re.compile("[\ud800-\udfff]")  # half a character, as from a byte that is no UTF-8

MARKS_MAX = 8
"""Marks kept on one character: real writing (stacked Vietnamese, pointed Hebrew, Tibetan) needs fewer."""

JOINED_MAX = 7
"""Joiners within one emoji: the longest there is has three.  A terminal that does not join draws all the members."""

LINE_BREAK = " ⏎ "

# Letters and digits of all scripts, but those without a width: most of any text, and nothing to look at twice.
_plain = re.compile("[ -~]+|[^\\W\u1160-\u11ff\u3164\ud7b0-\ud7fb\uffa0]+")
NOT_SHOWN = "\ufffd"
_TAB = "    "


def is_utf_8(line: str) -> bool:
    """Return whether UTF-8 can hold a text, as it cannot where it was read from bytes that were none."""
    return _surrogate.search(line) is None


def safe(text: str, line_break: str = LINE_BREAK) -> str:
    """Return a text with everything shown that could move, hide, overwrite or reorder something on a terminal.

    Args:
        text: any text, lone surrogates included.
        line_break: what a line break becomes (``\\n`` or ``\\r\\n``); the only part of the result that may act.  A
            terminal passes a line break and an indentation.

    Returns:
        The text itself where it `is_safe`.  Otherwise controls as their pictures (`␛`), a tab and other blanks as
        blanks, anything else that could act as `<U+202E>`, no more than `MARKS_MAX` marks on one character, and a mark
        without a character to stand on with a circle under it.  A soft hyphen within a word, and a direction mark in a
        line with text from right to left, are left out.

    Source: PROTOCOL §8.
    """
    if text.isascii() and text.isprintable():
        return text
    return line_break.join("".join(judged(line)) for line in text.replace("\r\n", "\n").split("\n"))


def safe_json(line: str) -> str:
    """Return a line of JSON that says the same and cannot act on a terminal: what could is escaped, as JSON allows.

    Args:
        line: JSON without line breaks and indentation; what is not ASCII can only be inside of its strings.

    Source: RFC 8259 §7.
    """
    if is_safe(line):
        return line
    kept = "".join(sign if shown == sign else _escaped(sign) for sign, shown in zip(line, judged(line), strict=True))
    # What is left out of a text stands here as an escape, and something behind it may miss its place then.
    return kept if is_safe(kept) else "".join(sign if sign.isascii() else _escaped(sign) for sign in kept)


def is_safe(text: str) -> bool:
    """Return whether `safe` would leave this text as it is."""
    if text.isascii():
        return text.isprintable()
    return "\n" not in text and "".join(judged(text)) == text


def as_edited(text: str) -> str:
    """Return a text for somebody who edits it: as long, with U+FFFD for each character that cannot be shown."""
    if text.isascii() and text.isprintable():
        return text
    pairs = zip(text, judged(text), strict=True)
    return "".join(sign if shown in (sign, f"◌{sign}") or _is_blank(sign) else NOT_SHOWN for sign, shown in pairs)


def judged(line: str) -> list[str]:
    """Return what is shown of each character of a line without line breaks; empty where it is left out."""
    return _Judge(line).shown


class _Judge:
    """Goes through one line, remembering the last character that was shown and what is piled up on it."""

    def __init__(self, line: str) -> None:
        self.shown: list[str] = []
        self._line = line
        self._before = ""
        self._piled = 0
        self._joined = 0
        self._first_left_out = 0
        self._flag_end = 0
        self._has_leftward: bool | None = None
        place = 0
        while place < len(line):
            if run := _plain.match(line, place):
                place = self._take_plain(run[0], run.end())
            else:
                self._take(place, line[place])
                place += 1

    def _take_plain(self, run: str, end: int) -> int:
        self._show(run[0])
        self.shown += run[1:]
        self._before = run[-1]
        return end

    def _take(self, place: int, sign: str) -> None:
        if unseen.is_selector(sign):
            self._pile_where(unseen.selects(self._before, sign, self._line[place + 1 : place + 2]), sign)
        elif unseen.is_drawn(sign):
            self._take_drawn(place, sign)
        else:
            self._take_unseen(place, sign)

    def _take_drawn(self, place: int, sign: str) -> None:
        if not unseen.is_mark(sign):
            if sign == "\U0001f3f4" and (found := unseen.flag.match(self._line, place)):
                self._flag_end = found.end()
            self._show(sign)
            return
        self._piled += 1
        if self._piled > MARKS_MAX:
            self._leave_out()
        else:
            self.shown.append(sign if self.shown and self._before else f"◌{sign}")
            self._before = sign

    def _leave_out(self) -> None:
        if self._piled == MARKS_MAX + 1:
            self._first_left_out = len(self.shown)
        self.shown.append("")
        self.shown[self._first_left_out] = f"<marks left out: {self._piled - MARKS_MAX}>"
        self._before = ">"

    def _take_unseen(self, place: int, sign: str) -> None:
        after = self._line[place + 1 : place + 2]
        if place < self._flag_end:
            self.shown.append(sign)
            self._before = sign
        elif sign == unseen.JOINER and unseen.joins_emoji(self._before, after):
            self._join(sign)
        elif sign in (unseen.JOINER, unseen.NON_JOINER, unseen.ZERO_WIDTH_SPACE):
            self._pile_where(unseen.joins(self._before, sign, after), sign)
        elif (sign == unseen.SOFT_HYPHEN and unseen.hyphenates(self._before, after)) or (
            sign in unseen.DIRECTION_MARKS and self._is_leftward
        ):
            self.shown.append("")
        else:
            self._show(_pictured(sign))

    @property
    def _is_leftward(self) -> bool:
        if self._has_leftward is None:
            self._has_leftward = any(map(unseen.runs_leftwards, self._line))
        return self._has_leftward

    def _show(self, shown: str) -> None:
        if self._before != unseen.JOINER:
            self._joined = 0
        self.shown.append(shown)
        self._before, self._piled = shown[-1], 0

    def _join(self, sign: str) -> None:
        self._joined += 1
        if self._joined > JOINED_MAX:
            self._show(_pictured(sign))
        else:
            self.shown.append(sign)
            self._before = sign

    def _pile_where(self, is_in_place: bool, sign: str) -> None:  # noqa: FBT001  the question is asked by the caller
        if is_in_place and self._piled < MARKS_MAX:
            self._piled += 1
            self.shown.append(sign)
            self._before = sign
        else:
            self._show(_pictured(sign))


def _pictured(sign: str) -> str:
    code = ord(sign)
    if sign == "\t":
        return _TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if _is_blank(sign):
        return "  " if unicodedata.east_asian_width(sign) == "F" else " "
    return f"<U+{code:04X}>"


def _is_blank(sign: str) -> bool:
    return unicodedata.category(sign) == "Zs"


def _escaped(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
