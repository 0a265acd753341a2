"""A socket is set up as every connection wants it, whatever its family, and whoever has gone already."""

import errno
import os
import socket

import pytest

from reactor_chat.reactor.sockets import GONE_SECONDS_MAX, because, prepare

NAMES = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_USER_TIMEOUT")


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
        assert 0 < worst_case_seconds(sock) <= GONE_SECONDS_MAX


def worst_case_seconds(sock: socket.socket) -> float:
    """How long the kernel may take for another machine that vanished, as it is set up; Linux gives no more than this.

    It asks when nothing came for a while, then at intervals; it gives up at the first of these times at which the limit
    is passed.  What is sent just before that is repeated until the limit is passed once more.
    """
    option = {name: sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in NAMES}
    limit_seconds = option["TCP_USER_TIMEOUT"] / 1_000
    assert limit_seconds, "the kernel repeats what is not acknowledged for 15 minutes"
    asked_at = option["TCP_KEEPIDLE"] + option["TCP_KEEPINTVL"]  # once asked, at the next interval at the earliest
    while asked_at < limit_seconds:
        asked_at += option["TCP_KEEPINTVL"]
    return asked_at + limit_seconds


def test_a_socket_of_this_machine() -> None:
    one, other = socket.socketpair()
    with one, other:
        prepare(one)
        assert one.gettimeout() == 0.0


def test_the_words_for_the_log_say_what_happened_to_the_connection() -> None:
    assert because(OSError(errno.ENOTCONN, "Transport endpoint is not connected")) == "connection lost"
    assert because(OSError(errno.ECONNRESET, "a peer's words")) == os.strerror(errno.ECONNRESET)
