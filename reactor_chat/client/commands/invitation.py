"""What `@invite` answers: a link by which somebody knows the server's key and the inviter's before the first word."""

from reactor_chat.client.connecting.server_key import write_link
from reactor_chat.e2ee.trust.trust_book import fingerprint_of
from reactor_chat.wire.transcript import NO_BINDING

LOOPBACK = ("127.", "localhost", "[::1]")


def invitation(address: str, binding: bytes, name: str, key: bytes) -> list[str]:
    """Return the lines, the link in the first.

    Args:
        address: of the server, as a link has it.
        binding: of its key, 32 zero bytes where it has none.
        name: of whoever invites.
        key: their account key.
    """
    has_key = binding != NO_BINDING
    link = write_link(address, binding if has_key else None, name, fingerprint_of(key))
    lines = [f"Invitation: '{link}'"]
    if has_key:
        lines.append(
            "Send it over a channel you trust. Anyone who connects with it (in quotes) starts verified with you"
        )
    else:
        lines.append("This server has no TLS and no key: the link names your key only. It is for --plaintext")
    if address.startswith(LOOPBACK):
        lines.append("Replace the address with one that others can reach")
    return lines
