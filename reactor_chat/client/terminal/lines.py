"""Cuts what comes out of a pipe into lines."""

LINE_BYTES_MAX = 1_048_576
"""Far above what any server takes, so a longer line may be cut here: it is refused for its length either way."""


class LineSplitter:
    """Collects bytes and gives back lines without their ends (`\\n` or `\\r\\n`).

    A byte that is no UTF-8 becomes half a surrogate pair, which the engine refuses.  A byte order mark in front of
    everything, as editors on Windows write it, is no text.

    Args:
        line_bytes_max: what is beyond it in one line is dropped; at least 1.
    """

    def __init__(self, line_bytes_max: int = LINE_BYTES_MAX) -> None:
        self._line_bytes_max = line_bytes_max
        self._rest = bytearray()
        self._is_first = True

    def feed(self, data: bytes) -> list[str]:
        """Take what came; return the lines that are complete, oldest first."""
        *complete, rest = data.split(b"\n")
        lines: list[str] = []
        for part in complete:
            self._add(part)
            lines.append(self._text())
        self._add(rest)
        return lines

    def end(self) -> list[str]:
        """Return what stood behind the last line end, if anything did."""
        return [self._text()] if self._rest else []

    def _add(self, part: bytes) -> None:
        self._rest += part[: self._line_bytes_max - len(self._rest)]

    def _text(self) -> str:
        line = self._rest.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        self._rest.clear()
        is_first, self._is_first = self._is_first, False
        return line.removeprefix("\ufeff") if is_first else line
