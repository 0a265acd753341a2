"""Names that belong to a key: claimed on first use, proved ever after, taken over, kept while away."""

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reactor_chat.wire.transcript import login_transcript
from tests.end_to_end.client import Client, Server


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_a_key_claims_a_name_and_keeps_it(server: Server, key: Ed25519PrivateKey) -> None:
    client = server.client()
    welcome = client.login("Ann", **client.proof("Ann", key))
    assert welcome["guest"] is False
    client.send("quit")
    client.to_the_end()
    stranger, guest = server.client(), server.client()
    stranger.send("login", name="ann", protocol=1, **stranger.proof("ann", Ed25519PrivateKey.generate()))
    assert stranger.refused("name_taken")["text"] == "Username is already taken"
    guest.send("login", name="ANN", protocol=1)
    guest.refused("name_taken")
    assert server.owner("Ann", key).heard[-1]["name"] == "Ann"


def test_a_guests_name_is_not_to_be_claimed_while_the_guest_is_there(server: Server, key: Ed25519PrivateKey) -> None:
    assert server.client("Ann").heard[-1]["guest"] is True
    owner = server.client()
    owner.send("login", name="Ann", protocol=1, **owner.proof("Ann", key))
    owner.refused("name_taken")


Proof = Callable[[Client, Ed25519PrivateKey], dict[str, str]]
"""Makes the fields of a login that prove nothing."""


def other_nonce(client: Client, key: Ed25519PrivateKey) -> dict[str, str]:
    signature = key.sign(login_transcript(bytes(32), "Ann", key.public_key().public_bytes_raw()))
    return {**client.proof("Ann", key), "signature": base64.b64encode(signature).decode()}


def other_binding(client: Client, key: Ed25519PrivateKey) -> dict[str, str]:
    nonce, public = base64.b64decode(client.hello["nonce"]), key.public_key().public_bytes_raw()
    signature = key.sign(login_transcript(nonce, "Ann", public, bytes(range(32))))
    return {**client.proof("Ann", key), "signature": base64.b64encode(signature).decode()}


def other_key(client: Client, key: Ed25519PrivateKey) -> dict[str, str]:
    return {**client.proof("Ann", key), "key": client.proof("Ann", Ed25519PrivateKey.generate())["key"]}


def other_name(client: Client, key: Ed25519PrivateKey) -> dict[str, str]:
    return client.proof("ANN", key)


def no_signature(client: Client, key: Ed25519PrivateKey) -> dict[str, str]:
    return {"key": client.proof("Ann", key)["key"]}


@pytest.mark.parametrize("wrong", [other_nonce, other_binding, other_key, other_name, no_signature])
def test_a_proof_of_something_else_proves_nothing(
    server: Server, key: Ed25519PrivateKey, wrong: Callable[[Client, Ed25519PrivateKey], dict[str, str]]
) -> None:
    client = server.client()
    client.send("login", name="Ann", protocol=1, **wrong(client, key))
    client.refused("bad_signature")
    client.login("Ann", **client.proof("Ann", key))


SMALL_ORDER = [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18, 2**255 + 1]


@pytest.mark.parametrize("y", SMALL_ORDER)
def test_keys_under_which_anything_is_signed_are_refused(server: Server, y: int) -> None:
    client = server.client()
    key, signature = y.to_bytes(32, "little"), (1).to_bytes(32, "little") + bytes(32)
    fields = {"key": base64.b64encode(key).decode(), "signature": base64.b64encode(signature).decode()}
    client.send("login", name="Ann", protocol=1, **fields)
    client.refused("bad_signature")


def test_the_owner_takes_over_and_nobody_sees_it(server: Server, key: Ed25519PrivateKey) -> None:
    watcher = server.client("Watcher")
    old = server.owner("Ann", key)
    watcher.expect("joined", name="Ann")
    old.send("group_set", group="g", members=["Watcher"], id="1")
    old.expect("accepted")
    last = old.heard[-1]["seq"]
    new = server.owner("ann", key, after=last)
    assert [got.get("reason") for got in old.to_the_end()] == ["taken_over"]
    watcher.send("say", text="hi")
    assert new.expect("said")["text"] == "hi"
    new.send("group_send", group="g", text="still in it")
    watcher.expect("group_said", text="still in it")
    assert not [got for got in watcher.until_pong() if got["type"] in ("joined", "exited")]
    names = [got["type"] for got in watcher.heard]
    assert (names.count("joined"), names.count("exited")) == (1, 0)


def test_what_is_told_to_somebody_away_is_kept(server: Server, key: Ed25519PrivateKey) -> None:
    bob = server.client("Bob")
    ann = server.owner("Ann", key)
    last = ann.heard[-1]["seq"]
    ann.send("quit")
    ann.to_the_end()
    bob.expect("exited", name="Ann")
    bob.send("tell", to="ANN", text="for later", id="1")
    bob.expect("accepted")
    bob.send("say", text="in public")
    bob.until_pong()
    again = server.owner("Ann", key, after=last)
    again.until_pong()
    said = [(got["type"], got["text"]) for got in again.heard if got["type"] in ("told", "said")]
    assert said == [("told", "for later"), ("said", "in public")]
    seqs = [got["seq"] for got in again.heard if got["type"] in ("told", "said", "joined", "exited")]
    assert seqs == sorted(set(seqs))
    again.line("@history @Bob")
    assert [got["text"] for got in again.expect("history")["messages"]] == ["for later"]


def test_an_id_is_one_request_over_several_connections(server: Server, key: Ed25519PrivateKey) -> None:
    watcher = server.client("Watcher")
    first = server.owner("Ann", key)
    first.send("say", text="once", id="i")
    first.send("tell", to="Nobody", text="x", id="j")
    seq = first.expect("accepted", re="i")["seq"]
    text = first.refused("no_such_user", re="j")["text"]
    first.reset()
    again = server.owner("Ann", key)
    server.client("Nobody")
    for _ in range(2):
        again.send("say", text="something else", id="i")
        again.expect("accepted", re="i", seq=seq)
        again.send("tell", to="Nobody", text="x", id="j")
        assert again.refused("no_such_user", re="j")["text"] == text
    watcher.until_pong()
    assert [got["text"] for got in watcher.heard if got["type"] == "said"] == ["once"]
