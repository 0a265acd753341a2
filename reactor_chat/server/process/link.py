"""The link that an operator can paste into a chat: address, port and key of the server."""

import base64

ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104  to be replaced, not to be listened on


def server_link(host: str, port: int, binding: bytes, machine: str) -> str:
    """Return `chat://host:port/#SHA256:…`.

    Args:
        host: the name or address that the server was told to listen on.
        port: where it listens.
        binding: SHA-256 of its key.
        machine: what this machine is called: it stands for all its addresses where the server listens on all.
    """
    shown = machine if host in ANY_ADDRESS else f"[{host}]" if ":" in host else host
    key = base64.urlsafe_b64encode(binding).decode("ascii").rstrip("=")  # what neither a shell nor a browser changes
    return f"chat://{shown}:{port}/#SHA256:{key}"
