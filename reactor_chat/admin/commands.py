"""What each command of `admin` does: its name and the first line of its docstring are what `--help` shows."""

import argparse
import contextlib
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

from reactor_chat.admin.asking import order
from reactor_chat.admin.journals import journal_of
from reactor_chat.admin.moments import number_at
from reactor_chat.admin.ordering import do
from reactor_chat.admin.restoring import begin_after_restore
from reactor_chat.admin.showing import EXIT_DONE, tell
from reactor_chat.chat.state.chat_state import ChatState
from reactor_chat.errors import UsageError
from reactor_chat.journal.sqlite.copying import mark_of
from reactor_chat.journal.sqlite.copying import opened as opened_backup
from reactor_chat.journal.sqlite.database_file import FILE_NAME, locked
from reactor_chat.journal.sqlite.restoring import Backups
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.server.operator.orders import (
    Announce,
    Answer,
    Backup,
    Kick,
    LiftBan,
    ListBans,
    Order,
    PutBan,
    ReadRecords,
    Release,
    Repair,
    SetLockdown,
    SetRate,
    TellStatus,
)
from reactor_chat.server.record_log import record_of
from reactor_chat.server.resuming import LOG_BYTES
from reactor_chat.text.safe import safe_json


def verify(chosen: argparse.Namespace) -> int:
    """Check the chain of every entry, that each is a record of ours, and say what state they come to."""
    with journal_of(chosen) as journal:
        report = journal.verify()
        state = _replayed(journal, journal.head)
    facts = {"seq": state.seq, "hash": state.hash(), "chain": str(report.link)}
    return _tell_facts(chosen, facts)


def replay(chosen: argparse.Namespace) -> int:
    """Print the hash of the state at a number, computed from the first record on."""
    with journal_of(chosen) as journal:
        if not 0 <= (chosen.at if chosen.at is not None else 0) <= journal.head:
            raise UsageError(f"the journal ends at number {journal.head}")
        state = _replayed(journal, journal.head if chosen.at is None else chosen.at)
    facts = {"seq": state.seq, "hash": state.hash()}
    return _tell_facts(chosen, facts)


def _tell_facts(chosen: argparse.Namespace, facts: dict[str, Any]) -> int:
    text = " ".join(f"{name} {fact}" for name, fact in facts.items())
    return tell(Answer(done=True, text=text, facts=facts), json=chosen.json)


def _replayed(journal: SqliteJournal, last: int) -> ChatState:
    state = ChatState()
    for seq, payload in journal.replay():
        if seq > last:
            break
        state.apply(record_of(seq, payload))
    return state


def export(chosen: argparse.Namespace) -> int:
    """Print every record as one line of JSON, oldest first; of a running server those there are when it begins."""
    if chosen.file is None and (first := order(chosen.data, ReadRecords())) is not None:
        return _export_live(chosen, first)
    with journal_of(chosen) as journal:
        for row in journal.replay():
            sys.stdout.write(safe_json(row.payload.decode("utf-8")) + "\n")
    return EXIT_DONE


def _export_live(chosen: argparse.Namespace, answer: Answer | None) -> int:
    """Print what a running server reads, some records with each order; what comes later is left out."""
    after, last = 0, None
    while answer is not None and answer.facts is not None:
        last = answer.facts["last"] if last is None else last
        for record in answer.facts["records"]:
            sys.stdout.write(safe_json(record) + "\n")
            after += 1
        if after >= last or not answer.facts["records"]:
            return EXIT_DONE
        answer = order(chosen.data, ReadRecords(after, last))
    raise UsageError(answer.text if answer is not None else "the server stopped; what was printed is not all")


def backup(chosen: argparse.Namespace) -> int:
    """Copy the journal as it is now to a file that does not exist yet; a running server goes on meanwhile."""
    to = str(chosen.to.absolute())
    if chosen.since is None:
        return do(chosen, Backup(to))
    with contextlib.closing(opened_backup(chosen.since)) as earlier:
        mark = mark_of(earlier)
    return do(chosen, Backup(to, mark.head, mark.link))


def restore(chosen: argparse.Namespace) -> int:
    """Put a backup, with the increments made after it, where no journal is; everything is checked first."""
    target = chosen.data / FILE_NAME
    if target.exists():
        raise UsageError(f"{target} exists, and nothing is overwritten; move it away first")
    with contextlib.closing(Backups(chosen.backup)) as backups:
        last = number_at(chosen.at, backups.rows()) if chosen.at is not None else None
        os.close(locked(chosen.data))  # a server that lost its file stops, and must not find another one
        head = backups.restore(target, last)
    begin_after_restore(chosen.data, os.urandom(LOG_BYTES))
    return tell(
        Answer(done=True, text=f"{target} holds everything up to number {head}", facts={"seq": head}), json=chosen.json
    )


def repair(chosen: argparse.Namespace) -> int:
    """Look for damage in the journal, and bring back from a backup what it has; whatever does not fit is not taken."""
    return do(chosen, Repair(str(chosen.backup.absolute())))


def release(chosen: argparse.Namespace) -> int:
    """Release a registered name; people are told that whoever uses it next may be a different person."""
    return do(chosen, Release(chosen.name))


def ban(chosen: argparse.Namespace) -> int:
    """Keep somebody out, for a time or for good, and send away who is there."""
    return do(chosen, PutBan(chosen.whom, chosen.by, chosen.seconds, chosen.reason))


def unban(chosen: argparse.Namespace) -> int:
    """Let somebody in again."""
    return do(chosen, LiftBan(chosen.whom))


def bans(chosen: argparse.Namespace) -> int:
    """Print who is banned."""
    return do(chosen, ListBans())


def kick(chosen: argparse.Namespace) -> int:
    """Close somebody's connection; they may come back."""
    return do(chosen, Kick(chosen.name, chosen.reason))


def announce(chosen: argparse.Namespace) -> int:
    """Say something to everybody, in the name of the server."""
    return do(chosen, Announce(" ".join(chosen.text)))


def rate(chosen: argparse.Namespace) -> int:
    """Change the rate limit until a restart or a reload of the config."""
    return do(chosen, SetRate(chosen.rate))


def lockdown(chosen: argparse.Namespace) -> int:
    """Let in only people who own a name or are invited, or everybody, until a restart or a reload of the config."""
    return do(chosen, SetLockdown(chosen.switch == "on"))


def status(chosen: argparse.Namespace) -> int:
    """Print how the server is: people, messages, refusals, turns, memory."""
    return do(chosen, TellStatus())


def ordering(orders: Callable[[argparse.Namespace], Order]) -> Callable[[argparse.Namespace], int]:
    """Return the command that has this ordered; it is called and described as the function is."""

    @functools.wraps(orders)
    def does(chosen: argparse.Namespace) -> int:
        return do(chosen, orders(chosen))

    return does
