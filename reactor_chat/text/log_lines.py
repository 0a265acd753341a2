"""Log lines in which whatever was received is shown and cannot act, wherever in the program they come from."""

import logging

from reactor_chat.text.safe import safe


class SafeFormatter(logging.Formatter):
    """Formats as `logging` does, and makes each line safe; only a traceback has several."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the name is logging's
        """Return the line of a record."""
        return safe(super().formatMessage(record))

    def formatException(self, ei) -> str:  # type: ignore[no-untyped-def]  # noqa: N802
        """Return the lines of a traceback."""
        return "\n".join(map(safe, super().formatException(ei).split("\n")))
