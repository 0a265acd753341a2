"""The people whom somebody ignores, kept in the home: a line for each, with the server that the name belongs to."""

from collections.abc import Sequence

from reactor_chat.client.store import private_files
from reactor_chat.client.store.home import Home
from reactor_chat.wire.messages import is_name

FILE_NAME = "ignored"
FILE_BYTES_MAX = 1_048_576


class IgnoreFile:
    """One server's part of the list.

    Args:
        home: ours.
        server: what tells the server from others, without blanks.
    """

    def __init__(self, home: Home, server: str) -> None:
        self._home = home
        self._server = server

    def names(self) -> list[str]:
        """Return whom the person ignores.

        Raises:
            StorageError: the list cannot be read.
            TrustError: others may read it.
        """
        return [name for server, name in self._rows() if server == self._server and is_name(name)]

    def keep(self, names: Sequence[str]) -> None:
        """Keep other names from now on.  Raises StorageError, and what was there is there."""
        rows = [row for row in self._rows() if row[0] != self._server]
        rows += [(self._server, name) for name in names]
        self._home.write(FILE_NAME, "".join(f"{server} {name}\n" for server, name in rows).encode())

    def _rows(self) -> list[tuple[str, str]]:
        data = private_files.read(self._home.directory / FILE_NAME, FILE_BYTES_MAX) or b""
        parts = [line.split(" ") for line in data.decode("utf-8", "replace").splitlines()]
        return [(row[0], row[1]) for row in parts if len(row) == 2]
