"""Writes archives: messages in every conversation, from a seed, in any order of numbers and times."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from reactor_chat.client.archive.contract import Archive, Entry, Found
from reactor_chat.client.archive.entries import home
from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.vault import Vault
from reactor_chat.client.store.written import row_of
from reactor_chat.text.render import NO_ANNOTATION
from reactor_chat.wire.messages import GroupChanged, GroupSaid, Joined, Notice, Refused, Said, Told

SECRET = bytes(range(32))
ME = "john"
PEOPLE = ("Ann", "Bob", "Gus", "John")
GROUPS = ("Lunch", "Ann")
TEXTS = (
    *("soup", "Soup!", "hot soup", "soup, hot", "the soup is hot", "soups of the day", "sou", "so hot", "cold_soup"),
    *("日本語", "日本のが", "本日", "ITの語", "한국", "🍲 soup 🍲", "café", "cafe\u0301", "Straße", "strasse"),
    *("ﬁne", "fine", "й", "и", "Ёж", "еж", "x-y", "x y", "y x", "http://soup.x/hot", "see (http://x)", "", "...", "a"),
    *("a b c", "a b a b", "12", "1,2", "co\u200dld"),
)
MORE = tuple(f"so{number} and so{number + 1}" for number in range(300))
WORDS = (
    *(
        "soup",
        "sou",
        "s",
        "so",
        "hot",
        "the",
        "日本",
        "本",
        "日",
        "한",
        "語",
        "🍲",
        "cafe",
        "café",
        "strasse",
        "ﬁ",
        "й",
    ),
    *("еж", "x-y", "y", "a", "b", "12", "1", "soup!", "...", "zebra", "hot-soup", "co", "so1", "so12"),
)


class Scribe:
    """Writes into a vault whatever a seed says, and remembers it.

    Attributes:
        entries: everything written, in the order of places.
        eras: of each entry, how often numbers had begun anew.
        era: how often they have.
    """

    def __init__(self, vault: Vault, me: str = ME, seq: int = 0) -> None:
        self.entries: list[Entry] = []
        self.eras: list[int] = []
        self.vault = vault
        self._me = me
        self._seq = seq
        self._at = 1_000_000
        self.era = 0

    def write(self, seed: int, count: int = 1) -> None:
        """Archive so many notices of every kind."""
        chance = random.Random(seed)  # noqa: S311  a test's
        for _ in range(count):
            self._at += chance.choice((0, 5, 60_000, -30_000))
            seq, at = self._next(chance)
            self._archive(seq, self._notice(chance, seq, at))

    def begin_anew(self, seed: int) -> None:
        """Have the server go back to an earlier number, and say so or not."""
        common = random.Random(seed).randint(0, self._seq)  # noqa: S311  a test's
        if common < self._seq:
            self.era += 1
        self.vault.begin_log(f"log {seed}", common)
        self._seq = common
        if seed % 2:
            self._archive(common, Refused("gap", "lost", seq=common))

    def say(self, text: str, sender: str = "Ann", *, at: int | None = None) -> int:
        """Archive something said to everybody; return its place."""
        self._seq += 1
        self._at = self._at + 1 if at is None else at
        return self._archive(self._seq, Said(self._seq, self._at, sender, text))

    def _next(self, chance: random.Random) -> tuple[int, int]:
        """Return number and time of something new, or of something that is opened late."""
        if chance.random() < 0.1 and self._seq > 9:
            behind = chance.randint(1, 8)
            return self._seq - behind, self._at - behind * 70_000
        self._seq += 1
        return self._seq, self._at

    def _notice(self, chance: random.Random, seq: int, at: int) -> Notice:
        sender, text = chance.choice(PEOPLE), chance.choice(chance.choice((TEXTS, TEXTS, MORE)))
        kinds: list[Callable[[], Notice]] = [
            lambda: Said(seq, at, sender, text),
            lambda: Told(seq, at, sender, chance.choice([one for one in PEOPLE if one != sender]), text),
            lambda: GroupSaid(seq, at, sender, chance.choice(GROUPS), text),
            lambda: Said(seq, at, sender, None, {"v": 1}),
            lambda: Joined(seq, at, sender),
            lambda: GroupChanged(seq, at, chance.choice(GROUPS), "added", sender, "Ann"),
        ]
        return chance.choices(kinds, (5, 5, 5, 1, 2, 1))[0]()

    def _archive(self, seq: int, notice: Notice) -> int:
        place = self.vault.archive(seq, row_of(notice))
        self.entries.append(Entry(place, home(notice, self._me), seq, notice, NO_ANNOTATION))
        self.eras.append(self.era)
        return place


def moment(typed: str) -> int | None:
    """Read a moment: its milliseconds."""
    return int(typed) if typed.isdigit() else None


def found(archive: Archive, typed: str) -> list[Found]:
    """Return everything that a search finds."""
    return [one for some in archive.search(typed, moment) for one in some]


def texts(archive: Archive, typed: str) -> list[str]:
    """Return the texts that a search finds."""
    return [getattr(one.entry.notice, "text", None) or "" for one in found(archive, typed)]


def index_all(archive: Archive) -> None:
    """Index until nothing is left."""
    while archive.index_some():
        pass


@contextmanager
def opened(home: Home, name: str = ME) -> Iterator[FileVault]:
    """Open a vault on disk."""
    with closing(FileVault(path_in(home), home, SECRET)) as vault:
        vault.choose(name)
        yield vault


def path_in(home: Home) -> Path:
    """Return where that vault is."""
    return home.vaults() / "here_1.db"
