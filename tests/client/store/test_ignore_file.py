"""Whom somebody ignores is in their home, apart for each server."""

from pathlib import Path

from reactor_chat.client.store.home import Home
from reactor_chat.client.store.ignore_file import IgnoreFile


def test_it_is_there_in_the_next_run_and_belongs_to_one_server(tmp_path: Path) -> None:
    with Home(tmp_path / "home") as home:
        assert IgnoreFile(home, "one").names() == []
        IgnoreFile(home, "one").keep(["Bob", "Cid"])
        IgnoreFile(home, "two").keep(["Dee"])
        IgnoreFile(home, "one").keep(["Cid"])
    with Home(tmp_path / "home") as home:
        assert IgnoreFile(home, "one").names() == ["Cid"]
        assert IgnoreFile(home, "two").names() == ["Dee"]
        IgnoreFile(home, "two").keep([])
        assert IgnoreFile(home, "two").names() == []
    assert (tmp_path / "home" / "ignored").stat().st_mode & 0o777 == 0o600


def test_what_is_no_line_of_ours_is_passed_over(tmp_path: Path) -> None:
    with Home(tmp_path / "home") as home:
        home.write("ignored", b"one Bob\nnonsense\none two words\none \xff\none Cid\n")
        assert IgnoreFile(home, "one").names() == ["Bob", "Cid"]
