"""Small private files: the old one or the new one, whoever else is there; the rest is tried through the home."""

from pathlib import Path

import pytest

from reactor_chat.client.store import private_files
from reactor_chat.errors import StorageCorrupt, StorageError, TrustError


def test_a_file_is_as_long_as_it_may_be_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert private_files.read(path, 3) is None
    private_files.replace(path, b"abc")
    assert private_files.read(path, 3) == b"abc"
    with pytest.raises(StorageCorrupt):
        private_files.read(path, 2)


def test_what_is_staged_is_not_seen_until_it_is_published(tmp_path: Path) -> None:
    path = tmp_path / "x"
    private_files.replace(path, b"old")
    private_files.stage(path, b"new")
    private_files.stage(path, b"newer")  # what a crash left is replaced
    assert private_files.read(path, 10) == b"old"
    private_files.publish(path)
    assert private_files.read(path, 10) == b"newer"
    assert [one.name for one in tmp_path.iterdir()] == ["x"]


def test_others_may_not_have_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"")
    path.chmod(0o640)
    with pytest.raises(TrustError, match="chmod 600"):
        private_files.read(path, 10)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageCorrupt):
        private_files.read(tmp_path, 10)
    with pytest.raises(StorageError):
        private_files.replace(tmp_path / "none" / "x", b"")
