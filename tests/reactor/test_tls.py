"""The filter back to back with itself, without sockets: cut anywhere, damaged, endless, and in every length."""

import contextlib
import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import TlsBroken
from reactor_chat.reactor.tls import (
    RECORD_BYTES,
    SEALED_BYTES_MAX,
    TlsContext,
    TlsFilter,
    client_context,
    key_sha256,
    server_context,
)
from tests.reactor.certificates import certificate_and_key, contexts, filters, moved, shaken, spki, written

LENGTHS = [1, 2, 100, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 5 * RECORD_BYTES, SEALED_BYTES_MAX]


def flight(server: TlsFilter, client: TlsFilter, number: int) -> tuple[TlsFilter, bytes]:
    """Bring a handshake to its third part so-and-so; returns who has to read it, and the bytes."""
    source, target = client, server
    for _ in range(number):
        moved(source, target)
        source, target = target, source
    return target, source.unsent


def record_bytes(sealed: bytes) -> list[int]:
    """The lengths of the records in a stream."""
    lengths, place = [], 0
    while place < len(sealed):
        lengths.append(5 + int.from_bytes(sealed[place + 3 : place + 5], "big"))
        place += lengths[-1]
    assert place == len(sealed), "a record is cut"
    return lengths


# ------------------------------------------------------------------ the ordinary


@pytest.mark.parametrize("piece_bytes", [1 << 30, 1000, 7, 1])
def test_a_handshake_in_pieces_of_any_length(piece_bytes: int) -> None:
    server, client = shaken(piece_bytes)
    assert client.peer_key_sha256 == hashlib.sha256(spki()).digest()
    for source, target in ((server, client), (client, server)):
        assert source.seal(b"Hello") == 5
        assert moved(source, target, piece_bytes) == b"Hello"
        assert not source.unsent


def test_every_flight_cut_in_two_at_every_byte() -> None:
    for number in range(3):
        whole = len(flight(*filters(), number)[1])
        assert whole > 50
        for cut in range(1, whole):
            server, client = filters()
            target, data = flight(server, client, number)
            (client if target is server else server).left(len(data))
            target.receive(data[:cut])
            target.receive(data[cut:])
            while not (server.is_ready and client.is_ready):
                moved(client, server)
                moved(server, client)
            client.seal(b"after")
            assert moved(client, server) == b"after"


@pytest.mark.parametrize("length", LENGTHS)
def test_every_length_goes_through_in_records_that_are_full(length: int) -> None:
    server, client = shaken()
    data = bytes(number % 251 for number in range(length))
    assert server.seal(data) == length
    records = record_bytes(server.unsent)
    assert len(records) == -(-length // RECORD_BYTES)
    assert moved(server, client) == data


def test_no_more_is_sealed_at_once_than_is_allowed() -> None:
    server, client = shaken()
    data = bytes(SEALED_BYTES_MAX + 1)
    assert server.seal(data) == SEALED_BYTES_MAX
    assert len(server.unsent) < SEALED_BYTES_MAX * 1.01
    assert moved(server, client) == data[:-1]


@given(st.lists(st.binary(min_size=1, max_size=3000), max_size=8), st.integers(1, 5000), st.integers(1, 5000))
def test_what_goes_in_comes_out_however_it_is_cut(said: list[bytes], sent_bytes: int, piece_bytes: int) -> None:
    server, client = shaken()
    heard = b""
    for data in said:
        client.seal(data)
        part = client.unsent[:sent_bytes]  # the kernel takes a part
        client.left(len(part))
        for place in range(0, len(part), piece_bytes):
            heard += server.receive(part[place : place + piece_bytes])
    heard += moved(client, server, piece_bytes)
    assert heard == b"".join(said)


def test_nothing_is_sealed_before_the_handshake() -> None:
    with pytest.raises(AssertionError):
        filters()[1].seal(b"too early")


def test_a_farewell_is_told_from_a_cut_and_the_other_side_may_go_on() -> None:
    server, client = shaken()
    client.seal(b"last words")
    client.close()
    assert client.is_closed
    assert moved(client, server) == b"last words"
    assert server.has_ended
    server.seal(b"not mine")
    assert moved(server, client) == b"not mine"
    server.close()
    moved(server, client)
    assert client.has_ended
    assert server.receive(b"\x17\x03\x03\x00\x05hello") == b"", "what comes behind a farewell was not said"


def test_a_farewell_before_the_handshake_is_nothing() -> None:
    server, _ = filters()
    server.close()
    assert not server.unsent


def test_one_context_serves_many_at_once() -> None:
    pairs = [filters() for _ in range(20)]
    for number in range(6):
        for server, client in pairs:
            moved(*((client, server) if number % 2 == 0 else (server, client)))
    for number, (server, client) in enumerate(pairs):
        client.seal(b"%d" % number)
        assert moved(client, server) == b"%d" % number


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=40), st.booleans()), max_size=12))
def test_ones_damage_is_nobody_elses(steps: list[tuple[int, bytes, bool]]) -> None:
    pairs, broken = [shaken() for _ in range(4)], set[int]()
    for number, data, is_damage in steps:
        server, client = pairs[number]
        if number in broken or not data:
            continue
        client.seal(data)
        if is_damage:
            sealed = client.unsent
            client.left(len(sealed))
            with pytest.raises(TlsBroken):
                server.receive(sealed[:-1] + bytes([sealed[-1] ^ 1]) + data)
            broken.add(number)
        else:
            assert moved(client, server) == data
    for number in set(range(4)) - broken:
        server, client = pairs[number]
        server.seal(b"well")
        assert moved(server, client) == b"well"


