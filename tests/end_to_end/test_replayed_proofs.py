"""A proof of a name is good for one connection of one server: whoever overheard it has nothing.

That another key, name, nonce or channel binding proves nothing is in `test_claims.py`.
"""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.end_to_end.client import Object, Server

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def try_to_be_ann(server: Server, proof: Object) -> None:
    """Show an overheard proof, as it was and with what a thief can change; none lets anybody in."""
    own = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1")
    for name, key in (("Ann", {}), ("ann", {}), ("Ann2", {}), ("Ann", {"key": None})):
        thief = server.client()
        fields = {**proof, **key}
        if "key" in key:
            fields["key"] = thief.proof(name, own)["key"]
        thief.send("login", name=name, protocol=1, after=0, **fields)
        assert thief.refused("bad_signature")
        thief.send("names")
        assert thief.refused("login_first")
        assert [got["type"] for got in thief.heard] == ["hello", "refused", "refused"]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_proof_shown_again_lets_nobody_in(server: Server, *, is_there: bool) -> None:
    ann, watcher = server.client(), server.client("Watcher")
    proof = ann.proof("Ann", KEY)
    ann.login("Ann", **proof)
    if not is_there:
        ann.send("quit")
        ann.to_the_end()
        watcher.expect("exited", name="Ann")
    try_to_be_ann(server, proof)
    assert not [got for got in watcher.until_pong() if got["type"] == "joined" and got["name"] != "Ann"]
    if is_there:
        assert ann.until_pong() == [], "nobody took the connection over"
    server.owner("Ann", KEY)


def test_a_proof_for_one_server_is_none_for_another_nor_after_a_restart(tmp_path: Path) -> None:
    with Server() as other, Server(storage=("--data", str(tmp_path / "data"))) as server:
        server.owner("Ann", KEY).close()
        elsewhere = other.client()
        proof = elsewhere.proof("Ann", KEY)
        elsewhere.login("Ann", **proof)
        try_to_be_ann(server, proof)
        here = server.client()
        proof = here.proof("Ann", KEY)
        here.login("Ann", **proof)
        try_to_be_ann(other, proof)
        assert server.stop() == 0
    with Server(storage=("--data", str(tmp_path / "data"))) as server:
        try_to_be_ann(server, proof)
        server.owner("Ann", KEY)


def test_a_refused_login_can_be_tried_again_on_the_same_nonce(server: Server) -> None:
    ann = server.client()
    wrong = ann.proof("Ann", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    right = ann.proof("Ann", KEY)
    ann.send("login", name="Ann", protocol=1, key=right["key"], signature=wrong["signature"])
    ann.refused("bad_signature")
    ann.login("Ann", **right)
