"""Input and output of a process, over real pipes, files and terminals, in a real loop."""

import errno
import os
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from reactor_chat.client.terminal.streams import READ_BYTES_MAX, WRITE_BYTES_MAX, InEncoding, InputStream, OutputStream
from reactor_chat.client.terminal.tty import opened_again
from reactor_chat.reactor.loop import Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


class Reader:
    """Collects what an input stream gives."""

    def __init__(self, loop: Loop, descriptor: int) -> None:
        self.loop = loop
        self.pieces: list[bytes] = []
        self.ends = 0
        self.stream = InputStream(loop, descriptor, self.pieces.append, self.ended)
        self.stream.resume()

    def ended(self) -> None:
        self.ends += 1
        self.loop.stop()

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


def test_a_pipe_is_read_to_its_end(loop: Loop, pipe: tuple[int, int]) -> None:
    reader = Reader(loop, pipe[0])
    os.write(pipe[1], b"hello")
    os.close(pipe[1])
    loop.run()
    assert (reader.data, reader.ends) == (b"hello", 1)


def test_a_file_is_read_a_slice_a_turn(loop: Loop, tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"x" * (3 * READ_BYTES_MAX + 1))
    with path.open("rb") as file:
        reader = Reader(loop, file.fileno())
        loop.turn()
        loop.turn()
        assert len(reader.data) <= 2 * READ_BYTES_MAX
        loop.run()
    assert (len(reader.data), reader.ends) == (3 * READ_BYTES_MAX + 1, 1)


@pytest.mark.parametrize("path", ["/dev/null"])
def test_what_is_empty_ends_at_once(loop: Loop, path: str) -> None:
    with Path(path).open("rb") as file:
        reader = Reader(loop, file.fileno())
        loop.run()
    assert (reader.data, reader.ends) == (b"", 1)


def test_a_descriptor_that_is_closed_is_at_its_end(loop: Loop) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    os.close(write_end)
    reader = Reader(loop, read_end)
    loop.run()
    assert reader.ends == 1


def test_a_terminal_that_goes_away_is_an_end(loop: Loop) -> None:
    keyboard, terminal = os.openpty()
    reader = Reader(loop, terminal)
    os.close(keyboard)
    loop.run()
    assert reader.ends == 1
    os.close(terminal)


def test_nothing_is_read_while_it_is_paused(loop: Loop, pipe: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * (3 * READ_BYTES_MAX))
    with path.open("rb") as file:
        for descriptor in (pipe[0], file.fileno()):
            os.write(pipe[1], b"x")
            reader = Reader(loop, descriptor)
            reader.stream.pause()
            reader.stream.pause()
            loop.run_soon()
            loop.turn()
            loop.run_soon()
            loop.turn()
            assert reader.pieces == []
            reader.stream.resume()
            loop.run_soon()
            loop.turn()
            loop.run_soon()
            loop.turn()
            assert reader.pieces
            reader.stream.close()


def drain(descriptor: int) -> bytes:
    return os.read(descriptor, 1_000_000)


def test_a_slow_reader_loses_nothing_and_stops_nobody(loop: Loop, pipe: tuple[int, int]) -> None:
    out = OutputStream(loop, pipe[1], lambda: pytest.fail("broken"))
    data = bytes(range(256)) * 2_000
    out.write(data)
    got = b""
    while out.pending_bytes:
        before = out.pending_bytes
        loop.run_soon()
        loop.turn()
        assert before - out.pending_bytes <= WRITE_BYTES_MAX
        if before == out.pending_bytes:  # the pipe is full, and we were not kept waiting
            got += drain(pipe[0])
    assert got + drain(pipe[0]) == data


def test_a_file_is_written_at_once(loop: Loop, tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("wb") as file:
        out = OutputStream(loop, file.fileno(), lambda: pytest.fail("broken"))
        out.write(b"one")
        out.write(b"two")
        assert path.read_bytes() == b"onetwo"


def test_flush_writes_all_that_is_left(loop: Loop, pipe: tuple[int, int]) -> None:
    out = OutputStream(loop, pipe[1], lambda: pytest.fail("broken"))
    out.write(b"x" * 10_000)
    out.flush()
    assert out.pending_bytes == 0
    assert drain(pipe[0]) == b"x" * 10_000


def test_a_reader_who_went_away_is_told_once_and_the_rest_is_dropped(loop: Loop, pipe: tuple[int, int]) -> None:
    told = []
    out = OutputStream(loop, pipe[1], lambda: told.append("broken"))
    out.write(b"x" * 100_000)
    os.close(pipe[0])
    for _ in range(3):
        loop.run_soon()
        loop.turn()
        out.write(b"more")
    out.flush()
    assert told == ["broken"]
    assert out.pending_bytes == 0


def test_a_full_disk_is_a_failure_and_a_reader_that_has_gone_is_none(loop: Loop, pipe: tuple[int, int]) -> None:
    broken: list[str] = []
    with Path("/dev/full").open("wb") as full:
        out = OutputStream(loop, full.fileno(), lambda: broken.append("full"))
        out.write(b"lost\n")
        out.flush()
        assert out.failure is not None
        assert out.failure.errno == errno.ENOSPC
    os.close(pipe[0])
    out = OutputStream(loop, pipe[1], lambda: broken.append("gone"))
    out.write(b"lost\n")
    out.flush()
    assert (out.failure, broken) == (None, ["full", "gone"])


def test_what_people_read_is_written_in_their_encoding(loop: Loop, tmp_path: Path) -> None:
    path = tmp_path / "latin"
    with path.open("wb") as file:
        out = InEncoding(OutputStream(loop, file.fileno(), lambda: None), "iso8859-1")
        told: list[str] = []
        out.write("[Jos\u00e9: \u6f22\u2026\u2713]\n".encode(), lambda: told.append("written"))
        out.flush()
    assert path.read_bytes() == b"[Jos\xe9: ??...+]\n"
    assert told == ["written"]


def test_a_terminal_that_takes_nothing_is_waited_for_so_long_and_what_is_left_can_be_dropped(loop: Loop) -> None:
    keyboard, terminal = os.openpty()
    again = opened_again(terminal)
    assert again != terminal
    assert os.get_blocking(terminal), "the shell's way to it is as it was"
    told = []
    out = OutputStream(loop, again, lambda: told.append("broken"))
    termios.tcflow(terminal, termios.TCOOFF)
    out.write(b"x" * 100_000, lambda: told.append("written"))
    out.flush(0.0)
    out.flush(0.01)
    assert out.pending_bytes == 100_000
    termios.tcflow(terminal, termios.TCOON)
    out.flush(0.01)
    assert 0 < out.pending_bytes < 100_000, "a terminal that nobody reads takes a little"
    out.drop()
    out.flush()
    out.write(b"")
    assert out.pending_bytes == 0
    assert told == []
    for descriptor in (keyboard, terminal, again):
        os.close(descriptor)
