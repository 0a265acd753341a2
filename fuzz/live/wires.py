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
            if context is not None:
                self.sock = context.wrap_socket(self.sock)
        except OSError as error:
            raise Gone(f"no server at {address[0]} port {address[1]}: {error}") from None
        self.binding = _binding(self.sock) if isinstance(self.sock, ssl.SSLSocket) else NO_BINDING
        self.ended = ""
        self._buffer = b""

    def send(self, data: bytes) -> None:
        """Send bytes; what a closed connection does not take is lost."""
        if not self.ended:
            with contextlib.suppress(OSError):  # it is read to its end, which says more
                self.sock.sendall(data)

    def finish(self) -> None:
        """Send nothing any more."""
        if not self.ended:
            with contextlib.suppress(OSError, ValueError):
                if isinstance(self.sock, ssl.SSLSocket):
                    self.sock.unwrap()
                else:
                    self.sock.shutdown(socket.SHUT_WR)

    def receive(self) -> None:
        """Read what there is; it was said to be readable."""
        try:
            data = self.sock.recv(READ_BYTES)
            while isinstance(self.sock, ssl.SSLSocket) and data and self.sock.pending():
                data += self.sock.recv(self.sock.pending())
        except ssl.SSLZeroReturnError:
            data = b""
        except OSError:
            self.ended = "reset"
            return
        if not data:
            self.ended = "closed"
        self._buffer += data

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


def _binding(sock: ssl.SSLSocket) -> bytes:
    certificate = x509.load_der_x509_certificate(sock.getpeercert(binary_form=True) or b"")
    public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
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
