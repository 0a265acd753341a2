"""Every refusal code of PROTOCOL §6, reached from outside; a code without a way to it fails a test."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.end_to_end.client import Client, Object, Server, framed

CODES = (
    "bad_protocol bad_frame bad_message bad_text no_space bad_name name_reserved name_taken bad_signature login_first "
    "login_timeout already_logged_in invalid_command no_such_user no_such_group group_exists not_a_member "
    "not_the_owner already_a_member bad_group_name too_many too_long too_fast gap server_full not_allowed "
    "stale_epoch damaged"
).split()
"""PROTOCOL §6."""

ON_THEIR_OWN = {
    "login_first": "test_nothing_is_served_before_the_login",
    "bad_frame": "test_a_wrong_length_is_refused_and_closed",
    "no_space": "test_no_space_refuses_writes_and_serves_reads",
    "damaged": "test_what_cannot_be_read_is_damaged_and_the_rest_is_served",
}
"""Codes that no table below holds, and the tests that reach them."""

GROUP_ID = base64.b64encode(bytes(32)).decode()
PACKAGE = Path(__file__).parents[2] / "reactor_chat"


def test_every_code_has_a_way_to_it() -> None:
    ways = {*AS_ANN, *AT_LOGIN, *WITH_OPTIONS, *ON_THEIR_OWN}
    assert ways == set(CODES)
    assert set(ON_THEIR_OWN.values()) <= set(globals())


def test_the_server_refuses_with_no_other_code() -> None:
    sources = [path.read_text("utf-8") for part in ("chat", "server", "text") for path in (PACKAGE / part).glob("*.py")]
    used = {code for source in sources for code in re.findall(r'Refused\(\s*"(\w+)"', source)}
    assert used <= set(CODES)


# -------------------------------------------------------------------------------- asked by somebody who is there

AS_ANN: dict[str, list[Object]] = {
    "bad_message": [
        {"type": "say"},
        {"type": "nonsense"},
        {"type": "history", "limit": 201},
        {"type": "ping", "id": 7},
    ],
    "bad_text": [{"type": "say", "text": t} for t in ("", "\x1b[2J", "\0", "\x7f", "\x9b", "\u202e", "\u2066", "a\rb")],
    "already_logged_in": [{"type": "login", "name": "Other", "protocol": 1}],
    "invalid_command": [{"type": "line", "text": t} for t in ("@bogus", "@", "@ x", "@names x", "@group", "@Bob")],
    "no_such_user": [
        {"type": "tell", "to": "Nobody", "text": "x"},
        {"type": "history", "with": "Nobody"},
        {"type": "group_add", "group": "anns", "users": ["Bob", "Nobody"]},
        {"type": "group_set", "group": "new", "members": ["Nobody"]},
    ],
    "no_such_group": [
        {"type": "group_send", "group": "none", "text": "x"},
        {"type": "group_leave", "group": "none"},
        {"type": "group_delete", "group": "none"},
        {"type": "group_add", "group": "none", "users": ["Bob"]},
        {"type": "group_kick", "group": "none", "user": "Bob"},
        {"type": "who", "group": "none"},
        {"type": "history", "group": "none"},
    ],
    "group_exists": [{"type": "group_set", "group": "ANNS", "members": []}],
    "stale_epoch": [
        {"type": "say", "sealed": {"v": 1, "group_id": GROUP_ID, "epoch": 0, "mls": "AA=="}},
    ],
    "not_a_member": [
        {"type": "group_send", "group": "bobs", "text": "x"},
        {"type": "group_leave", "group": "bobs"},
        {"type": "who", "group": "bobs"},
        {"type": "history", "group": "bobs"},
        {"type": "group_kick", "group": "anns", "user": "Bob"},
        {"type": "group_kick", "group": "anns", "user": "Nobody"},
    ],
    "not_the_owner": [
        {"type": "group_delete", "group": "bobs"},
        {"type": "group_add", "group": "bobs", "users": ["Ann"]},
        {"type": "group_kick", "group": "bobs", "user": "Bob"},
    ],
    "already_a_member": [{"type": "group_add", "group": "anns", "users": ["Bob", "ann"]}],
    "bad_group_name": [{"type": "group_set", "group": g, "members": []} for g in ("", "a b", "é", "x" * 33, "Quit")],
    "too_long": [{"type": "say", "text": "x" * 16_385}, {"type": "tell", "to": "Bob", "text": "ü" * 8_193}],
    "not_allowed": [{"type": "group_kick", "group": "anns", "user": "Ann"}],
}


@pytest.fixture
def server(emptied: Server) -> Server:
    """The same one for all tests here."""
    return emptied


@pytest.fixture
def ann(server: Server) -> Client:
    ann, bob = server.client("Ann"), server.client("Bob")
    ann.send("group_set", group="anns", members=[], id="1")
    ann.expect("accepted")
    bob.send("group_set", group="bobs", members=[], id="1")
    bob.expect("accepted")
    ann.until_pong()
    return ann


@pytest.mark.parametrize("code", AS_ANN)
def test_what_somebody_may_ask_in_vain(ann: Client, code: str) -> None:
    for number, request in enumerate(AS_ANN[code]):
        for again in range(1 if code == "bad_message" else 2):
            fields = request if "id" in request else {**request, "id": f"id{number}"}
            ann.raw(framed(fields))
            got = ann.receive()
            assert got is not None
            assert (got["type"], got["code"], got.get("re")) == ("refused", code, re_of(fields)), (request, again)
            assert got["text"]
            assert "\n" not in got["text"] or code == "invalid_command"
    if code == "invalid_command":
        refusals = [got["text"] for got in ann.heard if got["type"] == "refused"]
        assert all(text.split("\n")[0] == "Invalid command. Use @help" for text in refusals)
    assert ann.until_pong() == []


def re_of(fields: Object) -> str | None:
    return fields["id"] if isinstance(fields["id"], str) else None


# --------------------------------------------------------------------------------------------------- at the door

A_KEY = base64.b64encode(bytes(range(32))).decode()
A_SIGNATURE = base64.b64encode(bytes(64)).decode()
SMALL_ORDER = base64.b64encode(b"\1" + bytes(31)).decode()

AT_LOGIN: dict[str, list[Object]] = {
    "bad_protocol": [{"name": "New", "protocol": p} for p in (0, 2, -1, 10**30)],
    "bad_name": [{"name": n, "protocol": 1} for n in ("", "two words", "é", "x" * 33)],
    "name_reserved": [{"name": n, "protocol": 1} for n in ("quit", "NAMES", "Server", "private")],
    "name_taken": [{"name": n, "protocol": 1} for n in ("Ann", "ANN", "ann")],
    "bad_signature": [
        {"name": "New", "protocol": 1, "key": A_KEY},
        {"name": "New", "protocol": 1, "key": A_KEY, "signature": A_SIGNATURE},
        {"name": "New", "protocol": 1, "key": SMALL_ORDER, "signature": A_SIGNATURE},
    ],
}


@pytest.mark.parametrize("code", AT_LOGIN)
def test_what_nobody_gets_in_with(server: Server, code: str) -> None:
    server.client("Ann")
    client = server.client()
    for request in AT_LOGIN[code]:
        client.send("login", id="l", **request)
        got = client.refused(code, re="l")
        assert code != "name_taken" or got["text"] == "Username is already taken"
    client.login("New")


def test_nothing_is_served_before_the_login(server: Server) -> None:
    client = server.client()
    for type_, fields in (
        ("say", {"text": "x"}),
        ("names", {}),
        ("line", {"text": "@quit"}),
        ("ping", {}),
        ("help", {}),
    ):
        client.send(type_, **fields)
        client.refused("login_first")
    client.login("Ann")


def test_the_fifth_refused_login_is_the_last(server: Server) -> None:
    client = server.client()
    for _ in range(5):
        client.send("login", name="two words", protocol=1)
        client.refused("bad_name")
    assert [got.get("reason") for got in client.to_the_end()] == ["violation"]


# ------------------------------------------------------------------------------------------- what closes as well

WRONG_LENGTHS = (bytes(4), b"\0\1\0\1", b"\xff\xff\xff\xff", b"\x80\0\0\0")


@pytest.mark.parametrize("head", WRONG_LENGTHS)
@pytest.mark.parametrize("name", [None, "Ann"])
def test_a_wrong_length_is_refused_and_closed(server: Server, head: bytes, name: str | None) -> None:
    client = server.client(name)
    client.raw(head)
    refused, bye = client.to_the_end()
    assert (refused["code"], bye["reason"]) == ("bad_frame", "violation")


# --------------------------------------------------------------------------------------- limits an operator chose

Way = Callable[[Server], None]


def too_many(server: Server) -> None:
    ann = server.client("Ann")
    for name in ("Bob", "Cid"):
        server.client(name)
    ann.send("group_set", group="g", members=["Bob", "Cid"], id="1")
    ann.refused("too_many", re="1")
    ann.send("group_set", group="g", members=["Bob"], id="2")
    ann.expect("accepted", re="2")
    ann.send("group_add", group="g", users=["Cid"])
    ann.refused("too_many")
    ann.send("group_set", group="h", members=[])
    ann.refused("too_many")


def too_fast(server: Server) -> None:
    client, other = server.client(), server.client()
    for _ in range(3):
        client.send("login", name="", protocol=1)
        client.refused("bad_name")
    other.send("login", name="Ann", protocol=1, id="1")
    other.refused("too_fast", re="1")


def server_full(server: Server) -> None:
    ann = server.client("Ann")
    server.client("Bob")
    cid = server.client()
    cid.send("login", name="Cid", protocol=1)
    cid.refused("server_full")
    ann.send("quit")
    ann.to_the_end()
    cid.login("Cid")


def login_timeout(server: Server) -> None:
    slow, ann = server.client(), server.client("Ann")
    refused, bye = slow.to_the_end()
    assert (refused["code"], bye["reason"]) == ("login_timeout", "idle")
    assert "took too long" in server.typist().to_the_end()
    assert ann.until_pong() == []


def gap(server: Server) -> None:
    ann = server.client("Ann", after=1_000_000)
    assert "re" not in ann.refused("gap")
    ann.send("say", text="live")
    ann.expect("said", text="live")


WITH_OPTIONS: dict[str, tuple[tuple[str, ...], Way]] = {
    "too_many": (("--group-members-max", "2", "--groups-max", "1"), too_many),
    "too_fast": (("--failed-logins", "3/0.01"), too_fast),
    "server_full": (("--people-max", "2"), server_full),
    "login_timeout": (("--login-seconds-max", "1", "--typed-login-seconds-max", "1"), login_timeout),
    "gap": ((), gap),
}


@pytest.mark.parametrize("code", WITH_OPTIONS)
def test_what_an_operator_limits(code: str) -> None:
    options, way = WITH_OPTIONS[code]
    with Server(*options) as server:
        way(server)
        assert "Traceback" not in server.stderr()


def test_no_space_refuses_writes_and_serves_reads(tmp_path: Path) -> None:
    storage = ("--data", str(tmp_path), "--journal-bytes-max", str(1 << 20))
    with Server(storage=storage) as server:
        ann, bob = server.client("Ann"), server.client("Bob")
        accepted: list[int] = []
        for number in range(1_000):
            ann.send("say", text=f"{number} " + "x" * 10_000, id=f"{number}")
            got = ann.receive()
            while got is not None and got["type"] in ("said", "joined"):
                got = ann.receive()
            assert got is not None
            if got["type"] == "refused":
                break
            accepted.append(got["seq"])
        assert got is not None
        assert (got["code"], got["re"]) == ("no_space", f"{len(accepted)}")
        assert len(accepted) > 10
        ann.send("history", limit=1)
        assert ann.expect("history")["messages"][0]["seq"] == accepted[-1]
        assert [got["seq"] for got in bob.until_pong() if got["type"] == "said"] == accepted
        bob.send("quit")
        assert bob.expect("bye")["reason"] == "quit"
        assert "Traceback" not in server.stderr()


def test_what_cannot_be_read_is_damaged_and_the_rest_is_served(tmp_path: Path) -> None:
    with Server(storage=("--data", str(tmp_path))) as server:
        ann = server.client("Ann")
        for number in range(20):
            ann.send("say", text=f"number {number} " + "x" * 3_000, id=f"{number}")
        ann.expect("accepted", re="19")
        assert server.stop() == 0
    file = tmp_path / "journal.db"
    file.write_bytes(file.read_bytes().replace(b"number 9 ", b"number 8 "))
    with Server(storage=("--data", str(tmp_path))) as server:
        ann = server.client("Ann")
        ann.send("history", limit=20, id="all")
        ann.refused("damaged", re="all")
        ann.send("history", limit=5, id="new")
        assert len(ann.expect("history", re="new")["messages"]) == 5
        assert "Traceback" not in server.stderr()


def test_a_key_that_is_not_the_owners_is_a_name_taken(server: Server) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    server.owner("Ann", key).send("quit")
    client = server.client()
    for fields in (client.proof("Ann", other), client.proof("ANN", other), {}):
        client.send("login", name="ANN" if fields else "ann", protocol=1, **fields)
        client.expect("refused")
    assert [got["code"] for got in client.heard[1:]] == ["bad_signature", "name_taken", "name_taken"]
    client.login("ANN", **client.proof("ANN", key))
