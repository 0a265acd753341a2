"""Addresses as people write them, and names that are none."""

import socket

import pytest

from reactor_chat.reactor.addresses import printable, resolve, text_of


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("192.0.2.1", 80), "192.0.2.1:80"),
        (("2001:db8::1", 80, 0, 0), "[2001:db8::1]:80"),
        (("fe80::1%eth0", 80, 0, 2), "[fe80::1%eth0]:80"),
        (("::ffff:192.0.2.1", 80, 0, 0), "192.0.2.1:80"),
        ("/run/chat.sock", "/run/chat.sock"),
        (b"\0abstract", "\0abstract"),
        ("", "local"),
    ],
)
def test_the_text_of_an_address(address: object, text: str) -> None:
    assert text_of(address) == text


def test_a_socket_without_a_peer_has_no_address() -> None:
    with socket.socket() as sock:
        assert printable(sock) == "?"


def test_an_address_resolves_to_itself() -> None:
    assert resolve("127.0.0.1", 80)[0][4] == ("127.0.0.1", 80)
    assert resolve("::1", 80)[0][4][:2] == ("::1", 80)


@pytest.mark.parametrize("host", ["x" * 300, "a..b", "\udcff", "a\0b"])
def test_what_is_no_name_is_refused_with_words(host: str) -> None:
    with pytest.raises(OSError, match=r"no name of a host|cannot find"):
        resolve(host, 80)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(OSError, match="there is no port"):
        resolve("127.0.0.1", port)
