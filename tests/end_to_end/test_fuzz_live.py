"""The fuzzer of running servers: it finds nothing wrong with ours, and everything that was planted."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuzz.__main__ import main
from fuzz.live.chat import PROTOCOL as CHAT
from fuzz.live.playing import Conversation
from fuzz.live.playing import Server as Place
from fuzz.live.protocol import Act
from tests.end_to_end.client import WAIT_SECONDS, Server
from tests.planted.bugs_live import BUGS
from tests.planted.copying import ROOT, Bug, plant

EXAMPLE = ROOT / "fuzz" / "examples" / "locker_protocol.py"
CONVERSATIONS = 120
MESSAGES_MAX = 6
REPLAYS_MAX = 20


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def live(port: int, *options: str) -> int:
    return main(["live", "127.0.0.1", str(port), "--plaintext", *options])


def found(seed: int) -> Path:
    return Path(f"found-live-{seed}.json")


def test_our_server_is_what_it_says(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with Server("--failed-logins", "1000000/1000000") as server:
        status = live(server.port, "--conversations", str(CONVERSATIONS), "--seed", "1", "--report", "report")
        shown = capsys.readouterr().out
        assert status == 0, shown
        assert "Traceback" not in server.stderr()
    assert "seed 1" in shown
    facts = json.loads((tmp_path / "report" / "report.json").read_text())
    assert facts["conversations"] == CONVERSATIONS
    assert facts["not_judged"] == 0
    assert len(facts["not_reached"]["tried"]) <= 5  # chance says which; of six seeds none missed more than three
    assert len(facts["refusals"]) >= 10  # of six seeds the poorest met 14
    assert {"guest", "owner", "asked again", "left", "say"} <= set(facts["states"])
    assert "refusals\n" in (tmp_path / "report" / "report.txt").read_text()


def test_the_model_follows_an_owner_from_connection_to_connection() -> None:
    login = {"type": "login", "protocol": 1, "name": "{ann}", "key": 0}
    acts = [
        Act(0, login),
        Act(0, {"type": "say", "text": "before", "id": "1"}),
        Act(1, login),
        Act(1, {"type": "say", "text": "before", "id": "1"}),
        Act(1, {"type": "say", "text": "more"}),
        Act(1, {"type": "quit"}),
        Act(2, {**login, "after": "first"}),
    ]
    with Server() as server:
        conversation = Conversation(CHAT, Place("127.0.0.1", server.port, None), "owner_")
        conversation.play(acts)
    assert conversation.final is not None
    assert {"taken over", "asked again", "resumed", "told what was missed"} <= set(conversation.final.describe())


def test_over_tls_only_the_key_that_was_asked_for_will_do(capsys: pytest.CaptureFixture[str]) -> None:
    with Server("--failed-logins", "1000000/1000000", tls=True) as server:
        place = ["live", "127.0.0.1", str(server.port), "--conversations", "20", "--seed", "1"]
        assert main([*place, "--pin", server.pin]) == 0
        assert f"the server's key is {server.pin}" in capsys.readouterr().out
        assert main([*place, "--pin", "SHA256:" + "A" * 43 + "="]) == 77
        assert live(server.port, "--wait", "0.5") in (1, 69)  # which nothing will come of, however long


def test_small_limits_are_no_findings(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--people-max", "2", "--groups-max", "1", "--group-members-max", "2", "--failed-logins", "3/1000000")
    with Server(*options) as server:
        assert live(server.port, "--conversations", "60", "--seed", "2") == 0, capsys.readouterr().out


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found_and_shrunk(bug: Bug, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "copy"
    root.mkdir()
    with Server("--failed-logins", "1000000/1000000", root=plant(bug, root)) as broken:
        status = live(broken.port, "--conversations", "3000", "--seed", "1")
        shown = capsys.readouterr().out
        assert status == 1, shown
        facts = json.loads(found(1).read_text())
        assert len(facts["acts"]) <= MESSAGES_MAX, shown
        assert facts["sent"]
        # A server without time reads at once what was sent in pieces, and then some bugs are not to be seen.
        assert any(main(["replay", str(found(1))]) == 1 for _ in range(REPLAYS_MAX))
    with Server("--failed-logins", "1000000/1000000") as ours:
        assert main(["replay", str(found(1)), "127.0.0.1", str(ours.port)]) == 0
    assert "holds" in capsys.readouterr().out


@pytest.fixture
def lockers(request: pytest.FixtureRequest) -> Iterator[int]:
    command = [sys.executable, "-m", "fuzz.examples.locker", *request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], WAIT_SECONDS)[0]
        yield int(process.stdout.readline().decode().partition("port=")[2])
        process.kill()


@pytest.mark.parametrize("lockers", [[]], indirect=True)
def test_another_protocol_is_fuzzed_by_its_file(lockers: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert live(lockers, "--protocol", str(EXAMPLE), "--seed", "5", "--conversations", "2000") == 1
    facts = json.loads(found(5).read_text())
    assert [act["what"].split(" ")[0] for act in facts["acts"]] == ["PUT", "PUT", "DROP", "GET"]
    assert main(["replay", str(found(5))]) == 1
    assert "should be NONE" in capsys.readouterr().out


@pytest.mark.parametrize("lockers", [["--mended"]], indirect=True)
def test_without_its_bug_the_example_holds(lockers: int) -> None:
    assert live(lockers, "--protocol", str(EXAMPLE), "--seed", "5", "--conversations", "60") == 0


def test_where_no_server_is(capsys: pytest.CaptureFixture[str]) -> None:
    with Server() as server:
        port = server.port
    assert live(port, "--conversations", "1") == 69
    said = capsys.readouterr().err
    assert said.startswith(f"no server at 127.0.0.1 port {port}: ")
    assert said.count("\n") == 1


def test_a_server_that_dies_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    with Server() as server:
        main_before = live(server.port, "--conversations", "1", "--seed", "3")
        assert main_before == 0
        server.stop()
    Path("no.json").write_text("{}")
    assert main(["replay", "no.json"]) == 2
    assert "is no conversation that was found" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [["live"], ["live", "127.0.0.1", "x"], ["live", "127.0.0.1", "1", "--protocol", "no.py"], ["live", "--bogus"]],
)
def test_a_wrong_command_line_ends_with_2(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
