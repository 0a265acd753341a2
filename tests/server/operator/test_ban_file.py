"""The file of bans: kept whole or not at all, for its owner's eyes, and read with suspicion."""

import stat
from pathlib import Path

import pytest

from reactor_chat.errors import UsageError
from reactor_chat.server.bans import REASON_CHARS_MAX, Ban
from reactor_chat.server.operator.ban_file import BAN_FILE_NAME, BanFile

BANS = [Ban("name", "spammer", 1, 2, "Enough"), Ban("network", "192.0.2.0/24", 3), Ban("address", "2001:db8::1", 4)]


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    file = BanFile(tmp_path)
    assert file.read() == []
    for bans in (BANS, BANS[1:], []):
        file.keep(bans)
        assert BanFile(tmp_path).read() == bans
        assert [path.name for path in tmp_path.iterdir()] == [BAN_FILE_NAME]
    assert stat.S_IMODE((tmp_path / BAN_FILE_NAME).stat().st_mode) == 0o600


NO_BANS = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"format":"reactor-chat bans 1","bans":[{"kind":"name","whom":"\xff","since_ms":1}]}',
    "another program's": b'{"bans":[]}',
    "a newer one's": b'{"format":"reactor-chat bans 2","bans":[]}',
    "depth": b"[" * 100_000,
    "no kind": b'{"format":"reactor-chat bans 1","bans":[{"kind":"x","whom":"a","since_ms":1}]}',
    "another kind": b'{"format":"reactor-chat bans 1","bans":[{"kind":"key","whom":"a","since_ms":1}]}',
    "another spelling": b'{"format":"reactor-chat bans 1","bans":[{"kind":"name","whom":"A","since_ms":1}]}',
    "no address": b'{"format":"reactor-chat bans 1","bans":[{"kind":"address","whom":"1.2.3","since_ms":1}]}',
    "everybody": b'{"format":"reactor-chat bans 1","bans":[{"kind":"network","whom":"0.0.0.0/0","since_ms":1}]}',
    "a long reason": b'{"format":"reactor-chat bans 1","bans":[{"kind":"name","whom":"a","since_ms":1,"reason":"%s"}]}'
    % (b"x" * (REASON_CHARS_MAX + 1)),
}


@pytest.mark.parametrize("content", NO_BANS.values(), ids=NO_BANS)
def test_what_holds_no_bans_is_refused_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / BAN_FILE_NAME
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"these are no bans: .*; correct it, or move it away"):
        BanFile(tmp_path).read()
    assert path.read_bytes() == content


def test_what_cannot_be_read_or_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / BAN_FILE_NAME).mkdir()
    file = BanFile(tmp_path)
    with pytest.raises(UsageError, match=BAN_FILE_NAME):
        file.read()
    with pytest.raises(OSError, match="directory"):
        file.keep(BANS)
    assert [path.name for path in tmp_path.iterdir()] == [BAN_FILE_NAME]
    with pytest.raises(FileNotFoundError):
        BanFile(tmp_path / "none").keep(BANS)


def test_where_it_cannot_be_replaced_the_old_one_stays(tmp_path: Path) -> None:
    file = BanFile(tmp_path)
    file.keep(BANS)
    (tmp_path / (BAN_FILE_NAME + ".new")).symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"symbolic|No space"):
        file.keep([])
    assert file.read() == BANS
    file.keep([])
    assert file.read() == []
