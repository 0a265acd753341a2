"""Whom a word means, which ban keeps whom out, and until when."""

import base64
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.errors import UsageError
from reactor_chat.server.bans import Ban, Bans, Target, address_of, target_of
from reactor_chat.wire.messages import Refused

KEY = bytes(range(32))
KEY_TEXT = base64.b64encode(KEY).decode()


@pytest.mark.parametrize(("text", "target"), [
    ("Spammer", ("name", "spammer")), ("x" * 32, ("name", "x" * 32)), ("7", ("name", "7")), ("127", ("name", "127")),
    (KEY_TEXT, ("key", KEY_TEXT)), ("192.0.2.7", ("address", "192.0.2.7")), ("2001:DB8::1", ("address", "2001:db8::1")),
    ("::ffff:192.0.2.7", ("address", "192.0.2.7")), ("fe80::1%eth0", ("address", "fe80::1")),
    ("192.0.2.0/24", ("network", "192.0.2.0/24")), ("192.0.2.7/32", ("address", "192.0.2.7")),
    ("2001:db8::/32", ("network", "2001:db8::/32")), ("::ffff:192.0.2.0/120", ("network", "192.0.2.0/24")),
])  # fmt: skip
def test_a_word_means_one_thing(text: str, target: tuple[str, str]) -> None:
    assert target_of(text) == target
    assert target_of(target_of(text).whom) == target, "as it is written it means the same"


@pytest.mark.parametrize(("text", "says"), [
    ("", "no name, key"), (" ", "no name"), ("a b", "no name"), ("x" * 33, "no name"), ("é", "no name"),
    ("\u212aim", "no name"), ("192.0.2.256", "no name"), ("192.0.2.7/33", "no name"), ("192.0.2", "no name"),
    ("::g", "no name"), ("/24", "no name"), ("192.0.2.0/", "no name"), ("fe80::1%eth0/64", "is an address in"),
    ("\x1b[2J", "no name"), ("x" * 10_000, "no name"), ("٣", "no name"), (KEY_TEXT[:-1], "no name"),
    (KEY_TEXT + "=", "no name"), ("0.0.0.0/0", "is everybody"), ("::/0", "is everybody"), ("1.2.3.4/0", "is everybody"),
    ("server", "nobody can be called server"), ("Everyone", "nobody can be called"),
    ("192.0.2.7/24", "is an address in 192.0.2.0/24"),
])  # fmt: skip
def test_a_word_that_means_nobody_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        target_of(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def of(*bans: Ban) -> Bans:
    found = Bans()
    found.load(bans)
    return found


def test_a_name_is_banned_in_every_spelling_and_a_key_under_every_name() -> None:
    bans = of(Ban("name", "spammer", 0), Ban("key", KEY_TEXT, 0, reason="Enough"))
    assert bans.refuse_login("SPAMMER", None, 1) == Refused("not_allowed", "This name is banned for good")
    assert bans.refuse_login("Other", KEY, 1) == Refused("not_allowed", "You are banned for good: Enough")
    assert bans.refuse_login("Other", bytes(32), 1) is None
    assert bans.refuse_login("Other", None, 1) is None
    assert Bans().refuse_login("Other", KEY, 1) is None


@pytest.mark.parametrize(("now", "is_out"), [(0, True), (999, True), (1_000, False), (1_001, False)])
def test_a_ban_ends_with_its_time(now: int, *, is_out: bool) -> None:
    bans = of(*(Ban(*target, 0, 1_000) for target in (
        ("name", "ann"), ("key", KEY_TEXT), ("address", "192.0.2.7"), ("network", "192.0.2.0/24")
    )))  # fmt: skip
    refused = [bans.refuse_login("Ann", None, now), bans.refuse_login("Bob", KEY, now)]
    refused += [bans.refuse_peer(f"{address}:1", now) for address in ("192.0.2.7", "192.0.2.8")]
    assert [refusal is not None for refusal in refused] == [is_out] * 4
    assert len(bans.standing(now)) == 4 * is_out
    assert (bans.on(Target("name", "ann"), now) is not None) == is_out


@pytest.mark.parametrize(("until", "term"), [
    (None, "for good"), (1_700_000_000_000, "until 2023-11-14 22:13 UTC"), (10**18, "until the end of the calendar"),
])  # fmt: skip
def test_a_term_is_told_in_words(until: int | None, term: str) -> None:
    assert Ban("name", "x", 0, until).term == term


@pytest.mark.parametrize(("peer", "address"), [
    ("192.0.2.1:80", "192.0.2.1"), ("[2001:db8::1]:80", "2001:db8::1"), ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
    ("[fe80::1%eth0]:80", "fe80::1"), ("?", None), ("", None), ("/a/path", None), ("local", None),
])  # fmt: skip
def test_the_address_of_a_connection(peer: str, address: str | None) -> None:
    assert address_of(peer) == address
    everybody_else = of(Ban("network", "128.0.0.0/1", 0), Ban("network", "fe00::/7", 0))
    assert (everybody_else.refuse_peer(peer, 0) is None) == (address in (None, "2001:db8::1"))


def test_of_several_networks_the_narrowest_is_told() -> None:
    bans = of(Ban("network", "192.0.0.0/8", 0, reason="wide"), Ban("network", "192.0.2.0/24", 0, 10, "narrow"))
    assert "narrow" in str(bans.refuse_peer("192.0.2.1:80", 9))
    assert "wide" in str(bans.refuse_peer("192.0.2.1:80", 10)), "the narrow one has ended"
    assert "wide" in str(bans.refuse_peer("192.0.3.1:80", 9))


addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
networks = st.builds(lambda address, bits: ip_network((address, bits % address.max_prefixlen + 1), strict=False),
                     addresses, st.integers(0, 127))  # fmt: skip


@given(st.lists(networks, max_size=8), st.data())
def test_an_address_is_out_where_a_network_that_is_banned_holds_it(
    found: list[IPv4Network | IPv6Network], data: st.DataObject
) -> None:
    targets = {target_of(str(network)) for network in found if str(network) != "::ffff:0:0/96"}
    bans = of(*(Ban(target.kind, target.whom, 0) for target in targets))
    near = [st.integers(0, network.num_addresses - 1).map(network.__getitem__) for network in found]
    address = ip_address(address_of(f"[{data.draw(st.one_of(addresses, *near))}]:1") or "")
    expected = any(address in ip_network(target.whom) for target in targets)
    assert (bans.refuse_peer(f"[{address}]:1", 0) is not None) == expected
