"""The words behind the tokens of one name's archive, sealed, so that the beginning of a word finds them.

Rows hold some hundred words each, one a line; only the newest row grows.  To look for a beginning is to go through all
of it, some megabytes at most, which takes a few milliseconds and needs neither a sorted list nor its memory.
"""

import json
import re
from collections.abc import Callable, Iterator

from reactor_chat.client.archive.backing import Backing, Change
from reactor_chat.client.archive.tokens import WORD_CHARS_MAX, BlindTokens

ROW_BYTES = 4_096
"""When a row has so many bytes, the next one is begun; all of it is sealed again with each block of the archive."""

LOADED_ROWS = 128
"""So many rows are loaded in one step: two milliseconds."""

SEARCHED_ROWS = 128
"""So many rows are looked through in one step: two milliseconds."""

REMEMBERED_MAX = 16_384
"""Tokens of words at hand, twice so many at most: the common words of a language are nearly all that is said."""


class Vocabulary:
    """The words of one name's archive.

    Args:
        backing: the vault.
        name: whose, folded.
        tokens: theirs.
        on_damage: told of a row that cannot be read, which is left out.
    """

    def __init__(self, backing: Backing, name: str, tokens: BlindTokens, on_damage: Callable[[str], None]) -> None:
        self._backing = backing
        self._name = name
        self._tokens = tokens
        self._on_damage = on_damage
        self._rows: dict[int, bytes] = {}  # by place; of the present run, and all once they are loaded
        self._loaded_place = 0
        self._is_loaded = False
        self._of_late: dict[str, str] = {}  # tokens by word
        self._before: dict[str, str] = {}
        self._perhaps_new: dict[int, str] = {}  # words by token

    def token(self, word: str) -> str:
        """Return the token of a word of a message; the word is part of the vocabulary after the next `add`."""
        token = self._of_late.get(word)
        if token is None:
            token = self._of_late[word] = self._before.get(word) or self._met(word)
        return token

    def add(self) -> list[Change]:
        """Add the words that were met; return what has to be written, nothing where all were known."""
        met, self._perhaps_new = self._perhaps_new, {}
        if len(self._of_late) > REMEMBERED_MAX:
            self._before, self._of_late = self._of_late, {}
        query = "SELECT token FROM known_words WHERE token IN (SELECT value FROM json_each(?))"
        known = {number for (number,) in self._backing.read(query, (json.dumps(list(met)),))} if met else set()
        new = {number: word for number, word in met.items() if number not in known}
        if not new:
            return []
        noted = ("INSERT INTO known_words SELECT value FROM json_each(?)", (json.dumps(list(new)),))
        return [noted, self._written(list(new.values()))]

    def load_some(self) -> bool:
        """Load a part of it into memory; return whether more is left.  Without end, nothing may be looked for."""
        if self._is_loaded:
            return False
        query = "SELECT place, sealed FROM words WHERE name = ? AND place > ? ORDER BY place LIMIT ?"
        rows = self._backing.read(query, (self._name, self._loaded_place, LOADED_ROWS))
        for place, sealed in rows:
            self._loaded_place = place
            self._rows[place] = self._opened(place, sealed)
        self._is_loaded = len(rows) < LOADED_ROWS
        return not self._is_loaded

    def beginning_with(self, beginning: str) -> Iterator[list[str]]:
        """Yield all known words that begin so, each once, in no order, some in each step; after all was loaded."""
        begun = b"\n" + _encoded(beginning[:WORD_CHARS_MAX])
        line = re.compile(re.escape(begun) + b"[^\n]*")
        rows = list(self._rows.values())
        for first in range(0, len(rows), SEARCHED_ROWS):
            found = [word for row in rows[first : first + SEARCHED_ROWS] if begun in row for word in line.findall(row)]
            yield [word[1:].decode("utf-8", "surrogatepass") for word in found]

    def _met(self, word: str) -> str:
        token = self._tokens.of_word(word)
        self._perhaps_new[int.from_bytes(bytes.fromhex(token), "big", signed=True)] = word[:WORD_CHARS_MAX]
        return token

    def _written(self, words: list[str]) -> Change:
        """Return what puts words into the newest row, or begins another one."""
        place, row = self._newest()
        if len(row) >= ROW_BYTES:
            (((place,)),) = self._backing.read("SELECT max(place) + 1 FROM words", ())
            row = b""
        row += b"".join(b"\n" + _encoded(word) for word in words)
        self._rows[place] = row
        sealed = self._backing.seal(row, "words", self._name, place)
        return "INSERT OR REPLACE INTO words VALUES (?, ?, ?)", (place, self._name, sealed)

    def _newest(self) -> tuple[int, bytes]:
        """Return the newest row of this name, and its place; where it has none, an empty one behind all others."""
        query = "SELECT place, sealed FROM words WHERE name = ? ORDER BY place DESC LIMIT 1"
        for place, sealed in self._backing.read(query, (self._name,)):
            return place, self._rows[place] if place in self._rows else self._opened(place, sealed)
        ((place,),) = self._backing.read("SELECT coalesce(max(place), 0) + 1 FROM words", ())
        return place, b""

    def _opened(self, place: int, sealed: bytes) -> bytes:
        row = self._backing.unseal(sealed, "words", self._name, place)
        if row is None:
            self._on_damage("a list of words is not what was written")
        return row or b""


def _encoded(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")
