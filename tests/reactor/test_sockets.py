"""A socket is set up as every connection wants it, whatever its family, and whoever has gone already."""

import os
import socket

import pytest

from reactor_chat.reactor.sockets import prepare


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_tcp_socket(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as server,
        socket.create_connection(server.getsockname()[:2]) as sock,
    ):
        sock.set_inheritable(True)
        prepare(sock)
        assert sock.gettimeout() == 0.0
        assert not os.get_inheritable(sock.fileno())
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60


def test_a_socket_of_this_machine() -> None:
    one, other = socket.socketpair()
    with one, other:
        prepare(one)
        assert one.gettimeout() == 0.0
