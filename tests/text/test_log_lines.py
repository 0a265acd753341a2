"""Log lines: one record is one line, whatever was received, and a traceback keeps its lines and loses its harm."""

import io
import logging

import pytest

from reactor_chat.text.log_lines import SafeFormatter


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(out: io.StringIO) -> logging.Logger:
    logger = logging.getLogger(f"test.{id(out)}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = logging.StreamHandler(out)
    handler.setFormatter(SafeFormatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    return logger


def test_a_record_is_one_line_and_cannot_act(log: logging.Logger, out: io.StringIO) -> None:
    log.info("closed: %s", "\x1b[2J\n2026-01-01 INFO forged\u2028\u202e\x9b1A")
    log.warning("plain %d", 7)
    first, second = out.getvalue().splitlines()
    assert first == "INFO closed: ␛[2J ⏎ 2026-01-01 INFO forged<U+2028><U+202E><U+009B>1A"
    assert second == "WARNING plain 7"


def test_a_traceback_keeps_its_lines(log: logging.Logger, out: io.StringIO) -> None:
    try:
        int("\x1b]0;title\x07")
    except ValueError:
        log.exception("broken")
    lines = out.getvalue().splitlines()
    assert lines[0] == "ERROR broken"
    assert lines[-1].startswith("ValueError: ")
    assert len(lines) >= 4
    assert all(line.isprintable() for line in lines)
