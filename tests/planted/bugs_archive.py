"""Bugs of the archive: words that lie about, pages out of order, and searches that find too little or too much."""

from tests.planted.copying import Bug, in_file

SEARCH = ("tests/client/archive/test_search.py",)
PAGES = ("tests/client/archive/test_pages.py",)
INDEX = ("tests/client/archive/test_indexing.py",)
LOCKED = ("tests/client/archive/test_locked.py",)
DAMAGE = ("tests/client/archive/test_damage.py",)

BUGS: tuple[Bug, ...] = (
    *in_file(
        "reactor_chat/client/archive/tokens.py",
        LOCKED,
        (
            "words are indexed as they are",
            'return hmac.digest(self._key, f"{kind}:{what}".encode("utf-8", "surrogatepass"), "sha256")[:TOKEN_BYTES].hex()',
            'return f"{kind}{what}"',
        ),
        ("two names have the same tokens", "format 1: {name}", "format 1:"),
    ),
    *in_file(
        "reactor_chat/client/archive/tokens.py",
        SEARCH,
        (
            "the beginning of a word is looked up as a word",
            "is_open = term.is_beginning and not term.are_signs[-1]",
            "is_open = False",
        ),
    ),
    *in_file(
        "reactor_chat/client/archive/volume.py",
        PAGES,
        (
            "what is opened late stands at the end of its page",
            "self.eras.of(entry.place), entry.seq, entry.place,",
            "self.eras.of(entry.place), entry.place, entry.place,",
        ),
    ),
    *in_file(
        "reactor_chat/client/archive/eras.py",
        PAGES,
        ("numbers that are given again stand in between", "first, self.newest + 1)", "first, self.newest)"),
    ),
    *in_file(
        "reactor_chat/client/archive/eras.py",
        INDEX,
        (
            "in an older archive nobody sees that numbers were given again",
            "return at_later is not None and (at is None or at_later >= at)",
            "return False",
        ),
    ),
    *in_file(
        "reactor_chat/client/archive/entries.py",
        PAGES,
        (
            "one's own words count as unread",
            "return isinstance(notice, Heard) and fold(notice.sender) != fold(me)",
            "return isinstance(notice, Heard)",
        ),
    ),
    *in_file(
        "reactor_chat/client/archive/stored_archive.py",
        PAGES,
        ("the read marker moves back", "if read is None or read < marker:", "if marker:"),
    ),
    *in_file(
        "reactor_chat/client/archive/pages.py",
        DAMAGE,
        (
            "a page is believed whatever stands on it",
            "if entry.conversation == conversation and self.position(entry) == (era, order, place):",
            "if entry:",
        ),
    ),
    *in_file(
        "reactor_chat/client/archive/pages.py",
        INDEX,
        (
            "what an earlier version showed counts as unread",
            "AND is_told AND place > ?",
            "AND is_told AND place > ? - place",
        ),
    ),
    *in_file(
        "reactor_chat/client/archive/checking.py",
        DAMAGE,
        (
            "what is missing from a page is never missed",
            "not self._is_paged(self._volume(name), entry)",
            "entry is None",
        ),
    ),
    *in_file(
        "reactor_chat/client/archive/searching.py",
        INDEX,
        ("what came of late is not found", "for block in late[:LATE_BLOCKS_MAX]", "for block in late[:0]"),
        (
            "a search never says that something is left out",
            "self.is_whole = len(late) <= LATE_BLOCKS_MAX",
            "self.is_whole = True",
        ),
    ),
    *in_file(
        "reactor_chat/client/archive/matching.py",
        SEARCH,
        (
            "the words of a phrase may be anywhere",
            "if not behind or list(words[i : i + behind]) == before]",
            "if i or not behind or before]",
        ),
        ("a minus counts for nothing", "if _any_of(query.unwanted, entry, notice, words) or not", "if not"),
    ),
    *in_file(
        "reactor_chat/client/archive/zones.py",
        SEARCH,
        ("a time rules out what is near it", "times[0] >= until", "times[1] >= until"),
    ),
    *in_file(
        "reactor_chat/client/archive/candidates.py",
        SEARCH,
        (
            "of many words that begin alike only some are looked for",
            "for i in range(0, len(words), WORDS_AT_ONCE)]",
            "for i in range(1)]",
        ),
    ),
    *in_file(
        "reactor_chat/client/archive/indexing.py",
        INDEX,
        ("an older archive gets no pages", "if low < self._paged:", "if low < 0:"),
    ),
    *in_file(
        "reactor_chat/client/store/file_vault.py",
        ("tests/client/store/test_stored_rows.py",),
        ("keys of rows that were taken over stay", "            self._row_keys.wipe(places)\n", "            pass\n"),
    ),
    *in_file(
        "reactor_chat/client/store/file_vault.py",
        INDEX,
        (
            "after the index the disk is waited for no more",
            'self._database.execute("PRAGMA synchronous = FULL")',
            'self._database.execute("PRAGMA synchronous = NORMAL;")',
        ),
    ),
    *in_file(
        "reactor_chat/client/store/stored_rows.py",
        ("tests/client/store/test_stored_rows.py",),
        (
            "what was opened is kept with a key of its own",
            "LASTING = frozenset({Table.TRANSCRIPT.value})",
            "LASTING = frozenset({Table.TRANSCRIPT.name})",
        ),
    ),
)
