"""What an operator orders of people, as typed: bans that survive a restart, kicks, announcements, switches, numbers."""

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.end_to_end.client import WAIT_SECONDS, Client, Server, run_server
from tests.end_to_end.test_admin import admin, complaint, keep, said

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY_TEXT = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[Server]:
    with Server(storage=keep(data)) as server:
        yield server
        assert "Traceback" not in server.stderr(), server.stderr()[-2_000:]


@pytest.fixture(scope="module")
def asked_in_vain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server and its data, for tests after which everything is as it was before."""
    data = tmp_path_factory.mktemp("asked in vain") / "data"
    with Server(storage=keep(data)) as server:
        yield server, data
        server.check()


def kept_out(server: Server, name: str, key: Ed25519PrivateKey | None = None) -> str:
    """Try to come in; returns why not, having been sent away."""
    client = server.client()
    client.send("login", name=name, protocol=1, **({} if key is None else client.proof(name, key)))
    text = client.refused("not_allowed")["text"]
    assert [got["reason"] for got in client.to_the_end()] == ["kicked"]
    return str(text)


def sent_away(client: Client) -> str:
    text = client.refused("not_allowed")["text"]
    assert [got["reason"] for got in client.to_the_end()] == ["kicked"]
    return str(text)


# ------------------------------------------------------------------------------------------------- bans


def test_a_ban_sends_away_keeps_out_and_survives_a_restart_and_a_kill(data: Path) -> None:
    with Server(storage=keep(data)) as server:
        spammer, owner, watcher = server.client("Spammer"), server.owner("Owner", KEY), server.client("Watcher")
        typist = server.typist("Typist")
        assert said(data, "ban", "Spammer", "--for", "2h", "--reason", "Enough").startswith(
            "the name spammer is banned until "
        )
        assert sent_away(spammer).endswith("UTC: Enough")
        watcher.expect("exited", name="Spammer")
        said(data, "ban", "Owner", "--by", "key")
        assert sent_away(owner) == "You are banned for good"
        said(data, "ban", "Typist", "--reason", "Bye")
        assert typist.to_the_end().endswith("This name is banned for good: Bye\n")
        assert stat.S_IMODE((data / "bans.json").stat().st_mode) == 0o600
        server.process.kill()
    with Server(storage=keep(data)) as server:
        assert kept_out(server, "SPAMMER").endswith("UTC: Enough")
        assert kept_out(server, "Other", KEY) == "You are banned for good"
        listed = said(data, "bans").splitlines()
        assert listed[0].startswith("the name spammer")
        assert listed[0].endswith("UTC  Enough")
        assert [line.split()[2] for line in listed] == ["spammer", KEY_TEXT, "typist"]
        assert said(data, "unban", "spammer") == "the name spammer is not banned any more\n"
        assert said(data, "unban", KEY_TEXT) == f"the key {KEY_TEXT} is not banned any more\n"
        server.owner("Owner", KEY).until_pong()
        server.client("Spammer").until_pong()
        assert server.stop() == 0


@pytest.mark.parametrize("whom", ["127.0.0.1", "127.0.0.0/8"])
def test_an_address_or_network_is_kept_out(server: Server, data: Path, whom: str) -> None:
    ann, silent, typist = server.client("Ann"), server.client(), server.typist()
    assert said(data, "ban", whom, "--for", "1d").endswith("; connections closed: 3\n")
    for client in (ann, silent):
        assert "network is banned until" in (text := sent_away(client)) or "address is banned until" in text
    assert "banned until" in typist.to_the_end()
    late = server.client()
    assert "banned until" in late.refused("not_allowed")["text"]
    assert late.to_the_end() == []
    assert "banned until" in server.typist().to_the_end()
    said(data, "unban", whom)
    server.check()


def test_bans_are_looked_after_while_no_server_runs(data: Path) -> None:
    with Server(storage=keep(data)) as server:
        server.owner("Owner", KEY).until_pong()
        assert server.stop() == 0
    assert said(data, "bans") == "nobody is banned\n"
    assert said(data, "ban", "Owner", "--by", "key") == (
        f"the key {KEY_TEXT} is banned for good; connections closed: 0\n"
    )
    assert said(data, "ban", "192.0.2.0/24", "--for", "1d12h").startswith("the network 192.0.2.0/24 is banned until ")
    assert complaint(data, "unban", "192.0.2.9") == (
        "the address 192.0.2.9 is not banned, but the network 192.0.2.0/24 is"
    )
    with Server(storage=keep(data)) as server:
        assert kept_out(server, "Owner", KEY) == "You are banned for good"
        server.check()


def test_bans_edited_by_hand_count_after_sighup_and_a_mistake_changes_nothing(server: Server, data: Path) -> None:
    ann = server.client("Ann")
    said(data, "ban", "Bob")
    file = data / "bans.json"
    good = file.read_text()
    for text in ("{", good.replace("bob", "Bob")):
        file.write_text(text)
        server.process.send_signal(signal.SIGHUP)
        ann.until_pong()
        kept_out(server, "Bob")
    assert server.stderr().count("bans: nothing changed: ") == 2
    file.write_text(good.replace("bob", "ann"))
    server.process.send_signal(signal.SIGHUP)
    assert sent_away(ann) == "This name is banned for good"
    server.client("Bob").until_pong()


def test_a_server_does_not_begin_where_its_bans_cannot_be_read(data: Path) -> None:
    with Server(storage=keep(data)) as server:
        assert server.stop() == 0
    (data / "bans.json").write_text("nonsense")
    done = run_server("--data", str(data), "--plaintext", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "bans.json: these are no bans" in done.stderr.splitlines()[-1]
    assert "these are no bans" in complaint(data, "ban", "Ann")


@pytest.mark.parametrize("arguments", [
    ["ban"], ["ban", "a b"], ["ban", ""], ["ban", "server"], ["ban", "192.0.2.300"], ["ban", "192.0.2.1/24"],
    ["ban", "0.0.0.0/0"], ["ban", "Ann", "Bob"], ["ban", "Ann", "--for", "0s"], ["ban", "Ann", "--for", "x"],
    ["ban", "Ann", "--for", ""], ["ban", "Ann", "--for", "-1h"], ["ban", "Ann", "--for", "1.5h"],
    ["ban", "Ann", "--for", "3651d"], ["ban", "Ann", "--for", "9" * 5_000 + "d"], ["ban", "Ann", "--for", "٣d"],
    ["ban", "Ann", "--reason", "x" * 201], ["ban", "Ann", "--reason", "a\nb"], ["ban", "Ann", "--reason", "\x1b[2J"],
    ["ban", "Ann", "--reason", "\u202e"], ["ban", "Ann", "--reason", "\udcff"], ["ban", "Ann", "--by", "net"],
    ["unban"], ["unban", "a b"], ["kick"], ["kick", "Ann", "--reason", "\x07"], ["announce"], ["rate"], ["rate", "x"],
    ["rate", "0/1"], ["lockdown"], ["lockdown", "maybe"], ["status", "x"], ["bans", "x"],
])  # fmt: skip
def test_wrong_usage_is_2_and_changes_nothing(asked_in_vain: tuple[Server, Path], arguments: list[str]) -> None:
    server, data = asked_in_vain
    told_before = server.stderr().count("operator")
    done = admin(data, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert all(line.isprintable() for line in done.stderr.splitlines())
    assert not (data / "bans.json").exists()
    server.client().close()  # whatever it heard before, it has heard by now
    assert server.stderr().count("operator") == told_before


@pytest.mark.parametrize(("arguments", "says"), [
    (["ban", "Nobody", "--by", "key"], "nobody owns the name Nobody, so there is no key to ban"),
    (["ban", "Nobody", "--by", "address"], "Nobody is not connected"),
    (["ban", "192.0.2.1", "--by", "key"], "--by works with names only"),
    (["unban", "Nobody"], "the name nobody is not banned"), (["kick", "Nobody"], "Nobody is not connected"),
    (["announce", ""], "is empty"), (["announce", "\x1b[2J"], "control"), (["announce", "x" * 16_385], "at most"),
])  # fmt: skip
def test_what_cannot_be_done_is_one_line_and_1(
    asked_in_vain: tuple[Server, Path], arguments: list[str], says: str
) -> None:
    server, data = asked_in_vain
    assert says in complaint(data, *arguments)
    assert not (data / "bans.json").exists()
    server.check()
    server.empty()


# --------------------------------------------------------------------------------------- people and switches


def test_somebody_is_kicked_and_comes_back(server: Server, data: Path) -> None:
    ann = server.client("Ann")
    assert said(data, "kick", "ann", "--reason", "Calm down") == "Ann was disconnected\n"
    assert sent_away(ann) == "The operator closed your connection: Calm down"
    server.client("Ann").until_pong()
    assert "closed: kicked" in server.stderr()


def test_everybody_hears_an_announcement_and_nobody_can_fake_one(server: Server, data: Path) -> None:
    ann, typist = server.client("Ann"), server.typist("Typist")
    assert said(data, "announce", "Back", "at noon") == "Announcement sent to 2 people\n"
    assert ann.expect("said")["from"] == "server"
    typist.until("[server:] Back at noon\n")
    for name in ("server", "SERVER"):
        stranger = server.client()
        stranger.send("login", name=name, protocol=1)
        stranger.refused("name_reserved")
    late = server.client("Late")
    late.send("history")
    assert late.expect("history")["messages"][0]["text"] == "Back at noon"


def test_switches_hold_until_the_options_are_read_again(server: Server, data: Path) -> None:
    assert said(data, "lockdown", "on").startswith("Lockdown is on until ")
    stranger = server.client()
    stranger.send("login", name="Stranger", protocol=1)
    stranger.refused("not_allowed")
    assert said(data, "rate", "5/1").startswith("The rate is 5/1 until ")
    server.process.send_signal(signal.SIGHUP)
    for _ in range(2):
        server.client().close()
    stranger.login("Stranger")
    assert "options: --rate 5/1 -> off" in server.stderr()


def test_the_status_is_told_as_lines_and_as_json(server: Server, data: Path) -> None:
    ann = server.client("Ann")
    for number in range(10):
        ann.send("say", text=f"{number}", id=f"{number}")
    ann.until_pong()
    status = json.loads(said(data, "status", "--json"))["status"]
    assert status["messages"] == 10
    assert (status["connections"], status["logged_in"], status["records"]) == (1, 1, 11)
    assert status["turns"] > 0
    assert status["bytes_in"] > 10 * len('{"type":"say"}')
    assert status["bytes_out"] > status["bytes_in"], "ten messages, each heard with its answer"
    assert 0 < status["turn_seconds_max"] < 20
    assert status["memory_bytes"] > 1_000_000
    assert status["journal_bytes"] > 0
    lines = dict(line.split(": ") for line in said(data, "status").splitlines())
    assert set(lines) == set(status)
    assert lines["refusals"] == "none"
    assert lines["rate"] == "off"
    assert "operator" not in server.stderr(), "to look is nothing to tell of"


def test_answers_are_one_line_of_json_where_that_is_asked_for(server: Server, data: Path) -> None:
    server.client("Ann").until_pong()
    ban = json.loads(said(data, "--json", "ban", "Ann", "--for", "1h", "--reason", "Zoë"))
    assert ban["done"]
    assert ban["closed"] == 1
    assert ban["ban"]["until_ms"] == ban["ban"]["since_ms"] + 3_600_000
    assert json.loads(said(data, "bans", "--json"))["bans"] == [ban["ban"]]
    done = admin(data, "unban", "Nobody", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout) == {"done": False, "text": "the name nobody is not banned"}
    assert json.loads(admin(data, "--json", "kick", "Ann").stdout)["text"] == "Ann is not connected"


@pytest.mark.parametrize("arguments", [
    ["kick", "Ann"], ["announce", "x"], ["rate", "off"], ["lockdown", "on"], ["status"]
])  # fmt: skip
def test_where_no_server_runs_it_says_so(data: Path, arguments: list[str]) -> None:
    for directory in (data, data.parent):
        assert complaint(directory, *arguments, status=69) == f"no server is running on {directory}"
        done = admin(directory, *arguments, "--json")
        assert (done.returncode, done.stderr) == (69, "")
        assert not json.loads(done.stdout)["done"]
    assert not data.exists()


@pytest.mark.parametrize("arguments", [["ban", "Ann"], ["unban", "Ann"], ["bans"]])
def test_where_there_is_no_data_there_are_no_bans(data: Path, arguments: list[str]) -> None:
    assert "there is no journal in" in complaint(data, *arguments)
    assert not data.exists()


# ------------------------------------------------------------------------------------- as people with our client see it


def test_who_is_banned_reads_why_and_the_client_ends_with_77(server: Server, data: Path) -> None:
    said(data, "ban", "Ann", "--reason", "Enough")
    command = [sys.executable, "-m", "reactor_chat.client", "127.0.0.1", str(server.port), "--plaintext", "--guest"]
    for name, status in (("Ann", 77), ("Bob", 0)):
        done = subprocess.run(
            [*command, "--name", name],
            input="hi\n",
            capture_output=True,
            encoding="utf-8",
            timeout=WAIT_SECONDS,
            check=False,
        )
        assert done.returncode == status, done
        assert ("This name is banned for good: Enough" in done.stdout + done.stderr) == (name == "Ann")
    server.check()


def test_who_is_kicked_reads_why_and_the_client_does_not_come_back(server: Server, data: Path) -> None:
    command = [sys.executable, "-m", "reactor_chat.client", "127.0.0.1", str(server.port), "--plaintext", "--guest"]
    watcher = server.client("Watcher")
    with subprocess.Popen(
        [*command, "--name", "Ann"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as client:
        watcher.expect("joined", name="Ann")
        said(data, "announce", "Soon there is a kick")
        said(data, "kick", "Ann", "--reason", "Calm down")
        assert client.wait(WAIT_SECONDS) == 77
        assert client.stdout is not None
        read = client.stdout.read()
    assert "[server:] Soon there is a kick\n" in read
    assert "The operator closed your connection: Calm down" in read
    watcher.expect("exited", name="Ann")
    assert [got for got in watcher.until_pong() if got["type"] == "joined"] == []
