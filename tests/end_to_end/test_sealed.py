"""Sealed talk as new users have it: real clients, a real server, and somebody who records the line between them.

Everything said here has a word in it that nobody else may find: not in the server's data, not in its log, not on the
line.  Where a test says something plainly it uses another word, which is found: so the search is known to find.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reactor_chat.e2ee.identity import suites
from tests.client.processes import Person, client_command, environment
from tests.end_to_end.relay import Relay, recording

CANARY = "xylophone"
PLAIN = "trombone"


class Stage:
    """A server with its data and its log in a directory, the relay in front of it, and people at terminals."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = directory / "server.log"
        self._log_file = self.log.open("wb")
        command = [*client_command()[:1], "-m", "reactor_chat.server", "--port", "0", "--plaintext"]
        command += ["--data", str(directory / "data"), "--rate", "off"]
        self.server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log_file, text=True, env=environment()
        )
        assert self.server.stdout is not None
        found = re.search(r"port=(\d+)", self.server.stdout.readline())
        assert found is not None
        self.port = int(found[1])
        self.people: list[Person] = []
        self.homes: list[str] = []
        self.relay: Relay

    def person(self, name: str, *, home: str | None = None, guest: bool = False) -> Person:
        """Somebody at a terminal wide enough for any line, welcomed."""
        where = [] if guest else ["--home", str(self.directory / (home or name))]
        person = Person("127.0.0.1", self.relay.port, "--name", name, *where, columns=160, rows=60, NO_COLOR="1")
        self.people.append(person)
        person.until(f"[Welcome {name}]")
        if not guest and where[1] not in self.homes:
            self.homes.append(where[1])
            self.relay.until(b'"type":"keys_put"', len(suites()) * len(self.homes))  # from here on others find keys
        return person

    def close(self) -> None:
        for person in self.people:
            person.close()
        self.server.terminate()
        self.server.wait(20)
        assert self.server.stdout is not None
        self.server.stdout.close()
        self._log_file.close()

    def found(self, word: str) -> list[str]:
        """Where a word is found by whoever has the server, its log, or the line."""
        places = [path for path in (self.directory / "data").rglob("*") if path.is_file()]
        data = [path.name for path in [*places, self.log] if word.encode() in path.read_bytes()]
        return data + (["the line"] if word.encode() in self.relay.seen else [])


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    with recording(made.port) as relay:
        made.relay = relay
        try:
            yield made
        finally:
            made.close()
    assert made.found(CANARY) == [], "what was sealed was found"
    assert b"Traceback" not in made.log.read_bytes()


def say(person: Person, text: str) -> None:
    person.press(f"{text}\r")


def test_a_room_a_late_joiner_and_a_guest(stage: Stage) -> None:
    ann, bob = stage.person("Ann"), stage.person("Bob")
    say(ann, f"{PLAIN} for all")
    bob.until(f"[Ann:] {PLAIN} for all")
    ann.until_last("NOT encrypted >")
    say(ann, "@encrypt on")
    ann.until("You let Bob")
    ann.until_last("encrypted >")
    bob.until_last("encrypted >")
    say(ann, f"{CANARY} one")
    bob.until(f"[Ann, encrypted:] {CANARY} one")
    ann.until(f"[Ann, encrypted:] {CANARY} one ✓")
    guest, late = stage.person("Visitor", guest=True), stage.person("Late")
    late.until("let you into")
    say(bob, f"{CANARY} two")
    for reader in (ann, late):
        reader.until(f"[Bob, encrypted:] {CANARY} two")
    guest.until("[Bob: encrypted message]")
    assert not any(CANARY in line for line in guest.lines)
    say(late, "@history")
    late.until("End of the history")
    assert not any(f"{CANARY} one" in line for line in late.lines), "before joining nothing can be read"
    assert "the line" in stage.found(PLAIN)


def test_a_friend_who_is_offline_reads_it_later(stage: Stage) -> None:
    ann, bob = stage.person("Ann"), stage.person("Bob")
    say(ann, "@encrypt user Bob")
    ann.until("You let Bob")
    say(ann, f"@Bob {CANARY} at once")
    bob.until(f"[Ann (private), encrypted:] {CANARY} at once")
    say(bob, "@quit")
    assert bob.left() == 0
    say(ann, f"@Bob {CANARY} while you were away")
    ann.until(f"[to Bob, encrypted:] {CANARY} while you were away ✓")
    again = stage.person("Bob")
    again.until(f"[Ann (private), encrypted:] {CANARY} while you were away")
    say(again, f"@Ann {CANARY} thanks")
    ann.until(f"[Bob (private), encrypted:] {CANARY} thanks")


