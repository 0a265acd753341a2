"""Has an order carried out by the running server, or where none runs, here, on its files."""

import argparse
import os
import time
from pathlib import Path

from reactor_chat.admin.asking import order
from reactor_chat.admin.journals import opened_journal
from reactor_chat.admin.showing import EXIT_NO_SERVER, tell
from reactor_chat.server.app import App
from reactor_chat.server.operator.ban_file import BanFile
from reactor_chat.server.operator.operations import Operations
from reactor_chat.server.operator.orders import (
    Announce,
    Answer,
    Backup,
    Kick,
    ListPeople,
    Order,
    Repair,
    SetLockdown,
    SetRate,
    TellStatus,
)
from reactor_chat.server.options.table import Options

NEEDS_A_SERVER = (Kick, Announce, SetRate, SetLockdown, TellStatus, ListPeople)
"""Orders about those who are connected, and about what a server forgets when it stops."""


class _Nobody:
    """Stands where a running server has its connections: there is nobody to tell."""

    def append(self, _data: bytes) -> None:
        """Tell nobody."""

    def append_quietly(self, _data: bytes) -> None:
        """Tell nobody."""


def do(chosen: argparse.Namespace, what: Order) -> int:
    """Have an order carried out by whoever can, tell what came of it, and return the exit status."""
    answer = order(chosen.data, what)
    if answer is None and isinstance(what, NEEDS_A_SERVER):
        return tell(Answer(done=False, text=f"no server is running on {chosen.data}"), EXIT_NO_SERVER, json=chosen.json)
    return tell(answer or _done_here(chosen.data, what), json=chosen.json)


def _done_here(data: Path, what: Order) -> Answer:
    """Carry an order out on the files of a server that does not run."""
    with opened_journal(data) as journal:
        app = App(Options(), journal, _Nobody(), os.urandom, lambda: None)
        bans = BanFile(data)
        app.bans.load(bans.read())
        if not isinstance(what, Backup | Repair):
            app.start(time.time_ns() // 1_000_000)
        return Operations(app, bans.keep).carry_out(what)
