"""The link that the server prints is one that the client takes."""

import pytest

from reactor_chat.client.connecting.server_key import read_link
from reactor_chat.server.process.link import server_link

BINDING = bytes(range(224, 256))


@pytest.mark.parametrize(
    ("host", "leads_to"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("chat.example", "chat.example"),
        ("::1", "::1"),
        ("0.0.0.0", "machine"),  # noqa: S104  never listened on
        ("::", "machine"),
    ],
)
def test_a_client_reads_what_the_server_prints(host: str, leads_to: str) -> None:
    link = server_link(host, 7667, BINDING, "machine")
    assert (read_link(link).host, read_link(link).port, read_link(link).binding) == (leads_to, 7667, BINDING)
    assert not set(link) & set("+= '\"$&;")
