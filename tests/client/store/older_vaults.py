"""Vaults as earlier clients left them, made from one of today."""

import sqlite3
from contextlib import closing
from pathlib import Path

ADDED_IN_4 = (
    *("conversations", "pages", "eras", "progress", "token_index", "known_words", "words", "zones", "lasting"),
)


def make_older(path: Path, version: int) -> None:
    """Make a vault one of format 2 or 3."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for table in (*ADDED_IN_4, *(["logs"] if version == 2 else [])):
            database.execute(f"DROP TABLE {table}")
        database.execute(f"PRAGMA user_version = {version}")
