"""TLS from outside: a key that is known again, a login that is bound to it, and what becomes of those who attack it."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.errors import TlsBroken
from reactor_chat.reactor.tls import TlsContext, TlsFilter, client_context
from reactor_chat.wire.transcript import binding_of, pin_of
from tests.client.processes import client_command, environment
from tests.conftest import NIGHTLY
from tests.end_to_end.client import WAIT_SECONDS, Server, run_server
from tests.reactor.certificates import written

CUT_STEP = 1 if os.environ.get(NIGHTLY) == "1" else 7
CUTS_PER_SERVER = 150
"""A server writes so many lines of a kind at once and no more; here each is counted."""
END_BYTES = 74
"""What a client says last is longer; here it is never whole."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(tls=True) as server:
        yield server


def talk(port: int, home: Path, *options: str, host: str = "127.0.0.1") -> subprocess.CompletedProcess[str]:
    """One run of the client in a pipe, with TLS, as a guest."""
    command = client_command(host, port, "--home", str(home), "--guest", "--name", "Ann", *options, tls=True)
    return subprocess.run(
        command, input="hello\n", capture_output=True, text=True, timeout=WAIT_SECONDS, env=environment(), check=False
    )


def news(done: subprocess.CompletedProcess[str]) -> list[str]:
    return done.stderr.splitlines()


# ------------------------------------------------------------------ the key


