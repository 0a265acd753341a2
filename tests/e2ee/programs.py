"""What people do, one step after the other, while a server lies: the steps, and what each means for the oracle.

A step has its own dice and its own number of lies, so that a step can be left out, or made honest, without changing
what the others do: that is how a finding becomes small.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import msgspec

from reactor_chat.e2ee import safety
from reactor_chat.e2ee.boundary import (
    Accept,
    Arm,
    Block,
    Disarm,
    Held,
    HeldAction,
    Let,
    Outcome,
    Posture,
    Rekey,
    Reset,
    SetPassphrase,
    Verify,
)
from reactor_chat.e2ee.conversation import ROOM, Conversation, Heard, Scope, Spoken
from reactor_chat.e2ee.identity import person_of
from reactor_chat.e2ee.trust import fingerprint_of
from reactor_chat.errors import MessageInvalid
from reactor_chat.wire.codec import decode_notice, encode
from reactor_chat.wire.messages import (
    GroupAdd,
    GroupDelete,
    GroupKick,
    GroupLeave,
    GroupSaid,
    GroupSend,
    GroupSet,
    Said,
    Say,
    Tell,
    Told,
    fold,
)
from tests.e2ee.adversary import KINDS, Adversary
from tests.e2ee.forger import EVERYBODY, Forger, impostor
from tests.e2ee.oracle import Beliefs, Oracle, Roll, Slot, counts
from tests.e2ee.village import (
    CLUB,
    GHOST,
    HONEST,
    NEWCOMER,
    ROOMS,
    TEAM,
    Village,
    Watched,
    beginning,
    put_back,
    take_up,
)
from tests.e2ee.world import CANARY

PLACES = ("room", "team", "club", *EVERYBODY)
PASSPHRASES = ("one", "two")
PAUSES = ("all", "all", "all", "some", "none")
"""How much of what lies ready is delivered after a step."""

LIES = (0, 0, 1, 1, 2, 4, 12)
RATES = (0.1, 0.3, 0.8)
REFUSALS = (
    "without a passphrase", "That needs", "Only the owner", "has 1 to", "does not know whom", "is encrypted already",
    "Nobody else is there", "weaker protection", "You keep no list",
)  # fmt: skip

_numbers: dict[tuple[str, bytes, str, bytes], str] = {}


class Step(NamedTuple):
    """Somebody does something about somebody or somewhere, and the server lies so often; `pause` is one of `PAUSES`."""

    action: str
    who: str
    what: str
    seed: int = 0
    lies: int = 0
    pause: str = "all"


class Program:
    """A village, an adversary in front of each person, and an oracle."""

    def __init__(self, room: str) -> None:
        begun = beginning(room)
        self.village = take_up(begun)
        self.early = begun.service
        self.oracle = Oracle()
        self.forger = Forger(self.village)
        self.oracle.ghost_lines = self.forger.said
        self.homes: dict[str, list[Beliefs]] = {}
        self.lies: dict[str, Adversary] = {}
        self.heirs_asked = 0
        self.payloads_seen = 0
        for name in EVERYBODY:
            self.oracle.holders[impostor(name).key] = GHOST
        for name, person in self.village.people.items():
            self._move_in(name, person)
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
                if where == ROOM or where in who.announced:
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

    # ------------------------------------------------------------------------------------------ steps

    def run(self, steps: list[Step]) -> None:
        """Take all steps, and judge what came of it."""
        for step in steps:
            self.do(step)
        self.finish()

    def do(self, step: Step) -> None:
        """Take a step."""
        if step.who not in self.homes:
            return
        chance = Random(f"{step.seed} {step.action}")  # noqa: S311  a test's dice
        for name, adversary in self.lies.items():
            adversary.begin_step(Random(f"{step.seed} {name}"), RATES[step.seed % len(RATES)], step.lies)  # noqa: S311
        self.forger.chance = chance
        counts[f"step {step.action}"] += 1
        getattr(self, f"_do_{step.action}")(self.homes[step.who][-1], step.what, chance)
        self._pause(step.pause, chance)
        self.oracle.passed(self.village.service.passed)
        self.village.service.passed.clear()

    def _pause(self, pause: str, chance: Random) -> None:
        if pause == "all":
            self.village.pass_time(1)
        elif pause == "some":
            for _ in range(chance.randint(1, 12)):
                self.village.deliver(chance.choice(list(self.village.people)))

    def finish(self) -> None:
        """Let the server's own account open what it can."""
        self.village.pass_time(5)
        self.oracle.passed(self.village.service.passed)
        for text in self.forger.opened():
            self.oracle.opened_by_ghost(text)

    @property
    def was_sealed(self) -> bool:
        """Whether any line left under seal."""
        return any(line.seals for line in self.oracle.lines)

    @property
    def was_read(self) -> bool:
        """Whether anybody but its author opened a line."""
        return any(line.was_read for line in self.oracle.lines)

    def _where(self, who: Beliefs, what: str) -> Conversation | None:
        if what in ("room", "team", "club"):
            return {"room": ROOM, "team": TEAM, "club": CLUB}[what]
        return None if what.lower() == who.name else Conversation.pair(what)

    def _order(self, who: Beliefs, order: object) -> list[str]:
        return who.client.order(order)  # type: ignore[arg-type]

    # ------------------------------------------------------------------------------------------ lines

    def _do_say(self, who: Beliefs, what: str, _: Random) -> None:
        where = self._where(who, what)
        if where is None:
            return
        if who.me == GHOST:
            self.forger.said[text := f"ghostbird {len(self.forger.said)}."] = GHOST.lower()
            who.client.say(text, where)
            return
        text, request_id = f"{CANARY} {len(self.oracle.lines)}.", who.client.fresh_id()
        request: Spoken = Say(text, id=request_id)
        if where.scope is Scope.PAIR:
            request = Tell(what, text, id=request_id)
        elif where.scope is Scope.GROUP:
            request = GroupSend(what, text, id=request_id)
        self.oracle.typed(who, where, request)
        who.client.do(lambda: who.client.session.said(request, self.village.now))

    def _do_send(self, who: Beliefs, _: str, __: Random) -> None:
        for request in who.client.session.held:
            line = self.oracle.by_id.get(request.id or "")
            if line is not None:
                line.needs_yes = False
                line.is_open = line.is_open or who.client.session.posture(line.where) is Posture.PLAIN
        self._order(who, Held(HeldAction.SEND))

    def _do_drop(self, who: Beliefs, _: str, chance: Random) -> None:
        held = {request.id for request in who.client.session.held}
        self._order(who, Held(chance.choice((HeldAction.DROP, HeldAction.EDIT))))
        for request_id in held - {request.id for request in who.client.session.held}:
            if (line := self.oracle.by_id.get(request_id or "")) is not None:
                line.is_gone = True

    def _do_history(self, who: Beliefs, _: str, chance: Random) -> None:
        """The person scrolls back, and the server shows pages as it likes."""
        if who.me not in self.lies:
            return
        told = [notice for notice, _ in self.village.service.journal if isinstance(notice, Said | Told | GroupSaid)]
        for notice in chance.sample(told, k=min(4, len(told))):
            page: Heard = notice
            for name in chance.sample(list(notice.__struct_fields__), k=chance.choice((0, 1, 1, 2))):
                page = msgspec.structs.replace(page, **{name: self.lies[who.me].value(type(page), name)})
            try:
                page = decode_notice(encode(page))  # type: ignore[assignment]
            except MessageInvalid:
                continue
            counts["history pages"] += 1
            shown = who.client.session.recall(page)
            if shown is not None:
                self.oracle.shown(who, shown)

    # ------------------------------------------------------------------------------------------ encryption

    def _do_arm(self, who: Beliefs, what: str, chance: Random) -> None:
        if (where := self._where(who, what)) is None:
            return
        passphrase = chance.choice((None, None, *PASSPHRASES)) if who.me != GHOST else None
        self._type_passphrase(who, where, passphrase)
        self._go_along(who, where)
        answers = self._order(who, Arm(where, passphrase))
        self._passphrase_typed(who, where, passphrase, answers, is_replaced=False)

    def _go_along(self, who: Beliefs, where: Conversation) -> None:
        """What an `@encrypt on` agrees to, as far as the person was told."""
        kind, about = who.offers.pop(where, ("", ""))
        if kind == "owner":
            meant = who.pins.get(about)
            holders = {GHOST} if meant is None else meant
            who.follows.setdefault(where, set()).update(holders)
        elif kind == "less":
            if "no passphrase" in about:
                who.passphrases.pop(where, None)
            if "no list" in about:
                who.follows.pop(where, None)
            if "weaker cipher" in about:
                who.weaker.add(where)

    def _type_passphrase(self, who: Beliefs, where: Conversation, passphrase: str | None) -> None:
        if passphrase is not None:
            self.oracle.knows.setdefault(passphrase, set()).add(who.me)

    def _passphrase_typed(
        self, who: Beliefs, where: Conversation, passphrase: str | None, answers: list[str], *, is_replaced: bool
    ) -> None:
        if any(refusal in answer for answer in answers for refusal in REFUSALS):
            return
        if is_replaced:
            who.passphrases.pop(where, None)
        if passphrase is not None:
            who.passphrases.setdefault(where, set()).add(passphrase)

    def _do_passphrase(self, who: Beliefs, what: str, chance: Random) -> None:
        where = self._where(who, what)
        if where is None or who.me == GHOST:
            return
        passphrase = chance.choice((None, *PASSPHRASES))
        self._type_passphrase(who, where, passphrase)
        before = who.passphrases.pop(where, None)
        answers = self._order(who, SetPassphrase(where, passphrase))
        if before and any(refusal in answer for answer in answers for refusal in REFUSALS):
            who.passphrases[where] = before
        self._passphrase_typed(who, where, passphrase, answers, is_replaced=True)

    def _do_off(self, who: Beliefs, what: str, chance: Random) -> None:
        if (where := self._where(who, what)) is not None:
            who.plain.add(where)
            self._order(who, Disarm(where, chance.random() < 0.5))

    def _do_reset(self, who: Beliefs, what: str, _: Random) -> None:
        if (where := self._where(who, what)) is not None:
            self._order(who, Reset(where))

    def _do_rekey(self, who: Beliefs, what: str, _: Random) -> None:
        if (where := self._where(who, what)) is not None:
            self._order(who, Rekey(where))

    def _do_close(self, who: Beliefs, _: str, chance: Random) -> None:
        """Close the room, for those who are named or those who are there."""
        names = tuple(chance.sample(EVERYBODY, k=2)) if chance.random() < 0.6 else None
        before, was = len(who.client.notes), who.follows.get(ROOM)
        roll = self.oracle.rolls.setdefault((ROOM, who.me), Roll())
        if names is not None:
            for name in names:
                roll.add(name, who.pins.get(name.lower(), set()))
        self._go_along(who, ROOM)
        who.follows[ROOM] = {*(who.follows.get(ROOM) or ()), who.me}
        answers = self._order(who, Arm(ROOM, None, is_closed=True, names=names))
        self.village.pass_time(1)
        if any(refusal in answer for answer in answers for refusal in REFUSALS):
            who.follows.pop(ROOM)
            if was is not None:
                who.follows[ROOM] = was
        for note in who.client.notes[before:]:
            if note.text.startswith("On the list of the room, beside you: "):
                for name in note.text.partition(": ")[2].split(", "):
                    roll.add(name, who.pins.get(name.lower(), set()))

    def _do_let(self, who: Beliefs, what: str, chance: Random) -> None:
        """Put somebody on the list of the closed room, or take them off."""
        if what not in EVERYBODY:
            return
        is_in, roll = chance.random() < 0.5, self.oracle.rolls.get((ROOM, who.me))
        if roll is not None:
            self._amend(who, roll, what, is_in=is_in)
        self._order(who, Let((what,), is_in))

    # ------------------------------------------------------------------------------------------ groups

    def _amend(self, who: Beliefs, roll: Roll, name: str, *, is_in: bool) -> None:
        if is_in:
            roll.add(name, who.pins.get(name.lower(), set()))
        else:
            roll.current.pop(fold(name), None)

    def _group(self, chance: Random) -> Conversation:
        return chance.choice((TEAM, CLUB))

    def _do_add(self, who: Beliefs, what: str, chance: Random) -> None:
        if what in EVERYBODY:
            where = self._group(chance)
            if (roll := self.oracle.rolls.get((where, who.me))) is not None:
                self._amend(who, roll, what, is_in=True)
            who.client.order_group(GroupAdd(where.name, [what], id=who.client.fresh_id()))

    def _do_kick(self, who: Beliefs, what: str, chance: Random) -> None:
        if what in EVERYBODY and what.lower() != who.name:
            where = self._group(chance)
            if (roll := self.oracle.rolls.get((where, who.me))) is not None:
                self._amend(who, roll, what, is_in=False)
            who.client.order_group(GroupKick(where.name, what, id=who.client.fresh_id()))

    def _do_leave(self, who: Beliefs, _: str, chance: Random) -> None:
        """Leave a group; of its owner's, the next one keeps the list."""
        where = self._group(chance)
        roll, group = self.oracle.rolls.get((where, who.me)), who.client.talk(where).group
        if roll is not None and group is not None:
            there = {person_of(leaf).folded for leaf in group.members.values()}
            heirs = [slot for name, slot in roll.current.items() if name in there and name != who.name]
            for heir in {one for slot in heirs for one in slot.people}:
                self.oracle.rolls.setdefault((where, heir), Roll()).ever += roll.ever
                self.oracle.rolls[where, heir].ever.append((who.name, _slot(who.me)))
                self.oracle.rolls[where, heir].current.update({**roll.current, who.name: _slot(who.me)})
                self._let_follow(where, who.me, heir)
        who.client.order_group(GroupLeave(where.name, id=who.client.fresh_id()))
        self._give_up(who, where)

    def _let_follow(self, where: Conversation, owner: str, heir: str) -> None:
        for homes in self.homes.values():
            for one in homes:
                if owner in one.follows.get(where, set()):
                    one.follows[where].add(heir)

    def _give_up(self, who: Beliefs, where: Conversation) -> None:
        who.follows.pop(where, None)
        who.passphrases.pop(where, None)

    def _do_delete(self, who: Beliefs, _: str, chance: Random) -> None:
        where = self._group(chance)
        who.client.order_group(GroupDelete(where.name, id=who.client.fresh_id()))
        self._give_up(who, where)

    def _do_found(self, who: Beliefs, what: str, chance: Random) -> None:
        """Create a group, which may be there already, or take over the list of one."""
        where, names = self._group(chance), chance.sample(EVERYBODY, k=2)
        roll = self.oracle.rolls.setdefault((where, who.me), Roll())
        roll.current.clear()
        for name in names:
            roll.add(name, who.pins.get(name.lower(), set()))
        who.follows.setdefault(where, set()).add(who.me)
        if what in HONEST:
            self._order(who, Arm(where, names=tuple(names)))
        else:
            who.client.order_group(GroupSet(where.name, names, id=who.client.fresh_id()))

    # ------------------------------------------------------------------------------------------ trust

    def _number(self, who: Beliefs, name: str, key: bytes) -> str:
        place = (who.name, who.client.session.desk.own_key, name, key)
        if place not in _numbers:
            _numbers[place] = safety.safety_number(*place)
        return _numbers[place]

    def _do_look(self, who: Beliefs, what: str, _: Random) -> None:
        if what not in EVERYBODY or what.lower() == who.name:
            return
        for answer in self._order(who, Verify(what)):
            if answer.startswith("Safety number with "):
                digits = answer.rpartition(": ")[2].replace(" ", "")
                for key, holder in self.oracle.holders.items():
                    if self._number(who, what.lower(), key) == digits:
                        who.looked[what.lower()] = holder

    def _do_accept(self, who: Beliefs, what: str, _: Random) -> None:
        """Take the key that was shown, without comparing anything."""
        if what not in EVERYBODY:
            return
        name = what.lower()
        expected, pinned, verified = who.looked.get(name), who.pins.get(name), who.verified.pop(name, None)
        if expected is not None and pinned is not None:
            pinned.add(expected)
        was_blocked = name in who.blocked
        who.blocked.discard(name)
        answers = self._order(who, Accept(what))
        is_taken = any(answer.startswith("Accepted ") for answer in answers)
        if not is_taken or expected == verified:
            if verified is not None:
                who.verified[name] = verified
            if was_blocked and not is_taken:
                who.blocked.add(name)
        if any("new key" in answer for answer in answers if answer.startswith("Accepted ")):
            assert expected is not None, f"{who.me} accepted a key of {name} that was never shown"

    def _do_compare(self, who: Beliefs, what: str, chance: Random) -> None:
        """Two people meet, and compare."""
        other = self.homes.get(what, [None])[-1]  # type: ignore[list-item]
        if other is None or what.lower() == who.name:
            return
        digits = self._number(who, what.lower(), other.client.session.desk.own_key)
        is_accepted = chance.random() < 0.3
        before = (who.verified.get(other.name), who.pins.get(other.name), other.name in who.blocked)
        who.verified[other.name], who.pins[other.name] = other.me, {other.me}
        who.ever_verified.add((other.name, other.me))
        if is_accepted:
            who.blocked.discard(other.name)
        answers = self._order(who, Accept(what, digits) if is_accepted else Verify(what, digits))
        if any(answer.startswith("The number is right") for answer in answers):
            counts["verified"] += 1
            return
        who.verified.pop(other.name)
        who.pins.pop(other.name)
        if before[0] is not None:
            who.verified[other.name] = before[0]
        if before[1] is not None:
            who.pins[other.name] = before[1]
        if before[2]:
            who.blocked.add(other.name)

    def _do_block(self, who: Beliefs, what: str, _: Random) -> None:
        if what in EVERYBODY and any("Blocked" in answer for answer in self._order(who, Block(what))):
            who.blocked.add(what.lower())

    # ------------------------------------------------------------------------------------------ clients

    def _do_cut(self, who: Beliefs, _: str, __: Random) -> None:
        if who.client.is_online:
            who.client.disconnect()
        who.client.connect()

    def _do_away(self, who: Beliefs, _: str, __: Random) -> None:
        if who.me != GHOST:
            who.client.disconnect() if who.client.is_online else who.client.connect()

    def _do_restart(self, who: Beliefs, _: str, __: Random) -> None:
        was_online = who.client.is_online
        who.client.crash()
        if was_online:
            who.client.connect()

    def _do_home(self, who: Beliefs, what: str, chance: Random) -> None:
        """Go on in another home of the same key: a new one, or one of before."""
        if who.me == GHOST:
            return
        name, homes = who.client.name, self.homes[who.client.name]
        who.client.disconnect()
        own = [one for one in homes if one.me == who.me]
        if len(own) > 1 and chance.random() < 0.6:
            homes.remove(own[0])
            homes.append(own[0])
        else:
            self._move_in(name, Watched(self.village, name, seed=who.client.seed, home=len(homes))).is_new = True
        self.village.people[name] = homes[-1].client
        homes[-1].client.connect()

    def _do_join(self, _: Beliefs, __: str, ___: Random) -> None:
        """Somebody comes for the first time, by an invitation of Ann's."""
        if NEWCOMER in self.homes:
            return
        ann = self.village["Ann"].session.desk.own_key
        self.lies[NEWCOMER] = self.village.service.twist[NEWCOMER.lower()] = Adversary(self.village)
        person = Watched(self.village, NEWCOMER)
        person.settings = {"introductions": (("Ann", fingerprint_of(ann)),)}  # type: ignore[dict-item]
        person.start()
        self.village.people[NEWCOMER] = person
        who = self._move_in(NEWCOMER, person)
        who.pins["ann"], who.verified["ann"] = {"Ann"}, "Ann"
        who.ever_verified.add(("ann", "Ann"))
        person.connect()

    # ------------------------------------------------------------------------------------------ the server

    def _do_release(self, who: Beliefs, _: str, chance: Random) -> None:
        """A name is given free, and somebody else takes it."""
        name = who.client.name
        if who.me in (GHOST, "Ann") or name.lower() not in self.village.service.accounts:
            return
        who.client.disconnect()
        self.village.service.release(name)
        if chance.random() < 0.7:
            label = f"{name} {len(self.homes[name])}"
            person = Watched(self.village, name, seed=chance.randbytes(32), home=len(self.homes[name]))
            self.village.people[name] = person
            self._move_in(name, person, label).is_new = True
            person.connect()
        else:
            who.client.connect()

    def _do_restore(self, _: Beliefs, __: str, ___: Random) -> None:
        """The server goes back to how things were sealed in the beginning."""
        put_back(self.village.service, self.early)

    def _do_mute(self, who: Beliefs, _: str, chance: Random) -> None:
        if who.client.name in self.lies:
            self.lies[who.client.name].mute(chance.choice(KINDS), chance.randint(1, 4))

    def _do_ask(self, who: Beliefs, what: str, chance: Random) -> None:
        """The server says that somebody wants to be let in."""
        if (where := self._where(who, what)) is not None:
            self.village.service.ask_in_the_name_of(chance.choice(EVERYBODY), where)

    def _do_forge(self, who: Beliefs, what: str, chance: Random) -> None:
        if who.me in HONEST and (where := self._where(who, what)) is not None:
            self.forger.forge(who.me, where)
            if chance.random() < 0.5:
                self.village.pass_time(1)
                self._speak(who.me, where)

    def _do_speak(self, who: Beliefs, what: str, _: Random) -> None:
        if who.me in HONEST and (where := self._where(who, what)) is not None:
            self._speak(who.me, where)

    def _speak(self, victim: str, where: Conversation) -> None:
        self.forger.follow()
        self.forger.speak(victim, where, len(self.forger.said))

    def _do_commit(self, _: Beliefs, what: str, __: Random) -> None:
        self.forger.commit({"room": ROOM, "team": TEAM}.get(what, CLUB))

    def _do_wait(self, _: Beliefs, __: str, chance: Random) -> None:
        self.village.pass_time(chance.choice((5, 30, 700)))


