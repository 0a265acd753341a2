"""Where a command line leads, in every form that people paste."""

import pytest

from reactor_chat.client.connecting.destination import Destination, read_destination, read_port
from reactor_chat.errors import UsageError
from reactor_chat.wire.transcript import pin_of

DEFAULT = 7667
KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("host", "port", "wanted"),
    [
        ("chat.example", DEFAULT, ("chat.example", DEFAULT)),
        ("chat.example", 70, ("chat.example", 70)),
        ("chat.example:70", DEFAULT, ("chat.example", 70)),
        ("chat.example:70", 70, ("chat.example", 70)),
        ("127.0.0.1:70", DEFAULT, ("127.0.0.1", 70)),
        ("::1", 70, ("::1", 70)),
        ("[::1]", 70, ("::1", 70)),
        ("[::1]:70", DEFAULT, ("::1", 70)),
        ("[fe80::1%eth0]:70", DEFAULT, ("fe80::1%eth0", 70)),
        ("localhost.:70", DEFAULT, ("localhost.", 70)),
        ("chat://chat.example", 70, ("chat.example", 70)),
        ("CHAT://chat.example:70/", DEFAULT, ("chat.example", 70)),
    ],
)
def test_a_host_and_a_port(host: str, port: int, wanted: tuple[str, int]) -> None:
    assert read_destination(host, port, DEFAULT) == Destination(*wanted)


def test_a_link_names_a_key() -> None:
    assert read_destination(f"chat://a:70/#{pin_of(KEY)}", DEFAULT, DEFAULT) == Destination("a", 70, KEY)


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("", "is not a host"),
        (" ", "is not a host"),
        (":", "is not a host"),
        (":70", "is not a host"),
        ("two words", "is not a host"),
        ("http://chat.example/", "is not a host"),
        ("chat.example/", "is not a host"),
        ("chat.example:", "Not a port: "),
        ("chat.example:0", "Not a port: "),
        ("chat.example:65536", "Not a port: "),
        ("chat.example:-1", "Not a port: "),
        ("[::1]:x", "Not a port: "),
        ("[::1", "is written"),
        ("chat.example:71", "Leave one of them out"),
        ("chat://chat.example:71", "Leave one of them out"),
        ("chat://", "is not a link"),
    ],
)
def test_what_leads_nowhere_is_told(host: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_destination(host, 70, DEFAULT)


@pytest.mark.parametrize("written", ["", "0", "65536", "-1", "+1", "1 ", "١", "99999999999999999999", "0x1", "1e3"])
def test_what_is_no_port(written: str) -> None:
    with pytest.raises(UsageError, match="use 1 to 65535"):
        read_port(written)
    assert (read_port("1"), read_port("65535")) == (1, 65_535)
