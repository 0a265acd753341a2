"""The tables of the archive in a vault's file.

What `TABLES` has, which came with format 4, can be found out again from the archive, but for read markers and drafts.
"""

BLOCK = 32
"""So many neighbouring places are indexed at once: two milliseconds of work, and a piece of the index that is large
enough to be cheap.  Block 0 begins with place 1."""

ARCHIVE_TABLES = (
    (
        "CREATE TABLE archive (place INTEGER PRIMARY KEY, name TEXT NOT NULL, seq INTEGER NOT NULL,"
        " payload BLOB NOT NULL) STRICT"
    ),
    "CREATE INDEX archive_of ON archive (name, place)",
)
"""Every notice: its place, whose it is, its number, the sealed row."""

TABLES = (
    # What is kept of a conversation is sealed, its name too; `name` is whose it is, folded, as everywhere in a vault.
    "CREATE TABLE conversations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, sealed BLOB NOT NULL) STRICT",
    # The pages.  `era` grows where numbers begin anew (see `eras`); `is_told` marks what others said.
    (
        "CREATE TABLE pages (conversation INTEGER NOT NULL, era INTEGER NOT NULL, seq INTEGER NOT NULL,"
        " place INTEGER NOT NULL, is_told INTEGER NOT NULL, PRIMARY KEY (conversation, era, seq, place))"
        " STRICT, WITHOUT ROWID"
    ),
    (
        "CREATE TABLE eras (name TEXT NOT NULL, first INTEGER NOT NULL, era INTEGER NOT NULL,"
        " PRIMARY KEY (name, first)) STRICT, WITHOUT ROWID"
    ),
    # Where something begins or ends: `PAGED`, `READ_BEFORE`.
    "CREATE TABLE progress (what TEXT PRIMARY KEY, place INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    # The index: blind tokens of each place, the words behind those, and which blocks are in it.
    (
        "CREATE VIRTUAL TABLE token_index"
        " USING fts5 (tokens, content = '', detail = none, columnsize = 0, tokenize = ascii)"
    ),
    "CREATE TABLE known_words (token INTEGER PRIMARY KEY) STRICT",
    "CREATE TABLE words (place INTEGER PRIMARY KEY, name TEXT NOT NULL, sealed BLOB NOT NULL) STRICT",
    "CREATE TABLE zones (zone INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
)

PAGED = "paged"
"""In `progress`: from this place on every row is on its page."""

CHECKED = "checked"
"""In `progress`: down to this place the archive was checked last."""

READ_BEFORE = "read"
"""In `progress`: up to this place everything counts as read, because an earlier version showed it."""

SETTINGS = (
    # Pieces of the index are merged a little in each step, never many at once when one is full.
    "INSERT INTO token_index (token_index, rank) VALUES ('automerge', 0)",
    "INSERT INTO token_index (token_index, rank) VALUES ('crisismerge', 1000)",
)

TAKEN_OVER = (
    "INSERT INTO progress SELECT 'paged', coalesce(max(place), 0) + 1 FROM archive",
    "INSERT INTO progress SELECT 'read', coalesce(max(place), 0) FROM archive",
)
"""What a new archive of this format, or one that had none of these tables, begins with."""

CHECK_INDEX = ("INSERT INTO token_index (token_index) VALUES ('integrity-check')", ())
"""Fails where the index is damaged; takes a second for a million messages."""

WITHOUT_INDEX = (
    ("INSERT INTO token_index (token_index) VALUES ('delete-all')", ()),
    ("DELETE FROM zones", ()),
    ("DELETE FROM known_words", ()),
    ("DELETE FROM words", ()),
)
"""What forgets the index."""

MERGE_PAGES = 16
"""So many pages of the index are written at most in a step that merges it: two milliseconds."""

MERGE = ("INSERT INTO token_index (token_index, rank) VALUES ('merge', ?)", (MERGE_PAGES,))
