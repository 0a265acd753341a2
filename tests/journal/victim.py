"""A process that commits until it is killed: python -m tests.journal.victim DIRECTORY SEED.

It writes the head after every commit to stdout, 8 bytes big-endian: what it so acknowledged must never be lost.  A
head of 0 comes first, before the journal is opened.  It ends by itself after 10,000 commits, or with the text of a
StorageError on stderr.
"""

import os
import sys
from random import Random

from reactor_chat.errors import StorageError
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from tests.journal.content import entry, seeded


def acknowledge(head: int) -> None:
    """Tell whoever started us what is durable."""
    os.write(1, head.to_bytes(8, "big"))


def run(directory: str, random: Random) -> None:
    """Commit batches of random sizes, rest and keep snapshots now and then."""
    acknowledge(0)
    journal = SqliteJournal(directory)
    for _ in range(10_000):
        count = random.choice((1, 1, 1, 3, 20, 150))
        journal.commit([entry(seq) for seq in range(journal.head + 1, journal.head + 1 + count)])
        acknowledge(journal.head)
        if random.random() < 0.2:
            journal.rest()
        if random.random() < 0.05:
            journal.keep_snapshot(journal.head, b"state at %d" % journal.head)


if __name__ == "__main__":
    try:
        run(sys.argv[1], seeded(int(sys.argv[2])))
    except StorageError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(1)
