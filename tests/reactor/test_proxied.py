"""PROXY headers: every way to cut one, every byte that may be wrong, and what becomes of the connection behind it."""

import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import ProxyHeaderInvalid
from reactor_chat.reactor.proxied import HEADER_SECONDS_MAX, SIGNATURE, ProxiedArrival, ProxyHeader
from tests.reactor.conftest import World


def header(command: int = 0x21, kind: int = 0x11, addresses: bytes = b"", tail: bytes = b"") -> bytes:
    body = addresses + tail
    return SIGNATURE + pack(">BBH", command, kind, len(body)) + body


def tcp4(source: str = "192.0.2.1", port: int = 1234, tail: bytes = b"") -> bytes:
    addresses = IPv4Address(source).packed + IPv4Address("198.51.100.1").packed + pack(">HH", port, 7667)
    return header(0x21, 0x11, addresses, tail)


def tcp6(source: str = "2001:db8::1", port: int = 1234, tail: bytes = b"") -> bytes:
    addresses = IPv6Address(source).packed + IPv6Address("2001:db8::2").packed + pack(">HH", port, 7667)
    return header(0x21, 0x21, addresses, tail)


def read(data: bytes, cuts: list[int]) -> tuple[str | None, bytes]:
    """The source of a header that comes in pieces, and what is left of the stream behind it."""
    decoder, place = ProxyHeader(), 0
    sizes = iter(cuts)
    while decoder.wanted_bytes and place < len(data):
        size = max(1, min(next(sizes, 1), decoder.wanted_bytes))
        piece = data[place : place + size]
        decoder.feed(piece)
        place += len(piece)
    assert not decoder.wanted_bytes, "it wants more than there is"
    return decoder.source, data[place:]


WHOLE = [
    (tcp4(), "192.0.2.1:1234"),
    (tcp4("0.0.0.0", 0), "0.0.0.0:0"),  # noqa: S104  an address in a header, nothing listens there
    (tcp4(tail=b"\x04\x00\x05later"), "192.0.2.1:1234"),
    (tcp4(tail=bytes(65_523)), "192.0.2.1:1234"),
    (tcp6(), "[2001:db8::1]:1234"),
    (tcp6("::ffff:192.0.2.1"), "192.0.2.1:1234"),
    (header(0x20, 0x00), None),
    (header(0x20, 0x11, bytes(12)), None),
    (header(0x20, 0x11), None),
    (header(0x21, 0x00), None),
    (header(0x21, 0x12, bytes(12)), None),
    (header(0x21, 0x31, bytes(216)), None),
    (header(0x21, 0xFF, b"anything"), None),
]


@pytest.mark.parametrize(("data", "source"), WHOLE)
@given(cuts=st.lists(st.integers(1, 5_000), max_size=20), tail=st.binary(max_size=40))
def test_however_it_is_cut_it_says_the_same_and_takes_nothing_of_what_follows(
    data: bytes, source: str | None, cuts: list[int], tail: bytes
) -> None:
    assert read(data + tail, [*cuts, *[4_096] * 20]) == (source, tail)


@pytest.mark.parametrize("data", [
    b"GET / HTTP/1.1\r\n", b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n", b"\0" * 16, SIGNATURE[:-1] + b"\r" + bytes(4),
    header(0x11, 0x11, bytes(12)), header(0x22, 0x11, bytes(12)), header(0x01), header(0xFF), header(0x21, 0x11),
    header(0x21, 0x11, bytes(11)), header(0x21, 0x21, bytes(35)), header(0x21, 0x21, bytes(12)),
])  # fmt: skip
@pytest.mark.parametrize("size", [1, 3, 16])
def test_what_is_no_header_is_refused_as_soon_as_that_is_certain(data: bytes, size: int) -> None:
    with pytest.raises(ProxyHeaderInvalid):
        read(data + bytes(300), [size] * 400)


@given(st.binary(max_size=80), st.sampled_from([b"", SIGNATURE, SIGNATURE + b"\x21"]))
def test_any_bytes_are_a_header_or_none_or_not_enough(data: bytes, before: bytes) -> None:
    decoder, stream = ProxyHeader(), before + data
    with suppress(ProxyHeaderInvalid):
        while decoder.wanted_bytes and stream:
            piece, stream = stream[: decoder.wanted_bytes], stream[decoder.wanted_bytes :]
            decoder.feed(piece)


# ------------------------------------------------------------------------------------------------ connections


class Porch:
    """Notes what is handed over, and what is over."""

    def __init__(self) -> None:
        self.opened: list[tuple[socket.socket, str]] = []
        self.ended = 0

    def open(self, sock: socket.socket, address: str) -> None:
        self.opened.append((sock, address))

    def end(self, _arrival: ProxiedArrival) -> None:
        self.ended += 1


def arrive(world: World) -> tuple[Porch, socket.socket, socket.socket]:
    ours, peer = world.tcp_pair()
    ours.settimeout(0.0)
    porch = Porch()
    ProxiedArrival(world.loop, ours, porch.open, porch.end)
    return porch, ours, peer.sock


def test_it_is_handed_over_with_everything_behind_the_header(world: World) -> None:
    porch, ours, proxy = arrive(world)
    data = tcp6(tail=b"t" * 5_000) + b"hello"
    for place in range(0, len(data), 700):
        proxy.send(data[place : place + 700])
        world.turn(3)
    world.until(lambda: porch.opened)
    assert porch.opened == [(ours, "[2001:db8::1]:1234")]
    assert porch.ended == 1
    assert ours.recv(100) == b"hello"


def test_a_proxy_that_speaks_for_itself_is_itself(world: World) -> None:
    porch, _, proxy = arrive(world)
    proxy.send(header(0x20, 0x00))
    world.until(lambda: porch.opened)
    assert porch.opened[0][1] == "{}:{}".format(*proxy.getsockname())


@pytest.mark.parametrize("data", [b"", SIGNATURE, tcp4()[:-1]])
def test_without_a_whole_header_it_is_closed_after_a_time(world: World, data: bytes) -> None:
    porch, ours, proxy = arrive(world)
    proxy.send(data)
    world.turn(5)
    world.pass_time(HEADER_SECONDS_MAX - 0.1)
    assert porch.ended == 0
    world.pass_time(0.2)
    assert (porch.opened, porch.ended, ours.fileno()) == ([], 1, -1)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b"\0\0\0\x02{}"])
def test_what_begins_otherwise_is_closed_at_once(world: World, data: bytes) -> None:
    porch, ours, proxy = arrive(world)
    proxy.send(data)
    world.until(lambda: porch.ended)
    assert (porch.opened, ours.fileno()) == ([], -1)


def test_a_proxy_that_goes_away_leaves_nothing_behind(world: World) -> None:
    porch, ours, proxy = arrive(world)
    proxy.send(SIGNATURE)
    world.turn(2)
    proxy.close()
    world.until(lambda: porch.ended)
    assert (porch.opened, ours.fileno()) == ([], -1)
