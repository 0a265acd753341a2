"""Whatever a server says in whichever field: a line is read by those whom its author's person named, as its author's.

People do what people do (write, add and kick, encrypt, accept keys, come and go) while `adversary` stands between the
honest service and each of them.  Every line is a canary with a number.  The oracle: whoever opens one, with every key
that the server's own account has, is among those whom its author's person had named,

- in a pair the other one,
- in a closed group those whom its owner's person ever put on the list, and for the owner's own lines those who are on
  it when the line is typed, or later,
- in the room those whom the author's client had announced;

and whoever shows one as sealed shows it under its author's name and where it was said.  No line that its person was
shown as sealed or held passes in plain text.
"""

import os
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactor_chat.e2ee.boundary import Accept, Arm, Disarm, Held, HeldAction, Mark, Posture, Rekey, Reset, Verify
from reactor_chat.e2ee.conversation import ROOM, Conversation, Scope, where_heard
from tests.conftest import NIGHTLY
from tests.e2ee.adversary import GHOST, HONEST, TEAM, Adversary, Forger
from tests.e2ee.world import CANARY, World

PROGRAMS = int(os.environ.get("REACTOR_CHAT_PROGRAMS", "2000" if os.environ.get(NIGHTLY) == "1" else "200"))
PLACES = ("room", "team", *HONEST, GHOST)

actions = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(HONEST), st.sampled_from(PLACES)),
    st.tuples(st.just("say"), st.sampled_from(HONEST), st.sampled_from(PLACES)),
    st.tuples(st.just("say"), st.sampled_from(HONEST), st.sampled_from(PLACES)),
    st.tuples(st.just("forge"), st.sampled_from(HONEST), st.sampled_from(PLACES)),
    st.tuples(st.just("ask"), st.sampled_from(("room", "team")), st.sampled_from(PLACES)),
    st.tuples(st.just("cut"), st.sampled_from(HONEST), st.just("")),
    st.tuples(st.sampled_from(("arm", "reset", "rekey", "off")), st.sampled_from(HONEST), st.sampled_from(PLACES)),
    st.tuples(st.sampled_from(("kick", "add")), st.just("Ann"), st.sampled_from(("Bob", "Cid", GHOST))),
    st.tuples(st.sampled_from(("verify", "accept", "send")), st.sampled_from(HONEST), st.sampled_from(HONEST)),
)


class Line:
    """A canary: who typed it where, and who may read it."""

    def __init__(self, number: int, author: str, where: Conversation, named: set[str]) -> None:
        self.text = f"{CANARY} {number}."
        self.author = author
        self.where = where
        self.named = named