def test_a_kick_from_a_sealed_group(stage: Stage) -> None:
    ann, bob, cid = stage.person("Ann"), stage.person("Bob"), stage.person("Cid")
    say(ann, "@group set team Bob,Cid")
    cid.until("[Group team created")
    say(ann, "@group encrypt team")
    ann.until("You let")
    say(ann, f"@group send team {CANARY} for three")
    for reader in (bob, cid):
        reader.until(f"[Ann (team), encrypted:] {CANARY} for three")
    say(ann, "@kick team Cid")
    cid.until("[Cid kicked from team by Ann]")
    say(ann, f"@group send team {CANARY} for two")
    bob.until(f"[Ann (team), encrypted:] {CANARY} for two")
    say(ann, "done")
    cid.until("[Ann:] done")
    assert not any("for two" in line for line in cid.lines)


def test_a_changed_key_blocks_until_a_person_accepts_it(stage: Stage) -> None:
    ann, bob = stage.person("Ann"), stage.person("Bob")
    say(ann, "@encrypt user Bob")
    ann.until("You let Bob")
    say(ann, f"@Bob {CANARY} before")
    bob.until(f"[Ann (private), encrypted:] {CANARY} before")
    say(bob, "@quit")
    assert bob.left() == 0
    release(stage, "Bob")
    other = stage.person("Bob", home="Bob-with-another-key")
    say(ann, f"@Bob {CANARY} for Bob")
    ann.press("@Bob ")
    ann.until_last("(1 on the way) not sent > @Bob")
    ann.press("\x15@encrypt user bob\r")  # as the line above says
    ann.until("Bob has another key than the key known so far")
    say(ann, "done")
    other.until("[Ann:] done")
    assert not any(CANARY in line for line in other.lines)
    say(ann, "@trust accept Bob")
    ann.until("Nothing was changed")
    say(ann, "@verify Bob")
    ann.until("NEW KEY, not the key known so far")
    say(ann, "@trust accept Bob")
    ann.until("Accepted Bob's new key (not verified)")
    say(ann, "@held send")
    other.until(f"[Ann (private), encrypted:] {CANARY} for Bob")


def test_a_key_brought_back_without_anything_else_is_let_in_again(stage: Stage) -> None:
    ann, bob = stage.person("Ann"), stage.person("Bob")
    say(ann, "@encrypt on")
    ann.until("You let Bob")
    say(ann, f"{CANARY} before the loss")
    bob.until(f"[Ann, encrypted:] {CANARY} before the loss")
    say(bob, "@quit")
    assert bob.left() == 0
    (stage.directory / "new").mkdir(mode=0o700)
    key = (stage.directory / "Bob" / "identity").read_bytes()
    (stage.directory / "new" / "identity").write_bytes(key)
    (stage.directory / "new" / "identity").chmod(0o600)
    again = stage.person("Bob", home="new")
    again.until_last("encrypted >")
    say(ann, f"{CANARY} after the loss")
    again.until(f"[Ann, encrypted:] {CANARY} after the loss")
    say(again, f"{CANARY} back again")
    ann.until(f"[Bob, encrypted:] {CANARY} back again")
    say(again, "@history")
    again.until("End of the history")
    assert not any("before the loss" in line for line in again.lines), "what was said before stays closed"


def release(stage: Stage, name: str) -> None:
    """Give a name free, as an operator does whose user lost the key."""
    command = [*client_command()[:1], "-m", "reactor_chat.admin", "--data", str(stage.directory / "data")]
    done = subprocess.run([*command, "release", name], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr


def test_a_passphrase_lets_in_who_knows_it(stage: Stage) -> None:
    ann, bob, eve = stage.person("Ann"), stage.person("Bob"), stage.person("Eve")
    say(ann, "@encrypt on -")
    ann.until_last("Passphrase (it is not shown):")
    ann.press("five random words are enough")
    ann.until_last("Passphrase (it is not shown):")
    ann.press("\r")
    ann.until_last("encrypted >")
    say(bob, "@encrypt on five random words are enough")
    bob.until_last("encrypted >")
    say(eve, "@encrypt on four wrong words here")
    eve.until_last("getting keys >")
    say(ann, f"{CANARY} behind a passphrase")
    bob.until(f"[Ann, encrypted:] {CANARY} behind a passphrase")
    eve.until("[Ann: encrypted message")
    assert not any(CANARY in line for line in eve.lines)
    assert stage.found("random words") == []
    bob.press("\x1b[A")
    bob.until_last("encrypted >")  # a passphrase is not recalled


def test_a_pipe_and_a_program_read_what_is_sealed(stage: Stage) -> None:
    ann = stage.person("Ann")
    say(ann, "@encrypt on")
    ann.until_last("encrypted >")
    command = client_command(
        "127.0.0.1", stage.relay.port, "--name", "Robot", "--home", str(stage.directory / "Robot"), "--json"
    )
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as robot:
        assert robot.stdin is not None
        assert robot.stdout is not None
        ann.until("You let Robot")
        say(ann, f"{CANARY} for programs")
        line = next(line for line in robot.stdout if CANARY.encode() in line)
        assert b'"mark":"sealed"' in line
        robot.stdin.write(f"{CANARY} from a pipe\n".encode())
        robot.stdin.close()
        ann.until(f"[Robot, encrypted:] {CANARY} from a pipe")
        assert robot.wait(20) == 0
