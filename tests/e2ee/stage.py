"""The stage on which people act: the village, an adversary in front of each person, and what everybody believes."""

from collections.abc import Callable
from typing import Any

from reactor_chat.e2ee.boundary import Outcome, Posture
from reactor_chat.wire.conversation import ROOM, Conversation
from tests.e2ee.adversary import Adversary
from tests.e2ee.forger import EVERYBODY, Forger, impostor
from tests.e2ee.oracle import Beliefs, Oracle, Roll
from tests.e2ee.village import CLUB, GHOST, HONEST, TEAM, Watched, beginning, take_up

REFUSALS = (
    "without a passphrase", "That needs", "Only the owner", "has 1 to", "does not know whom", "is encrypted already",
    "Nobody else is there", "weaker protection", "You keep no list", "is not encrypted", "Only who keeps",
)  # fmt: skip


class Stage:
    """A village, an adversary in front of each person, and an oracle.

    Args:
        room: how the room stands in the beginning, one of `ROOMS`.
    """

    def __init__(self, room: str) -> None:
        begun = beginning(room)
        self.village = take_up(begun)
        self.early = begun.service
        self.oracle = Oracle()
        self.forger = Forger(self.village)
        self.oracle.ghost_lines = self.forger.said
        self.homes: dict[str, list[Beliefs]] = {}
        self.lies: dict[str, Adversary] = {}
        self.backups: dict[tuple[str, int], tuple[Any, Beliefs, dict[str, int]]] = {}
        for name in EVERYBODY:
            self.oracle.holders[impostor(name).key] = GHOST
        for name in self.village.people:
            self._move_in(name, self.village[name])
        self._remember_beginning(room)
        self.village.service.takes_any_package = True
        for name in self.village.people:
            self.village.people[name].connect()
        self.village.pass_time(1)
        self.village.service.passed.clear()
        for name in HONEST:
            self.village.service.twist[name.lower()] = self.lies[name] = Adversary(self.village)

    def _move_in(self, name: str, person: Watched, label: str = "") -> Beliefs:
        who = Beliefs(label or name, person, len(self.homes.get(name, [])))
        self.homes.setdefault(name, []).append(who)
        self.oracle.homes_of[who.me] += 1
        self.oracle.holders[person.session.desk.own_key] = who.me
        person.watch = self._watched(who)
        return who

    def _watched(self, who: Beliefs) -> Callable[[Outcome], None]:
        def watch(outcome: Outcome) -> None:
            if who.me == GHOST:
                self.forger.watch()
                return
            self.oracle.turn(who, outcome)

        return watch

    def _remember_beginning(self, room: str) -> None:
        """What everybody was told and shown in the beginning, and whom they have on their lists."""
        for name in HONEST:
            who = self.homes[name][0]
            for note in who.client.notes:
                who.told(note)
            who.pins = {known.name.lower(): {known.name} for known in who.client.session.desk.trust}
            who.offers.clear()
            for where, owner in ((TEAM, "Ann"), (CLUB, "Bob"), *([(ROOM, "Ann")] if room == "closed" else [])):
                if who.announced.get(where):  # they were let in, and not only told that it is encrypted
                    who.follows[where] = {owner}
            for where in who.client.session.desk.talks:
                if who.client.session.posture(where) is not Posture.PLAIN:
                    who.secret.add(where)
        for where, owner, names in ((TEAM, "Ann", ("Bob", "Cid")), (CLUB, "Bob", ("Ann", "Dan", GHOST))):
            self._roll(where, owner, names)
        if room == "closed":
            self._roll(ROOM, "Ann", ("Bob", "Cid"))

    def _roll(self, where: Conversation, owner: str, names: tuple[str, ...]) -> Roll:
        roll = self.oracle.rolls.setdefault((where, owner), Roll())
        roll.current.clear()
        for name in names:
            roll.add(name, {name})
        return roll

    def _where(self, who: Beliefs, what: str) -> Conversation | None:
        if what in ("room", "team", "club"):
            return {"room": ROOM, "team": TEAM, "club": CLUB}[what]
        return None if what.lower() == who.name else Conversation.pair(what)

    def _order(self, who: Beliefs, order: object) -> list[str]:
        return who.client.order(order)  # type: ignore[arg-type]


def is_refused(answers: list[str]) -> bool:
    """Return whether an order was answered by why it cannot be followed."""
    return any(refusal in answer for answer in answers for refusal in REFUSALS)
