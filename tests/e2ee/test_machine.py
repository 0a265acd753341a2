"""Attack 31, the most important one: whatever people do and whatever the server says, nothing secret leaves a client.

People type, turn encryption on and off, are cut off, die and come back, some from an old backup, while the server lies
to them in every way of `lies`.  A line is secret when its person had turned encryption on there, or the client showed
that it would be sealed.  After every step: no secret has passed the service in any form, no conversation went back to
plain text without its person's order, and no key with its nonce sealed two things.
"""

import logging
import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from reactor_chat.e2ee.boundary import Accept, Arm, AskStatus, Disarm, Posture, Rekey, Reset, Verify
from reactor_chat.e2ee.states import State
from reactor_chat.wire.conversation import ROOM, Conversation
from tests.conftest import NIGHTLY
from tests.e2ee.lies import LIES, shuffled
from tests.e2ee.recording import record_seals
from tests.e2ee.world import CANARY, CANARY_FORMS, Backup, World

NAMES = ["Ann", "Bob", "Cid"]
people = st.sampled_from(NAMES)
places = st.sampled_from(["room", "team", *NAMES])


class Liars(RuleBasedStateMachine):
    """Three people and a server that may say anything."""

    def __init__(self) -> None:
        super().__init__()
        self.monkeypatch = pytest.MonkeyPatch()
        self.used = record_seals(self.monkeypatch)
        self.logged: list[str] = []
        self.handler = logging.Handler()
        self.handler.emit = lambda record: self.logged.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger().addHandler(self.handler)
        self.world = World("machine")
        self.armed: set[tuple[str, Conversation]] = set()
        self.backups: dict[str, tuple[Backup, set[tuple[str, Conversation]]]] = {}
        self.looked_at = self.lines = 0

    @initialize(sealed=st.sets(st.sampled_from(["room", "team", "Bob"]), min_size=1))
    def come(self, sealed: set[str]) -> None:
        """Everybody comes, there is a group, and some of it is sealed."""
        for name in NAMES:
            self.world.join(name)
            self.world[name].used = self.used
        self.world.service.make_group("team", *NAMES)
        for place in sorted(sealed):
            self.turn_on("Ann", place)
            self.world.pass_time(5)

    def teardown(self) -> None:
        """In the end the server is honest and everybody comes back: nothing that was held leaves in plain text."""
        for name in self.world.people:
            self.world.service.twist.pop(name.lower(), None)
            self.world[name].disconnect()
        for person in self.world.people.values():
            person.connect()
        self.world.pass_time(100)
        self.nothing_secret_left()
        logging.getLogger().removeHandler(self.handler)
        self.monkeypatch.undo()
        assert not any(CANARY in line for line in self.logged)
        assert CANARY not in repr([vars(self.world.service), [vars(one) for one in self.world.service.seals.values()]])

    def where(self, place: str) -> Conversation:
        """Return a place by its name."""
        if place == "room":
            return ROOM
        return Conversation.group("team") if place == "team" else Conversation.pair(place)

    # ------------------------------------------------------------------------------------------ people

    @rule(name=people, place=places, arrives=st.sampled_from([True, True, False]))
    def say(self, name: str, place: str, *, arrives: bool) -> None:
        """Type a line, a secret one where the person has reason to believe that it is sealed."""
        where, person = self.where(place), self.world[name]
        is_secret = (name, where) in self.armed or person.session.posture(where) is not Posture.PLAIN
        self.lines += 1
        person.say(f"{CANARY if is_secret else 'not secret'} {self.lines}", where)
        if arrives:
            self.world.pass_time(1)

    @rule(place=st.sampled_from(["room", "team"]), order=st.permutations(NAMES))
    def talk(self, place: str, order: list[str]) -> None:
        """Everybody says something."""
        for name in order:
            self.say(name, place, arrives=True)

    @rule(name=people, other=people)
    def whisper(self, name: str, other: str) -> None:
        """Somebody says something to one other."""
        self.say(name, other, arrives=True)

    @rule(name=people, place=places)
    def turn_on(self, name: str, place: str) -> None:
        """`@encrypt on`."""
        where = self.where(place)
        self.world[name].order(Arm(where))
        if where != Conversation.pair(name):
            self.armed.add((name, where))

    @rule(name=people, place=places)
    def turn_off(self, name: str, place: str) -> None:
        """`@encrypt off`, where that is allowed."""
        where = self.where(place)
        self.world[name].order(Disarm(where))
        if self.world[name].state(where) is State.PLAIN:
            self.armed.discard((name, where))

    @rule(name=people, place=places, what=st.sampled_from([Rekey, Reset, AskStatus]))
    def order(self, name: str, place: str, what: type[Rekey] | type[Reset] | type[AskStatus]) -> None:
        """Some other order."""
        self.world[name].order(what(self.where(place)))

    @rule(name=people, other=people)
    def accept(self, name: str, other: str) -> None:
        """`@trust accept`, of the key that was looked at."""
        self.world[name].order(Verify(other))
        self.world[name].order(Accept(other))

    # ------------------------------------------------------------------------------------------ processes and wires

    @rule(name=people)
    def cut(self, name: str) -> None:
        """The connection ends."""
        self.world[name].disconnect()

    @rule(name=people)
    def come_back(self, name: str) -> None:
        """And is made again."""
        if not self.world[name].is_online:
            self.world[name].connect()

    @rule(name=people)
    def die(self, name: str) -> None:
        """The process dies."""
        self.world[name].crash()

    @rule(name=people)
    def back_up(self, name: str) -> None:
        """Copy what is stored."""
        self.backups[name] = (self.world[name].back_up(), {one for one in self.armed if one[0] == name})

    @rule(name=people)
    def restore(self, name: str) -> None:
        """Put the copy back; what was ordered since is forgotten with it."""
        if name in self.backups:
            backup, armed = self.backups[name]
            self.world[name].restore(backup)
            self.armed = {one for one in self.armed if one[0] != name} | armed

    @rule(name=people, count=st.integers(1, 6))
    def deliver(self, name: str, count: int) -> None:
        """Something arrives."""
        for _ in range(count):
            self.world.deliver(name)

    @rule(seconds=st.sampled_from([0.1, 1.0, 40.0]))
    def wait(self, seconds: float) -> None:
        """Everything arrives, and time passes."""
        self.world.pass_time(seconds)

    # ------------------------------------------------------------------------------------------ the server

    @rule(name=people, lie=st.sampled_from(sorted(LIES)))
    def lie(self, name: str, lie: str) -> None:
        """From now on somebody is lied to."""
        self.world.service.twist[name.lower()] = LIES[lie]

    @rule(name=people, seed=st.integers(0, 9))
    def shuffle(self, name: str, seed: int) -> None:
        """From now on somebody hears things in another order."""
        self.world.service.twist[name.lower()] = shuffled(seed)

    @rule(name=people)
    def be_honest(self, name: str) -> None:
        """From now on somebody hears the truth again."""
        self.world.service.twist.pop(name.lower(), None)

    @rule(name=people, place=places)
    def forget(self, name: str, place: str) -> None:
        """The server forgets that anything was ever sealed there."""
        key: tuple[str, ...] = ("room",) if place == "room" else ("group", "team")
        if place in NAMES:
            key = ("pair", *sorted((name.lower(), place.lower())))
        self.world.service.seals.pop(key, None)

    # ------------------------------------------------------------------------------------------ what always holds

    @invariant()
    def nothing_secret_left(self) -> None:
        """Everything that passed the service since the last look holds no canary."""
        passed = self.world.service.passed
        for payload in passed[self.looked_at :]:
            assert not any(form in payload for form in CANARY_FORMS), payload
        self.looked_at = len(passed)

    @invariant()
    def nobody_was_talked_out_of_it(self) -> None:
        """What a person turned on is on."""
        for name, where in self.armed:
            assert self.world[name].state(where) is not State.PLAIN, (name, where)

    @invariant()
    def nothing_was_sealed_with_a_key_used_before(self) -> None:
        """Every pair of key and nonce that left a client is another one."""
        assert len(set(self.used)) == len(self.used)


is_nightly = os.environ.get(NIGHTLY) == "1"
TestLiars = Liars.TestCase
TestLiars.settings = settings(
    max_examples=300 if is_nightly else 12,
    stateful_step_count=60 if is_nightly else 25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
