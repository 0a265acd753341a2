"""A search that anybody understands: every message is looked at, by a table of the few characters that tests use."""

from typing import NamedTuple

from reactor_chat.client.archive.contract import Entry
from reactor_chat.wire.conversation import ROOM, Conversation, Heard, Scope
from reactor_chat.wire.messages import fold

WORD, SIGN, WITHIN, BETWEEN = "word", "sign", "within", "between"

TABLE: dict[str, tuple[str, str]] = {
    **{one: (WORD, one) for one in "abcdefghijklmnopqrstuvwxyz0123456789жие"},
    **{one: (WORD, one.lower()) for one in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    **{one: (SIGN, one) for one in "日本語のが한국🍲"},
    **dict.fromkeys(" ,.!-_'\n:/()", (BETWEEN, "")),
    "é": (WORD, "e"),
    "ß": (WORD, "ss"),
    "ﬁ": (WORD, "fi"),
    "й": (WORD, "й"),
    "Ё": (WORD, "е"),
    "\u0301": (WITHIN, ""),
    "\u200d": (WITHIN, ""),
}
"""What each character is, and what it is folded to."""


class Piece(NamedTuple):
    """A word, or a sign, of a text."""

    text: str
    begin: int
    end: int


def pieces(text: str) -> list[Piece]:
    """Return the words and signs of a text."""
    found: list[Piece] = []
    is_open = False  # the last one may go on
    for place, character in enumerate(text):
        kind, folded = TABLE[character]
        if kind == WORD and is_open:
            found[-1] = Piece(found[-1].text + folded, found[-1].begin, place + 1)
        elif kind == WITHIN and is_open:
            found[-1] = found[-1]._replace(end=place + 1)
        elif kind in (WORD, SIGN):
            found.append(Piece(folded, place, place + 1))
        is_open = kind == WORD or (kind == WITHIN and is_open)
    return found


class Part(NamedTuple):
    """One condition of a search: what it is about, what it says, and whether it rules out."""

    about: str  # word, phrase, from, in, has, before, after
    says: str
    is_not: bool = False


class Asked(NamedTuple):
    """A search, and how it was typed."""

    parts: tuple[Part, ...]
    ends_with_blank: bool

    @property
    def typed(self) -> str:
        """The line."""
        return " ".join(_typed(part) for part in self.parts) + " " * self.ends_with_blank


def _typed(part: Part) -> str:
    said = {"word": part.says, "phrase": f'"{part.says}"'}.get(part.about, f"{part.about}:{part.says}")
    return "-" * part.is_not + said


def is_found(entry: Entry, asked: Asked, me: str) -> bool:
    """Return whether a search should find an entry."""
    told = [part for part in asked.parts if _tells(part)]
    if not told or not isinstance(entry.notice, Heard):
        return False
    if any(_holds(part, entry, asked, me) for part in told if part.is_not):
        return False
    wanted = [part for part in told if not part.is_not]
    for about in ("from", "in"):
        of_it = [part for part in wanted if part.about == about]
        if of_it and not any(_holds(part, entry, asked, me) for part in of_it):
            return False
    return all(_holds(part, entry, asked, me) for part in wanted if part.about not in ("from", "in"))


def covered(entry: Entry, asked: Asked) -> set[int]:
    """Return which characters of the text belong to what was searched for, blanks between words included."""
    text = getattr(entry.notice, "text", None) or ""
    found: set[int] = set()
    for part in asked.parts:
        if part.about in ("word", "phrase") and not part.is_not and _tells(part):
            for run in _runs(part, text, asked):
                found.update(range(run[0].begin, run[-1].end))
    return found


def _tells(part: Part) -> bool:
    return part.about not in ("word", "phrase") or bool(pieces(part.says))


def _holds(part: Part, entry: Entry, asked: Asked, me: str) -> bool:
    notice = entry.notice
    assert isinstance(notice, Heard)
    text = notice.text or ""
    if part.about == "from":
        return fold(notice.sender) == (me if part.says == "me" else fold(part.says))
    if part.about == "in":
        return entry.conversation in _conversations(part.says)
    if part.about == "has":
        return "http://" in text
    if part.about in ("before", "after"):
        return notice.at < int(part.says) if part.about == "before" else notice.at >= int(part.says)
    return bool(_runs(part, text, asked))


def _conversations(says: str) -> list[Conversation]:
    if says == "room":
        return [ROOM]
    scopes = {"@": [Scope.PAIR], "#": [Scope.GROUP]}.get(says[0], [Scope.PAIR, Scope.GROUP])
    return [Conversation(scope, fold(says.lstrip("@#"))) for scope in scopes]


def _runs(part: Part, text: str, asked: Asked) -> list[list[Piece]]:
    """Return every run of pieces of a text that is what was asked for."""
    wanted, there = pieces(part.says), pieces(text)
    is_last = part is asked.parts[-1] and not asked.ends_with_blank and part.about == "word" and not part.is_not
    goes_on = is_last and wanted[-1].end == len(part.says)
    found = []
    for begin in range(len(there)):
        run = there[begin : begin + len(wanted)]
        if [one.text for one in run] == [one.text for one in wanted]:
            found.append(run)
        elif goes_on and len(run) == len(wanted) and run[-1].text.startswith(wanted[-1].text):
            found += [run] if [one.text for one in run[:-1]] == [one.text for one in wanted[:-1]] else []
    return found
