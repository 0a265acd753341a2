"""Files that a person names: made for the owner only, never over another, and read only as far as they can be lists."""

import os
import stat
from pathlib import Path

import pytest

from reactor_chat.client.store.contact_files import ContactFiles
from reactor_chat.e2ee.trust.contacts import FILE_BYTES_MAX
from reactor_chat.errors import UsageError

FILES = ContactFiles()


def test_what_is_written_is_read_and_is_the_owners(tmp_path: Path) -> None:
    path = tmp_path / "my friends.json"
    before = os.umask(0)
    try:
        FILES.write(str(path), b"data")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert FILES.read(str(path)) == b"data"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for there in (path, link):
        with pytest.raises(UsageError, match="is there already"):
            FILES.write(str(there), b"after")
    assert path.read_bytes() == b"before"
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_of_the_longest_length_is_read_and_no_longer_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES_MAX)
    assert len(FILES.read(str(path))) == FILE_BYTES_MAX
    with path.open("r+b") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    with pytest.raises(UsageError, match="not a list of contacts"):
        FILES.read(str(path))


@pytest.mark.parametrize("name", ["", "nobody", "pipe", "a\0b", "~nobody_at_all/x", "deep/er"])
def test_what_cannot_be_read_or_written_is_one_line(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = name if name.startswith("~") else str(tmp_path / name)
    with pytest.raises(UsageError) as told:
        FILES.read(path)
    assert "\n" not in str(told.value)
    if name != "nobody":
        with pytest.raises(UsageError):
            FILES.write(path, b"")


def test_home_is_where_the_heart_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    FILES.write("~/friends", b"data")
    assert (tmp_path / "friends").read_bytes() == b"data"
