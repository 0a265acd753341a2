"""A key and a self-signed certificate for tests, made once in a run."""

import atexit
import datetime as dt
import shutil
import tempfile
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from reactor_chat.reactor.tls import TlsContext, TlsFilter, client_context, server_context

BEGINNING = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2120, 1, 1, tzinfo=dt.UTC)


def certificate_and_key(seed: int = 1) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The same key for the same seed, so that what is drawn with it can be drawn again."""
    key = ec.derive_private_key(seed, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(seed).not_valid_before(BEGINNING).not_valid_after(END)
    return made.sign(key, hashes.SHA256()), key


def written(directory: Path, seed: int = 1) -> Path:
    """A PEM file with both."""
    certificate, key = certificate_and_key(seed)
    file = directory / f"{seed}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return file


def spki(seed: int = 1) -> bytes:
    key = certificate_and_key(seed)[1].public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@cache
def contexts() -> tuple[TlsContext, TlsContext]:
    """A server's and a client's."""
    directory = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return server_context(written(directory)), client_context()


def filters() -> tuple[TlsFilter, TlsFilter]:
    """A server's and a client's, unused."""
    server, client = contexts()
    return TlsFilter(server), TlsFilter(client)


def moved(source: TlsFilter, target: TlsFilter, piece_bytes: int = 1 << 30) -> bytes:
    """Let everything unsent arrive in pieces of so many bytes; returns what it said."""
    data, said = source.unsent, b""
    source.left(len(data))
    for place in range(0, len(data), piece_bytes):
        said += target.receive(data[place : place + piece_bytes])
    return said


def shaken(piece_bytes: int = 1 << 30) -> tuple[TlsFilter, TlsFilter]:
    """A server's and a client's, with the handshake done."""
    server, client = filters()
    while not (server.is_ready and client.is_ready):
        assert client.unsent or server.unsent, "both wait for the other"
        moved(client, server, piece_bytes)
        moved(server, client, piece_bytes)
    return server, client
