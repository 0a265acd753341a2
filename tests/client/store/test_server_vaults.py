"""Which vault is a server's: its key's, however the host is typed; older ones come along, nothing is lost on disk."""

import os
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reactor_chat.client.store.file_vault import FileVault
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.server_vaults import ServerVaults
from reactor_chat.e2ee.store import Table
from reactor_chat.errors import StorageCorrupt, StorageError
from tests.client.store.test_vault_format import made_by_an_older_client

SECRET = bytes(range(32))
KEY, OTHER = b"k" * 32, b"o" * 32
PLACES = ["chat.example:7667", "127.0.0.1:7667"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "h") as made:
        yield made


def filled(home: Home, path: Path, seq: int, row: bytes = b"row") -> Path:
    with closing(FileVault(path, home, SECRET)) as vault:
        vault.choose("Ann")
        vault.move_cursor(seq)
        vault.store.put(Table.TRUST, "bob", row)
        vault.commit()
        vault.printed(seq)
    return path


def kept(home: Home, path: Path) -> tuple[int | None, bytes | None]:
    with closing(FileVault(path, home, SECRET)) as vault:
        vault.choose("Ann")
        return vault.cursor(), vault.store.get(Table.TRUST, "bob")


def names(home: Home) -> list[str]:
    return sorted(path.name for path in home.vaults().iterdir())


def test_a_key_has_one_vault_whatever_its_places(home: Home) -> None:
    vaults = ServerVaults(home)
    one = vaults.of_key(KEY, PLACES[:1])
    assert one == vaults.of_key(KEY, PLACES)
    assert one.news == ()
    assert one.path.parent == home.vaults()
    assert one.path.name == f"SHA256-{urlsafe_b64encode(KEY).decode().rstrip('=')}.db"
    assert vaults.of_key(OTHER, PLACES).path != one.path


def test_an_address_has_one_vault_however_it_is_spelled(home: Home) -> None:
    vaults = ServerVaults(home)
    spelled = ["localhost", "LOCALHOST.", "127.0.0.1", "127.1", "::1", "[::1]"]
    assert len({vaults.of_address(host, 7).path for host in spelled}) == 1
    others = [("localhost", 8), ("chat.example", 7), ("2001:db8::1", 7), ("../x", 7), ("x" * 500, 7)]
    paths = {vaults.of_address(*place).path for place in [*others, ("localhost", 7)]}
    assert len(paths) == len(others) + 1
    assert {path.parent for path in paths} == {home.vaults()}
    assert vaults.of_address("Chat.Example.", 7) == vaults.of_address("chat.example", 7)


@pytest.mark.parametrize("old", ["chat.example_7667.db", "127.0.0.1_7667.db", "localhost_7667.db", "%3A%3A1_7667.db"])
def test_a_vault_named_by_an_address_comes_along_with_everything_beside_it(home: Home, old: str) -> None:
    filled(home, home.vaults() / old, 7)
    chosen = ServerVaults(home).of_key(KEY, PLACES)
    assert chosen.news == ()
    assert kept(home, chosen.path) == (7, b"row")
    assert names(home) == sorted(chosen.path.name + beside for beside in ("", ".keys", ".printed"))
    assert ServerVaults(home).of_key(KEY, PLACES) == chosen


@pytest.mark.parametrize("old", ["127.0.0.1_7.db", "LOCALHOST_7.db", "%3A%3A1_7.db"])
def test_without_tls_another_spelling_finds_the_same(home: Home, old: str) -> None:
    filled(home, home.vaults() / old, 7)
    chosen = ServerVaults(home).of_address("localhost", 7)
    assert (kept(home, chosen.path), chosen.news) == ((7, b"row"), ())
    assert ServerVaults(home).of_address("127.1", 7) == chosen


def test_one_that_a_killed_client_left_comes_along_with_its_log(home: Home) -> None:
    made_by_an_older_client(home.vaults() / "chat.example_7667.db", has_session=True)
    assert "chat.example_7667.db-wal" in names(home)
    chosen = ServerVaults(home).of_key(KEY, PLACES)
    assert kept(home, chosen.path)[0] == 7
    assert not [name for name in names(home) if name.startswith("chat")]


