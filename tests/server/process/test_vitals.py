"""What the process takes: plausible numbers, and files that come and go."""

from pathlib import Path

from reactor_chat.server.process.vitals import files_bytes, memory_bytes, memory_bytes_max


def test_memory_is_counted_in_bytes() -> None:
    now, most = memory_bytes(), memory_bytes_max()
    assert 5_000_000 < most < 1 << 40
    assert now is None or 5_000_000 < now <= 2 * most


def test_files_are_added_up_and_missing_ones_are_nothing(tmp_path: Path) -> None:
    for name, size in (("a", 3), ("b", 4)):
        (tmp_path / name).write_bytes(bytes(size))
    assert files_bytes(tmp_path / name for name in "abc") == 7
    assert files_bytes([]) == 0
