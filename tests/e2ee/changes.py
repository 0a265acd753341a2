"""Who belongs where: orders about groups, clients and homes that come and go, and what the server does of itself."""

from random import Random

from reactor_chat.e2ee.boundary import (
    Arm,
)
from reactor_chat.e2ee.identity import person_of
from reactor_chat.e2ee.trust.trust_book import fingerprint_of
from reactor_chat.wire.conversation import ROOM, Conversation
from reactor_chat.wire.messages import (
    GroupAdd,
    GroupDelete,
    GroupKick,
    GroupLeave,
    GroupSet,
)
from tests.e2ee.adversary import KINDS, Adversary
from tests.e2ee.deeds import Deeds
from tests.e2ee.forger import EVERYBODY
from tests.e2ee.oracle import Beliefs, Roll, Slot
from tests.e2ee.stage import is_refused
from tests.e2ee.village import (
    CLUB,
    GHOST,
    HONEST,
    NEWCOMER,
    TEAM,
    Watched,
    put_back,
)


class Changes(Deeds):
    """Steps about groups, homes and the server."""

    # ------------------------------------------------------------------------------------------ groups

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
        before = dict(roll.current)
        for name in names:
            roll.add(name, who.pins.get(name.lower(), set()))
        who.follows.setdefault(where, set()).add(who.me)
        if what not in HONEST:
            who.client.order_group(GroupSet(where.name, names, id=who.client.fresh_id()))
            return
        roll.current = {name: slot for name, slot in roll.current.items() if slot is not before.get(name)}
        if is_refused(self._order(who, Arm(where, names=tuple(names)))):
            roll.current = before

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

    def _do_home(self, who: Beliefs, _: str, chance: Random) -> None:
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

    def _do_backup(self, who: Beliefs, _: str, __: Random) -> None:
        """Copy a home, or put the copy back: what was decided since is forgotten there."""
        if who.me == GHOST:
            return
        place, was_online = (who.name, who.number), who.client.is_online
        if place not in self.backups:
            shown = {line.text: line.shown[place] for line in self.oracle.lines}
            self.backups[place] = who.client.back_up(), who.copy(), shown
            return
        copy, believed, shown = self.backups.pop(place)
        for line in self.oracle.lines:  # an older archive shows again what came since
            line.shown[place] = shown.get(line.text, 0)
        who.client.restore(copy)
        self.homes[who.client.name][-1] = believed
        believed.is_new = True
        who.client.watch = self._watched(believed)
        for request in who.client.session.held:
            if (known := self.oracle.by_id.get(request.id or "")) is not None:
                known.author, known.is_gone = believed, False
        if was_online:
            who.client.connect()

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

    def _do_swap(self, who: Beliefs, what: str, _: Random) -> None:
        """From now on the server gives somebody a key of its own whenever they ask for another's, or stops doing so."""
        if who.client.name in self.lies and what in EVERYBODY:
            self.lies[who.client.name].swapped ^= {what.lower()}

    def _do_ask(self, who: Beliefs, what: str, chance: Random) -> None:
        """The server says that somebody wants to be let in."""
        if (where := self._where(who, what)) is not None:
            self.village.service.ask_in_the_name_of(chance.choice(EVERYBODY), where)

    def _do_forge(self, who: Beliefs, what: str, chance: Random) -> None:
        if who.me in HONEST and (where := self._where(who, what)) is not None:
            self.forger.forge(who.me, where)
            self.village.pass_time(1)
            if chance.random() < 0.5:
                self._speak(who.me, where)
            self._do_say(who, what, chance)  # what came of it shows in who reads the next line

    def _do_speak(self, who: Beliefs, what: str, _: Random) -> None:
        if who.me in HONEST and (where := self._where(who, what)) is not None:
            self._speak(who.me, where)

    def _speak(self, victim: str, where: Conversation) -> None:
        self.forger.follow()
        self.forger.speak(victim, where, len(self.forger.said))

    def _do_commit(self, _: Beliefs, what: str, chance: Random) -> None:
        """The server's account commits what it likes, and then somebody says something there."""
        place = what if what in ("room", "team") else "club"
        self.forger.commit({"room": ROOM, "team": TEAM}.get(place, CLUB))
        self.village.pass_time(1)
        self._do_say(self.homes[chance.choice(HONEST)][-1], place, chance)

    def _do_wait(self, _: Beliefs, __: str, chance: Random) -> None:
        self.village.pass_time(chance.choice((5, 30, 700)))


def _slot(person: str) -> Slot:
    return Slot({person})
