"""TLS 1.3 as a filter of bytes: what came from the wire goes in, what was meant comes out, and the other way round.

The filter owns no socket and never waits: it is fed whatever arrived and is drained at once, so a handshake cut
anywhere, or a record that comes byte by byte, is nothing special.  A `TlsConnection` is given one and does the rest:

    context = client_context()  # one serves every connection
    open_connection(loop, sock, owner, limits, TlsFilter(context), secured)

`secured(connection)` is called once, when the handshake is done and before any byte of the peer's is handed over;
`connection.tls.peer_key_sha256` then says whom one is talking to, and `connection.abort` ends it before a byte was
sent.  What is queued before that leaves behind the handshake.  A server gives every connection it accepts a
`TlsFilter(context)` of a `server_context`, and needs no `secured`.

Nothing is checked here but that the peer holds the key of its certificate: whose key that is, is the owner's question.

Memory.  A BIO never shrinks: it keeps the largest buffer it ever had.  So all filters of a context share one pair, and
it is empty whenever nobody is at work in it: each filter takes out at once what it put in, and asserts that others did.
That saves 20 KiB for each connection, and the buffer stays in the processor's cache.  (What is in there is sealed: even
a mistake could spoil a connection only, and tell nobody anything.)  What waits for the kernel is kept outside, as one
piece that is gone when it has left, and nothing more is sealed until then (see `TlsConnection`): a slow reader
costs a write and not a history.  Session tickets are off: nobody comes back often enough to pay for them with memory.

Source: RFC 8446; `ssl.MemoryBIO` and `ssl.SSLObject` of the standard library.
"""

import hashlib
import ssl
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm

from reactor_chat.errors import TlsBroken

SERVER_SECONDS_MAX = 8.0
"""From taking a connection to the end of its handshake, however many bytes come meanwhile; what follows has a deadline
of its own, and that usually leaves ten seconds for both."""
CLIENT_SECONDS_MAX = 20.0
"""A client is more patient: a town that comes back at once waits in the kernel before the server takes it."""
RECORD_BYTES = 16_384
"""Most bytes of one record (RFC 8446, section 5.1)."""
SEALED_BYTES_MAX = 262_144
"""Most bytes sealed before the kernel is asked to take them."""

SILENT_BYTES_MAX = 65_536
"""Most bytes that may come without anything being said: four full records.  A flood of orders to change the keys, which
OpenSSL obeys for ever, costs its sender little and us much; a handshake is a few thousand bytes long."""

_HANDSHAKE, _ALERT = 22, 21  # the kinds of record (RFC 8446, section 5.1) that a stream of TLS can begin with


class TlsContext:
    """What all connections of one side share; on one thread.

    Args:
        settings: of a client or a server; a server's has a certificate.
    """

    __slots__ = ("incoming", "outgoing", "settings")

    def __init__(self, settings: ssl.SSLContext) -> None:
        self.settings = settings
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()


def server_context(certificate: Path, key: Path | None = None) -> TlsContext:
    """Return what serves every connection of a server.

    Args:
        certificate: a PEM file with the certificate, then those between it and a root.
        key: a PEM file with the private key, unencrypted; None where the first file has it too.

    Raises:
        OSError: a file cannot be read or does not hold that, or the two do not belong together.
    """
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.minimum_version = ssl.TLSVersion.TLSv1_3
    settings.num_tickets = 0
    settings.load_cert_chain(certificate, key, password="")  # never ask at the terminal
    return TlsContext(settings)


def client_context() -> TlsContext:
    """Return what serves every connection of a client; it takes any certificate, and its owner looks at the key."""
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    settings.minimum_version = ssl.TLSVersion.TLSv1_3
    settings.check_hostname = False
    settings.verify_mode = ssl.CERT_NONE
    return TlsContext(settings)


def key_sha256(certificate: bytes) -> bytes:
    """Return the SHA-256 of a certificate's public key (SubjectPublicKeyInfo, DER): what people compare.

    Args:
        certificate: DER.

    Raises:
        TlsBroken: it is no certificate, or its key is of no known kind.

    Source: RFC 5280, section 4.1; PROTOCOL §7.
    """
    # Long to load, and not all speak TLS.
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415

    try:
        key = load_der_x509_certificate(certificate).public_key()
        return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TlsBroken("the peer's certificate cannot be read") from error


