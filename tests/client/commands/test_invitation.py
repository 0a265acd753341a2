"""`@invite`: a link that names what it can, and says what it cannot."""

import pytest

from reactor_chat.client.commands.invitation import invitation
from reactor_chat.client.connecting.server_key import read_link
from reactor_chat.e2ee.trust.trust_book import fingerprint_of
from reactor_chat.wire.transcript import NO_BINDING

KEY, PIN = bytes(range(32)), bytes(range(32, 64))


@pytest.mark.parametrize("address", ["chat.example:7667", "[2001:db8::1]:70"])
def test_the_link_names_the_server_and_the_inviter(address: str) -> None:
    first, *others = invitation(address, PIN, "John", KEY)
    link = read_link(first.removeprefix("Invitation: "))
    assert (link.binding, link.introductions) == (PIN, (("John", fingerprint_of(KEY)),))
    assert len(others) == 1


def test_without_tls_the_link_names_no_server_and_says_so() -> None:
    first, second = invitation("chat.example:7667", NO_BINDING, "John", KEY)
    assert read_link(first.removeprefix("Invitation: ")).binding is None
    assert "no TLS" in second


@pytest.mark.parametrize("address", ["127.0.0.1:7667", "localhost:7667", "[::1]:7667"])
def test_a_link_to_this_machine_says_that_others_need_another(address: str) -> None:
    assert "Replace the address" in invitation(address, PIN, "John", KEY)[-1]