@pytest.mark.parametrize("further", [0, 1])
def test_of_two_the_one_that_came_further_goes_on_and_the_other_stays_on_disk(home: Home, further: int) -> None:
    old = [home.vaults() / name for name in ("chat.example_7667.db", "localhost_7667.db")]
    for number, path in enumerate(old):
        filled(home, path, 9 if number == further else 7, b"row %d" % number)
    os.utime(old[1 - further], (2**31, 2**31))  # as a copy would have it; what it has seen decides
    chosen = ServerVaults(home).of_key(KEY, PLACES)
    assert kept(home, chosen.path) == (9, b"row %d" % further)
    aside = old[1 - further].with_name(old[1 - further].name + ".older")
    (line,) = chosen.news
    assert str(aside) in line
    assert "\n" not in line
    assert kept(home, aside) == (7, b"row %d" % (1 - further))
    assert ServerVaults(home).of_key(KEY, PLACES) == (chosen.path, ()), "it is said once"


def test_what_is_set_aside_never_takes_the_place_of_another(home: Home) -> None:
    path = ServerVaults(home).of_key(KEY, PLACES).path
    filled(home, path, 9)
    for number in range(3):
        filled(home, home.vaults() / "localhost_7667.db", 7, b"%d" % number)
        assert len(ServerVaults(home).of_key(KEY, PLACES).news) == 1
    asides = [name for name in names(home) if name.endswith(("older", "older1", "older2"))]
    assert sorted(kept(home, home.vaults() / name)[1] or b"" for name in asides) == [b"0", b"1", b"2"]
    assert kept(home, path) == (9, b"row")


def test_a_new_key_of_the_same_server_takes_the_vault_along(home: Home) -> None:
    filled(home, ServerVaults(home).of_key(OTHER, PLACES).path, 7)
    chosen = ServerVaults(home).of_key(KEY, PLACES, OTHER)
    assert (kept(home, chosen.path), chosen.news) == ((7, b"row"), ())


def test_others_are_left_where_they_are(home: Home) -> None:
    for other in ("localhost_8.db", "chat.example_7.db", "other_7667.db"):
        filled(home, home.vaults() / other, 7)
    filled(home, ServerVaults(home).of_key(OTHER, ()).path, 7)
    before = names(home)
    assert not ServerVaults(home).of_key(KEY, PLACES).path.exists()
    assert names(home) == before


def test_what_is_no_vault_or_a_link_is_named_and_left(home: Home) -> None:
    path = home.vaults() / "localhost_7667.db"
    path.write_bytes(b"my diary\n" * 100)
    path.chmod(0o600)
    with pytest.raises(StorageCorrupt, match="not a reactor-chat archive"):
        ServerVaults(home).of_key(KEY, PLACES)
    path.rename(home.directory / "diary")
    path.symlink_to(home.directory / "diary")
    with pytest.raises(StorageError, match="symbolic link"):
        ServerVaults(home).of_key(KEY, PLACES)
    assert names(home) == ["localhost_7667.db"]


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("calls_max", range(1, 12))
def test_killed_while_it_moves_it_finds_everything_the_next_time(
    home: Home, monkeypatch: pytest.MonkeyPatch, calls_max: int
) -> None:
    filled(home, home.vaults() / "localhost_7667.db", 7)
    calls: list[object] = []

    def dying(call: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: Any, **named: Any) -> object:
            calls.append(call)
            if len(calls) == calls_max:
                raise Killed
            return call(*arguments, **named)

        return counted

    with monkeypatch.context() as patched:
        for owner, name in ((os, "link"), (os, "fsync"), (Path, "rename"), (Path, "unlink"), (sqlite3, "connect")):
            patched.setattr(owner, name, dying(getattr(owner, name)))
        try:
            ServerVaults(home).of_key(KEY, PLACES)
        except Killed:
            pass
        else:
            assert len(calls) < calls_max
    assert kept(home, ServerVaults(home).of_key(KEY, PLACES).path) == (7, b"row")