def _slot(person: str) -> Slot:
    return Slot({person})


WEIGHTS = {
    "say": 40, "send": 2, "drop": 1, "history": 3, "arm": 5, "passphrase": 2, "off": 2, "reset": 2, "rekey": 2,
    "close": 2, "let": 2, "add": 3, "kick": 3, "leave": 1, "delete": 1, "found": 2, "look": 2, "accept": 2,
    "compare": 2, "block": 1, "cut": 3, "away": 2, "restart": 2, "home": 2, "join": 1, "release": 1, "restore": 1,
    "mute": 2, "ask": 2, "forge": 6, "speak": 3, "commit": 4, "wait": 1,
}  # fmt: skip
ACTIONS = tuple(action for action, weight in WEIGHTS.items() for _ in range(weight))
PEOPLE = (*HONEST, *HONEST, NEWCOMER, GHOST)
SEED_MAX = 2**16
STEPS_MAX = 24


def steps_of(chance: Random) -> tuple[str, list[Step]]:
    """Return a program: how the room stands in the beginning, and 4 to `STEPS_MAX` steps."""
    steps = [
        Step(
            chance.choice(ACTIONS), chance.choice(PEOPLE), chance.choice(PLACES), chance.randrange(SEED_MAX),
            chance.choice(LIES), chance.choice(PAUSES),
        )
        for _ in range(chance.randint(4, STEPS_MAX))
    ]  # fmt: skip
    return chance.choice(ROOMS), steps
