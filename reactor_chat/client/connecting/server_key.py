"""Whether a server is the one that is meant: by the key it shows, before anything is said to it.

The first key that a server shows is shown to the person, remembered, and expected from then on.  Who knows the key from
elsewhere names it, and is safe the first time too: in a link, which is believed for a first meeting only, because links
come from anybody; or by `--pin`, which is also the one way to accept that a server has a new key.

A link may name the key of whoever made it too; what that is worth is for `e2ee.trust` to say.
"""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from reactor_chat.client.store.known_servers import KnownServer, KnownServers, address_of
from reactor_chat.errors import TrustError, UsageError
from reactor_chat.wire.messages import fold, is_name
from reactor_chat.wire.transcript import PIN_LABEL, binding_of, pin_of

LINK_SCHEME = "chat://"
INTRODUCTIONS_MAX = 16  # people named in one link; more than anybody reads, and a link stays short enough to paste
_between_keys = re.compile("[&,;]")


class ServerLink(NamedTuple):
    """Where a link leads, and whose keys it names.

    Attributes:
        host: of the server.
        port: None where it names none.
        binding: of the server's key, None where it names none.
        introductions: names of people, and the fingerprints of their keys: whoever made the link.
    """

    host: str
    port: int | None
    binding: bytes | None
    introductions: tuple[tuple[str, bytes], ...] = ()


def read_link(text: str) -> ServerLink:
    """Read `chat://host:port/#SHA256:…&john=SHA256:…`; everything but the host may be left out.

    However it was pasted: in quotes, broken over lines, with the signs of base64 escaped or not.

    Raises:
        UsageError: it is no such link; the text says what one looks like.
    """
    wrong = UsageError(f"{text!r} is not a link to a server; one looks like chat://chat.example:7667/#SHA256:…")
    try:
        parts = urlsplit("".join(text.split()).strip("'\"`<>"))
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise wrong from error
    is_whole = parts.path in ("", "/") and not parts.query and "@" not in parts.netloc
    named = _named_keys(unquote(parts.fragment.replace("&amp;", "&")))
    if not host or not is_whole or port == 0 or named is None:
        raise wrong
    binding = named.pop("", None)
    return ServerLink(host, port, binding, tuple(named.items()))


def write_link(address: str, binding: bytes | None, name: str, fingerprint: bytes) -> str:
    """Return an invitation to a server.

    Args:
        address: host and port, as a link has them.
        binding: SHA-256 of the server's key, None where it has none.
        name: of whoever invites.
        fingerprint: SHA-256 of their account key.
    """
    keys = [*([] if binding is None else [_in_link(binding)]), f"{name}={_in_link(fingerprint)}"]
    return f"{LINK_SCHEME}{address}/#{'&'.join(keys)}"


def _named_keys(fragment: str) -> dict[str, bytes] | None:
    """Return the keys in a link by whose they are, the server's under an empty name; None where anything is wrong."""
    found: dict[str, bytes] = {}
    for part in filter(None, _between_keys.split(fragment)):
        is_server = part.startswith(PIN_LABEL)
        name, _, pin = ("", "", part) if is_server else part.partition("=")
        binding = binding_of(pin)
        is_new = fold(name) not in map(fold, found) and len(found) <= INTRODUCTIONS_MAX
        if binding is None or not is_new or not (is_server or is_name(name)):
            return None
        found[name] = binding
    return found


def _in_link(digest: bytes) -> str:
    """A digest in the letters that neither a shell nor a browser changes."""
    return PIN_LABEL + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


class ServerKey:
    """The key that one server is expected to have.

    Args:
        known: the servers met before.
        host: the server, as it was named.
        port: its port.
        pinned: the SHA-256 of the key that was named for it, on purpose and here; None where none was.
        linked: likewise in a link.
        clock: says when a server was met.
    """

    def __init__(
        self,
        known: KnownServers,
        host: str,
        port: int,
        clock: Callable[[], datetime],
        *,
        pinned: bytes | None = None,
        linked: bytes | None = None,
    ) -> None:
        self._known = known
        self._address = address_of(host, port)
        self._clock = clock
        self._pinned = pinned
        self._linked = linked

    @property
    def known(self) -> bytes | None:
        """The key that the server had the last time, None where it was never met.  Raises as `check`."""
        found = self._known.find(self._address)
        return found.binding if found is not None else None

    @property
    def expected(self) -> bytes | None:
        """The key that the server must show to get on, None where that cannot be told before it is met.

        Raises as `check`.
        """
        known = self.known
        return known if self._pinned in (None, known) else None

    def is_gone(self, binding: bytes) -> bool:
        """Return whether no server has this key any more, as far as is known.  Raises as `check`."""
        return not self._known.addresses_of(binding)

    @property
    def addresses(self) -> list[str]:
        """Where the key that is known was met.  Raises as `check`."""
        known = self.known
        return [] if known is None else self._known.addresses_of(known)

    def check(self, seen: bytes) -> str | None:
        """Look at the key that a server shows; nothing may be sent to it unless this returns.

        Args:
            seen: SHA-256 of the public key.

        Returns:
            What a person should hear about it; None where there is no news.

        Raises:
            TrustError: it is another key; nothing was remembered.
            StorageError: what is known cannot be read or written.
        """
        for named, where in ((self._pinned, "--pin"), (self._linked, "the link")):
            if named is not None and named != seen:
                raise TrustError(
                    f"{self._address} has the key {pin_of(seen)}, and not {pin_of(named)} as {where} says. "
                    "Nothing was sent to it; ask its operator which key it has"
                )
        known = self._known.find(self._address)
        if known is not None and known.binding == seen:
            return None
        if known is not None and self._pinned is None:
            raise TrustError(self._changed(known, seen))
        others = self._known.addresses_of(seen)
        if not self._known.remember(self._address, seen, self._clock()):
            return None
        if known is not None:
            return f"From now on {self._address} is known by the key {pin_of(seen)}"
        if self._pinned is not None or self._linked is not None:
            return f"{self._address} has the key that was named, {pin_of(seen)}, and is known by it from now on"
        if others:
            return f"{self._address} has the key of {others[0]}, {pin_of(seen)}: it is the same server"
        return f"New server {self._address}. Its key is {pin_of(seen)}; ask the operator whether that is right"

    def _changed(self, known: KnownServer, seen: bytes) -> str:
        return (
            f"{self._address} shows another key: {pin_of(seen)}, and not {pin_of(known.binding)}, known since "
            f"{known.since[:10]}. Somebody may be in between; nothing was sent. "
            f"If its operator says that this is right, pass --pin {pin_of(seen)} once"
        )
