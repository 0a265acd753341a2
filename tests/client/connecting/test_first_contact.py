"""The first look at a server's key: it is remembered or refused, and whoever is there instead is told in words."""

import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reactor_chat.client.boundary import ExitStatus
from reactor_chat.client.connecting.first_contact import FirstContact, Met, Missed
from reactor_chat.client.connecting.server_key import ServerKey
from reactor_chat.client.store.known_servers import KnownServers
from reactor_chat.errors import TrustError
from reactor_chat.wire.transcript import binding_of
from tests.end_to_end.client import Server

NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(tls=True) as server:
        yield server


def look(home: Path, port: int, host: str = "127.0.0.1", pinned: bytes | None = None) -> Met | Missed:
    key = ServerKey(KnownServers(home), host, port, lambda: NOW, pinned=pinned)
    return FirstContact(host, port, f"{host} port {port}", key).run()


def test_the_key_is_seen_and_remembered(server: Server, tmp_path: Path) -> None:
    binding = binding_of(server.pin)
    met = look(tmp_path, server.port)
    assert isinstance(met, Met)
    assert met.binding == binding
    assert server.pin in str(met.news)
    assert look(tmp_path, server.port) == Met(binding, None)
    assert KnownServers(tmp_path).addresses_of(binding) == [f"127.0.0.1:{server.port}"]


def test_a_key_that_was_not_named_is_refused_and_not_remembered(server: Server, tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="--pin"):
        look(tmp_path, server.port, pinned=bytes(32))
    assert KnownServers(tmp_path).find(f"127.0.0.1:{server.port}") is None


def test_whoever_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    nobody = look(tmp_path, port)
    assert isinstance(nobody, Missed)
    assert (nobody.status, "No server at" in nobody.text) == (ExitStatus.NO_SERVER, True)
    unknown = look(tmp_path, port, "x" * 70)
    assert isinstance(unknown, Missed)
    assert (unknown.status, "Unknown host" in unknown.text) == (ExitStatus.HOST_UNKNOWN, True)


def test_a_server_without_tls_is_told_apart(tmp_path: Path) -> None:
    with Server() as plain:
        met = look(tmp_path, plain.port)
    assert isinstance(met, Missed)
    assert met.status is ExitStatus.NO_SERVER
    assert "--plaintext" in met.text
    assert KnownServers(tmp_path).find(f"127.0.0.1:{plain.port}") is None


def test_a_person_can_go_while_nobody_answers(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        assert look(tmp_path, silent.getsockname()[1]) == Missed(ExitStatus.DONE)
    assert signal.getsignal(signal.SIGTERM) is before
