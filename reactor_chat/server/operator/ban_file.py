"""Keeps the bans: one JSON file beside the journal, for its owner's eyes, replaced as a whole and never in part.

It may be edited by hand; SIGHUP reads it again.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from reactor_chat.errors import UsageError
from reactor_chat.journal.sqlite.database_file import synced
from reactor_chat.server.bans import REASON_CHARS_MAX, Ban, target_of

BAN_FILE_NAME = "bans.json"
FORMAT: Literal["reactor-chat bans 1"] = "reactor-chat bans 1"
FILE_BYTES_MAX = 16_777_216
"""More than the most bans with the longest reasons take; another file is not read into memory."""


class Kept(Struct, frozen=True):
    """What the file holds."""

    format: Literal["reactor-chat bans 1"]
    bans: list[Ban]


class BanFile:
    """The file of a data directory.

    Args:
        directory: the server's; exists when something is to be kept.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / BAN_FILE_NAME

    def read(self) -> list[Ban]:
        """Return what is kept, in its order; empty where there is no file.

        Raises:
            UsageError: the file cannot be read, or holds no bans; whoever is banned must not come in for that.
        """
        try:
            with self._path.open("rb") as file:
                content = file.read(FILE_BYTES_MAX)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UsageError(f"{self._path}: {error.strerror or error}") from error
        try:
            bans = msgspec.json.decode(content, type=Kept).bans
            for ban in bans:
                _check(ban)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, UsageError) as error:
            raise UsageError(f"{self._path}: these are no bans: {error}; correct it, or move it away") from error
        return bans

    def keep(self, bans: Sequence[Ban]) -> None:
        """Replace what is kept, durably.

        Raises:
            OSError: that cannot be; what was kept before is.
        """
        content = msgspec.json.format(msgspec.json.encode(Kept(FORMAT, list(bans)))) + b"\n"
        new = self._path.with_name(BAN_FILE_NAME + ".new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor has no path
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            new.replace(self._path)
            synced(self._path.parent)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            raise


def _check(ban: Ban) -> None:
    if target_of(ban.whom) != ban.target:
        raise UsageError(f"{ban.whom[:80]!r} is no {ban.kind} as bans write it")
    if len(ban.reason) > REASON_CHARS_MAX:
        raise UsageError(f"the reason for {ban.whom} has more than {REASON_CHARS_MAX} characters")