# ------------------------------------------------------------------ the hostile


@pytest.mark.parametrize(
    "said", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00\x00\x02{}", b"John\n", b"\x17\x03\x03\x00\x01x"]
)
@pytest.mark.parametrize("side", [0, 1])
def test_what_is_no_tls_is_called_so(said: bytes, side: int) -> None:
    one = filters()[side]
    assert one.speaks_tls
    with pytest.raises(TlsBroken, match="speaks no TLS"):
        one.receive(said)
    assert not one.speaks_tls


@given(st.sampled_from([21, 22]), st.binary(min_size=1, max_size=600), st.integers(0, 1))
def test_garbage_that_begins_like_tls_is_an_error_or_waits_for_more(kind: int, garbage: bytes, side: int) -> None:
    one = filters()[side]
    with contextlib.suppress(TlsBroken):
        assert one.receive(bytes([kind]) + garbage) == b""
    assert not one.is_ready


@pytest.mark.parametrize("number", range(3))
def test_a_flipped_bit_anywhere_in_the_handshake_ends_it_or_changes_nothing(number: int) -> None:
    length = len(flight(*filters(), number)[1])
    broken = 0
    for place in range(0, length, 5):
        server, client = filters()
        target, data = flight(server, client, number)
        source = client if target is server else server
        source.left(len(data))
        damaged = bytearray(data)
        damaged[place] ^= 1
        try:
            target.receive(bytes(damaged))
            for _ in range(3):
                moved(target, source)
                moved(source, target)
        except TlsBroken:
            broken += 1
    assert broken > length // 5 * 0.8


def test_a_damaged_record_is_the_end() -> None:
    server, client = shaken()
    client.seal(b"x" * 100)
    damaged = bytearray(client.unsent)
    damaged[50] ^= 1
    with pytest.raises(TlsBroken, match="decryption failed or bad record mac"):
        server.receive(bytes(damaged))
    assert server.unsent, "the peer is told by an alert"
    with pytest.raises(TlsBroken):
        server.receive(b"\x17\x03\x03\x00\x05hello")


def test_a_replayed_record_and_one_left_out_are_the_end() -> None:
    for order in ([0, 0], [1]):
        server, client = shaken()
        records = []
        for word in (b"one", b"two"):
            client.seal(word)
            records.append(client.unsent)
            client.left(len(client.unsent))
        *before, last = order
        for number in before:
            server.receive(records[number])
        with pytest.raises(TlsBroken):
            server.receive(records[last])


def test_a_record_that_is_too_long_is_refused_by_its_header() -> None:
    server, _ = shaken()
    with pytest.raises(TlsBroken):
        server.receive(b"\x17\x03\x03\xff\xff")


def test_old_versions_are_refused_and_told_so() -> None:
    server, _ = filters()
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode, old.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2
    client = TlsFilter(TlsContext(old))
    with pytest.raises(TlsBroken, match="unsupported protocol"):
        moved(client, server)
    with pytest.raises(TlsBroken, match="alert protocol version"):
        moved(server, client)


def test_a_client_takes_no_old_version_either(tmp_path: Path) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(written(tmp_path))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    server, client = TlsFilter(TlsContext(old)), filters()[1]
    with pytest.raises(TlsBroken):
        moved(client, server)


# ------------------------------------------------------------------ what it costs


def test_neither_side_keeps_what_went_through() -> None:
    """OpenSSL's buffers never shrink, so none of them may ever have been large."""
    server, client = shaken()
    server.seal(bytes(SEALED_BYTES_MAX))
    assert moved(server, client) == bytes(SEALED_BYTES_MAX)
    for one in (server, client):
        assert not one.unsent
        assert one._incoming.pending == one._outgoing.pending == 0


def test_no_tickets_are_sent() -> None:
    server, client = shaken()
    assert not server.unsent
    assert not client.unsent


# ------------------------------------------------------------------ keys


def test_the_key_is_what_counts_and_not_the_certificate() -> None:
    one, other = (certificate_and_key(seed)[0].public_bytes(Encoding.DER) for seed in (1, 2))
    assert key_sha256(one) == hashlib.sha256(spki(1)).digest() != key_sha256(other)


@pytest.mark.parametrize("what", [b"", b"\x30", b"no certificate", bytes(1000)])
def test_what_is_no_certificate(what: bytes) -> None:
    with pytest.raises(TlsBroken, match="certificate"):
        key_sha256(what)


def test_nobody_has_a_key_before_the_handshake() -> None:
    with pytest.raises(AssertionError):
        _ = filters()[1].peer_key_sha256


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    certificate, key = certificate_and_key()
    file = tmp_path / "locked.pem"
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    file.write_bytes(locked + certificate.public_bytes(Encoding.PEM))
    with pytest.raises(OSError, match="PEM"):
        server_context(file)


def test_files_that_do_not_belong_together_or_are_none(tmp_path: Path) -> None:
    first, second = written(tmp_path, 1), written(tmp_path, 2)
    nothing = tmp_path / "empty"
    nothing.write_text("")
    for certificate, key in ((nothing, None), (first, nothing), (first, second), (tmp_path / "none", None)):
        with pytest.raises(OSError, match=r"PEM|KEY_VALUES|No such|NO_START|x509"):
            server_context(certificate, key)
    assert server_context(first, first).settings.minimum_version is ssl.TLSVersion.TLSv1_3
    assert client_context().settings.minimum_version is ssl.TLSVersion.TLSv1_3
    assert contexts()[0].settings.num_tickets == 0
