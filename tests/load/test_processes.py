"""What /proc says of a process, and who listens on a port."""

import os
import socket
from pathlib import Path

import pytest

from reactor_chat.load.processes import PROC, listener_on, usage_of

pytestmark = pytest.mark.skipif(not (PROC / "self" / "stat").exists(), reason="this system has no /proc")


def test_this_process_has_used_and_holds_something() -> None:
    used = usage_of(os.getpid())
    assert used is not None
    assert 0 < used.cpu_s < 100_000
    assert 1_000 < used.rss_kib <= used.rss_peak_kib


def test_a_program_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text("7 (a) b (c)) S " + " ".join(str(10 * number) for number in range(1, 40)))
    (tmp_path / "7" / "status").write_text("Name:\ta\nVmHWM:\t 200 kB\nVmRSS:\t 100 kB\n")
    used = usage_of(7, tmp_path)
    assert used is not None
    assert used.cpu_s == (110 + 120) / os.sysconf("SC_CLK_TCK")
    assert (used.rss_kib, used.rss_peak_kib) == (100, 200)


def test_who_is_not_there_uses_nothing(tmp_path: Path) -> None:
    assert usage_of(7, tmp_path) is None


def test_it_finds_who_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert listener_on(port) == os.getpid()
    assert listener_on(port) is None
