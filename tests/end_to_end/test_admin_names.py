"""What an operator orders of names and messages, as typed: people, add, invite, moderator, delete, export, days."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.end_to_end.client import WAIT_SECONDS, Server
from tests.end_to_end.test_admin import admin, complaint, keep, said
from tests.end_to_end.test_admin_people import KEY, KEY_TEXT

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SECRET = "the SECRET of the house"  # noqa: S105


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[Server]:
    with Server("--lockdown", storage=keep(data)) as server:
        yield server
        assert "Traceback" not in server.stderr(), server.stderr()[-2_000:]


def test_people_come_in_by_their_key_or_by_an_invitation_and_are_listed(data: Path, server: Server) -> None:
    stranger = server.client()
    stranger.send("login", name="Ann", protocol=1, **stranger.proof("Ann", KEY))
    assert stranger.refused("not_allowed")["text"].endswith(f"Your key is {KEY_TEXT}")
    assert said(data, "add", "Ann", KEY_TEXT) == f"Ann belongs to the key {KEY_TEXT}\n"
    server.owner("Ann", KEY)
    code = said(data, "invite", "--days", "2").split()[-1]
    assert said(data, "invites").splitlines()[1].split()[0] == "3"
    invited = server.client()
    invited.login("Bob", **invited.proof("Bob", OTHER), invite=code)
    assert said(data, "invites") == "No invitations are open\n"
    listed = said(data, "people").splitlines()
    assert listed[0] == "Connected: 2"
    assert listed[2].split()[0] == "Ann"
    assert "Owned names: 2" in listed
    facts = json.loads(said(data, "people", "--json"))["people"]
    assert facts["owners"][0]["public_key"] == KEY_TEXT
    said(data, "moderator", "Ann", "on")
    assert json.loads(said(data, "--json", "people"))["people"]["owners"][0]["moderator"] is True
    number = json.loads(said(data, "invite", "--json"))["invite"]["number"]
    assert said(data, "uninvite", number) == f"Invitation {number} is revoked\n"
    assert "no open invitation" in complaint(data, "uninvite", number)
    assert server.stop() == 0
    assert f"no server is running on {data}" in complaint(data, "people", status=69)
    assert "belongs to that key already" in complaint(data, "add", "Ann", KEY_TEXT)
    verified = said(data, "verify").split()
    assert said(data, "replay").split() == verified[:4]


@pytest.mark.parametrize("arguments", [
    ["add"], ["add", "Ann"], ["add", "Ann", "nokey"], ["invite", "--days", "0"], ["invite", "--days", "x"],
    ["invite", "9"],
    ["uninvite"], ["uninvite", "-1"], ["delete"], ["delete", "0"], ["delete", "x"], ["delete", "9" * 20],
    ["moderator", "Ann"], ["moderator", "Ann", "maybe"], ["people", "x"],
])  # fmt: skip
def test_wrong_usage_is_2(data: Path, arguments: list[str]) -> None:
    done = admin(data, *arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("reactor-chat-admin")
    assert not data.exists()


def test_a_deleted_message_is_gone_and_everything_else_holds(data: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before.db", tmp_path / "after.db"
    with Server(storage=keep(data)) as server:
        ann = server.client("Ann")
        ann.send("say", text=SECRET)
        seq = ann.expect("said")["seq"]
        said(data, "backup", before)
        assert said(data, "delete", seq).startswith(f"Message {seq} from Ann was removed; ")
        assert complaint(data, "delete", seq) == f"Message {seq} was removed before"
        assert "is not a message" in complaint(data, "delete", 1)
        assert "the newest is" in complaint(data, "delete", 10**9)
        ann.send("history")
        (message,) = ann.expect("history")["messages"]
        assert (message["seq"], message["text"], message["removed"]) == (seq, "[message removed]", True)
        said(data, "backup", after)
        live = said(data, "export")
        assert SECRET not in live
        assert [json.loads(line)["seq"] for line in live.splitlines()] == [1, seq, seq + 1]
        assert server.stop() == 0
    assert said(data, "export").startswith(live)
    assert said(data, "verify").split()[1] == said(data, "replay").split()[1]
    assert said(data, "verify", after).split()[1] == str(seq + 1)
    files = [file for file in (*data.iterdir(), before, after) if file.is_file()]
    assert [file.name for file in files if SECRET.encode() in file.read_bytes()] == ["before.db"]


def test_one_client_asks_with_an_invitation_from_its_command_line(data: Path, server: Server, tmp_path: Path) -> None:
    code = said(data, "invite").split()[-1]
    command = [sys.executable, "-m", "reactor_chat.client", "127.0.0.1", str(server.port), "--plaintext"]
    for name, options, status in (("Ann", [], 77), ("Ann", ["--invite", code], 0), ("Bob", ["--invite", code], 77)):
        done = subprocess.run(
            [*command, "--name", name, "--home", str(tmp_path / f"{name}{status}"), *options],
            input="Hello\n", capture_output=True, encoding="utf-8", timeout=WAIT_SECONDS, check=False,
            env={**os.environ, "HOME": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == status, done.stderr
    assert "used, revoked or has expired" in done.stderr


def test_what_is_older_than_it_is_kept_goes_after_a_restart(data: Path) -> None:
    with Server(storage=keep(data)) as server:
        server.client("Ann").send("say", text="fresh")
        assert server.stop() == 0
    with Server("--keep-days", "1", storage=keep(data)) as server:
        server.check()
        assert server.stop() == 0
    assert '"fresh"' in said(data, "export"), "what is younger stays"
