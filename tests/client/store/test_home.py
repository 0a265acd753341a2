"""The home: for its owner only, for one client at a time, and each file replaced as a whole."""

import os
import stat
from pathlib import Path

import pytest

from reactor_chat.client.store.home import FILE_BYTES_MAX, Home, default_home
from reactor_chat.errors import StorageBusy, StorageCorrupt, StorageError, TrustError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_made_with_all_its_parents_for_its_owner_only(tmp_path: Path) -> None:
    with Home(tmp_path / "a" / "b") as home:
        home.write("x", b"data")
        home.vaults()
        found = [mode(path) for path in sorted(home.directory.rglob("*"))]
        assert [oct(one) for one in found] == ["0o600", "0o700", "0o600"]
        assert mode(home.directory) == 0o700


def test_an_empty_directory_is_closed_and_a_full_one_that_is_open_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o755)
    Home(empty).close()
    assert mode(empty) == 0o700
    full = tmp_path / "full"
    full.mkdir(mode=0o755)
    (full / "letter").write_text("x")
    with pytest.raises(TrustError, match=f"chmod 700 {full}"):
        Home(full)
    assert mode(full) == 0o755
    assert [path.name for path in full.iterdir()] == ["letter"]


def test_a_file_in_its_place_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    for wrong in (path, path / "below"):
        with pytest.raises(StorageError, match="--home"):
            Home(wrong)
    assert path.read_text() == "mine"


def test_one_client_at_a_time_and_the_other_is_told_which(tmp_path: Path) -> None:
    with Home(tmp_path / "h"), pytest.raises(StorageBusy, match=rf"process {os.getpid()}\).*--guest.*--home"):
        Home(tmp_path / "h")
    Home(tmp_path / "h").close()


def test_a_small_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home:
        assert home.read("x") is None
        home.write("x", b"old")
        home.stage("x", b"new")
        assert home.read("x") == b"old"
        home.publish("x")
        assert home.read("x") == b"new"
        assert sorted(path.name for path in home.directory.iterdir()) == ["lock", "x"]


def test_what_an_earlier_try_left_is_replaced(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home:
        (home.directory / "x.new").write_bytes(b"half")
        home.write("x", b"whole")
        assert home.read("x") == b"whole"


def test_files_that_are_none_of_ours_are_refused(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home:
        directory = home.directory
        (directory / "folder").mkdir(mode=0o700)
        os.mkfifo(directory / "pipe", 0o600)
        (directory / "huge").touch(0o600)
        (directory / "huge").write_bytes(b"x" * (FILE_BYTES_MAX + 1))
        for name in ("folder", "pipe", "huge"):
            with pytest.raises(StorageCorrupt, match=name):
                home.read(name)
        (directory / "link").symlink_to(directory / "lock")
        with pytest.raises(StorageError, match="link"):
            home.read("link")


@pytest.mark.parametrize("open_to", [0o640, 0o604, 0o602, 0o660])
def test_a_file_that_others_can_read_or_write_is_refused(tmp_path: Path, open_to: int) -> None:
    with Home(tmp_path / "h") as home:
        home.write("x", b"data")
        (home.directory / "x").chmod(open_to)
        with pytest.raises(TrustError, match="chmod 600"):
            home.read("x")


def test_the_default_is_in_the_users_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_home() == tmp_path / "reactor-chat" / "client"


def test_a_directory_of_vaults_that_is_a_link_or_open_is_refused(tmp_path: Path) -> None:
    with Home(tmp_path / "h") as home:
        servers = home.vaults()
        (servers / "x.db").touch()
        servers.chmod(0o750)
        with pytest.raises(TrustError, match=f"chmod 700 {servers}"):
            home.vaults()
        servers.chmod(0o700)
        servers.rename(tmp_path / "elsewhere")
        servers.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StorageError, match="servers is a symbolic link"):
            home.vaults()
