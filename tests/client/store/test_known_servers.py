"""The keys of servers: read by people, never silently forgotten, replaced as a whole, shared by several clients."""

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.store.known_servers import FILE_BYTES_MAX, FILE_NAME, KnownServers, address_of
from reactor_chat.errors import StorageCorrupt, StorageError, TrustError
from reactor_chat.wire.transcript import pin_of

KEY, OTHER = bytes(range(32)), bytes(32)
NOW = datetime(2026, 1, 31, 12, 0, 0, 999, tzinfo=UTC)


def test_what_is_remembered_is_found_and_can_be_read(tmp_path: Path) -> None:
    known = KnownServers(tmp_path / "home")
    assert known.find("here:1") is None
    assert not (tmp_path / "home").exists(), "a question makes nothing"
    known.remember("here:1", KEY, NOW)
    known.remember("there:2", OTHER, NOW.astimezone(timezone(timedelta(hours=5))))
    assert known.find("here:1") == (KEY, "2026-01-31T12:00:00Z")
    path = tmp_path / "home" / FILE_NAME
    assert path.read_text().splitlines()[1:] == [
        f"here:1 {pin_of(KEY)} 2026-01-31T12:00:00Z",
        f"there:2 {pin_of(OTHER)} 2026-01-31T12:00:00Z",
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_new_key_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    known = KnownServers(tmp_path)
    for key in (KEY, OTHER):
        known.remember("here:1", key, NOW)
    assert known.find("here:1") == (OTHER, "2026-01-31T12:00:00Z")
    assert (tmp_path / FILE_NAME).read_text().count("here:1") == 1


def test_another_spelling_of_a_host_finds_the_same_line(tmp_path: Path) -> None:
    known = KnownServers(tmp_path)
    known.remember("127.0.0.1:1", KEY, NOW)
    known.remember("chat.example:1", OTHER, NOW)
    for place in ("localhost:1", "[::1]:1", "127.1:1", "LOCALHOST.:1"):
        assert known.find(place) == known.find("127.0.0.1:1") != known.find("chat.example:1"), place
    assert known.find("Chat.Example.:1") == known.find("chat.example:1")
    assert known.find("localhost:2") is None


def test_a_line_for_this_very_spelling_comes_first(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(
        f"127.0.0.1:1 {pin_of(KEY)} 2026-01-01T00:00:00Z\nlocalhost:1 {pin_of(OTHER)} 2026-01-01T00:00:00Z\n"
    )
    path.chmod(0o600)
    known = KnownServers(tmp_path)
    found = [known.find(place) for place in ("127.0.0.1:1", "localhost:1", "[::1]:1")]
    assert [one and one.binding for one in found] == [KEY, OTHER, KEY]


def test_a_new_key_counts_for_every_spelling(tmp_path: Path) -> None:
    known = KnownServers(tmp_path)
    known.remember("127.0.0.1:1", KEY, NOW)
    known.remember("there:1", KEY, NOW)
    assert known.addresses_of(KEY) == ["127.0.0.1:1", "there:1"]
    known.remember("localhost:1", OTHER, NOW)
    assert known.find("127.0.0.1:1") == known.find("localhost:1") == (OTHER, "2026-01-31T12:00:00Z")
    assert (known.addresses_of(KEY), known.addresses_of(OTHER)) == (["there:1"], ["localhost:1"])


def test_what_a_person_wrote_is_understood(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(f"\n# mine\n  here:1 {pin_of(KEY).rstrip('=')} 2026-01-01T00:00:00Z  \r\n")
    path.chmod(0o600)
    known = KnownServers(tmp_path)
    assert known.find("here:1") is not None


@pytest.mark.parametrize(
    "line",
    [
        "here:1",
        f"here:1 {pin_of(KEY)}",
        "here:1 SHA256:AAAA 2026-01-01T00:00:00Z",
        f"here:1 {pin_of(KEY)} yesterday",
        "\x00",
    ],
)
def test_a_line_that_cannot_be_read_is_no_server_that_was_never_met(tmp_path: Path, line: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(f"# fine\n{line}\n")
    path.chmod(0o600)
    known = KnownServers(tmp_path)
    with pytest.raises(StorageCorrupt, match="line 2"):
        known.find("there:2")
    with pytest.raises(StorageCorrupt, match="line 2"):
        known.remember("there:2", KEY, NOW)
    assert path.read_text() == f"# fine\n{line}\n"


@given(st.binary(max_size=400))
def test_whatever_the_file_holds_is_an_answer_or_one_of_our_errors(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    directory = tmp_path_factory.mktemp("home")
    path = directory / FILE_NAME
    path.write_bytes(data)
    path.chmod(0o600)
    try:
        found = KnownServers(directory).find("here:1")
    except StorageError:
        return
    assert found is None


def test_a_file_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    known = KnownServers(tmp_path)
    known.remember("here:1", KEY, NOW)
    (tmp_path / FILE_NAME).chmod(0o666)
    with pytest.raises(TrustError, match="chmod 600"):
        known.find("here:1")


def test_a_file_far_too_long_or_a_link_elsewhere_is_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    path.chmod(0o600)
    with pytest.raises(StorageCorrupt):
        KnownServers(tmp_path).find("here:1")
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(StorageError):
        KnownServers(tmp_path).find("here:1")


def test_several_clients_that_meet_servers_at_once_forget_none(tmp_path: Path) -> None:
    script = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path;"
        "from reactor_chat.client.store.known_servers import KnownServers;"
        "known = KnownServers(Path(sys.argv[1]));"
        "[known.remember(f'{sys.argv[2]}:{n}', bytes(32), datetime.now(UTC)) for n in range(20)]"
    )
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    command = [sys.executable, "-c", script, str(home)]
    processes = [subprocess.Popen([*command, name], env=os.environ) for name in ("a", "b", "c")]
    assert [process.wait(30) for process in processes] == [0, 0, 0]
    known = KnownServers(home)
    assert all(known.find(f"{name}:{n}") for name in "abc" for n in range(20))


@pytest.mark.parametrize(
    ("host", "place"), [("Chat.Example", "chat.example:7"), ("::1", "[::1]:7"), ("127.0.0.1", "127.0.0.1:7")]
)
def test_how_a_place_is_written(host: str, place: str) -> None:
    assert address_of(host, 7) == place


def test_whoever_named_the_key_needs_no_place_to_remember_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    damaged = tmp_path / "damaged"
    damaged.mkdir(mode=0o700)
    (damaged / FILE_NAME).write_text("no line of ours\n")
    for directory in (None, tmp_path / "file" / "home", damaged):
        known = KnownServers(directory, may_forget=True)
        assert known.find("here:1") is None
        assert known.addresses_of(KEY) == []
        assert known.remember("here:1", KEY, NOW) is False
    assert (damaged / FILE_NAME).read_text() == "no line of ours\n"
    assert KnownServers(tmp_path / "home", may_forget=True).remember("here:1", KEY, NOW) is True
    assert KnownServers(tmp_path / "home").find("here:1") is not None


def test_without_a_place_a_server_that_was_not_named_is_not_trusted() -> None:
    with pytest.raises(StorageError, match="--home DIR, or the key with --pin"):
        KnownServers(None).remember("here:1", KEY, NOW)