class Program:
    """Three people, a service, an adversary, and what the people's own words come to."""

    def __init__(self, chance: Random, rate: float) -> None:
        self.world = World("adversary", *HONEST, GHOST)
        self.world.seal_room("Ann")
        self.world.service.make_group("team", "Ann", "Bob", "Cid")
        self.world.pass_time(5)
        self.listed, self.ever_listed = {"ann", "bob", "cid"}, {"ann", "bob", "cid"}
        self.forger = Forger(self.world, chance)
        self.lines: list[Line] = []
        self.passed_before = len(self.world.service.passed)
        for name in HONEST:
            self.world.service.twist[name.lower()] = Adversary(self.world, chance, rate)

    def do(self, action: str, name: str, what: str) -> None:
        """Do one thing, and let everything come of it that comes."""
        where = _place(what, name)
        if action == "say":
            self._say(name, where)
        elif action == "forge":
            self.forger.forge(name, where)
        elif action == "ask":
            self.world.service.ask_in_the_name_of(GHOST, _place(name, GHOST))
        elif action in ("kick", "add"):
            self._change_list(action, what)
        elif action == "cut":
            self.world[name].disconnect()
            self.world[name].connect()
        else:
            self._order(action, name, what, where)
        self.world.pass_time(1)

    def _say(self, name: str, where: Conversation) -> None:
        person = self.world[name]
        if person.session.posture(where) is Posture.PLAIN or where == Conversation.pair(name):
            return
        line = Line(len(self.lines), name, where, self._named(name, where))
        self.lines.append(line)
        person.say(line.text, where)

    def _named(self, name: str, where: Conversation) -> set[str]:
        if where.scope is Scope.PAIR:
            return {where.name, name.lower()}
        if where == TEAM:
            return set(self.listed if name == "Ann" else self.ever_listed)
        return {name.lower()}

    def _change_list(self, action: str, what: str) -> None:
        members = self.world.service.groups["team"]
        is_in = what.lower() in members
        if is_in == (action == "kick"):
            self.world.service.change_group("team", "kicked" if is_in else "added", what)
        if action == "add":
            self.listed.add(what.lower())
            self.ever_listed.add(what.lower())
            for line in self.lines:  # what is held is sealed for who is there then
                line.named |= {what.lower()} if line.where == TEAM else set()
        else:
            self.listed.discard(what.lower())

    def _order(self, action: str, name: str, other: str, where: Conversation) -> None:
        person = self.world[name]
        if action == "arm":
            person.order(Arm(where))
        elif action == "off":
            person.order(Disarm(where))
        elif action in ("reset", "rekey"):
            person.order({"reset": Reset, "rekey": Rekey}[action](where))
        elif action == "send":
            if all(talk.state.value != "plain" for talk in person.session.desk.talks.values()):
                person.order(Held(HeldAction.SEND))
        else:
            person.order({"verify": Verify, "accept": Accept}[action](other))

    # ------------------------------------------------------------------------------------------ the oracle

    def check(self) -> None:
        """Hold everything that was opened, shown or passed to what people named."""
        assert not self.world.leaked, self.world.leaked[0][:300]
        readers = {name: self.world[name].read for name in HONEST} | {GHOST: self.forger.opened()}
        for line in self.lines:
            named = line.named | (self._announced(line.author) if line.where == ROOM else set())
            for reader, texts in readers.items():
                assert line.text not in texts or reader.lower() in named, (reader, line.text, line.author, line.where)
        for name in HONEST:
            self._check_shown(name)

    def _announced(self, author: str) -> set[str]:
        told = " ".join(note.text for note in self.world[author].notes if "the room" in note.text).lower()
        return {name.lower() for name in (*HONEST, GHOST) if name.lower() in told}

    def _check_shown(self, name: str) -> None:
        for shown in self.world[name].shown:
            if shown.mark in (Mark.SEALED, Mark.NEW_KEY):
                line = next((line for line in self.lines if line.text == shown.notice.text), None)
                assert line is not None, shown
                there = line.where if line.where.scope is not Scope.PAIR or name == line.author else None
                assert shown.notice.sender.lower() == line.author.lower(), (name, shown)
                assert where_heard(shown.notice, name) == (there or Conversation.pair(line.author)), (name, shown)


def _place(place: str, me: str) -> Conversation:
    if place in ("room", "team", ""):
        return TEAM if place == "team" else ROOM
    return Conversation.pair(place if place != me else GHOST)


@settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.randoms(use_true_random=False),
    st.sampled_from((0.05, 0.15, 0.3, 0.6)),
    st.lists(actions, min_size=3, max_size=12),
)
def test_no_field_of_no_notice_widens_who_reads(chance: Random, rate: float, steps: list[tuple[str, str, str]]) -> None:
    program = Program(chance, rate)
    for step in steps:
        program.do(*step)
    program.check()


def test_without_lies_everything_arrives() -> None:
    """The program is one in which people reach each other: an oracle over silence would hold too."""
    program = Program(Random(1), 0.0)  # noqa: S311  a test's dice
    for name, place in (("Ann", "room"), ("Bob", "team"), ("Cid", "Ann"), ("Ann", "Bob")):
        program.do("say", name, place)
    program.check()
    assert sorted(program.world["Ann"].read) == sorted(line.text for line in program.lines)
