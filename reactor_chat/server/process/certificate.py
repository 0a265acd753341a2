"""The key and the certificate by which clients know the server again: made on the first start, and kept.

Clients remember the key and not the certificate, which nobody has signed but the key itself.  Both are in one file, for
the server's owner only: written beside its place, synced, renamed, so that a crash leaves none or a whole one, and
never a key without its certificate.
"""

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from reactor_chat.errors import StorageError, UsageError

FILE_NAME = "tls.pem"
VALID_DAYS = 3_653
"""Ten years: clients compare the key, and no date; others may look at it."""

_OTHERS = 0o077
"""The permissions of everybody but the owner."""
_OPEN_FILES = "/proc/self/fd"


def keep(directory: Path, now: datetime) -> Path:
    """Return the file with the server's own key and certificate; where there is none, make it.

    Args:
        directory: exists.
        now: the time, from which the certificate is valid; one day earlier, for clocks that differ.

    Raises:
        StorageError: it cannot be read or written; or others may read it, who could then pass for this server.
    """
    path = directory / FILE_NAME
    try:
        try:
            found = path.stat()
        except FileNotFoundError:
            _write(path, make(now))
            return path
    except OSError as error:
        raise StorageError(f"The server's key cannot be kept in {path}: {error.strerror}") from error
    if found.st_mode & _OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        raise StorageError(
            f"The server's key in {path} is open to others (mode {mode:04o}). Close it: chmod 600 {path}"
        )
    return path


def make(now: datetime) -> bytes:
    """Return a fresh P-256 key and a certificate that it signed itself, as PEM."""
    # Long to load, and not all speak TLS.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "reactor-chat")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1))
    made = made.not_valid_after(now + timedelta(days=VALID_DAYS))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@contextmanager
def without_disk(data: bytes) -> Iterator[Path]:
    """Yield a path under which OpenSSL, which reads files only, finds these bytes, and nobody else does.

    On Linux they are in memory, and there need be no directory that can be written.

    Raises:
        OSError: there is neither such a memory nor a directory for temporary files.
    """
    if sys.platform == "linux" and Path(_OPEN_FILES).is_dir():
        with open(os.memfd_create(FILE_NAME), "r+b", buffering=0) as file:  # noqa: PTH123  a descriptor
            file.write(data)
            yield Path(_OPEN_FILES) / str(file.fileno())
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / FILE_NAME
        path.write_bytes(data)
        yield path


def first_certificate(path: Path) -> bytes:
    """Return the certificate that a PEM file begins with, as DER: the server's own, before those that signed it.

    Raises:
        UsageError: the file cannot be read, or holds none.
    """
    # As above.
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415

    try:
        return load_pem_x509_certificates(path.read_bytes())[0].public_bytes(Encoding.DER)
    except OSError as error:
        raise UsageError(f"The certificate {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} holds no certificate; it should be a PEM file") from error


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
