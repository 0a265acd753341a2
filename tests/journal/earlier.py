"""Makes the file of a journal one of an earlier format, as earlier versions of this program wrote it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from reactor_chat.journal.label_runs import numbers_of
from reactor_chat.journal.sqlite.database_file import PLACES_TABLE


def as_of_format(file: Path, version: int) -> None:
    """Write the index as single places, and take away what came with later formats."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        runs = database.execute("SELECT * FROM runs").fetchall()
        places = [(label, number) for label, *run in runs for number in numbers_of(*run)]
        dropped = ["runs", *["unindexed"] * (version < 3), *["logs"] * (version < 2)]
        database.execute("BEGIN")
        database.execute(PLACES_TABLE)
        database.executemany("INSERT INTO places VALUES (?, ?)", places)
        for table in dropped:
            database.execute(f"DROP TABLE {table}")
        database.execute(f"PRAGMA user_version = {version}")
        database.execute("COMMIT")
