"""Replays journals on whatever Python runs it: python -m tests.properties.replaying DIRECTORY...

For each journal it prints one line: its directory's name, and the hash of the state at about ten numbers, the last
among them, computed from the first record on.
"""

import sys
from pathlib import Path

from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.record_log import record_of

POINTS = 10


def hashes(directory: Path) -> list[str]:
    """Replay one journal."""
    journal, state = SqliteJournal(directory), ChatState()
    step = journal.head // POINTS + 1
    found = []
    for seq, payload in journal.replay():
        state.apply(record_of(seq, payload))
        if seq % step == 0 or seq == journal.head:
            found.append(state.hash())
    journal.close()
    return found


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        sys.stdout.write(" ".join([Path(argument).name, *hashes(Path(argument))]) + "\n")
