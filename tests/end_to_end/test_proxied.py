"""A server behind a proxy: who is there is counted, banned and logged by the address that the proxy names."""

import socket

from tests.end_to_end.client import WAIT_SECONDS, Server, framed
from tests.reactor.test_proxied import header, tcp4, tcp6

LOGIN = framed({"type": "login", "name": "Ann", "protocol": 1})


def behind(port: int, data: bytes) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)
    sock.sendall(data)
    return sock


def heard(sock: socket.socket, words: bytes = b"") -> bytes:
    """What comes up to these words; without any, up to the end."""
    data = b""
    while not words or words not in data:
        try:
            more = sock.recv(65_536)
        except ConnectionResetError:
            more = b""  # closed before all that we sent was read
        if not more:
            break
        data += more
    assert words in data
    return data


def test_a_named_proxy_says_who_is_there() -> None:
    with Server("--proxy-from", "192.0.2.77,127.0.0.0/8", "--connections-per-address-max", "1") as server:
        with behind(server.port, tcp4("203.0.113.5") + LOGIN) as ann:
            heard(ann, b'"welcome"')
            with behind(server.port, tcp4("203.0.113.5", 4321)) as other:
                assert b"connections from your address" in heard(other)
            with behind(server.port, tcp6("2001:db8::5")) as third:
                heard(third, b'"hello"')
            with behind(server.lines_port, tcp4("203.0.113.6")) as typist:
                heard(typist, b"username: ")
            with behind(server.port, header(0x20, 0x00)) as check:
                heard(check, b'"hello"')
            server.log_says("from=203.0.113.5:1234")
            for first in (LOGIN, b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", header(0x21, 0x11)):
                with behind(server.port, first) as wrong:
                    assert heard(wrong) == b""
        assert server.stop() == 0


def test_a_header_from_anybody_else_is_a_violation() -> None:
    with Server("--proxy-from", "192.0.2.77") as server:
        with behind(server.port, tcp4()) as sock:
            assert b'"violation"' in heard(sock, b'"bye"')
        with behind(server.lines_port, tcp4()) as sock:
            assert b"--proxy-from" in heard(sock)
        server.check()
