"""One spelling for each host: what a system takes for the same machine is the same, and nothing else is."""

import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactor_chat.text.hosts import LOOPBACK, canonical, canonical_address, is_loopback, split_port

OURS = (
    "localhost LOCALHOST localhost. 127.0.0.1 127.1 127.0.1 0x7f.1 0177.0.0.1 2130706433 0x7f000001 ::1 [::1]".split()
)
OURS += ["0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::FFFF:7F00:1", "me.localhost", "localhost.localdomain.", "127.0.0.1."]


@pytest.mark.parametrize("host", OURS)
def test_every_spelling_of_this_machine_is_one(host: str) -> None:
    assert canonical(host) == LOOPBACK


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("Chat.Example.", "chat.example"),
        ("chat.example", "chat.example"),
        ("B\u00dcCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("10.1", "10.0.0.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("127.0.0.2", "127.0.0.2"),
        ("notlocalhost", "notlocalhost"),
        ("localhost.example", "localhost.example"),
        ("1.2.3.4.5", "1.2.3.4.5"),
        ("256.1.1.1", "256.1.1.1"),
        ("089.1.1.1", "089.1.1.1"),
        ("a" * 70, "a" * 70),
    ],
)
def test_others_are_themselves(host: str, wanted: str) -> None:
    assert canonical(host) == wanted


@given(st.lists(st.sampled_from(["0", "1", "7", "08", "010", "0x1f", "255", "256", "65536", "0xffffffff"]), max_size=5))
def test_an_ipv4_address_is_read_as_the_system_reads_it(parts: list[str]) -> None:
    host = ".".join(parts)
    try:
        wanted = socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return
    assert canonical(host) == canonical(wanted)


@given(st.text(max_size=30))
@example("[[")
@example("[ [a")
def test_any_text_has_one_spelling_and_that_is_its_own(host: str) -> None:
    assert canonical(canonical(host)) == canonical(host)


@pytest.mark.parametrize(
    ("place", "wanted"),
    [("LocalHost:1", "127.0.0.1:1"), ("[::1]:1", "127.0.0.1:1"), ("[2001:DB8::2]:7", "[2001:db8::2]:7")],
)
def test_a_place_keeps_its_port(place: str, wanted: str) -> None:
    assert canonical_address(place) == wanted


ONLY_OURS = "127.0.0.2 127.255.255.254 127.1.1 0x7f.0.0.2 017700000001 00000000000017700000001 ::ffff:127.0.0.9".split()
ONLY_OURS += ["[::ffff:127.8.0.1]", "ip6-localhost", "ip6-loopback", " localhost "]
OTHERS = "0.0.0.0 0 0x0 :: [::] ::ffff:0.0.0.0 ::ffff:10.0.0.1 128.0.0.1 126.255.255.255 localhost.example".split()
OTHERS += ["", "127.0.0.1.example", "notlocalhost", "127.0.0.256", "chat.example", "::2", "fe80::1%lo"]


@pytest.mark.parametrize("host", [*OURS, *ONLY_OURS])
def test_what_only_this_machine_reaches(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", OTHERS)
def test_what_others_reach_or_may_reach(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("chat.example", ("chat.example", None)),
        ("chat.example:7667", ("chat.example", "7667")),
        (" 127.0.0.1:1\n", ("127.0.0.1", "1")),
        ("::1", ("::1", None)),
        ("fe80::1%eth0", ("fe80::1%eth0", None)),
        ("[::1]", ("::1", None)),
        ("[::1]:7667", ("::1", "7667")),
        ("[127.0.0.1]:7667", ("127.0.0.1", "7667")),
        ("host:", ("host", "")),
        (":1", ("", "1")),
        ("", ("", None)),
    ],
)
def test_a_port_is_told_from_an_address(text: str, wanted: tuple[str, str | None]) -> None:
    assert split_port(text) == wanted


@pytest.mark.parametrize("text", ["[::1", "[::1]x", "[::1]7667", "["])
def test_a_bracket_encloses_an_address(text: str) -> None:
    with pytest.raises(ValueError, match="is written"):
        split_port(text)
