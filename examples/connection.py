"""A plain blocking connection to a server, enough for a small program."""

import argparse
import socket
import ssl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.framing import FrameDecoder, frame
from reactor_chat.wire.messages import PROTOCOL_VERSION, Bye, Hello, Login, Notice, Refused, Request, Welcome
from reactor_chat.wire.transcript import NO_BINDING, binding_of, login_transcript


def arguments(purpose: str) -> argparse.ArgumentParser:
    """Return a command line with what every example needs."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--name", required=True)
    parser.add_argument("--pin", help="the server's key, SHA256:…, as it prints it; without one there is no TLS")
    parser.add_argument("--key", type=Path, help="a file with a private key, made where there is none; else a guest")
    return parser


class Connection:
    """One connection, logged in.

    Args:
        chosen: what `arguments` parsed.

    Raises:
        SystemExit: the server has another key, or refuses the login; the text says why.
    """

    def __init__(self, chosen: argparse.Namespace) -> None:
        self._decoder = FrameDecoder()
        self._sock = socket.create_connection((chosen.host, chosen.port))
        binding = self._secure(chosen.pin) if chosen.pin else NO_BINDING
        self._arrived = self._receive()
        hello = next(self._arrived)
        assert isinstance(hello, Hello)
        self.send(_login(chosen, hello.nonce, binding))
        answer = next(self._arrived)
        if not isinstance(answer, Welcome):
            raise SystemExit(answer.text if isinstance(answer, Refused) else "The server made no sense")

    def send(self, request: Request) -> None:
        """Send one request."""
        self._sock.sendall(frame(encode(request)))

    def __iter__(self) -> Iterator[Notice]:
        """Yield each notice as it arrives, until the server closes."""
        return self._arrived

    def _receive(self) -> Iterator[Notice]:
        while data := self._sock.recv(65_536):
            self._decoder.feed(data)
            while payloads := self._decoder.take(64):
                yield from map(decode_notice, payloads)
        yield Bye("closed", "The server closed the connection")

    def _secure(self, pin: str) -> bytes:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its key is compared instead
        self._sock = secured = context.wrap_socket(self._sock)
        public = load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"").public_key()
        binding = sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
        if binding != binding_of(pin):
            raise SystemExit("This is not the server with that key")
        return binding


def _login(chosen: argparse.Namespace, nonce: bytes, binding: bytes) -> Login:
    if chosen.key is None:
        return Login(chosen.name, PROTOCOL_VERSION)
    private = _private_key(chosen.key)
    key = private.public_key().public_bytes_raw()
    return Login(chosen.name, PROTOCOL_VERSION, key, private.sign(login_transcript(nonce, chosen.name, key, binding)))


def _private_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        path.touch(mode=0o600)
        path.write_bytes(made.private_bytes_raw())
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