class TlsFilter:
    """One side of one connection.

    Args:
        context: of `server_context` or `client_context`, which says which side this is.

    Attributes:
        is_ready: whether the handshake is done; nothing can be sealed before.
        is_closed: whether the peer was told that nothing more will be sent.
        speaks_tls: False where the peer's first byte was none of TLS.
        has_ended: whether the peer said that it will send nothing more.
        seconds_max: from the beginning of the connection to the end of the handshake; kept by the connection.
        unsent: what has to leave next: the handshake, sealed bytes, an alert; struck off by `left`.
    """

    __slots__ = (
        "_began",
        "_incoming",
        "_outgoing",
        "_silent_bytes",
        "_tls",
        "has_ended",
        "is_closed",
        "is_ready",
        "seconds_max",
        "speaks_tls",
        "unsent",
    )

    def __init__(self, context: TlsContext) -> None:
        is_server = context.settings.protocol == ssl.PROTOCOL_TLS_SERVER
        self._incoming, self._outgoing = context.incoming, context.outgoing
        self._tls = context.settings.wrap_bio(self._incoming, self._outgoing, server_side=is_server)
        self._began = False
        self._silent_bytes = 0  # since something was said
        self.seconds_max = SERVER_SECONDS_MAX if is_server else CLIENT_SECONDS_MAX
        self.is_ready = False
        self.is_closed = False
        self.speaks_tls = True
        self.has_ended = False
        self.unsent = b""
        if not is_server:
            self._shake_hands()

    @property
    def peer_key_sha256(self) -> bytes:
        """SHA-256 of the peer's public key; a client asks, when it is ready.

        Raises:
            TlsBroken: the peer showed no certificate, or one that cannot be read.
        """
        assert self.is_ready, "the handshake is not done"
        return key_sha256(self._tls.getpeercert(binary_form=True) or b"")

    def receive(self, data: bytes) -> bytes:
        """Take what came and return what it says; an answer of TLS itself may then be unsent.

        Args:
            data: 1 byte or more; all of it is taken.

        Returns:
            Empty where nothing is complete, or nothing was said; at most as long as what was given since.

        Raises:
            TlsBroken: it is no TLS, or no TLS that is spoken here; the filter is of no use any more, and what is
                unsent tells the peer.
        """
        if not self._began:
            self._began = True
            if data[0] not in (_HANDSHAKE, _ALERT):
                self.speaks_tls = False
                raise TlsBroken("the peer speaks no TLS")
        assert not self._incoming.pending, "somebody left something"
        self._incoming.write(data)
        try:
            said = self._open() if self.is_ready or self._shake_hands() else b""
        finally:
            if self._incoming.pending:  # behind a farewell, or an error
                self._incoming.read()
        self._silent_bytes = 0 if said else self._silent_bytes + len(data)
        if self._silent_bytes > SILENT_BYTES_MAX and not self.has_ended:
            raise TlsBroken(f"TLS failed: nothing was said in {SILENT_BYTES_MAX} bytes")
        return said

    def seal(self, data: bytes) -> int:
        """Make bytes ready to leave, at most `SEALED_BYTES_MAX` of them; for when little or nothing is unsent.

        Args:
            data: 1 byte or more.

        Returns:
            How many were taken, from the front.

        Raises:
            TlsBroken: the connection is beyond use.
        """
        assert self.is_ready, "the handshake is not done"
        assert not self._outgoing.pending, "somebody left something"
        try:
            return self._tls.write(data if len(data) <= SEALED_BYTES_MAX else data[:SEALED_BYTES_MAX])
        except OSError as error:
            raise _broken(error) from error
        finally:
            self._collect()

    def left(self, bytes_sent: int) -> None:
        """Strike off what the kernel took of `unsent`."""
        self.unsent = self.unsent[bytes_sent:]

    def close(self) -> None:
        """Tell the peer that nothing more will be sent, where it can be told; what it sends can still be received."""
        self.is_closed = True
        if not self.is_ready:
            return
        try:
            self._tls.unwrap()
        except OSError:  # the peer's own farewell has not come yet, or never will
            pass
        finally:
            self._collect()

    def _shake_hands(self) -> bool:
        try:
            self._tls.do_handshake()
            self.is_ready = True
        except ssl.SSLWantReadError:
            pass
        except OSError as error:
            raise _broken(error) from error
        finally:
            self._collect()
        return self.is_ready

    def _open(self) -> bytes:
        """Read everything that is complete; to ask for more costs an exception, so that is not asked needlessly."""
        parts: list[bytes] = []
        try:
            while self._incoming.pending and not self.has_ended:
                data = self._tls.read(RECORD_BYTES)
                if data:
                    parts.append(data)
                self.has_ended = not data
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.has_ended = True
        except OSError as error:
            raise _broken(error) from error
        finally:
            self._collect()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _collect(self) -> None:
        if self._outgoing.pending:
            sealed = self._outgoing.read()
            self.unsent = self.unsent + sealed if self.unsent else sealed


def _broken(error: OSError) -> TlsBroken:
    """Words for the log: OpenSSL's reason and never the peer's bytes."""
    reason = getattr(error, "reason", None) or type(error).__name__
    return TlsBroken(f"TLS failed: {str(reason).lower().replace('_', ' ')}")
