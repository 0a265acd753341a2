"""What serves TLS connections: the server's own key and certificate, or those that the operator chose."""

import datetime as dt
import ssl
from pathlib import Path
from typing import NamedTuple

from reactor_chat.errors import TlsBroken, UsageError
from reactor_chat.reactor.tls import TlsContext, key_sha256, server_context
from reactor_chat.server.options.table import Options
from reactor_chat.server.process import certificate


class ServerTls(NamedTuple):
    """What serves connections from now on, and the SHA-256 of its public key."""

    context: TlsContext
    binding: bytes


def load_tls(options: Options) -> ServerTls:
    """Return what serves connections from now on; a key that does not exist yet is made.

    Raises:
        StorageError: the server's own key cannot be used.
        UsageError: the operator's cannot.
    """
    if options.cert is not None:
        return _tls_of(options.cert, options.key)
    now = dt.datetime.now(dt.UTC)
    if not options.memory:
        return _tls_of(certificate.keep(options.data, now))
    with certificate.without_disk(certificate.make(now)) as path:
        return _tls_of(path)


def _tls_of(file: Path, key: Path | None = None) -> ServerTls:
    try:
        binding = key_sha256(certificate.first_certificate(file))
        return ServerTls(server_context(file, key), binding)
    except TlsBroken as error:
        raise UsageError(f"The certificate {file} has a key of no kind that can be used here") from error
    except OSError as error:
        reason = error.strerror if not isinstance(error, ssl.SSLError) else (error.reason or "not readable").lower()
        files = f"{file} and {key}" if key is not None else str(file)
        hint = "It needs a certificate and its private key, unencrypted, as PEM"
        raise UsageError(f"{files} cannot be used for TLS: {str(reason).replace('_', ' ')}. {hint}") from error
