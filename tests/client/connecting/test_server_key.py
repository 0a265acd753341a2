"""Whose key it is: each way of knowing it beforehand, against each key that a server can show."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.connecting.server_key import ServerKey, read_link, write_link
from reactor_chat.client.store.known_servers import KnownServers
from reactor_chat.errors import StorageError, TrustError, UsageError
from reactor_chat.wire.transcript import pin_of

ANN, BOB, EVE = (bytes([number]) * 32 for number in (1, 2, 3))
NOW = datetime(2026, 1, 31, tzinfo=UTC)


def judged(
    home: Path, seen: bytes, *, known: bytes | None = None, pinned: bytes | None = None, linked: bytes | None = None
) -> str | None:
    """What a person hears of a server that shows a key."""
    servers = KnownServers(home)
    if known is not None:
        servers.remember("chat.example:7", known, NOW)
    return ServerKey(servers, "chat.example", 7, lambda: NOW, pinned=pinned, linked=linked).check(seen)


def remembered(home: Path) -> bytes | None:
    found = KnownServers(home).find("chat.example:7")
    return found.binding if found else None


@pytest.mark.parametrize("known", [None, ANN])
@pytest.mark.parametrize("pinned", [None, ANN])
@pytest.mark.parametrize("linked", [None, ANN])
def test_the_right_key_is_right_however_it_is_known(
    tmp_path: Path, known: bytes | None, pinned: bytes | None, linked: bytes | None
) -> None:
    news = judged(tmp_path, ANN, known=known, pinned=pinned, linked=linked)
    assert (news is None) is (known is not None), "it is shown once"
    assert news is None or pin_of(ANN) in news
    assert remembered(tmp_path) == ANN


@pytest.mark.parametrize("known", [None, ANN, EVE])
@pytest.mark.parametrize("pinned", [None, ANN])
@pytest.mark.parametrize("linked", [None, ANN])
def test_a_key_that_was_not_named_is_refused_whatever_is_known(
    tmp_path: Path, known: bytes | None, pinned: bytes | None, linked: bytes | None
) -> None:
    if pinned is None and linked is None:
        return
    with pytest.raises(TrustError) as refused:
        judged(tmp_path, EVE, known=known, pinned=pinned, linked=linked)
    assert pin_of(EVE) in str(refused.value)
    assert pin_of(ANN) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert remembered(tmp_path) == known


def test_a_changed_key_is_refused_and_both_are_shown_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(TrustError) as refused:
        judged(tmp_path, BOB, known=ANN)
    for words in (pin_of(ANN), pin_of(BOB), f"--pin {pin_of(BOB)}", "2026-01-31"):
        assert words in str(refused.value)
    assert remembered(tmp_path) == ANN


def test_a_new_key_is_accepted_by_naming_it(tmp_path: Path) -> None:
    news = judged(tmp_path, BOB, known=ANN, pinned=BOB)
    assert news is not None
    assert pin_of(BOB) in news
    assert remembered(tmp_path) == BOB


def test_a_link_does_not_replace_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="another key"):
        judged(tmp_path, BOB, known=ANN, linked=BOB)
    assert remembered(tmp_path) == ANN


def test_what_is_expected_is_known_before_it_is_met(tmp_path: Path) -> None:
    servers = KnownServers(tmp_path)

    def key(host: str = "chat.example", pinned: bytes | None = None) -> ServerKey:
        return ServerKey(servers, host, 7, lambda: NOW, pinned=pinned)

    assert (key().known, key().expected, key(pinned=ANN).expected, key().addresses) == (None, None, None, [])
    key().check(ANN)
    assert (key().known, key().expected, key(pinned=ANN).expected) == (ANN, ANN, ANN)
    assert key("CHAT.example.").expected == ANN
    assert (key(pinned=BOB).known, key(pinned=BOB).expected) == (ANN, None), "it must be met first"
    key("other").check(ANN)
    assert key().addresses == ["chat.example:7", "other:7"]
    assert not key().is_gone(ANN)
    for host in ("chat.example", "other"):
        key(host, BOB).check(BOB)
    assert key().is_gone(ANN)


def test_a_key_that_is_known_from_elsewhere_is_named_so(tmp_path: Path) -> None:
    judged(tmp_path, ANN)
    news = ServerKey(KnownServers(tmp_path), "moved.example", 8, lambda: NOW).check(ANN)
    assert news is not None
    assert "the key of chat.example:7" in news
    assert pin_of(ANN) in news


def test_another_port_is_another_server(tmp_path: Path) -> None:
    judged(tmp_path, ANN)
    other = ServerKey(KnownServers(tmp_path), "chat.example", 8, lambda: NOW)
    assert other.check(BOB) is not None


def test_a_place_that_cannot_be_written_is_no_reason_to_trust(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        judged(tmp_path / "file", ANN)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("chat://chat.example", ("chat.example", None, None)),
        ("chat://chat.example/", ("chat.example", None, None)),
        ("CHAT://Chat.Example:70", ("chat.example", 70, None)),
        (f"chat://chat.example:70/#{pin_of(ANN)}", ("chat.example", 70, ANN)),
        (f"chat://[::1]:70#{pin_of(ANN).rstrip('=')}", ("::1", 70, ANN)),
    ],
)
def test_links(text: str, wanted: tuple[str, int | None, bytes | None]) -> None:
    assert read_link(text) == (*wanted, ())


DIGESTS = st.binary(min_size=32, max_size=32)
JOHN, STELLA = hashlib.sha256(b"john").digest(), bytes([0xFB, 0xFF, 0xFE]) * 10 + bytes(2)


@given(pin=DIGESTS, fingerprint=DIGESTS, has_key=st.booleans())
def test_an_invitation_is_read_as_it_was_written(pin: bytes, fingerprint: bytes, *, has_key: bool) -> None:
    binding = pin if has_key else None
    link = write_link("chat.example:70", binding, "John", fingerprint)
    assert read_link(link) == ("chat.example", 70, binding, (("John", fingerprint),))
    assert not set(link) & set("+'\"$\\!*?<>|()[]{} `"), "nothing that a shell changes within quotes, or an address"


@pytest.mark.parametrize(
    "pasted",
    [
        "chat://x/#{pin}&john={john}",
        "'chat://x/#{pin}&john={john}'",
        "<chat://x/#{pin}&amp;john={john}>",
        "chat://x/#{pin},john={john}",
        "chat://x/#john={john}&{pin}",
        " chat://x/#{pin}\n      &john={john}\n",
    ],
)
def test_an_invitation_however_it_was_pasted(pasted: str) -> None:
    for written in (pin_of(STELLA), quote(pin_of(STELLA)), pin_of(STELLA).translate(str.maketrans("+/", "-_"))):
        link = pasted.format(pin=written, john=pin_of(JOHN).rstrip("="))
        assert read_link(link) == ("x", None, STELLA, (("john", JOHN),))


@pytest.mark.parametrize(
    "text",
    [
        "chat://",
        "chat:///#x",
        "chat://x:0",
        "chat://x:70000",
        "chat://x:port",
        "chat://x/room",
        "chat://x/?q=1",
        "chat://user@x/",
        "chat://x/#SHA256:AAAA",
        "chat://x/#md5:AAAA",
        "chat://[::1/",
        f"chat://x/#john={pin_of(ANN)}&JOHN={pin_of(BOB)}",
        f"chat://x/#{pin_of(ANN)}&{pin_of(ANN)}",
        f"chat://x/#{pin_of(ANN)}&={pin_of(ANN)}",
        f"chat://x/#{pin_of(ANN)}&j.n={pin_of(ANN)}",
        f"chat://x/#{pin_of(ANN)}&john=SHA256:AAAA",
        "chat://x/#" + "&".join(f"n{number}={pin_of(ANN)}" for number in range(20)),
        f"chat://x/#{pin_of(ANN)}é",
    ],
)
def test_what_is_no_link(text: str) -> None:
    with pytest.raises(UsageError, match="chat://"):
        read_link(text)
