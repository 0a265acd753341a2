"""The log never waits: for a pipe nobody reads, for a reader that has gone, or for a storm of lines."""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator

import pytest

from reactor_chat.server.process.log import (
    KIND_LINES_BURST,
    KIND_LINES_PER_SECOND,
    LINE_BYTES_MAX,
    PatientHandler,
    log_quickly,
)

Log = Callable[..., None]


class Pipe:
    """A pipe whose writing end blocks, as a process finds it, and a handler that writes to it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self._handler = PatientHandler(self.writer, lambda: self.now)

    def log(self, words: str, *values: object) -> None:
        self._handler.handle(logging.LogRecord("x", logging.INFO, __file__, 1, words, values, None))

    def read(self) -> list[str]:
        lines = b""
        while True:
            try:
                data = os.read(self.reader, 65_536)
            except BlockingIOError:
                return lines.decode().splitlines()
            lines += data

    def fill(self) -> None:
        os.set_blocking(self.writer, False)
        try:
            while True:
                os.write(self.writer, bytes(1))
        except BlockingIOError:
            pass
        os.set_blocking(self.writer, True)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    for descriptor in (pipe.reader, pipe.writer):
        os.close(descriptor)


def test_a_line_is_a_line(pipe: Pipe) -> None:
    pipe.log("conn=%d opened", 7)
    assert pipe.read() == ["conn=7 opened"]


def test_nobody_reads_and_nothing_waits(pipe: Pipe) -> None:
    pipe.fill()
    for number in range(100):
        pipe.log("conn=%d opened", number)
    os.read(pipe.reader, 1 << 20)
    pipe.log("conn=%d opened", 100)
    pipe.log("conn=%d opened", 101)
    assert pipe.read() == ["conn=100 opened (and 100 more like it, left out)", "conn=101 opened"]


def test_a_pipe_with_less_room_than_a_line_is_full(pipe: Pipe) -> None:
    fcntl.fcntl(pipe.writer, fcntl.F_SETPIPE_SZ, 4_096)  # a single page
    os.write(pipe.writer, bytes(10))
    pipe.log("x" * LINE_BYTES_MAX)
    assert os.read(pipe.reader, 10) == bytes(10)
    assert pipe.read() == []


def test_the_reader_has_gone(pipe: Pipe) -> None:
    os.close(pipe.reader)
    pipe.log("into the void")
    pipe.reader = os.dup(pipe.writer)


@pytest.mark.parametrize(("lines", "written"), [
    (KIND_LINES_BURST - 1, KIND_LINES_BURST - 1), (KIND_LINES_BURST, KIND_LINES_BURST),
    (KIND_LINES_BURST + 1, KIND_LINES_BURST),
])  # fmt: skip
def test_a_storm_of_one_kind_is_bounded_and_no_other_kind_suffers(pipe: Pipe, lines: int, written: int) -> None:
    for number in range(lines):
        pipe.log("conn=%d opened", number)
    pipe.log("stopping")
    assert len(pipe.read()) == written + 1
    pipe.now += 1
    for number in range(KIND_LINES_PER_SECOND + 5):
        pipe.log("conn=%d opened", number)
    read = pipe.read()
    assert len(read) == min(KIND_LINES_PER_SECOND + KIND_LINES_BURST - written, KIND_LINES_PER_SECOND + 5)
    assert ("1 more like it" in read[0]) == (lines > written)


@pytest.mark.parametrize("length", [LINE_BYTES_MAX - 2, LINE_BYTES_MAX - 1, LINE_BYTES_MAX, 100_000])
def test_a_long_line_is_cut(pipe: Pipe, length: int) -> None:
    pipe.log("%s", "x" * length)
    (line,) = pipe.read()
    assert len(line) == min(length, LINE_BYTES_MAX - 1)
    assert line.endswith("...") == (length >= LINE_BYTES_MAX)


def test_a_line_made_quickly_says_the_same(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("_srcfile", "logThreads", "logProcesses", "logMultiprocessing"):
        monkeypatch.setattr(logging, name, getattr(logging, name))  # put back after the test
    log_quickly()
    with caplog.at_level(logging.INFO):
        logging.getLogger("reactor_chat.server").info("conn=%d opened", 5)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("INFO", "conn=5 opened")
    assert (record.funcName, record.threadName, record.process) == ("(unknown function)", None, None)
