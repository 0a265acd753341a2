"""A blocking client and a server process, for tests that look at the program from outside.

Nothing here sleeps: a read waits until what it wants has come, or fails after WAIT_SECONDS, many times what is needed.
"""

import base64
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.reactor.tls import client_context, key_sha256
from reactor_chat.wire.transcript import NO_BINDING, login_transcript

WAIT_SECONDS = 20.0
FRAME_BYTES_MAX = 65_536

Object = dict[str, Any]


def framed(message: Object | bytes) -> bytes:
    """One frame of an object, or of any bytes."""
    payload = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode("utf-8")
    return struct.pack(">I", len(payload)) + payload


class Stream:
    """A socket of which every read has an end."""

    def __init__(self, port: int, *, tls: bool = False) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.binding = NO_BINDING
        if tls:
            secured = client_context().settings.wrap_socket(self.sock)
            self.binding = key_sha256(secured.getpeercert(binary_form=True) or b"")
            self.sock = secured
        self.buffer = b""

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def more(self) -> bool:
        """Read once; False at the end of the stream."""
        try:
            data = self.sock.recv(1 << 16)
        except ConnectionError:
            return False
        self.buffer += data
        return bool(data)

    def half_close(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Vanish as a killed machine's kernel does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        self.sock.close()


class Client(Stream):
    """One connection to the frames door.

    Attributes:
        heard: every object received, oldest first.
        hello: the server's first word.
    """

    def __init__(self, port: int, *, tls: bool = False) -> None:
        super().__init__(port, tls=tls)
        self.heard: list[Object] = []
        self.hello = self.expect("hello")

    def send(self, type_: str, **fields: Any) -> None:
        self.raw(framed({"type": type_, **{key.rstrip("_"): value for key, value in fields.items()}}))

    def line(self, text: str, **fields: Any) -> None:
        self.send("line", text=text, **fields)

    def receive(self) -> Object | None:
        """The next object, or None at the end of the stream."""
        while True:
            if len(self.buffer) >= 4:
                end = 4 + struct.unpack(">I", self.buffer[:4])[0]
                assert 4 < end <= 4 + FRAME_BYTES_MAX, f"a frame of {end - 4} bytes"
                if len(self.buffer) >= end:
                    payload, self.buffer = self.buffer[4:end], self.buffer[end:]
                    self.heard.append(json.loads(payload.decode("utf-8")))
                    return self.heard[-1]
            if not self.more():
                return None

    def expect(self, type_: str, **fields: Any) -> Object:
        """Skip to the next object of this type and with these fields."""
        wanted = {key.rstrip("_"): value for key, value in fields.items()}
        passed: list[Object] = []
        try:
            while (got := self.receive()) is not None:
                if got["type"] == type_ and wanted.items() <= got.items():
                    return got
                passed.append(got)
        except TimeoutError:
            raise AssertionError(f"no {type_} {wanted} came, after {passed[-5:]}") from None
        raise AssertionError(f"closed before {type_} {wanted}, after {passed[-5:]}")

    def refused(self, code: str, **fields: Any) -> Object:
        return self.expect("refused", code=code, **fields)

    def login(self, name: str, **fields: Any) -> Object:
        self.send("login", name=name, protocol=1, **fields)
        return self.expect("welcome")

    def proof(self, name: str, key: Ed25519PrivateKey) -> dict[str, str]:
        """The fields by which a login claims or proves a name on this connection."""
        public = key.public_key().public_bytes_raw()
        nonce = base64.b64decode(self.hello["nonce"], validate=True)
        signature = key.sign(login_transcript(nonce, name, public, self.binding))
        return {"key": base64.b64encode(public).decode(), "signature": base64.b64encode(signature).decode()}

    def until_pong(self) -> list[Object]:
        """Everything that came before the answer to a ping of now."""
        mark, before = f"mark{len(self.heard)}", len(self.heard)
        self.send("ping", data=mark)
        self.expect("pong", data=mark)
        return self.heard[before:-1]

    def to_the_end(self) -> list[Object]:
        """Read until the server closes, and close too; returns what came."""
        before = len(self.heard)
        try:
            while self.receive() is not None:
                pass
        except TimeoutError:
            raise AssertionError(f"it is still open, after {self.heard[-5:]}") from None
        self.close()
        return self.heard[before:]


class Typist(Stream):
    """One connection to the lines door."""

    def __init__(self, port: int, name: str | None = None) -> None:
        super().__init__(port)
        if name is not None:
            self.type(name)
            self.until(f"[Welcome {name}]\n")

    def type(self, text: str, end: str = "\n") -> None:
        self.raw((text + end).encode("utf-8"))

    def until(self, words: str) -> str:
        """Read to the end of these words; returns everything up to there."""
        wanted = words.encode("utf-8")
        try:
            while wanted not in self.buffer:
                assert self.more(), f"closed before {words!r}, after {self.buffer!r}"
        except TimeoutError:
            raise AssertionError(f"no {words!r}, only {self.buffer!r}") from None
        end = self.buffer.index(wanted) + len(wanted)
        got, self.buffer = self.buffer[:end], self.buffer[end:]
        return got.decode("utf-8")

    def to_the_end(self) -> str:
        """Read until the server closes, and close too; returns what came."""
        while self.more():
            pass
        self.close()
        return self.buffer.decode("utf-8")


class Server:
    """A server process on free ports of this machine, and every connection to it.

    Args:
        options: further options of the command line.
        storage: the options that say where things are kept.
        rate: what `--rate` says; None where a file of options says it.
        tls: whether the frames door has TLS; its key is then in `pin`.
        root: the project that is served, where it is not this one.
        descriptors_max: how many it may have; None: as many as this process.
    """

    def __init__(
        self,
        *options: str,
        storage: tuple[str, ...] = ("--memory",),
        rate: str | None = "off",
        tls: bool = False,
        root: Path | None = None,
        descriptors_max: int | None = None,
    ) -> None:
        command = [sys.executable, "-m", "reactor_chat.server", "--port", "0", "--lines", "0"]
        command += [] if tls else ["--plaintext"]
        self.tls = tls
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self.streams: list[Stream] = []
        self.process = subprocess.Popen(
            [
                *_with_descriptors(descriptors_max),
                *command,
                *storage,
                *(() if rate is None else ("--rate", rate)),
                *options,
            ],
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=root,
            env=None if root is None else {**os.environ, "PYTHONPATH": str(root)},
        )
        try:
            self.port = self._port("frames")
            self.lines_port = self._port("lines")
            self.pin = self._rest_of_line().decode().strip().removeprefix("key ") if tls else ""
        except BaseException:
            self.close()
            raise

    def _port(self, door: str) -> int:
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], WAIT_SECONDS)[0], "it does not say that it listens"
        words = os.read(self.process.stdout.fileno(), 1) + self._rest_of_line()
        fields = dict(word.split("=", 1) for word in words.decode().split()[1:])
        assert fields.get("door") == door, f"{words!r}: {self.stderr()[-1_000:]}"
        return int(fields["port"])

    def _rest_of_line(self) -> bytes:
        assert self.process.stdout is not None
        line = b""
        while not line.endswith(b"\n") and (byte := os.read(self.process.stdout.fileno(), 1)):
            line += byte
        return line

    def client(self, name: str | None = None, **fields: Any) -> Client:
        client = Client(self.port, tls=self.tls)
        self.streams.append(client)
        if name is not None:
            client.login(name, **fields)
        return client

    def owner(self, name: str, key: Ed25519PrivateKey, **fields: Any) -> Client:
        """A connection of somebody who proves a name."""
        client = self.client()
        client.login(name, **client.proof(name, key), **fields)
        return client

    def typist(self, name: str | None = None) -> Typist:
        typist = Typist(self.lines_port, name)
        self.streams.append(typist)
        return typist

    def stderr(self) -> str:
        return os.pread(self.log.fileno(), 1 << 22, 0).decode("utf-8", "replace")

    def log_says(self, words: str) -> None:
        """Wait until the log says this."""
        deadline = time.monotonic() + WAIT_SECONDS
        while words not in self.stderr():
            assert time.monotonic() < deadline, f"no {words!r}, only {self.stderr()[-1_000:]}"
            select.select([], [], [], 0.01)

    def stop(self, *signals: int) -> int:
        """Send signals (SIGINT where none is named) and return the exit status."""
        for number in signals or (signal.SIGINT,):
            self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)

    def check(self) -> None:
        """Fail unless the server lives, serves newcomers and has printed no traceback."""
        assert self.process.poll() is None, f"the server died: {self.stderr()[-2_000:]}"
        self.client("Afterwards").until_pong()
        assert "Traceback" not in self.stderr(), self.stderr()[-2_000:]

    def empty(self) -> None:
        """Close every connection, and wait until everybody is gone: the next test finds a server like new."""
        for stream in self.streams:
            stream.close()
        self.streams.clear()
        last = self.client("Last")
        last.send("names")
        here = {*last.expect("names")["names"]} - {"Last"}
        while here:
            here.discard(last.expect("exited")["name"])
        last.send("quit")
        last.to_the_end()

    def close(self) -> None:
        for stream in self.streams:
            stream.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _with_descriptors(descriptors_max: int | None) -> list[str]:
    return [] if descriptors_max is None else ["sh", "-c", f'ulimit -n {descriptors_max}; exec "$@"', "sh"]


def run_server(*arguments: str, **named: Any) -> subprocess.CompletedProcess[str]:
    """Run a server that is expected to end by itself."""
    command = [sys.executable, "-m", "reactor_chat.server", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=WAIT_SECONDS, check=False, **named)
