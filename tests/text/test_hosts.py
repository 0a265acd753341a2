"""One spelling for each host: what a system takes for the same machine is the same, and nothing else is."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.text.hosts import LOOPBACK, canonical, canonical_place

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
def test_any_text_has_one_spelling_and_that_is_its_own(host: str) -> None:
    assert canonical(canonical(host)) == canonical(host)


@pytest.mark.parametrize(
    ("place", "wanted"),
    [("LocalHost:1", "127.0.0.1:1"), ("[::1]:1", "127.0.0.1:1"), ("[2001:DB8::2]:7", "[2001:db8::2]:7")],
)
def test_a_place_keeps_its_port(place: str, wanted: str) -> None:
    assert canonical_place(place) == wanted