def test_the_first_contact_shows_the_key_and_the_second_says_nothing(server: Server, tmp_path: Path) -> None:
    first, second = (talk(server.port, tmp_path / "home") for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(news(first)) == 1
    assert server.pin in first.stderr
    assert news(second) == []
    assert first.stdout == second.stdout == "[Welcome Ann]\n[Ann:] hello\n"
    assert f"127.0.0.1:{server.port} {server.pin} " in (tmp_path / "home" / "known_servers").read_text()


def test_another_key_is_a_hard_stop_until_it_is_named(server: Server, tmp_path: Path) -> None:
    home, strange = tmp_path / "home", pin_of(bytes(32))
    talk(server.port, home)
    known = home / "known_servers"
    known.write_text(known.read_text().replace(server.pin, strange))
    before = server.stderr().count("opened from")
    done = talk(server.port, home)
    assert done.returncode == 77
    assert done.stdout == ""
    assert server.pin in news(done)[0]
    assert strange in news(done)[0]
    assert f"--pin {server.pin}" in news(done)[0]
    accepted, again = talk(server.port, home, "--pin", server.pin), talk(server.port, home)
    assert (accepted.returncode, len(news(accepted))) == (0, 1)
    assert (again.returncode, news(again)) == (0, [])
    lines = [line for line in server.stderr().splitlines() if f"conn={before + 1} " in line]
    assert lines[-1].endswith("closed: the peer went away during the TLS handshake"), "not a byte was said to it"


def test_a_named_key_is_checked_at_the_first_contact(server: Server, tmp_path: Path) -> None:
    right, wrong = server.pin, pin_of(bytes(32))
    link = f"chat://127.0.0.1:{server.port}/#"
    assert talk(server.port, tmp_path / "a", "--pin", right).returncode == 0
    assert talk(server.port, tmp_path / "b", host=link + right).returncode == 0
    for done in (
        talk(server.port, tmp_path / "c", "--pin", wrong),
        talk(server.port, tmp_path / "c", host=link + wrong),
    ):
        assert done.returncode == 77
        assert right in news(done)[0]
        assert wrong in news(done)[0]
    assert not (tmp_path / "c").exists()


def test_whoever_comes_back_looks_at_the_key_again(tmp_path: Path) -> None:
    with Server(tls=True, storage=("--data", str(tmp_path / "one"))) as server:
        command = client_command(
            "127.0.0.1", server.port, "--home", str(tmp_path / "home"), "--guest", "--name", "Ann", tls=True
        )
        with subprocess.Popen(
            command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as client:
            assert client.stdout is not None
            assert client.stderr is not None
            assert client.stdout.readline() == b"[Welcome Ann]\n"
            server.process.kill()
            server.process.wait(WAIT_SECONDS)
            with Server("--port", str(server.port), tls=True, storage=("--data", str(tmp_path / "other"))) as other:
                assert client.wait(WAIT_SECONDS) == 77
                last = client.stderr.read().decode().splitlines()[-1]
                assert server.pin in last
                assert other.pin in last
                assert "logged in" not in other.stderr()


def test_a_server_keeps_its_key_and_an_old_directory_gets_one(tmp_path: Path) -> None:
    storage = ("--data", str(tmp_path))
    with Server(storage=storage) as server:
        server.client("Ann").until_pong()
    assert not (tmp_path / "tls.pem").exists()
    with Server(storage=storage, tls=True) as first:
        first.client("Bob").until_pong()
    assert (tmp_path / "tls.pem").stat().st_mode & 0o777 == 0o600
    with Server(storage=storage, tls=True) as second:
        assert second.pin == first.pin
    (tmp_path / "tls.pem").chmod(0o644)
    done = run_server("--port", "0", *storage)
    assert done.returncode == 1
    assert "chmod 600" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_directory_each_start_has_a_key_of_its_own() -> None:
    with Server(tls=True) as one, Server(tls=True) as other:
        assert binding_of(one.pin) != binding_of(other.pin) is not None


def test_a_login_is_bound_to_the_key_that_the_client_saw(server: Server) -> None:
    key = Ed25519PrivateKey.generate()
    client = server.client()
    assert pin_of(client.binding) == server.pin
    right, client.binding = client.binding, bytes(32)
    client.send("login", name="Owner", protocol=1, **client.proof("Owner", key))
    client.refused("bad_signature")
    client.binding = bytes(31) + b"\x01"
    client.send("login", name="Owner", protocol=1, **client.proof("Owner", key))
    client.refused("bad_signature")
    client.binding = right
    client.login("Owner", **client.proof("Owner", key))


# ------------------------------------------------------------------ certificates of one's own, and new ones


def test_a_new_certificate_drops_nobody_and_old_connections_keep_their_key(tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    shutil.copy(written(tmp_path, 1), file)
    with Server("--cert", str(file), tls=True) as server:
        ann, nobody = server.client("Ann"), server.client()
        old = server.pin
        shutil.copy(written(tmp_path, 2), file)
        server.process.send_signal(signal.SIGHUP)
        server.log_says("certificate reloaded: key ")
        key = Ed25519PrivateKey.generate()
        nobody.login("Bob", **nobody.proof("Bob", key))
        ann.until_pong()
        new = server.client()
        assert pin_of(nobody.binding) == old != pin_of(new.binding)
        new.login("Eve", **new.proof("Eve", key))
        file.write_text("nothing")
        server.process.send_signal(signal.SIGHUP)
        server.log_says("certificate not reloaded: ")
        assert server.client().binding == new.binding
        ann.until_pong()
        server.check()


def test_certificate_and_key_in_two_files(tmp_path: Path) -> None:
    both = written(tmp_path, 1).read_text()
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    at = both.index("-----BEGIN CERTIFICATE")
    key.write_text(both[:at])
    certificate.write_text(both[at:])
    with Server("--cert", str(certificate), "--key", str(key), tls=True) as server:
        server.client("Ann").until_pong()
    for wrong in (["--cert", str(certificate)], ["--cert", str(certificate), "--key", str(written(tmp_path, 2))],
                  ["--cert", str(key)], ["--cert", str(tmp_path / "none")]):  # fmt: skip
        done = run_server("--memory", "--port", "0", *wrong)
        assert done.returncode == 1
        assert len([line for line in done.stderr.splitlines() if line.startswith("reactor-chatd: ")]) == 1
        assert "Traceback" not in done.stderr


# ------------------------------------------------------------------ the wrong door


def test_a_client_with_tls_on_a_server_without_says_what_is_going_on(tmp_path: Path) -> None:
    with Server() as server:
        for port in (server.port, server.lines_port):
            done = talk(port, tmp_path / "home")
            assert done.returncode == 69
            assert "speaks no TLS" in news(done)[0]
            assert "--plaintext" in news(done)[0]


# ------------------------------------------------------------------ attacks


def serve_somebody(server: Server) -> None:
    client = server.client()
    client.login(f"Ann{client.sock.getsockname()[1]}")
    client.until_pong()
    client.close()


class Attack:
    """A raw connection that says something else than a client, and waits until it is closed."""

    def __init__(self, server: Server, said: bytes) -> None:
        self.began = time.monotonic()
        self.sock = socket.create_connection(("127.0.0.1", server.port), WAIT_SECONDS)
        server.streams.append(self)  # type: ignore[arg-type]
        self.name = f"from=127.0.0.1:{self.sock.getsockname()[1]} "
        self.sock.sendall(said)

    def closed_after_seconds(self) -> float:
        try:
            while self.sock.recv(1 << 16):
                pass
        except ConnectionError:
            pass
        return time.monotonic() - self.began

    def close(self) -> None:
        self.sock.close()


def cpu_seconds(server: Server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def words_about(server: Server, attack: Attack) -> list[str]:
    """What the log says about an attack, besides that it came."""
    server.log_says(attack.name)
    (opened,) = (line for line in server.stderr().splitlines() if attack.name in line)
    conn = "conn=" + opened.split("conn=")[1].split()[0] + " "
    server.log_says(conn + "closed")
    return [line for line in server.stderr().splitlines() if conn in line and line != opened]


def client_hello() -> bytes:
    return TlsFilter(client_context()).unsent


def old_hello() -> bytes:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode, old.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2
    return TlsFilter(TlsContext(old)).unsent


AT_ONCE = {
    "plain text": b"GET / HTTP/1.1\r\n\r\n",
    "a frame": b'\x00\x00\x00\x0f{"type":"quit"}',
    "garbage": bytes(range(255, 0, -1)) * 100,
    "garbage in a record": b"\x16\x03\x01\x02\x00" + bytes(range(256)) * 2,
    "a record without end": b"\x16\x03\x01\xff\xff" + bytes(1000),
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "application data": b"\x17\x03\x03\x00\x05hello",
    "TLS 1.2": old_hello(),
    "two hellos": client_hello() * 2,
}


@pytest.mark.parametrize("attack", AT_ONCE)
def test_what_is_no_handshake_is_closed_at_once_with_one_line(server: Server, attack: str) -> None:
    made = Attack(server, AT_ONCE[attack])
    assert made.closed_after_seconds() < 5.0
    (line,) = words_about(server, made)
    assert "TLS" in line


def cut_handshake(server: Server, place: int) -> Attack:
    """Go away after so many bytes of what a client says in a handshake: its hello, then its end."""
    client = TlsFilter(client_context())
    made = Attack(server, client.unsent[:place])
    rest_bytes = place - len(client.unsent)
    if rest_bytes >= 0:
        client.left(len(client.unsent))
        while not client.is_ready:
            client.receive(made.sock.recv(1 << 16))
        made.sock.sendall(client.unsent[:rest_bytes])
    made.close()
    return made


def test_a_handshake_cut_at_every_byte_is_one_line_each_and_costs_little() -> None:
    places = range(0, len(client_hello()) + END_BYTES, CUT_STEP)
    for first in range(0, len(places), CUTS_PER_SERVER):
        with Server(tls=True) as server:
            before = cpu_seconds(server)
            attacks = [cut_handshake(server, place) for place in places[first : first + CUTS_PER_SERVER]]
            serve_somebody(server)
            for made in attacks:
                (line,) = words_about(server, made)
                assert "the peer went away during the TLS handshake" in line or "reset" in line
            assert cpu_seconds(server) - before < 0.02 * len(attacks) + 1.0


def test_who_stops_in_the_handshake_is_closed_in_ten_seconds_with_one_line_and_costs_nothing(server: Server) -> None:
    command = client_command("127.0.0.1", server.port, "--name", "Ann", "--plaintext")
    plain = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    hello = client_hello()
    attacks = [Attack(server, hello[:place]) for place in (0, 1, 4, 5, 6, 100, len(hello) - 1, len(hello))]
    client = TlsFilter(client_context())
    attacks.append(Attack(server, client.unsent))
    client.left(len(client.unsent))
    while not client.is_ready:
        client.receive(attacks[-1].sock.recv(1 << 16))
    attacks[-1].sock.sendall(client.unsent[:-1])
    serve_somebody(server)
    before = cpu_seconds(server)
    seconds = [made.closed_after_seconds() for made in attacks]
    assert max(seconds) <= 10.0
    assert cpu_seconds(server) - before < 2.0
    for made in attacks:
        (line,) = words_about(server, made)
        assert line.endswith("closed: the TLS handshake took too long")
    assert b"leave out --plaintext" in plain.communicate(timeout=WAIT_SECONDS)[1], "a client of ours is told what to do"
    assert plain.returncode == 69


def test_who_is_attacked_so_still_serves_and_forgets_no_descriptor(server: Server) -> None:
    def descriptors() -> int:
        return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))

    serve_somebody(server)
    before = descriptors()
    for said in AT_ONCE.values():
        Attack(server, said).closed_after_seconds()
    serve_somebody(server)
    assert descriptors() <= before + 1


def test_a_damaged_record_ends_that_connection_only(server: Server) -> None:
    ann = server.client("Ann")
    made = Attack(server, b"")
    client = TlsFilter(client_context())
    made.sock.sendall(client.unsent)
    client.left(len(client.unsent))
    while not client.is_ready:
        client.receive(made.sock.recv(1 << 16))
    client.seal(b"x")
    made.sock.sendall(client.unsent[:-1] + bytes([client.unsent[-1] ^ 1]))
    said = b"".join(iter(lambda: made.sock.recv(1 << 16), b""))
    with pytest.raises(TlsBroken, match="alert bad record mac"):
        client.receive(said)
    ann.until_pong()
    ann.close()
    (line,) = words_about(server, made)
    assert "TLS failed" in line


def test_the_end_is_said_in_tls_too(server: Server) -> None:
    client = server.client("Leaver")
    client.send("quit")
    assert client.to_the_end()[-1]["reason"] == "quit"
