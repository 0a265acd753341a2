"""Connections of one conversation: bytes out, whole payloads in, all of them waited for at once; TLS where asked."""

import contextlib
import hashlib
import select
import socket
import ssl
import struct
import time
from base64 import b64encode

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

READ_BYTES = 1 << 16
NO_BINDING = bytes(32)
_RESET = struct.pack("ii", 1, 0)


class Gone(BaseException):
    """No server answers there (any more): nothing can be tried or shrunk, so this is no ordinary exception."""


def tls_context() -> ssl.SSLContext:
    """Return a context that trusts whoever answers: who that is, the pin says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def pin_of(binding: bytes) -> str:
    """Return the SHA-256 of a server's public key as people compare it."""
    return "SHA256:" + b64encode(binding).decode()


class Tls:
    """The client's side of TLS, fed by hand: so the end of what is said is told without waiting for the other's end.

    A socket of `ssl` would wait for it, and lose what the server says meanwhile.

    Args:
        sock: connected.

    Raises:
        OSError: there is no TLS.
    """

    def __init__(self, context: ssl.SSLContext, sock: socket.socket) -> None:
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        while not self._is_ready():
            self._feed()

    @property
    def binding(self) -> bytes:
        """SHA-256 of the server's public key."""
        return _binding(self._tls.getpeercert(binary_form=True) or b"")

    def send(self, data: bytes) -> None:
        """Send bytes.  Raises OSError."""
        self._tls.write(data)
        self._flush()

    def finish(self) -> None:
        """Tell that nothing more will be said.  Raises OSError."""
        with contextlib.suppress(ssl.SSLError):  # the other's end has not come
            self._tls.unwrap()
        self._flush()

    def receive(self) -> tuple[bytes, bool]:
        """Return what has come, and whether that was the end.  Raises OSError."""
        self._feed()
        data = b""
        try:
            while more := self._tls.read(READ_BYTES):
                data += more
        except ssl.SSLWantReadError:
            return data, False
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            pass
        return data, True

    def _is_ready(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._flush()
        return True

    def _feed(self) -> None:
        if data := self._sock.recv(READ_BYTES):
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._sock.sendall(self._outgoing.read())


class Wire:
    """One connection.

    Attributes:
        binding: SHA-256 of the server's TLS public key (SubjectPublicKeyInfo, DER); 32 zero bytes without TLS.
        ended: "" while it is open, then how it ended: "closed" or "reset".
    """

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext | None, wait_seconds: float) -> None:
        try:
            self.sock = socket.create_connection(address, wait_seconds)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._tls = Tls(context, self.sock) if context is not None else None
        except OSError as error:
            raise Gone(f"no server at {address[0]} port {address[1]}: {error}") from None
        self.binding = self._tls.binding if self._tls is not None else NO_BINDING
        self.ended = ""
        self._buffer = b""

    def send(self, data: bytes) -> None:
        """Send bytes; what a closed connection does not take is lost."""
        if not self.ended:
            with contextlib.suppress(OSError):  # it is read to its end, which says more
                (self._tls.send if self._tls is not None else self.sock.sendall)(data)

    def finish(self) -> None:
        """Send nothing any more."""
        if not self.ended:
            with contextlib.suppress(OSError):
                if self._tls is not None:
                    self._tls.finish()
                else:
                    self.sock.shutdown(socket.SHUT_WR)

    def receive(self) -> None:
        """Read what there is; it was said to be readable."""
        try:
            data, is_over = self._tls.receive() if self._tls is not None else self._receive_plain()
        except OSError:
            self.ended = "reset"
            return
        if is_over:
            self.ended = "closed"
        self._buffer += data

    def _receive_plain(self) -> tuple[bytes, bool]:
        data = self.sock.recv(READ_BYTES)
        return data, not data

    def payloads(self, length: struct.Struct) -> list[bytes]:
        """Remove and return the payloads that are whole, oldest first."""
        found, place, buffer = [], 0, self._buffer
        while len(buffer) - place >= length.size:
            end = place + length.size + length.unpack_from(buffer, place)[0]
            if len(buffer) < end:
                break
            found.append(buffer[place + length.size : end])
            place = end
        self._buffer = buffer[place:]
        return found

    @property
    def rest(self) -> bytes:
        """What came and is no whole payload."""
        return self._buffer

    def close(self) -> None:
        """Be gone at once, and leave no port waiting behind."""
        self.sock.close()


def _binding(certificate: bytes) -> bytes:
    key = x509.load_der_x509_certificate(certificate).public_key()
    public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).digest()


def wait_for_any(wires: list[Wire], until: float) -> list[Wire]:
    """Return those that are readable; none where the time is over.

    Args:
        until: of the monotonic clock.
    """
    poll = select.poll()
    for wire in wires:
        poll.register(wire.sock, select.POLLIN)
    ready = poll.poll(max(0.0, until - time.monotonic()) * 1_000)
    numbers = {number for number, _ in ready}
    return [wire for wire in wires if wire.sock.fileno() in numbers]
